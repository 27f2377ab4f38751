"""Pictures of diagrams: what to show of a diagram, where it goes, and how it is written.

``dilsctl.render.draw.draw`` is the way in. A diagram becomes a ``picture`` (nodes, pins and wires, still
nested), a layout makes ``figures`` of it, and one writer for each format writes them. Nothing in here runs a
diagram or loads NumPy.
"""
