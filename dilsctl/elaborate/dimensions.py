"""Dimensions that are names, and how wires make them numbers.

A dimension is a number, or a name that is solved by unification where the box is used, or arithmetic of
these. A name remembers the wire that solved it, so that a wire that disagrees can be shown beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dilsctl.diagnostics import SourceSpan

LARGEST = 2**40


@dataclass(frozen=True, slots=True)
class Fault:
    """A dimension that cannot be, and why."""

    message: str


@dataclass(eq=False, slots=True)
class Unsolved:
    """A dimension that is a name. ``target`` is what it turned out to be: a number, or another such name.

    ``cause`` is the wire that made it so. ``reported``: that it has no number has been told.
    """

    name: str
    target: Unsolved | int | None = None
    cause: SourceSpan | None = None
    reported: bool = False


Dimension = Any  # int, Unsolved, Fault, or ("op", left, right)


def resolve(dim: Dimension) -> Dimension:
    """The dimension with what is known put in: an int where all is known, a Fault where it cannot be."""
    if isinstance(dim, int):
        return dim
    if isinstance(dim, Unsolved):
        root = _root(dim)
        return root if root.target is None else root.target
    if isinstance(dim, tuple):
        return combine(dim[0], resolve(dim[1]), resolve(dim[2]))
    return dim


def _root(dim: Unsolved) -> Unsolved:
    """The last name of a chain of equal ones; the chain is shortened on the way."""
    root = dim
    while isinstance(root.target, Unsolved):
        root = root.target
    while isinstance(dim.target, Unsolved) and dim.target is not root:
        dim.target, dim = root, dim.target
    return root


def combine(op: str, left: Dimension, right: Dimension) -> Dimension:
    """``left op right``: computed if both are numbers."""
    for side in (left, right):
        if isinstance(side, Fault):
            return side
    if not isinstance(left, int) or not isinstance(right, int):
        return (op, left, right)
    if op == "//" and right == 0:
        return Fault(f"{left} // 0 is no dimension")
    if op == "+":
        value = left + right
    elif op == "-":
        value = left - right
    else:
        value = left * right if op == "*" else left // right
    if value < 0:
        return Fault(f"a dimension is negative: {left} {op} {right} = {value}")
    return value if value <= LARGEST else Fault(f"a dimension is too large: {left} {op} {right}")


def unify(left: Dimension, right: Dimension, cause: SourceSpan | None = None) -> bool | None:
    """Make two dimensions equal. True: done; False: they differ; None: not enough is known yet."""
    left, right = resolve(left), resolve(right)
    if isinstance(left, Fault) or isinstance(right, Fault) or left is right:
        return True  # a fault is told of where it is declared
    if isinstance(left, int) and isinstance(right, int):
        return left == right
    if isinstance(left, Unsolved) and not isinstance(right, tuple):
        left.target, left.cause = right, cause
        return True
    if isinstance(right, Unsolved) and not isinstance(left, tuple):
        right.target, right.cause = left, cause
        return True
    if isinstance(left, tuple) and isinstance(right, int):
        return _solve(left, right, cause)
    if isinstance(right, tuple) and isinstance(left, int):
        return _solve(right, left, cause)
    return None


def _solve(dim: tuple[str, Any, Any], value: int, cause: SourceSpan | None) -> bool | None:
    """Solve op(left, right) = value where one side is a number."""
    op, left, right = dim
    if isinstance(right, int):
        if op == "+":
            return unify(left, value - right, cause) if value >= right else False
        if op == "-":
            return unify(left, value + right, cause)
        if op == "*":
            return unify(left, value // right, cause) if right and value % right == 0 else False
        return None
    if isinstance(left, int):
        if op == "+":
            return unify(right, value - left, cause) if value >= left else False
        if op == "-":
            return unify(right, left - value, cause) if left >= value else False
        if op == "*":
            return unify(right, value // left, cause) if left and value % left == 0 else False
    return None


def names_in(dims: Iterable[Dimension]) -> list[Unsolved]:
    """The names that dimensions are made of, solved or not, each once."""
    found: dict[Unsolved, None] = {}
    stack = list(dims)[::-1]
    while stack:
        dim = stack.pop()
        if isinstance(dim, tuple):
            stack += [dim[2], dim[1]]
        elif isinstance(dim, Unsolved):
            found[dim] = None
    return list(found)


def unsolved(dims: Iterable[Dimension]) -> list[Unsolved]:
    """The names that are still to be solved; names known to be equal count as one."""
    return list(dict.fromkeys(one for dim in names_in(dims) if isinstance(one := resolve(dim), Unsolved)))


def causes(dims: Iterable[Dimension]) -> list[tuple[str, int, SourceSpan]]:
    """Which wires made the dimensions what they are: (name, its number, wire), each once."""
    found: dict[tuple[str, int, SourceSpan], None] = {}
    for dim in names_in(dims):
        value, one = resolve(dim), dim
        while isinstance(value, int):
            if one.cause is not None:
                found[dim.name, value, one.cause] = None
            if not isinstance(one.target, Unsolved):
                break
            one = one.target
    return list(found)
