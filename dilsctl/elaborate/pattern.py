"""The interaction pattern of one box: its wires, and the dimensions that they solve.

A wire whose source has a known type is emitted and fixes the dimensions of its target. Those that must wait
are tried again as what they read becomes known (``waiting``). What is unknown in the end is an error.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem
from dilsctl.elaborate import convert
from dilsctl.elaborate.dimensions import unify, unsolved
from dilsctl.elaborate.emitter import Emitter, Unknown, Value
from dilsctl.elaborate.fitting import fit
from dilsctl.elaborate.guarded import around
from dilsctl.elaborate.interface import PortSite
from dilsctl.elaborate.plain import PlainWires
from dilsctl.elaborate.targets import Targets
from dilsctl.elaborate.waiting import Waiting
from dilsctl.elaborate.wires import Key, Wire, WireTexts, read_wires
from dilsctl.elaborate.wiring import Piece, region, region_shape
from dilsctl.expression import parse_expression, ports_read
from dilsctl.ir import Type, Var
from dilsctl.operations.functions import as_var
from dilsctl.operations.table import OperationError

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration


_OF_TARGETS = ("wrong-direction", "mode-not-known")


class Pattern:
    """Reads and solves the wires of one box."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box
        self.report = box.report
        self.targets = Targets(box)
        self.texts = WireTexts(box.body)
        self.pieces: dict[Key, list[Piece]] = {}
        self.driven: set[Key] = set()  # targets of wires that are not plain
        self.broken: set[Key] = set()  # targets of wires in error: not reported again as unwired
        self.slices: dict[tuple[Var, int], Var] = {}
        self.pending: list[Wire] = []  # those that could not be emitted

    def solve(self) -> None:
        """Emit every wire: as soon as what it reads is known, until all are done or nothing moves."""
        box = self.box
        pending = self._read()
        self._unify_plain(pending)
        waiting = [wire for wire in pending if not self._try(wire)]
        if waiting:
            waiting = Waiting(box, waiting, self._try).run(self._unify_plain)
        box.states.read()
        box.children.finish()
        self.pending = waiting
        self.broken.update(wire.key for wire in waiting)

    def _read(self) -> list[Wire]:
        box = self.box
        wires = list(read_wires(self.texts, self.report, self._broken, PlainWires(self).take))
        for wire in wires:
            self.driven.add(wire.key)
            if wire.source is not None:
                box.reads |= ports_read(wire.source)
            elif wire.plain[0] is not None:
                box.reads.add((wire.plain[0], wire.plain[1]))
        return wires

    def drives(self, key: Key) -> bool:
        """Is there a wire to this target, sound as far as is known?"""
        return (key in self.pieces or key in self.driven) and key not in self.broken

    def _broken(self, key: Key) -> None:
        self.driven.add(key)
        self.broken.add(key)

    def _try(self, wire: Wire) -> bool:
        """Emit a wire; False where something it needs is not known yet."""
        mark = self.box.mark()
        slices = len(self.slices)
        try:
            self._emit(wire)
        except Unknown:
            self.box.back_to(mark)
            if len(self.slices) > slices:
                for key in list(self.slices)[slices:]:
                    del self.slices[key]
            return False
        except Problem as problem:
            self.report.extend(problem.diagnostics)
            self.broken.add(wire.key)
            self._maybe_reversed(wire, problem)
        return True

    def _maybe_reversed(self, wire: Wire, problem: Problem) -> None:
        """A wire that is drawn backwards was meant for its source: that is one mistake, not three."""
        child, name, _ = wire.plain
        if problem.diagnostics[-1].code == "wrong-direction" and wire.source is None:
            self.broken.add((child, name))
            if wire.target[0] is not None:
                self.box.reads.add((wire.target[0], wire.target[2]))

    def _emit(self, wire: Wire) -> None:
        try:
            site = self.targets.site(wire)
        except Problem as problem:
            raise Problem([*self._wrong_source(wire), *problem.diagnostics]) from None
        self.box.names.feed(wire)
        value = self._stacked(wire, self._source(wire, site))
        box, _, port, _ = wire.target
        items = self._items(wire, site)
        if isinstance(value, Var):
            self._solve_dims(wire, site, items, value.type)
        full = site.full_type()
        if full is None:
            raise Unknown
        index = region(items, full.shape, wire.target_span) if items else ()
        wanted = full.with_shape(region_shape(index, full.shape)) if index else full
        own_rank = len(wanted.shape)
        if site.count is not None and not (index and isinstance(index[0], int)):
            own_rank -= 1
        var = fit(self.box, wire, value, wanted, own_rank, site, whole=not index)
        self.pieces.setdefault((box, port), []).append(Piece(index, var, wire.number, self.texts))

    def _stacked(self, wire: Wire, value: Value) -> Value:
        """A list that holds values of ports becomes one array."""
        if not convert.holds_values(value):
            return value
        self.box.builder.span = wire.span
        try:
            return as_var(self.box.builder, value)
        except OperationError as error:
            raise Problem.of("bad-operands", error.message, wire.source_span, help=error.help) from None

    def _wrong_source(self, wire: Wire) -> tuple[Diagnostic, ...]:
        """What is wrong with the source of a wire whose target is wrong already; not that it is backwards."""
        try:
            self._source(wire, None)
        except Problem as problem:
            return tuple(one for one in problem.diagnostics if one.code not in _OF_TARGETS)
        except Unknown:
            pass
        return ()

    def _items(self, wire: Wire, site: PortSite) -> tuple[Any, ...]:
        """The index of the target: of a counted box the elements, then the axes of its port."""
        box, box_index, port, port_index = wire.target
        if site.count is None:
            if box_index:
                help = f"write {box}.{port}, or give it a count"
                message = f"'{box}' is a single box: it has no index"
                raise Problem.of("bad-index", message, wire.target_span, help=help)
            return self._index(wire, port_index)
        elements = self._index(wire, box_index)
        if len(elements) > 1:
            message = f"'{box}' has one axis, of {site.count} elements; {len(elements)} indices are given"
            raise Problem.of("bad-index", message, wire.target_span)
        if not elements and not port_index:
            return ()
        return (*(elements or (slice(None),)), *self._index(wire, port_index))

    def _index(self, wire: Wire, nodes: tuple[Any, ...]) -> tuple[Any, ...]:
        if all(isinstance(one, int) for one in nodes):
            return nodes
        return Emitter(self.box.names, self.box.builder, wire.locate_target).items_of(nodes)

    def _source(self, wire: Wire, site: PortSite | None) -> Value:
        names, builder = self.box.names, self.box.builder
        known = around(self.box, wire, site) if site is not None and site.when else None
        if wire.source is not None:
            return Emitter(names, builder, wire.locate, known).value(wire.source)
        child, name, item = wire.plain
        value = names.known(child, name)
        if isinstance(value, Var):
            if item is None:
                return value
            if value.rank and item < value.shape[0]:
                if (value, item) not in self.slices:
                    builder.span = wire.span
                    rest = tuple((0, length, 1) for length in value.shape[1:])
                    self.slices[value, item] = builder.emit("slice", (value,), index=(item, *rest))
                return self.slices[value, item]
        return Emitter(names, builder, wire.locate, known).value(parse_expression(wire.source_text))

    # -- dimensions -------------------------------------------------------------------------------

    def _solve_dims(self, wire: Wire, site: PortSite, items: tuple[Any, ...], found: Type) -> None:
        """Let a source of known shape fix the unsolved dimensions of its target."""
        if site.known is not None:
            return
        shape = found.shape
        if site.count is None and not items:
            left: list[Any] = [*site.array_dims]
        else:
            left = self._left(site, items, shape)
        pairs = list(zip(left, shape, strict=True)) if len(left) == len(shape) else []
        if site.kind == "class" and found.kind == "class" and found.classes is not None:
            pairs.append((site.classes, found.classes))
        for dim, length in pairs:
            if dim is not None and type(dim) is not int and unsolved((dim,)):
                unify(dim, length, wire.span)  # what does not fit is reported with both ends

    def _left(self, site: PortSite, items: tuple[Any, ...], shape: tuple[int, ...]) -> list[Any]:
        """The dimensions that are left of a target where some of its axes are indexed."""
        dims = [*([] if site.count is None else [site.count]), *site.array_dims]
        whole = [None] * min(len(items), len(dims)) + dims[len(items) :]  # a sliced axis tells nothing
        given = items[: len(dims)]
        left = [dim for dim, item in itertools.zip_longest(whole, given) if type(item) is not int]
        if site.count is not None and len(shape) == len(left) - 1 == len(site.array_dims):
            left = left[1:]  # one value for all elements
        return left

    def _unify_plain(self, waiting: list[Wire]) -> bool:
        """Equate unsolved dimensions at both ends of plain wires. True where that solved anything."""
        moved = False
        for wire in waiting:
            child, name, item = wire.plain
            if wire.source is not None or item is not None or wire.target[1] or wire.target[3]:
                continue
            source = self.box.names.source_site(child, name)
            try:
                target = self.targets.site(wire)
            except (Problem, Unknown):
                continue
            if source is None or (source.known is not None and target.known is not None):
                continue
            from_dims, to_dims = source.array_dims, target.array_dims
            before = unsolved(from_dims), unsolved(to_dims)
            if source.count is not None and target.count is None:
                from_dims = (source.count, *from_dims)
            if len(from_dims) == len(to_dims):
                for a, b in zip(from_dims, to_dims, strict=True):
                    unify(a, b, wire.span)
            moved = moved or before != (unsolved(source.array_dims), unsolved(target.array_dims))
        return moved

    def undetermined(self) -> None:
        """Where nothing is in error, and still some wires wait: report the dimensions that nothing fixes."""
        box = self.box
        if not self.pending or not box.sound or any(one.own_type() is None for one in box.inputs.values()):
            return
        for wire in self.pending:
            for site, what in self._ends(wire):
                label = Label(site.span, f"'{what}' is declared here")
                box.types.unsolved(site.all_dims, what, wire.span, label)
        if self.report.ok:
            message = "what this wire carries can't be determined"
            self.report.error("unknown-dimension", message, self.pending[0].span)

    def _ends(self, wire: Wire) -> list[tuple[PortSite, str]]:
        """The ports at the ends of a wire whose types are not known, with their names."""
        child, name, _ = wire.plain
        source = self.box.names.source_site(child, name) if wire.source is None else None
        ends = [(source, f"{child}.{name}" if child else name)] if source is not None else []
        try:
            box, _, port, _ = wire.target
            ends.append((self.targets.site(wire), f"{box}.{port}" if box else port))
        except (Problem, Unknown):
            pass
        return [(site, what) for site, what in ends if site.full_type() is None]
