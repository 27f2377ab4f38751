"""How contract is bound: the calls that the fast paths make, and that running allocates nothing."""

from __future__ import annotations

import tracemalloc
from functools import partial
from typing import Any

import numpy as np
import pytest

from dilsctl.engine.kernels import KERNELS, dtype_of
from dilsctl.ir import REAL, Var
from dilsctl.operations import Builder

from .cases import CASES
from .run import context, physical_shape, random_value

BATCH = 40_000
BUFFERS = 130_000


def peak_of(steps: list[Any]) -> int:
    """The most memory that a run asks for, after one to warm up."""
    with np.errstate(all="ignore"):
        for step in steps:
            step()
        tracemalloc.start()
        for step in steps:
            step()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak


def bound(spec: str, shapes: list[tuple[int, ...]], batched: str, out: bool | None = None) -> list[Any]:
    builder = Builder([])
    inputs = [Var(REAL.with_shape(s), flag == "B") for s, flag in zip(shapes, batched, strict=True)]
    result = builder.emit("contract", inputs, batched=out, spec=spec)
    rng = np.random.default_rng(0)
    arrays = [rng.normal(size=physical_shape(one, BATCH)).astype(np.float32) for one in inputs]
    target = np.empty(physical_shape(result, BATCH), np.float32)
    return KERNELS["contract"](builder.eqns[0], arrays, [target], context())


ONE_DOT: list[tuple[str, list[tuple[int, ...]], str, bool | None]] = [
    ("ij,j->i", [(4, 5), (5,)], "-B", None),  # a layer
    ("i,ij->j", [(4,), (4, 5)], "B-", None),  # its reverse
    ("i,j->ij", [(4,), (5,)], "BB", False),  # the gradient of its weights
    ("j,i->ij", [(5,), (4,)], "BB", False),
    ("ij,j->i", [(4, 5), (5,)], "--", None),
    ("i,i->", [(4,), (4,)], "BB", False),
    ("ok,kyx->oyx", [(2, 3), (3, 4, 4)], "-B", None),  # a convolution
    ("oyx,ok->kyx", [(2, 4, 4), (2, 3)], "B-", None),
    ("oyx,kyx->ok", [(2, 4, 4), (3, 4, 4)], "BB", False),
    ("gi,jgi->j", [(2, 3), (4, 2, 3)], "B-", None),
    ("ij,jk->ki", [(4, 5), (5, 6)], "--", None),
]


@pytest.mark.parametrize(("spec", "shapes", "batched", "out"), ONE_DOT)
def test_one_dot_and_no_copies(
    spec: str, shapes: list[tuple[int, ...]], batched: str, out: bool | None
) -> None:
    steps = bound(spec, shapes, batched, out)
    assert [one.func for one in steps] == [np.dot]
    assert peak_of(steps) < BUFFERS


ONE_MATMUL: list[tuple[str, list[tuple[int, ...]], str, bool | None]] = [
    ("gij,gj->gi", [(3, 4, 5), (3, 5)], "-B", None),  # counted layers
    ("gi,gij->gj", [(3, 4), (3, 4, 5)], "B-", None),
    ("gi,gj->gij", [(3, 4), (3, 5)], "BB", False),
    ("gj,gj->g", [(3, 8), (3, 8)], "-B", None),  # counted neurons with inputs of their own
    ("ij,jk->ik", [(4, 5), (5, 6)], "B-", None),
    ("gij,gjk->gik", [(3, 4, 5), (3, 5, 6)], "--", None),
]


@pytest.mark.parametrize(("spec", "shapes", "batched", "out"), ONE_MATMUL)
def test_one_matmul(spec: str, shapes: list[tuple[int, ...]], batched: str, out: bool | None) -> None:
    steps = bound(spec, shapes, batched, out)
    assert [one.func for one in steps] == [np.matmul]


LAST = {case.op: case for case in CASES}


@pytest.mark.parametrize("case", LAST.values(), ids=str)
def test_steps_are_bound_calls_that_allocate_nothing_lasting(case: Any) -> None:
    """All work goes to arrays made when binding. NumPy's own iterators may take buffers, whose size is fixed;
    nothing may grow with the arrays, of which the smallest here has 160 KB."""
    builder = Builder([])
    inputs = [Var(one, True) for one in case.types]
    outs = builder.emit_all(case.op, inputs, **case.params)
    rng = np.random.default_rng(0)
    wide = context()
    object.__setattr__(wide, "examples", np.arange(BATCH))
    given = []
    for one in inputs:
        small = random_value(one, rng, np.float32)
        value = np.repeat(small, BATCH // 2, axis=-1)[..., :BATCH].copy()
        given.append(value if case.domain is None or value.dtype.kind != "f" else case.domain(value))
    arrays = [np.zeros(physical_shape(one, BATCH), dtype_of(one.type.kind, np.float32)) for one in outs]
    steps = KERNELS[case.op](builder.eqns[0], given, arrays, wide)
    assert all(isinstance(one, partial) or callable(one) for one in steps)
    peak = peak_of(steps)
    assert peak < BUFFERS, f"{case.op} allocates {peak} bytes in a run"
