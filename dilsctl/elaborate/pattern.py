"""The interaction pattern of one box: its wires, and the dimensions that they solve.

Wires are tried in rounds. A wire whose source has a known type is emitted and fixes the dimensions of its
target; when nothing moves any more, an interior box whose outputs depend on its own interior is elaborated
with what is known. What is then still unknown is an error.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from functools import partial
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, Severity, SourceSpan, did_you_mean
from dilsctl.elaborate import convert
from dilsctl.elaborate.dimensions import unify
from dilsctl.elaborate.emitter import Emitter, Unknown, Value
from dilsctl.elaborate.interface import PortSite
from dilsctl.elaborate.plain import PlainWires
from dilsctl.elaborate.wiring import Piece, assemble, coverage, region, region_shape
from dilsctl.expression import ExpressionError, parse_expression, parse_wire
from dilsctl.ir import Type, Var
from dilsctl.operations.table import OperationError
from dilsctl.source import text_span

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration

_PLAIN = re.compile(
    r"\s*(?:([A-Za-z_]\w*)\.)?([A-Za-z_]\w*)(?:\[(\d{1,9})\])?"
    r"\s*->\s*(?:([A-Za-z_]\w*)\.)?([A-Za-z_]\w*)(?:\[(\d{1,9})\])?\s*\Z"
)
_TARGET = re.compile(r"->\s*(?:([A-Za-z_]\w*)(?:\[[^\]]*\])?\.)?([A-Za-z_]\w*)\s*(?:\[[^\]]*\])?\s*\Z")
_WORDS = {"true", "false"}

Locate = Callable[[int, int], SourceSpan]
Key = tuple[str | None, str]  # interior box or None, port


@dataclass(slots=True, eq=False)
class Wire:
    """A wire that has been read but perhaps not yet emitted. Offsets are those of its scalar."""

    source: ast.expr | None  # None: a plain reference, in ``plain``
    base: int  # offset of the source expression
    plain: tuple[str | None, str, int | None]
    target: tuple[str | None, tuple[Any, ...], str, tuple[Any, ...]]
    locate: Locate
    extent: tuple[int, int]
    target_extent: tuple[int, int]

    @property
    def span(self) -> SourceSpan:
        return self.locate(*self.extent)

    @property
    def target_span(self) -> SourceSpan:
        return self.locate(*self.target_extent)


class Pattern:
    """Reads, solves and closes the wires of one box."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box
        self.report = box.report
        self.pieces: dict[Key, list[Piece]] = {}
        self.broken: set[Key] = set()  # targets of wires in error: not reported again as unwired
        self.slices: dict[tuple[Var, int], Var] = {}
        self.plain = PlainWires(self)
        self._places: list[tuple[int, int]] | None = None

    # -- reading ----------------------------------------------------------------------------------

    def _texts(self) -> Iterator[tuple[str, int, Locate]]:
        """(text, offset, locate) of each wire; locate takes offsets in the scalar that holds it."""
        body, file = self.box.body, self.box.file
        wires = body.get("wires")
        if not wires:
            return
        if isinstance(wires, str):
            span = body.value_span("wires")
            start = 0
            for line in wires.split("\n"):
                code = line.split(" #", 1)[0]
                if code.strip() and not code.lstrip().startswith("#"):
                    yield code, start, lambda i, j: text_span(file, span, wires, i, j)
                start += len(line) + 1
            return
        for i, text in enumerate(wires):
            yield text, 0, partial(self._locate, wires, i, text)

    def _locate(self, wires: Any, i: int, text: str, start: int, end: int) -> SourceSpan:
        return text_span(self.box.file, wires.span(i), text, start, end)

    def wire_span(self, number: int) -> SourceSpan:
        """The place of a wire by its number."""
        if self._places is None:
            self._places = [
                (start + len(text) - len(text.lstrip()), start + len(text.rstrip()))
                for text, start, _ in self._texts()
            ]
        wires = self.box.body["wires"]
        start, end = self._places[number]
        if isinstance(wires, str):
            return text_span(self.box.file, self.box.body.value_span("wires"), wires, start, end)
        return text_span(self.box.file, wires.span(number), wires[number], start, end)

    def _read(self) -> Iterator[Wire]:
        """The wires that can't be taken at once."""
        for number, (text, start, locate) in enumerate(self._texts()):
            plain = _PLAIN.match(text)
            if plain and self.plain.take(plain.groups(), number):
                continue
            extent = (start + len(text) - len(text.lstrip()), start + len(text.rstrip()))
            if plain and not (plain.group(1) is None and plain.group(2) in _WORDS):
                box, name, item, target_box, port, port_item = plain.groups()
                yield Wire(
                    None,
                    start,
                    (box, name, None if item is None else int(item)),
                    (target_box, (), port, () if port_item is None else (int(port_item),)),
                    locate,
                    extent,
                    (start + plain.start(4 if target_box else 5), extent[1]),
                )
                continue
            offset = start
            try:
                read = parse_wire(text)
                offset = start + read.source_start
                tree = parse_expression(read.source)
            except ExpressionError as error:
                where = locate(offset + error.start, offset + error.end)
                self.report.error(error.code, error.message, where, help=error.help)
                found = _TARGET.search(text)
                if found:
                    self.broken.add((found.group(1), found.group(2)))
                continue
            target = read.target
            yield Wire(
                tree,
                offset,
                (None, "", None),
                (target.box, target.box_index, target.port, target.port_index),
                locate,
                extent,
                (start + target.start, start + target.end),
            )

    # -- solving ----------------------------------------------------------------------------------

    def solve(self) -> None:
        """Emit every wire, in rounds, until all are done or nothing moves."""
        pending = list(self._read())
        while pending:
            waiting = [wire for wire in pending if not self._try(wire)]
            self.box.read_states()
            if len(waiting) == len(pending) and not self._unify_plain(waiting):
                if not self.box.children.solve_inside():
                    break
                self.box.read_states()
            pending = waiting
        for wire in pending:
            box, _, port, _ = wire.target
            self.broken.add((box, port))
        for _ in range(2):
            self.box.read_states()

    def _try(self, wire: Wire) -> bool:
        """Emit a wire; False where something it needs is not known yet."""
        mark = len(self.box.eqns)
        try:
            self._emit(wire)
        except Unknown:
            del self.box.eqns[mark:]
            return False
        except Problem as problem:
            self.report.extend(problem.diagnostics)
            self.broken.add((wire.target[0], wire.target[2]))
        return True

    def _emit(self, wire: Wire) -> None:
        site = self._target_site(wire)
        value = self._source(wire)
        box, box_index, port, port_index = wire.target
        if isinstance(value, Var) and not port_index:
            self._solve_dims(wire, site, value.type.shape)
        full = site.full_type()
        if full is None:
            raise Unknown
        if site.count is not None:
            items = self._items(wire, box_index)
            if len(items) > 1:
                raise Problem.of(
                    "dimension-mismatch", f"'{box}' has one axis of {site.count} elements", wire.target_span
                )
            items = (*(items or (slice(None),)), *self._items(wire, port_index))
        else:
            if box_index:
                raise Problem.of("bad-target", f"'{box}' is a single box: it has no index", wire.target_span)
            items = self._items(wire, port_index)
        index = region(items, full.shape, wire.target_span)
        wanted = full.with_shape(region_shape(index, full.shape))
        self.box.builder.span = wire.span
        own_rank = len(wanted.shape)
        if site.count is not None and not (index and isinstance(index[0], int)):
            own_rank -= 1
        var = self._fit(wire, value, wanted, own_rank, site, whole=not index)
        self.pieces.setdefault((box, port), []).append(Piece(index, var, wire.span))

    def _items(self, wire: Wire, nodes: tuple[Any, ...]) -> tuple[Any, ...]:
        if all(isinstance(one, int) for one in nodes):
            return nodes
        emitter = Emitter(self.box, self.box.builder, lambda i, j: wire.target_span)
        return emitter.items_of(nodes)

    def _source(self, wire: Wire) -> Value:
        if wire.source is not None:
            base, locate = wire.base, wire.locate
            emitter = Emitter(self.box, self.box.builder, lambda i, j: locate(base + i, base + j))
            return emitter.emit(wire.source)
        child, name, item = wire.plain
        value = self.box.known(child, name)
        if isinstance(value, Var) and item is None:
            return value
        if isinstance(value, Var) and value.rank and item is not None and item < value.shape[0]:
            if (value, item) not in self.slices:
                self.box.builder.span = wire.span
                rest = tuple((0, length, 1) for length in value.shape[1:])
                self.slices[value, item] = self.box.builder.emit("slice", (value,), index=(item, *rest))
            return self.slices[value, item]
        start = wire.extent[0]
        text = f"{child}.{name}" if child else name
        tree = parse_expression(text if item is None else f"{text}[{item}]")
        return Emitter(self.box, self.box.builder, lambda i, j: wire.locate(start + i, start + j)).emit(tree)

    def _target_site(self, wire: Wire) -> PortSite:
        box, _, port, _ = wire.target
        if box is None:
            if port in self.box.outputs:
                return self.box.outputs[port]
            if port in (self.box.section("out")):
                raise Unknown
            if port in self.box.inputs:
                raise Problem.of(
                    "wrong-direction",
                    f"'{port}' is an input of this box: its value comes from outside",
                    wire.target_span,
                    help="a wire drives an own output, or an input of an interior box",
                )
            if port in (self.box.section("state")):
                raise Problem.of(
                    "wrong-direction", f"'{port}' is a state: a wire can't drive it", wire.target_span
                )
            hint = did_you_mean(port, self.box.outputs)
            if port in self.box.children.sites:
                hint = f"name a port of it: {', '.join(f'{port}.{one}' for one in self.box.children.sites[port].inputs)}"
            raise Problem.of("unknown-port", f"this box has no output '{port}'", wire.target_span, help=hint)
        child = self.box.children.sites.get(box)
        if child is None:
            if box in (self.box.section("boxes")):
                raise Unknown
            hint = did_you_mean(box, self.box.children.sites)
            raise Problem.of("unknown-box", f"there is no interior box '{box}'", wire.target_span, help=hint)
        if port not in child.inputs:
            if port in child.outputs:
                raise Problem.of(
                    "wrong-direction",
                    f"'{box}.{port}' is an output of '{box}': a wire may read it, not drive it",
                    wire.target_span,
                )
            hint = did_you_mean(port, child.inputs)
            known = ", ".join(child.inputs) or "none"
            raise Problem.of(
                "unknown-port", f"'{box}' has no input '{port}'", wire.target_span, help=hint or f"inputs: {known}"
            )
        return child.inputs[port]

    def _solve_dims(self, wire: Wire, site: PortSite, shape: tuple[int, ...]) -> None:
        """Let a source of known shape fix the unsolved dimensions of its target."""
        if site.known is not None:
            return
        dims = site.array_dims
        if site.count is not None and len(shape) == len(dims) + 1:
            shape = shape[1:]
        if len(shape) == len(dims):
            for dim, length in zip(dims, shape, strict=True):
                if unify(dim, length) is False:
                    return  # _fit reports it with both ends

    def _unify_plain(self, waiting: list[Wire]) -> bool:
        """Equate unsolved dimensions at both ends of plain wires. True where that solved anything."""
        moved = False
        for wire in waiting:
            child, name, item = wire.plain
            if wire.source is not None or item is not None or wire.target[1] or wire.target[3]:
                continue
            source = self.box.source_site(child, name)
            try:
                target = self._target_site(wire)
            except (Problem, Unknown):
                continue
            if source is None or source.known is not None and target.known is not None:
                continue
            before = source.unsolved(), target.unsolved()
            from_dims, to_dims = source.array_dims, target.array_dims
            if source.count is not None and target.count is None:
                from_dims = (source.count, *from_dims)
            if len(from_dims) == len(to_dims):
                for a, b in zip(from_dims, to_dims, strict=True):
                    unify(a, b)
            if before != (source.unsolved(), target.unsolved()):
                moved = True
        return moved

    def _fit(
        self, wire: Wire, value: Value, wanted: Type, own_rank: int, site: PortSite, *, whole: bool
    ) -> Var:
        """The value as the target takes it: widened, and broadcast to the elements of a counted box.

        A whole wire of the element's own rank stays as it is: lowering shares it among the elements.
        """
        builder = self.box.builder
        if not isinstance(value, Var):
            element = wanted.with_shape(wanted.shape[len(wanted.shape) - own_rank :])
            shape = convert.static_shape(value) if isinstance(value, tuple) else ()
            try:
                if whole and (not shape or shape == element.shape):
                    return convert.fit_static(builder, value, element)
                return convert.fit_static(builder, value, wanted)
            except OperationError as error:
                raise Problem.of("type-mismatch", error.message, wire.span, help=error.help) from None
        found = value.type
        if not convert.kind_fits(found, wanted):
            raise self._mismatch("type-mismatch", wire, site, value, wanted, convert.kind_help(found, wanted))
        value = convert.as_kind(builder, value, wanted)
        if value.shape == wanted.shape:
            return value
        if value.shape == wanted.shape[len(wanted.shape) - own_rank :]:
            if whole:
                return value
            return builder.emit("broadcast", (value,), shape=wanted.shape)
        raise self._mismatch("dimension-mismatch", wire, site, value, wanted, "")

    def _mismatch(
        self, code: str, wire: Wire, site: PortSite, value: Var, wanted: Type, help: str
    ) -> Problem:
        box, _, port, _ = wire.target
        related = [Label(site.span, f"'{box + '.' if box else ''}{port}' is declared here")]
        source = self.box.source_site(wire.plain[0], wire.plain[1]) if wire.source is None else None
        if source is not None:
            related.insert(0, Label(source.span, "the source is declared here"))
        noun = "type" if code == "type-mismatch" else "dimension"
        message = f"{noun} mismatch: the wire carries '{value.type}', its target takes '{wanted}'"
        return Problem([Diagnostic(code, message, Label(wire.span), tuple(related), help)])

    # -- closing ----------------------------------------------------------------------------------

    def close(self) -> tuple[dict[str, Var], dict[Key, Var]]:
        """Check that every target has exactly one wire; put pieces together; warn of unread outputs."""
        readout: dict[str, Var] = {}
        dispatch: dict[Key, Var] = {}
        if not self.box.definition.hole:
            for name, site in self.box.outputs.items():
                var = self._close(None, name, site, f"output '{name}'")
                if var is not None:
                    readout[name] = var
        for child_name, child in self.box.children.sites.items():
            for name, site in child.inputs.items():
                var = self._close(child_name, name, site, f"'{child_name}.{name}'", child.span)
                if var is not None:
                    dispatch[child_name, name] = var
            if self.box.children.unread(child):
                for name in child.outputs:
                    if (child_name, name) not in self.box.reads:
                        message = f"output '{child_name}.{name}' is never read"
                        self.report.add(
                            Diagnostic(
                                "unused-output",
                                message,
                                Label(child.span),
                                severity=Severity.WARNING,
                                help="wire it somewhere, or leave the box out",
                            )
                        )
        return readout, dispatch

    def _close(
        self, box: str | None, port: str, site: PortSite, what: str, span: SourceSpan | None = None
    ) -> Var | None:
        pieces = self.pieces.get((box, port), [])
        full = site.full_type()
        if full is None:
            if (box, port) not in self.broken:
                self.box.elaborator.unsolved(self.box, site, span)
            return None
        if not pieces and (box, port) not in self.broken:
            state = self.box.states.get(port) if box is None else None
            if state is not None and state.type == full:
                return state.var
            where = span or site.span
            help = f"add a wire: … -> {box + '.' if box else ''}{port}"
            self.report.error("unwired-input" if box else "unwired-output", f"{what} has no wire", where, help=help)
            return None
        if (box, port) in self.broken:
            return None
        if len(pieces) == 1 and not pieces[0].index:
            return pieces[0].value
        problems = coverage(pieces, full.shape, what, span or site.span)
        self.report.extend(problems)
        if problems:
            return None
        return assemble(self.box.builder, pieces, full, port)
