"""Facts about a diagram: its tree of boxes, their interfaces, states and parameter counts.

Everything is counted once a definition and multiplied, so that a thousand equal boxes cost as much as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dilsctl.diagram import Box, Child, Diagram, Port, State, holes, is_momentum
from dilsctl.ir import Var
from dilsctl.kind import Kind
from dilsctl.kind_text import kind_json, kind_lines

MOST_RUNS = 4  # of neighbours among the elements of an array that are named
MANY = 12  # so many children are listed before the text is cut


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over a box and all that is inside it. ``wires`` counts readouts and dispatches as drawn."""

    boxes: int
    wires: int
    learned: int
    constant: int
    losses: int
    depth: int
    moving: int = 0


@dataclass(frozen=True, slots=True)
class Member:
    """Interior boxes that are told in one line: a child, its elements, or a run of equal neighbours."""

    name: str
    box: Box
    copies: int


@dataclass(frozen=True, slots=True)
class Facts:
    """What ``dilsctl inspect`` tells about a diagram. ``totals`` has every box, interiors first."""

    diagram: Diagram
    totals: dict[Box, Totals]
    holes: tuple[str, ...]
    imports: tuple[str, ...] = ()
    kind: Kind | None = None

    @property
    def sums(self) -> Totals:
        return self.totals[self.diagram.main]


def describe(diagram: Diagram, imports: tuple[str, ...] = (), kind: Kind | None = None) -> Facts:
    """The facts of a diagram; ``imports`` are the names of the documents that it uses, ``kind`` what kind of
    system it is, if that is wanted."""
    totals: dict[Box, Totals] = {}
    for box in _interiors_first(diagram.main):
        totals[box] = _sum(box, totals)
    return Facts(diagram, totals, tuple(path for path, _ in holes(diagram.main)), imports, kind)


def _interiors_first(main: Box) -> list[Box]:
    done: dict[Box, None] = {}
    stack: list[tuple[Box, bool]] = [(main, False)]  # a stack of our own: diagrams may be deep
    while stack:
        box, ready = stack.pop()
        if ready:
            done.setdefault(box)
        elif box not in done:
            stack.append((box, True))
            for child in box.children.values():
                stack.extend((interior, False) for interior in dict.fromkeys(child.boxes))
    return list(done)


def _distinct(child: Child) -> dict[Box, int]:
    """The boxes of a child, with how many of its elements use each."""
    if len(child.boxes) == 1:
        return {child.boxes[0]: 1 if child.count is None else child.count}
    tally: dict[Box, int] = {}
    for one in child.boxes:
        tally[one] = tally.get(one, 0) + 1
    return tally


def _sources(box: Box) -> set[Var]:
    """What data fills a hole with."""
    return {one.var for one in box.states.values() if one.source}


def _sum(box: Box, totals: dict[Box, Totals]) -> Totals:
    boxes, wires, losses, depth = 1, len(box.readout) + len(box.dispatch), len(box.losses), 0
    learned = sum(one.type.size for one in box.states.values() if one.learn is not None)
    laws = {law.target for law in box.laws} | {metric.target for metric in box.metrics}
    laws |= {one.var for one in box.states.values() if is_momentum(one.name)}
    still = [one for one in box.states.values() if one.learn is None and one.var not in laws | _sources(box)]
    constant = sum(one.type.size for one in still)
    own = sum(one.type.size for one in box.states.values() if one.var in laws)
    moving = own + sum(one.type.size for one in box.shared.values() if one.private)
    for child in box.children.values():
        for interior, number in _distinct(child).items():
            inside = totals[interior]
            boxes += number * inside.boxes
            wires += number * inside.wires
            learned += number * inside.learned
            constant += number * inside.constant
            moving += number * inside.moving
            losses += number * inside.losses
            depth = max(depth, inside.depth + 1)
    return Totals(boxes, wires, learned, constant, losses, depth, moving)


def members(box: Box) -> list[Member]:
    """The interior of a box; neighbours that share one Box are told together."""
    found: list[Member] = []
    run: list[str] = []

    def close() -> None:
        if run:
            name = run[0] if len(run) == 1 else f"{run[0]} … {run[-1]}"
            found.append(Member(name, shared, len(run)))
            run.clear()

    shared = box
    for name, child in box.children.items():
        if child.count is None:
            if child.box is not shared:
                close()
                shared = child.box
            run.append(name)
            continue
        close()
        tally = _distinct(child)
        places = _places(child) if len(tally) > 1 else {}
        for interior, number in tally.items():
            found.append(Member(name + places.get(interior, ""), interior, number))
    close()
    return found


def _places(child: Child) -> dict[Box, str]:
    """Which elements of a child each of its boxes is: ``[0:3, 5]``. Of many places, the first are named."""
    runs: dict[Box, list[list[int]]] = {}
    for place, box in enumerate(child.boxes):
        known = runs.setdefault(box, [])
        if known and known[-1][1] == place:
            known[-1][1] += 1
        else:
            known.append([place, place + 1])
    return {box: f"[{_ranges(known)}]" for box, known in runs.items()}


def _ranges(runs: list[list[int]]) -> str:
    shown = [str(first) if end == first + 1 else f"{first}:{end}" for first, end in runs[:MOST_RUNS]]
    return ", ".join([*shown, "…"] if len(runs) > MOST_RUNS else shown)


