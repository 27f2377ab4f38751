"""Parts of arrays, element by element."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

from dilsctl.ir import Index


def places_of(index: Index, shape: tuple[int, ...]) -> Iterator[int]:
    """The elements that an index of all axes picks, by their number in the array."""
    axes = [range(one, one + 1) if isinstance(one, int) else range(*one) for one in index]
    for place in itertools.product(*axes):
        number = 0
        for at, length in zip(place, shape, strict=True):
            number = number * length + at
        yield number


def nested(values: list[bool], shape: tuple[int, ...]) -> Any:
    """A list as nested tuples of a shape."""
    if not shape:
        return values[0]
    size = len(values) // max(shape[0], 1)
    return tuple(nested(values[k * size : (k + 1) * size], shape[1:]) for k in range(shape[0]))
