"""What expressions are made of: functions by name, operators, indexing, and initialisers of states."""

from dilsctl.operations.functions import (
    elementwise,
    losses,
    ordering,
    probability,
    products,
    reductions,
    shapes,
    windows,
)
from dilsctl.operations.functions.indexing import index
from dilsctl.operations.functions.initialisers import INITIALISERS, Initialiser, check_initial
from dilsctl.operations.functions.operators import binary, select, unary
from dilsctl.operations.functions.table import FUNCTIONS, Function
from dilsctl.operations.functions.values import as_var

__all__ = [
    "FUNCTIONS",
    "INITIALISERS",
    "Function",
    "Initialiser",
    "as_var",
    "binary",
    "check_initial",
    "elementwise",
    "index",
    "losses",
    "ordering",
    "probability",
    "products",
    "reductions",
    "select",
    "shapes",
    "unary",
    "windows",
]