def inspect_text(facts: Facts) -> str:
    """The facts as text: totals, then the tree with ports and states."""
    sums = facts.sums
    lines = [
        f"{facts.diagram.name}: {_count(sums.boxes, 'box', 'boxes')}, {_count(sums.wires, 'wire')}, "
        f"{_count(sums.learned, 'learned number')}, {_count(sums.constant, 'constant number')}, "
        + (f"{_count(sums.moving, 'moving number')}, " if sums.moving else "")
        + f"depth {sums.depth}"
    ]
    if sums.losses:
        lines.append(f"losses declared in boxes: {sums.losses:,}")
    for heading, names in (("imports", facts.imports), ("holes", facts.holes)):
        if names:
            lines.append(f"{heading}: {', '.join(names)}")
    if facts.kind is not None:
        lines += kind_lines(facts.kind)
    lines.append("")
    lines += _tree(facts)
    return "\n".join(lines)


def _tree(facts: Facts) -> list[str]:
    lines: list[str] = []
    told: set[Box] = set()
    stack = [(Member(facts.diagram.main.name, facts.diagram.main, 1), "", "", "")]
    while stack:
        member, before, branch, trunk = stack.pop()
        box = member.box
        lines.append(f"{before}{branch}{_headline(member, facts.totals[box])}")
        rest = before + trunk
        interior = members(box)
        stem = rest + ("│  " if interior else "   ")
        if box in told:
            if box.states or interior:
                lines.append(f"{rest}   as above")
            continue
        told.add(box)
        lines += [f"{stem}{text}" for text in _details(box)]
        shown = interior if len(interior) <= MANY else interior[: MANY - 1]
        entries = []
        for at, one in enumerate(shown):
            last = at == len(interior) - 1
            entries.append((one, rest, "└─ " if last else "├─ ", "   " if last else "│  "))
        if len(shown) < len(interior):
            lines.append(f"{stem}({len(interior)} interior boxes, the first {len(shown)} shown)")
        stack.extend(reversed(entries))
    return lines


def _headline(member: Member, sums: Totals) -> str:
    box = member.box
    same = member.name == box.name
    words = [member.name if same else f"{member.name}: {box.name}"]
    if member.copies != 1:
        words.append(f"× {member.copies:,}")
    if box.hole:
        words.append("(hole)")
    elif sums.learned:
        each = " each" if member.copies != 1 else ""
        words.append(f"· {sums.learned:,} learned{each}")
    return " ".join(words)


def _details(box: Box) -> list[str]:
    lines = []
    for word, ports in (("in ", box.inputs), ("out", box.outputs)):
        if ports:
            shown = [f"{name}: {_port(port)}" for name, port in ports.items() if name not in box.modes]
            lines += [f"{word} " + ", ".join(shown)] if shown else []
    if box.modes:
        lines.append(f"modes {', '.join(box.modes)}")
    for state in box.states.values():
        law = f" = {_initial(state)} ({_law(box, state)})"
        lines.append(f"data {state.name}" if state.source else f"state {state.name}: {state.type}{law}")
    lines += [f"share {one.name}: {one.type}" for one in box.shared.values() if not one.private]
    return lines


def _port(port: Port) -> str:
    """A port's type, and when it exists."""
    return f"{port.type} when {' or '.join(port.when)}" if port.when else str(port.type)


def _initial(state: State) -> str:
    initial = state.initial
    if not initial.rule:
        return str(initial.value) if not isinstance(initial.value, tuple) else "given values"
    arguments = ", ".join(map(str, initial.arguments))
    if initial.rule == "state":
        return arguments
    return f"{initial.rule}({arguments})" if arguments else initial.rule


def _law(box: Box, state: State) -> str:
    answers = {metric.kind for metric in box.metrics if metric.target is state.var}
    if is_momentum(state.name):
        return "a momentum"
    if answers:
        return "conserves the potential" if "conserve" in answers else "descends the potential"
    kinds = {law.kind for law in box.laws if law.target is state.var}
    if state.learn is not None or not kinds:
        return "constant" if state.learn is None else "learned"
    return "flows, with jumps" if len(kinds) > 1 else "flows" if kinds == {"rate"} else "clocked"


def inspect_json(facts: Facts) -> dict[str, Any]:
    """The facts as JSON-ready data. Boxes are numbered; a box that is used often is told once."""
    number = {box: at for at, box in enumerate(reversed(facts.totals))}
    sums = facts.sums
    return {
        "name": facts.diagram.name,
        "boxes": sums.boxes,
        "wires": sums.wires,
        "learned": sums.learned,
        "constant": sums.constant,
        "moving": sums.moving,
        "losses": sums.losses,
        "depth": sums.depth,
        "imports": list(facts.imports),
        "holes": list(facts.holes),
        "kind": kind_json(facts.kind) if facts.kind is not None else None,
        "main": number[facts.diagram.main],
        "definitions": [_box_json(box, number, facts.totals[box]) for box in number],
    }


def _box_json(box: Box, number: dict[Box, int], sums: Totals) -> dict[str, Any]:
    return {
        "id": number[box],
        "name": box.name,
        "doc": box.doc,
        "hole": box.hole,
        "in": {name: str(port.type) for name, port in box.inputs.items()},
        "out": {name: str(port.type) for name, port in box.outputs.items()},
        "modes": list(box.modes),
        "when": {
            name: list(port.when) for name, port in (*box.inputs.items(), *box.outputs.items()) if port.when
        },
        "state": {
            state.name: {
                "type": str(state.type),
                "size": state.type.size,
                "init": _initial(state),
                "learned": state.learn is not None,
            }
            for state in box.states.values()
            if not state.source
        },
        "interior": [
            {"name": one.name, "box": number[one.box], "copies": one.copies} for one in members(box)
        ],
        "learned": sums.learned,
        "constant": sums.constant,
    }


def _count(number: int, noun: str, plural: str = "") -> str:
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
