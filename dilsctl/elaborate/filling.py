"""Which definition an interior box is: a name, a box in place, a parameter, or what fills a hole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Diagnostic, Label, Problem, SourceSpan, did_you_mean
from dilsctl.elaborate.convert import kind_fits
from dilsctl.elaborate.definitions import Definition, Filling, Given, Word, shown
from dilsctl.elaborate.dimensions import resolve
from dilsctl.elaborate.emitter import NeedsStatic, Unknown
from dilsctl.elaborate.interface import PortSite
from dilsctl.ir import Type

if TYPE_CHECKING:
    from dilsctl.elaborate.boxes import BoxElaboration
    from dilsctl.elaborate.elaborator import Elaborator


class Chooser:
    """Finds the definition of one interior box, or one for each element where a list fills a counted hole.

    ``span`` is where the box is named; ``chosen`` what was found.
    """

    def __init__(self, box: BoxElaboration, name: str, boxes: Any) -> None:
        self.box = box
        self.name = name
        self.reference: Any = boxes[name]
        self.span: SourceSpan
        use = self.reference
        if not isinstance(use, str) and "box" in use:
            self.reference = use["box"]
        if isinstance(self.reference, str):
            self.span = boxes.value_span(name) if isinstance(use, str) else use.value_span("box")
        else:
            self.span = boxes.key_span(name)
        self.chosen: list[Filling] = []
        self.given: SourceSpan | None = None  # where what fills it is given
        self.shown: tuple[str, ...] | None = None  # the outputs of the hole that is filled
        self.sizes: tuple[str, ...] = ()  # the parameters of the hole that is filled

    def choose(self, count: int | None, values: dict[str, Given]) -> None:
        """Find the definition. ``values`` are those that its parameters are given here.

        Raises Problem: unknown-box, recursive-box, not-a-hole, hole-mismatch.
        """
        own = self._named(self.reference, self.span)
        given = self.box.arguments.get(self.name)
        if given is None or self.name in self.box.definition.params:
            self.chosen = [own]
        elif not own.definition.hole:
            message = f"interior box '{self.name}' is not a hole: it can't be replaced"
            raise Problem([Diagnostic("not-a-hole", message, Label(given.key_span), (self._label(),))])
        else:
            self.given = given.span
            self.shown = tuple(own.definition.body.get("out") or {})
            self.sizes = tuple(own.definition.params)
            sizes = {name: one for name, one in values.items() if name in self.sizes}
            boxes = given.value if isinstance(given.value, tuple) else (given.value,)
            if isinstance(given.value, tuple) and len(boxes) != (count or 1):
                message = f"{len(boxes)} boxes are given for the {count or 1} elements of '{self.name}'"
                raise Problem([Diagnostic("bad-count", message, Label(given.span), (self._label(),))])
            self.chosen = [self._named(one, given.span) for one in boxes]
            for one in self.chosen:
                self._not_inside_itself(one, given.span)
                used = Filling(one.definition, self.arguments(one, values), one.home)
                elaborator = self.box.elaborator
                check_fit(elaborator, self.name, own.definition, self.span, used, given.span, sizes)
            return
        self._not_inside_itself(own, self.span)

    def arguments(self, filling: Filling, values: dict[str, Given]) -> dict[str, Given]:
        """The values that a box's parameters take: its own, and those given here.

        The parameters of a hole are its own; a box in it takes those that it has too.
        """
        declared = filling.definition.params
        taken = {name: one for name, one in values.items() if name not in self.sizes or name in declared}
        return {**taken, **filling.arguments}

    def _label(self) -> Label:
        return Label(self.span, "the interior box")

    def _named(self, reference: Any, span: SourceSpan) -> Filling:
        """The box that a reference means."""
        box = self.box
        here = box.inside
        if isinstance(reference, Filling):
            return reference
        if isinstance(reference, Word):
            named = box.elaborator.definitions.named(reference, reference.document, span)
            return Filling(named, {}, reference.home)
        if isinstance(reference, dict):
            body = box.elaborator.definitions.of_body(self.name, reference, box.definition.document, span)
            return Filling(body, {}, here)
        if isinstance(reference, str) and reference in box.params:
            value = box.params[reference]
            if not isinstance(value, Word | Filling):
                label = box.names.declared(None, reference)
                message = f"parameter '{reference}' is {shown(value)}, not a box"
                raise Problem.of("unknown-box", message, label.span if label else span)
            return self._named(value, box.parameters.span(reference))
        if not isinstance(reference, str):
            raise Problem.of("unknown-box", f"{shown(reference)} is not the name of a box", span)
        if reference in box.element_types:
            raise NeedsStatic
        try:
            named = box.elaborator.definitions.named(reference, box.definition.document, span)
        except Problem as problem:
            (found,) = problem.diagnostics
            hint = did_you_mean(reference, box.params)
            if not hint or "did you mean" in found.help:
                raise
            raise Problem.of(found.code, found.message, span, help=hint) from None
        return Filling(named, {}, here)

    def _not_inside_itself(self, filling: Filling, span: SourceSpan) -> None:
        """A definition may not be inside itself, over whatever other ones."""
        around = [one for one, _ in filling.home]
        if filling.definition not in around:
            return
        first = around.index(filling.definition)
        circle = around[first:]
        if not self.box.elaborator.new_circle(circle):
            raise Unknown  # told already, from another box of the circle
        names = [one.name for one in (*circle, filling.definition)]
        links = tuple(
            Label(site, f"'{one.name}' is inside '{before.name}'")
            for before, (one, site) in zip(circle, filling.home[first + 1 :], strict=False)
        )
        label = Label(span, f"'{names[-1]}' is inside '{names[-2]}'" if len(circle) > 1 else "")
        message = f"box '{names[0]}' is inside itself: {' -> '.join(names)}"
        help = "repeat a box with a count, or share its definition by a third one"
        raise Problem([Diagnostic("recursive-box", message, label, links, help)])


def check_fit(
    elaborator: Elaborator,
    name: str,
    hole: Definition,
    hole_span: SourceSpan,
    filling: Filling,
    span: SourceSpan | None,
    sizes: dict[str, Given],
) -> None:
    """Raise Problem ``hole-mismatch`` where what fills the hole ``name`` has not its ports, of types that may
    agree; it may show more. ``span``: where it is given; None if no file says so, and the first port at fault
    is shown. ``sizes``: values of the hole's parameters."""
    start = elaborator.start
    wanted = start(hole, sizes, {}, hole_span)
    where = span or filling.definition.span
    given = start(filling.definition, filling.arguments, {}, where, home=filling.home)
    parts: list[str] = []
    places: list[Label] = []
    for key in ("in", "out"):
        for part, *labels in _misfits(wanted, given, key):
            parts.append(part)
            places += labels
    if parts:
        message = f"box '{filling.definition.name}' does not fit the hole '{name}': {'; '.join(parts)}"
        first = Label(span) if span is not None else places.pop(0)
        raise Problem([Diagnostic("hole-mismatch", message, first, tuple(places))])


