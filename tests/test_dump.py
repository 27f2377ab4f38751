"""Values as YAML: what is written is read again as it was."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dilsctl.diagnostics import SourceFile
from dilsctl.dump import dump
from dilsctl.source import parse_yaml


def again(value: Any) -> Any:
    return parse_yaml(SourceFile("x.yaml", dump(value)))


SCALARS = [
    "no", "true", "null", "~", "", "1e3", "0x1f", "-", "- a", "a: b", "a #b", "#a", "[a]", "{a}", "a, b",
    "'a'", '"a"', "it's", "a:", ":a", "?x", "! x", "%a", "@a", "`a`", " a", "a ", "a\tb", "a -> b", "*a",
    "&a", "|", ">", "a\nb\n", "é", "\u2028", "---", "-1", "-x", "1_000", "f(a", "x[:, None] -> y[0].z",
    "\x07", "= 3", "real 3 = 1", "\u2029 b", "a\x85b", "\x7f", "\ufeffa", "😀", "a 😀\nb", "a\nb", "a \nb\n",
    "a\n\n", "a\n\x7f", "\U0010ffff: ",
]  # fmt: skip


@pytest.mark.parametrize("text", SCALARS)
def test_texts(text: str) -> None:
    value = {"k": text, "in": {"a": text}, "l": [text, [text]]}
    assert again(value) == value


TEXT = st.characters(exclude_categories=["Cs"], exclude_characters="".join(map(chr, range(32))))


@settings(max_examples=400, deadline=None, database=None, derandomize=True)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
        | st.text(TEXT | st.sampled_from("\n\t \x07"), max_size=12),
        lambda inner: st.lists(inner, max_size=4)
        | st.dictionaries(st.from_regex(r"[a-z]{1,4}", fullmatch=True), inner, max_size=4),
        max_leaves=12,
    )
)  # fmt: skip
def test_any_value(value: Any) -> None:
    found = again({"k": value, "box": "b"})
    assert found == {"k": value, "box": "b"}


def test_style() -> None:
    document = {
        "dils": 1,
        "doc": "One paragraph that is rather long. " * 5 + "\n",
        "define": {
            "a": {
                "in": {"x": "real 3"},
                "boxes": {"b": {"box": "c", "with": {"units": 3}}},
                "wires": ["x -> b.x"],
            },
            "c": {
                "state": {"w": {"type": "real", "init": "glorot"}, "v": "real = 1"},
                "let": {"y": "[a, b]"},
            },
        },
        "main": "a",
        "checks": [{"given": {"x": [1, 2.5]}, "expect": {"y": [True, None]}}],
    }
    lines = dump(document).splitlines()
    assert lines[lines.index("  a:") + 1 :] == [
        "    in: {x: real 3}",
        "    boxes:",
        "      b: {box: c, with: {units: 3}}",
        "    wires:",
        "      - x -> b.x",
        "",
        "  c:",
        "    state:",
        "      w: {type: real, init: glorot}",
        "      v: real = 1",
        "    let:",
        "      y: '[a, b]'",
        "",
        "main: a",
        "",
        "checks:",
        "  - given:",
        "      x: [1, 2.5]",
        "    expect:",
        "      y: [true, null]",
    ]
    assert math.isinf(again({"k": math.inf})["k"])
