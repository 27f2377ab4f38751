"""What a name is: how it is declared, and which types it has where its box is used."""

from __future__ import annotations

import re

from dilsctl.diagram import Box, Diagram
from dilsctl.language.completion import path_at, shape_at
from dilsctl.language.symbols import Declaration, Page
from dilsctl.operations.functions.table import FUNCTIONS
from dilsctl.syntax.shape import description, model_at

MOST_TYPES = 6
_WORD = re.compile(r"[^\W\d]\w*")


def hover(page: Page, text: str, offset: int, diagram: Diagram | None) -> tuple[str, int, int] | None:
    """Words in markdown about what stands at an offset, and the place that they are about."""
    found = page.at(offset)
    if found is not None:
        declared = page.declaration(found.symbol)
        if declared is not None:
            return _about(page, declared, diagram), found.start, found.end
    for word in _WORD.finditer(text, max(text.rfind("\n", 0, offset), 0)):
        if word.start() > offset:
            break
        if word.start() <= offset <= word.end():
            told = _of_key(text, word) or _of_function(text, word)
            return (told, *word.span()) if told else None
    return None


def _about(page: Page, one: Declaration, diagram: Diagram | None) -> str:
    first = one.text.split("\n")[0].strip()
    lines = [
        f"**{one.kind}** `{one.symbol.name}`" + (f": `{first}`" if first and one.kind != "definition" else "")
    ]
    types = resolved_types(diagram, one) if diagram is not None else []
    if types:
        shown = ", ".join(f"`{type}`" for type in types[:MOST_TYPES])
        lines.append(f"here: {shown}" + (" …" if len(types) > MOST_TYPES else ""))
    box = None
    if one.kind == "interior box":
        box = page.child(one.symbol.path, one.symbol.name)
    elif one.kind == "definition":
        named = page.pages.named(one.symbol.file) if page.pages is not None else None
        owner = page if one.symbol.file == page.file.name else named
        box = (owner, ("define", one.symbol.name)) if owner is not None else None
    if box is not None and box[1] in box[0].boxes:
        held = box[0].boxes[box[1]]
        if isinstance(held.get("doc"), str):
            lines.append(held["doc"].strip())
        for key in ("params", "in", "out"):
            ports = held.get(key)
            if isinstance(ports, dict) and ports:
                told = ", ".join(f"{name}: {type}" for name, type in ports.items())
                lines.append(f"{key}: `{told}`")
    return "\n\n".join(lines)


def resolved_types(diagram: Diagram, one: Declaration) -> list[str]:
    """The types that a port, state or variable has in the diagram, each once."""
    found: dict[str, None] = {}
    seen: set[int] = set()
    stack: list[Box] = [diagram.main]
    start, end = one.entry
    while stack:
        box = stack.pop()
        if id(box) in seen:
            continue
        seen.add(id(box))
        for held in (box.inputs, box.outputs, box.states, box.shared):
            place = held.get(one.symbol.name)
            span = place.span if place is not None else None
            if (
                place is not None
                and span is not None
                and span.file.name == one.symbol.file
                and start <= span.start <= end
            ):
                found.setdefault(str(place.type))
        for child in box.children.values():
            stack.extend(child.boxes)
    return sorted(found)


def _of_key(text: str, word: re.Match[str]) -> str:
    """A key of the language."""
    end = word.end()
    if not re.match(r"\s*:", text[end : end + 3]):
        return ""
    begin = text.rfind("\n", 0, word.start()) + 1
    if text[begin : word.start()].strip(" -"):
        return ""
    path = path_at(text, begin, text[begin : end + 1])
    above = [one for one in path[:-1]]
    model = model_at(shape_at(above), (word.group(),))
    told = description(model, word.group()) if model is not None else ""
    return f"**key** `{word.group()}`\n\n{told}" if told else ""


def _of_function(text: str, word: re.Match[str]) -> str:
    function = FUNCTIONS.get(word.group())
    if function is None or not re.match(r"\s*\(", text[word.end() : word.end() + 3]):
        return ""
    return f"`{function.signature}`\n\n{function.doc}"
