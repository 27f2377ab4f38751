"""Cutting variables that boxes share: each has a copy of its own, against the boxes run alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dilsctl import load
from dilsctl.cut import cut
from dilsctl.diagnostics import Problem
from dilsctl.kind import kind_of, talk_of
from dilsctl.loaded import LoadedDiagram, load_diagram

EXAMPLES = Path(__file__).parents[1] / "examples"

PARTS = """
dils: 1
define:
  grow: {{share: {{u: real}}, rate: {{u: 0.3 * u}}}}
  shrink: {{share: {{u: real}}, rate: {{u: -0.7 * u + 1}}}}
main:
{main}
time: {{dt: 0.05, method: rk4}}
simulate: {{until: 2}}
"""


def loaded(tmp_path: Path, main: str) -> LoadedDiagram:
    path = tmp_path / "file.yaml"
    path.write_text(PARTS.format(main=main), encoding="utf-8")
    return load_diagram(path, (), path.parent)


def simulated(one: LoadedDiagram, cut_it: bool = True) -> dict[str, Any]:
    diagram = cut(one.diagram) if cut_it else one.diagram
    assert not cut_it or not talk_of(diagram)
    form = LoadedDiagram(one.path, one.library, one.document, diagram, one.settings, one.folder)
    return {name: values[..., 0] for name, values in form.simulate().values.items()}


def test_two_that_share_are_two_alone(tmp_path: Path) -> None:
    one = loaded(
        tmp_path,
        """
  share: {u: real = 3}
  out: {seen: real}
  boxes: {a: grow, b: shrink}
  join: {u: [a.u, b.u]}
  wires: [u -> seen]
""",
    )
    assert kind_of(one.diagram).name == "IDS"
    times = np.arange(41) * 0.05
    a, b = 3 * np.exp(0.3 * times), 1 / 0.7 + (3 - 1 / 0.7) * np.exp(-0.7 * times)
    np.testing.assert_allclose(simulated(one)["seen"], (a + b) / 2, rtol=1e-7)
    together = 1 / 0.4 + (3 - 1 / 0.4) * np.exp(-0.4 * times)
    np.testing.assert_allclose(simulated(one, cut_it=False)["seen"], together, rtol=1e-7)


def test_copies_of_an_array_part_as_well(tmp_path: Path) -> None:
    one = loaded(
        tmp_path,
        """
  share: {u: real = 2}
  out: {seen: real}
  boxes: {a: {box: grow, count: 3}, b: shrink}
  join: {u: [a.u, b.u]}
  wires: [u -> seen]
""",
    )
    times = np.arange(41) * 0.05
    b = 1 / 0.7 + (2 - 1 / 0.7) * np.exp(-0.7 * times)
    np.testing.assert_allclose(simulated(one)["seen"], (6 * np.exp(0.3 * times) + b) / 4, rtol=1e-7)


def test_only_those_with_a_part_count(tmp_path: Path) -> None:
    one = loaded(
        tmp_path,
        """
  share:
    u: real 4 = [1, 2, 3, 4]
  out: {seen: real 4}
  boxes: {a: {box: grow, count: 3}, b: {box: shrink, count: 2}}
  join:
    "u[1:]": [a.u]
    "u[:2]": [b.u]
  wires: [u -> seen]
""",
    )
    times = np.arange(41) * 0.05
    grows = np.exp(0.3 * times)
    one_shrinks, two_shrinks = (1 / 0.7 + (begin - 1 / 0.7) * np.exp(-0.7 * times) for begin in (1, 2))
    wanted = np.array([one_shrinks, (2 * grows + two_shrinks) / 2, 3 * grows, 4 * grows]).T
    np.testing.assert_allclose(simulated(one)["seen"], wanted, rtol=1e-7)


def test_an_ecosystem_that_is_cut_only_grows() -> None:
    one = load(EXAMPLES / "lotka-volterra.yaml", settings=["main=shared", "simulate.until=5"])
    trace = simulated(one)
    times = np.arange(len(trace["rabbits"])) * one.document.document.time.dt
    hunted = predation(times)
    np.testing.assert_allclose(trace["rabbits"], (10 * np.exp(0.3 * times) + hunted[0]) / 2, rtol=1e-6)
    np.testing.assert_allclose(trace["foxes"], (100 * np.exp(-0.7 * times) + hunted[1]) / 2, rtol=1e-6)


def predation(times: Any) -> Any:
    """Prey that is only hunted, by SciPy: x' = -c x y, y' = c x y."""
    from scipy.integrate import solve_ivp

    def slope(t: float, s: Any) -> Any:
        met = 0.015 * s[0] * s[1]
        return [-met, met]

    return solve_ivp(slope, (0, times[-1]), [10, 100], t_eval=times, rtol=1e-11, atol=1e-12).y


def test_springs_that_are_cut_leave_their_nodes_alone() -> None:
    one = load(EXAMPLES / "heat-and-wave.yaml", settings=["simulate.until=5"])
    trace = simulated(one)
    np.testing.assert_array_equal(trace["heat"], 1)  # a node alone has nothing to descend
    np.testing.assert_array_equal(trace["wave"], 1)
    assert (simulated(one, cut_it=False)["heat"][1:] < 1).all()


@pytest.mark.parametrize(
    ("more", "why"),
    [("rate: {u: 1}", "laws of its own"), ("share: {u: int = 3}", "no mean")],
)
def test_what_can_not_be_split_is_refused(tmp_path: Path, more: str, why: str) -> None:
    share = "" if more.startswith("share") else "share: {u: real = 3}"
    main = f"""
  {share}
  {more}
  boxes: {{a: {{box: B}}, b: {{box: B}}}}
  join: {{u: [a.u, b.u]}}
"""
    box = "{share: {u: int}, next: {u: u + 1}}" if "int" in more else "grow"
    one = loaded(tmp_path, main.replace("{box: B}", box))
    with pytest.raises(Problem) as caught:
        cut(one.diagram)
    assert [found.code for found in caught.value.diagnostics] == ["cut-link"]
    assert why in caught.value.diagnostics[0].message


def test_what_is_joined_further_out_is_refused(tmp_path: Path) -> None:
    one = loaded(
        tmp_path,
        """
  share: {u: real = 3}
  boxes:
    a: {share: {u: real}, boxes: {x: grow, y: shrink}, join: {u: [x.u, y.u]}}
    b: grow
  join: {u: [a.u, b.u]}
""",
    )
    with pytest.raises(Problem) as caught:
        cut(one.diagram)
    assert "further out" in caught.value.diagnostics[0].message
