"""Expressions and wires."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dilsctl.expression import (
    PLAIN_WIRE,
    ExpressionError,
    names_read,
    offsets,
    parse_expression,
    parse_wire,
)
from dilsctl.scan import is_simple, look_closely


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("activation(weight @ x + bias)", {"weight", "x", "bias"}),
        ("trust * worker.p[:, outcome]", {"trust", "worker", "outcome"}),
        ("singer.phase[None, :] - singer.phase[:, None]", {"singer"}),
        ("phone.call if phone.near else 0", {"phone"}),
        ("not (a and b) or c != 1 <= d", {"a", "b", "c", "d"}),
        ("child[1:].port[0, ..., -1]", {"child"}),
        ("conv(x, w, stride=(1, 2), axis=None)", {"x", "w"}),
        ("concat([a, b], axis=-1) ** 2 // 3 % 4", {"a", "b"}),
        ("[0.1, -0.1]", set()),
        ("[[1, 2], [3, 4]]", set()),
        ("einsum('ij,j->i', a, b)", {"a", "b"}),
        ("9**9**9", set()),
        ("x[a:b:c]", {"x", "a", "b", "c"}),
        ("x\n + y", {"x", "y"}),
        ("  x ", {"x"}),
        ("true and false", {"true", "false"}),
        ("1e400", set()),
    ],
)
def test_what_may_be_written(text: str, names: set[str]) -> None:
    assert names_read(parse_expression(text)) == names


@pytest.mark.parametrize(
    ("text", "at", "help"),
    [
        ("", "", ""),
        ("  ", "  ", ""),
        ("a +", "+", ""),
        ("a b", "a b", ""),
        ("f(*x)", "*x", ""),
        ("f(**x)", "**x", ""),
        ("a.b.c", "a.b.c", "port"),
        ("a().b", "a().b", ""),
        ("a.b(c)", "a.b", ""),
        ("f(x)(y)", "f(x)", ""),
        ("lambda x: x", "lambda", "let"),
        ("[x for x in y]", "for", "loops"),
        ("a, b", "a, b", ""),
        ("True", "True", "true"),
        ("x == None", "None", ""),
        ("...", "...", ""),
        ("a && b", "&&", "and"),
        ("a | b", "|", "or"),
        ("a ^ b", "^", "**"),
        ("!a", "!", "not"),
        ("a << b", "<<", ""),
        ("a >> 2", ">>", ""),
        ("1in b", "1in", "space"),
        ("1if a else b", "1if", "space"),
        ("0xfor b", "0xfor", "space"),
        ("a in b", "in", "=="),
        ("a := 3", ":=", "let"),
        ("(a", "(", ""),
        ("a)", ")", ""),
        ("a)+(b", ")", ""),
        ("x[1)", ")", ""),
        ("1j", "1j", ""),
        ("f'{x}'", "f'{x}'", ""),
        ("b'x'", "b'x'", ""),
        (r"'\n'", r"'\n'", ""),
        ("'x", "'", "quotes"),
        ("a -> b", "->", "arrow"),
        ("{a: b}", "{", "[ ]"),
        ("a # b", "#", ""),
        ("a; b", ";", ""),
        ("x[*y]", "*y", ""),
        ("await x", "await", ""),
        ("a @ @ b", "@", ""),
        ("1" * 31, "1" * 31, "1e"),
        ("é * (ü", "(", ""),
        ("é * ü.v.w", "ü.v.w", ""),
        ("a\n+ b..c", ".", ""),
    ],
)
def test_what_may_not_be_written(text: str, at: str, help: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    error = caught.value
    assert text[error.start : error.end] == at
    assert help in error.help
    assert error.moved(3).start == error.start + 3


@settings(deadline=None)
@given(st.lists(st.sampled_from([*"ab01.,+-*/@%()[]:<>=!&|'{} ", "or", "in", "1in", "True"]), max_size=12))
def test_what_looks_simple_is_not_refused(parts: list[str]) -> None:
    text = "".join(parts)
    if is_simple(text):
        look_closely(text)


@pytest.mark.parametrize(
    "text",
    [
        "- " * 9_999 + "x",
        "not " * 4_999 + "x",
        "x if x else " * 1_600 + "x",
        "2**" * 6_000 + "x",
        "(" * 10_000,
        "[" * 300 + "]" * 300,
        "x" + "+x" * 9_000,
        "x" + "[0]" * 6_000,
        "f(x," * 4_000 + ")" * 4_000,
        "x" + ".a" * 9_000,
    ],
)
def test_depth_is_limited(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text)
    assert caught.value.code == "too-deep"


def test_length_is_limited() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_expression("x" * 20_001)
    assert caught.value.code == "too-long"


@pytest.mark.parametrize("text", ["x" + "+x" * 190, "1+(" * 190 + "x" + ")" * 190, "f(" + "x," * 9_000 + ")"])
def test_what_is_not_too_deep(text: str) -> None:
    parse_expression(text)


@pytest.mark.parametrize("text", ["é + ü.v[1:]", "a\n\t+ 日本 * c", "   x[é, 'ü'] @ y", "max(a,\n    b)"])
def test_offsets_are_characters(text: str) -> None:
    for node in ast.walk(parse_expression(text)):
        if isinstance(node, ast.Name):
            start, end = offsets(node)
            assert text[start:end] == node.id
        if isinstance(node, ast.Attribute):
            start, end = offsets(node)
            assert text[start:end].endswith("." + node.attr)


def test_trees_are_cached() -> None:
    assert parse_expression("a + b * c") is parse_expression("a + b * c")


@given(st.text(alphabet="ab.0123 ()[]+-*/@:,=<>!'\"\n\\é{}#&|^~_?;if not else", max_size=60))
def test_any_text_gives_a_tree_or_an_error_in_the_text(text: str) -> None:
    for read in (parse_expression, parse_wire):
        try:
            read(text)
        except ExpressionError as error:
            assert 0 <= error.start <= error.end <= len(text)


@pytest.mark.parametrize(
    ("text", "source", "box", "box_index", "port", "port_index"),
    [
        ("a -> y", "a", None, [], "y", []),
        ("a.b -> c.d", "a.b", "c", [], "d", []),
        ("a -> y[0]", "a", None, [], "y", ["0"]),
        ("a -> y[:-1]", "a", None, [], "y", [":-1"]),
        ("a -> child[1:].port", "a", "child", ["1:"], "port", []),
        ("f(a, 'x->y') -> c[2].p[0, :]", "f(a, 'x->y')", "c", ["2"], "p", ["0", ":"]),
        ("a -> y[n - 1]", "a", None, [], "y", ["n - 1"]),
        ("  a  ->  y [ 0 ]  ", "a", None, [], "y", ["0"]),
        ("a - -b->y", "a - -b", None, [], "y", []),
    ],
)
def test_wires(
    text: str, source: str, box: str, box_index: list[str], port: str, port_index: list[str]
) -> None:
    wire = parse_wire(text)
    target = wire.target
    assert wire.source == source
    assert text[wire.source_start :].startswith(source)
    assert (target.box, target.port) == (box, port)
    assert [ast.unparse(item) for item in target.box_index] == box_index
    assert [ast.unparse(item) for item in target.port_index] == port_index
    assert text[target.start : target.end] == text.split("->")[-1].strip()
    for item in (*target.box_index, *target.port_index):
        start, end = offsets(item)
        assert text[start:end].strip()[0] in "0123456789:-n"


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("a", "bad-wire", "a"),
        ("a => b", "bad-wire", "=>"),
        ("-> b", "bad-wire", "->"),
        ("a ->", "bad-target", "->"),
        ("a -> b + c", "bad-target", "b + c"),
        ("a -> b.c.d", "bad-expression", "b.c.d"),
        ("a -> y['k']", "bad-target", "'k'"),
        ("a -> f(y)", "bad-target", "f(y)"),
        ("a -> 3", "bad-target", "3"),
    ],
)
def test_bad_wires(text: str, code: str, at: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_wire(text)
    assert caught.value.code == code
    assert text[caught.value.start : caught.value.end] == at


@pytest.mark.parametrize("text", ["a -> b", "a.b -> c.d", "a.b[2] -> c", "a[1].b -> c[0].d[13]", " a->b "])
def test_plain_wires_agree_with_the_slow_way(text: str) -> None:
    found = PLAIN_WIRE.fullmatch(text)
    assert found is not None
    *_, box, box_index, port, port_index = found.groups()
    target = parse_wire(text).target
    assert (target.box, target.port) == (box, port)
    assert [ast.unparse(item) for item in target.box_index] == ([box_index] if box_index else [])
    assert [ast.unparse(item) for item in target.port_index] == ([port_index] if port_index else [])


@pytest.mark.parametrize(
    "text", ["a + b -> c", "a -> b[:2]", "a.b.c -> d", "a", "f(a) -> b", "1 -> b", "a[-1] -> b"]
)
def test_other_wires_are_not_plain(text: str) -> None:
    assert PLAIN_WIRE.fullmatch(text) is None
