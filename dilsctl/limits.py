"""How large things may be. Beyond these a finding says so, before anything is allocated."""

MOST_ELEMENTS = 2**30
"""Of one array, and of all states and constants of a diagram together."""

MOST_AXES = 16
"""Of a value, as the language shows it."""

MOST_ARRAY_AXES = 30
"""Of an array, with the axes of the box arrays that it is in."""

MOST_COUNT = 10_000_000
"""Elements of a counted box."""

MOST_SEPARATE = 10_000
"""Elements of a counted box that are elaborated one by one, because they differ before anything runs."""

MOST_STATIC = 1_000_000
"""Numbers in a value known beforehand."""

MOST_STATIC_TOTAL = 3_000_000
"""Numbers in all values of a document that functions make beforehand (arange, eye …)."""

MOST_EQUATIONS = 10_000_000
"""Equations of a diagram, every copy of a box counted."""

MOST_MODES = 100
"""Of one box."""

MOST_LEVELS = 100
"""Boxes inside of boxes."""

LARGEST_WHOLE = 10**18
"""The largest whole number of an expression: 64 bits hold it."""
