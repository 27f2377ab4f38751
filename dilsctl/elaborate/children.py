"""Interior boxes of one box: how many, with which values, and when they are elaborated.

A counted box is one Box shared by all elements wherever possible: what differs from element to element
(``index``, the numbers of ``each``) is then a value at run time. Where such a value must be known beforehand
(it is a dimension, a box, a function), every element is elaborated by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Problem, SourceSpan, did_you_mean
from dilsctl.diagram import Box, Child
from dilsctl.elaborate.arguments import Arguments
from dilsctl.elaborate.convert import leaves, static_shape
from dilsctl.elaborate.definitions import identities
from dilsctl.elaborate.dimensions import unify
from dilsctl.elaborate.emitter import NeedsStatic, Unknown
from dilsctl.elaborate.filling import Chooser
from dilsctl.elaborate.interface import PortSite
from dilsctl.elaborate.static import is_number
from dilsctl.ir import INT, Kind, Type, Var
from dilsctl.limits import MOST_ELEMENTS
from dilsctl.operations.table import OperationError

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration


class ChildSite:
    """An interior box while its parent is being elaborated."""

    def __init__(self, owner: BoxElaboration, name: str, span: SourceSpan, count: int | None) -> None:
        self.owner = owner
        self.name = name
        self.span = span
        self.count = count
        self.elements: list[BoxElaboration] = []  # one, or one for each element
        self.inputs: dict[str, PortSite] = {}
        self.outputs: dict[str, PortSite] = {}
        self.shares: dict[str, PortSite] = {}
        self.vars: dict[str, Var] = {}
        self.values: dict[str, Sequence[Any]] = {}  # run-time values of the elements
        self.told: dict[str, Var] = {}  # parameters that depend on run-time values of the box around
        self.separate: Callable[[], list[BoxElaboration]] | None = None  # an elaboration for each element
        self.boxes: tuple[Box, ...] = ()
        self.given: SourceSpan | None = None  # where the box in a hole is given
        self.seen: tuple[str, ...] | None = None  # in a hole: its outputs; a box in it may show more

    def adopt(self, elements: list[BoxElaboration]) -> None:
        """Take the interface of the elements."""
        self.elements = elements
        first = elements[0]
        self.shares = first.shares.sites
        outputs = self.visible(first)
        if self.count is None:
            self.inputs, self.outputs = first.inputs, outputs
            return
        for mine, theirs in ((self.inputs, first.inputs), (self.outputs, outputs)):
            for name, site in theirs.items():
                mine[name] = PortSite(
                    name,
                    site.kind,
                    site.classes,
                    site.dims,
                    site.span,
                    self.count,
                    when=site.when,
                    mode=site.mode,
                )

    def visible(self, element: BoxElaboration) -> dict[str, PortSite]:
        """The outputs of an element that the box around may read."""
        if self.seen is None:
            return element.outputs
        return {name: element.outputs[name] for name in self.seen if name in element.outputs}

    def shown(self) -> bool:
        """Are the types of all outputs known?"""
        return all(one.own_type() is not None for one in self.outputs.values())

    def from_library(self) -> bool:
        """Is it a box of the standard library?"""
        return bool(self.elements) and self.elements[0].definition.document.library is not None

    @property
    def modes(self) -> frozenset[str]:
        """The modes of the box."""
        return frozenset(name for name, one in self.outputs.items() if one.mode)

    def declares(self, key: str, port: str) -> bool:
        """Is there such a port, even if its type is in error?"""
        if key == "out" and self.seen is not None and port not in self.seen:
            return False
        return bool(self.elements) and port in self.elements[0].section(key)

    def read(self, port: str) -> Var:
        """The variable that stands for an output. Raises Unknown while its dimensions are not solved."""
        if port not in self.vars:
            type = self.outputs[port].full_type()
            if type is None:
                raise Unknown
            self.vars[port] = Var(type, name=f"{self.name}.{port}")
        return self.vars[port]

    def unknown_output(self, port: str, span: SourceSpan) -> Problem:
        """What to raise where ``port`` is read and is no output."""
        if self.declares("in", port):
            return Problem.of(
                "wrong-direction",
                f"'{self.name}.{port}' is an input of '{self.name}': a wire may drive it, not read it",
                span,
                help="read what drives it instead",
            )
        hint = did_you_mean(port, self.outputs) or f"its outputs: {', '.join(self.outputs) or 'none'}"
        return Problem.of("unknown-port", f"'{self.name}' has no output '{port}'", span, help=hint)


class Children:
    """The interior boxes of one elaboration."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box
        self.sites: dict[str, ChildSite] = {}
        self.complete = False  # is there a site for each of them?
        self.arguments = Arguments(box)
        self._plain: dict[Any, BoxElaboration] = {}

    def read(self) -> None:
        """Make a site for each interior box."""
        boxes: Any = self.box.section("boxes")
        for name, spec in boxes.items():
            site = self.box.attempt(partial(self._site, name, spec, boxes))
            if site is not None:
                self.sites[name] = site
        self.complete = True

    def _site(self, name: str, spec: Any, boxes: Any) -> ChildSite:
        options: Any = spec if isinstance(spec, dict) and "box" in spec else {}
        chooser = Chooser(self.box, name, boxes)
        site = ChildSite(self.box, name, boxes.key_span(name), self.arguments.count(options))
        site.separate = partial(self._elements, site, chooser, options)
        fixed, varying, site.told = self.arguments.read(options, site.count)
        chooser.choose(site.count, {**{key: values[0] for key, values in varying.items()}, **fixed})
        site.given, site.seen = chooser.given, chooser.shown
        types: dict[str, Type] = {}
        separate = len(chooser.chosen) > 1
        for parameter, values in varying.items():
            type = run_time_type([one.value for one in values])
            if type is None:
                separate = True
            else:
                types[parameter] = type
        if separate:
            self._separate(site)
            return site
        if site.count is not None:
            types["index"] = INT
            site.values = {key: [one.value for one in values] for key, values in varying.items()}
            site.values["index"] = range(site.count)
        types.update({key: var.type for key, var in site.told.items()})
        filling = chooser.chosen[0]
        fixed = chooser.arguments(filling, fixed)
        key = (filling.definition, identities(fixed), tuple(sorted(types.items(), key=str)))
        if key in self._plain:
            site.adopt([self._plain[key]])
            return site
        try:
            made = self.box.elaborator.start(
                filling.definition, fixed, types, chooser.span, home=filling.home
            )
        except NeedsStatic:
            self._separate(site)
            return site
        if all(one.own_type() is not None for one in (*made.inputs.values(), *made.outputs.values())):
            self._plain[key] = made  # else its dimensions are its own: solved where it is wired
        site.adopt([made])
        return site

    # -- elements one by one ----------------------------------------------------------------------

    def _elements(self, site: ChildSite, chooser: Chooser, options: Any) -> list[BoxElaboration]:
        fixed, varying, told = self.arguments.read(options, site.count)
        if told:
            raise NeedsStatic
        elements = []
        self.arguments.few(site.count or 1, site.span)
        for i in range(site.count or 1):
            filling = chooser.chosen[i if len(chooser.chosen) > 1 else 0]
            own = {**fixed, **{key: values[i] for key, values in varying.items()}}
            arguments = chooser.arguments(filling, own)
            elements.append(
                self.box.elaborator.start(
                    filling.definition, arguments, {}, chooser.span, index=i, home=filling.home
                )
            )
        return elements

    def _separate(self, site: ChildSite) -> None:
        if site.separate is None:
            return
        elements = site.separate()
        site.inputs, site.outputs, site.values = {}, {}, {}
        site.adopt(elements)

    def _alike(self, site: ChildSite) -> bool:
        """Have all elements one interface? Reported if not."""
        for number, other in enumerate(site.elements[1:], 1):
            for mine, theirs in ((site.inputs, other.inputs), (site.outputs, site.visible(other))):
                for name in dict.fromkeys((*mine, *theirs)):
                    a, b = mine.get(name), theirs.get(name)
                    if a is None or b is None or not same_port(a, b, modes=site.seen is None):
                        types = [one.own_type() if one is not None else "missing" for one in (a, b)]
                        shown = f": '{types[0]}' in [0], '{types[1]}' in [{number}]" if all(types) else ""
                        self.box.report.error(
                            "elements-differ",
                            f"the elements of '{site.name}' differ at port '{name}'{shown}",
                            site.span,
                            help="the elements of an array have the same ports, of the same types",
                        )
                        return False
        return True

    # -- solving and closing ----------------------------------------------------------------------

    def solve_inside(self) -> list[str]:
        """Elaborate interior boxes whose outputs only their interior can solve; the names of those it did."""
        moved = []
        for name, site in self.sites.items():
            if not site.shown() and not site.boxes and self._ready(site):
                self._finish(site)
                if site.shown():
                    moved.append(name)
        return moved

    def failed(self) -> bool:
        """Is there an error inside, or in the type of a port?"""
        for site in self.sites.values():
            for one in site.elements:
                if one.failed or (one.report.found and not one.report.ok):
                    return True
                for ports in (one.inputs, one.outputs):
                    for port in ports.values():
                        if port.fault is not None:
                            return True
        return False

    def finish(self) -> None:
        """Elaborate every interior box that is not done yet."""
        sound = self.box.sound
        for site in self.sites.values():
            if not site.boxes and self._wired(site, sound):
                self._finish(site)
            self._measure(site)

    def _ready(self, site: ChildSite) -> bool:
        return all(one.own_type() is not None for one in site.inputs.values())

    def _wired(self, site: ChildSite, sound: bool) -> bool:
        """Is nothing that the types of its inputs depend on in error, or missing?"""
        pattern = self.box.pattern
        return all(
            one.own_type() is not None
            or one.fault is not None
            or (sound and pattern.drives((site.name, name)))
            for name, one in site.inputs.items()
        )

    def _finish(self, site: ChildSite) -> None:
        if not self._alike(site):
            return
        try:
            boxes = [self.box.attempt(partial(self.box.elaborator.finish, one)) for one in site.elements]
            site.boxes = tuple(one for one in boxes if one is not None)
        except NeedsStatic:
            solved = site.elements[0]
            try:
                self._separate(site)
            except Problem as problem:
                self.box.report.extend(problem.diagnostics)
                return
            for one in site.elements:
                one.types.take(solved)
            self._finish(site)

    def _measure(self, site: ChildSite) -> None:
        """Refuse arrays of boxes whose ports would be too large."""
        if site.count is None:
            return
        for one in (*site.inputs.values(), *site.outputs.values()):
            full = one.full_type()
            if full is not None and full.size > MOST_ELEMENTS:
                message = f"'{site.name}.{one.name}' has {full.size} elements; at most {MOST_ELEMENTS} can be"
                self.box.report.error("too-large", message, site.span)
                return

    def made(self) -> dict[str, Child]:
        """The interior boxes as the diagram has them."""
        found: dict[str, Child] = {}
        for name, site in self.sites.items():
            if not site.boxes or len(site.boxes) != len(site.elements):
                continue
            used = site.boxes[0].element
            values = {key: tuple(site.values[key]) for key in used if key in site.values}
            told = {key: site.told[key] for key in used if key in site.told}
            found[name] = Child(
                name, site.boxes, site.count, {}, site.vars, values, site.span, told, site.given
            )
        return found


def same_port(a: PortSite, b: PortSite, *, modes: bool) -> bool:
    """Equal kinds and, once solved, equal lengths; and in the same modes, if these are looked at."""
    if modes and (a.mode, set(a.when)) != (b.mode, set(b.when)):
        return False
    if a.kind != b.kind or len(a.dims) != len(b.dims):
        return False
    return all(unify(x, y) is not False for x, y in zip(a.all_dims, b.all_dims, strict=True))


def run_time_type(values: Sequence[Any]) -> Type | None:
    """The type that one value has for every element, or None where they are not numbers of one shape."""
    flat = [leaf for one in values for leaf in leaves(one)]
    if not all(is_number(one) for one in flat):
        return None
    try:
        shapes = {static_shape(one) for one in values}
    except OperationError:
        return None
    if len(shapes) != 1:
        return None
    kinds = {type(one) for one in flat}
    kind: Kind = "bool" if kinds == {bool} else "int" if kinds == {int} else "real"
    return Type(kind, shapes.pop())
