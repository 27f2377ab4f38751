"""The language server, over standard input and output. It needs the extra ``lsp`` (pygls)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path
from pygls.workspace import TextDocument

from dilsctl import __version__
from dilsctl.choice import choices
from dilsctl.diagnostics import Diagnostic, Problem, Report, Severity, SourceFile, SourceSpan
from dilsctl.diagram import Diagram
from dilsctl.documents import LIBRARY, Library
from dilsctl.language.pages import Pages, real
from dilsctl.language.symbols import Page
from dilsctl.loaded import elaborate, read
from dilsctl.validation import validated

MOST_TYPED = 300_000  # characters: a longer file is validated when it is saved, not at every key

_SEVERITIES = {
    Severity.ERROR: lsp.DiagnosticSeverity.Error,
    Severity.WARNING: lsp.DiagnosticSeverity.Warning,
    Severity.NOTE: lsp.DiagnosticSeverity.Information,
}


@dataclass
class Open:
    """An open file: what it last was when it could be read, and what was found in it.

    ``imports``: the files that it reads, by where they are.
    """

    page: Page | None = None
    page_of: tuple[int | None, int] | None = None
    diagram: Diagram | None = None
    diagram_of: tuple[int | None, int] | None = None
    found: list[Diagnostic] = field(default_factory=list)
    found_of: int | None = -1
    mended: str = ""  # the text with all fixes that are safe
    mended_of: list[Diagnostic] | None = None
    imports: frozenset[Path] = frozenset()


class Server(LanguageServer):
    """The state of one session with an editor."""

    def __init__(self) -> None:
        super().__init__("dilsctl", __version__, text_document_sync_kind=lsp.TextDocumentSyncKind.Incremental)
        self.opened: dict[str, Open] = {}
        self.changes = 0  # of all files together: what was read before one may no longer be so
        self._pages: tuple[int, Pages] | None = None

    # -- texts and places -------------------------------------------------------------------------

    def text(self, uri: str) -> tuple[TextDocument, SourceFile, Path]:
        """An open document, its text, and where it lies."""
        document = self.workspace.get_text_document(uri)
        path = self.path(uri)
        return document, SourceFile(str(path), document.source.removeprefix("\ufeff")), path

    def path(self, uri: str) -> Path:
        """Where a document lies. One that is no file yet is taken to lie in the folder that is open."""
        place = to_fs_path(uri) or ""
        if urlsplit(uri).scheme == "file":
            return real(Path(place))
        folder = Path(place).parent
        if not (folder.is_absolute() and folder.is_dir()):
            folder = next(iter(self.roots()), Path.cwd())
        return real(folder) / quote(uri, safe="")

    def roots(self) -> tuple[Path, ...]:
        """The folders that the editor has open."""
        folders = [one.uri for one in self.workspace.folders.values()] or [self.workspace.root_uri or ""]
        paths = [to_fs_path(one) for one in folders if urlsplit(one).scheme == "file"]
        return tuple(real(Path(one)) for one in paths if one)

    def texts(self) -> dict[Path, str]:
        """What is open, saved or not, by where it lies."""
        return {self.path(uri): one.source.removeprefix("\ufeff") for uri, one in self._documents()}

    def uri(self, path: Path) -> str:
        """The document of a file: as the editor calls it, where it has it open."""
        known = (uri for uri, _ in self._documents() if self.path(uri) == path)
        return next(known, None) or path.as_uri()

    def version_of(self, uri: str) -> int | None:
        """The version of a document that is open; None of a file on disk."""
        return next((one.version for name, one in self._documents() if name == uri), None)

    def _documents(self) -> list[tuple[str, TextDocument]]:
        return list(self.workspace.text_documents.items())

    def offset(self, uri: str, position: lsp.Position) -> int:
        """A place of the editor as a character of the text."""
        document, file, _ = self.text(uri)
        mark = len(document.source) - len(file.text)
        return max(0, int(document.offset_at_position(position)) - mark)

    def span(self, file: SourceFile, start: int, end: int) -> lsp.Range:
        """Characters of a text as a place of the editor."""
        return lsp.Range(self._position(file, start), self._position(file, end))

    def _position(self, file: SourceFile, offset: int) -> lsp.Position:
        line, column = file.position(offset)
        before = file.line(line)[: column - 1]
        units = self.workspace.position_codec.client_num_units(before)
        return lsp.Position(line - 1, int(units))

    def location(self, span: SourceSpan) -> lsp.Location:
        """A place in any file; a file of the library is named by its import."""
        name = span.file.name
        path = LIBRARY / f"{name.removeprefix('std/')}.yaml" if name.startswith("std/") else real(Path(name))
        return lsp.Location(self.uri(path), self.span(span.file, span.start, span.end))

    # -- what is read of them ---------------------------------------------------------------------

    @property
    def pages(self) -> Pages:
        """The names of all files, as they are now."""
        if self._pages is None or self._pages[0] != self.changes:
            self._pages = self.changes, Pages(self.roots(), self.texts())
        return self._pages[1]

    def page(self, uri: str) -> Page | None:
        """The names of a file as it last could be read."""
        document, _, path = self.text(uri)
        held = self.opened.setdefault(uri, Open())
        state = document.version, self.changes
        if held.page_of != state:
            held.page_of = state
            held.page = self.pages.page(path) or held.page
        return held.page

    def diagram(self, uri: str) -> Diagram | None:
        """The diagram of a file as it last was good."""
        document, file, path = self.text(uri)
        held = self.opened.setdefault(uri, Open())
        state = document.version, self.changes
        if held.diagram_of != state and len(file.text) <= MOST_TYPED:
            held.diagram_of = state
            held.diagram = elaborate(read(path, text=file.text, texts=self.texts())) or held.diagram
        return held.diagram

    # -- findings ---------------------------------------------------------------------------------

    def forget(self) -> None:
        """What was read of files may no longer be so."""
        self.changes += 1

    def tell(self, uri: str) -> None:
        """Send the findings of a file."""
        document, file, path = self.text(uri)
        held = self.opened.setdefault(uri, Open())
        library = read(path, text=file.text, texts=self.texts())
        held.imports = frozenset(one for _, one, _ in library.imported)
        held.found = list(self._found(library, path))
        held.found_of = document.version
        self.text_document_publish_diagnostics(
            lsp.PublishDiagnosticsParams(uri, [self.finding(one, file) for one in held.found])
        )

    def look(self, path: Path, text: str) -> Report:
        """What would be found if a file had a text."""
        return self._found(read(path, text=text, texts=self.texts()), path)

    def _found(self, library: Library, path: Path) -> Report:
        try:
            return validated(library, choices([path])[0])
        except Problem as problem:  # bad-project
            return Report(list(problem.diagnostics))

    def tell_importers(self, uri: str) -> None:
        """Send the findings of the open files that import a file."""
        path = self.path(uri)
        for other, held in list(self.opened.items()):
            if other != uri and path in held.imports and self.version_of(other) is not None:
                self.tell(other)

    def finding(self, one: Diagnostic, file: SourceFile) -> lsp.Diagnostic:
        """A finding in the words of the protocol, for the document of a file."""
        nowhere = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 0))
        span = one.primary.span if one.primary is not None else None
        here = span is not None and span.file.name == file.name
        message = one.message if here or span is None else f"{span}: {one.message}"
        if one.help:
            message += f"\n{one.help}"
        related = [
            lsp.DiagnosticRelatedInformation(self.location(label.span), label.text or "see here")
            for label in one.related
        ]
        if not here and span is not None:
            related.insert(0, lsp.DiagnosticRelatedInformation(self.location(span), one.message))
        return lsp.Diagnostic(
            range=self.span(file, span.start, max(span.end, span.start + 1)) if here and span else nowhere,
            message=message,
            severity=_SEVERITIES[one.severity],
            code=one.code,
            source="dilsctl",
            related_information=related or None,
        )

    # -- changes ----------------------------------------------------------------------------------

    def edit(self, changes: dict[Path, list[lsp.TextEdit]]) -> lsp.WorkspaceEdit:
        """Edits of files, in the form that the editor takes."""
        wanted = self.client_capabilities.workspace
        known = wanted.workspace_edit if wanted is not None else None
        by_uri = {self.uri(path): edits for path, edits in changes.items()}
        if known is None or not known.document_changes:
            return lsp.WorkspaceEdit(changes=by_uri)
        return lsp.WorkspaceEdit(
            document_changes=[
                lsp.TextDocumentEdit(
                    lsp.OptionalVersionedTextDocumentIdentifier(uri, self.version_of(uri)), list(edits)
                )
                for uri, edits in by_uri.items()
            ]
        )


def make_server() -> Server:
    """A server with all that it can do."""
    from dilsctl.language.features import answer, follow

    server = Server()
    follow(server)
    answer(server)
    return server


def serve() -> None:
    """Talk over standard input and output until the editor goes away."""
    logging.disable(logging.INFO)
    make_server().start_io()


__all__: Sequence[str] = ["MOST_TYPED", "Open", "Server", "make_server", "serve"]
