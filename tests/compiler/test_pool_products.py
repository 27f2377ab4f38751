"""Means over the batch of products: one product over the batch, to rounding, and only where it pays."""

from __future__ import annotations

import numpy as np
import pytest

from dilsctl.engine.running import Running
from dilsctl.motion import compile_motion

from ..laws.support import diagram_of

TEXT = """dils: 1
main:
  in: {x: real 5, y: real 3}
  out: {z: real 5}
  state:
    w: {type: real 3 5, keep: true}
    v: {type: real 5, keep: true}
    m: {type: real 4 3 5, keep: true}
  let:
    product: %s
  wires:
    - %s -> z
  next:
    w: w + pool(product)
    v: v + pool(x * x)
    m: m + 0.5 * pool(einsum('ij,k->ikj', outer([1, 2, 3, 4], x), y))
"""


@pytest.mark.parametrize(
    ("product", "shown", "fewer"),
    [
        ("outer(y, x)", "x", 2),  # nothing else reads it
        ("outer(y, x)", "sum(product, axis=0)", 1),  # it is there anyway
        ("y[:, None] * x", "x", 1),
    ],
)
def test_it_is_the_same(product: str, shown: str, fewer: int) -> None:
    diagram = diagram_of(TEXT % (product, shown))
    rng = np.random.default_rng(0)
    found = []
    for optimise in (True, False):
        motion = compile_motion(diagram, runs=7, optimise=optimise)
        means = [eqn for eqn in motion.tick.eqns if eqn.op == "batch_mean" and eqn.outputs[0].rank > 1]
        running = Running(motion, 7)
        rng = np.random.default_rng(0)
        for _ in range(3):
            running.advance({"x": rng.normal(size=(5, 7)), "y": rng.normal(size=(3, 7))})
        found.append((len(means), running.copy()))
    (few, first), (many, second) = found
    assert few == many - fewer
    for name, value in first.items():
        np.testing.assert_allclose(value, second[name], rtol=1e-12, atol=1e-14)
