"""Kept states, rows as ticks, and an episode that never ends, against loops written out in NumPy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import dilsctl
from dilsctl.diagnostics import Problem

NET = """\
dils: 1
define:
  net:
    in: {x: real 2}
    out: {p: real}
    state:
      w: real 2 = 0.1
      h: real = 0.2
      seen: {type: real, init: 0, keep: true}
      mean: {type: real 2, init: 0, keep: true}
    learn: [w]
    next:
      h: 0.5 * h + w @ (x - mean) + 0.01 * t
      seen: seen + 1
      mean: mean + pool(x - mean) / (seen + 1)
    wires:
      - w @ (x - mean) + 0.3 * h -> p
main: net
train:
  loss: mse(p, z)
  optimiser: {sgd: {rate: 0.05}}
  precision: float64
"""
ROWS = 23
RATE = 0.05


def table() -> dict[str, Any]:
    draws = np.random.default_rng(0)
    x = draws.normal(size=(ROWS, 2)) + 1
    z = x @ [1, -2] + draws.normal(size=ROWS)
    group = draws.integers(0, 6, ROWS)
    return {"a": x[:, 0], "b": x[:, 1], "z": z, "group": group, "when": draws.permutation(ROWS)}


def loaded(folder: Path, train: str) -> Any:
    data = table()
    lines = [",".join(data), *(",".join(repr(float(one[i])) for one in data.values()) for i in range(ROWS))]
    (folder / "rows.csv").write_text("\n".join(lines))
    text = NET + "  data:\n    file: rows.csv\n    inputs: {x: [a, b]}\n    targets: {z: z}\n" + train
    (folder / "net.yaml").write_text(text)
    return dilsctl.load(folder / "net.yaml")


class Loop:
    """The same net by hand. What is kept is kept here."""

    def __init__(self) -> None:
        self.w = np.full(2, 0.1)
        self.h, self.tick = 0.2, 0
        self.seen, self.mean = 0.0, np.zeros(2)

    def losses(self, w: Any, rows: Any, moves: bool = True) -> list[float]:
        """The loss of each row in order, from the states as they are; with ``moves`` those then move."""
        data = table()
        h, tick, seen, mean = self.h, self.tick, self.seen, self.mean
        found = []
        for row in rows:
            x = np.array([data["a"][row], data["b"][row]])
            p = w @ (x - mean) + 0.3 * h
            found.append((p - data["z"][row]) ** 2)
            h = 0.5 * h + w @ (x - mean) + 0.01 * tick
            mean = mean + (x - mean) / (seen + 1)
            seen, tick = seen + 1, tick + 1
        if moves:
            self.h, self.tick, self.seen, self.mean = h, tick, seen, mean
        return found


def slope(function: Any, w: Any) -> Any:
    """By central differences; exact to rounding for a polynomial of the second degree."""
    step = 1e-4
    return np.array([(function(w + step * e) - function(w - step * e)) / (2 * step) for e in np.eye(len(w))])


@pytest.mark.parametrize("horizon", [1, 4])
def test_one_episode_that_never_ends(tmp_path: Path, horizon: int) -> None:
    diagram = loaded(
        tmp_path, f"    episode: all\n    split: {{test: last 5}}\n  horizon: {horizon}\n  epochs: 2\n"
    )
    found = diagram.train()
    loop, told = Loop(), []
    for _ in range(2):
        loop.h, loop.tick, losses = 0.2, 0, []
        for start in range(0, ROWS - 5, horizon):
            rows = range(start, min(start + horizon, ROWS - 5))
            gradient = slope(lambda w, rows=rows: np.mean(loop.losses(w, rows, False)), loop.w)
            losses += loop.losses(loop.w, rows)
            loop.w = loop.w - RATE * gradient
        told.append(np.mean(losses))
    states = diagram.learner.states
    np.testing.assert_allclose(states["w"], loop.w, rtol=1e-8)
    np.testing.assert_allclose(states["h"], loop.h, rtol=1e-8)
    np.testing.assert_allclose(states["mean"], loop.mean, rtol=1e-12)
    assert states["seen"] == 2 * (ROWS - 5)
    np.testing.assert_allclose([line["train.loss"] for line in found.history], told, rtol=1e-8)


def test_measuring_goes_from_the_beginning_and_keeps_nothing(tmp_path: Path) -> None:
    diagram = loaded(tmp_path, "    episode: all\n    split: {test: last 5}\n  horizon: 3\n  epochs: 1\n")
    found = diagram.train()
    before = {path: value.copy() for path, value in diagram.learner.states.items()}
    w, mean, seen = before["w"], before["mean"], before["seen"]
    data, h, losses, shown = table(), 0.2, [], []
    for row in range(ROWS):
        x = np.array([data["a"][row], data["b"][row]])
        p = w @ (x - mean) + 0.3 * h
        shown.append(p)
        losses.append((p - data["z"][row]) ** 2)
        h = 0.5 * h + w @ (x - mean) + 0.01 * row
    assert found.values["test.loss"] == pytest.approx(np.mean(losses[18:]), rel=1e-12)
    np.testing.assert_allclose(diagram.predict()["p"], shown, rtol=1e-12)
    assert seen == ROWS - 5
    for path, value in diagram.learner.states.items():
        np.testing.assert_array_equal(value, before[path])


@pytest.mark.parametrize("at", ["last", "each", "end"])
def test_rows_of_a_group_are_an_episode(tmp_path: Path, at: str) -> None:
    text = "    episode: {by: group, order: when}\n  batch: 6\n  epochs: 1\n"
    text = text.replace("  batch", "  shuffle: false\n  batch")
    diagram = loaded(tmp_path, text)
    (tmp_path / "net.yaml").write_text(
        (tmp_path / "net.yaml")
        .read_text()
        .replace("  loss: mse(p, z)", f"  loss: {{at: {at}, is: 'mse(p, z)'}}")
        .replace("      mean: mean + pool(x - mean) / (seen + 1)\n", "")
    )
    diagram = dilsctl.load(tmp_path / "net.yaml")
    diagram.train()
    data = table()
    groups: dict[int, list[int]] = {}
    for row in range(ROWS):
        groups.setdefault(int(data["group"][row]), []).append(row)
    episodes = [sorted(rows, key=lambda row: data["when"][row]) for rows in groups.values()]
    assert len({len(one) for one in episodes}) > 1

    def loss(w: Any) -> float:
        found = []
        for rows in episodes:
            h, losses = 0.2, []
            for tick, row in enumerate(rows):
                x = np.array([data["a"][row], data["b"][row]])
                losses.append((w @ x + 0.3 * h - data["z"][row]) ** 2)
                h = 0.5 * h + w @ x + 0.01 * tick
            last = (w @ x + 0.3 * h - data["z"][row]) ** 2
            found.append({"last": losses[-1], "each": np.mean(losses), "end": last}[at])
        return float(np.mean(found))

    w = np.full(2, 0.1)
    np.testing.assert_allclose(diagram.learner.states["w"], w - RATE * slope(loss, w), rtol=1e-8)
    assert diagram.learner.states["seen"] == max(len(one) for one in episodes)


RAGGED = """\
dils: 1
define:
  memory:
    in: {x: real}
    out: {y: real}
    state:
      w: real = 0.5
      h: real = 0
      kept: {type: real, init: 0.2, keep: true}
    learn: [w]
    next:
      h: w * h + x
      kept: 0.5 * kept + pool(x)
    wires:
      - h -> y
