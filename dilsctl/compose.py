"""Diagrams put into the holes of another: substitution, written out as one document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dilsctl.diagnostics import Problem, Report, SourceSpan
from dilsctl.diagram import holes
from dilsctl.documents import LoadedDocument, load_documents
from dilsctl.dump import dump
from dilsctl.elaborate import used
from dilsctl.elaborate.definitions import Definition, Filling
from dilsctl.elaborate.elaborator import Elaborator
from dilsctl.elaborate.filling import check_fit
from dilsctl.feeding import sources
from dilsctl.flat_document import moved, plain
from dilsctl.loaded import LoadedDiagram, elaborate, read
from dilsctl.merging import Merged, identity
from dilsctl.source import Mapping

_STEP = re.compile(r"([^\W\d]\w*)(?:\[(\d+)\])?")
_INNER = re.compile(r"(.+):([A-Za-z_][\w-]*)")


@dataclass(frozen=True, slots=True)
class Inner:
    """What fills a hole: a definition of a document, or its main box."""

    document: LoadedDocument
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """What is put into the hole at a path of interior boxes: one box, or one for each element."""

    path: str
    inner: tuple[Inner, ...]
    listed: bool = False


def read_fill(text: str, known: dict[Any, LoadedDocument]) -> Fill:
    """The meaning of ``HOLE=INNER``, where INNER is FILE or FILE:DEFINITION, or several with commas between.

    ``known``: documents by identity; a file is read once. Raises Problem: those of reading it.
    """
    path, equals, inner = text.partition("=")
    if not path or not equals or not all(inner.split(",")):
        raise Problem.of("bad-hole", f"'{text}' does not say what fills which hole", help="write HOLE=FILE")
    found = tuple(_inner(one, known) for one in inner.split(","))
    return Fill(path, found, len(found) > 1)


def _inner(text: str, known: dict[Any, LoadedDocument]) -> Inner:
    named = _INNER.fullmatch(text)
    file, name = (named.group(1), named.group(2)) if named and not Path(text).exists() else (text, None)
    if file.startswith("std/"):
        library = load_documents(Path("compose.yaml"), f"dils: 1\nuse: {{it: {file}}}\n")
        document = library.require().uses["it"]
    else:
        library = read(Path(file))
        elaborate(library)
        document = library.require()
    document = known.setdefault(identity(document), document)
    inner = Inner(document, name)
    if name is None and document.root.get("main") is None:
        names = ", ".join(document.root.get("define") or {}) or "none"
        help = f"name a definition: {file}:NAME; it has {names}"
        raise Problem.of("no-main", f"'{file}' has no main box", help=help, file=file)
    if name is not None and name not in (document.root.get("define") or {}):
        span = document.root.key_span("define") if "define" in document.root else None
        Elaborator(Report()).definitions.named(name, document, span or _top(document))
    return inner


def _top(document: LoadedDocument) -> SourceSpan:
    return SourceSpan(document.file, 0, 0)


def compose(outer: LoadedDiagram, fills: Sequence[Fill], folder: Path | None = None) -> str:
    """The text of the document in which the holes of ``outer`` are filled, one after the other.

    folder: where it will be, if not beside the outer one. Raises Problem: bad-hole where there is no such
    hole, hole-mismatch, and what is wrong with the whole.
    """
    place = folder if folder is not None else outer.path.parent
    work = _Composing(outer, place)
    for fill in fills:
        work.fill(fill)
    text = dump(work.document())
    library = read(place / f"{outer.path.stem}.yaml", text=text)
    elaborate(library)
    library.report.raise_errors()
    return text


def _without(value: Any, gone: set[str]) -> Any:
    """A mapping or list of names without some of them."""
    if isinstance(value, dict):
        return {key: one for key, one in value.items() if key not in gone}
    return [one for one in value if one not in gone] if isinstance(value, list) else value


class _Composing:
    def __init__(self, outer: LoadedDiagram, folder: Path) -> None:
        self.outer = outer
        self.source = outer.document
        self.folder = folder
        self.holes = [path for path, _ in holes((outer.whole or outer.diagram).main)]
        self.done: set[str] = set()
        self.merged = Merged(self.source, folder)
        self.main = self.merged.spec(self.source.root["main"], self.source, set())

    def document(self) -> dict[str, Any]:
        """The document as it is now."""
        root: Any = plain(self.source.root)
        own = self.outer.path.parent
        found: dict[str, Any] = {key: root[key] for key in ("dils", "name", "doc") if root.get(key)}
        for key, value in (("use", self.merged.use()), ("define", plain(self.merged.define))):
            if value:
                found[key] = value
        found["main"] = plain(self.main)
        for key in ("time", "train", "simulate", "checks"):
            if key in root:
                block = self._without_data(root[key]) if key == "simulate" else root[key]
                found[key] = moved(block, own, self.folder)
        return found

    def _without_data(self, block: Any) -> Any:
        """A simulate block without the values that it gives to holes which are filled now."""
        if self.outer.whole is None or not isinstance(block, dict):
            return block
        names = sources(self.source, self.outer.whole)
        gone = {name for name, path in names.items() if path.rpartition(".")[0] in self.done}
        found = {**block, "inputs": _without(block.get("inputs"), gone)}
        if isinstance(block.get("data"), dict):
            data = {key: _without(one, gone) for key, one in block["data"].items()}
            found["data"] = data if data["inputs"] else None
        return {
            key: one for key, one in found.items() if one or (key in block and key not in ("inputs", "data"))
        }

    def fill(self, fill: Fill) -> None:
        """Put what fills a hole into it."""
        values = [self._value(one) for one in fill.inner]
        steps = fill.path.split(".")
        if not all(_STEP.fullmatch(one) for one in steps):
            raise self._no_hole(fill.path)
        value = values if fill.listed else values[0]
        self.main = self._filled(self.main, None, steps, fill, value)
        self.done.add(fill.path)

    def _value(self, inner: Inner) -> Any:
        """What fills a hole, as the new document writes it."""
        document = inner.document
        if inner.name is not None:
            if document.library is None:
                return self.merged.bring(inner.name, document)
            alias = document.library.rpartition("/")[2]
            return self.merged.refer(f"{alias}.{inner.name}", _importing(document, alias))
        main: Any = document.root["main"]
        if isinstance(main, str) and "." not in main:
            return self.merged.bring(main, document)
        if isinstance(main, dict) and "box" not in main:
            name = self.merged.fresh(re.sub(r"[^\w-]+", "_", str(document.root.get("name") or "inner")))
            self.merged.define[name] = self.merged.body(main, document)
            self.merged.origins[name] = document
            return name
        found = plain(self.merged.spec(main, document, set()))
        return found["box"] if isinstance(found, dict) and set(found) == {"box"} else found

    # -- the way to a hole ------------------------------------------------------------------------

    def _filled(
        self, spec: Any, home: LoadedDocument | None, steps: list[str], fill: Fill, value: Any
    ) -> Any:
        """A use of a box, with the hole at the end of some steps filled. ``home``: the document whose names
        it uses; None: the new one."""
        use = dict(spec) if isinstance(spec, dict) and "box" in spec else {"box": spec}
        body, where, called = self._body(use["box"], home, fill)
        boxes: Any = body.get("boxes") or {}
        found = _STEP.fullmatch(steps[0])
        name, number = (found.group(1), found.group(2)) if found else ("", None)
        if name not in boxes:
            raise self._no_hole(fill.path)
        given = {key: self._here(one, home) for key, one in (use.get("with") or {}).items()}
        child = boxes[name]
        reference = child.get("box", child) if isinstance(child, dict) else child
        key = name
        if isinstance(reference, str) and reference in (body.get("params") or {}):
            key = reference  # the interior box is a parameter
            given.setdefault(key, self._here(body["params"][key], where))
        if len(steps) == 1:
            if key == name:
                self._may_fill(fill, name in given, reference, where)
            else:
                self._may_fill(fill, False, given[key], None)
            given[key] = value
        elif key in given:
            inner = given[key]
            if isinstance(inner, list):
                if number is None or int(number) >= len(inner):
                    raise self._no_hole(fill.path)
                one = self._filled(inner[int(number)], None, steps[1:], fill, value)
                given[key] = [one if k == int(number) else other for k, other in enumerate(inner)]
            else:
                given[key] = self._filled(inner, None, steps[1:], fill, value)
        else:
            changed = self._filled(child, where, steps[1:], fill, value)
            box = self._with_child(use["box"], called, body, where, name, changed)
            return box if len(use) == 1 else self._use(use, box, given, home)
        return self._use(use, self._box(use["box"], home), given, home)

    def _use(self, use: dict[str, Any], box: Any, given: dict[str, Any], home: LoadedDocument | None) -> Any:
        """A use of a box by the names of the new document."""
        rest = {key: self._here(one, home) if key == "each" else one for key, one in use.items()}
        return {**rest, "box": box, **({"with": given} if given else {})}

    def _body(
        self, reference: Any, home: LoadedDocument | None, fill: Fill
    ) -> tuple[Any, LoadedDocument | None, str | None]:
        """(the box that a reference means, the document whose names are in it, its name in the new one)."""
        if isinstance(reference, dict):
            return reference, home, None
        if home is None and reference in self.merged.define:
            return self.merged.define[reference], None, reference
        alias, _, rest = str(reference).rpartition(".")
        if home is None:
            other = self.merged.documents.get(alias)
        else:
            found = self.merged.home(reference, home)
            other = found[0] if found is not None else None
        if other is None:
            raise self._no_hole(fill.path)
        name = self.merged.names.get((identity(other), rest))
        if name is not None:
            return self.merged.define[name], None, name
        return (other.root.get("define") or {})[rest], other, None

    def _here(self, value: Any, home: LoadedDocument | None) -> Any:
        """A parameter's value of another document as the new one writes it."""
        if isinstance(value, dict) and "box" not in value and home is not None:
            return self.merged.body(value, home)
        return value if home is None else self.merged.value(value, home, set())

    def _box(self, reference: Any, home: LoadedDocument | None) -> Any:
        """The box that another document names, as the new one names it."""
        return reference if home is None else self.merged.spec(reference, home, set())

    def _with_child(
        self,
        reference: Any,
        called: str | None,
        body: Any,
        where: LoadedDocument | None,
        name: str,
        child: Any,
    ) -> Any:
        """A box with one of its interior boxes changed: the definition itself, if nothing else uses it."""
        own = body if where is None else self.merged.body(body, where)
        new = {**own, "boxes": {**own["boxes"], name: child}}
        if isinstance(reference, dict):
            return new
        if called is not None and self._uses(called) == 1:
            self.merged.define[called] = new
            return called
        fresh = self.merged.fresh(f"{str(reference).rpartition('.')[2]}_filled")
        self.merged.define[fresh] = new
        return fresh

    def _uses(self, name: str) -> int:
        """How often a definition is named, by others and as the main box."""
        return sum(_names(one).count(name) for one in (self.main, *self.merged.define.values()))

    # -- what may be wrong ------------------------------------------------------------------------

    def _may_fill(self, fill: Fill, filled: bool, reference: Any, where: LoadedDocument | None) -> None:
        """Is there a hole, which is not filled, and does it have the ports of what fills it?"""
        if filled:
            raise self._no_hole(fill.path, f"the hole '{fill.path}' is filled already")
        hole, home, _ = self._body(reference, where, fill)
        name = fill.path.rpartition(".")[2]
        if not Definition(name, hole, self.source, _top(self.source)).hole:
            raise self._no_hole(fill.path, f"'{fill.path}' is no hole: it has an interior")
        if not isinstance(hole, Mapping):
            return  # made here: the whole is checked in the end
        document = home or self._origin(hole)
        definitions = Elaborator(Report()).definitions
        wanted = definitions.of_body(name, hole, document, hole.own_span)
        if wanted.params:
            return  # how large it is, the diagram around says: what is composed is checked as a whole
        for inner in fill.inner:
            elaborator = Elaborator(Report(), definitions)
            check_fit(elaborator, fill.path, wanted, hole.own_span, _filling(elaborator, inner), None, {})

    def _origin(self, hole: Any) -> LoadedDocument:
        """The document in which a hole is written."""
        for one in (self.source, *self.merged.origins.values()):
            if one.file is hole.own_span.file:
                return one
        return self.source

    def _no_hole(self, path: str, message: str = "") -> Problem:
        known = f"its holes: {', '.join(self.holes)}" if self.holes else "it has no holes"
        span = self.outer.diagram.main.span
        return Problem.of("bad-hole", message or f"there is no hole '{path}'", span, help=known)


def _filling(elaborator: Elaborator, inner: Inner) -> Filling:
    document = inner.document
    if inner.name is not None:
        return Filling(elaborator.definitions.named(inner.name, document, _top(document)))
    return used(elaborator, document, document.root["main"], document.root.value_span("main"))


def _importing(document: LoadedDocument, alias: str) -> LoadedDocument:
    """A document that imports another one by this alias."""
    return LoadedDocument(document.document, document.root, document.file, uses={alias: document})


def _names(value: Any) -> list[str]:
    """Every word in a value that may be the name of a box: all texts that are no wires or types."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        kept = [one for key, one in value.items() if key not in ("in", "out", "state", "wires", "let", "doc")]
        return [name for one in kept for name in _names(one)]
    return [name for one in value for name in _names(one)] if isinstance(value, list) else []
