"""Load a document and everything that it imports.

Imports stay inside the folder of the document that was asked for, links followed, or come from the standard
library. Every file is loaded once, and the findings of all files are collected.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path

from dilsctl.diagnostics import Label, Problem, Report, SourceFile, SourceSpan
from dilsctl.garbage import collection_off
from dilsctl.source import Mapping, parse_yaml, read_source, span_at
from dilsctl.syntax.document import Document, validate_document

LIBRARY = Path(__file__).resolve().parent / "library"
SUFFIXES = (".yaml", ".yml")

Amend = Callable[[Mapping], Mapping]
TextsByPath = dict[Path, str]


@dataclass(frozen=True, slots=True, eq=False)
class LoadedDocument:
    """One file. ``root`` is its value with places; ``uses`` its imports, alias to document.

    ``path`` is None for a text that was handed in, ``library`` the name ("std/nn") of a library file.
    """

    document: Document
    root: Mapping
    file: SourceFile
    path: Path | None = None
    library: str | None = None
    uses: dict[str, LoadedDocument] = field(default_factory=dict)

    def span(self, *path: str | int) -> SourceSpan:
        """The place of a value of this file."""
        return span_at(self.root, path)


@dataclass(frozen=True, slots=True, eq=False)
class Library:
    """What was loaded. ``main`` is None if the main file has errors of its own or in an import.

    ``files`` are the texts of all files that were read, also of those with errors, and ``imported`` where
    each but the first lies: what was asked for, the file that it is, and its text; those of the library are
    left out. ``absent``: files that were looked for and are not there. ``complete``: every import was found
    and read.
    """

    main: LoadedDocument | None
    documents: tuple[LoadedDocument, ...]
    files: tuple[SourceFile, ...]
    report: Report
    imported: tuple[tuple[Path, Path, SourceFile], ...] = ()
    absent: tuple[Path, ...] = ()
    complete: bool = False

    def require(self) -> LoadedDocument:
        """The main document. Raises Problem with all findings, if there are errors."""
        self.report.raise_errors()
        if self.main is None:
            raise Problem(list(self.report))
        return self.main


def load_documents(
    path: str | Path,
    text: str | None = None,
    amend: Amend | None = None,
    texts: TextsByPath | None = None,
) -> Library:
    """Load the file at ``path``, or ``text`` as if it stood there, and its imports.

    ``amend`` may change the value of the main document before it is checked (see ``dilsctl.overrides``); a
    Problem that it raises is a finding. ``texts`` are taken for files that are imported, by their real paths,
    in place of what is on disk. Never raises for what a file holds; the report says what is wrong.
    """
    with collection_off():
        return _Loader(Path(path), texts or {}).run(text, amend)


@dataclass
class _Pending:
    """An import that is being followed: who wants it, under which alias."""

    owner: _Open
    alias: str
    target: Path
    library: str | None


@dataclass
class _Open:
    """A file whose imports are being followed."""

    key: Path
    root: Mapping
    file: SourceFile
    path: Path | None
    library: str | None
    document: Document | None
    imports: Iterator[_Pending]
    uses: dict[str, LoadedDocument]
    entry: SourceSpan | None  # where the importing file names it
    sound: bool = True


class _Loader:
    def __init__(self, path: Path, given: TextsByPath) -> None:
        self.top = path
        self.given = given
        self.key = Path(os.path.realpath(path))  # which, of links in a circle, gives no error
        self.tree = self.key.parent
        self.report = Report()
        self.files: list[SourceFile] = []
        self.texts: dict[Path, SourceFile] = {}
        self.done: dict[Path, LoadedDocument | None] = {}
        self.documents: list[LoadedDocument] = []
        self.asked: dict[tuple[Path, Path], None] = {}  # what imports ask for, and the file that it is
        self.absent: dict[Path, None] = {}

    def run(self, text: str | None, amend: Amend | None) -> Library:
        name = str(self.top)
        try:
            file = read_source(self.top, name) if text is None else SourceFile(name, text)
        except Problem as problem:
            self.report.extend(problem.diagnostics)
            return Library(None, (), (), self.report)
        first = self._open(self.key, file, self.top if text is None else None, None, None, amend)
        main = self._follow(first) if first else None
        imported = tuple((start, key, self.texts[key]) for start, key in self.asked if key in self.texts)
        complete = len(imported) == len(self.asked) and not any(
            one.code.startswith("import-") for one in self.report.found
        )
        documents, files = tuple(self.documents), tuple(self.files)
        return Library(main, documents, files, self.report, imported, tuple(self.absent), complete)

    def _open(
        self,
        key: Path,
        file: SourceFile,
        path: Path | None,
        library: str | None,
        entry: SourceSpan | None,
        amend: Amend | None = None,
    ) -> _Open | None:
        """Parse and validate one file."""
        self.files.append(file)
        self.texts[key] = file
        found = Report()
        root = parse_yaml(file, found)
        if amend is not None and isinstance(root, Mapping):
            try:
                root = amend(root)
            except Problem as problem:
                found.extend(problem.diagnostics)
        document = validate_document(file, root, found)
        if entry is not None and found.found:
            first = found.found[0]
            found.found[0] = replace(first, related=(*first.related, Label(entry, "imported here")))
        self.report.extend(found.found)
        if not isinstance(root, Mapping):
            self.done[key] = None
            return None
        opened = _Open(key, root, file, path, library, document, iter(()), {}, entry, document is not None)
        opened.imports = self._imports(opened)
        return opened

    def _follow(self, first: _Open) -> LoadedDocument | None:
        """Load imports depth first, with a stack of our own."""
        stack = [first]
        while True:
            current = stack[-1]
            pending = next(current.imports, None)
            if pending is None:
                stack.pop()
                loaded = self._close(current)
                if not stack:
                    return loaded
                continue
            target = pending.target
            entry = span_at(current.root, ("use", pending.alias))
            if target not in self.done:
                above = next((number for number, one in enumerate(stack) if one.key == target), None)
                if above is not None:
                    self._cycle(stack[above:], entry)
                    current.sound = False
                    continue
                try:
                    name = pending.library or str(self.top.parent / target.relative_to(self.tree))
                    opened = self._open(target, self._source(target, name), target, pending.library, entry)
                except Problem as problem:
                    self._unreadable(problem, entry)
                    self.done[target] = opened = None
                if opened is not None:
                    stack.append(opened)
                    current.imports = _again(pending, current.imports)
                    continue
            imported = self.done[target]
            if imported is None:
                current.sound = False
            else:
                current.uses[pending.alias] = imported

    def _source(self, target: Path, name: str) -> SourceFile:
        given = self.given.get(target)
        return read_source(target, name) if given is None else SourceFile(name, given)

    def _close(self, opened: _Open) -> LoadedDocument | None:
        loaded = None
        if opened.document is not None and opened.sound:
            loaded = LoadedDocument(
                opened.document, opened.root, opened.file, opened.path, opened.library, opened.uses
            )
            self.documents.append(loaded)
        self.done[opened.key] = loaded
        return loaded

    def _imports(self, opened: _Open) -> Iterator[_Pending]:
        """The imports of a file, read from its value, so that a file with other errors is followed too."""
        uses = opened.root.get("use")
        for alias, wanted in uses.items() if isinstance(uses, Mapping) else ():
            if not isinstance(wanted, str):
                continue
            place = opened.root["use"].value_span(alias)
            found = self._find(wanted, opened, place)
            if found is None:
                opened.sound = False
            else:
                yield _Pending(opened, alias, *found)

    def _find(self, wanted: str, opened: _Open, place: SourceSpan) -> tuple[Path, str | None] | None:
        """The file that an import names, and its library name; None with a finding if there is none."""
        if wanted.startswith("std/"):
            name = wanted.removesuffix(".yaml")
            try:
                path = (LIBRARY / f"{name.removeprefix('std/')}.yaml").resolve()
                if path.is_relative_to(LIBRARY) and path.is_file():
                    return path, name
            except (OSError, ValueError):  # a name that no file can have
                pass
            known = [
                f"std/{one.relative_to(LIBRARY).with_suffix('').as_posix()}"
                for one in LIBRARY.rglob("*.yaml")
            ]
            self._not_found(f"the standard library has no '{wanted}'", name, sorted(known), place)
            return None
        within, base = (LIBRARY, opened.key.parent) if opened.library else (self.tree, opened.key.parent)
        if not wanted.strip() or "\0" in wanted:
            self.report.error("import-not-found", "the path of an import is missing", place)
            return None
        if wanted.startswith(("http:", "https:", "file:", "git:")):
            self.report.error(
                "import-outside",
                "an import is a file of this folder tree",
                place,
                help="copy the file next to this one",
            )
            return None
        start = base / wanted
        candidates = (
            [start] if start.suffix in SUFFIXES else [start.with_name(start.name + end) for end in SUFFIXES]
        )
        if start.name in ("", ".", ".."):
            candidates = [start]
        for candidate in candidates:
            try:
                real = candidate.resolve()
                exists = real.exists()
            except (OSError, RuntimeError, ValueError):
                continue
            if not real.is_relative_to(within):
                self.report.error(
                    "import-outside",
                    f"'{wanted}' leads out of the folder tree of {self.top.name}",
                    place,
                    help=f"imports stay below '{self.tree.name}/'; move the file there",
                )
                return None
            if exists:
                self.asked[candidate, real] = None
                return real, None
            self.absent[candidate] = None
        known = _near_files(base, within)
        self._not_found(f"there is no file '{wanted}'", wanted, known, place)
        return None

    def _not_found(self, message: str, wanted: str, known: list[str], place: SourceSpan) -> None:
        short = {one.rsplit(".", 1)[0]: one for one in known}
        near = difflib.get_close_matches(wanted.removeprefix("./").rsplit(".", 1)[0], short, n=1, cutoff=0.5)
        help = f"did you mean '{short[near[0]]}'?" if near else ""
        if not help and known and known[0].startswith("std/"):
            help = f"it has {', '.join(known)}"
        self.report.error("import-not-found", message, place, help=help)

    def _unreadable(self, problem: Problem, entry: SourceSpan) -> None:
        """A file that cannot be read, reported where it is imported."""
        for one in problem.diagnostics:
            self.report.error(one.code, one.message, entry, help=one.help)

    def _cycle(self, chain: list[_Open], entry: SourceSpan) -> None:
        names = [one.file.name for one in chain]
        links = [
            Label(one.entry, f"{before.file.name} imports {one.file.name}")
            for before, one in pairwise(chain)
            if one.entry is not None
        ]
        self.report.error(
            "import-cycle",
            f"these documents import each other in a circle: {' -> '.join([*names, names[0]])}",
            entry,
            label=f"{names[-1]} imports {names[0]}" if len(names) > 1 else "a document imports itself",
            related=links,
            help="move what they share into a document of its own",
        )


def _again(pending: _Pending, rest: Iterator[_Pending]) -> Iterator[_Pending]:
    """The same import once more, now that it is loaded, then the others."""
    yield pending
    yield from rest


def _near_files(base: Path, within: Path) -> list[str]:
    """Names of diagram files near ``base``, as an import would write them: at most some hundreds."""
    found: list[str] = []
    folders = (
        [base, *sorted(one for one in base.iterdir() if one.is_dir())][:50] if base.is_dir() else [within]
    )
    for folder in folders:
        try:
            names = sorted(one for one in folder.iterdir() if one.suffix in SUFFIXES)
        except OSError:
            continue
        found += [os.path.relpath(one, base) for one in names[:100]]
    return found
