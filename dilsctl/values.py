"""Values of a YAML file that remember where they stand.

Scalars are plain Python values. ``Mapping`` and ``Sequence`` are a dict and a list with the places of their
parts beside them, packed two offsets to an integer, so that a million items cost eight megabytes of spans.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

from dilsctl.diagnostics import SourceFile, SourceSpan

Scalar = None | bool | int | float | str
Value = Any  # a Scalar, a Mapping or a Sequence
Path = tuple[str | int, ...]

LOW = (1 << 32) - 1


def pack(start: int, end: int) -> int:
    """Two offsets in one integer."""
    return start << 32 | end


def unpack(packed: int) -> tuple[int, int]:
    """The two offsets that ``pack`` put together."""
    return packed >> 32, packed & LOW


class Sequence(list[Any]):
    """A list; ``span(i)`` is the place of item i."""

    __slots__ = ("end", "file", "spans", "start")

    def __init__(self, file: SourceFile, start: int) -> None:
        super().__init__()
        self.file = file
        self.start = start
        self.end = start
        self.spans = array("Q")

    def span(self, index: int) -> SourceSpan:
        """The place of an item. Raises IndexError."""
        packed = self.spans[index]
        return SourceSpan(self.file, packed >> 32, packed & LOW)

    @property
    def own_span(self) -> SourceSpan:
        """The place of the whole list."""
        return SourceSpan(self.file, self.start, self.end)


class Mapping(dict[str, Any]):
    """A dict; ``key_span(key)`` and ``value_span(key)`` are the places of a key and of its value."""

    __slots__ = ("_order", "end", "file", "spans", "start")

    def __init__(self, file: SourceFile, start: int) -> None:
        super().__init__()
        self.file = file
        self.start = start
        self.end = start
        self.spans = array("Q")  # two for each key: the key's, then the value's
        self._order: dict[str, int] = {}

    def _span(self, key: str, part: int) -> SourceSpan:
        if len(self._order) != len(self):
            self._order = {known: number for number, known in enumerate(self)}
        place = 2 * self._order[key] + part
        if place >= len(self.spans):  # a value that no file wrote
            return self.own_span
        packed = self.spans[place]
        return SourceSpan(self.file, packed >> 32, packed & LOW)

    def key_span(self, key: str) -> SourceSpan:
        """The place of a key. Raises KeyError."""
        return self._span(key, 0)

    def value_span(self, key: str) -> SourceSpan:
        """The place of a key's value. Raises KeyError."""
        return self._span(key, 1)

    @property
    def own_span(self) -> SourceSpan:
        """The place of the whole mapping."""
        return SourceSpan(self.file, self.start, self.end)


def value_at(root: Value, path: Iterable[str | int]) -> Any:
    """The value at a path of keys and indices, or None where there is none."""
    value: Any = root
    for step in path:
        if (isinstance(value, Mapping) and step in value) or (
            isinstance(value, Sequence) and isinstance(step, int) and step < len(value)
        ):
            value = value[step]  # type: ignore[index]
        else:
            return None
    return value


def _walk(root: Value, path: Iterable[str | int]) -> tuple[SourceSpan, SourceSpan]:
    """The span of the key (or item) and of the value at a path, or of the nearest parent that exists."""
    if not isinstance(root, Mapping | Sequence):
        raise TypeError("only a mapping or a sequence knows where it stands")
    value: Any = root
    key_span = span = root.own_span
    for step in path:
        if isinstance(value, Mapping) and isinstance(step, str) and step in value:
            key_span, span = value.key_span(step), value.value_span(step)
            if span.start == span.end:  # nothing is written there: the key is the better place
                span = key_span
            value = value[step]
        elif isinstance(value, Sequence) and isinstance(step, int) and -1 < step < len(value):
            key_span = span = value.span(step)
            value = value[step]
        else:
            break
    return key_span, span


def span_at(root: Value, path: Iterable[str | int]) -> SourceSpan:
    """The place of the value at a path of keys and indices, or of the nearest parent that exists."""
    return _walk(root, path)[1]


def key_span_at(root: Value, path: Iterable[str | int]) -> SourceSpan:
    """The place of the last key of a path, or of the nearest parent's key; of the item, for an index."""
    return _walk(root, path)[0]
