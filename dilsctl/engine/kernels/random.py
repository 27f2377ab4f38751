"""Counter-based random draws.

A draw is a hash of (seed, key, element, example, epoch, tick), so it needs no generator state and no
order. The hash is the finaliser of SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number
generators, OOPSLA 2014; constants of Stafford's variant 13), applied to each counter in turn. Normal
values are by Box and Muller (Annals of Mathematical Statistics 29, 1958).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from dilsctl.engine.kernels.base import Array, Context, Step, kernel
from dilsctl.ir import Eqn

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)
_MASK = (1 << 64) - 1


def start(seed: int, key: str) -> Array:
    """The 64-bit start value of a seed and a key, without axes."""
    digest = hashlib.blake2b(f"{seed}/{key}".encode(), digest_size=8).digest()
    return np.array(int.from_bytes(digest, "little"), np.uint64)


def mix(h: Array, counter: Any) -> Array:
    """The hash of ``h`` and a counter (broadcast): the counter moves the state, the finaliser mixes it."""
    counter = np.asarray(counter).astype(np.uint64)
    # Functions, not operators: arithmetic of NumPy scalars would warn of the wanted overflow.
    moved = np.multiply(np.add(counter, np.uint64(1)), _GOLDEN)
    found = np.array(np.add(h, moved), np.uint64)
    for step in _mix_steps(found, np.empty_like(found)):
        step()
    return found


def _mix_steps(h: Array, work: Array) -> list[Step]:
    """The finaliser, in place."""
    steps: list[Step] = []
    for shift, factor in ((30, _FIRST), (27, _SECOND), (31, None)):
        steps += [
            partial(np.right_shift, h, np.uint64(shift), out=work),
            partial(np.bitwise_xor, h, work, out=h),
        ]
        if factor is not None:
            steps.append(partial(np.multiply, h, factor, out=h))
    return steps


def _unit_steps(h: Array, work: Array, out: Array, bits: int) -> list[Step]:
    """The high bits of ``h`` as numbers in [0, 1)."""
    return [
        partial(np.right_shift, h, np.uint64(64 - bits), out=work),
        partial(np.multiply, work, np.float64(2.0**-bits), out=out, casting="unsafe"),
    ]


def _bits(dtype: Any) -> int:
    return 24 if np.dtype(dtype) == np.float32 else 53


def _hash_steps(eqn: Eqn, context: Context, shape: tuple[int, ...], h: Array, work: Array) -> list[Step]:
    """Steps that fill ``h`` with the hash of every element (and example) at this epoch and tick."""
    batched = eqn.outputs[0].batched
    origin = start(context.seed, eqn.param("key"))
    count = int(np.prod(shape, dtype=np.int64))
    elements = mix(origin, np.arange(count)).reshape(shape)
    later = np.uint64(eqn.param("later", 0) * int(_SECOND) & _MASK)
    clock, clock_work = np.empty((), np.uint64), np.empty((), np.uint64)
    seen = np.empty(context.examples.shape, np.uint64)
    seen_work = np.empty_like(seen)
    unsafe = {"casting": "unsafe"}
    steps: list[Step] = [
        partial(np.multiply, context.epoch, _GOLDEN, out=clock, dtype=np.uint64, **unsafe),
        *_mix_steps(clock, clock_work),
        partial(np.multiply, context.tick, _SECOND, out=clock_work, dtype=np.uint64, **unsafe),
        *([partial(np.add, clock_work, later, out=clock_work)] if later else []),
        partial(np.add, clock, clock_work, out=clock),
        *_mix_steps(clock, clock_work),
    ]
    if batched:
        steps += [
            partial(np.multiply, context.examples, _GOLDEN, out=seen, dtype=np.uint64, **unsafe),
            partial(np.add, seen, clock, out=seen),
            *_mix_steps(seen, seen_work),
            partial(np.add, elements[..., None], seen, out=h),
        ]
    else:
        steps.append(partial(np.add, elements, clock, out=h))
    return steps + _mix_steps(h, work)


def _normal_steps(h: Array, work: Array, out: Array) -> list[Step]:
    """Box and Muller: sqrt(-2 log u) cos(2 pi v), with u in (0, 1]."""
    u, v = np.empty(h.shape), np.empty(h.shape)
    return [
        *_unit_steps(h, work, u, 53),
        partial(np.subtract, np.float64(1), u, out=u),
        partial(np.add, h, _GOLDEN, out=h),
        *_mix_steps(h, work),
        *_unit_steps(h, work, v, 53),
        partial(np.log, u, out=u),
        partial(np.multiply, u, np.float64(-2), out=u),
        partial(np.sqrt, u, out=u),
        partial(np.multiply, v, np.float64(2 * np.pi), out=v),
        partial(np.cos, v, out=v),
        partial(np.multiply, u, v, out=out, casting="unsafe"),
    ]


@kernel("random_uniform", "random_normal")
def _draw(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    (out,) = outs
    h, work = np.empty(out.shape, np.uint64), np.empty(out.shape, np.uint64)
    steps = _hash_steps(eqn, context, eqn.outputs[0].shape, h, work)
    if eqn.op == "random_normal":
        return steps + _normal_steps(h, work, out)
    return steps + _unit_steps(h, work, out, _bits(out.dtype))


@kernel("random_bernoulli")
def _coin(eqn: Eqn, ins: Sequence[Array], outs: Sequence[Array], context: Context) -> list[Step]:
    (out,), (p,) = outs, eqn.inputs
    h, work = np.empty(out.shape, np.uint64), np.empty(out.shape, np.uint64)
    unit = np.empty(out.shape, ins[0].dtype)
    limit = ins[0][..., None] if eqn.outputs[0].batched and not p.batched else ins[0]
    return [
        *_hash_steps(eqn, context, eqn.outputs[0].shape, h, work),
        *_unit_steps(h, work, unit, _bits(unit.dtype)),
        partial(np.less, unit, limit, out=out),
    ]


def _counters(seed: int, key: str, indices: Sequence[Any]) -> Array:
    h = start(seed, key)
    for one in indices:
        h = mix(h, one)
    return h


def draw_uniform(seed: int, key: str, *indices: Any) -> Array:
    """Uniform values on [0, 1), float64: a function of seed, key and the (broadcast) indices."""
    h = _counters(seed, key, indices)
    return (h >> np.uint64(11)) * np.float64(2.0**-53)


def draw_normal(seed: int, key: str, *indices: Any) -> Array:
    """Standard normal values, float64: a function of seed, key and the (broadcast) indices."""
    h = np.array(_counters(seed, key, indices))
    out = np.empty(h.shape)
    for step in _normal_steps(h, np.empty_like(h), out):
        step()
    return out
