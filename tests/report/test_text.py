"""Diagnostics as text."""

from __future__ import annotations

import re

from dilsctl.diagnostics import Diagnostic, Label, Report, Severity, SourceFile, SourceSpan
from dilsctl.report.text import render_text

FILE = SourceFile("or.yaml", "dils: 1\nname: x\nin:\n  a: bool\n  b: bool\n\n\nlast: 日本 z\n\tt: 1\n")


def span(text: str, file: SourceFile = FILE) -> SourceSpan:
    start = file.text.index(text)
    return SourceSpan(file, start, start + len(text))


def one(text: str, *related: Label, help: str = "", label: str = "") -> Diagnostic:
    return Diagnostic("some-code", "what happened", Label(span(text), label), related, help)


def test_nothing_is_nothing() -> None:
    assert render_text([]) == ""


def test_a_finding() -> None:
    assert render_text([one("bool", help="do this", label="this")]) == (
        "error[some-code]: what happened\n"
        "  --> or.yaml:4:6\n"
        "   |\n"
        " 4 |   a: bool\n"
        "   |      ^^^^ this\n"
        "   = help: do this\n"
        "\n"
        "1 error\n"
    )


def test_related_places_in_the_same_file_are_one_snippet() -> None:
    related = (Label(span("a: bool"), "first here"), Label(span("dils"), "and here"))
    assert render_text([one("b: bool", *related, label="again")]) == (
        "error[some-code]: what happened\n"
        "  --> or.yaml:5:3\n"
        "   |\n"
        " 1 | dils: 1\n"
        "   | ---- and here\n"
        "...\n"
        " 4 |   a: bool\n"
        "   |   ------- first here\n"
        " 5 |   b: bool\n"
        "   |   ^^^^^^^ again\n"
        "\n"
        "1 error\n"
    )


def test_a_place_is_marked_once() -> None:
    related = (Label(span("name"), "the hole"), Label(span("dils"), "one"), Label(span("dils"), "two"))
    text = render_text([one("name", *related)])
    assert " 1 | dils: 1\n   | ---- one, two\n 2 | name: x\n   | ^^^^ the hole\n\n" in text


def test_words_go_on_in_a_new_line_at_a_terminal() -> None:
    told = Diagnostic(
        "some-code",
        "a message of so many words that no line of forty columns holds 'real 3 2' and the rest",
        Label(span("bool"), "a label that is too long to stand beside its mark"),
        (),
        "help that is longer than forty columns are, too",
    )
    assert render_text([told], width=40, wrap=True) == (
        "error[some-code]: a message of so many\n"
        "    words that no line of forty columns\n"
        "    holds 'real 3 2' and the rest\n"
        "  --> or.yaml:4:6\n"
        "   |\n"
        " 4 |   a: bool\n"
        "   |      ^^^^ a label that is too long\n"
        "   |           to stand beside its mark\n"
        "   = help: help that is longer than\n"
        "           forty columns are, too\n"
        "\n"
        "1 error\n"
    )
    assert told.message in render_text([told], width=40)


def test_words_go_below_a_mark_that_ends_far_right() -> None:
    file = SourceFile("wide.yaml", f"{'x' * 30} here\n")
    told = Diagnostic("some-code", "m", Label(span("here", file), "some words that need room"))
    assert f"   | {' ' * 31}^^^^\n   | {' ' * 12}some words that need room\n" in render_text(
        [told], width=42, wrap=True
    )


def test_two_places_on_one_line() -> None:
    related = (Label(span("name"), "key"),)
    text = render_text([one("x", *related)])
    assert " 2 | name: x\n   | ---- key\n   |       ^\n" in text


def test_related_places_in_other_files() -> None:
    other = SourceFile("lib.yaml", "\n" * 119 + "q: r\n")
    text = render_text([one("x", Label(span("q", other), "over there"))])
    assert "    --> or.yaml:2:7\n     |\n   2 | name: x\n" in text
    assert "    ::: lib.yaml:120:1\n     |\n 120 | q: r\n     | - over there\n" in text


def test_a_finding_without_a_place() -> None:
    finding = Diagnostic("file-not-found", "there is no file 'a'", file="a")
    assert render_text([finding]) == "error[file-not-found]: there is no file 'a'\n  --> a\n\n1 error\n"


def test_wide_characters_and_tabs_keep_carets_in_place() -> None:
    assert " 8 | last: 日本 z\n   |            ^\n" in render_text([one("z")])
    assert " 8 | last: 日本 z\n   |       ^^^^\n" in render_text([one("日本")])
    assert " 9 |     t: 1\n   |     ^\n" in render_text([one("t: 1")]).replace("^^^^", "^")


def test_spans_of_many_lines_mark_the_first() -> None:
    assert " 4 |   a: bool\n   |   ^^^^^^^\n" in render_text([one("a: bool\n  b: bool")])


def test_a_place_at_the_end_of_the_file() -> None:
    end = len(FILE.text)
    text = render_text([Diagnostic("c", "m", Label(SourceSpan(FILE, end, end)))])
    assert " 10 |\n    | ^\n" in text


def test_long_lines_are_cut_around_the_mark() -> None:
    file = SourceFile("f", "a" * 500 + "MARK" + "b" * 500)
    text = render_text([Diagnostic("c", "m", Label(span("MARK", file)))], width=80)
    lines = text.splitlines()
    assert all(len(line) <= 80 for line in lines)
    row = lines[3]
    assert "…a" in row and "b…" in row
    assert lines[4].index("^") == row.index("MARK")
    assert lines[4].count("^") == 4


def test_long_spans_on_long_lines() -> None:
    file = SourceFile("f", "x" * 30 + "M" * 500)
    lines = render_text([Diagnostic("c", "m", Label(span("M" * 500, file)))], width=60).splitlines()
    assert all(len(line) <= 60 for line in lines)
    assert lines[4].index("^") == lines[3].index("M")


def test_two_places_on_one_long_line() -> None:
    file = SourceFile("f", "ONE" + "." * 500 + "TWO")
    finding = Diagnostic("c", "m", Label(span("TWO", file)), (Label(span("ONE", file), "here"),))
    text = render_text([finding], width=60)
    assert "ONE" in text and "TWO" in text and text.count("\n 1 | ") == 2


def test_control_characters_never_reach_the_terminal() -> None:
    file = SourceFile("f\x1b", "a\x1b[31m\u202eb\n")
    finding = Diagnostic("c", "m\x1b[0m", Label(SourceSpan(file, 0, 3), "l\x07"), help="h\x9b")
    text = render_text([finding])
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]", text)


def test_colour_changes_nothing_but_colour() -> None:
    finding = one("x", Label(span("name"), "key"), help="do this", label="this")
    coloured = render_text([finding], colour=True)
    assert "\x1b[" in coloured
    assert re.sub("\x1b\\[[0-9;]*m", "", coloured) == render_text([finding])


def test_the_closing_line_counts() -> None:
    warning = Diagnostic("w", "m", severity=Severity.WARNING)
    report = Report([one("x"), one("z"), warning])
    assert render_text(report).endswith("\n2 errors, 1 warning\n")
    assert render_text([warning, warning]).endswith("\n2 warnings\n")
