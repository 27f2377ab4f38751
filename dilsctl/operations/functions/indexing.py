"""``x[…]``: numbers, slices, new axes, lists of places, and one computed index."""

from __future__ import annotations

from typing import Any

from dilsctl.ir import Var
from dilsctl.operations.functions.values import as_var
from dilsctl.operations.index import nested_flat, nested_shape
from dilsctl.operations.rules import reshape, show
from dilsctl.operations.slicing import is_whole
from dilsctl.operations.table import Builder, PlaceError

Value = Any


def index(builder: Builder, x: Var, items: tuple[Value, ...]) -> Var:
    """``x[items]``. Raises OperationError for a bad index.

    Items are static whole numbers (negative ones count from the end), slices, None (a new axis), Ellipsis,
    at most one list of static numbers, or at most one Var of kind int or class, whose shape replaces its
    axis. A computed index outside the axis takes the nearest element.
    """
    items = _filled(builder, x, items)
    entries: list[Any] = []  # for each axis of x: a number or a (start, stop, step) triple
    shape: list[int] = []  # of the result, but for the picked axis
    picks: list[tuple[int, Value]] = []  # axis of the sliced value, its places
    at = 0  # the axis of x that comes next
    sliced = 0  # the axis of the sliced value that comes next
    for item in items:
        if item is None:
            shape.append(1)
            continue
        length = x.shape[at]
        at += 1
        if isinstance(item, int):
            entries.append(_place(item, length))
            continue
        if isinstance(item, slice):
            entry, backwards = _triple(item, length)
            entries.append(entry)
            count = len(range(*entry))
            if backwards:
                picks.append((sliced, tuple(range(count - 1, -1, -1))))
            shape.append(count)
        else:
            entries.append((0, length, 1))
            places = item if isinstance(item, Var) else _places(item, length)
            picks.append((sliced, places))
            shape.extend(places.shape if isinstance(places, Var) else nested_shape(places))
        sliced += 1
    found = x
    if not all(is_whole(one, length) for one, length in zip(entries, x.shape, strict=True)):
        found = builder.emit("slice", (x,), index=tuple(entries))
    for place, places in reversed(picks):
        axis = place - found.rank
        if isinstance(places, Var):
            found = builder.emit("take", (found, places), axis=axis)
        else:
            found = builder.emit("gather", (found,), axis=axis, indices=places)
    return reshape(builder, found, tuple(shape))


def _filled(builder: Builder, x: Var, items: tuple[Value, ...]) -> tuple[Value, ...]:
    """Items for every axis of ``x``: Ellipsis spelled out, missing ones whole. Checks what there is."""
    computed = 0
    for item in items:
        if isinstance(item, bool) or (isinstance(item, Var) and item.type.kind == "bool"):
            raise PlaceError("a bool is no index", "use where(condition, a, b) to choose by condition")
        if isinstance(item, float | str):
            raise PlaceError(f"{item!r} is no index", "an index is a whole number, a slice or a class")
        computed += isinstance(item, Var | tuple)
    if computed > 1:
        raise PlaceError("only one index may be computed or a list", "index twice: x[i][:, j]")
    items = tuple(_computed(builder, one) if isinstance(one, tuple) else one for one in items)
    if sum(one is Ellipsis for one in items) > 1:
        raise PlaceError("'...' may stand once")
    used = sum(one is not None and one is not Ellipsis for one in items)
    if used > x.rank:
        raise PlaceError(f"{used} indices for a value of shape {show(x.shape)}", argument=0)
    rest = (slice(None),) * (x.rank - used)
    if Ellipsis in [one for one in items if not isinstance(one, Var)]:
        cut = next(n for n, one in enumerate(items) if one is Ellipsis)
        return (*items[:cut], *rest, *items[cut + 1 :])
    return (*items, *rest)


def _computed(builder: Builder, item: tuple[Value, ...]) -> Value:
    """A list of places: static, or stacked into a Var if it holds Vars."""
    flat = nested_flat(item)
    if any(isinstance(one, Var) for one in flat):
        return as_var(builder, item)
    if any(isinstance(one, bool) or not isinstance(one, int) for one in flat):
        raise PlaceError("a list of places holds whole numbers")
    return item


def _place(number: int, length: int) -> int:
    if not -length <= number < length:
        raise PlaceError(f"index {number} is outside an axis of length {length}")
    return number % length


def _places(places: Value, length: int) -> Value:
    if isinstance(places, tuple):
        return tuple(_places(one, length) for one in places)
    return _place(places, length)


def _triple(item: slice, length: int) -> tuple[tuple[int, int, int], bool]:
    """A slice as (start, stop, step) with step > 0, and whether it runs backwards."""
    if item.step == 0:
        raise PlaceError("the step of a slice cannot be 0")
    start, stop, step = item.indices(length)
    count = len(range(start, stop, step))
    if count == 0:
        return (0, 0, 1), False
    last = start + (count - 1) * step
    low, high = min(start, last), max(start, last)
    return (low, high + 1, abs(step) if count > 1 else 1), step < 0 and count > 1
