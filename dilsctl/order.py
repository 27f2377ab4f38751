"""Orders that do not depend on how things were declared: of equations and of names. In linear time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from dilsctl.ir import Eqn, Var

_NUMBER = re.compile(r"(\d+)")
_Value = TypeVar("_Value")


@lru_cache(maxsize=1 << 14)
def natural(name: str) -> tuple[str | int, ...]:
    """A sort key by which numbers in names count as numbers: h2 comes before h10."""
    return tuple([int(part) if k % 2 else part for k, part in enumerate(_NUMBER.split(name))])


def by_name(mapping: Mapping[str, _Value]) -> dict[str, _Value]:
    """The mapping in the natural order of its names."""
    return {name: mapping[name] for name in sorted(mapping, key=natural)}


def reached_from(ends: Sequence[Var], eqns: Sequence[Eqn]) -> list[Eqn]:
    """The equations that ``ends`` need, in dependency order: depth first from each end, inputs in turn.

    ``eqns`` must be free of cycles; their own order does not matter.
    """
    producer = {out: eqn for eqn in eqns for out in eqn.outputs}
    ordered: list[Eqn] = []
    done: set[Eqn] = set()
    for end in ends:
        first = producer.get(end)
        if first is None or first in done:
            continue
        work = [(first, iter(first.inputs))]
        while work:
            eqn, inputs = work[-1]
            for one in inputs:
                needed = producer.get(one)
                if needed is not None and needed not in done:
                    work.append((needed, iter(needed.inputs)))
                    break
            else:
                work.pop()
                if eqn not in done:
                    done.add(eqn)
                    ordered.append(eqn)
    return ordered


def sort_equations(eqns: Sequence[Eqn]) -> tuple[list[Eqn], list[Eqn]]:
    """(equations in dependency order, equations on a cycle or behind one).

    The order is that of the list wherever dependencies allow: an equation that could come first does.
    """
    producer: dict[Var, int] = {}
    for i, eqn in enumerate(eqns):
        for out in eqn.outputs:
            producer[out] = i
    waiting = [0] * len(eqns)
    readers: list[list[int] | None] = [None] * len(eqns)
    ready: list[int] = []
    for i, eqn in enumerate(eqns):
        needed: set[int] = set()
        for one in eqn.inputs:
            if one in producer:
                needed.add(producer[one])
        waiting[i] = len(needed)
        for j in needed:
            found = readers[j]
            if found is None:
                readers[j] = [i]
            else:
                found.append(i)
        if not needed:
            ready.append(i)
    ordered: list[Eqn] = []
    done = bytearray(len(eqns))
    ready.reverse()
    while ready:
        i = ready.pop()
        done[i] = 1
        ordered.append(eqns[i])
        freed: list[int] = []
        for j in readers[i] or ():
            waiting[j] -= 1
            if not waiting[j]:
                freed.append(j)
        freed.reverse()
        ready += freed
    return ordered, [eqn for i, eqn in enumerate(eqns) if not done[i]]


def components(eqns: Sequence[Eqn]) -> list[list[Eqn]]:
    """Strongly connected components in dependency order, each in the order of the list."""
    producer = {out: i for i, eqn in enumerate(eqns) for out in eqn.outputs}
    needs = [[producer[one] for one in eqn.inputs if one in producer] for eqn in eqns]
    return [[eqns[i] for i in sorted(members)] for members in strong_components(needs)]


def strong_components(needs: Sequence[Sequence[int]]) -> list[list[int]]:
    """Strongly connected components of a graph, each after those it needs (Tarjan's algorithm, without
    recursion). ``needs[i]`` are the numbers of the nodes that node i needs."""
    number = [-1] * len(needs)
    low = [0] * len(needs)
    on_stack = bytearray(len(needs))
    stack: list[int] = []
    found: list[list[int]] = []
    count = 0
    for root in range(len(needs)):
        if number[root] >= 0:
            continue
        work = [(root, 0)]
        while work:
            i, k = work.pop()
            if k == 0:
                number[i] = low[i] = count
                count += 1
                stack.append(i)
                on_stack[i] = 1
            descended = False
            while k < len(needs[i]):
                j = needs[i][k]
                k += 1
                if number[j] < 0:
                    work.append((i, k))
                    work.append((j, 0))
                    descended = True
                    break
                if on_stack[j]:
                    low[i] = min(low[i], number[j])
            if descended:
                continue
            if low[i] == number[i]:
                members: list[int] = []
                while True:
                    j = stack.pop()
                    on_stack[j] = 0
                    members.append(j)
                    if j == i:
                        break
                found.append(members)
            if work:
                parent = work[-1][0]
                low[parent] = min(low[parent], low[i])
    return found
