"""From what is named on the command line to a difference."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from dilsctl.diagnostics import Problem
from dilsctl.difference import Change, Difference, Total
from dilsctl.difference.documents import changes, side
from dilsctl.difference.revisions import empty, load_revision, split_revision
from dilsctl.documents import Library, load_documents


@dataclass(frozen=True, slots=True)
class _Operand:
    name: str
    library: Library
    run: Path | None = None


def difference(old: str, new: str) -> Difference:
    """What changed from one diagram to another. Each is a file, a run folder, or ``REVISION:PATH``.

    Raises Problem: what does not parse, file-not-found, not-a-run, not-a-revision.
    """
    return _compared(_operand(old), _operand(new))


def difference_since(revision: str, path: str) -> Difference:
    """What changed in a file since a revision of git. A file that is new, or gone, is all added or removed.

    Raises Problem: what does not parse, not-a-revision.
    """
    there = os.path.lexists(path)
    old = load_revision(revision, path, or_empty=there)
    new = _operand(path) if there else _Operand(path, empty(path))
    return _compared(_Operand(f"{revision}:{path}", old), new)


def _compared(one: _Operand, two: _Operand) -> Difference:
    found: list[Change] = changes(side(one.library), side(two.library))
    totals = _totals(one.library, two.library) if found else []
    if one.run is not None and two.run is not None:
        from dilsctl.difference.runs import run_totals

        totals += run_totals(one.run, two.run)
    return Difference(one.name, two.name, tuple(found), tuple(totals))


def _operand(text: str) -> _Operand:
    path = Path(text)
    if path.is_dir():
        from dilsctl.difference.runs import run_library

        return _Operand(text, run_library(path), path)
    if not path.exists() and (revision := split_revision(text)) is not None:
        return _Operand(text, load_revision(*revision))
    return _Operand(text, load_documents(path))


def _totals(old: Library, new: Library) -> list[Total]:
    """What the changes come to, where both diagrams are good ones."""
    from dilsctl.inspect import Facts, describe
    from dilsctl.kind import kind_of
    from dilsctl.loaded import elaborate

    told: list[Facts] = []
    for library in (old, new):
        try:
            diagram = elaborate(library)
            if diagram is None or not library.report.ok:
                return []
            told.append(describe(diagram, (), kind_of(diagram)))
        except Problem:
            return []
    one, two = told
    rows = [
        ("kind", one.kind.name if one.kind else "", two.kind.name if two.kind else ""),
        ("boxes", one.sums.boxes, two.sums.boxes),
        ("wires", one.sums.wires, two.sums.wires),
        ("learned numbers", one.sums.learned, two.sums.learned),
        ("moving numbers", one.sums.moving, two.sums.moving),
        ("open holes", len(one.holes), len(two.holes)),
    ]
    return [Total(name, _text(a), _text(b)) for name, a, b in rows if a != b]


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
