"""What a file declares, as a tree: definitions with their ports, states, lets and interior boxes."""

from __future__ import annotations

from dataclasses import dataclass, field

from dilsctl.language.symbols import BoxPath, Declaration, Page


@dataclass
class Part:
    """A name with what belongs to it. ``extent``: from its name to its end; ``place``: the name itself."""

    name: str
    kind: str
    detail: str
    extent: tuple[int, int]
    place: tuple[int, int]
    parts: list[Part] = field(default_factory=list)


def outline(page: Page) -> list[Part]:
    """The parts of a file, in the order of the text."""
    by_box: dict[BoxPath, list[Declaration]] = {}
    for symbol, one in page.declared.items():
        by_box.setdefault(symbol.path, []).append(one)
    found = _parts(page, ("use",), by_box) + _parts(page, ("define",), by_box)
    main = page.root.get("main")
    if isinstance(main, dict):
        inner: BoxPath = ("main", "box") if "box" in main else ("main",)
        key, value = page.root.key_span("main"), page.root.value_span("main")
        place = (key.start, key.end)
        found.append(
            Part("main", "definition", "", (key.start, value.end), place, _parts(page, inner, by_box))
        )
    return sorted(found, key=lambda one: one.place)


def _parts(page: Page, path: BoxPath, by_box: dict[BoxPath, list[Declaration]]) -> list[Part]:
    found = []
    for one in by_box.get(path, ()):
        name = one.symbol.name
        inner: list[Part] = []
        if one.kind == "definition":
            inner = _parts(page, (*path, name), by_box)
        elif one.kind == "interior box":
            inner = [
                part for end in ((), ("box",)) for part in _parts(page, (*path, "boxes", name, *end), by_box)
            ]
        text = one.text.strip()
        detail = "" if inner or "\n" in text else text
        place = (one.span.start, one.span.end)
        found.append(Part(name, one.kind, detail, one.entry, place, inner))
    return sorted(found, key=lambda one: one.place)
