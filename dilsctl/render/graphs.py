"""Pictures for programs that lay them out themselves: Graphviz and Mermaid. Boxes are clusters or nodes, and
wires join nodes; ports are named on the wires."""

from __future__ import annotations

import json
from collections.abc import Iterator

from dilsctl.render.picture import LEFT, RIGHT, End, Node, Picture, Wire

_SHAPES = {
    "function": "oval",
    "state": "cylinder",
    "junction": "point",
    "bar": "box",
    "constant": "plaintext",
}


def dot(picture: Picture) -> str:
    """The picture in the language of Graphviz."""
    lines = [
        f"digraph {_quoted(picture.title)} {{",
        "  rankdir=LR; compound=true; fontname=Helvetica;",
        "  node [shape=box, style=rounded, fontname=Helvetica, fontsize=11];",
        "  edge [fontname=Helvetica, fontsize=9, arrowsize=0.7];",
    ]
    lines += _dot_box(picture.root, "n", "  ")
    return "\n".join([*lines, "}"]) + "\n"


def _dot_box(node: Node, name: str, indent: str) -> Iterator[str]:
    inside = node.inside
    if inside is None:
        words = [f"label={_quoted(_label(node))}", f"tooltip={_quoted(node.about)}"]
        if node.shape in _SHAPES:
            words.append(f"shape={_SHAPES[node.shape]}")
        if node.shape == "junction":
            words.append(f"xlabel={_quoted(node.label)}")
        if node.looks & {"hole", "learned", "stateful", "changing"}:
            styles = {
                "hole": "dashed",
                "learned": "filled,rounded",
                "stateful": "rounded,bold",
                "changing": "dashed",
            }
            words.append(f'style="{next(style for look, style in styles.items() if look in node.looks)}"')
        if "learned" in node.looks:
            words.append('fillcolor="#fff1d6"')
        if node.count is not None:
            words.append("peripheries=2")
        yield f"{indent}{name} [{', '.join(words)}];"
        return
    yield f"{indent}subgraph cluster_{name} {{"
    yield f"{indent}  label={_quoted(_label(node))};"
    for pin in node.pins:
        port = f"{name}_{_port(node, pin.side, pin.name)}"
        yield f"{indent}  {port} [label={_quoted(pin.label)}, shape=plaintext];"
    for number, one in enumerate(inside.nodes):
        yield from _dot_box(one, f"{name}_{number}", indent + "  ")
    for wire in inside.wires:
        source, start = _end(node, name, wire.source)
        target, end = _end(node, name, wire.target)
        words = [f"tooltip={_quoted(wire.about)}"]
        words += [f"taillabel={_quoted(start)}"] if start else []
        words += [f"headlabel={_quoted(end)}"] if end else []
        words += _dot_wire(wire)
        yield f"{indent}  {source} -> {target} [{', '.join(words)}];"
    yield f"{indent}}}"


def _dot_wire(wire: Wire) -> Iterator[str]:
    if "shared" in wire.looks:
        yield "dir=none"
    if "late" in wire.looks or "changing" in wire.looks:
        yield f"style={'dashed' if 'late' in wire.looks else 'dotted'}"
    if "learned" in wire.looks:
        yield "penwidth=2"
    for look, colour in (
        ("learned", "#b45309"),
        ("changing", "#9b2c7f"),
        ("peer", "#00735a"),
        ("backward", "#b42318"),
    ):
        if look in wire.looks:
            yield f'color="{colour}"'
            return


def mermaid(picture: Picture) -> str:
    """The picture in the language of Mermaid, which many pages of documents draw."""
    lines = ["flowchart LR"]
    arrows: list[str] = []
    lines += _mermaid_box(picture.root, "n", "  ", arrows)
    lines += arrows
    lines.append("  classDef learned fill:#fff1d6,stroke:#b45309,color:#16202b")
    lines.append("  classDef stateful fill:#e4f0fb,stroke:#0b5fa5,color:#16202b")
    lines.append("  classDef hole stroke-dasharray:5 4")
    return "\n".join(lines) + "\n"


def _mermaid_box(node: Node, name: str, indent: str, arrows: list[str]) -> Iterator[str]:
    inside = node.inside
    text = _mermaid_text(_label(node))
    if inside is None:
        forms = {"box": ("[", "]"), "state": ("[(", ")]"), "junction": ("((", "))"), "bar": ("[", "]")}
        first, last = forms.get(node.shape, ("([", "])"))
        look = next((one for one in ("hole", "learned", "stateful") if one in node.looks), "")
        yield f"{indent}{name}{first}{text}{last}" + (f":::{look}" if look else "")
        return
    yield f"{indent}subgraph {name} [{text}]"
    for pin in node.pins:
        yield f"{indent}  {name}_{_port(node, pin.side, pin.name)}(({_mermaid_text(pin.label)}))"
    for number, one in enumerate(inside.nodes):
        yield from _mermaid_box(one, f"{name}_{number}", indent + "  ", arrows)
    yield f"{indent}end"
    for wire in inside.wires:
        source, start = _end(node, name, wire.source)
        target, end = _end(node, name, wire.target)
        arrow = "---" if "shared" in wire.looks else "-.->" if "late" in wire.looks else "-->"
        if "learned" in wire.looks and arrow == "-->":
            arrow = "==>"
        label = f"|{_mermaid_text(f'{start} → {end}'.strip(' →'))}|" if start or end else ""
        arrows.append(f"  {source} {arrow}{label} {target}")


def _label(node: Node) -> str:
    many = f" × {node.count:,}" if node.count is not None else ""
    return f"{node.label}{many}" + (f"\n{node.note}" if node.note else "")


def _end(around: Node, name: str, end: End) -> tuple[str, str]:
    """The node that a wire ends at, and its port there. Of a box whose interior is drawn, the port is a
    node."""
    number, at = end
    if number in (LEFT, RIGHT):
        side = "left" if number == LEFT else "right"
        pin = [one for one in around.pins if one.side == side][at]
        return f"{name}_{_port(around, side, pin.name)}", ""
    assert around.inside is not None
    node = around.inside.nodes[number]
    pin = node.pins[at]
    if node.inside is not None:
        return f"{name}_{number}_{_port(node, pin.side, pin.name)}", ""
    return f"{name}_{number}", pin.label if node.shape == "box" else ""


def _port(node: Node, side: str, name: str) -> str:
    """A name for the port of a box: its side and number."""
    pins = [pin.name for pin in node.pins if pin.side == side]
    return f"{'p' if side == 'left' else 'q'}{pins.index(name)}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _mermaid_text(text: str) -> str:
    for sign, code in (("#", "#35;"), ('"', "#quot;"), ("<", "#lt;"), (">", "#gt;"), ("\n", "<br/>")):
        text = text.replace(sign, code)
    return f'"{text or " "}"'
