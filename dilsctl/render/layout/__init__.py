"""Where the boxes and wires of one level go: layers from left to right, ordered ports, orthogonal wires.

Every wire of a nested diagram is local to one box: it joins that box's own ports and those of its interior
boxes. So one box is laid out at a time, from the inside out, each as a flat layered graph (Sugiyama, Tagawa,
Toda 1981). Nothing here knows what a diagram is.
"""

from dilsctl.render.layout.graph import Item, Level, Pin, Placed, Spacing
from dilsctl.render.layout.level import arrange

__all__ = ["Item", "Level", "Pin", "Placed", "Spacing", "arrange"]
