"""The names of a diagram file: where each is declared, and where it is read.

It works on the value of a file with its places, so that a file with mistakes has names too.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import SourceFile, SourceSpan
from dilsctl.documents import LIBRARY
from dilsctl.source import Mapping

if TYPE_CHECKING:
    from dilsctl.language.pages import Pages

BoxPath = tuple[str, ...]  # keys from the root of the document to the mapping of a box


@dataclass(frozen=True, slots=True)
class Symbol:
    """A name in a box (``path``), or of a definition (path ``("define",)``) or import (``("use",)``)."""

    file: str
    path: BoxPath
    name: str


@dataclass(frozen=True, slots=True)
class Declaration:
    """Where a name is declared: the name itself, what it is, and the whole entry."""

    symbol: Symbol
    kind: str
    span: SourceSpan
    text: str
    entry: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A place where a name stands."""

    start: int
    end: int
    symbol: Symbol


@dataclass(eq=False)
class Page:
    """One file: its value, and the names in it. ``path`` is where it lies, None for one without a place."""

    file: SourceFile
    root: Mapping
    path: Path | None
    boxes: dict[BoxPath, Mapping] = field(default_factory=dict)
    declared: dict[Symbol, Declaration] = field(default_factory=dict)
    occurrences: list[Occurrence] = field(default_factory=list)
    imports: dict[str, Page | None] = field(default_factory=dict)
    pages: Pages | None = None  # where imports are found

    def at(self, offset: int) -> Occurrence | None:
        """The name that stands at an offset: the shortest one, if they are nested."""
        found = [one for one in self.occurrences if one.start <= offset <= one.end]
        return min(found, key=lambda one: one.end - one.start, default=None)

    def declaration(self, symbol: Symbol) -> Declaration | None:
        """Where a name is declared, in this file or in one that it imports."""
        page = self if symbol.file == self.file.name or self.pages is None else self.pages.named(symbol.file)
        return page.declared.get(symbol) if page is not None else None

    def uses_of(self, symbol: Symbol) -> list[Occurrence]:
        """All places of a name in this file, each once, in order."""
        found = {(one.start, one.end): one for one in self.occurrences if one.symbol == symbol}
        return [found[place] for place in sorted(found)]

    def box_at(self, offset: int) -> BoxPath | None:
        """The innermost box around an offset."""
        around = [path for path, box in self.boxes.items() if box.start <= offset <= box.end]
        return max(around, key=len, default=None)

    def resolve(self, name: Any) -> tuple[Page, BoxPath] | None:
        """The box that a definition's name stands for."""
        if not isinstance(name, str):
            return None
        alias, dot, rest = name.partition(".")
        page = self.imported(alias) if dot else self
        path = ("define", rest if dot else name)
        return (page, path) if page is not None and path in page.boxes else None

    def child(self, path: BoxPath, name: str) -> tuple[Page, BoxPath] | None:
        """The box that an interior box of a box is."""
        held = mapping_of(self.boxes[path].get("boxes")) if path in self.boxes else None
        used = held.get(name) if held is not None else None
        if isinstance(used, Mapping):
            if "box" not in used:
                inner = (*path, "boxes", name)
                return (self, inner) if inner in self.boxes else None
            if isinstance(used["box"], Mapping):
                inner = (*path, "boxes", name, "box")
                return (self, inner) if inner in self.boxes else None
            used = used["box"]
        return self.resolve(used)

    def imported(self, alias: str) -> Page | None:
        """The page of an import, read when it is asked for."""
        if alias not in self.imports:
            self.imports[alias] = self._import(alias)
        return self.imports[alias]

    def _import(self, alias: str) -> Page | None:
        uses = mapping_of(self.root.get("use"))
        wanted = uses.get(alias) if uses is not None else None
        if not isinstance(wanted, str) or "\0" in wanted or self.pages is None:
            return None
        if wanted.startswith("std/"):
            folder, name, tree = LIBRARY, wanted.removeprefix("std/").removesuffix(".yaml"), LIBRARY
        elif self.path is not None and not wanted.startswith("/"):
            folder, name, tree = self.path.parent, wanted, self.pages.tree_of(self.path)
        else:
            return None
        for ending in ("", ".yaml", ".yml"):
            try:
                path = (folder / f"{name}{ending}").resolve()
                if path.is_file() and path.is_relative_to(tree.resolve()):
                    return self.pages.page(path)
            except (OSError, RuntimeError):  # links in a circle
                return None
        return None


def mapping_of(value: Any) -> Mapping | None:
    """The value, if it is a mapping."""
    return value if isinstance(value, Mapping) else None