def _misfits(hole: BoxElaboration, inner: BoxElaboration, key: str) -> Iterator[tuple[Any, ...]]:
    """(what is wrong, places …) for each port under ``key`` at which a box does not fit a hole."""
    mine, theirs = hole.section(key), inner.section(key)
    for name in dict.fromkeys((*mine, *theirs) if key == "in" else mine):
        port = f"{key}put '{name}'"
        if name not in theirs:
            yield f"it has no {port}", Label(mine.key_span(name), "the hole's port")
        elif name not in mine:
            yield f"the hole has no {port}", Label(theirs.key_span(name), "the box's port")
        else:
            sites = (hole.inputs, inner.inputs) if key == "in" else (inner.outputs, hole.outputs)
            source, target = sites[0].get(name), sites[1].get(name)
            if key == "out" and source is not None and source.partial:
                message = f"its {port} exists in some modes only ({', '.join(source.when)})"
                yield message, Label(theirs.key_span(name), "the box's port")
            elif source is not None and target is not None and not _may_fit(source, target):
                sites = (inner.inputs, hole.inputs) if key == "in" else (inner.outputs, hole.outputs)
                own, wanted = (one[name].own_type() for one in sites)
                own_text, wanted_text = own or _type(theirs[name]), wanted or _type(mine[name])
                yield (
                    f"its {port} is '{own_text}', the hole's '{wanted_text}'",
                    Label(mine.value_span(name), "the hole's port"),
                    Label(theirs.value_span(name), "the box's port"),
                )


def _type(port: Any) -> str:
    """The type of a port, as it is written."""
    return str(port if isinstance(port, str) else port["type"])


def _may_fit(source: PortSite, target: PortSite) -> bool:
    """May a value of one port go to the other, as far as their types are known?"""
    if not kind_fits(Type(source.kind), Type(target.kind)) or len(source.dims) != len(target.dims):
        return False
    pairs = [(source.classes, target.classes)] if source.kind == target.kind else []
    pairs += zip(source.dims, target.dims, strict=True)
    known = [(resolve(x), resolve(y)) for x, y in pairs]
    return all(x == y for x, y in known if isinstance(x, int) and isinstance(y, int))
