"""The files of the folders that an editor has open. What is not saved yet counts before what is on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from dilsctl.diagnostics import Problem, SourceFile
from dilsctl.documents import LIBRARY
from dilsctl.find import diagrams_in
from dilsctl.language.symbols import Occurrence, Page, Symbol
from dilsctl.source import read_source

MOST_FILES = 5000


class TooMany(Exception):
    """More files than can be looked through."""


class Pages:
    """Pages, each read once. ``opened``: texts by real path. ``roots``: folders that are open."""

    def __init__(self, roots: tuple[Path, ...] = (), opened: Mapping[Path, str] | None = None) -> None:
        self.roots = tuple(real(one) for one in roots)
        self.opened = dict(opened or {})
        self._pages: dict[Path, Page | None] = {}

    def page(self, path: Path) -> Page | None:
        """The page of a file; None where nothing can be read of it."""
        path = real(path)
        if path not in self._pages:
            self._pages[path] = None  # what imports itself finds nothing there
            try:
                file = self.source(path)
            except Problem:
                return None
            from dilsctl.language.reading import read_page

            read_page(file, path, self)
        return self._pages[path]

    def named(self, name: str) -> Page | None:
        """A page that has been read, by the name of its file."""
        known = (one for one in self._pages.values() if one is not None)
        return next((one for one in known if one.file.name == name), None)

    def keep(self, page: Page) -> None:
        """Take a page that is being read as that of its file."""
        if page.path is not None:
            self._pages[real(page.path)] = page

    def source(self, path: Path) -> SourceFile:
        """The text of a file under its name: its real path, or ``std/nn``. Raises Problem."""
        if path in self.opened:
            return SourceFile(str(path), self.opened[path])
        inside = path.is_relative_to(LIBRARY)
        return read_source(path, f"std/{path.stem}" if inside else str(path))

    def tree_of(self, path: Path) -> Path:
        """The folder that the imports of a file may not leave."""
        around = [one for one in (*self.roots, LIBRARY) if real(path).is_relative_to(one)]
        return max(around, key=lambda one: len(one.parts), default=real(path).parent)

    def files(self, asked: Path) -> list[Path]:
        """The diagram files around one. Raises TooMany, Problem: bad-project."""
        found: dict[Path, None] = {real(asked): None}
        for root in self.roots or (real(asked).parent,):
            for one in diagrams_in(root):
                found.setdefault(real(one))
                if len(found) > MOST_FILES:
                    raise TooMany(f"there are more than {MOST_FILES} diagram files in '{root}'")
        return list(found | dict.fromkeys(self.opened))

    def with_word(self, word: str, asked: Path) -> Iterator[Page]:
        """The pages of all files in whose text a word stands. Raises TooMany, Problem: bad-project."""
        for path in self.files(asked):
            try:
                text = self.source(path).text
            except Problem:
                continue
            page = self.page(path) if word in text else None
            if page is not None:
                yield page

    def places(self, symbol: Symbol, asked: Path) -> list[tuple[Page, list[Occurrence]]]:
        """Where a name stands, by page. Raises TooMany, Problem: bad-project."""
        found = [(page, page.uses_of(symbol)) for page in self.with_word(symbol.name, asked)]
        return [(page, places) for page, places in found if places]


def real(path: Path) -> Path:
    """Where a file is, links followed; one that is not there has a place too."""
    return Path(os.path.realpath(path))
