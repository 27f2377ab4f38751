"""What the language server does when files change, and what it answers when an editor asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.exceptions import JsonRpcInvalidParams

from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.formatting.files import format_source
from dilsctl.language.actions import actions
from dilsctl.language.completion import completions
from dilsctl.language.hover import hover
from dilsctl.language.outline import Part, outline
from dilsctl.language.pages import TooMany
from dilsctl.language.renaming import Refused, declared_by_user, rename
from dilsctl.language.server import MOST_TYPED, Server
from dilsctl.language.symbols import Occurrence, Page

_ITEMS = {
    "key": lsp.CompletionItemKind.Property,
    "port": lsp.CompletionItemKind.Field,
    "name": lsp.CompletionItemKind.Variable,
    "function": lsp.CompletionItemKind.Function,
    "definition": lsp.CompletionItemKind.Class,
    "type": lsp.CompletionItemKind.Keyword,
}
_SYMBOLS = {
    "definition": lsp.SymbolKind.Class,
    "import": lsp.SymbolKind.Module,
    "input": lsp.SymbolKind.Interface,
    "output": lsp.SymbolKind.Interface,
    "parameter": lsp.SymbolKind.Constant,
    "state": lsp.SymbolKind.Field,
    "shared variable": lsp.SymbolKind.Field,
    "let": lsp.SymbolKind.Variable,
    "interior box": lsp.SymbolKind.Object,
    "mode": lsp.SymbolKind.EnumMember,
}


def follow(server: Server) -> None:
    """Files that are opened, changed, saved and closed, here or by others."""

    @server.feature(lsp.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: lsp.DidOpenTextDocumentParams) -> None:
        server.forget()
        server.tell(params.text_document.uri)
        server.tell_importers(params.text_document.uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: lsp.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.forget()
        if len(server.text(uri)[1].text) <= MOST_TYPED:
            server.tell(uri)
            server.tell_importers(uri)

    def _all() -> None:
        server.forget()
        for uri in list(server.workspace.text_documents):
            server.tell(uri)

    @server.feature(lsp.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: lsp.DidSaveTextDocumentParams) -> None:
        _all()

    @server.feature(lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(params: lsp.DidChangeWatchedFilesParams) -> None:
        _all()

    @server.feature(lsp.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        server.forget()
        server.opened.pop(uri, None)
        server.text_document_publish_diagnostics(lsp.PublishDiagnosticsParams(uri, []))
        server.tell_importers(uri)


def answer(server: Server) -> None:
    """What an editor asks."""

    @server.feature(lsp.TEXT_DOCUMENT_DEFINITION)
    def definition(params: lsp.DefinitionParams) -> lsp.Location | None:
        page, found = _at(server, params)
        if page is None or found is None:
            return None
        if found.symbol.path == ("use",):
            other = page.imported(found.symbol.name)
            return server.location(SourceSpan(other.file, 0, 0)) if other is not None else None
        declared = page.declaration(found.symbol)
        return server.location(declared.span) if declared is not None else None

    @server.feature(lsp.TEXT_DOCUMENT_REFERENCES)
    def references(params: lsp.ReferenceParams) -> list[lsp.Location]:
        page, found = _at(server, params)
        if page is None or found is None or page.path is None:
            return []
        try:
            places = server.pages.places(found.symbol, page.path)
        except (TooMany, Problem):
            places = [(page, page.uses_of(found.symbol))]
        declared = page.declaration(found.symbol)
        left = declared.span if declared is not None and not params.context.include_declaration else None
        return [
            server.location(SourceSpan(one.file, place.start, place.end))
            for one, some in places
            for place in some
            if left is None or (one.file.name, place.start) != (left.file.name, left.start)
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
                kind=_ITEMS[one.kind],
                detail=one.detail or None,
                documentation=one.documentation or None,
                insert_text=f"{one.label}: " if one.kind == "key" else None,
            )
            for one in found
        ]

    @server.feature(lsp.TEXT_DOCUMENT_PREPARE_RENAME)
    def may_be_renamed(params: lsp.PrepareRenameParams) -> lsp.Range | None:
        page, found = _at(server, params)
        if page is None or found is None or declared_by_user(page, found.symbol) is None:
            return None
        return server.span(page.file, found.start, found.end)

    @server.feature(lsp.TEXT_DOCUMENT_RENAME, lsp.RenameOptions(prepare_provider=True))
    def renamed(params: lsp.RenameParams) -> lsp.WorkspaceEdit | None:
        page, found = _at(server, params)
        if page is None or found is None or declared_by_user(page, found.symbol) is None:
            return None
        try:
            places = rename(server.pages, page, found.symbol, params.new_name)
        except Refused as error:
            raise JsonRpcInvalidParams(str(error)) from None
        return server.edit({
            Path(one.file.name): [
                lsp.TextEdit(server.span(one.file, place.start, place.end), params.new_name) for place in some
            ]
            for one, some in places
        })  # fmt: skip

    @server.feature(lsp.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def symbols(params: lsp.DocumentSymbolParams) -> list[lsp.DocumentSymbol]:
        page = server.page(params.text_document.uri)
        return [_symbol(server, page, one) for one in outline(page)] if page is not None else []

    @server.feature(
        lsp.TEXT_DOCUMENT_CODE_ACTION,
        lsp.CodeActionOptions([lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.SourceFixAll]),
    )
    def may_be_done(params: lsp.CodeActionParams) -> list[lsp.CodeAction]:
        return actions(server, params)

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


def _symbol(server: Server, page: Page, part: Part) -> lsp.DocumentSymbol:
    return lsp.DocumentSymbol(
        name=part.name,
        kind=_SYMBOLS[part.kind],
        range=server.span(page.file, part.extent[0], max(part.extent[1], part.place[1])),
        selection_range=server.span(page.file, *part.place),
        detail=part.detail or None,
        children=[_symbol(server, page, one) for one in part.parts] or None,
    )
