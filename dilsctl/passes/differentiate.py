"""Reverse-mode differentiation: equations that compute the gradient of a scalar.

It runs after stacking, so that the backward equations are born stacked too. Each operation's reverse rule
emits equations; the same builder, the same types.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from dilsctl.diagnostics import Problem
from dilsctl.ir import REAL, Eqn, Var
from dilsctl.operations.rules import Cotangents, broadcast, has_gradient
from dilsctl.operations.table import OPERATIONS, Builder, OperationError, Reverse


def gradients(builder: Builder, eqns: Sequence[Eqn], scalar: Var, wanted: Sequence[Var]) -> list[Var | None]:
    """Emit the gradient of ``scalar`` (unbatched, shape ()) by each of ``wanted``; None where it is zero."""
    found = pull_back(builder, eqns, lambda: {scalar: builder.constant(1.0, REAL)}, wanted)
    return [found.get(one) for one in wanted]


def pull_back(
    builder: Builder, eqns: Sequence[Eqn], seeds: Callable[[], Mapping[Var, Var]], wanted: Sequence[Var]
) -> dict[Var, Var]:
    """Emit what flows back to every variable between ``wanted`` and those of ``seeds``, which gives the
    cotangents to begin with; variables that nothing flows back to are left out."""
    moving: set[Var] = set(wanted)
    path: list[Eqn] = []
    for eqn in eqns:
        if OPERATIONS[eqn.op].reverse is not None and any(one in moving for one in eqn.inputs):
            path.append(eqn)
            moving.update(out for out in eqn.outputs if has_gradient(out))
    cotangent: dict[Var, Var] = {var: one for var, one in seeds().items() if var in moving}
    elements = _Elements(builder, cotangent)
    for eqn in reversed(path):
        elements.settle(eqn.outputs)
        found = tuple(cotangent.get(out) for out in eqn.outputs)
        if all(one is None for one in found):
            continue
        reverse = OPERATIONS[eqn.op].reverse
        if reverse is None:
            continue
        builder.span = eqn.span
        if elements.take(eqn, found[0]):
            continue
        for one, part in zip(eqn.inputs, _reversed(reverse, builder, eqn, found), strict=True):
            if part is None or one not in moving:
                continue
            known = cotangent.get(one)
            cotangent[one] = part if known is None else builder.emit("add", (known, part))
    elements.settle(list(elements.waiting))
    return cotangent


def _reversed(reverse: Reverse, builder: Builder, eqn: Eqn, found: Cotangents) -> Sequence[Var | None]:
    """What the reverse rule of an equation gives. Raises Problem ``no-derivative``, where there is none: the
    force of a potential is a derivative already, and not every one of them has one."""
    try:
        return reverse(builder, eqn, found)
    except OperationError as error:
        help = "to learn through it, write it by other functions, or put stop(…) around what is learned"
        raise Problem.of("no-derivative", error.message, eqn.span, help=help) from None


class _Elements:
    """Cotangents of single elements of an array, as boxes have them that are told one each: they are put
    together at once, not one by one."""

    def __init__(self, builder: Builder, cotangent: dict[Var, Var]) -> None:
        self.builder = builder
        self.cotangent = cotangent
        self.waiting: dict[Var, dict[int, Var]] = {}

    def take(self, eqn: Eqn, found: Var | None) -> bool:
        """Note the cotangent of an element that this equation takes; False if it takes something else."""
        if eqn.op != "slice" or found is None:
            return False
        (x,), index = eqn.inputs, eqn.param("index")
        rest = tuple((0, length, 1) for length in x.shape[1:])
        if len(index) != x.rank or not x.rank or not isinstance(index[0], int) or index[1:] != rest:
            return False
        known = self.waiting.setdefault(x, {})
        at = index[0]
        if found.batched != x.batched or any(one.batched != x.batched for one in known.values()):
            return False
        known[at] = found if at not in known else self.builder.emit("add", (known[at], found))
        return True

    def settle(self, wanted: Sequence[Var]) -> None:
        """Give their cotangents to these variables."""
        for x in wanted:
            known = self.waiting.pop(x, None)
            if not known:
                continue
            rest = tuple((0, length, 1) for length in x.shape[1:])
            if len(known) == 1 and x.shape[0] > 1:
                ((at, one),) = known.items()
                whole = self.builder.emit("pad_slice", (one,), index=(at, *rest), shape=x.shape)
            else:
                missing = len(known) < x.shape[0]
                zero = self.builder.constant(0.0, REAL.with_shape(x.shape[1:])) if missing else None
                if zero is not None and x.batched:
                    zero = broadcast(self.builder, zero, zero.shape, True)
                pieces = [known.get(at, zero) for at in range(x.shape[0])]
                index = tuple((at, *rest) for at in range(x.shape[0]))
                parts = [one for one in pieces if one is not None]
                type = REAL.with_shape(x.shape)
                whole = self.builder.emit("assemble", parts, index=index, type=type)
            before = self.cotangent.get(x)
            self.cotangent[x] = whole if before is None else self.builder.emit("add", (before, whole))


def _inputs(eqn: Eqn) -> Sequence[Var]:
    return eqn.inputs


def reached(
    eqns: Sequence[Eqn], scalars: Sequence[Var], inputs: Callable[[Eqn], Sequence[Var]] = _inputs
) -> set[Var]:
    """The variables through which a gradient of ``scalars`` can flow (no equation is emitted).

    inputs: those of an equation that what it makes depends on.
    """
    live = {one for one in scalars if has_gradient(one)}
    for eqn in reversed(eqns):
        if OPERATIONS[eqn.op].reverse is not None and any(out in live for out in eqn.outputs):
            live.update(one for one in inputs(eqn) if has_gradient(one))
    return live
