"""What a refused operation is told to the user as: the place, the operands, where they are declared."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan, did_you_mean
from dilsctl.elaborate.definitions import Word, shown
from dilsctl.expression import port_of
from dilsctl.ir import Type, Var
from dilsctl.limits import MOST_AXES, MOST_ELEMENTS
from dilsctl.operations.functions import FUNCTIONS
from dilsctl.operations.table import OperationError, PlaceError, ShapeError

if TYPE_CHECKING:
    from dilsctl.elaborate.emitter import Scope
    from dilsctl.elaborate.known import Presence

Operands = Sequence[tuple[ast.AST, Any]]
Locate = Callable[[ast.AST], SourceSpan]


def refused(
    scope: Scope,
    span: Locate,
    error: OperationError,
    node: ast.AST,
    operands: Operands,
    place: ast.AST | None,
) -> Problem:
    """The problem that an operation's error is. Shapes are shown where each operand is declared."""
    where, related, help = span(node), [], error.help
    words = [one for one in operands if isinstance(one[1], str)]
    if words and isinstance(node, ast.BinOp | ast.UnaryOp | ast.Compare | ast.BoolOp | ast.IfExp):
        where, related = span(words[0][0]), _given(scope, words[0][0])
        known = words[0][1].known if isinstance(words[0][1], Word) else ()
        help = did_you_mean(words[0][1], known)
    elif isinstance(error, ShapeError):
        related = described(scope, span, operands)
    elif isinstance(error, PlaceError):
        where, related = span(place or node), described(scope, span, operands)
    elif error.argument is not None and error.argument < len(operands):
        where = span(operands[error.argument][0])
    return Problem([Diagnostic(error.code, error.message, Label(where), tuple(related), help)])


def _given(scope: Scope, node: ast.AST) -> list[Label]:
    """Where a parameter got its value."""
    named = reference(node)
    label = scope.declared(*named) if named else None
    return [] if label is None else [label]


def described(scope: Scope, span: Locate, operands: Operands) -> list[Label]:
    """A label for each operand that is an array: where it is declared, or the operand itself."""
    labels: dict[SourceSpan, Label] = {}
    for node, value in operands:
        if not isinstance(value, Var):
            continue
        named = reference(node)
        label = scope.declared(*named) if named else None
        label = label or Label(span(node), f"this is '{value.type}'")
        labels.setdefault(label.span, label)
    return list(labels.values())


def reference(node: ast.AST) -> tuple[str | None, str] | None:
    """The interior box (None: none) and the name, where an expression is a plain reference."""
    return (None, node.id) if isinstance(node, ast.Name) else port_of(node)


def computed(error: Exception) -> str:
    """What is wrong with a computation of numbers, in words."""
    if isinstance(error, ZeroDivisionError):
        return "this divides by zero"
    if isinstance(error, OverflowError):
        return "this number is too large"
    return f"this cannot be computed: {error}"


def too_many(type: Type, span: SourceSpan) -> Problem:
    """A value with more elements or axes than there may be."""
    if len(type.shape) > MOST_AXES:
        return Problem.of("too-large", f"{len(type.shape)} axes; a value has at most {MOST_AXES}", span)
    message = f"'{type}' has {type.size} elements; an array has at most {MOST_ELEMENTS}"
    return Problem.of("too-large", message, span)


def unknown_function(scope: Scope, name: str, value: Any, span: SourceSpan) -> Problem:
    """A name that is called and is no function. ``value``: what it stands for, if anything.

    Where a parameter's value is at fault, that is the place, and the call is shown beside it.
    """
    if value is None:
        hint = did_you_mean(name, FUNCTIONS)
        return Problem.of("unknown-function", f"there is no function '{name}'", span, help=hint)
    label = scope.declared(None, name)
    if not isinstance(value, Var) and label is not None:
        hint = did_you_mean(value, FUNCTIONS) if isinstance(value, str) else ""
        message = f"'{name}' is {shown(value)}, which is not a function"
        called = (Label(span, "it is called here"),)
        return Problem([Diagnostic("unknown-function", message, Label(label.span), called, hint)])
    return Problem.of("unknown-function", f"'{name}' is a value, not a function", span)


def not_known(scope: Scope, span: SourceSpan, node: ast.expr, presence: Presence, rank: int) -> Problem:
    """What to raise where a port is read that may not exist. ``rank``: that of the port of one box."""
    port = port_of(node)
    text = ast.unparse(node)
    dot = text.rfind(".") + 1
    modes = [f"{text[:dot]}{one}" for one in sorted(presence.when)]
    label = scope.declared(*port) if port is not None else scope.declared(None, text)
    several = port is not None and scope.count(port[0]) is not None and "[" not in text
    axes = f"[:, {', '.join(['None'] * rank)}]" if several and rank else ""
    condition = " or ".join(f"{one}{axes}" for one in modes)
    help = f"write {text} if {condition} else …, with what to take where it does not exist"
    if several:
        help += "; sums and indices come after that choice"
    shown = " or ".join(f"'{one}'" for one in modes)
    message = f"'{text}' exists only where {shown} holds, which is not known here"
    labels = (label,) if label is not None else ()
    return Problem([Diagnostic("mode-not-known", message, Label(span), labels, help)])
