"""A learner for a diagram and a ``train`` block; an evaluator for a diagram alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from dilsctl.compile import compile_diagram
from dilsctl.diagram import Diagram
from dilsctl.engine.learner import Learner
from dilsctl.ir import REAL, Params, Type, Var
from dilsctl.learning.methods import Method, method_of
from dilsctl.objective import Objective
from dilsctl.operations.table import Builder
from dilsctl.passes.descend import Clip

if TYPE_CHECKING:
    from dilsctl.syntax.train import Train


def make_learner(
    diagram: Diagram, objective: Objective, train: Train, *, seed: int | None = None, precision: str | None = None
) -> Learner:
    """The learner that a ``train`` block describes. ``seed`` and ``precision`` override the block's.

    Raises Problem: hole-in-run, algebraic-loop, errors of the objective, unknown-optimiser, bad-option.
    """

    def method(options: Params) -> Method:
        return method_of(train.optimiser, train.decay, _thawed(options))

    compiled = compile_diagram(diagram, objective)
    clip = clip_by_norm(train.clip) if train.clip is not None else None
    return Learner(
        compiled,
        method,
        clip,
        precision=precision or train.precision,
        seed=train.seed if seed is None else seed,
    )


def clip_by_norm(limit: float) -> Clip:
    """Shorten all gradients together so that their common norm is at most ``limit``."""

    def clip(builder: Builder, gradients: Sequence[Var]) -> list[Var]:
        squares = [builder.emit("contract", (one, one), spec="a,a->") for one in gradients]
        total = squares[0]
        for one in squares[1:]:
            total = builder.emit("add", (total, one))
        bound = builder.constant(float(limit), REAL)
        norm = builder.emit("sqrt", (total,))
        factor = builder.emit("div", (bound, builder.emit("maximum", (norm, bound))))
        return [builder.emit("mul", (factor, one)) for one in gradients]

    return clip


def _thawed(options: Params) -> dict[str, Any]:
    """Options of a learned state as they were written: pairs become mappings again."""

    def thaw(value: Any) -> Any:
        if isinstance(value, tuple) and value and all(isinstance(one, tuple) and len(one) == 2 for one in value):
            return {key: thaw(one) for key, one in value}
        return value

    return {key: thaw(value) for key, value in options}


class Evaluator:
    """A diagram that only shows what it makes of its inputs. ``inputs``: the type of each port."""

    def __init__(self, diagram: Diagram, precision: str = "float64", seed: int = 0) -> None:
        compiled = compile_diagram(diagram)
        self.inputs: dict[str, Type] = compiled.inputs
        self.outputs: dict[str, Type] = {
            name.removeprefix("port."): var.type for name, var in compiled.program.outputs.items()
        }
        self._learner = Learner(compiled, precision=precision, seed=seed)
        self.states = self._learner.states

    def predict(self, columns: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """Every output port for each row; rows first."""
        return self._learner.predict({name: np.asarray(values) for name, values in columns.items()})
