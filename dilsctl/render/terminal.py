"""Pictures in a terminal: the layout of the other pictures in character cells, painted with box-drawing
characters."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from dilsctl.render.cells import Words, cells, units
from dilsctl.render.figures import Drawing, Figure
from dilsctl.render.learned import Learned, Run, Strength, learned
from dilsctl.render.picture import Inside, Looks, Node, Picture, Wire
from dilsctl.render.strokes import DOUBLE, HEAVY, LIGHT, stroke

NORTH, EAST, SOUTH, WEST = 0, 1, 2, 3
_BORDERS = {
    "box": tuple("╭─╮│╰╯"),
    "stateful": tuple("┏━┓┃┗┛"),
    "hole": tuple("┌╌┐╎└┘"),
}
_COLOURS = {
    "learned": "33",
    "changing": "35",
    "peer": "32",
    "backward": "31",
    "positive": "1;34",
    "negative": "1;33",
    "level": "1",
    "border": "90",
    "name": "1",
    "dim": "2",
}
WORDS = tuple(
    Words(*one)
    for one in (
        (),
        (14, 8, 12),
        (10, 6, 8),
        (9, 5, 6),
        (8, 4, 5),
        (8, 4, 4),
        (6, 4, 3),
        (6, 3, 3),
        (6, 2, 3),
        (6, 0, 3),
    )
)
LEVELS = "▁▂▃▄▅▆▇█"


@dataclass(frozen=True, slots=True)
class _Cell:
    text: str
    colour: str = ""


def terminal(
    make: Callable[[int], Picture],
    depth: int,
    columns: int,
    *,
    colour: bool = False,
    run: Run | None = None,
    legend: bool = True,
) -> str:
    """The picture with as much depth and as long names as fit, or else in words.

    make: the picture, of this depth. columns: how wide it may be. run: what ``played.read_run`` tells.
    """
    for level in range(depth, 0, -1):
        picture = make(level)
        for words in WORDS if level == 1 else WORDS[:2]:  # rather less depth than cut names
            figure = Drawing(units(words)).figure(picture.root)
            if figure.width <= columns:
                found = learned(figure, run) if run is not None else Learned()
                return Canvas(figure, words, found).text(colour, columns, legend=legend)
    return listed(make(1), columns)


def _first_line(wire: Wire) -> str:
    return wire.about.split("\n")[0]


def listed(picture: Picture, columns: int) -> str:
    """What does not fit: the boxes and wires of each level that is opened, a line each."""
    if picture.root.inside is None:
        return picture.title + "\n"
    lines = [f"{picture.title}: too wide for {columns} columns; its boxes and wires in words"]
    stack = [("", picture.root)]
    while stack:
        path, node = stack.pop()
        assert node.inside is not None
        lines += ["", f"{path}:"] if path else [""]
        boxes = [one for one in node.inside.nodes if one.shape == "box"]
        lines += [f"  {Words(40).title(one)}" for one in boxes]
        lines += [""] if boxes else []
        lines += [f"  {one}" for one in dict.fromkeys(map(_first_line, node.inside.wires)) if " -> " in one]
        lead = f"{path}." if path else ""
        stack += [(lead + one.name, one) for one in reversed(boxes) if one.inside is not None]
    return "\n".join(line if len(line) <= columns else line[: columns - 1] + "…" for line in lines) + "\n"


class Canvas:
    """Cells, filled by a figure, with what a run learned."""

    def __init__(self, figure: Figure, words: Words, learned: Learned) -> None:
        self.words, self.learned = words, learned
        self.width, self.height = figure.width + 1, figure.height
        self.arms: dict[tuple[int, int], list[int]] = {}  # kinds of strokes, by direction
        self.looks: dict[tuple[int, int], set[Looks]] = {}
        self.cells: dict[tuple[int, int], _Cell] = {}
        self.seen: set[str] = {"no ports"} if not words.port else {"cut"} if words.port < 4 else set()
        self._paint(figure, 0, 0, "", outermost=True)

    def text(self, colour: bool, columns: int, *, legend: bool = True) -> str:
        """All rows, and what the signs in them mean."""
        rows = []
        for y in range(self.height):
            row = "".join(self._cell(x, y, colour) for x in range(self.width))
            rows.append(row.rstrip())
        line = ""
        for text in (text for key, text in _LEGEND if legend and key in self.seen):
            if line and cells(line) + cells(text) + 2 > columns:
                rows.append(line + ",")
                line = ""
            line += f", {text}" if line else f" {text}"
        if line:
            rows.append(line)
        return "\n".join(rows) + "\n"

    def _cell(self, x: int, y: int, colour: bool) -> str:
        cell = self.cells.get((x, y))
        if cell is None:
            north, east, south, west = self.arms.get((x, y), (0, 0, 0, 0))
            looks = self.looks.get((x, y), set())
            late = bool(looks) and all("late" in one for one in looks)
            text = stroke((north, east, south, west), dashed=late)
            kind = next(
                (k for k in ("learned", "changing", "peer", "backward") if any(k in one for one in looks)), ""
            )
            cell = _Cell(text, _COLOURS.get(kind, ""))
        if not colour or not cell.colour or cell.text in (" ", ""):
            return cell.text
        return f"\x1b[{cell.colour}m{cell.text}\x1b[0m"

    def _put(self, x: int, y: int, text: str, colour: str = "") -> None:
        at = x
        for sign in text:
            wide = cells(sign)
            if wide == 0:
                continue
            self.cells[at, y] = _Cell(sign, _COLOURS.get(colour, ""))
            if wide == 2:
                self.cells[at + 1, y] = _Cell("")
            at += wide

    def _paint(self, figure: Figure, x: int, y: int, path: str, *, outermost: bool = False) -> None:
        node = figure.node
        if node.shape != "box":
            self._small(figure, x, y)
            return
        self._border(figure, x, y)
        if (share := self.learned.boxes.get(path)) is not None:
            self.seen.add("level")
            step = min(len(LEVELS) - 1, int(share * len(LEVELS)))
            self._put(x + 1, y + figure.height - 1, LEVELS[step], "level")
        if node.inside is None:
            for pin, at in zip(node.pins, figure.pins, strict=True):
                label = self.words.port_label(pin.label)
                place = x + 1 if pin.side == "left" else x + figure.width - 1 - cells(label)
                self._put(place, y + at, label, "dim")
            return
        for wire, line in zip(node.inside.wires, figure.lines, strict=True):
            self._wire(node, wire, [(x + px, y + py) for px, py in line])
        for cx, cy, part in figure.parts:
            inner = f"{path}.{part.node.name}" if path else part.node.name
            self._paint(part, x + cx, y + cy, inner)
        for pin, at in zip(node.pins, figure.pins, strict=True):
            left = pin.side == "left"
            edge = x if left else x + figure.width - 1
            inward = pin.shows is not True
            mark = "○" if pin.shows is None else "▶" if inward == left else "◀"
            through = ("┠┨" if "stateful" in node.looks else "├┤")[0 if left else 1]
            self._put(edge, y + at, mark if outermost or pin.shows is None else through)
            label = self.words.port_label(pin.label)
            if label:
                self._put(edge + 2 if left else edge - 1 - cells(label), y + at, label, "dim")
        for number, line in enumerate(figure.lines):
            known = self.learned.wires.get((path, number))
            if known is not None:
                self._strength(known, [(x + px, y + py) for px, py in line])

    def _border(self, figure: Figure, x: int, y: int) -> None:
        node = figure.node
        looks = "hole" if "hole" in node.looks else "stateful" if "stateful" in node.looks else "box"
        self.seen |= {looks} | (node.looks & {"learned"})
        first, flat, second, up, third, fourth = _BORDERS[looks]
        right, bottom = x + figure.width - 1, y + figure.height - 1
        self._put(x, y, first + flat * (figure.width - 2) + second, "border")
        self._put(x, bottom, third + flat * (figure.width - 2) + fourth, "border")
        for row in range(y + 1, bottom):
            self._put(x, row, up, "border")
            self._put(right, row, up, "border")
        self._put(x + 1, y, f" {self.words.title(node)} ", "name")
        if node.closed:
            self.seen.add("closed")
            self._put(right - 2, bottom, "⋯", "border")

    def _small(self, figure: Figure, x: int, y: int) -> None:
        node = figure.node
        if node.shape == "bar":
            for row in range(figure.height):
                self._put(x + figure.width - 1, y + row, "┃")
            for pin, at in zip(node.pins, figure.pins, strict=True):
                if pin.side == "left" and pin.label:
                    self._put(x, y + at, pin.label, "dim")
            return
        self.seen.add(node.shape)
        colour = next((k for k in ("learned", "changing") if k in node.looks), "")
        text = self.words.small(node)
        for row in range(figure.height):
            if node.shape == "function":
                self._put(x, y + row, "(" + " " * (figure.width - 2) + ")", colour)
        self._put(x, y + (figure.height - 1) // 2, text, colour)

    def _wire(self, around: Node, wire: Wire, points: list[tuple[int, int]]) -> None:
        """A line in cells, from the cell after a border to the one before the next."""
        inside = around.inside
        assert inside is not None
        if wire.looks & {"late"}:
            self.seen.add("late")
        self.seen |= {f"wire {one}" for one in wire.looks}
        start, end = self._inner(wire.source, points, 0), self._inner(wire.target, points, -1)
        points = [start, *points[1:-1], end]
        for (x, y), (ex, ey) in itertools.pairwise(points):
            self._stroke(x, y, ex, ey, wire.looks)
        for (x, y), near in ((start, points[1]), (end, points[-2])):  # up to the borders
            self._line(x, y, (EAST, WEST) if near != (x, y) else (), wire.looks)
        self._ring(inside, wire, start)
        number, at = wire.target
        if (
            number >= 0
            and "shared" not in wire.looks
            and inside.nodes[number].shape not in ("bar", "junction")
        ):
            pin = inside.nodes[number].pins[at]
            forward = pin.side == "left"
            head = ("▷" if forward else "◁") if pin.late else ("▶" if forward else "◀")
            kind = next((k for k in ("learned", "changing", "peer") if k in wire.looks), "")
            self._put(end[0], end[1], head, kind)

    def _strength(self, known: Strength, points: list[tuple[int, int]]) -> None:
        """How strong a wire is, in tenths after its sign, on the last piece that has room for it."""
        text = f"{known.share:.1f}".removeprefix("0").removesuffix(".0")
        text = {1: "⊕", -1: "⊖"}.get(known.sign or 0, "×") + text
        for (x, y), (ex, ey) in reversed(list(itertools.pairwise(points))):
            first = (x + ex - len(text)) // 2
            own = [(first + at, y) for at in range(-1, len(text) + 1)]
            if y != ey or abs(x - ex) < len(text) + 3 or any(one in self.cells for one in own):
                continue
            if any(self.arms.get(one, [1])[way] for one in own for way in (NORTH, SOUTH)):
                continue
            kind = {1: "positive", -1: "negative"}.get(known.sign or 0, "strength")
            self.seen |= {kind, "share"}
            self._put(first, y, text, kind)
            return

    def _ring(self, inside: Inside, wire: Wire, start: tuple[int, int]) -> None:
        """A wire between peers begins with a ring, where it begins at a box."""
        number = wire.source[0]
        if "peer" in wire.looks and "shared" not in wire.looks and number >= 0:
            self.seen.add("peer")
            if inside.nodes[number].shape == "box":
                self._put(*start, "○", "peer")

    def _inner(self, end: tuple[int, int], points: list[tuple[int, int]], at: int) -> tuple[int, int]:
        """The first cell of a line that is not on a border: borders to its right take the cell of its end."""
        x, y = points[at]
        near = points[1 if at == 0 else -2][0]
        leftwards = near < x  # the line lies to the left of the border
        if end[0] >= 0:
            return (x - 1, y) if leftwards else (x, y)
        return (x - 1, y) if leftwards else (x + 1, y)

    def _stroke(self, x: int, y: int, ex: int, ey: int, looks: Looks) -> None:
        if y == ey:
            low, high = min(x, ex), max(x, ex)
            for at in range(low, high + 1):
                ways = [*([WEST] if at > low else []), *([EAST] if at < high else [])]
                self._line(at, y, ways or (EAST, WEST), looks)
        else:
            low, high = min(y, ey), max(y, ey)
            for at in range(low, high + 1):
                self._line(x, at, [*([NORTH] if at > low else []), *([SOUTH] if at < high else [])], looks)

    def _line(self, x: int, y: int, ways: Iterable[int], looks: Looks) -> None:
        arms = self.arms.setdefault((x, y), [0, 0, 0, 0])
        kind = HEAVY if "learned" in looks else DOUBLE if "changing" in looks else LIGHT
        for way in ways:
            arms[way] = kind if kind == HEAVY or arms[way] != HEAVY else HEAVY
        self.looks.setdefault((x, y), set()).add(looks)


_LEGEND: tuple[tuple[str, str], ...] = (
    ("learned", "θ learns"),
    ("stateful", "┏┓ has moving state"),
    ("hole", "┌╌ hole"),
    ("closed", "⋯ closed"),
    ("state", "[state]"),
    ("function", "(function)"),
    ("junction", "●shared variable"),
    ("wire learned", "━ learned wire"),
    ("wire changing", "═ wire that can change"),
    ("peer", "○─ wire between peers"),
    ("late", "╌▷ acts from the next tick on"),
    ("positive", "⊕ positive weight"),
    ("negative", "⊖ negative weight"),
    ("strength", "× weight without a sign"),
    ("share", ".7, 1: its strength, as part of the most that it ever was"),
    ("level", "▁▄█ how active a box is"),
    ("cut", "cut names: see with more --width"),
    ("no ports", "names of ports are left out"),
)


def widths(lines: Iterable[str]) -> int:
    """The widest of some lines, in cells."""
    return max((cells(line) for line in lines), default=0)
