"""What ``dilsctl validate --fix`` would do, as actions of the editor: one for each finding, and one for all
that are safe."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import accumulate

from lsprotocol import types as lsp

from dilsctl.diagnostics import Fix, SourceFile
from dilsctl.fixing import mend_text
from dilsctl.language.server import MOST_TYPED, Server


def actions(server: Server, params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
    """The actions for a part of a document."""
    uri = params.text_document.uri
    document, file, path = server.text(uri)
    held = server.opened.get(uri)
    if held is None or held.found_of != document.version:
        if len(file.text) > MOST_TYPED:
            return []
        server.tell(uri)
        held = server.opened[uri]
    wanted = params.context.only
    found = []
    mine = [one for one in held.found if one.fix is not None and _is_here(one.fix, file)]
    if _is_wanted(lsp.CodeActionKind.QuickFix, wanted):
        for one in mine:
            told = server.finding(one, file)
            if one.fix is not None and _meet(told.range, params.range):
                edits = _edits(server, file, one.fix)
                found.append(
                    lsp.CodeAction(
                        one.fix.title,
                        lsp.CodeActionKind.QuickFix,
                        [told],
                        is_preferred=one.fix.safe,
                        edit=server.edit({path: edits}),
                    )
                )
    safe = any(one.fix is not None and one.fix.safe for one in mine)
    if safe and _is_wanted(lsp.CodeActionKind.SourceFixAll, wanted):
        if held.mended_of is not held.found:
            held.mended, _ = mend_text(path, file.text, lambda text: server.look(path, text))
            held.mended_of = held.found
        edits = _changes(server, file, held.mended)
        kind = f"{lsp.CodeActionKind.SourceFixAll.value}.dilsctl"
        if edits:
            edit = server.edit({path: edits})
            found.append(lsp.CodeAction("Fix all that is safe to fix (dilsctl)", kind, edit=edit))
    return found


def _is_here(fix: Fix, file: SourceFile) -> bool:
    """Whether all its edits are in this file."""
    return all(one.span.file.name == file.name for one in fix.edits)


def _edits(server: Server, file: SourceFile, fix: Fix) -> list[lsp.TextEdit]:
    return [lsp.TextEdit(server.span(file, one.span.start, one.span.end), one.text) for one in fix.edits]


def _changes(server: Server, file: SourceFile, new: str) -> list[lsp.TextEdit]:
    """The lines that another text has in place of those of a file."""
    old_lines, new_lines = (text.splitlines(keepends=True) for text in (file.text, new))
    starts = [0, *accumulate(map(len, old_lines))]
    steps = SequenceMatcher(None, old_lines, new_lines, autojunk=False).get_opcodes()
    return [
        lsp.TextEdit(server.span(file, starts[a], starts[b]), "".join(new_lines[c:d]))
        for tag, a, b, c, d in steps
        if tag != "equal"
    ]


def _is_wanted(kind: lsp.CodeActionKind, only: object) -> bool:
    """Whether an editor asks for actions of a kind: it may name some, or ask for all."""
    if not isinstance(only, list | tuple):
        return True
    own = f"{kind.value}.dilsctl"
    return any(
        own == one or own.startswith(f"{one}.") for one in (getattr(kind, "value", kind) for kind in only)
    )


def _meet(one: lsp.Range, other: lsp.Range) -> bool:
    return (one.start.line, one.start.character) <= (other.end.line, other.end.character) and (
        other.start.line, other.start.character,
    ) <= (one.end.line, one.end.character)  # fmt: skip
