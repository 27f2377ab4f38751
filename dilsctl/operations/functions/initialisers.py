"""How a state may begin: names and their arguments. The engine draws the values.

Fans are counted on the state's own axes, without those of box stacks: of a matrix (out, in, ...) fan_in is
the product of all lengths but the first, fan_out that of all but the second; a vector has fan_out 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dilsctl.ir import Type
from dilsctl.operations.functions.values import is_number
from dilsctl.operations.rules import show
from dilsctl.operations.table import OperationError


@dataclass(frozen=True, slots=True)
class Initialiser:
    """One way to begin. ``defaults`` are the arguments' values where they are left out."""

    name: str
    signature: str
    doc: str
    defaults: tuple[float, ...] = ()


INITIALISERS: dict[str, Initialiser] = {
    one.name: one
    for one in (
        Initialiser("zeros", "zeros", "All 0."),
        Initialiser("ones", "ones", "All 1."),
        Initialiser(
            "glorot", "glorot", "Uniform within ±sqrt(6 / (fan_in + fan_out)): for tanh and sigmoid."
        ),
        Initialiser("he", "he", "Normal with variance 2 / fan_in: for relu."),
        Initialiser("lecun", "lecun", "Normal with variance 1 / fan_in."),
        Initialiser(
            "uniform",
            "uniform(low=0, high=1)",
            "Uniform between low and high. Of a simplex: equal probabilities.",
            (0.0, 1.0),
        ),
        Initialiser("normal", "normal(mean=0, std=1)", "Normal.", (0.0, 1.0)),
        Initialiser(
            "orthogonal", "orthogonal(gain=1)", "Rows, or columns, at right angles, times gain.", (1.0,)
        ),
        Initialiser("identity", "identity(gain=1)", "The identity matrix times gain.", (1.0,)),
    )
}


def check_initial(name: str, arguments: tuple[Any, ...], type: Type) -> None:
    """Raise OperationError unless the initialiser can begin a state of this type (without box stacks)."""
    known = INITIALISERS[name]
    if type.kind == "simplex" and (name != "uniform" or arguments):
        raise OperationError(
            f"'{name}' does not give a simplex", "a simplex begins as uniform, or with given values"
        )
    if type.kind not in ("real", "simplex"):
        raise OperationError(f"'{name}' gives real numbers, not {type.kind}")
    if len(arguments) > len(known.defaults):
        raise OperationError(
            f"'{name}' takes {_at_most(len(known.defaults))}, not {len(arguments)}",
            f"write {known.signature}",
        )
    for one in arguments:
        if not is_number(one):
            raise OperationError(f"'{name}' takes numbers known beforehand", f"write {known.signature}")
    if name in ("orthogonal", "identity") and len(type.shape) < 2:
        raise OperationError(f"'{name}' is for a matrix, not for shape {show(type.shape)}")
    if name == "identity" and len(type.shape) != 2:
        raise OperationError(f"'identity' is for a matrix, not for shape {show(type.shape)}")


def _at_most(count: int) -> str:
    return f"at most {count} value{'s' if count > 1 else ''}" if count else "no values"