main: memory
train:
  data: {file: rows.csv, inputs: {x: x}, targets: {u: u}, episode: {by: id}}
  loss:
    at: AT
    is: square(y - u)
  horizon: 2
  batch: 3
  epochs: 1
  optimiser: {sgd: {rate: 0.1}}
  precision: float64
  shuffle: false
"""


@pytest.mark.parametrize("at", ["last", "each", "end"])
def test_blocks_of_the_horizon_are_counted_from_each_end(tmp_path: Path, at: str) -> None:
    """Groups of different length, each with its own gradient, by tangents that are cut by hand."""
    draws, lengths = np.random.default_rng(4), (3, 8, 1)
    groups = [(draws.normal(size=n), draws.normal(size=n)) for n in lengths]
    lines = [
        f"{x!r},{u!r},{k}"
        for k, (xs, us) in enumerate(groups)
        for x, u in zip(map(float, xs), map(float, us), strict=True)
    ]
    (tmp_path / "rows.csv").write_text("x,u,id\n" + "\n".join(lines))
    (tmp_path / "memory.yaml").write_text(RAGGED.replace("AT", at))
    diagram = dilsctl.load(tmp_path / "memory.yaml")
    diagram.train()
    w, total = 0.5, 0.0
    for xs, us in groups:
        h = slope = 0.0
        slopes = []
        for tick, (x, u) in enumerate(zip(xs, us, strict=True)):
            slopes.append(2 * (h - u) * slope)
            h, slope = w * h + x, h + w * slope
            left = len(xs) - 1 - tick
            if left and left % 2 == 0:
                slope = 0.0
        last = 2 * (h - us[-1]) * slope
        total += {"last": slopes[-1], "each": float(np.mean(slopes)), "end": last}[at] / len(groups)
    assert diagram.learner.states["w"] == pytest.approx(w - 0.1 * total, rel=1e-12)
    kept = 0.2
    for tick in range(max(lengths)):
        kept = 0.5 * kept + np.mean([xs[tick] for xs, _ in groups if len(xs) > tick])
    assert diagram.learner.states["kept"] == pytest.approx(kept, rel=1e-12)


def test_what_tells_groups_apart_must_be_there(tmp_path: Path) -> None:
    (tmp_path / "memory.yaml").write_text(RAGGED.replace("AT", "last"))
    for rows, code in (
        ("1,1,9007199254740993\n1,1,9007199254740992", "data-format"),
        ("1,1,1\n1,1,\n1,1,2", "missing-value"),
        ("1,1,a\n1,1,\n1,1,b", "missing-value"),
    ):
        (tmp_path / "rows.csv").write_text(f"x,u,id\n{rows}\n")
        with pytest.raises(Problem) as raised:
            dilsctl.load(tmp_path / "memory.yaml").train()
        assert raised.value.diagnostics[0].code == code


def test_an_endless_episode_begins_but_once(tmp_path: Path) -> None:
    """So where it begins can't be learned, and that is told; a horizon is no longer than the file."""
    text = NET.replace("h: real = 0.2", "h: {type: real, init: first}\n      first: real = 0.1")
    text = text.replace("learn: [w]", "learn: [w, first]")
    text += "  data:\n    file: rows.csv\n    inputs: {x: [a, b]}\n    targets: {z: z}\n    episode: all\n"
    (tmp_path / "net.yaml").write_text(text)
    with pytest.raises(Problem) as raised:
        dilsctl.load(tmp_path / "net.yaml")
    assert raised.value.diagnostics[0].code == "bad-initial"
    diagram = loaded(tmp_path, "    episode: all\n  horizon: 100000\n")
    assert diagram.plans.learner(training=True).compiled.episode.ticks == ROWS


