"""What may be written at a place, also where the file does not parse: told by the lines above it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from dilsctl.language.symbols import BoxPath, Page
from dilsctl.operations.functions.table import FUNCTIONS
from dilsctl.syntax.box import Box
from dilsctl.syntax.findings import keys_of
from dilsctl.syntax.shape import ROOT, Shape, below, description, model_at
from dilsctl.syntax.types import KINDS

MOST_COLUMNS = 2000

_KEY = re.compile(r"^( *)((?:- +)*)([\w.\-\[\]:\"']+?)\s*:(?:\s|$)(.*)$")
_PORT = re.compile(r"([^\W\d]\w*)(?:\[[^\]]*\])?\.(\w*)$")
_WORD = re.compile(r"[\w.\-]*$")
EXPRESSIONS = frozenset({"wires", "let", "rate", "next", "conserve", "potential", "loss", "modes", "metrics"})


@dataclass(frozen=True, slots=True)
class Proposal:
    """One thing that may stand here. ``kind``: key, port, name, function, definition or type."""

    label: str
    kind: str
    detail: str = ""
    documentation: str = ""


def completions(text: str, offset: int, page: Page | None) -> list[Proposal]:
    """What may stand at an offset. ``page`` is the file as it last could be read."""
    begin = text.rfind("\n", 0, offset) + 1
    line = text[begin:offset]
    if len(line) > MOST_COLUMNS:
        return []
    path = path_at(text, begin, line)
    found = {one.label: one for one in _proposals(line, path, page)}
    return list(found.values())


def path_at(text: str, begin: int, line: str) -> list[str | int]:
    """The keys around a line that begins at an offset, outermost first; 0 stands for an item of a list."""
    indent = len(line) - len(line.lstrip(" "))
    path: list[str | int] = []
    own = _KEY.match(line)
    dashes = re.match(r" *((?:- +)+)", line)
    if own is not None:
        path.append(own.group(3).strip("\"'"))
    if dashes is not None or line.strip() == "-":
        path.append(0)
    inner = indent + (len(dashes.group(1)) if dashes and own else 0)
    limit = indent if dashes or line.strip() == "-" else inner
    for above in reversed(text[:begin].split("\n")[:-1]):
        if not above.strip() or above.lstrip().startswith("#"):
            continue
        here = _KEY.match(above)
        column = len(above) - len(above.lstrip(" "))
        if here is None:
            continue
        deep = column + len(here.group(2))
        item = bool(here.group(2))
        if deep < limit or (deep == limit and 0 in path[-1:] and not item):
            path.append(here.group(3).strip("\"'"))
            limit = deep
            if item:
                path.append(0)
                limit = column
        elif item and column < limit:
            path.append(0)
            limit = column
        if limit == 0:
            break
    path.reverse()
    return path


def shape_at(path: list[str | int]) -> Shape:
    """What the language allows below a path."""
    shape = ROOT
    for step in path:
        shape = below(shape, step, (step,) if isinstance(step, str) else ())
    return shape


def box_path(path: list[str | int]) -> BoxPath | None:
    """The box that a path leads into."""
    found: BoxPath | None = None
    shape = ROOT
    steps: list[str] = []
    for step in path:
        shape = below(shape, step, (step,) if isinstance(step, str) else ())
        steps.append(str(step))
        if any(one is Box for one in shape):
            found = tuple(steps)
    return found


def _proposals(line: str, path: list[str | int], page: Page | None) -> Iterator[Proposal]:
    words = [one for one in path if isinstance(one, str)]
    box = box_path(path)
    inside = set(words[len(box) :]) if box else set(words)
    if re.fullmatch(r"\s*(?:- +)*[\w]*", line) and not (inside & EXPRESSIONS and "-" in line):
        yield from _keys(path)
        if not (inside & EXPRESSIONS):
            return
    if inside & EXPRESSIONS or (words[:1] == ["train"] and words[-1:] == ["loss"]):
        yield from _expression(line, box or _main(page), page)
    elif words[-2:-1] == ["boxes"] or words == ["main"] or re.search(r"\bbox: *[\w.]*$", line):
        yield from _definitions(line, page)
    elif set(words) & {"in", "out", "share", "state"}:
        for kind in KINDS:
            yield Proposal(kind, "type")


def _main(page: Page | None) -> BoxPath | None:
    if page is None:
        return None
    main = page.root.get("main")
    return ("define", main) if isinstance(main, str) else ("main",) if ("main",) in page.boxes else None


def _keys(path: list[str | int]) -> Iterator[Proposal]:
    """Keys of the language. The last step may be the key that is being written."""
    shape = shape_at(path)
    for model in (
        [model_at(shape, ())]
        if model_at(shape, ())
        else [one for one in shape if hasattr(one, "model_fields")]
    ):
        if model is not None:
            for key in keys_of(model):
                yield Proposal(key, "key", documentation=description(model, key))


def _expression(line: str, path: BoxPath | None, page: Page | None) -> Iterator[Proposal]:
    arrow = "->" in line
    found = _PORT.search(line)
    if found is not None and page is not None and path is not None:
        child = page.child(path, found.group(1))
        if child is not None:
            yield from _ports(child[0], child[1], ("in",) if arrow else ("out",))
            if not arrow:
                yield from _modes(child[0], child[1])
            return
    if page is not None and path is not None:
        wanted = {"output"} if arrow else {"input", "parameter", "state", "shared variable", "let", "mode"}
        for symbol, one in page.declared.items():
            if symbol.path == path and (one.kind in wanted or one.kind == "interior box"):
                yield Proposal(symbol.name, "name", one.kind, one.text)
    if not arrow:
        for name, function in FUNCTIONS.items():
            yield Proposal(name, "function", function.signature, function.doc)
        yield Proposal("t", "name", "the time")
        yield Proposal("dt", "name", "the length of a tick")


def _ports(page: Page, path: BoxPath, keys: tuple[str, ...]) -> Iterator[Proposal]:
    box = page.boxes[path]
    for key in keys:
        held = box.get(key)
        for name, type in held.items() if isinstance(held, dict) else ():
            yield Proposal(name, "port", type if isinstance(type, str) else "")


def _modes(page: Page, path: BoxPath) -> Iterator[Proposal]:
    held = page.boxes[path].get("modes")
    for name in held if isinstance(held, dict) else ():
        yield Proposal(name, "port", "a mode")


def _definitions(line: str, page: Page | None) -> Iterator[Proposal]:
    if page is None:
        return
    word = _WORD.search(line)
    alias, dot, _ = (word.group() if word else "").partition(".")
    if dot:
        other = page.imported(alias)
        for path, box in other.boxes.items() if other is not None else ():
            if len(path) == 2 and path[0] == "define":
                yield Proposal(path[1], "definition", "", _doc(box.get("doc")))
        return
    for path, box in page.boxes.items():
        if len(path) == 2 and path[0] == "define":
            yield Proposal(path[1], "definition", "", _doc(box.get("doc")))
    uses = page.root.get("use")
    for name, place in uses.items() if isinstance(uses, dict) else ():
        yield Proposal(name, "definition", str(place))


def _doc(text: object) -> str:
    return text if isinstance(text, str) else ""
