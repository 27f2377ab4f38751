"""The library: every box but the layers is checked by its document, and some meet numbers of every size."""

import json
import random
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy.integrate import solve_ivp
from scipy.signal import tf2ss

from dilsctl import api

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "dilsctl" / "library"
DOCUMENTS = {
    name: yaml.safe_load((LIBRARY / f"{name}.yaml").read_text(encoding="utf-8"))
    for name in ("logic", "control", "systems", "managers")
}


def inside(define: dict[str, Any], name: str) -> Iterator[str]:
    """The definitions that a box is made of, itself first."""
    yield name
    for one in (define[name].get("boxes") or {}).values():
        while isinstance(one, dict):
            one = one.get("box", "")
        if one in define:
            yield from inside(define, one)


def words(value: Any) -> Iterator[str]:
    """Every word in nested values: among them the boxes that fill holes."""
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from [one] if isinstance(one, str) else words(one)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_box_is_checked(name: str) -> None:
    document = DOCUMENTS[name]
    define = document["define"]
    used = {name for check in document["checks"] for name in (check["box"], *words(check.get("with")))}
    checked = {part for name in used if name in define for part in inside(define, name)}
    assert set(define) - checked == set()


def test_the_page_of_the_library_is_that_of_its_documents() -> None:
    docs = ROOT / "docs"
    page = runpy.run_path(str(docs / "generate_library.py"))["page"]
    text = "\n".join(page()).rstrip() + "\n"
    assert text == (docs / "library.md").read_text(encoding="utf-8"), "run docs/generate_library.py"


def hold(folder: Path, library: str, main: dict[str, Any], check: dict[str, Any]) -> None:
    """A check of a box that is made of boxes of the library holds."""
    document = {"dils": 1, "use": {library: f"std/{library}"}, "define": {"main": main}, "main": "main"}
    path = folder / "document.yaml"
    path.write_text(json.dumps({**document, "checks": [check]}), encoding="utf-8")
    results = api.test(path)
    assert results
    assert [one.facts() for one in results if not one.passed] == []


def bits(number: int, width: int = 8) -> list[int]:
    """A number as bits, the ones first."""
    return [number >> place & 1 for place in range(width)]


def test_arithmetic(tmp_path: Path) -> None:
    draw = random.Random(1)
    pairs = [(draw.randrange(256), draw.randrange(256)) for _ in range(100)] + [(7, 7), (0, 255), (255, 255)]
    given = {"a": [bits(a) for a, _ in pairs], "b": [bits(b) for _, b in pairs]}
    main = {
        "in": {"a": "bool 8", "b": "bool 8"},
        "out": {"total": "bool 8", "carry": "bool", "minus": "bool 8", "borrow": "bool"}
        | {"less": "bool", "equal": "bool", "greater": "bool"},
        "boxes": {"plus": "logic.adder", "less_by": "logic.subtractor", "compare": "logic.comparator"},
        "wires": [
            *(f"{port} -> {box}.{port}" for box in ("plus", "less_by", "compare") for port in "ab"),
            "false -> plus.carry_in",
            "plus.total -> total",
            "plus.carry_out -> carry",
            "less_by.difference -> minus",
            "less_by.borrow -> borrow",
            *(f"compare.{port} -> {port}" for port in ("less", "equal", "greater")),
        ],
    }
    expect = {
        "total": [bits((a + b) % 256) for a, b in pairs],
        "carry": [a + b > 255 for a, b in pairs],
        "minus": [bits((a - b) % 256) for a, b in pairs],
        "borrow": [a < b for a, b in pairs],
        "less": [a < b for a, b in pairs],
        "equal": [a == b for a, b in pairs],
        "greater": [a > b for a, b in pairs],
    }
    hold(tmp_path, "logic", main, {"given": given, "expect": expect})


def test_memory(tmp_path: Path) -> None:
    draw = random.Random(2)
    held = [0] * 16
    address, d, write, q = [], [], [], []
    for _ in range(200):
        place, number, store = draw.randrange(16), draw.randrange(256), draw.random() < 0.5
        address.append(bits(place, 4))
        d.append(bits(number))
        write.append(store)
        q.append(bits(held[place]))
        if store:
            held[place] = number
    main = {
        "in": {"address": "bool 4", "d": "bool 8", "write": "bool"},
        "out": {"q": "bool 8"},
        "boxes": {"memory": {"box": "logic.memory", "with": {"words": 16}}},
        "wires": [
            "address -> memory.address",
            "d -> memory.d",
            "write -> memory.write",
            "memory.q -> q",
        ],
    }
    given = {"address": address, "d": d, "write": write}
    hold(tmp_path, "logic", main, {"given": given, "expect": {"q": q}})


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize("proper", [True, False], ids=["strict", "direct"])
def test_transfer_function_and_state_space(tmp_path: Path, order: int, proper: bool) -> None:
    draw = np.random.default_rng(order)
    denominator = np.atleast_1d(np.poly(-draw.uniform(0.5, 2, order))) * 2
    numerator = draw.normal(size=order + 1)
    if proper:
        numerator[0] = 0
    A, B, C, D = tf2ss(numerator[1:] if proper else numerator, denominator)
    until = 5

    def rate(t: float, x: np.ndarray) -> np.ndarray:
        return A @ x + B[:, 0] * np.sin(2 * t)

    x = solve_ivp(rate, (0, until), np.zeros(order), method="DOP853", rtol=1e-11, atol=1e-13).y[:, -1]
    y = float(C[0] @ x + D[0, 0] * np.sin(2 * until))
    matrices = {name: value.tolist() for name, value in zip("ABCD", (A, B, C, D), strict=True)}
    quotient = {"order": order, "numerator": numerator.tolist(), "denominator": denominator.tolist()}
    main = {
        "out": {"first": "real", "second": "real"},
        "boxes": {
            "quotient": {"box": "control.transfer_function", "with": quotient},
            "matrices": {
                "box": "control.state_space",
                "with": {"order": order, "through": not proper, **matrices},
            },
        },
        "wires": [
            "sin(2 * t) -> quotient.u",
            "sin(2 * t) -> matrices.u[0]",
            "quotient.y -> first",
            "matrices.y[0] -> second",
        ],
    }
    want = {"at": until, "is": y, "within": 1e-7}
    expect = {"first": want, "second": want}
    hold(tmp_path, "control", main, {"simulate": {"until": until, "dt": 0.01}, "expect": expect})


@pytest.mark.parametrize("n", [2, 3, 10])
def test_masses_and_springs(tmp_path: Path, n: int) -> None:
    start = np.random.default_rng(n).normal(size=n)
    squares, modes = np.linalg.eigh(2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1))
    wave = np.sin(np.pi * np.arange(1, n + 1) / (n + 1))

    def after(time: float, begin: np.ndarray) -> list[float]:
        return list(modes @ (np.cos(np.sqrt(squares) * time) * (modes.T @ begin)))

    main = {
        "out": {"wired": f"real {n}", "shared": f"real {n}"},
        "boxes": {
            "chain": {"box": "systems.chain", "with": {"n": n}},
            "row": {"box": "systems.row", "with": {"n": n, "start": start.tolist()}},
        },
        "wires": ["chain.x -> wired", "row.x -> shared"],
    }
    expect = {
        "wired": {"at": 5, "is": after(5, wave), "within": 1e-6},
        "shared": {"at": 5, "is": after(5, start), "within": 1e-6},
    }
    hold(tmp_path, "systems", main, {"simulate": {"until": 5, "dt": 0.01}, "expect": expect})
