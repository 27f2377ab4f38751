"""Mend files by the fixes of their findings, span by span: every other byte stays as it is.

What a fix makes is looked at again before it counts. A file that could be parsed still can, and a safe fix
brings no new error. Fixes go on until none is left, so that a second run has nothing to do.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dilsctl.choice import Choice, choices
from dilsctl.codes import FILE_TOPICS
from dilsctl.diagnostics import Diagnostic, Fix, Problem, Report, Severity, SourceFile
from dilsctl.signs import in_a_line
from dilsctl.source import parse_yaml, read_source
from dilsctl.validation import validate_file

MOST_ROUNDS = 50
MARK = "\ufeff"
Look = Callable[[str], Report]
_TEXT = frozenset(FILE_TOPICS["Text and keys"])


@dataclass(slots=True)
class Mended:
    """A file before and after; texts are as they stand in it, byte order mark and line ends included."""

    path: Path
    old: str
    new: str
    applied: list[Fix]
    elsewhere: Path | None = None  # what a link out of the repository leads to, and which stays as it is

    @property
    def changed(self) -> bool:
        return self.old != self.new

    def diff(self) -> Iterator[str]:
        """The lines of a unified diff."""
        name = in_a_line(str(self.path))
        old, new = (text.splitlines(keepends=True) for text in (self.old, self.new))
        return difflib.unified_diff(old, new, f"{name} (now)", f"{name} (mended)")


def mend_file(
    path: Path, settings: Sequence[str] = (), choice: Choice | None = None, unsafe: bool = False
) -> Mended:
    """What a file would be with all its fixes, those that are not safe only if ``unsafe``.

    Raises Problem: file-not-found, not-text.
    """
    text = read_source(path).text
    with path.open("rb") as stream:
        mark = MARK if stream.read(len(MARK.encode())) == MARK.encode() else ""
    new, applied = mend_text(path, text, lambda one: validate_file(path, one, settings, choice), unsafe)
    return Mended(path, mark + text, mark + new, applied)


def mend_text(path: Path, text: str, look: Look, unsafe: bool = False) -> tuple[str, list[Fix]]:
    """What a text in the place of a file would be with all its fixes. ``look``: validates a text there."""
    applied: list[Fix] = []
    refused: set[tuple[str, str, int]] = set()
    before: dict[str, tuple[Report, int, list[Diagnostic]]] = {}  # by text: what was found, done and tried
    report = look(text)
    for _ in range(MOST_ROUNDS):
        wanted = [
            one
            for one in report
            if one.fix is not None and (unsafe or one.fix.safe) and _about(one, text) not in refused
        ]
        step = next(_steps(path, text, report, wanted, look, refused), None)
        if step is None:
            break
        before[text] = (report, len(applied), step.tried)
        text, report = step.text, step.report
        applied += step.fixes
        if text in before:  # in a circle: where it began is as good, and a second run ends there too
            report, count, tried = before[text]
            del applied[count:]
            refused |= {_about(one, text) for one in tried}
    return text, applied


class Step(NamedTuple):
    """A text made of another by fixes: what is found in it, and the findings that were tried."""

    text: str
    report: Report
    fixes: list[Fix]
    tried: list[Diagnostic]


def _steps(
    path: Path,
    text: str,
    report: Report,
    wanted: list[Diagnostic],
    look: Look,
    refused: set[tuple[str, str, int]],
) -> Iterator[Step]:
    """All fixes at once, if that is sound, or else the first one that is by itself."""
    tries = [wanted] if len(wanted) == 1 else [wanted, *([one] for one in wanted)]
    for some in tries if wanted else ():
        new, fixes = apply(text, str(path), [one.fix for one in some if one.fix is not None])
        if fixes and new != text:
            after = look(new)
            if _sound(path, text, new, report, after, all(one.safe for one in fixes)):
                yield Step(new, after, fixes, some)
        if len(some) == 1:
            refused.add(_about(some[0], text))


def _about(one: Diagnostic, text: str) -> tuple[str, str, int]:
    return one.code, one.message, hash(text)


def apply(text: str, name: str, fixes: Sequence[Fix]) -> tuple[str, list[Fix]]:
    """A text with the fixes that are for it and do not get in each other's way, and which these are."""
    taken: list[tuple[int, int, str]] = []
    done = []
    for fix in fixes:
        edits = [(one.span.start, one.span.end, one.text) for one in fix.edits]
        foreign = any(one.span.file.name != name or one.span.file.text != text for one in fix.edits)
        if foreign or any(_meet(one, other) for one in edits for other in taken):
            continue
        taken += edits
        done.append(fix)
    for start, end, new in sorted(taken, reverse=True):
        text = text[:start] + new + text[end:]
    return text, done


def _meet(one: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    """Do two edits overlap, or touch?"""
    return one[0] <= other[1] and other[0] <= one[1]


def _sound(path: Path, old: str, new: str, before: Report, after: Report, safe: bool) -> bool:
    """Is a file no worse than it was?"""
    if _parses(path, old) and not _parses(path, new):
        return False
    was, now = _errors(before, path), _errors(after, path)
    if safe:
        return not now - was
    return not any(code in _TEXT and now[code, message] > was[code, message] for code, message in now)


def _errors(report: Report, path: Path) -> Counter[tuple[str, str]]:
    return Counter((one.code, one.message) for one in report if one.severity is Severity.ERROR)


def _parses(path: Path, text: str) -> bool:
    try:
        parse_yaml(SourceFile(str(path), text))
    except Problem:
        return False
    return True


def mend(
    files: Sequence[Path],
    settings: Sequence[str] = (),
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    *,
    unsafe: bool = False,
    write: bool = True,
) -> list[Mended]:
    """Mend files, those that can be read, and write those that change, each in one go.

    A file that somebody else changed meanwhile is left alone, and so is what links lead to elsewhere. Raises
    OSError, Problem: bad-project.
    """
    from dilsctl.formatting.files import leads_out, replace_file

    found = []
    for path, choice in zip(files, choices(files, select, ignore), strict=True):
        try:
            one = mend_file(path, settings, choice, unsafe)
        except (Problem, OSError, UnicodeDecodeError):
            continue  # validation tells of it
        one.elsewhere = leads_out(path)
        if one.changed and write and one.elsewhere is None and path.read_bytes() == one.old.encode():
            replace_file(path, one.new)
        found.append(one)
    return found
