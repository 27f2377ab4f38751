"""Interior boxes of one box: which definition, how many, with which values.

A counted box is one Box shared by all elements wherever possible: what differs from element to element
(``index``, the numbers of ``each``) is then a value at run time. Where such a value must be known beforehand
(it is a dimension, a box, a function), every element is elaborated by itself.
"""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Problem, SourceSpan, did_you_mean
from dilsctl.diagram import Box, Child
from dilsctl.elaborate.convert import leaves, static_shape
from dilsctl.elaborate.definitions import Definition, Word
from dilsctl.elaborate.dimensions import resolve, unify
from dilsctl.elaborate.emitter import Unknown, is_number
from dilsctl.elaborate.interface import PortSite
from dilsctl.ir import INT, Kind, Type, Var
from dilsctl.operations.table import OperationError

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration

LARGEST_COUNT = 10_000_000
_INDEX = re.compile(r"\bindex\b")


class NeedsStatic(Problem):
    """A value that differs from element to element is needed at compile time."""

    def __init__(self) -> None:
        super().__init__([])


class ChildSite:
    """An interior box while its parent is being elaborated."""

    def __init__(self, name: str, span: SourceSpan, count: int | None) -> None:
        self.name = name
        self.span = span
        self.count = count
        self.elements: list[BoxElaboration] = []  # one, or one for each element
        self.inputs: dict[str, PortSite] = {}
        self.outputs: dict[str, PortSite] = {}
        self.vars: dict[str, Var] = {}
        self.values: dict[str, tuple[Any, ...]] = {}  # run-time values of the elements
        self.separate: Any = None  # makes one elaboration for each element, should that be needed
        self.boxes: tuple[Box, ...] = ()
        self.owner: BoxElaboration | None = None

    def adopt(self, elements: list[BoxElaboration]) -> None:
        """Take the interface of the elements."""
        self.elements = elements
        first = elements[0]
        if self.count is None:
            self.inputs, self.outputs = first.inputs, first.outputs
            return
        for mine, theirs in ((self.inputs, first.inputs), (self.outputs, first.outputs)):
            for name, site in theirs.items():
                mine[name] = PortSite(name, site.kind, site.classes, site.dims, site.span, self.count)

    def read(self, port: str) -> Var:
        """The variable that stands for an output. Raises Unknown while its dimensions are not solved."""
        if self.owner is not None:
            self.owner.reads.add((self.name, port))
        if port not in self.vars:
            type = self.outputs[port].full_type()
            if type is None:
                raise Unknown
            self.vars[port] = Var(type, name=f"{self.name}.{port}")
        return self.vars[port]

    def unknown_output(self, port: str, span: SourceSpan) -> Problem:
        if port in self.inputs:
            return Problem.of(
                "wrong-direction",
                f"'{self.name}.{port}' is an input of '{self.name}': a wire may drive it, not read it",
                span,
                help="read what drives it instead",
            )
        known = ", ".join(self.outputs) or "none"
        hint = did_you_mean(port, self.outputs) or f"outputs: {known}"
        return Problem.of("unknown-port", f"'{self.name}' has no output '{port}'", span, help=hint)


