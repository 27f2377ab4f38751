"""Comments that take findings back."""

import pytest

from dilsctl import api
from dilsctl.diagnostics import Diagnostic

HEAD = "dils: 1\nmain:\n  in: {x: real}\n  out: {y: real}\n  let:\n"
TAIL = "  wires:\n    - 2 * x -> y\n"
LET = "    double: 2 * x"


def found(middle: str, tail: str = TAIL) -> list[Diagnostic]:
    return list(api.validate("x.yaml", text=HEAD + middle + "\n" + tail))


def codes(middle: str, tail: str = TAIL) -> list[str]:
    return [one.code for one in found(middle, tail)]


def test_on_its_line_and_on_the_lines_above() -> None:
    assert codes(LET) == ["unused-let"]
    assert codes(f"{LET}  # dils: ignore[unused-let] why") == []
    assert codes(f"    # dils: ignore[unused-let] why\n{LET}") == []
    assert codes(f"    # dils: ignore[unused-let] why\n    # and more\n{LET}") == []
    assert codes(f"{LET}  # dils:ignore[unused-import, unused-let]") == ["unused-suppression"]
    assert codes(f"{LET}  # dils: ignore[unused-*]") == []


def test_not_from_elsewhere() -> None:
    other = "    # dils: ignore[unused-let]\n    a: x  # read\n" + LET
    tail = TAIL.replace("2 * x", "a")
    assert codes(other, tail) == ["unused-suppression", "unused-let"]
    # At the end of a line it is about that line, not about the one below.
    assert codes(f"    a: x  # dils: ignore[unused-let]\n{LET}", tail) == ["unused-suppression", "unused-let"]


def test_text_is_no_comment() -> None:
    doc = "  doc: |\n    # dils: ignore[unused-let]\n    # dils: ignore[nothing]\n"
    assert codes(LET, doc + TAIL) == ["unused-let"]
    quoted = '    "double": "2 * x # dils: ignore[unused-let]"'
    assert codes(quoted) == ["bad-expression"]


def test_in_a_block_of_wires() -> None:
    tail = "  boxes: {inner: {in: {a: real}, out: {b: real}, wires: [a -> b]}}\n" + (
        "  wires: |\n    # dils: ignore[unused-output]\n    x -> inner.a\n    2 * x -> y\n"
    )
    text = HEAD.replace("  let:\n", "") + tail
    assert [one.code for one in api.validate("x.yaml", text=text)] == ["unused-output", "unused-suppression"]


def test_an_error_stays() -> None:
    tail = TAIL.replace("2 * x", "z")
    text = f"{LET}  # dils: ignore[unknown-name] no"
    assert "unknown-name" in codes(text, tail)
    (one,) = [
        one
        for one in found(
            f"    {LET.strip()}  # dils: ignore[unknown-name] no", TAIL.replace("2 * x", "double")
        )
    ]
    assert one.code == "bad-suppression" and "is an error" in one.message


def test_what_is_wrong_with_a_comment() -> None:
    (_, one) = found(f"{LET}  # dils: ignore[unused-lets]")
    assert one.code == "bad-suppression" and one.help == "did you mean 'unused-let'?"
    assert codes(f"{LET}  # dils: ignore") == ["unused-let", "bad-suppression"]


def test_it_can_be_silent_about_comments() -> None:
    text = HEAD + f"{LET}  # dils: ignore[unused-import]\n" + TAIL
    assert [one.code for one in api.validate("x.yaml", text=text)] == ["unused-let", "unused-suppression"]
    # A lint that was not asked for says nothing of whether its comment is needed.
    assert [one.code for one in api.validate("x.yaml", text=text, ignore=["unused-import"])] == ["unused-let"]
    assert [one.code for one in api.validate("x.yaml", text=text, select=["unused-let"])] == ["unused-let"]


def test_line_ends_of_windows() -> None:
    text = (HEAD + f"{LET}  # dils: ignore[unused-let]\n" + TAIL).replace("\n", "\r\n")
    assert list(api.validate("x.yaml", text=text)) == []


@pytest.mark.parametrize(
    "comment",
    [
        "# DILS: ignore[unused-let]",
        "# Dils ignore[unused-let]",
        "# dils: IGNORE [unused-let] a",
        "#dils: noqa",
    ],
)
def test_one_that_begins_otherwise_is_told_of(comment: str) -> None:
    assert codes(f"{LET}  {comment}") == ["unused-let", "bad-suppression"]


@pytest.mark.parametrize("comment", ["# DILS, the paper", "# dils ignore what follows", "# see dils: 1"])
def test_words_about_dils_are_no_such_comment(comment: str) -> None:
    assert codes(f"{LET}  {comment}") == ["unused-let"]
