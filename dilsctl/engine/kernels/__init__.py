"""Kernels by the name of the operation. Importing this package fills both tables.

``KERNELS[op](eqn, ins, outs, context)`` binds and returns steps. ``VIEWS[op](eqn, a, batch)`` returns the
output as a view of the input's array ``a`` (for the batch size), or None where it must be copied.
"""

from dilsctl.engine.kernels import (
    contract,
    convolution,
    elementwise,
    index,
    random,
    reduce,
    slicing,
    softmax,
    solve,
    structure,
)
from dilsctl.engine.kernels.base import KERNELS, VIEWS, Array, Context, Kernel, Step, View, dtype_of

__all__ = [
    "KERNELS",
    "VIEWS",
    "Array",
    "Context",
    "Kernel",
    "Step",
    "View",
    "contract",
    "convolution",
    "dtype_of",
    "elementwise",
    "index",
    "random",
    "reduce",
    "slicing",
    "softmax",
    "solve",
    "structure",
]
