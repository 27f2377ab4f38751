"""Targets of wires: the port that a wire names, and what is told where there is none, or no wire."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dilsctl.diagnostics import Diagnostic, Label, Problem, Severity, did_you_mean
from dilsctl.elaborate.emitter import Unknown
from dilsctl.elaborate.interface import PortSite
from dilsctl.elaborate.wires import Key, Wire
from dilsctl.elaborate.wiring import assemble, coverage
from dilsctl.ir import Var

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration
    from dilsctl.elaborate.children import ChildSite


class Targets:
    """The own outputs and interior inputs of one box."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box

    def site(self, wire: Wire) -> PortSite:
        """The port that a wire drives. Raises Problem: wrong-direction, unknown-port, unknown-box."""
        box, _, port, _ = wire.target
        return self._own(port, wire) if box is None else self._interior(box, port, wire)

    def _own(self, port: str, wire: Wire) -> PortSite:
        box = self.box
        if port in box.modes.conditions:
            where = wire.target_span
            label = Label(box.section("modes").key_span(port), "it is a mode")
            message = f"'{port}' is a mode: its condition says where it holds, no wire"
            raise Problem([Diagnostic("wrong-direction", message, Label(where), (label,))])
        if port in box.outputs:
            return box.outputs[port]
        if port in box.section("out"):
            raise Unknown  # its type is in error
        where = wire.target_span
        if port in box.section("in"):
            raise Problem.of(
                "wrong-direction",
                f"'{port}' is an input of this box: its value comes from outside",
                where,
                help=self._turned(wire, True)
                or "a wire drives an own output, or an input of an interior box",
            )
        if box.declares_variable(port):
            raise Problem.of(
                "wrong-direction",
                f"'{port}' is a state: a wire can't drive it",
                where,
                help="'next', 'rate' and 'learn' say how states move",
            )
        hint = did_you_mean(port, box.outputs)
        if port in box.children.sites:
            inputs = box.children.sites[port].inputs
            hint = f"name a port of it: {', '.join(f'{port}.{one}' for one in inputs)}" if inputs else ""
        elif not hint:
            hint = f"its outputs: {', '.join(box.section('out')) or 'none'}"
        raise Problem.of("unknown-port", f"this box has no output '{port}'", where, help=hint)

    def _interior(self, box: str, port: str, wire: Wire) -> PortSite:
        child = self.box.children.sites.get(box)
        if child is None:
            if box in self.box.section("boxes"):
                raise Unknown  # it is in error itself
            where = wire.target_span
            where = type(where)(where.file, where.start, where.start + len(box))
            help = self.box.names.nearest_box(box)
            raise Problem.of("unknown-box", f"there is no interior box '{box}'", where, help=help)
        if port in child.inputs:
            return child.inputs[port]
        if child.declares("in", port):
            raise Unknown
        if child.declares("out", port):
            raise Problem.of(
                "wrong-direction",
                f"'{box}.{port}' is an output of '{box}': a wire may read it, not drive it",
                wire.target_span,
                help=self._turned(wire, False),
            )
        hint = did_you_mean(port, child.inputs) or f"its inputs: {', '.join(child.inputs) or 'none'}"
        raise Problem.of("unknown-port", f"'{box}' has no input '{port}'", wire.target_span, help=hint)

    def _turned(self, wire: Wire, own: bool) -> str:
        """How the wire would read the other way round, if it could."""
        child, name, item = wire.plain
        if wire.source is not None or item is not None or wire.target[1] or wire.target[3]:
            return ""
        site = self.box.children.sites.get(child) if child is not None else None
        if site.inputs.get(name) if site is not None else self.box.outputs.get(name):
            target = wire.target[2] if own else f"{wire.target[0]}.{wire.target[2]}"
            return f"turn it round: {target} -> {child + '.' if child else ''}{name}"
        return ""

    # -- closing ----------------------------------------------------------------------------------

    def close(self) -> tuple[dict[str, Var], dict[Key, Var]]:
        """Check that every target has exactly one wire; put pieces together."""
        readout: dict[str, Var] = {}
        dispatch: dict[Key, Var] = {}
        if not self.box.definition.hole:
            for name, site in self.box.outputs.items():
                var = self._close(None, name, site) if not site.mode else self.box.modes.flags.get(name)
                if var is not None:
                    readout[name] = var
        for child_name, child in self.box.children.sites.items():
            for name, site in child.inputs.items():
                var = self._close(child, name, site)
                if var is not None:
                    dispatch[child_name, name] = var
        return readout, dispatch

    def _close(self, child: ChildSite | None, port: str, site: PortSite) -> Var | None:
        pattern = self.box.pattern
        key = (child.name if child is not None else None, port)
        if key in pattern.broken:
            return None
        full = site.full_type()
        pieces = pattern.pieces.get(key, [])
        if not pieces:
            return self._undriven(child, port, site)
        if full is None:
            return None  # reported with the type
        if len(pieces) == 1 and not pieces[0].index:
            return pieces[0].value
        what = f"output '{port}'" if child is None else f"'{child.name}.{port}'"
        label = Label(site.span if child is None else child.span)
        problems = coverage(pieces, full.shape, what, label, child is None)
        self.box.report.extend(problems)
        return None if problems else assemble(self.box.builder, pieces, full, port)

    def _undriven(self, child: ChildSite | None, port: str, site: PortSite) -> Var | None:
        """A target without a wire: an output may show the state of its name."""
        report = self.box.report
        if child is not None:
            help = f"add a wire: … -> {child.name}.{port}"
            label = Label(site.span, "the input is declared here")
            message = f"'{child.name}.{port}' has no wire"
            report.error("unwired-input", message, child.span, related=[label], help=help)
            return None
        if port in self.box.modes.conditions:
            return None  # two things of one name
        state = self.box.variable(port)
        if state is not None and state.type == site.full_type():
            return state.var
        if self.box.declares_variable(port):
            if state is not None and state.span is not None:
                message = f"output '{port}' is '{site.full_type()}', the state of that name '{state.type}'"
                label = Label(state.span, "the state is declared here")
                report.error("type-mismatch", message, site.span, related=[label])
            return None
        help = f"add a wire: … -> {port}"
        report.error("unwired-output", f"output '{port}' has no wire", site.span, help=help)
        return None

    def warn_unread(self) -> None:
        """Warn of interior outputs that nothing reads."""
        for child in self.box.children.sites.values():
            self._warn_unread(child)

    def _warn_unread(self, child: ChildSite) -> None:
        declared = [name for name, site in child.outputs.items() if not site.mode]
        unread = [name for name in declared if (child.name, name) not in self.box.reads]
        if not unread or not child.boxes:
            return
        own = self.box.definition.document.library
        if own is None and child.from_library() and len(unread) < len(child.outputs):
            return  # a box of the library shows all that somebody may want
        several = len(unread) > 1 and len(unread) == len(child.outputs)
        messages = (
            [f"no output of '{child.name}' is ever read"]
            if several
            else [f"output '{child.name}.{name}' is never read" for name in unread]
        )
        for message in messages:
            help = "wire it somewhere, or leave the box out" if len(unread) == len(child.outputs) else ""
            self.box.report.add(
                Diagnostic("unused-output", message, Label(child.span), severity=Severity.WARNING, help=help)
            )
