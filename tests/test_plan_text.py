"""Plans as text and as JSON, on a program written by hand."""

import json

import dilsctl.operations  # noqa: F401  (fills the table of operations)
from dilsctl.diagnostics import SourceFile, SourceSpan
from dilsctl.ir import Program, Type, Var
from dilsctl.operations.table import Builder
from dilsctl.plan_costs import describe
from dilsctl.plan_json import plan_json
from dilsctl.plan_text import amount, canonical_text, index_text, plan_text

FILE = SourceFile("net.yaml", "dils: 1\nwires:\n  - tanh(x) + bias -> y\n")


def program(names: str = "x bias y") -> Program:
    x_name, bias_name, y_name = names.split()
    x = Var(Type("real", (4,)), True, x_name)
    bias = Var(Type("real", (4,)), False, bias_name)
    builder = Builder([], SourceSpan(FILE, 19, 33))
    y = builder.emit("add", [builder.emit("tanh", [x]), bias], name=y_name)
    return Program({x_name: x}, (bias,), {y_name: y}, tuple(builder.eqns), updates={bias: bias})


def test_text() -> None:
    text = plan_text(describe(program(), batch=8), "net")
    assert "net: 2 equations, 4 numbers of state" in text
    assert "at batch 8" in text
    assert "# net.yaml:3: - tanh(x) + bias -> y" in text
    assert "%1: real 4 · batch = tanh(x)" in text and "y: real 4 · batch = add(%1, bias)" in text
    assert text.count("# net.yaml:3") == 1, "one source line heads all its equations"
    assert "bias ← bias" in text


def test_lines_fit_a_terminal() -> None:
    plan = describe(program("input bias_of_a_long_name output"), batch=8)
    wide, narrow = plan_text(plan, "net"), plan_text(plan, "net", 50)
    assert max(map(len, wide.splitlines())) > 60 and max(map(len, narrow.splitlines())) <= 50
    assert "output: real 4 · batch =\n" in narrow and "add(%1, bias_of_a_long_name)" in narrow
    assert narrow.split() == wide.split()


def test_costs_count_the_batch() -> None:
    one, eight = describe(program(), batch=1), describe(program(), batch=8)
    assert eight.flops == 8 * one.flops
    # tanh reads and writes 4 numbers an example; the sum reads 4 more, and the bias once
    assert one.bytes == 4 * (4 + 4 + 4 + 4 + 4) and eight.bytes == 4 * (8 * 16 + 4)
    assert describe(program(), 1, "float64").bytes == 2 * one.bytes


def test_json() -> None:
    told = json.loads(json.dumps(plan_json(describe(program(), batch=8))))
    assert told["totals"]["equations"] == 2
    assert told["equations"][0]["op"] == "tanh"
    assert told["equations"][0]["source"] == {"file": "net.yaml", "line": 3, "column": 5}
    assert told["equations"][1]["inputs"] == ["%1", "bias"]
    assert told["inputs"]["x"] == {"id": "x", "type": "real 4", "shape": [4], "batched": True}
    assert told["outputs"] == {"y": "y"}


def test_canonical_text_forgets_names_only() -> None:
    assert canonical_text(program()) == canonical_text(program("a b c"))
    x = Var(Type("real", (5,)), True, "x")
    other = Program({"x": x}, (), {"x": x}, ())
    assert canonical_text(program()) != canonical_text(other)


def test_amounts() -> None:
    assert [amount(one) for one in (0, 12, 999, 1000, 1234, 15_600, 2_000_000)] == [
        "0", "12", "999", "1 k", "1.2 k", "15.6 k", "2 M",
    ]  # fmt: skip
    assert amount(2048, "B") == "2.0 kB"


def test_what_costs_nothing_says_why() -> None:
    x = Var(Type("real", (4,)), True, "x")
    builder = Builder([])
    two = builder.constant(2.0, Type("real"))
    part = builder.emit("slice", [x], index=((0, 2, 1),))
    y = builder.emit("mul", [part, two])
    plan = describe(Program({"x": x}, (), {"y": y}, tuple(builder.eqns)), views={"slice"})
    assert [(line.note, line.bytes) for line in plan.lines] == [("once", 0), ("view", 0), ("", 20)]
    assert "slice(x; [0:2])" in plan_text(plan)


def test_indices_are_written_as_in_an_expression() -> None:
    assert index_text(((0, 3, 1), 1)) == "[0:3, 1]"
    assert index_text(((4, 0, -1),)) == "[4:0:-1]"
    assert index_text((((0, 3, 1),), ((3, 4, 1),))) == "[0:3][3:4]"
    assert index_text((0,)) == "[0]"
