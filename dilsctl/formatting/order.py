"""The order of keys: that of the models of the language. Names of the user's own keep theirs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from dilsctl.syntax.box import Box
from dilsctl.syntax.shape import ROOT, Shape, below, inside, model_at, order_of

if TYPE_CHECKING:
    from dilsctl.formatting.tree import Entry, Node

HEAD = ("dils", "name", "doc")  # of a document: what stands above the first blank line

__all__ = ["HEAD", "ROOT", "Shape", "below", "has_wires", "in_order", "inside", "is_document", "is_wires"]


def in_order(node: Node, shape: Shape) -> list[Entry]:
    """The entries of a mapping as they should stand; unknown keys come last."""
    model = model_at(shape, map(str, _names(node)))
    if node.kind != "mapping" or model is None:
        return node.entries
    order = order_of(model)
    return sorted(node.entries, key=lambda one: order.get(str(one.name), len(order)))


def _names(node: Node) -> list[str | int]:
    return [one.name for one in node.entries]


def is_document(shape: Shape) -> bool:
    """Whether this is the place of a whole document."""
    return shape == ROOT


def is_wires(names: Iterable[str | int], shape: Shape, name: str | int) -> bool:
    """Whether a key of a mapping with these names holds the wires of a box."""
    return name == "wires" and model_at(shape, map(str, names)) is Box


def has_wires(node: Node, shape: Shape) -> bool:
    """Whether a mapping is a box with wires, which have a line each."""
    names = _names(node)
    return any(is_wires(names, shape, one) for one in names)
