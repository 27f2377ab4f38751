"""A difference as text, as markdown for a comment on a pull request, and as JSON."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict

from dilsctl.difference import Change, Difference
from dilsctl.signs import json_text

VERSION = 1
LONGEST = 200
MOST_LINES = 300  # of a comment: what reads one has a limit

_SIGNS = {"added": "+", "removed": "-", "changed": "~", "renamed": "="}

Paint = Callable[[str, str], str]


def difference_text(found: Difference, paint: Paint = lambda text, _: text, width: int = 100) -> str:
    """Part by part, a line for each change: ``+`` added, ``-`` removed, ``~`` changed, ``=`` renamed."""
    if found.same:
        return _no_difference(found) + _totals_text(found)
    lines = []
    for part, changes in _parts(found):
        lines.append(part)
        wide = min(max(len(one.what) for one in changes), 32)
        for one in changes:
            head = f"  {_SIGNS[one.kind]} {one.what:<{wide}}  "
            text = _old_and_new(one)
            if one.kind == "changed" and len(head) + len(text) > width:
                text = f"{_cut(one.old)}\n{' ' * (wide + 4)}→ {_cut(one.new)}"
            lines.append(paint(f"{head}{text}".rstrip(), one.kind))
        lines.append("")
    return "\n".join(lines) + "\n" + _totals_text(found) + f"{_summary(found)}\n"


def _totals_text(found: Difference) -> str:
    if not found.totals:
        return ""
    wide = max(len(one.name) for one in found.totals)
    first = max(len(one.old) for one in found.totals)
    rows = [f"  {one.name:<{wide}}  {one.old:>{first}}  →  {one.new}" for one in found.totals]
    return "in all\n" + "\n".join(rows) + "\n\n"


def difference_markdown(found: Difference) -> str:
    """Tables, one for each part."""
    if found.same:
        return f"{_no_difference(found)}\n"
    lines = [f"**{_summary(found)}** from `{found.old}` to `{found.new}`", ""]
    if found.totals:
        lines += ["| | before | after |", "|---|---|---|"]
        lines += [f"| {one.name} | {_cell(one.old)} | {_cell(one.new)} |" for one in found.totals]
        lines.append("")
    for part, changes in _parts(found):
        lines += [f"#### {_words(part)}", "", "| | what | before | after |", "|---|---|---|---|"]
        for one in changes:
            lines.append(f"| {one.kind} | {_words(one.what)} | {_cell(one.old)} | {_cell(one.new)} |")
        lines.append("")
        if len(lines) > MOST_LINES:
            lines = [*lines[:MOST_LINES], "", "There is more: `dilsctl diff` shows all of it."]
            break
    return "\n".join(lines).rstrip("\n") + "\n"


def difference_json(found: Difference) -> str:
    """An object with a version; within one, keys are only ever added."""
    content = {
        "version": VERSION,
        "old": found.old,
        "new": found.new,
        "same": found.same,
        "changes": [asdict(one) for one in found.changes],
        "totals": [asdict(one) for one in found.totals],
    }
    return json_text(content) + "\n"


def _parts(found: Difference) -> Iterator[tuple[str, list[Change]]]:
    parts: dict[str, list[Change]] = {}
    for one in found.changes:
        parts.setdefault(one.part, []).append(one)
    yield from parts.items()


def _no_difference(found: Difference) -> str:
    return f"{found.old} and {found.new} mean the same\n"


def _summary(found: Difference) -> str:
    number = len(found.changes)
    return f"{number} change{'' if number == 1 else 's'}"


def _old_and_new(one: Change) -> str:
    if one.kind in ("changed", "renamed"):
        return f"{_cut(one.old)} → {_cut(one.new)}"
    return _cut(one.old or one.new)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _cell(text: str) -> str:
    """A value in a table of markdown: as code, so that nothing in it is taken for markup."""
    if not text:
        return ""
    cut = _cut(text).replace("|", "\\|")
    if "`" in cut:
        ticks = "``" if "``" not in cut else "```"
        return f"{ticks} {cut} {ticks}"
    return f"`{cut}`"


def _words(text: str) -> str:
    """Words of a file among our own."""
    kind, blank, rest = text.rpartition(" ") if " " in text else ("", "", text)
    return f"{kind}{blank}{_cell(rest)}"
