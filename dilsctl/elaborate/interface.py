"""Ports while their dimensions are still being solved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dilsctl.diagnostics import SourceSpan
from dilsctl.elaborate.dimensions import LARGEST, Dimension, Fault, combine, resolve
from dilsctl.ir import Kind, Type
from dilsctl.limits import MOST_AXES, MOST_ELEMENTS
from dilsctl.syntax.types import TypeText


@dataclass(slots=True, eq=False)
class PortSite:
    """A port's type as declared. ``dims`` and ``classes`` may hold unsolved names.

    ``fault`` is the code and the message of what is wrong with the type, once that shows. ``when``: the modes
    in which the port exists, if not in all; of a port that shows a mode (``mode``) that mode.
    """

    name: str
    kind: Kind
    classes: Dimension | None
    dims: tuple[Dimension, ...]
    span: SourceSpan
    count: int | None = None  # a counted box's port has one more leading axis
    known: Type | None = None
    fault: tuple[str, str] | None = None
    feedback: tuple[str, SourceSpan] | None = None  # the output that an input answers, and where it is named
    when: tuple[str, ...] = ()
    mode: bool = False

    @property
    def partial(self) -> bool:
        """Does the port exist in some modes only?"""
        return bool(self.when) and not self.mode

    @property
    def array_dims(self) -> tuple[Dimension, ...]:
        """Lengths of one element's array axes (a simplex carries its classes last)."""
        return (*self.dims, self.classes) if self.kind == "simplex" else self.dims

    @property
    def all_dims(self) -> tuple[Dimension, ...]:
        """Every dimension of the type, that of its classes included."""
        return self.dims if self.classes is None else (*self.dims, self.classes)

    def own_type(self) -> Type | None:
        """The type of one element, once every dimension is solved; None as well where there is a fault."""
        if self.known is None and self.fault is None:
            self._look()
        return self.known

    def _look(self) -> None:
        """Take note of the type, or of what is wrong with it, if its dimensions say."""
        dims = tuple([resolve(one) for one in self.array_dims])
        classes = resolve(self.classes) if self.classes is not None else None
        for one in (*dims, classes):
            if type(one) is Fault:
                self.fault = ("bad-dimension", one.message)
                return
        if classes is not None and type(classes) is int and classes < 1:
            self.fault = ("bad-dimension", f"'{self.kind}' needs at least one class, not {classes}")
        elif len(dims) > MOST_AXES:
            self.fault = ("too-large", f"{len(dims)} axes; a value has at most {MOST_AXES}")
        elif all([type(one) is int for one in dims]) and (classes is None or type(classes) is int):
            found = Type(self.kind, dims, classes)
            if found.size > MOST_ELEMENTS:
                self.fault = ("too-large", f"'{found}' has {found.size} elements; {_LIMIT}")
            else:
                self.known = found

    def full_type(self) -> Type | None:
        """The type with the box array's axis in front."""
        own = self.own_type()
        if own is None or self.count is None:
            return own
        return Type(own.kind, (self.count, *own.shape), own.classes)


_LIMIT = f"an array has at most {MOST_ELEMENTS}"


def port_site(name: str, text: TypeText, lookup: Callable[[str], Dimension], span: SourceSpan) -> PortSite:
    """The port that a type text declares; ``lookup`` gives each dimension name its meaning."""

    def dimension(dim: Any) -> Dimension:
        if isinstance(dim, str):
            return lookup(dim)
        if isinstance(dim, tuple):
            return combine(dim[0], dimension(dim[1]), dimension(dim[2]))
        return dim if dim <= LARGEST else Fault(f"a dimension is too large: {dim}")

    classes = dimension(text.classes) if text.classes is not None else None
    return PortSite(name, text.kind, classes, tuple(dimension(one) for one in text.dims), span)
