"""Does a value fit a port? Kinds widen, elements broadcast, nothing else changes silently."""

from __future__ import annotations

from typing import Any

from dilsctl.elaborate.static import Value, is_number
from dilsctl.ir import Type, Var
from dilsctl.operations.rules import show
from dilsctl.operations.table import Builder, OperationError, ShapeError

_WIDENS = {
    "real": {"real", "int", "class", "simplex"},
    "bool": {"bool"},
    "int": {"int", "class"},
    "class": {"class"},
    "simplex": {"simplex"},
}
_HELP = {
    ("real", "bool"): "write it as a number: 1 if … else 0",
    ("bool", "real"): "write it as a comparison, such as x > 0",
    ("bool", "int"): "write it as a comparison, such as x != 0",
    ("simplex", "real"): "pass it through softmax(…) or normalise(…), which give a probability vector",
    ("class", "simplex"): "argmax(…) turns probabilities into a class",
    ("class", "real"): "argmax(…) gives a class",
    ("class", "int"): "declare the source as 'class K', or use argmax(…)",
    ("int", "real"): "declare the target 'real', or compare",
}


def static_shape(value: Any) -> tuple[int, ...]:
    """The shape of nested tuples. Raises OperationError where they are ragged."""
    if not isinstance(value, tuple):
        return ()
    shapes = {static_shape(one) for one in value}
    if len(shapes) > 1:
        raise ShapeError("the rows of this list have different lengths")
    return (len(value), *(shapes.pop() if shapes else ()))


def leaves(value: Any) -> list[Any]:
    """The single values of nested tuples."""
    if isinstance(value, tuple):
        return [leaf for one in value for leaf in leaves(one)]
    return [value]


def holds_values(value: Any) -> bool:
    """A list in which something is computed as the diagram runs."""
    return isinstance(value, tuple) and any(isinstance(one, Var) for one in leaves(value))


def check_static(value: Any, type: Type) -> None:
    """Raise OperationError unless every number of a static value is one that ``type`` can hold."""
    for leaf in leaves(value):
        if not is_number(leaf):
            raise OperationError(f"expected a number, got '{leaf}'")
        whole = float(leaf).is_integer() if leaf == leaf and abs(leaf) != float("inf") else False
        if type.kind == "bool" and leaf not in (0, 1):
            raise OperationError(f"{leaf} is not a bool", "write true or false")
        if type.kind in ("int", "class") and not whole:
            raise OperationError(f"{leaf} is not a whole number")
        if type.kind == "class" and type.classes is not None and not 0 <= leaf < type.classes:
            raise OperationError(f"{leaf} is not a class of 0 … {type.classes - 1}")


def check_value(value: Any, type: Type) -> Any:
    """``value`` if ``type`` can hold it; a single number fills the shape. Raises OperationError."""
    check_static(value, type)
    shape = static_shape(value)
    if shape and shape != type.shape:
        raise ShapeError(f"a list of shape {show(shape)} does not fit '{type}'")
    if type.kind == "simplex":
        numbers, length = leaves(value) if shape else [value] * type.size, type.shape[-1]
        for start in range(0, len(numbers), length):
            row = numbers[start : start + length]
            if min(row) < 0 or abs(sum(row) - 1) > 1e-6:
                raise OperationError("a simplex is a probability vector: not negative, summing to 1")
    return value


def kind_fits(found: Type, wanted: Type) -> bool:
    """May a value of kind ``found`` stand where ``wanted`` is asked (shapes aside)?"""
    if found.kind not in _WIDENS[wanted.kind]:
        return False
    if wanted.kind in ("class", "simplex") and found.classes is not None:
        return found.classes == wanted.classes
    return True


def kind_help(found: Type, wanted: Type) -> str:
    """How to make a value of one kind fit another."""
    return _HELP.get((wanted.kind, found.kind), "")


def as_kind(builder: Builder, value: Var, wanted: Type) -> Var:
    """Widen a value whose kind fits."""
    if wanted.kind == "real" and value.type.kind in ("int", "class"):
        return builder.emit("cast", (value,), kind="real")
    return value


def fit_static(builder: Builder, value: Value, wanted: Type) -> Var:
    """A static value as a Var of exactly ``wanted``."""
    if isinstance(value, str):
        raise OperationError(f"'{value}' is a word, not a value")
    return builder.constant(check_value(value, wanted), wanted)
