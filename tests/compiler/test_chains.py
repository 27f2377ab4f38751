"""Chains through arrays of boxes, whatever their form, against loops written by hand."""

from __future__ import annotations

import numpy as np
import pytest

from dilsctl.engine.kernels import Array
from tests.laws.support import compiled, values

BATCH = 4
CELL = "cell: {in: {x: real, s: real}, out: {y: real}, wires: [tanh(x) + 0.5 * s -> y]}"


def cell(x: Array, s: Array) -> Array:
    return np.asarray(np.tanh(x) + 0.5 * s)


def shown(main: str, inputs: dict[str, Array], *, define: str = CELL) -> Array:
    """What the box ``main: {…}`` shows at its port y for rows of inputs: the same with and without passes."""
    text = f"dils: 1\ndefine:\n  {define}\n  main:\n{main}\nmain: main\n"
    found = []
    for optimise in (False, True):
        one = compiled(text, optimise=optimise)
        found.append(values(one, {}, inputs, BATCH)["port.y"])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-13)
    return found[0]


def rows(*shape: int) -> Array:
    return np.random.default_rng(len(shape)).normal(size=(BATCH, *shape))


CHAINS = {
    "forwards": ("p[:-1].y -> p[1:].s", "0 -> p[0].s", [(k, k - 1) for k in range(1, 6)]),
    "backwards": ("p[1:].y -> p[:-1].s", "0 -> p[5].s", [(k, k + 1) for k in range(4, -1, -1)]),
    "by two": ("p[:-2].y -> p[2:].s", "0 -> p[:2].s", [(k, k - 2) for k in range(2, 6)]),
    "turned": ("p[:3].y[::-1] -> p[3:].s", "0 -> p[:3].s", [(3, 2), (4, 1), (5, 0)]),
    "doubling": ("p.y[[0, 0, 1, 1, 2]] -> p[1:].s", "0 -> p[0].s", [(k, (k - 1) // 2) for k in range(1, 6)]),
    "by hand": (
        "p[3].y -> p[0].s\n      - p[0].y -> p[5].s\n      - p[5].y -> p[1].s",
        "0 -> p[2:5].s",
        [(0, 3), (5, 0), (1, 5)],
    ),
}


@pytest.mark.parametrize("name", CHAINS)
def test_chain(name: str) -> None:
    """Six cells: (cell, the one it is told of), in the order in which they can be computed."""
    wire, first, order = CHAINS[name]
    x = rows(6)
    found = shown(
        f"""
    in: {{x: real 6}}
    out: {{y: real 6}}
    boxes: {{p: {{box: cell, count: 6}}}}
    wires:
      - x -> p.x
      - {first}
      - {wire}
      - p.y -> y""",
        {"x": x},
    )
    y = cell(x, np.zeros_like(x))
    for at, before in order:
        y[:, at] = cell(x[:, at], y[:, before])
    np.testing.assert_allclose(found, y, rtol=1e-13)


GRID = """\
at: {in: {x: real, left: real, up: real}, out: {y: real}, wires: [tanh(x) + left / 2 - up / 3 -> y]}
  row:
    in: {x: real 4, up: real 4}
    out: {y: real 4}
    boxes: {c: {box: at, count: 4}}
    wires:
      - x -> c.x
      - up -> c.up
      - 0 -> c[0].left
      - c[:-1].y -> c[1:].left
      - c.y -> y"""


def test_grid() -> None:
    """Rows of cells: along a row, and from row to row."""
    x = rows(3, 4)
    found = shown(
        """
    in: {x: real 3 4}
    out: {y: real 3 4}
    boxes: {r: {box: row, count: 3}}
    wires:
      - x -> r.x
      - zeros(4) -> r[0].up
      - r[:-1].y -> r[1:].up
      - r.y -> y""",
        {"x": x},
        define=GRID,
    )
    y = np.zeros((BATCH, 4, 5))
    for i in range(3):
        for k in range(4):
            y[:, i + 1, k + 1] = np.tanh(x[:, i, k]) + y[:, i + 1, k] / 2 - y[:, i, k + 1] / 3
    np.testing.assert_allclose(found, y[:, 1:, 1:], rtol=1e-13)


def test_there_and_back() -> None:
    """One array that is run through twice: a port forwards, then the other backwards."""
    cells = """\
both:
    in: {x: real, a: real, b: real}
    out: {there: real, back: real}
    wires:
      - tanh(x + a) -> there
      - tanh(x - b) -> back"""
    x = rows(5)
    found = shown(
        """
    in: {x: real 5}
    out: {y: real 5}
    boxes: {p: {box: both, count: 5}}
    wires:
      - x -> p.x
      - 0 -> p[0].a
      - p[:-1].there -> p[1:].a
      - p[-1].there -> p[-1].b
      - p[1:].back -> p[:-1].b
      - p.back -> y""",
        {"x": x},
        define=cells,
    )
    last = np.zeros(BATCH)
    for k in range(5):
        last = np.tanh(x[:, k] + last)
    y = np.zeros((BATCH, 5))
    for k in range(4, -1, -1):
        last = y[:, k] = np.tanh(x[:, k] - last)
    np.testing.assert_allclose(found, y, rtol=1e-13)


NESTED = """\
cell: {in: {x: real, s: real}, out: {y: real}, wires: [tanh(x) + 0.5 * s -> y]}
  inner:
    in: {x: real, s: real}
    out: {y: real}
    boxes: {one: cell}
    wires:
      - x -> one.x
      - s -> one.s
      - one.y -> y
  pair:
    in: {x: real 2, s: real}
    out: {y: real 2, last: real}
    boxes: {p: {box: inner, count: 2}}
    wires:
      - x -> p.x
      - s -> p[0].s
      - p[0].y -> p[1].s
      - p.y -> y
      - p[1].y -> last"""


@pytest.mark.parametrize("count", [1, 3])
def test_chain_of_chains(count: int) -> None:
    """The chain goes on from array to array, through boxes two levels down."""
    x = rows(count, 2)
    found = shown(
        f"""
    in: {{x: real {count} 2}}
    out: {{y: real {count} 2}}
    boxes: {{q: {{box: pair, count: {count}}}}}
    wires:
      - x -> q.x
      - 0 -> q[0].s
      - q[:-1].last -> q[1:].s
      - q.y -> y""",
        {"x": x},
        define=NESTED,
    )
    y = np.zeros((BATCH, count * 2 + 1))
    for k in range(count * 2):
        y[:, k + 1] = cell(x.reshape(BATCH, -1)[:, k], y[:, k])
    np.testing.assert_allclose(found, y[:, 1:].reshape(x.shape), rtol=1e-13)
