"""Wires into ports that exist in some modes only: what is known where such a wire counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dilsctl.elaborate.emitter import Emitter
from dilsctl.elaborate.interface import PortSite
from dilsctl.elaborate.known import NOTHING, Known, Site, item_of
from dilsctl.elaborate.wires import Wire
from dilsctl.ir import Var
from dilsctl.operations import functions

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration


def around(box: BoxElaboration, wire: Wire, site: PortSite) -> Known | None:
    """What is known in the source of a wire into such a port: that the port exists, as the value is not
    looked at elsewhere. What the source computes is gated by that; a plain reference computes nothing."""
    child = wire.target[0]
    if child is None:
        if not site.partial:
            return None
        gates = () if wire.source is None else (box.modes.among(site.when),)
        return Known(box.modes.known(site.when), gates)
    found = _of_element(box, wire, child, site)
    if found is None:
        return None
    place, flags = found
    gate: Var | None = None
    for flag in flags if wire.source is not None else ():
        gate = flag if gate is None else functions.binary(box.builder, "or", gate, flag)
    return Known({place: frozenset(site.when)} if flags else NOTHING, () if gate is None else (gate,))


def _of_element(box: BoxElaboration, wire: Wire, child: str, site: PortSite) -> tuple[Site, list[Var]] | None:
    """(which interior box the wire is told, whether it is in each of the port's modes)."""
    interior = box.children.sites[child]
    if not interior.modes.issuperset(site.when):
        return None  # it is in a hole, which says nothing of modes
    flags = [interior.read(name) for name in site.when]
    _, elements, _, port_index = wire.target
    if interior.count is None:
        return Site(child), flags
    emitter = Emitter(box.names, box.builder, wire.locate_target)
    item: tuple[str, bool] | None = ("", True)
    picks: tuple[Any, ...] = ()
    if elements:
        item = item_of(emitter, child, elements[0])
        picks = emitter.items_of([elements[0]]) if not isinstance(elements[0], int) else (elements[0],)
    if item is None or (item[1] and port_index):
        return None
    rank = len(site.array_dims)
    if item[1]:
        picks = (*(picks or (slice(None),)), *[None] * rank)
    flags = [functions.index(box.builder, one, picks) if picks else one for one in flags]
    return Site(child, item[0], -1 - rank if item[1] else 0), flags
