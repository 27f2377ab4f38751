"""Findings that a comment in the file takes back: ``# dils: ignore[unused-let] why it is right``.

The comment stands at the end of a line that the finding marks, or alone on the lines above it. It takes back
warnings and notes only: what makes a diagram invalid can't be wished away. A comment that takes nothing back
is a warning itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from dilsctl.diagnostics import (
    Diagnostic,
    Edit,
    Fix,
    Label,
    Severity,
    SourceFile,
    SourceSpan,
    did_you_mean,
)
from dilsctl.values import Mapping, Sequence, Value, unpack

UNUSED, BAD = "unused-suppression", "bad-suppression"

_COMMENT = re.compile(r"(?<![^\s])#[ \t]*dils[ \t]*:[ \t]*ignore\b(?P<rest>[^\n\r]*)")
_MEANT = re.compile(
    r"(?<![^\s])#[ \t]*dils[ \t]*(?::[ \t]*(?:ignore|noqa|disable)\b|:?[ \t]*ignore(?=[ \t]*\[))",
    re.IGNORECASE,
)
_CODES = re.compile(r"[ \t]*\[(?P<codes>[^\]\n]*)\]")


@dataclass(slots=True, eq=False)
class Suppression:
    """A comment. ``lines``: those whose findings it takes back; ``codes``: each with its place. ``odd``: it
    begins otherwise than one should, and takes nothing back."""

    span: SourceSpan
    lines: range
    codes: dict[str, SourceSpan] = field(default_factory=dict)
    used: set[str] = field(default_factory=set)
    odd: bool = False


def suppressions(file: SourceFile, root: Value) -> list[Suppression]:
    """The comments of a file that take findings back, in order, and those that are meant to."""
    found = []
    for match in _MEANT.finditer(file.text):
        if not _COMMENT.match(file.text, match.start()) and not _in_text(file, root, match.start()):
            found.append(Suppression(SourceSpan(file, *match.span()), range(0), odd=True))
    for match in _COMMENT.finditer(file.text):
        if _in_text(file, root, match.start()):
            continue
        line, _ = file.position(match.start())
        first = line
        if not file.line(line)[: match.start() - file.offset(line)].strip():  # alone: what comes below it
            line += 1
            last = file.position(len(file.text))[0]
            while line < last and file.line(line).lstrip().startswith("#"):
                line += 1
        one = Suppression(SourceSpan(file, match.start(), match.end("rest")), range(first, line + 1))
        codes = _CODES.match(match["rest"])
        if codes is not None:
            base = match.start("rest") + codes.start("codes")
            for word in re.finditer(r"[^,\s]+", codes["codes"]):
                one.codes[word.group()] = SourceSpan(file, base + word.start(), base + word.end())
        found.append(one)
    return sorted(found, key=lambda one: one.span.start)


def _in_text(file: SourceFile, root: Value, at: int) -> bool:
    """Is a character part of a scalar, and so no comment? In a block of wires, comments may stand."""
    value, key = root, ""
    while isinstance(value, Mapping | Sequence):
        step = next((n for n, one in enumerate(value.spans) if _holds(one, at)), None)
        if step is None:
            return False
        if isinstance(value, Mapping):
            key = list(value)[step // 2]
            if step % 2 == 0:
                return True
            inner, start = value[key], unpack(value.spans[step])[0]
        else:
            inner, start = value[step], unpack(value.spans[step])[0]
        if not isinstance(inner, Mapping | Sequence):
            return not (key == "wires" and file.text[start : start + 1] == "|")
        value = inner
    return False


def _holds(packed: int, at: int) -> bool:
    start, end = unpack(packed)
    return start <= at < end


def suppress(findings: Iterable[Diagnostic], comments: dict[int, list[Suppression]]) -> Iterator[Diagnostic]:
    """The findings that no comment takes back. What each comment takes back is written into it.

    comments: those of each file, by the file's identity.
    """
    for one in findings:
        span = one.primary.span if one.primary is not None else None
        if one.severity is Severity.ERROR or span is None or id(span.file) not in comments:
            yield one
            continue
        lines = range(span.line, span.end_line + 1)
        taken = False
        for comment in comments[id(span.file)]:
            if comment.lines.start < lines.stop and lines.start < comment.lines.stop:
                codes = [code for code in comment.codes if fnmatchcase(one.code, code)]
                comment.used.update(codes)
                taken = taken or bool(codes)
        if not taken:
            yield one


def verdicts(
    comments: Iterable[Suppression],
    errors: Collection[str],
    lints: Collection[str],
    ran: Callable[[str], bool],
) -> Iterator[Diagnostic]:
    """What is wrong with the comments themselves, once it is known what they have taken back.

    errors, lints: the codes that can't and can be taken back. ran: whether a code was looked for.
    """
    for one in comments:
        if one.odd:
            written = one.span.file.text[one.span.start : one.span.end]
            message = f"'{written}' takes nothing back: it is not how such a comment begins"
            fix = Fix("begin it with '# dils: ignore'", (Edit(one.span, "# dils: ignore"),))
            yield _warning(BAD, message, one.span, "write it as: # dils: ignore[CODE] and why", fix)
            continue
        if not one.codes:
            help = "name what it is about: # dils: ignore[CODE] and why"
            yield _warning(BAD, "this comment names no code", one.span, help)
            continue
        unused = []
        for code, span in one.codes.items():
            patterned = any(fnmatchcase(known, code) for known in lints)
            if code in errors and not patterned:
                help = "only warnings and notes can be taken back; mend what the error says"
                yield _warning(BAD, f"'{code}' is an error: no comment takes it back", span, help)
            elif not patterned:
                help = did_you_mean(code, lints) or "dilsctl rules lists the codes"
                yield _warning(BAD, f"there is no finding '{code}'", span, help)
            elif code not in one.used and ran(code):
                unused.append(code)
        if unused:
            message = f"nothing here is {' or '.join(unused)}"
            yield _warning(UNUSED, message, one.span, "take the comment away", _without(one, unused))


def _warning(code: str, message: str, span: SourceSpan, help: str, fix: Fix | None = None) -> Diagnostic:
    return Diagnostic(code, message, Label(span), (), help, Severity.WARNING, fix=fix)


def _without(one: Suppression, unused: list[str]) -> Fix:
    """Take the comment away, or the codes that are not needed; with its line, where it stands alone."""
    file, text = one.span.file, one.span.file.text
    left = [code for code in one.codes if code not in unused]
    if left:
        spans = list(one.codes.values())
        whole = SourceSpan(file, spans[0].start, spans[-1].end)
        return Fix(f"take {', '.join(unused)} out of the comment", (Edit(whole, ", ".join(left)),), True)
    start, end = one.span.start, one.span.end
    while start > 0 and text[start - 1] in " \t":
        start -= 1
    if start == 0 or text[start - 1] == "\n":
        end = text.find("\n", end) + 1 or len(text)
    return Fix("take the comment away", (Edit(SourceSpan(file, start, end), ""),), True)
