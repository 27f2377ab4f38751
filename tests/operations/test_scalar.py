"""Every operation that is run number by number, against its NumPy kernel: on random numbers and on all that
is special about floats and 64-bit whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dilsctl.engine.kernels import Array, dtype_of
from dilsctl.engine.scalar import Turns, column
from dilsctl.engine.scalar.program import RULES
from dilsctl.ir import Program, Type, Var
from dilsctl.operations import OPERATIONS, Builder

from .cases import CASES, Case
from .run import BATCH, physical_shape, run
from .test_primitives import patterns, setup

EXACT = {
    "neg", "abs", "square", "sign", "relu", "add", "sub", "mul", "div", "sqrt", "reciprocal", "mod",
    "floor_div", "minimum", "maximum", "floor", "ceil", "round", "eq", "ne", "lt", "le", "gt", "ge", "and",
    "or", "xor", "not",
    "where", "cast", "copy", "stop", "relu_grad", "max", "min", "any", "all", "argmax", "argmin", "broadcast",
    "reshape", "transpose", "slice", "pad_slice", "assemble", "roll", "gather", "take", "one_hot",
}  # fmt: skip
LEFT_TO_NUMPY = {
    "argsort", "solve", "patches", "unpatches", "max_pool", "max_pool_grad", "random_normal",
    "random_uniform", "random_bernoulli", "constant",
}  # fmt: skip
FLOATS = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, 2.5, -2.5, 3.0, 709.0, 710.0, -745.0, -746.0, 1e-320, -1e-310, 1e16,
    1e300, -1e300, 1.7e308, np.inf, -np.inf, np.nan, 2.0**53, -(2.0**63), 2.0**63, 0.1, 1e-17,
]  # fmt: skip
INTS = [0, 1, -1, 2, -7, 3, 2**31, -(2**31), 2**62, 2**63 - 1, -(2**63), 2**53 + 1]


def both(
    op: str, inputs: list[Var], given: dict[Var, Array], params: dict[str, Any], careful: bool
) -> list[tuple[Array, Array]]:
    """(what the kernel gives, what the numbers give) for each output."""
    builder = Builder([])
    outs = builder.emit_all(op, inputs, **params)
    expected = run(builder.eqns, given)
    names = {f"in{n}": one for n, one in enumerate(inputs)}
    program = Program(names, (), {f"out{n}": one for n, one in enumerate(outs)}, tuple(builder.eqns))
    turns = Turns(program, BATCH)
    if careful:
        turns._raised = 9
    columns = [column(given[names[name]][None]) for name in turns.given]
    _, rows = turns.run((), columns, (), 1)
    found = turns.columns(rows)
    return [(expected[one], found[f"out{n}"][0]) for n, one in enumerate(outs)]


RUNS = [(case, flags) for case in CASES if case.op in RULES for flags in patterns(case)]


@pytest.mark.parametrize(
    ("case", "flags"), RUNS, ids=[f"{case}{''.join('-B'[flag] for flag in flags)}" for case, flags in RUNS]
)
def test_as_the_kernel(case: Case, flags: tuple[bool, ...]) -> None:
    inputs, given = setup(case, flags)
    for careful in (False, True):
        for expected, found in both(case.op, inputs, given, case.params, careful):
            assert found.shape == expected.shape and found.dtype == expected.dtype
            if case.op in EXACT or expected.dtype.kind != "f":
                np.testing.assert_array_equal(found, expected)
            else:
                np.testing.assert_allclose(found, expected, rtol=1e-14, atol=1e-14)


def special(kind: str, count: int, seed: int) -> list[Array]:
    """All pairs of special numbers, in columns, with random ones."""
    values = {"real": FLOATS, "int": INTS, "bool": [False, True]}[kind]
    dtype = dtype_of(kind, np.float64)  # type: ignore[arg-type]
    rng = np.random.default_rng(seed)
    pool = np.array(values, dtype)
    if kind == "real":
        pool = np.concatenate([pool, rng.normal(size=4), rng.normal(size=4) * 1e3])
    if count == 1:
        return [pool]
    if count == 2:
        return [one.ravel() for one in np.meshgrid(pool, pool)]
    return [rng.choice(pool, 300) for _ in range(count)]


ELEMENTWISE = {
    (case.op, tuple(one.kind for one in case.types), tuple(sorted(case.params.items())))
    for case in CASES
    if OPERATIONS[case.op].elementwise and case.op in RULES
    if all(one.kind in ("real", "int", "bool") for one in case.types)
} | {
    (op, ("int", "int"), ())
    for op in ("sub", "mod", "floor_div", "maximum", "div", "eq", "lt", "pow")
    if op != "pow"
}


@pytest.mark.parametrize(("op", "kinds", "params"), sorted(ELEMENTWISE, key=str))
def test_special_numbers(op: str, kinds: tuple[str, ...], params: Any) -> None:
    pools = special(kinds[0], len(kinds), 1) if len(set(kinds)) == 1 else None
    if pools is None:
        rng = np.random.default_rng(2)
        pools = [rng.choice(special(kind, 1, 3)[0], 200) for kind in kinds]
    inputs = [Var(Type(kind, pool.shape)) for kind, pool in zip(kinds, pools, strict=True)]  # type: ignore[arg-type]
    given = dict(zip(inputs, pools, strict=True))
    for expected, found in both(op, inputs, given, dict(params), careful=False):
        if op in EXACT or expected.dtype.kind != "f":
            np.testing.assert_array_equal(found, expected)
            if op not in ("minimum", "maximum", "relu"):  # of two zeros, NumPy takes either
                number = ~np.isnan(expected.astype(float))
                np.testing.assert_array_equal(np.signbit(found[number]), np.signbit(expected[number]))
        else:
            np.testing.assert_allclose(found, expected, rtol=4e-15, atol=1e-300)


@pytest.mark.parametrize("op", ["max", "min", "sum", "prod", "any", "all", "argmax", "argmin", "logsumexp"])
def test_special_numbers_in_lines(op: str) -> None:
    rng = np.random.default_rng(4)
    kind = "bool" if op in ("any", "all") else "real"
    pool = np.array([0.0, 1.5, -2.0, np.inf, -np.inf, np.nan, 800])
    if kind == "bool":
        pool = np.array([False, True])
    x = Var(Type(kind, (60, 4)))  # type: ignore[arg-type]
    params: dict[str, Any] = {"axis": -1} if op.startswith("arg") else {"axes": (-1,)}
    for expected, found in both(op, [x], {x: rng.choice(pool, (60, 4))}, params, careful=False):
        np.testing.assert_allclose(found, expected, rtol=1e-14)


def test_which_operations_are_left_to_numpy() -> None:
    assert set(OPERATIONS) - set(RULES) == LEFT_TO_NUMPY


def test_whole_numbers_wrap() -> None:
    a, b = Var(Type("int", (144,))), Var(Type("int", (144,)))
    pools = special("int", 2, 0)
    for op in ("add", "sub", "mul"):
        ((expected, found),) = both(op, [a, b], dict(zip((a, b), pools, strict=True)), {}, careful=False)
        np.testing.assert_array_equal(found, expected)


def test_physical_shapes() -> None:
    x = Var(Type("real", (2,)), True)
    ((expected, found),) = both("square", [x], {x: np.ones((2, BATCH))}, {}, careful=False)
    assert found.shape == physical_shape(x) == expected.shape
