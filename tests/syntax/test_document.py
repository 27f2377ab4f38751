"""Models of a document, and what is said about mistakes in one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from dilsctl.diagnostics import SourceFile
from dilsctl.syntax.box import Box, BoxUse, State
from dilsctl.syntax.document import Document, read_document

ROOT = Path(__file__).resolve().parents[2]

WHOLE = """\
dils: 1
name: or-gate
doc: text
use: {nn: std/nn, parts: parts/gate.yaml}
define:
  nand-2:
    in:  {a: bool, b: bool}
    out: {y: bool}
    wires: [not (a and b) -> y]
  not:
    params: {n: 3, f: tanh, table: [[1, 2], [3, 4]], flag: true, inner: {in: {x: real}}, list: [{box: b}, c]}
    in:  {a: bool}
    out: {y: bool}
    boxes:
      gate: nand-2
      many: {box: nn.dense, count: n + 1, with: {units: 3}, each: {place: [1, 2]}}
      here: {in: {x: real}, out: {y: real}, wires: [2 * x -> y]}
      both: {box: {in: {x: real}}, count: 3}
    state:
      weight: real n = glorot
      bias: {type: real n, init: 0}
    let: {half: 0.5, sure: true, other: a}
    learn: {weight: {optimiser: {adam: {rate: 0.1}}, decay: 0}, bias: {}}
    wires: |
      a -> gate.a
      a -> gate.b   # twice
    loss: ['mse(y, a)', 3]
