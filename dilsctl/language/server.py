"""The language server, over standard input and output. It needs the extra ``lsp`` (pygls)."""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument

from dilsctl import __version__, api
from dilsctl.diagnostics import Diagnostic, Problem, Severity, SourceFile, SourceSpan
from dilsctl.diagram import Diagram
from dilsctl.formatting.files import format_source
from dilsctl.language.completion import completions
from dilsctl.language.hover import hover
from dilsctl.language.reading import read_page
from dilsctl.language.symbols import Occurrence, Page
from dilsctl.syntax.model import identifier

MOST_TYPED = 300_000  # characters: a longer file is validated when it is saved, not at every key

_SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.NOTE: lsp.DiagnosticSeverity.Information,
}
_KINDS = {
    "key": lsp.CompletionItemKind.Property,
    "port": lsp.CompletionItemKind.Field,
    "name": lsp.CompletionItemKind.Variable,
    "function": lsp.CompletionItemKind.Function,
    "definition": lsp.CompletionItemKind.Class,
    "type": lsp.CompletionItemKind.Keyword,
}
_CAN_BE_RENAMED = {"input", "output", "state", "shared variable", "let", "parameter", "interior box", "mode",
                   "definition"}  # fmt: skip


@dataclass
class _Open:
    """An open file: what it last was when it could be read."""

    page: Page | None = None
    version: int | None = None
    diagram: Diagram | None = None
    diagram_of: int | None = -1


class Server(LanguageServer):
    """The state of one session with an editor."""

    def __init__(self) -> None:
        super().__init__("dilsctl", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Incremental)
        self.opened: dict[str, _Open] = {}

    def text(self, uri: str) -> tuple[TextDocument, SourceFile, Path]:
        """An open document, its text, and where it lies."""
        document = self.workspace.get_text_document(uri)
        path = Path(to_fs_path(uri) or "untitled.yaml")
        return document, SourceFile(str(path), document.source), path

    def page(self, uri: str) -> Page | None:
        """The names of a file as it last could be read."""
        document, file, path = self.text(uri)
        held = self.opened.setdefault(uri, _Open())
        if held.version != document.version or held.page is None:
            held.page = read_page(file, path) or held.page
            held.version = document.version
        return held.page

    def diagram(self, uri: str) -> Diagram | None:
        """The diagram of a file as it last was good."""
        from dilsctl.loaded import elaborate, read

        document, file, path = self.text(uri)
        held = self.opened.setdefault(uri, _Open())
        if held.diagram_of != document.version and len(file.text) <= MOST_TYPED:
            held.diagram_of = document.version
            with contextlib.suppress(Problem):
                held.diagram = elaborate(read(path, text=file.text)) or held.diagram
        return held.diagram

    def offset(self, uri: str, position: lsp.Position) -> int:
        """A place of the editor as a character of the text."""
        document, _, _ = self.text(uri)
        return int(document.offset_at_position(position))

    def span(self, file: SourceFile, start: int, end: int) -> lsp.Range:
        """Characters of a text as a place of the editor."""
        return lsp.Range(self._position(file, start), self._position(file, end))

    def _position(self, file: SourceFile, offset: int) -> lsp.Position:
        line, column = file.position(offset)
        before = file.line(line)[: column - 1]
        units = self.workspace.position_codec.client_num_units(before)
        return lsp.Position(line - 1, int(units))

    def tell(self, uri: str) -> None:
        """Send the findings of a file."""
        _, file, path = self.text(uri)
        try:
            found = list(api.validate_files([path], text=file.text))
        except Problem as problem:
            found = list(problem.diagnostics)
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri, [self._finding(one, file, path) for one in found])
        )

    def _finding(self, one: Diagnostic, file: SourceFile, path: Path) -> lsp.Diagnostic:
        nowhere = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
        span = one.primary.span if one.primary is not None else None
        here = span is not None and span.file.name == file.name
        message = one.message if here or span is None else f"{span}: {one.message}"
        if one.help:
            message += f"\n{one.help}"
        related = [
            lsp.DiagnosticRelatedInformation(self._location(label.span), label.text or "see here")
            for label in one.related
        ]
        if not here and span is not None:
            related.insert(0, lsp.DiagnosticRelatedInformation(self._location(span), one.message))
        return lsp.Diagnostic(
            range=self.span(file, span.start, max(span.end, span.start + 1)) if here and span else nowhere,
            message=message,
            severity=_SEVERITIES[one.severity],
            code=one.code,
            source="dilsctl",
            related_information=related or None,
        )

    def _location(self, span: SourceSpan) -> lsp.Location:
        path = Path(span.file.name)
        if not path.is_file():
            from dilsctl.documents import LIBRARY

            path = LIBRARY / f"{span.file.name.removeprefix('std/')}.yaml"
        return lsp.Location(path.resolve().as_uri(), self.span(span.file, span.start, span.end))


