"""Does the value of a wire fit its target? Kinds widen, elements broadcast, nothing else changes silently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dilsctl.diagnostics import Diagnostic, Label, Problem
from dilsctl.elaborate import convert
from dilsctl.elaborate.dimensions import causes
from dilsctl.elaborate.interface import PortSite
from dilsctl.elaborate.static import Value
from dilsctl.elaborate.wires import Wire
from dilsctl.ir import Type, Var
from dilsctl.operations.table import OperationError, ShapeError

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration


def fit(
    box: BoxElaboration, wire: Wire, value: Value, wanted: Type, own_rank: int, site: PortSite, *, whole: bool
) -> Var:
    """The value as the target takes it: widened, and broadcast to the elements of a counted box.

    A whole wire of the element's own rank stays as it is: lowering shares it among the elements. Raises
    Problem: type-mismatch, dimension-mismatch.
    """
    builder = box.builder
    if not isinstance(value, Var):
        return _fit_static(box, wire, value, wanted, own_rank, site, whole)
    found = value.type
    fitted: Var = value
    if found.kind != wanted.kind or found.classes != wanted.classes:
        if not convert.kind_fits(found, wanted):
            raise _mismatch(box, "type", wire, site, found, wanted)
        if wanted.kind == "real" and found.kind in ("int", "class"):
            builder.span = wire.span
            fitted = convert.as_kind(builder, fitted, wanted)
    if found.shape == wanted.shape:
        return fitted
    if found.shape == wanted.shape[len(wanted.shape) - own_rank :]:
        if whole:
            return fitted
        builder.span = wire.span
        return builder.emit("broadcast", (fitted,), shape=wanted.shape)
    raise _mismatch(box, "dimension", wire, site, found, wanted)


def _fit_static(
    box: BoxElaboration, wire: Wire, value: Value, wanted: Type, own_rank: int, site: PortSite, whole: bool
) -> Var:
    element = wanted.with_shape(wanted.shape[len(wanted.shape) - own_rank :])
    try:
        shape = convert.static_shape(value)
        if whole and (not shape or shape == element.shape):
            wanted = element
        box.builder.span = wire.span
        return convert.fit_static(box.builder, value, wanted)
    except OperationError as error:
        code = "dimension-mismatch" if isinstance(error, ShapeError) else "type-mismatch"
        related = (_target_label(wire, site),)
        raise Problem(
            [Diagnostic(code, error.message, Label(wire.source_span), related, error.help)]
        ) from None


def _target_label(wire: Wire, site: PortSite) -> Label:
    box, _, port, _ = wire.target
    return Label(site.span, f"'{box + '.' if box else ''}{port}' is declared here")


def _mismatch(
    box: BoxElaboration, noun: str, wire: Wire, site: PortSite, found: Type, wanted: Type
) -> Problem:
    """Both ends of the wire, and the other wires that made dimensions what they are."""
    related = [_target_label(wire, site)]
    source = box.names.source_site(wire.plain[0], wire.plain[1]) if wire.source is None else None
    if source is not None:
        related.insert(0, Label(source.span, "the source is declared here"))
    help = convert.kind_help(found, wanted)
    if noun == "dimension":
        dims = [*site.array_dims, *(source.array_dims if source is not None else ())]
        for name, value, cause in causes(dims):
            if cause != wire.span:
                related.append(Label(cause, f"this makes '{name}' {value}"))
        help = _rank_help(found, wanted, site)
    elif found.classes is not None and found.kind == wanted.kind:
        help = ""
    message = f"the wire carries '{found}', its target takes '{wanted}'"
    return Problem([Diagnostic(f"{noun}-mismatch", message, Label(wire.span), tuple(related), help)])


def _rank_help(found: Type, wanted: Type, site: PortSite) -> str:
    if site.count is not None and len(wanted.shape) == len(site.array_dims) + 1:
        element = wanted.with_shape(wanted.shape[1:])
        return f"every element is told a '{element}' of its own, or all are told one '{element}'"
    if not wanted.shape and found.shape:
        return "sum(…), mean(…) or an index makes one number of it"
    return ""
