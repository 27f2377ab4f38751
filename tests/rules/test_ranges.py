"""Bounds hold: whatever values are drawn, what the engine computes lies within them."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from dilsctl.engine.bind import bind
from dilsctl.ir import BOOL, REAL, Eqn, Program, Type, Var
from dilsctl.operations.table import Builder
from dilsctl.ranges import ANY, Range, heard, ranges

UNARY = ["neg", "exp", "log", "log1p", "sqrt", "square", "reciprocal", "tanh", "sigmoid", "relu", "gelu",
         "softplus", "sin", "cos", "tan", "arctan", "abs", "erf", "sign", "floor", "ceil", "round", "stop",
         "copy", "sum", "mean", "prod", "max", "min", "logsumexp", "softmax", "log_softmax"]  # fmt: skip
BINARY = ["add", "sub", "mul", "div", "pow", "minimum", "maximum", "mod", "floor_div", "arctan2"]
COMPARED = ["eq", "ne", "lt", "le", "gt", "ge"]
REDUCED = {"sum", "mean", "prod", "max", "min", "logsumexp"}
NUMBERS = some.sampled_from([0.0, 1.0, -1.0, 0.5, -0.5, 2.0, 3.0, -3.0, 30.0, -40.0])
BOUNDS = some.tuples(NUMBERS, NUMBERS).map(lambda two: (min(two), max(two)))
SIZE = 3


def _programs() -> some.SearchStrategy[tuple[list[Eqn], list[Var]]]:
    """Equations over two vectors, each over what is there so far."""

    @some.composite
    def build(draw: Callable[..., int]) -> tuple[list[Eqn], list[Var]]:
        eqns: list[Eqn] = []
        builder = Builder(eqns)
        inputs = [Var(REAL.with_shape((SIZE,))) for _ in range(2)]
        there = list(inputs)

        def pick() -> Var:
            return there[draw(some.integers(0, len(there) - 1))]

        for _ in range(draw(some.integers(1, 6))):
            op = draw(
                some.sampled_from([*UNARY, *BINARY, *COMPARED, "where", "contract", "constant", "cast"])
            )
            if op in REDUCED:
                one = builder.emit(op, (pick(),), axes=(-1,))
                there.append(builder.emit("broadcast", (one,), shape=(SIZE,)))
            elif op in ("softmax", "log_softmax"):
                there.append(builder.emit(op, (pick(),), axis=-1))
            elif op in UNARY:
                there.append(builder.emit(op, (pick(),)))
            elif op in BINARY:
                there.append(builder.emit(op, (pick(), pick())))
            elif op == "contract":
                one = builder.emit("contract", (pick(), pick()), spec="i,i->")
                there.append(builder.emit("broadcast", (one,), shape=(SIZE,)))
            elif op == "constant":
                there.append(builder.constant(draw(NUMBERS), REAL.with_shape((SIZE,))))
            else:
                asked = builder.emit(draw(some.sampled_from(COMPARED)), (pick(), pick()))
                if op == "where":
                    there.append(builder.emit("where", (asked, pick(), pick())))
                else:
                    there.append(builder.emit("cast", (asked,), kind="real"))
        return eqns, inputs

    return build()


def _run(eqns: list[Eqn], inputs: list[Var], values: list[np.ndarray]) -> dict[Var, np.ndarray]:
    """What the engine computes of every variable."""
    shown = {f"v{n}": out for n, out in enumerate(out for eqn in eqns for out in eqn.outputs)}
    program = Program({str(n): one for n, one in enumerate(inputs)}, (), shown, tuple(eqns))
    bound = bind(program, 1, {}, real=np.float64)
    for number, value in enumerate(values):
        bound.inputs[str(number)][...] = value
    with np.errstate(all="ignore"):
        bound.run()
    return {var: np.array(bound.outputs[name]) for name, var in shown.items()}


@settings(deadline=None, max_examples=400)
@given(_programs(), BOUNDS, BOUNDS, some.integers(0, 2**20))
def test_values_lie_within_their_ranges(
    drawn: tuple[list[Eqn], list[Var]], one: Range, two: Range, seed: int
) -> None:
    eqns, inputs = drawn
    known = ranges(eqns, dict(zip(inputs, (one, two), strict=True)))
    rng = np.random.default_rng(seed)
    broken: set[Var] = set()  # infinite, or no number: and what is made of it
    for _ in range(3):
        values = [
            np.where(rng.random(SIZE) < 0.3, rng.choice(b, SIZE), rng.uniform(*b, SIZE)) for b in (one, two)
        ]
        found = _run(eqns, inputs, values)
        for eqn in eqns:
            for out in eqn.outputs:
                value = np.asarray(found[out], float)
                if not np.isfinite(value).all() or not broken.isdisjoint(eqn.inputs):
                    broken.add(out)
                    continue
                least, most = known[out]
                slack = 1e-9 * max(1.0, float(np.abs(value).max()))
                assert least - slack <= value.min() and value.max() <= most + slack, (
                    eqn.op,
                    known[out],
                    value,
                )


@settings(deadline=None, max_examples=200)
@given(_programs(), BOUNDS, BOUNDS, some.integers(0, 2**20))
def test_what_is_not_heard_changes_nothing(
    drawn: tuple[list[Eqn], list[Var]], one: Range, two: Range, seed: int
) -> None:
    eqns, inputs = drawn
    given_ = dict(zip(inputs, (one, two), strict=True))
    known = ranges(eqns, given_)
    wanted = {eqns[-1].outputs[0]}
    for eqn in reversed(eqns):
        if not wanted.isdisjoint(eqn.outputs):
            wanted.update(heard(eqn, known))
    rng = np.random.default_rng(seed)
    values = [rng.uniform(*b, SIZE) for b in (one, two)]
    others = [
        value if var in wanted else rng.uniform(*given_[var], SIZE)
        for var, value in zip(inputs, values, strict=True)
    ]
    last = eqns[-1].outputs[0]
    first, second = (_run(eqns, inputs, some_values) for some_values in (values, others))
    if all(np.isfinite(np.asarray(one, float)).all() for found in (first, second) for one in found.values()):
        np.testing.assert_allclose(first[last], second[last], rtol=1e-12, atol=1e-12)


def test_bounds_are_close_where_they_should_be() -> None:
    eqns: list[Eqn] = []
    builder = Builder(eqns)
    x, c = Var(REAL), Var(Type("class", (), 5))
    on = Var(BOOL)
    cases = {
        builder.emit("tanh", (x,)): (-1.0, 1.0),
        builder.emit("square", (x,)): (0.0, math.inf),
        builder.emit("mul", (x, x)): (0.0, math.inf),
        builder.emit("sub", (x, x)): (0.0, 0.0),
        builder.emit("mul", (x, builder.constant(0, REAL))): (0.0, 0.0),
        builder.emit("cast", (c,), kind="real"): (0.0, 4.0),
        builder.emit("not", (on,)): (0.0, 1.0),
        builder.emit("lt", (builder.emit("abs", (x,)), builder.constant(0, REAL))): (0.0, 0.0),
        builder.emit("exp", (x,)): (0.0, math.inf),
        builder.emit("tan", (x,)): ANY,
    }
    known = ranges(eqns, {})
    assert {var: known[var] for var in cases} == cases


@pytest.mark.parametrize("op", ["maximum", "minimum"])
def test_the_other_side_is_not_heard(op: str) -> None:
    eqns: list[Eqn] = []
    builder = Builder(eqns)
    x, y = Var(REAL), Var(REAL)
    above = builder.emit("add", (builder.emit("sigmoid", (x,)), builder.constant(1, REAL)))
    below = builder.emit("sigmoid", (y,))
    builder.emit(op, (above, below))
    assert heard(eqns[-1], ranges(eqns, {})) == ((above,) if op == "maximum" else (below,))
