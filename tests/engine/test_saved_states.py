"""A simulation that is stopped, saved and taken up again goes on, bit for bit, as if it had never stopped."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dilsctl
from dilsctl.diagnostics import Problem
from dilsctl.saved_states import go_on_from, saved
from dilsctl.simulate import Simulation
from dilsctl.trace import Trace

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TEXT = """
dils: 1
define:
  walker:
    in: {push: real}
    state:
      x: real = normal(0, 1)
      v: real
      hits: int
      noise: real
    out: {x: real}
    rate: {x: v, v: push - x + noise + sin(t)}
    next:
      hits: {to: hits + 1, when: x > 0.5}
      noise: {to: normal(), every: 3}
  tank: {share: {u: real}, rate: {u: -0.1 * u}}
  bob:
    state: {q: real = 0.5, z: real = 1}
    conserve: {q: 2}
    learn: {z: {step: 0.1}}
    potential: cos(q) + (z - q) ** 2
  main:
    in: {wind: real}
    state: {mean: {type: real, keep: true}}
    boxes: {w: {box: walker, count: 4}, a: tank, b: tank, bob: bob}
    join: {level: [a.u, b.u]}
    out: {place: real 4}
    wires:
      - wind + level -> w.push
      - w.x -> place
    next: {mean: 0.9 * mean + pool(sum(w.x))}
    rate: {level: 1}
main: main
time: {dt: 0.1}
simulate: {until: 12, inputs: {wind: cos(3 * t)}, record: [place, mean, w.hits, level, bob.q.momentum]}
"""


def ready(folder: Path, text: str = TEXT, runs: int = 2, **settings: Any) -> Simulation:
    file = folder / "walkers.yaml"
    file.write_text(text)
    found = dilsctl.load(file, settings=[f"{key}={value}" for key, value in settings.items()])
    simulation = found.simulation(runs=runs)
    assert isinstance(simulation, Simulation)
    return simulation


@pytest.mark.parametrize("method", ["euler", "rk4", "dopri5"])
@pytest.mark.parametrize("at", [1, 64, 100])
def test_bit_for_bit(tmp_path: Path, method: str, at: int) -> None:
    how = {"time.method": method}
    never = ready(tmp_path, **how).run()
    first = ready(tmp_path, **{**how, "simulate.until": at / 10})
    first.run()
    (tmp_path / "saved").write_bytes(saved(first))
    second = ready(tmp_path, **how)
    go_on_from(second, tmp_path / "saved")
    assert second.ticks == at
    rest = second.run()
    np.testing.assert_array_equal(rest.times, never.times[at:])
    for name, value in never.values.items():
        np.testing.assert_array_equal(rest.values[name], value[at:], err_msg=name)
    _same(rest, never)


@pytest.mark.parametrize("at", [1, 21, 64, 100])
def test_modes_go_on_bit_for_bit(tmp_path: Path, at: int) -> None:
    """Steps go over ticks, and over changes of mode that are found on them; what is saved is where a step
    began."""
    text = (EXAMPLES / "phone-and-towers.yaml").read_text()
    never = ready(tmp_path, text, **{"simulate.until": 8}).run()
    first = ready(tmp_path, text, **{"simulate.until": at / 20})
    first.run()
    (tmp_path / "saved").write_bytes(saved(first))
    second = ready(tmp_path, text, **{"simulate.until": 8})
    go_on_from(second, tmp_path / "saved")
    rest = second.run()
    begin = len(never.times) - len(rest.times)
    assert begin <= at
    for name, value in never.values.items():
        np.testing.assert_array_equal(rest.values[name], value[begin:], err_msg=name)
    _same(rest, never)


def _same(a: Trace, b: Trace) -> None:
    assert a.final.keys() == b.final.keys()
    for path, value in b.final.items():
        np.testing.assert_array_equal(a.final[path], value, err_msg=path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"time.dt": 0.2}, "dt was 0.1 and is 0.2"),
        ({"time.method": "euler"}, "method was symplectic and is euler"),
        ({"time.steps": 2}, "steps was 1 and is 2"),
        ({"simulate.seed": 3}, "seed was 0 and is 3"),
        ({"runs": 3}, "runs was 2 and is 3"),
        ({"text": TEXT.replace("-0.1 * u", "-0.2 * u")}, "its boxes, wires or laws have changed"),
        ({"text": TEXT.replace("x > 0.5", "x > 0.6")}, "its boxes, wires or laws have changed"),
    ],
)
def test_another_simulation_is_refused(tmp_path: Path, change: dict[str, Any], words: str) -> None:
    first = ready(tmp_path, **{"simulate.until": 1})
    first.run()
    (tmp_path / "saved").write_bytes(saved(first))
    with pytest.raises(Problem) as caught:
        go_on_from(ready(tmp_path, **change), tmp_path / "saved")
    (found,) = caught.value.diagnostics
    assert found.code == "bad-state" and words in found.message


def test_laws_in_another_order_are_the_same_simulation(tmp_path: Path) -> None:
    first = ready(tmp_path, **{"simulate.until": 1})
    first.run()
    (tmp_path / "saved").write_bytes(saved(first))
    text = TEXT.replace("x: v, v: push - x + noise + sin(t)", "v: push - x + noise + sin(t), x: v")
    text = text.replace(
        "state: {x: real = normal(0, 1), v: real,", "state: {v: real, x: real = normal(0, 1),"
    )
    assert text != TEXT
    second = ready(tmp_path, text.replace("[a.u, b.u]", "[b.u, a.u]"))
    go_on_from(second, tmp_path / "saved")
    _same(second.run(), ready(tmp_path).run())
