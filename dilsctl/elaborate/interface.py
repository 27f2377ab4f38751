"""Ports while their dimensions are still being solved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.elaborate.dimensions import LARGEST, Dimension, DimensionError, compute, resolve
from dilsctl.ir import Kind, Type
from dilsctl.syntax.types import TypeText


@dataclass(slots=True, eq=False)
class PortSite:
    """A port's type as declared. ``dims`` and ``classes`` may hold unsolved names."""

    name: str
    kind: Kind
    classes: Dimension | None
    dims: tuple[Dimension, ...]
    span: SourceSpan
    count: int | None = None  # a counted box's port has one more leading axis
    known: Type | None = None

    @property
    def array_dims(self) -> tuple[Dimension, ...]:
        """Lengths of one element's array axes (a simplex carries its classes last)."""
        return (*self.dims, self.classes) if self.kind == "simplex" else self.dims

    def own_type(self) -> Type | None:
        """The type of one element, once every dimension is solved."""
        if self.known is None:
            dims = [resolve(one) for one in self.array_dims]
            classes = resolve(self.classes) if self.classes is not None else None
            if all(isinstance(one, int) for one in dims) and (classes is None or isinstance(classes, int)):
                self.known = Type(self.kind, tuple(dims), classes)
                if self.known.size > LARGEST:
                    raise Problem.of("too-large", f"this port has {self.known.size} elements", self.span)
        return self.known

    def full_type(self) -> Type | None:
        """The type with the box array's axis in front."""
        own = self.own_type()
        if own is None or self.count is None:
            return own
        return Type(own.kind, (self.count, *own.shape), own.classes)

    def unsolved(self) -> list[str]:
        """Names of dimensions that are not known."""
        found: list[str] = []

        def walk(dim: Any) -> None:
            dim = resolve(dim)
            if isinstance(dim, tuple):
                walk(dim[1])
                walk(dim[2])
            elif not isinstance(dim, int) and dim is not None:
                found.append(dim.name)

        for one in (*self.dims, self.classes):
            walk(one)
        return list(dict.fromkeys(found))


def port_site(
    name: str, text: TypeText, lookup: Callable[[str], Dimension], span: SourceSpan, count: int | None = None
) -> PortSite:
    """The port that a type text declares; ``lookup`` gives each dimension name its meaning."""

    def dimension(dim: Any) -> Dimension:
        if isinstance(dim, str):
            return lookup(dim)
        if isinstance(dim, tuple):
            left, right = dimension(dim[1]), dimension(dim[2])
            if isinstance(left, int) and isinstance(right, int):
                return compute(dim[0], left, right)
            return (dim[0], left, right)
        return dim

    try:
        classes = dimension(text.classes) if text.classes is not None else None
        dims = tuple(dimension(one) for one in text.dims)
        for one in (*dims, *([classes] if classes is not None else [])):
            if isinstance(one, int) and one > LARGEST:
                raise DimensionError(f"a dimension is too large: {one}")
        if isinstance(classes, int) and classes < 1:
            raise DimensionError(f"'{text.kind}' needs at least one class, not {classes}")
    except DimensionError as error:
        raise Problem.of("bad-dimension", str(error), span) from None
    return PortSite(name, text.kind, classes, dims, span, count)
