"""YAML text to values with places."""

from __future__ import annotations

import gc
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dilsctl.diagnostics import Problem, Report, SourceFile, SourceSpan
from dilsctl.source import (
    Mapping,
    Sequence,
    block_lines,
    key_span_at,
    parse_yaml,
    read_source,
    span_at,
    text_lines,
    text_span,
    value_at,
)


def read(text: str) -> tuple[object, Report]:
    report = Report()
    return parse_yaml(SourceFile("f.yaml", text), report), report


def codes(text: str) -> list[str]:
    return [one.code for one in read(text)[1]]


def shown(span: SourceSpan) -> str:
    return span.file.text[span.start : span.end]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("null", None),
        ("~", None),
        ("''", ""),
        ("12", 12),
        ("-3", -3),
        ("+3", 3),
        ("0x1F", 31),
        ("0o17", 15),
        ("017", 17),
        ("1_000", "1_000"),
        ("1e-3", 1e-3),
        (".5", 0.5),
        ("1.", 1.0),
        ("1.5E+2", 150.0),
        (".inf", math.inf),
        ("-.Inf", -math.inf),
        ("2001-01-01", "2001-01-01"),
        ("12:30", "12:30"),
        ("'12'", "12"),
        ('"true"', "true"),
        ("- ", None),
        ("-", None),
        ("p0..p63", "p0..p63"),
        ("..", ".."),
        ("1" * 500, "1" * 500),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    root, report = read(f"a: {text}\n" if not text.startswith("-") or len(text) > 2 else f"a:\n  {text}\n")
    assert report.ok
    found = root["a"]  # type: ignore[index]
    if isinstance(found, Sequence):
        found = found[0]
    assert found == value
    assert type(found) is type(value)


def test_not_a_number() -> None:
    root, _ = read("[.nan, .NaN]")
    assert all(math.isnan(one) for one in root)  # type: ignore[attr-defined]


def test_places_of_keys_and_values() -> None:
    text = "dils: 1\nin: {x: real 3, 'y': \"bool\"}\n"
    text += "wires:\n  - a -> b   # c\n  - |\n    one\n    two\n\nlast:\n"
    root, report = read(text)
    assert report.ok
    assert isinstance(root, Mapping)
    assert shown(root.key_span("dils")) == "dils"
    assert shown(root.value_span("in")) == "{x: real 3, 'y': \"bool\"}"
    assert shown(root["in"].value_span("y")) == '"bool"'
    assert shown(root["wires"].span(0)) == "a -> b"
    assert shown(root["wires"].span(1)) == "|\n    one\n    two"
    assert shown(span_at(root, ("in", "x"))) == "real 3"
    assert shown(key_span_at(root, ("in", "y"))) == "'y'"
    assert shown(span_at(root, ("in", "z"))) == shown(root.value_span("in"))
    assert shown(span_at(root, ("wires", 7))) == shown(root.value_span("wires"))
    assert shown(span_at(root, ("last",))) == "last"
    assert span_at(root, ()).start == 0
    assert value_at(root, ("wires", 0)) == "a -> b"
    assert value_at(root, ("wires", "x")) is None
    assert shown(root.value_span("wires")).startswith("- a -> b")
    assert str(span_at(root, ("wires", 0))) == "f.yaml:4:5"


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("line_break", ["\n", "\r\n"])
def test_places_with_other_line_breaks_and_letters(mark: str, line_break: str) -> None:
    text = mark + line_break.join(["é: ü", "b: [日本, 'x''y']", "c: 𝒳 -> y", ""])
    root, report = read(text)
    assert report.ok
    assert isinstance(root, Mapping)
    assert list(root) == ["é", "b", "c"]
    assert shown(root.value_span("é")) == "ü"
    assert shown(root["b"].span(0)) == "日本"
    assert shown(root["b"].span(1)) == "'x''y'"
    assert shown(root.value_span("c")) == "𝒳 -> y"


