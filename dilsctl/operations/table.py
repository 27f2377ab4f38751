"""The table of operations: what an equation may do, without saying how.

An ``Operation`` has a type rule, a reverse rule that emits equations, a stacking rule that adds a leading
axis, and a cost. The engine keeps the kernels in a table of its own, under the same names. Families of
operations live in the sibling modules and register themselves here; ``dilsctl.operations`` imports them all.

Shapes: axis parameters are negative, counted from the right, so that leading axes may be added freely.
Elementwise operations broadcast as NumPy does, from the right.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from dilsctl.diagnostics import SourceSpan
from dilsctl.ir import Eqn, Params, Type, Var, params_of


class OperationError(Exception):
    """A type rule refused its arguments. ``argument`` is the offending one's index, where one is to blame.

    ``code`` is that of the diagnostic that tells of it.
    """

    code = "bad-operands"

    def __init__(self, message: str, help: str = "", argument: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.help = help
        self.argument = argument


class ShapeError(OperationError):
    """Shapes that do not go together."""

    code = "dimension-mismatch"


class PlaceError(OperationError):
    """An index or axis that is not there."""

    code = "bad-index"


class NotKnownError(OperationError):
    """A value that is computed as the diagram runs, where one is needed beforehand."""

    code = "not-static"


class TooLargeError(OperationError):
    """More elements than are reasonable."""

    code = "too-large"


Infer = Callable[[tuple[Type, ...], dict[str, Any]], tuple[Type, ...]]
Reverse = Callable[["Builder", Eqn, tuple[Var | None, ...]], Sequence[Var | None]]
Stack = Callable[["Builder", Eqn, tuple[Var, ...], tuple[bool, ...], int], Sequence[Var]]
Cost = Callable[[Eqn], int]


def output_size(eqn: Eqn) -> int:
    """The default cost: one operation an output element (for one example)."""
    return sum(out.type.size for out in eqn.outputs)


@dataclass(frozen=True, slots=True)
class Operation:
    """One entry of the table.

    infer: input types and params to output types; raises OperationError.
    reverse: (builder, equation, cotangent of each output or None) to the cotangent of each input or None;
        None for the rule itself means that no gradient flows (comparison, stop, rounding).
    stack: (builder, equation, new inputs, which of them have a new leading axis, its length) to new outputs,
        all with the new leading axis. Inputs that are not mapped are shared by all members.
    cost: floating point operations for one example.
    elementwise: an output may be written over an input of the same shape.
    """

    name: str
    infer: Infer
    stack: Stack
    reverse: Reverse | None = None
    cost: Cost = output_size
    elementwise: bool = False
    doc: str = ""


OPERATIONS: dict[str, Operation] = {}


def register(operation: Operation) -> Operation:
    """Enter an operation into the table; a name may be entered once."""
    if operation.name in OPERATIONS:
        raise ValueError(f"operation '{operation.name}' is registered twice")
    OPERATIONS[operation.name] = operation
    return operation


@dataclass
class Builder:
    """Emits equations in order. Every call infers types, so an equation that exists is well typed."""

    eqns: list[Eqn]
    span: SourceSpan | None = None

    def emit(
        self,
        op: str,
        inputs: Sequence[Var],
        *,
        batched: bool | None = None,
        name: str = "",
        **params: Hashable,
    ) -> Var:
        """Emit an equation with one output and return it. See ``emit_all``."""
        (out,) = self.emit_all(op, inputs, batched=batched, name=name, **params)
        return out

    def emit_all(
        self,
        op: str,
        inputs: Sequence[Var],
        *,
        batched: bool | None = None,
        name: str = "",
        **params: Hashable,
    ) -> tuple[Var, ...]:
        """Emit an equation; its outputs are batched where any input is, unless ``batched`` says otherwise."""
        inputs = tuple(inputs)
        types = OPERATIONS[op].infer(tuple([one.type for one in inputs]), params)
        if batched is None:
            batched = any([one.batched for one in inputs])
        outputs = tuple([Var(one, batched, name) for one in types])
        self.eqns.append(Eqn(op, inputs, outputs, params_of(**params) if params else (), self.span))
        return outputs

    def again(self, eqn: Eqn, inputs: Sequence[Var]) -> tuple[Var, ...]:
        """Emit ``eqn`` once more with other inputs (and so, perhaps, other shapes)."""
        params: dict[str, Any] = dict(eqn.params)
        return self.emit_all(eqn.op, inputs, **params)

    def constant(self, value: Any, type: Type) -> Var:
        """A constant array. ``value`` is a number, a bool, or nested tuples of them in C order of the shape;
        a plain number fills the shape."""
        return self.emit("constant", (), value=value, type=type)


def params_dict(params: Params) -> dict[str, Any]:
    """The params of an equation by name."""
    return dict(params)
