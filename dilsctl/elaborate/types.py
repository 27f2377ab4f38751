"""The types that one box declares: its ports, and what the names in their shapes mean."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan, did_you_mean
from dilsctl.diagram import Port
from dilsctl.elaborate.definitions import Word, shown
from dilsctl.elaborate.dimensions import Dimension, Unsolved, resolve, unsolved
from dilsctl.elaborate.emitter import NeedsStatic, Unknown
from dilsctl.elaborate.interface import PortSite, port_site
from dilsctl.elaborate.written import Written
from dilsctl.ir import Type, Var
from dilsctl.syntax.types import TypeText, TypeTextError, parse_type

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration

_NOT_DIMENSIONS = {"in": "an input", "out": "an output", "state": "a state", "let": "a let", "boxes": "a box"}


class Types:
    """Reads types in the scope of one elaboration."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box

    def read(self, sites: dict[str, PortSite], key: str) -> None:
        """Read the ports under a key of the box into ``sites``."""
        ports = self.box.section(key)
        for name in ports:
            site = self.box.attempt(partial(self._port, name, ports[name], ports.value_span(name)))
            if site is not None:
                sites[name] = site

    def dimension_at(self, span: SourceSpan) -> Callable[[str], Dimension]:
        """How the type text at ``span`` finds the meaning of a name."""
        return partial(self._dimension, span)

    def _dimension(self, span: SourceSpan, name: str) -> Dimension:
        """The meaning of a name in a type: a parameter's number, or a dimension to be solved."""
        if name in self.box.params:
            value = self.box.params[name]
            if value is None:
                raise Unknown  # in error
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                hint = did_you_mean(value, value.known) if isinstance(value, Word) else ""
                message = f"parameter '{name}' is {shown(value)}; a dimension is a whole number, 0 or more"
                labels = (Label(span, f"'{name}' is a dimension here"),)
                where = Label(self.box.parameters.span(name))
                raise Problem([Diagnostic("bad-dimension", message, where, labels, hint)])
            return value
        if name in self.box.element_types:
            raise NeedsStatic
        if name == "index" and self.box.index is not None:
            return self.box.index
        for key, what in _NOT_DIMENSIONS.items():
            if name in self.box.section(key):
                label = Label(self.box.section(key).key_span(name), f"'{name}' is {what}")
                message = f"'{name}' is {what}; a dimension is a number, a parameter, or a name of its own"
                raise Problem([Diagnostic("bad-dimension", message, Label(span), (label,))])
        if name in ("t", "dt", "index", "true", "false"):
            raise Problem.of("bad-dimension", f"'{name}' is no dimension", span)
        if name not in self.box.dims:
            self.box.dims[name] = Unsolved(name)
        return self.box.dims[name]

    def text(self, text: str, span: SourceSpan) -> TypeText:
        """A type as written. Raises Problem: bad-type."""
        try:
            return parse_type(text)
        except TypeTextError as error:
            where = Written(text, span).locate(error.start, error.end)
            raise Problem.of(error.code, error.message, where, help=error.help) from None

    def _port(self, name: str, given: Any, span: SourceSpan) -> PortSite:
        options = None if isinstance(given, str) else given
        text = given
        if options is not None:
            text, span = options["type"], options.value_span("type")
        read = self.text(text, span)
        if read.init is not None:
            where = Written(text, span).locate(read.init_start, len(text))
            raise Problem.of("bad-type", "a port has no initial value", where, help="a state has one")
        site = port_site(name, read, self.dimension_at(span), span)
        if site.own_type() is None and site.fault is not None:
            raise Problem.of(*site.fault, span)
        if options is not None and options.get("feedback") is not None:
            site.feedback = options["feedback"], options.value_span("feedback")
        if options is not None:
            site.when = self.box.modes.named(options)
        return site

    def feedback(self) -> None:
        """Report the inputs that are declared feedback of what is no output, or of one of another shape."""
        outputs = self.box.section("out")
        for name, site in self.box.inputs.items():
            if site.feedback is None:
                continue
            of, span = site.feedback
            if of not in outputs:
                help = did_you_mean(of, outputs) or "name an output of this box"
                message = f"'{name}' is feedback of '{of}', which is no output of this box"
                self.box.report.error("bad-feedback", message, span, help=help)
                continue
            own, other = site.own_type(), self.box.outputs[of].own_type() if of in self.box.outputs else None
            if own is None or other is None:
                continue
            if own.kind != "real" or other.kind not in ("real", "simplex") or own.shape != other.shape:
                wanted = f"'{Type('real', other.shape)}'"
                help = f"feedback says how an output should change: it is {wanted} here"
                if other.kind not in ("real", "simplex"):
                    help = f"'{of}' is '{other}': only real numbers have feedback"
                message = f"'{name}' is '{own}', and the output '{of}' that it answers '{other}'"
                label = Label(outputs.value_span(of), f"'{of}' is declared here")
                self.box.report.error("bad-feedback", message, site.span, related=[label], help=help)

    def ports(self, sites: dict[str, PortSite], var: Callable[[str], Var | None]) -> dict[str, Port]:
        """The ports of the box, as far as their types are known; ``var`` gives the value of each."""
        found: dict[str, Port] = {}
        for name, site in sites.items():
            type = site.own_type()
            if type is not None:
                feedback = site.feedback[0] if site.feedback is not None else None
                when = site.when if site.partial else ()
                found[name] = Port(name, type, site.span, var(name) or Var(type, name=name), feedback, when)
        return found

    def faulty(self) -> bool:
        """Is a port's type one that cannot be, now that its dimensions are known? Reported if so."""
        found = False
        for site in (*self.box.inputs.values(), *self.box.outputs.values()):
            if site.own_type() is None and site.fault is not None:
                self.box.report.error(*site.fault, site.span)
                found = True
        return found

    def undetermined(self) -> None:
        """Report the dimensions that nothing fixes, each once, those of an interior box where it is used."""
        box = self.box
        if not box.sound:
            return
        open_inputs = {name: site for name, site in box.inputs.items() if site.own_type() is None}
        if open_inputs and box.parent is not None:
            return
        for name, site in open_inputs.items():
            self.unsolved(site.all_dims, name, site.span)
        for child in box.children.sites.values():
            for name, site in child.inputs.items():
                if site.own_type() is None:
                    label = Label(site.span, f"'{child.name}.{name}' is declared here")
                    self.unsolved(site.all_dims, f"{child.name}.{name}", child.span, label)
        for name, site in box.states.waiting.items():
            self.unsolved(site.all_dims, name, site.span)

    def unsolved(self, dims: Iterable[Dimension], what: str, span: SourceSpan, *related: Label) -> None:
        """Report the dimensions among these that nothing fixes, each once."""
        names = []
        for one in unsolved(dims):
            if not one.reported:
                one.reported = True
                names.append(f"'{one.name}'")
        if names:
            noun = "dimension" if len(names) == 1 else "dimensions"
            self.box.report.error(
                "unknown-dimension",
                f"the {noun} {' and '.join(names)} of '{what}' can't be determined",
                span,
                related=related,
                help="give it a number, or wire something of known size to a port that has it",
            )

    def take(self, other: BoxElaboration) -> None:
        """Take the solved dimensions of another elaboration of the same interface."""
        for name, dim in self.box.dims.items():
            mine = resolve(dim)
            if isinstance(mine, Unsolved) and name in other.dims:
                theirs = resolve(other.dims[name])
                if mine is not theirs:
                    mine.target = theirs