@pytest.mark.parametrize(
    ("text", "value", "i", "j", "at"),
    [
        ("k: abc def", "abc def", 4, 7, "def"),
        ("k: 'abc def'", "abc def", 4, 7, "def"),
        ("k: 'it''s def'", "it's def", 5, 8, "def"),
        ('k: "abc def"', "abc def", 4, 7, "def"),
        ('k: "\\u00e9\\t\\x41 def"', "é\tA def", 4, 7, "def"),
        ('k: "abc \\\n   def"', "abc def", 4, 7, "def"),
        ("k: abc\n   def", "abc def", 4, 7, "def"),
        ("k: |\n   abc\n   def\n", "abc\ndef\n", 4, 7, "def"),
        ("k: |\n   abc\n     def\n", "abc\n  def\n", 6, 9, "def"),
        ("k: |2-\n   abc\n   def\n", " abc\n def", 6, 9, "def"),
        ("k: |  # comment\n\n\n   abc\n   def\n", "\n\nabc\ndef\n", 6, 9, "def"),
        ("k: >\n   abc\n   def\n", "abc def\n", 4, 7, "def"),
        ("k: >-\n   abc\n\n   def", "abc\ndef", 4, 7, "def"),
        ("k: abc", "abc", 3, 3, ""),
    ],
)
def test_characters_of_a_scalar_have_a_place(text: str, value: str, i: int, j: int, at: str) -> None:
    root, report = read(text)
    assert report.ok
    assert isinstance(root, Mapping)
    assert root["k"] == value
    span = root.value_span("k")
    assert shown(text_span(span.file, span, value, i, j)) == at


def test_lines_of_a_block() -> None:
    text = "wires: |\n  a -> b  # one\n\n  # nothing\n  x[0]#1 -> c\n"
    root, _ = read(text)
    assert isinstance(root, Mapping)
    span = root.value_span("wires")
    lines = list(block_lines(span.file, span, root["wires"]))
    assert [line for line, _ in lines] == ["a -> b", "x[0]#1 -> c"]
    assert [shown(place) for _, place in lines] == ["a -> b", "x[0]#1 -> c"]
    assert list(text_lines(root, "wires")) == lines


def test_lines_of_a_list() -> None:
    root, _ = read("wires:\n  - a -> b\n  - 3\n  - 'c -> d'\n")
    assert isinstance(root, Mapping)
    assert [(line, shown(place)) for line, place in text_lines(root, "wires")] == [
        ("a -> b", "a -> b"),
        ("c -> d", "'c -> d'"),
    ]


@pytest.mark.parametrize(
    ("text", "code", "at"),
    [
        ("a: 1\nb: 2\na: 3", "duplicate-key", "a"),
        ("a: &x 1", "alias-not-allowed", "&x"),
        ("a: *x", "alias-not-allowed", "*x"),
        ("a: &x {b: 1}", "alias-not-allowed", "&x"),
        ("*x : 1", "alias-not-allowed", "*x"),
        ("a: !!python/object:os.system x", "tag-not-allowed", "!!python/object:os.system"),
        ("a: ! x", "tag-not-allowed", "!"),
        ("a: !t [1]", "tag-not-allowed", "!t"),
        ("1: a", "key-not-text", "1"),
        ("true: a", "key-not-text", "true"),
        ("? [a]\n: b", "key-not-text", "["),
        ("{a: b}: c", "key-not-text", "{"),
        ("a: 1\n---\nb: 2", "several-documents", "---"),
        ("a: 1\n\tb: 2", "yaml-syntax", "\t"),
        ("a: b: c", "yaml-syntax", ":"),
        ("a: @b", "yaml-syntax", "@"),
        ("a: [b", "yaml-syntax", "b"),
        ("a: 'b", "yaml-syntax", "b"),
        ("a: {b: c}}", "yaml-syntax", "}"),
        ("a: \0", "not-text", "\0"),
        ("a: \ud800", "not-text", "\ud800"),
        ("a: \x1b", "not-text", "\x1b"),
        ("wires: [f(a, b) -> y]", "flow-split", "f(a, b) -> y"),
        ("let: {h: max(a, b), k: c}", "flow-split", "max(a, b)"),
        ("wires: [x[0] -> y]", "flow-split", "["),
        ("[" * 200, "too-deep", "["),
        ("- " * 200 + "a", "too-deep", "-"),
        ("{a: " * 200, "too-deep", "{"),
    ],
)
def test_findings_have_a_code_and_a_place(text: str, code: str, at: str) -> None:
    _, report = read(text)
    (one,) = report
    assert one.code == code
    assert one.primary is not None
    assert shown(one.primary.span) == at
    with pytest.raises(Problem):
        parse_yaml(SourceFile("f", text))