def test_a_constant_beginning_without_data(tmp_path: Path) -> None:
    (tmp_path / "decay.yaml").write_text("""\
dils: 1
define:
  decay:
    out: {e: real}
    state: {x: real = 1, k: real = 0.3}
    learn: [k]
    next: {x: k * x}
    wires:
      - x -> e
main: decay
train:
  episodes: 4
  ticks: 3
  loss: {at: end, is: square(e - 0.2)}
  epochs: 1
""")
    found = dilsctl.load(tmp_path / "decay.yaml").train()
    assert found.history[0]["train.loss"] == pytest.approx((0.3**3 - 0.2) ** 2, rel=1e-6)


def test_episodes_without_data(tmp_path: Path) -> None:
    """Each begins with draws of its own: a number is learned that all of them agree on."""
    (tmp_path / "pull.yaml").write_text("""\
dils: 1
define:
  pull:
    out: {at: real}
    state: {s: real = normal, gain: real = 0.1}
    learn: [gain]
    next: {s: s - gain * s}
    wires:
      - s -> at
main: pull
train:
  episodes: 40
  batch: 8
  ticks: 2
  loss: square(at)
  optimiser: {sgd: {rate: 0.2}}
  epochs: 60
  precision: float64
""")
    diagram = dilsctl.load(tmp_path / "pull.yaml")
    found = diagram.train()
    assert diagram.learner.states["gain"] == pytest.approx(1, abs=1e-6)
    first = found.history[0]["train.loss"]
    assert 0.2 < first < 1.5
    again = dilsctl.load(tmp_path / "pull.yaml").train(epochs=1)
    assert again.history[0]["train.loss"] == first
    with pytest.raises(Problem) as raised:
        dilsctl.load(tmp_path / "pull.yaml", settings=["train.data.file=a.csv"])
    assert raised.value.diagnostics[0].code == "bad-episode"


def test_a_batch_pools_what_is_kept(tmp_path: Path) -> None:
    text = "  shuffle: false\n  batch: 8\n  epochs: 1\n"
    with pytest.raises(Problem) as raised:  # h moves within an episode, and none is given
        loaded(tmp_path, text)
    assert raised.value.diagnostics[0].code == "moving-state"
    path = tmp_path / "net.yaml"
    path.write_text(path.read_text().replace("0.5 * h + w @ (x - mean) + 0.01 * t", "h") + "  ticks: 1\n")
    diagram = dilsctl.load(path)
    diagram.train()
    data, mean = table(), np.zeros(2)
    x = np.stack([data["a"], data["b"]], 1)
    for number, start in enumerate(range(0, ROWS, 8)):
        mean = mean + (x[start : start + 8].mean(0) - mean) / (number + 1)
    np.testing.assert_allclose(diagram.learner.states["mean"], mean, rtol=1e-12)
    path.write_text(path.read_text().replace("pool(x - mean)", "(x - mean)"))
    with pytest.raises(Problem) as raised:
        dilsctl.load(path)
    assert raised.value.diagnostics[0].code == "not-pooled"
    path.write_text(path.read_text().replace("batch: 8", "batch: 1"))
    dilsctl.load(path).train()
