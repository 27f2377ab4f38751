"""Products with nearly empty matrices, and sums at places, against dense NumPy."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from dilsctl.engine.running import Running
from dilsctl.motion import Motion, compile_motion
from tests.laws.support import diagram_of

N, M = 90, 70


def sparse(share: float) -> Any:
    rng = np.random.default_rng(1)
    numbers = rng.choice([0.5, 1.0, -2.0], size=(N, M))
    return np.where(rng.random((N, M)) < share, numbers, 0.0)


FORMS = {
    "a @ x -> y": ("real 70", "real 90", lambda a, x: a @ x),
    "x @ a -> y": ("real 90", "real 70", lambda a, x: x @ a),
    "transpose(a) @ x -> y": ("real 90", "real 70", lambda a, x: a.T @ x),
    "a @ x -> y ": ("real 70 4", "real 90 4", lambda a, x: a @ x),
    "x @ a -> y ": ("real 4 90", "real 4 70", lambda a, x: x @ a),
    "einsum('ij,kjl->kil', a, x) -> y": (
        "real 2 70 3",
        "real 2 90 3",
        lambda a, x: np.einsum("ij,kjl->kil", a, x),
    ),
}


def run_motion(motion: Motion, runs: int) -> Any:
    """(states, what is shown of them), the runs last."""
    running = Running(motion, runs)
    return running.copy(), running.look()


def compiled(wire: str, given: str, shown: str, matrix: Any) -> Any:
    text = f"""\
dils: 1
main:
  params:
    a: {json.dumps(matrix.tolist())}
  out: {{y: {shown}}}
  state: {{x: "{given} = uniform(-1, 1)"}}
  rate: {{x: -x}}
  wires:
    - "{wire.strip()}"
"""
    return compile_motion(diagram_of(text), "euler")


@pytest.mark.parametrize("wire", FORMS)
@pytest.mark.parametrize("runs", [1, 3])
def test_a_sparse_product_is_the_dense_one(wire: str, runs: int) -> None:
    given, shown, dense = FORMS[wire]
    matrix = sparse(0.03)
    motion = compiled(wire, given, shown, matrix)
    assert "contract" not in [eqn.op for eqn in motion.settle.eqns]
    states, outputs = run_motion(motion, runs)
    for run in range(runs):
        np.testing.assert_allclose(
            outputs["port.y"][..., run], dense(matrix, states["x"][..., run]), rtol=1e-13, atol=1e-13
        )


@pytest.mark.parametrize("share", [0.2, 1.0])
def test_a_full_matrix_stays(share: float) -> None:
    motion = compiled("a @ x -> y", "real 70", "real 90", sparse(share))
    assert "contract" in [eqn.op for eqn in motion.settle.eqns]


def test_an_empty_matrix_stays() -> None:
    motion = compiled("a @ x -> y", "real 70", "real 90", sparse(0.0))
    _, outputs = run_motion(motion, 1)
    assert not outputs["port.y"].any()


def test_flows_along_edges_arrive() -> None:
    text = """\
dils: 1
main:
  params: {n: 4, origin: [0, 1, 2, 0], to: [1, 2, 1, 3]}
  state: {x: "real 4 = uniform(0, 1)"}
  out: {y: real 4}
  rate: {x: -x}
  wires:
    - sum_at(x[origin], to, n) -> y
"""
    states, outputs = run_motion(compile_motion(diagram_of(text), "euler"), 2)
    x = states["x"]
    np.testing.assert_allclose(outputs["port.y"], np.stack([0 * x[0], x[0] + x[2], x[1], x[0]]), rtol=1e-15)
