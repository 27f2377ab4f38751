"""Random draws. A value is a function of (seed, key, element, example, epoch, tick): order never matters.

Params: ``key``, a text that no other draw has, ``shape``, and ``later``, ticks after that of the clock. Emit
a draw with ``batched=True`` for one value an example. Stacking adds a leading axis, whose index counts as
part of the element. No gradient flows through a draw (scale and shift it to learn them).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dilsctl.ir import Eqn, Type, Var
from dilsctl.operations.rules import emit_like, stack_trailing
from dilsctl.operations.table import Builder, Operation, OperationError, register


def _draw_type(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
    return (Type("real", params["shape"]),)


def _draw_stack(
    builder: Builder, eqn: Eqn, inputs: tuple[Var, ...], mapped: tuple[bool, ...], length: int
) -> Sequence[Var]:
    return emit_like(builder, eqn, inputs, shape=(length, *eqn.param("shape")))


def _coin_type(types: tuple[Type, ...], params: dict[str, Any]) -> tuple[Type, ...]:
    (p,) = types
    if p.kind not in ("real", "simplex"):
        raise OperationError(f"'bernoulli' needs a probability, not {p}", argument=0)
    return (Type("bool", p.shape),)


register(Operation("random_uniform", _draw_type, _draw_stack, doc="uniform on [0, 1); params key, shape"))
register(Operation("random_normal", _draw_type, _draw_stack, doc="standard normal; params key, shape"))
register(
    Operation(
        "random_bernoulli", _coin_type, stack_trailing, doc="true with probability p, the input; params key"
    )
)
