"""What kind of system a diagram is, in words, and as data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dilsctl.diagnostics import SourceSpan
from dilsctl.kind import Kind

MOST_TOLD = 6

_WORDS = {
    "DNN": "DNN, as deep neural networks are: no peer wires, a changeable pattern",
    "IDS": "IDS, an interacting dynamical system: peer wires, no changeable pattern",
    "DILS": "DILS, a deeply interacting learning system: peer wires, a changeable pattern",
    "neither": "none of DNN, IDS and DILS: no peer wires, no changeable pattern",
    "open": "open: what fills the holes decides whether it is a DNN, an IDS or a DILS",
}


def kind_lines(kind: Kind) -> list[str]:
    """The kind and what it rests on, a line for each piece of evidence."""
    lines = [f"kind: {_WORDS[kind.name]}"]
    links = [(f"{one.box}: {one.variable} joins {_list(one.members)}", one.span) for one in kind.links]
    lines += _section("peer link", "peer links", links)
    peers = [(f"{one.box}: {one.source} -> {one.target} ({one.why})", one.span) for one in kind.peers]
    lines += _section("peer wire", "peer wires", peers)
    layers = [(f"{one.box}: {one.source} -> {one.target}", one.span) for one in kind.layers]
    lines += _section("layer wire", "layer wires", layers)
    changes = [(f"{one.box}: {one.what}", one.span) for one in kind.changeable]
    return lines + _section("changeable pattern", "changeable patterns", changes)


def _section(one: str, many: str, found: Sequence[tuple[str, SourceSpan | None]]) -> list[str]:
    if not found:
        return []
    lines = [f"  {len(found):,} {one if len(found) == 1 else many}"]
    for text, span in found[:MOST_TOLD]:
        lines.append(f"    {text}" + (f"  {span.file.name}:{span.line}" if span is not None else ""))
    if len(found) > MOST_TOLD:
        lines.append(f"    and {len(found) - MOST_TOLD:,} more")
    return lines


def _list(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_TOLD]) + (", …" if len(names) > MOST_TOLD else "")


def kind_json(kind: Kind) -> dict[str, Any]:
    """The same as JSON-ready data, complete."""
    return {
        "name": kind.name,
        "peers": [_wire(one) for one in kind.peers],
        "links": [
            {"box": one.box, "variable": one.variable, "members": list(one.members), **_place(one.span)}
            for one in kind.links
        ],
        "layers": [_wire(one) for one in kind.layers],
        "changeable": [
            {"box": one.box, "rule": one.rule, "what": one.what, **_place(one.span)}
            for one in kind.changeable
        ],
    }


def _wire(one: Any) -> dict[str, Any]:
    why = {"why": one.why} if one.why else {}
    return {"box": one.box, "from": one.source, "to": one.target, **why, **_place(one.span)}


def _place(span: SourceSpan | None) -> dict[str, Any]:
    if span is None:
        return {"file": None, "line": None}
    return {"file": span.file.name, "line": span.line}
