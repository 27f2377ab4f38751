"""How big things are on paper and on screens, in pixels."""

from __future__ import annotations

from functools import partial

from dilsctl.render.figures import Frame, Units
from dilsctl.render.layout import Item, Pin, Spacing
from dilsctl.render.letters import cut, cut_path, width
from dilsctl.render.picture import Node

NAME, NOTE, PORT, FUNCTION = 13, 10.5, 10.5, 11.5  # sizes of letters
ROW = 18  # from port to port
LONGEST_NAME, LONGEST_PORT = 34, 22
BAR = 6
SHEETS = 6
LEVEL = 8  # the room below all else in a closed box that a bar of its activity takes
BESIDE = 190  # a name wider than this with its ports' labels stands above them


def name_of(node: Node) -> str:
    """The name of a box as drawn."""
    many = f" × {node.count:,}" if node.count is not None else ""
    return cut_path(node.label, LONGEST_NAME) + many


def note_of(node: Node) -> str:
    """The second line of a box."""
    return cut(node.note, LONGEST_NAME)


def port_of(label: str) -> str:
    """A port's label as drawn."""
    return cut(label, LONGEST_PORT)


def name_above(node: Node) -> bool:
    """Does the name of a closed box stand above its ports, and not between them?"""
    left, right = _labels(node)
    return left + right + _name_width(node) > BESIDE


def _labels(node: Node) -> tuple[int, int]:
    sides = {"left": 0, "right": 0}
    for pin in node.pins:
        sides[pin.side] = max(sides[pin.side], width(port_of(pin.label), PORT))
    return sides["left"], sides["right"]


def _name_width(node: Node) -> int:
    return max(width(name_of(node), NAME, bold=True), width(note_of(node), NOTE))


def header(node: Node) -> int:
    """The height that the name of a closed box takes above its ports."""
    return (36 if node.note else 22) if name_above(node) else 0


def sheets(node: Node) -> int:
    """How far the sheets behind what stands for several boxes stand out, above and on the right."""
    return SHEETS if node.count is not None or "more" in node.looks else 0


def foot(node: Node) -> int:
    """The height that the dots of a closed box take below its ports."""
    return 8 if node.closed else 0


def measure(node: Node, level: int = 0) -> Item:
    """The size and pins of a node that is drawn without an interior. level: room at the bottom of a box."""
    lefts = [pin for pin in node.pins if pin.side == "left"]
    rights = [pin for pin in node.pins if pin.side == "right"]
    rows = max(len(lefts), len(rights))
    if node.shape == "junction":
        wide = max(10, width(node.label, PORT, bold=True) + 4)
        return Item(wide, 24, tuple(Pin(pin.side, 19) for pin in node.pins), small=True)
    if node.shape == "bar":
        gap = ROW
        height = max(1, len(lefts)) * gap
        wide = BAR + max((width(pin.label, PORT - 1) + 6 for pin in lefts if pin.label), default=0)
        return Item(wide, height, _spread(node, height, gap), small=True)
    if node.shape in ("function", "constant", "state"):
        wide = width(node.label, FUNCTION) + (22 if node.shape == "state" else 16)
        gap = ROW
        height = max(22, rows * gap)
        wide = max(wide, 24)
        return Item(wide, height, _spread(node, height, gap), small=True)
    left, right = _labels(node)
    above = header(node)
    body = max(1, rows) * ROW + 10
    if above:
        wide = max(_name_width(node) + 24, left + right + 40)
    else:
        wide = _name_width(node) + left + right + (12 if left else 0) + (12 if right else 0) + 24
        body = max(body, 44 if node.note else 34)
    pins, out = _spread(node, body, ROW), sheets(node)
    below = tuple(Pin(pin.side, pin.at + above + out) for pin in pins)
    return Item(max(wide, 46) + out, above + body + foot(node) + level + out, below)


def _spread(node: Node, height: int, gap: int) -> tuple[Pin, ...]:
    """Pins in the middle of their side, so far from each other."""
    many = {side: sum(1 for pin in node.pins if pin.side == side) for side in ("left", "right")}
    seen = {"left": 0, "right": 0}
    found = []
    for pin in node.pins:
        first = (height - (many[pin.side] - 1) * gap) // 2
        found.append(Pin(pin.side, first + gap * seen[pin.side]))
        seen[pin.side] += 1
    return tuple(found)


def _least(node: Node) -> tuple[int, int]:
    note = width(note_of(node), NOTE) + 10 if node.note else 0
    return width(name_of(node), NAME, bold=True) + note + 32, 60


def _leads(node: Node) -> tuple[int, int]:
    left, right = _labels(node)
    return (left + 22 if left else 0), (right + 22 if right else 0)


_FRAME = Frame(top=36, bottom=16, least=_least, leads=_leads, pin_top=4, sheets=sheets)
UNITS = Units(measure, _FRAME, Spacing())
RUN_UNITS = Units(partial(measure, level=LEVEL), _FRAME, Spacing())