def test_a_duplicate_shows_both_and_keeps_the_first() -> None:
    root, report = read("a: 1\nb: {c: 1, c: 2}\na: [3]\nd: 4\n")
    assert [one.code for one in report] == ["duplicate-key", "duplicate-key"]
    first = next(iter(report))
    assert first.primary is not None
    assert (first.primary.span.column, first.related[0].span.column) == (11, 5)
    assert isinstance(root, Mapping)
    assert (root["a"], root["b"]["c"], root["d"]) == (1, 1, 4)


def test_quoted_expressions_may_have_brackets_in_flow() -> None:
    root, report = read("wires: ['f(a, b) -> y', \"x[0] -> z\", not (a and b) -> w]")
    assert report.ok
    assert root == {"wires": ["f(a, b) -> y", "x[0] -> z", "not (a and b) -> w"]}


def test_no_alias_bomb() -> None:
    text = "a: &a [x]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in zip("abcdef", "bcdefg", strict=True)
    )
    assert set(codes(text)) == {"alias-not-allowed"}


@given(st.text(alphabet="ab1 :-[]{}&*!|>'\"#,?%@\n\té\x00", max_size=40))
def test_any_text_gives_a_value_or_findings_in_the_text(text: str) -> None:
    _, report = read(text)
    for one in report:
        assert one.primary is not None
        assert 0 <= one.primary.span.start <= one.primary.span.end <= len(text)


def test_an_empty_text_is_nothing() -> None:
    assert read("") == (None, read("# only a comment\n")[1])


def test_the_python_parser_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    from dilsctl import source

    text = "a: [1, {x: y}, 'z']\nb: |\n  q\n  r\nc:\nd: e\nd: f\n? [g]\n: h\n"
    fast, fast_report = read(text)
    monkeypatch.setattr(source, "_Loader", yaml.SafeLoader)
    slow, slow_report = read(text)
    assert fast == slow
    assert [one.where for one in fast_report] == [one.where for one in slow_report]
    assert isinstance(fast, Mapping) and isinstance(slow, Mapping)
    assert fast.spans == slow.spans


def test_collecting_garbage_goes_on_afterwards() -> None:
    assert gc.isenabled()
    read("a: [")
    assert gc.isenabled()


def test_files_that_are_not_text(tmp_path: Path) -> None:
    cases = {"latin.yaml": "a: é".encode("latin-1"), "binary.yaml": b"\x93NUMPY\xff"}
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
        with pytest.raises(Problem) as caught:
            read_source(tmp_path / name)
        assert caught.value.diagnostics[0].code == "not-text"
    for name, code in {".": "not-a-file", "nothing": "file-not-found"}.items():
        with pytest.raises(Problem) as caught:
            read_source(tmp_path / name)
        assert caught.value.diagnostics[0].code == code


def test_a_byte_order_mark_is_no_character(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_source(tmp_path / "f").text == "a: 1"


def test_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dilsctl.source.MOST_BYTES", 10)
    (tmp_path / "f").write_text("a: 12345678")
    with pytest.raises(Problem) as caught:
        read_source(tmp_path / "f")
    assert caught.value.diagnostics[0].code == "too-large"
    assert codes("a: 12345678") == ["too-large"]


def test_large_lists_are_read_fast_and_small() -> None:
    count = 100_000
    text = "wires:\n" + "".join(f"  - n{i}.y -> m{i}.x\n" for i in range(count))
    root, report = read(text)
    assert report.ok
    assert isinstance(root, Mapping)
    assert len(root["wires"]) == count
    assert root["wires"].spans.itemsize * len(root["wires"].spans) == 8 * count
    assert shown(root["wires"].span(count - 1)) == f"n{count - 1}.y -> m{count - 1}.x"
