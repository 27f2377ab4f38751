"""How big things are in a terminal, in cells."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from dilsctl.render.figures import Frame, Units
from dilsctl.render.layout import Item, Pin, Spacing
from dilsctl.render.letters import cut, cut_path
from dilsctl.render.picture import Node


def cells(text: str) -> int:
    """How many cells a text takes: wide signs take two, and those that join the one before none."""
    return sum(
        0 if unicodedata.combining(one) else 2 if unicodedata.east_asian_width(one) in "WF" else 1
        for one in text
    )


@dataclass(frozen=True, slots=True)
class Words:
    """How long names may be."""

    name: int = 24
    port: int = 12
    function: int = 20

    def title(self, node: Node) -> str:
        """Name, definition, count, and a sign of learning."""
        name = cut_path(node.label, self.name)
        if node.note and self.name > 12:
            name += f": {cut(node.note, self.name)}"
        many = f" ×{node.count:,}" if node.count is not None else ""
        return name + many + (" θ" if "learned" in node.looks else "")

    def small(self, node: Node) -> str:
        """A small node as it is written."""
        label = cut(node.label, self.function)
        match node.shape:
            case "state":
                return f"[{label}]"
            case "junction":
                return f"●{label}"
            case "function":
                return f"({label})"
        return label

    def port_label(self, label: str) -> str:
        """A port's name, if there is room for any. Cut ones keep their last sign, which tells many apart."""
        if len(label) <= self.port or self.port < 4:
            return label[: self.port]
        return f"{label[: self.port - 2]}…{label[-1]}"


def units(words: Words) -> Units:
    """Sizes in cells. A line takes a row of its own."""

    def labels(node: Node) -> tuple[int, int]:
        wide = {"left": 0, "right": 0}
        for pin in node.pins:
            wide[pin.side] = max(wide[pin.side], cells(words.port_label(pin.label)))
        return wide["left"], wide["right"]

    def measure(node: Node) -> Item:
        rows = {"left": 0, "right": 0}
        at = []
        first = 1 if node.shape == "box" else 0
        for pin in node.pins:
            at.append(first + rows[pin.side])
            rows[pin.side] += 1
        most = max(1, *rows.values())
        if node.shape == "box":
            left, right = labels(node)
            wide = max(cells(words.title(node)) + 4, left + right + (5 if left and right else 4), 6)
            return Item(wide, most + 2, tuple(Pin(pin.side, y) for pin, y in zip(node.pins, at, strict=True)))
        if node.shape == "bar":
            wide = 1 + max((cells(pin.label) for pin in node.pins), default=0)
        else:
            wide = cells(words.small(node))
        middle = (most - max(1, rows["right"])) // 2
        pins = tuple(
            Pin(pin.side, y if pin.side == "left" else middle + y)
            for pin, y in zip(node.pins, at, strict=True)
        )
        return Item(wide, most, pins, small=True)

    def least(node: Node) -> tuple[int, int]:
        return cells(words.title(node)) + 5, 3

    def leads(node: Node) -> tuple[int, int]:
        left, right = labels(node)
        return left + 3 if left else 0, right + 3 if right else 0

    frame = Frame(top=1, bottom=1, least=least, leads=leads, edge=1)
    spacing = Spacing(items=0, wires=0, border=0, small=0, close=0, margin=2, track=2, thick=1, grid=1)
    return Units(measure, frame, spacing)