class Children:
    """The interior boxes of one elaboration."""

    def __init__(self, box: BoxElaboration) -> None:
        self.box = box
        self.sites: dict[str, ChildSite] = {}
        self._plain: dict[Any, BoxElaboration] = {}

    def read(self) -> None:
        """Make a site for each interior box."""
        boxes: Any = self.box.section("boxes")
        for name, spec in boxes.items():
            site = self.box.attempt(partial(self._site, name, spec, boxes))
            if site is not None:
                site.owner = self.box
                self.sites[name] = site

    def _site(self, name: str, spec: Any, boxes: Any) -> ChildSite:
        span = boxes.key_span(name)
        where = boxes.value_span(name)
        reference: Any = spec
        options: Any = {}
        if isinstance(spec, dict) and "box" in spec:
            options, reference, where = spec, spec["box"], spec.value_span("box")
        count: int | None = None
        if "count" in options:
            count_span = options.value_span("count")
            count = self.box.whole_number(options["count"], count_span, "a count")
            if count < 1:
                raise Problem.of("bad-count", f"a count is at least 1, not {count}", count_span)
            if count > LARGEST_COUNT:
                raise Problem.of("too-large", f"a count of {count} is over the limit of {LARGEST_COUNT}", count_span)
        definitions = self._definitions(name, reference, count, where)
        site = ChildSite(name, span, count)
        fixed, varying = self._arguments(options, count)
        self._fill(site, definitions, fixed, varying, where)
        return site

    def _definitions(self, name: str, reference: Any, count: int | None, span: SourceSpan) -> list[Definition]:
        """The definition of the box, or one for each element where a list fills a counted hole."""
        definition = self._definition(name, reference, span)
        if name not in self.box.arguments or name in self.box.definition.params:
            return [definition]
        filling = self.box.arguments[name]
        if not definition.hole:
            raise Problem.of(
                "not-a-hole", f"interior box '{name}' is not a hole: it can't be replaced", self.box.site
            )
        many = filling if isinstance(filling, tuple) else (filling,)
        if isinstance(filling, tuple) and len(filling) != (count or 1):
            raise Problem.of(
                "bad-count", f"{len(filling)} boxes given for the {count or 1} elements of '{name}'", self.box.site
            )
        return [self._fits(definition, self._definition(name, one, self.box.site), name) for one in many]

    def _fits(self, hole: Definition, inner: Definition, name: str) -> Definition:
        for key in ("in", "out"):
            wanted, given = set(hole.body.get(key) or {}), set(inner.body.get(key) or {})
            if wanted != given:
                raise Problem.of(
                    "hole-mismatch",
                    f"box '{inner.name}' does not fit the hole '{name}': its {key}puts are "
                    f"{sorted(given)}, the hole's are {sorted(wanted)}",
                    self.box.site,
                )
        return inner

    def _definition(self, name: str, reference: Any, span: SourceSpan) -> Definition:
        definitions = self.box.elaborator.definitions
        document = self.box.definition.document
        if isinstance(reference, Definition):
            return reference
        if isinstance(reference, dict):
            return definitions.of_body(name, reference, document, span)
        if isinstance(reference, str) and not isinstance(reference, Word) and reference in self.box.params:
            return self._definition(name, self.box.params[reference], span)
        if isinstance(reference, Word):
            return definitions.named(reference, reference.document, span)
        if not isinstance(reference, str):
            raise Problem.of("unknown-box", f"'{reference}' is not the name of a box", span)
        return definitions.named(reference, document, span)

    def _arguments(self, options: Any, count: int | None) -> tuple[dict[str, Any], dict[str, tuple[Any, ...]]]:
        """Values the same for all elements, and values that differ."""
        fixed: dict[str, Any] = {}
        varying: dict[str, tuple[Any, ...]] = {}
        given: Any = options.get("with") or {}
        for key, value in given.items():
            span = given.value_span(key)
            if count is not None and isinstance(value, str) and _INDEX.search(value):
                varying[key] = tuple(self._at(i, value, span) for i in range(count))
            else:
                fixed[key] = self.box.static(value, span, self.box.file)
        each: Any = options.get("each") or {}
        for key, values in each.items():
            span = each.value_span(key)
            if count is None:
                raise Problem.of("bad-count", "'each' needs a 'count'", span)
            if key in fixed or key in varying:
                raise Problem.of("duplicate-name", f"'{key}' is given under 'with' and under 'each'", span)
            found = self.box.static(values, span, self.box.file)
            if not isinstance(found, tuple) or len(found) != count:
                raise Problem.of("bad-count", f"'each' needs one value for each of the {count} elements", span)
            varying[key] = found
        return fixed, varying

    def _at(self, index: int, text: str, span: SourceSpan) -> Any:
        self.box.params["index"] = index
        try:
            return self.box.static(text, span, self.box.file)
        finally:
            del self.box.params["index"]

    def _fill(
        self,
        site: ChildSite,
        definitions: list[Definition],
        fixed: dict[str, Any],
        varying: dict[str, tuple[Any, ...]],
        span: SourceSpan,
    ) -> None:
        elaborator = self.box.elaborator

        def separate() -> list[BoxElaboration]:
            elements = []
            for i in range(site.count or 1):
                arguments = {**fixed, **{key: values[i] for key, values in varying.items()}}
                definition = definitions[i if len(definitions) > 1 else 0]
                one = elaborator.start(definition, arguments, {}, span, index=i)
                elements.append(one)
            return elements

        site.separate = separate
        element = {key: run_time_type(values) for key, values in varying.items()}
        if len(definitions) > 1 or any(type is None for type in element.values()):
            self._separate(site)
            return
        types = {key: type for key, type in element.items() if type is not None}
        if site.count is not None:
            types["index"] = INT
            site.values = {**varying, "index": tuple(range(site.count))}
        definition = definitions[0]
        key = (definition, tuple(sorted(fixed.items(), key=lambda one: one[0])), tuple(sorted(types.items(), key=str)))
        if key not in self._plain:
            try:
                made = elaborator.start(definition, fixed, types, span)
            except NeedsStatic:
                self._separate(site)
                return
            if any(one.own_type() is None for one in (*made.inputs.values(), *made.outputs.values())):
                site.adopt([made])  # its dimensions are its own: solved where it is wired
                return
            self._plain[key] = made
        site.adopt([self._plain[key]])

    def _separate(self, site: ChildSite) -> None:
        elements = site.separate()
        first = elements[0]
        for other in elements[1:]:
            for key, mine, theirs in (("in", first.inputs, other.inputs), ("out", first.outputs, other.outputs)):
                if mine.keys() != theirs.keys():
                    raise Problem.of(
                        "hole-mismatch", f"the elements of '{site.name}' have different {key}puts", site.span
                    )
        site.inputs, site.outputs = {}, {}
        site.adopt(elements)
        site.values = {}

    # -- solving and closing ----------------------------------------------------------------------

    def solve_inside(self) -> bool:
        """Elaborate interior boxes whose outputs are still unsolved. True where that solved something."""
        moved = False
        for site in self.sites.values():
            waiting = [one for one in site.outputs.values() if one.full_type() is None]
            if waiting and not site.boxes:
                self._finish(site)
                moved = moved or any(one.full_type() is not None for one in waiting)
        return moved

    def finish(self) -> None:
        """Elaborate every interior box that is not done yet."""
        for site in self.sites.values():
            if not site.boxes:
                self._finish(site)

    def _finish(self, site: ChildSite) -> None:
        for one in site.elements[1:]:  # elements of one array have one interface
            for mine, theirs in ((site.inputs, one.inputs), (site.outputs, one.outputs)):
                for name, port in theirs.items():
                    if name in mine and not same_port(mine[name], port):
                        raise_to = Problem.of(
                            "hole-mismatch",
                            f"the elements of '{site.name}' have different types at port '{name}'",
                            site.span,
                        )
                        self.box.report.extend(raise_to.diagnostics)
                        return
        try:
            site.boxes = tuple(self.box.elaborator.finish(one) for one in site.elements)
        except NeedsStatic:
            solved = site.elements[0]
            self._separate(site)
            for one in site.elements:
                one.take_dimensions(solved)
            self._finish(site)

    def unread(self, site: ChildSite) -> bool:
        """May unread outputs of this box be reported? Not where the box itself is in error."""
        return bool(site.boxes)

    def made(self) -> dict[str, Child]:
        """The interior boxes as the diagram has them."""
        found: dict[str, Child] = {}
        for name, site in self.sites.items():
            if not site.boxes:
                continue
            used = site.boxes[0].element
            values = {key: site.values[key] for key in used if key in site.values}
            found[name] = Child(name, site.boxes, site.count, {}, site.vars, values, site.span)
        return found


def same_port(a: PortSite, b: PortSite) -> bool:
    """Equal kinds and, once solved, equal lengths."""
    if a.kind != b.kind or len(a.dims) != len(b.dims):
        return False
    pairs = list(zip(a.dims, b.dims, strict=True))
    if a.classes is not None:
        pairs.append((a.classes, b.classes))
    return all(unify(resolve(x), resolve(y)) is not False for x, y in pairs)


def run_time_type(values: tuple[Any, ...]) -> Type | None:
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

