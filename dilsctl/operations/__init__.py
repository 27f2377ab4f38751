"""The table of operations, filled: importing this package registers every family."""

from dilsctl.operations import (
    choice,
    contract,
    convolution,
    derivatives,
    elementwise,
    index,
    random,
    reduce,
    slicing,
    softmax,
    solve,
    structure,
)
from dilsctl.operations.table import OPERATIONS, Builder, Operation, OperationError

__all__ = [
    "OPERATIONS",
    "Builder",
    "Operation",
    "OperationError",
    "choice",
    "contract",
    "convolution",
    "derivatives",
    "elementwise",
    "index",
    "random",
    "reduce",
    "slicing",
    "softmax",
    "solve",
    "structure",
]