def make_server() -> Server:
    """A server with all that it can do."""
    server = Server()
    _follow(server)
    _answer(server)
    return server


def _follow(server: Server) -> None:
    """Files that are opened, changed and closed."""

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        server.tell(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        if len(server.text(uri)[1].text) <= MOST_TYPED:
            server.tell(uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        for uri in list(server.workspace.text_documents):  # what imports it may be good or bad now
            server.opened.pop(uri, None)
            server.tell(uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.opened.pop(uri, None)
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))


def _answer(server: Server) -> None:
    """What an editor asks."""

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> lsp.Location | None:
        page, found = _at(server, params)
        if page is None or found is None:
            return None
        if found.symbol.path == ("use",):
            other = page.imported(found.symbol.name)
            return server._location(SourceSpan(other.file, 0, 0)) if other is not None else None
        declared = page.declaration(found.symbol)
        return server._location(declared.span) if declared is not None else None

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        page, found = _at(server, params)
        if page is None or found is None:
            return []
        uri, file = params.text_document.uri, page.file
        return [
            lsp.Location(uri, server.span(file, one.start, one.end)) for one in page.uses_of(found.symbol)
        ]

    @server.feature(lsp.TEXT_DOCUMENT_HOVER)
    def about(params: lsp.HoverParams) -> lsp.Hover | None:
        uri = params.text_document.uri
        page = server.page(uri)
        if page is None:
            return None
        told = hover(page, page.file.text, server.offset(uri, params.position), server.diagram(uri))
        if told is None:
            return None
        text, start, end = told
        content = lsp.MarkupContent(lsp.MarkupKind.Markdown, text)
        return lsp.Hover(content, server.span(page.file, start, end))

    @server.feature(
        lsp.TEXT_DOCUMENT_COMPLETION, lsp.CompletionOptions(trigger_characters=[".", ">", " ", "("])
    )
    def complete(params: lsp.CompletionParams) -> list[lsp.CompletionItem]:
        uri = params.text_document.uri
        text = server.text(uri)[1].text
        found = completions(text, server.offset(uri, params.position), server.page(uri))
        return [
            lsp.CompletionItem(
                label=one.label,
                kind=_KINDS[one.kind],
                detail=one.detail or None,
                documentation=one.documentation or None,
                insert_text=f"{one.label}: " if one.kind == "key" else None,
            )
            for one in found
        ]

    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def may_be_renamed(params: lsp.PrepareRenameParams) -> lsp.Range | None:
        page, found = _at(server, params)
        return (
            None
            if page is None or found is None or not _own(page, found)
            else server.span(page.file, found.start, found.end)
        )

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    def rename(params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        page, found = _at(server, params)
        if page is None or found is None or not _own(page, found):
            return None
        _check_name(page, found, params.new_name)
        edits = [
            lsp.TextEdit(server.span(page.file, one.start, one.end), params.new_name)
            for one in page.uses_of(found.symbol)
        ]
        return lsp.WorkspaceEdit(changes={params.text_document.uri: edits})

    @server.feature(lsp.TEXT_DOCUMENT_FORMATTING)
    def format(params: lsp.DocumentFormattingParams) -> list[lsp.TextEdit] | None:
        _, file, _ = server.text(params.text_document.uri)
        try:
            done = format_source(file)
        except Problem:
            return None
        if not done.changed:
            return []
        return [lsp.TextEdit(server.span(file, 0, len(file.text)), done.new)]


def _at(server: Server, params: Any) -> tuple[Page | None, Occurrence | None]:
    """The name under the cursor. The page must be of the text that the editor has."""
    uri = params.text_document.uri
    page = server.page(uri)
    if page is None or page.file.text != server.text(uri)[1].text:
        return None, None
    return page, page.at(server.offset(uri, params.position))


def _own(page: Page, found: Occurrence) -> bool:
    """Whether a name is declared in this file, so that all its places are known."""
    declared = page.declared.get(found.symbol)
    return declared is not None and declared.kind in _CAN_BE_RENAMED


def _check_name(page: Page, found: Occurrence, name: str) -> None:
    """Raise an answer in words for a name that can't be, or is taken."""
    from pygls.exceptions import JsonRpcInvalidParams

    try:
        if found.symbol.path != ("define",):
            identifier(name)
        elif not name.replace("-", "_").isidentifier():
            raise ValueError
    except Exception:  # the words of pydantic are for files
        raise JsonRpcInvalidParams(f"'{name}' is not a name") from None
    taken = {one.name for one in page.declared if one.path == found.symbol.path}
    if name in taken and name != found.symbol.name:
        raise JsonRpcInvalidParams(f"'{name}' is taken")


def serve() -> None:
    """Talk over standard input and output until the editor goes away."""
    logging.disable(logging.INFO)
    make_server().start_io()


__all__: list[str] = ["Server", "make_server", "serve"]
