"""Wires in both directions: beside each one that carries real numbers, one that carries back how they should
change. What is drawn is reverse differentiation as it is, not what a training step would leave out."""

from __future__ import annotations

from dataclasses import replace

from dilsctl.render.picture import LEFT, RIGHT, End, Inside, Node, Picture, Pin, Wire


def doubled(picture: Picture) -> Picture:
    """The picture with backward wires."""
    return replace(picture, root=_node(picture.root, {}))


def _node(node: Node, known: dict[Inside, Inside]) -> Node:
    inside = node.inside
    pins: list[Pin] = []
    for pin in node.pins:
        pins.append(pin)
        if pin.real and pin.shows is not None and not pin.backward:
            label = f"Δ{pin.label}" if pin.label else ""
            back = Pin(
                f"Δ{pin.name}", pin.side, label, not pin.shows, f"how {pin.name} should change", backward=True
            )
            pins.append(back)
    if inside is not None:
        inside = known.setdefault(inside, known.get(inside) or _inside(node, inside, known))
    return replace(node, pins=tuple(pins), inside=inside)


def _inside(around: Node, inside: Inside, known: dict[Inside, Inside]) -> Inside:
    nodes = tuple(_node(one, known) for one in inside.nodes)
    wires = []
    for wire in inside.wires:
        source, source_back = _moved(around, inside, wire.source)
        target, target_back = _moved(around, inside, wire.target)
        wires.append(replace(wire, source=source, target=target))
        if source_back is not None and target_back is not None:
            about = f"back along: {wire.about}"
            wires.append(Wire(target_back, source_back, frozenset({"backward"}), about, wire.span))
    return Inside(nodes, tuple(wires))


def _moved(around: Node, inside: Inside, end: End) -> tuple[End, End | None]:
    """An end among the doubled pins, and that of its companion."""
    number, at = end
    if number in (LEFT, RIGHT):
        side = "left" if number == LEFT else "right"
        pins = [pin for pin in around.pins if pin.side == side]
    else:
        pins = list(inside.nodes[number].pins)
    before = sum(2 if _doubles(pin) else 1 for pin in pins[:at])
    return (number, before), (number, before + 1) if _doubles(pins[at]) else None


def _doubles(pin: Pin) -> bool:
    return pin.real and pin.shows is not None and not pin.backward
