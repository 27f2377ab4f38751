"""Reads the names of a file: declarations first, then what reads them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dilsctl.diagnostics import Problem, Report, SourceFile, SourceSpan
from dilsctl.expression import ExpressionError, find_arrow, parse_expression
from dilsctl.language.pages import Pages
from dilsctl.language.symbols import BoxPath, Declaration, Occurrence, Page, Symbol, mapping_of
from dilsctl.scalars import text_lines, text_span
from dilsctl.source import Mapping, Sequence, parse_yaml
from dilsctl.syntax.types import TypeTextError, parse_type

OWN = ("params", "in", "out", "share", "state", "let", "boxes", "modes")  # keys that declare names
_KIND = {"params": "parameter", "in": "input", "out": "output", "share": "shared variable", "state": "state",
         "let": "let", "boxes": "interior box", "modes": "mode"}  # fmt: skip


def read_page(file: SourceFile, path: Path | None, pages: Pages | None = None) -> Page | None:
    """The page of a text; None where nothing can be read of it. pages: where its imports are found."""
    root = parse_yaml(file, Report())
    if not isinstance(root, Mapping):
        return None
    pages = Pages() if pages is None else pages
    page = Page(file, root, path, pages=pages)
    pages.keep(page)
    _Reader(page).read()
    return page


class _Reader:
    """Declarations first, then what reads them."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.file = page.file

    def read(self) -> None:
        root = self.page.root
        for name in ("define", "use"):
            held = mapping_of(root.get(name))
            for key in held or ():
                self._declare((name,), key, "definition" if name == "define" else "import", held)
        for key, box in (mapping_of(root.get("define")) or {}).items():
            self._box(("define", key), box)
        main = root.get("main")
        if isinstance(main, Mapping):
            inner = "box" in main
            self._box(("main", "box") if inner else ("main",), main.get("box") if inner else main)
        for path in list(self.page.boxes):
            self._reads(path)
        if isinstance(main, str):
            self._definition(main, root.value_span("main"))
        elif isinstance(main, Mapping) and isinstance(main.get("box"), str):
            self._use(None, main, ())
        self._runs()

    def _declare(self, path: BoxPath, name: str, kind: str, held: Any) -> None:
        symbol = Symbol(self.file.name, path, name)
        span, value = held.key_span(name), held.value_span(name)
        start, end = _inside(span)
        text = self.file.text[value.start : min(value.end, value.start + 400)]
        place = SourceSpan(self.file, start, end)
        known = self.page.declared.get(symbol)
        if known is None or known.kind == "output":  # a state that is shown is the state
            self.page.declared[symbol] = Declaration(symbol, kind, place, text, (span.start, value.end))
        self.page.occurrences.append(Occurrence(start, end, symbol))

    def _box(self, path: BoxPath, box: Any) -> None:
        if not isinstance(box, Mapping):
            return
        self.page.boxes[path] = box
        for key in OWN:
            held = mapping_of(box.get(key))
            for name in held or ():
                self._declare(path, name, _KIND[key], held)
        for name, used in (mapping_of(box.get("boxes")) or {}).items():
            if isinstance(used, Mapping):
                inner = (*path, "boxes", name)
                if isinstance(used.get("box"), Mapping):
                    self._box((*inner, "box"), used["box"])
                elif "box" not in used:
                    self._box(inner, used)

    # -- what is read -----------------------------------------------------------------------------

    def _reads(self, path: BoxPath) -> None:
        box = self.page.boxes[path]
        for text, span in self._wires(box):
            at = find_arrow(text)
            if at < 0:
                self._expression(path, text, span, 0, len(text))
            else:
                self._expression(path, text, span, 0, at)
                self._expression(path, text, span, at + 2, len(text))
        for key in ("let", "modes", "rate", "next", "conserve", "potential", "loss"):
            held = box.get(key)
            if isinstance(held, Mapping) and key not in ("let", "modes"):
                for name in held:
                    self._text(path, name, held.key_span(name))
            for text, span in _strings(held, box.value_span(key) if key in box else None):
                self._text(path, text, span)
        learned = box.get("learn")
        for text, span in _strings(learned, None) if isinstance(learned, Sequence) else ():
            self._text(path, text, span)
        if isinstance(learned, Mapping):
            for name in learned:
                self._text(path, name, learned.key_span(name))
        joined = mapping_of(box.get("join"))
        for name, held in (joined or {}).items():
            self._text(path, name, joined.key_span(name))  # type: ignore[union-attr]
            for text, span in _strings(held, None):
                self._text(path, text, span)
        for key in ("in", "out", "share", "state"):
            for text, span in _strings(box.get(key), None):
                self._type(path, text, span)
        for name, used in (mapping_of(box.get("boxes")) or {}).items():
            if isinstance(used, Mapping):
                self._use(path, used, (*path, name))
            elif isinstance(used, str):
                self._definition(used, box["boxes"].value_span(name))

    def _wires(self, box: Mapping) -> Iterator[tuple[str, SourceSpan]]:
        if isinstance(box.get("wires"), str | Sequence):
            yield from text_lines(box, "wires")

    def _use(self, path: BoxPath | None, used: Mapping, child: BoxPath) -> None:
        """A box that is used with options: its name, its parameters, what reads those of the box around."""
        if isinstance(used.get("box"), str):
            self._definition(used["box"], used.value_span("box"))
        target = self.page.resolve(used.get("box"))
        for key in ("with", "each"):
            held = mapping_of(used.get(key))
            for name in held or ():
                if target is not None:
                    self._add(held.key_span(name), Symbol(target[0].file.name, target[1], name))  # type: ignore[union-attr]
                value = held[name]  # type: ignore[index]
                if isinstance(value, Mapping):
                    self._use(path, value, ())
                    continue
                for text, span in _strings(value, held.value_span(name)):  # type: ignore[union-attr]
                    known = path is not None and Symbol(self.file.name, path, text) in self.page.declared
                    if path is not None and (known or not self.page.resolve(text)):
                        self._text(path, text, span)
                    else:
                        self._definition(text, span)
        if path is not None and isinstance(used.get("count"), str):
            self._text(path, used["count"], used.value_span("count"))

    def _definition(self, name: str, span: SourceSpan) -> None:
        found = self.page.resolve(name)
        if found is None:
            return
        start, end = _inside(span)
        alias, dot, rest = name.partition(".")
        symbol = Symbol(found[0].file.name, ("define",), rest if dot else name)
        if dot:
            self.page.occurrences.append(
                Occurrence(start, start + len(alias), Symbol(self.file.name, ("use",), alias))
            )
            start += len(alias) + 1
        self.page.occurrences.append(Occurrence(start, end, symbol))

    def _type(self, path: BoxPath, text: str, span: SourceSpan) -> None:
        """Parameters in the dimensions and the initial value of a type."""
        try:
            found = parse_type(text)
        except TypeTextError:
            return
        for start, end in (found.classes_span, *found.dim_spans):
            if start < end:
                self._expression(path, text, span, start, end)
        if found.init:
            self._expression(path, text, span, found.init_start, found.init_start + len(found.init))

    def _text(self, path: BoxPath, text: str, span: SourceSpan, owner: Page | None = None) -> None:
        self._expression(path, text, span, 0, len(text), owner)

    def _expression(
        self, path: BoxPath, text: str, span: SourceSpan, begin: int, end: int, owner: Page | None = None
    ) -> None:
        """The names in a part of a text. owner: the page of the box that they are of, if not this one."""
        owner = self.page if owner is None else owner
        try:
            tree = parse_expression(text[begin:end])
        except (ExpressionError, Problem):
            return
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                symbol = Symbol(owner.file.name, path, node.id)
                if symbol in owner.declared:
                    start = begin + node.col_offset
                    self._add(text_span(self.file, span, text, start, start + len(node.id)), symbol)
            elif isinstance(node, ast.Attribute):
                inner = node.value.value if isinstance(node.value, ast.Subscript) else node.value
                found = owner.child(path, inner.id) if isinstance(inner, ast.Name) else None
                if found is not None and node.end_col_offset is not None:
                    stop = begin + node.end_col_offset
                    place = text_span(self.file, span, text, stop - len(node.attr), stop)
                    self._add(place, Symbol(found[0].file.name, found[1], node.attr))

    def _add(self, span: SourceSpan, symbol: Symbol) -> None:
        start, end = _inside(span)
        if self.file.text[start:end] == symbol.name:
            self.page.occurrences.append(Occurrence(start, end, symbol))

    # -- the blocks that run ----------------------------------------------------------------------

    def _runs(self) -> None:
        """Ports and states of the main box in train, simulate and checks."""
        root = self.page.root
        main = root.get("main")
        name = main.get("box") if isinstance(main, Mapping) and "box" in main else main
        whole: tuple[Page, BoxPath] | None = self.page.resolve(name)
        if isinstance(name, Mapping):
            whole = self.page, ("main", "box") if isinstance(main, Mapping) and "box" in main else ("main",)
        for key in ("train", "simulate", "live"):
            self._block(whole, mapping_of(root.get(key)))
        checks = root.get("checks")
        for check in checks if isinstance(checks, Sequence) else ():
            if not isinstance(check, Mapping):
                continue
            box = whole
            if isinstance(check.get("box"), str):
                self._definition(check["box"], check.value_span("box"))
                box = self.page.resolve(check["box"])
            for key in ("given", "expect"):
                self._keys(box, mapping_of(check.get(key)))
            for key in ("train", "simulate"):
                self._block(box, mapping_of(check.get(key)))

    def _block(self, box: tuple[Page, BoxPath] | None, block: Mapping | None) -> None:
        if box is None or block is None:
            return
        data = mapping_of(block.get("data"))
        for held in (data, block):
            for key in ("inputs", "sequences"):
                self._keys(box, mapping_of(held.get(key)) if held is not None else None)
        for key in ("loss", "metrics"):
            for text, span in _strings(block.get(key), block.value_span(key) if key in block else None):
                self._text(box[1], text, span, box[0])
        for text, span in _strings(block.get("record"), None):
            self._text(box[1], text, span, box[0])
        for key in ("predict", "truth"):
            if isinstance(block.get(key), str):
                self._text(box[1], block[key], block.value_span(key), box[0])

    def _keys(self, box: tuple[Page, BoxPath] | None, held: Mapping | None) -> None:
        for name in held or ():
            if box is not None:
                self._add(held.key_span(name), Symbol(box[0].file.name, box[1], name.partition(".")[0]))  # type: ignore[union-attr]


def _inside(span: SourceSpan) -> tuple[int, int]:
    """A span without the quotes of a scalar."""
    text = span.file.text
    if span.end - span.start >= 2 and text[span.start] in "'\"" and text[span.end - 1] == text[span.start]:
        return span.start + 1, span.end - 1
    return span.start, span.end


def _strings(value: Any, span: SourceSpan | None) -> Iterator[tuple[str, SourceSpan]]:
    """The texts in a value, each with its place."""
    if isinstance(value, str) and span is not None:
        yield value, span
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if key != "doc":
                yield from _strings(one, value.value_span(key))
    elif isinstance(value, Sequence):
        for number, one in enumerate(value):
            yield from _strings(one, value.span(number))