main: {box: not, with: {n: 4}}
"""


def codes(text: str) -> list[tuple[str, str]]:
    document, _, report = read_document(SourceFile("f.yaml", text))
    found = [
        (one.code, "" if one.primary is None else text[one.primary.span.start : one.primary.span.end])
        for one in report
    ]
    assert (document is None) == bool(found)
    return found


def helps(text: str) -> list[str]:
    return [one.help for one in read_document(SourceFile("f.yaml", text))[2]]


def test_a_document_with_everything() -> None:
    document, root, report = read_document(SourceFile("f.yaml", WHOLE))
    assert list(report) == []
    assert isinstance(document, Document)
    box = document.define["not"]
    assert box.params["n"] == 3
    assert box.params["table"] == [[1, 2], [3, 4]]
    assert isinstance(box.params["inner"], Box) and box.params["inner"].is_hole
    assert isinstance(box.params["list"], list) and isinstance(box.params["list"][0], BoxUse)
    assert box.boxes["gate"] == "nand-2"
    many = box.boxes["many"]
    assert isinstance(many, BoxUse)
    assert (many.box, many.count, many.arguments, many.each) == (
        "nn.dense",
        "n + 1",
        {"units": 3},
        {"place": [1, 2]},
    )
    assert isinstance(box.boxes["here"], Box) and not box.boxes["here"].is_hole
    assert isinstance(box.state["bias"], State)
    assert box.let == {"half": "0.5", "sure": "true", "other": "a"}
    assert box.loss == ["mse(y, a)", "3"]
    assert root["main"] == {"box": "not", "with": {"n": 4}}


@pytest.mark.parametrize("name", sorted(one.name for one in (ROOT / "examples").glob("*.yaml")))
def test_examples_are_documents(name: str) -> None:
    path = ROOT / "examples" / name
    assert codes(path.read_text()) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("wrong-type", "")]),
        ("3", [("wrong-type", "3")]),
        ("[1]", [("wrong-type", "[1]")]),
        ("name: x", [("missing-key", "n")]),
        ("dils: 2", [("bad-version", "2")]),
        ("dils: '1'", [("bad-version", "'1'")]),
        ("dils: true", [("bad-version", "true")]),
        ("dils: 1\nnmae: x", [("unknown-key", "nmae")]),
        ("dils: 1\nname: a b", [("bad-name", "a b")]),
        ("dils: 1\nname: 3", [("wrong-type", "3")]),
        ("dils: 1\ndoc:", [("wrong-type", "doc")]),
        ("dils: 1\nuse: {a: 3, b.c: d}", [("wrong-type", "3"), ("bad-name", "b.c")]),
        ("dils: 1\nuse: [a]", [("wrong-type", "[a]")]),
        ("dils: 1\ndefine: {a: b}", [("wrong-type", "b")]),
        ("dils: 1\nmain: [a]", [("wrong-type", "[a]")]),
        ("dils: 1\nmain: {box: a, count: 3}", [("unknown-key", "count")]),
        ("dils: 1\nmain: {bxo: a, with: {}}", [("unknown-key", "bxo")]),
        ("dils: 1\nmain: a.b.c", [("wrong-type", "a.b.c")]),
        ("dils: 1\nchecks: {a: b}", [("wrong-type", "{a: b}")]),
        ("dils: 1\nchecks: [{given: {a: 1}}]", [("missing-key", "{given: {a: 1}}")]),
        ("dils: 1\nchecks: [{expect: {y: {is: 1, at_most: 2}}}]", [("wrong-type", "{is: 1, at_most: 2}")]),
        ("dils: 1\nchecks: [{expect: {y: {within: 2}}}]", [("wrong-type", "{within: 2}")]),
        ("dils: 1\nchecks: [{expect: {y: 1}, train: {epoch: 2}}]", [("unknown-key", "epoch")]),
        ("dils: 1\na: b: c", [("yaml-syntax", ":")]),
    ],
)
def test_mistakes_in_a_document(text: str, expected: list[tuple[str, str]]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ("ins: {x: real}", [("unknown-key", "ins")]),
        ("nxt: {x: real}", [("unknown-key", "nxt")]),
        ("next: {x: {too: 1}}", [("unknown-key", "too")]),
        ("ports: {x: real}", [("unknown-key", "ports")]),
        ("join: {x: [a]}", [("wrong-type", "[a]")]),
        ("in: {x: 3}", [("wrong-type", "3")]),
        ("in: {not: real}", [("bad-name", "not")]),
        (
            "in: {index: int, t: real, dt: real}",
            [("bad-name", "index"), ("bad-name", "t"), ("bad-name", "dt")],
        ),
        ("in: {a-b: real}", [("bad-name", "a-b")]),
        ("in: [x]", [("wrong-type", "[x]")]),
        ("in:", [("wrong-type", "in")]),
        ("boxes: {g: 3}", [("wrong-type", "3")]),
        ("boxes: {g: {box: 3}}", [("wrong-type", "3")]),
        ("boxes: {g: {box: a, conut: 3}}", [("unknown-key", "conut")]),
        ("boxes: {g: {box: a, count: 0}}", [("wrong-type", "0")]),
        ("boxes: {g: {box: a, count: true}}", [("wrong-type", "true")]),
        ("boxes: {g: {count: 3}}", [("missing-key", "g")]),
        ("boxes: {g: {box: a, each: {p: 3}}}", [("wrong-type", "3")]),
        ("boxes: {g: {box: a, with: {p: {box: b, q: 1}}}}", [("unknown-key", "q")]),
        ("boxes: {g: {box: a, with: {p: [{box: b}, {ni: 1}]}}}", [("unknown-key", "ni")]),
        ("boxes: {g: {ni: {x: real}}}", [("unknown-key", "ni")]),
        ("boxes: {g: {boxes: {h: {boxes: {i: {ni: 3}}}}}}", [("unknown-key", "ni")]),
        ("state: {w: {typ: real}}", [("unknown-key", "typ")]),
        ("state: {w: 3}", [("wrong-type", "3")]),
        ("let: {a: [1]}", [("wrong-type", "[1]")]),
        ("let: {a: .inf}", [("wrong-type", ".inf")]),
        ("wires: [{a: b}]", [("flow-split", "{a: b}")]),
        ("wires: [3, [4]]", [("wrong-type", "3"), ("wrong-type", "[4]")]),
        ("wires: {a: b}", [("wrong-type", "{a: b}")]),
        ("wires: [f(a, b) -> y, {c: d}]", [("flow-split", "f(a, b) -> y"), ("flow-split", "{c: d}")]),
        ("let: {h: max(a, b)}", [("flow-split", "max(a, b)")]),
        ("learn: weight", [("wrong-type", "weight")]),
        ("learn: [3]", [("wrong-type", "3")]),
        ("learn: {w: {rte: 3}}", [("unknown-key", "rte")]),
        ("learn: {w: {rate: -1}}", [("bad-value", "-1")]),
        ("learn: {w: {optimiser: adm}}", [("bad-value", "adm")]),
        ("loss: [1, [2]]", [("wrong-type", "[2]")]),
    ],
)
def test_mistakes_in_a_box(box: str, expected: list[tuple[str, str]]) -> None:
    assert codes(f"dils: 1\ndefine:\n  a:\n    {box}\n") == expected


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        ("epochs: 2.5", [("wrong-type", "2.5")]),
        ("epochs: true", [("wrong-type", "true")]),
        ("batch: 0", [("bad-value", "0")]),
        ("precision: float16", [("bad-value", "float16")]),
        ("shuffle: yes", [("wrong-type", "yes")]),
        ("optimiser: {adam: {rte: 1}}", [("unknown-key", "rte")]),
        ("optimiser: {adam: {}, sgd: {}}", [("wrong-type", "{adam: {}, sgd: {}}")]),
        ("optimiser: {adam: {rate: {cosine: {}}}}", [("missing-key", "cosine")]),
        ("optimiser: {adam: {rate: {cosin: {}}}}", [("unknown-key", "cosin")]),
        ("optimiser: {momentum: {momentum: 1}}", [("bad-value", "1")]),
        ("ticks: 0", [("wrong-type", "0")]),
        ("metrics: {a: null}", [("wrong-type", "null")]),
        ("early_stopping: 3", [("wrong-type", "3")]),
    ],
)
def test_mistakes_in_the_train_block(train: str, expected: list[tuple[str, str]]) -> None:
    assert codes(f"dils: 1\ntrain:\n  data: {{file: a.csv}}\n  {train}\n") == expected


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("{file: a, inputs: {x: [1, [2]]}}", [("wrong-type", "[1, [2]]")]),
        ("{file: a, inputs: {x: []}}", [("wrong-type", "[]")]),
        ("{file: a, split: {test: 1.5}}", [("wrong-type", "1.5")]),
        ("{file: a, split: {test: last}}", [("wrong-type", "last")]),
        ("{file: a, split: {tset: 0.1}}", [("unknown-key", "tset")]),
        ("{file: a, missing: skip}", [("bad-value", "skip")]),
        ("{file: a, sequence: {}}", [("unknown-key", "sequence")]),
        ("{file: a, standardise: 3}", [("wrong-type", "3")]),
    ],
)
def test_mistakes_in_the_data_block(data: str, expected: list[tuple[str, str]]) -> None:
    assert codes(f"dils: 1\ntrain:\n  data: {data}\n") == expected


def test_help_names_the_nearest_key_and_all_keys() -> None:
    (help,) = helps("dils: 1\ndefine: {a: {wire: []}}")
    assert help == ("did you mean 'wires'?")


def test_help_for_a_missing_key_has_an_example() -> None:
    (help,) = helps("dils: 1\nchecks: [{name: a}]")
    assert help.endswith("as in `expect: {y: [0, 1, 1, 1]}`")


def test_findings_are_in_source_order_and_all_there() -> None:
    text = "dils: 1\nzzz: 1\ndefine:\n  b: {ni: 1}\n  a: {in: {x: 3}, in: {y: real}}\nmain: 3\n"
    assert codes(text) == [
        ("unknown-key", "zzz"),
        ("unknown-key", "ni"),
        ("wrong-type", "3"),
        ("duplicate-key", "in"),
        ("wrong-type", "3"),
    ]


def test_a_million_wires_take_no_time_to_validate() -> None:
    wires = [f"n{i}.y -> m{i}.x" for i in range(100_000)]
    start = time.perf_counter()
    Document.model_validate({"dils": 1, "main": {"out": {"y": "real"}, "wires": wires}})
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize("text", ["wires: [x[0] -> y]\n", "a: [\n", "a: b: c\n"])
def test_half_a_document_is_one_finding(text: str) -> None:
    assert len(codes("chekcs: [{a: 1}]\n" + text + "dils: 2\n")) == 1


def test_boxes_in_place_may_nest_as_deep_as_yaml_allows() -> None:
    depth = 45
    text = "dils: 1\nmain: " + "{boxes: {b: " * depth + "{in: {x: real}}" + "}}" * depth
    assert codes(text) == []
