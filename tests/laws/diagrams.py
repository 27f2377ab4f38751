"""Random documents: nested boxes with typed ports, box arrays, states and wires of every form.

Wires are drawn in an order in which every value they read is known, so that no port depends on itself. Boxes
may well seem to: two boxes may feed each other through ports that do not depend on each other, and box arrays
may be wired to themselves as chains.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import yaml
from hypothesis import strategies as st

from .expressions import Choose, Names, Source, Style, Typed, Writer, real
from .motions import Motions, Share

Body = dict[str, Any]


@dataclass(frozen=True)
class Options:
    """What documents may hold."""

    style: Style = "whole"
    levels: int = 3
    counts: bool = True
    chains: bool = True
    draws: bool = False
    learned: bool = True
    losses: bool = True
    only_real: bool = False
    batched: bool = True  # the main box has inputs
    moving: bool = False  # states move, and boxes share variables
    sums: bool = True  # see Writer
    modes: bool = False  # boxes have modes, and ports that exist in some of them only; for moving ones


@dataclass
class Definition:
    """A box that has been written: ``needs`` are the inputs on which each output depends."""

    name: str
    body: Body
    inputs: dict[str, Typed]
    outputs: dict[str, Typed]
    needs: dict[str, Names]
    level: int
    named: set[str] = field(default_factory=set)  # inputs whose dimensions have to be found by their wires
    params: list[str] = field(default_factory=list)
    shares: dict[str, Share] = field(default_factory=dict)
    modes: list[str] = field(default_factory=list)
    when: dict[str, list[str]] = field(default_factory=dict)  # of ports, the modes in which they exist


class Document:
    """A document as a value. ``inputs`` and ``outputs`` are the ports of its main box, ``when`` the modes of
    those that exist in some only."""

    def __init__(self, root: Body, main: Definition) -> None:
        self.root, self.inputs, self.outputs, self.when = root, main.inputs, main.outputs, main.when

    @property
    def text(self) -> str:
        return as_text(self.root)

    def __repr__(self) -> str:
        return "\n" + self.text


def as_text(root: Body) -> str:
    return str(yaml.safe_dump(root, sort_keys=False, width=10**6, allow_unicode=True))


class Maker:
    """Makes one document."""

    def __init__(self, choose: Choose, options: Options) -> None:
        self.choose = choose
        self.options = options
        self.made: list[Definition] = []

    def document(self) -> Document:
        main = self.definition(self.choose.number(0, self.options.levels), outermost=True)
        root: Body = {"dils": 1, "define": {one.name: one.body for one in self.made}, "main": main.name}
        return Document(root, main)

    # -- types ------------------------------------------------------------------------------------

    def type(self) -> Typed:
        choose = self.choose
        kinds = ["real"] * 6 + ([] if self.options.only_real else ["bool", "int", "class", "simplex"])
        kind: Any = choose.one(kinds)
        shape = tuple(choose.number(1, 3) for _ in range(choose.one([0, 0, 1, 1, 1, 2])))
        return Typed(kind, shape, choose.number(2, 3) if kind in ("class", "simplex") else None)

    # -- one box ----------------------------------------------------------------------------------

    def definition(self, level: int, *, outermost: bool = False) -> Definition:
        return _Making(self, level, outermost).run()

    def any_definition(self, level: int) -> Definition:
        """One of those that there are, or a new one."""
        known = [one for one in self.made if one.level <= level]
        if known and self.choose.chance(40):
            return self.choose.one(known)
        return self.definition(level)


@dataclass
class _Interior:
    """An interior box while its parent is being made."""

    name: str
    definition: Definition
    count: int | None

    def type(self, port: str) -> Typed:
        found = {**self.definition.inputs, **self.definition.outputs}[port]
        return found if self.count is None else found.led(self.count)


class _Making:
    def __init__(self, maker: Maker, level: int, outermost: bool) -> None:
        self.maker, self.choose, self.options = maker, maker.choose, maker.options
        self.level, self.outermost = level, outermost
        self.body: Body = {}
        self.inputs: dict[str, Typed] = {}
        self.outputs: dict[str, Typed] = {}
        self.needs: dict[str, Names] = {}
        self.sizes: dict[int, str] = {}  # lengths that have a name
        self.named: set[str] = set()
        self.sources: list[Source] = []
        self.numbers: list[str] = []
        self.interior: dict[str, _Interior] = {}
        self.wired: dict[tuple[str, str], Names] = {}
        self.wires: list[str] = []
        self.lets: dict[str, str] = {}
        self._states_made: dict[str, Typed] = {}
        self.modes: list[str] = []
        self.when: dict[str, list[str]] = {}
        self.guarded: set[str] = set()
        self.motions = Motions(self.choose, self.body, self.sources, self.options.sums)

    def run(self) -> Definition:
        choose = self.choose
        self._ports()
        self._params()
        self._states()
        if self.options.moving:
            self.motions.share()
        if self.level > 0:
            for number in range(choose.number(1, 3)):
                self._child(f"b{number}")
        self._modes()
        self._show()
        self._wire_interior()
        self._lets(2)
        self._wire_outputs()
        if self.options.moving:
            self.motions.laws(self._states_made, lambda type: self._writer().expression(type)[0])
        if self.options.losses and choose.chance(30):
            self.body["loss"] = f"sum(zeros(1)) + {self._writer().expression(real())[0]}"
        if self.lets:
            self.body["let"] = self.lets
        if self.wires:
            block = choose.chance(10) and not any("#" in one for one in self.wires)
            self.body["wires"] = "\n".join(self.wires) + "\n" if block else self.wires
        name = f"box{len(self.maker.made)}"
        made = Definition(
            name, self.body, self.inputs, self.outputs, self.needs, self.level, self.named,
            list(self.numbers), self.motions.shares, self.modes, self.when,
        )  # fmt: skip
        self.maker.made.append(made)
        return made

    def _writer(self) -> Writer:
        options = self.options
        return Writer(
            self.choose, options.style, self.sources, self.numbers, options.draws, options.sums
        )  # fmt: skip

    # -- the border -------------------------------------------------------------------------------

    def _ports(self) -> None:
        choose = self.choose
        least = 1 if self.outermost and self.options.batched else 0
        for number in range(choose.number(least, 3)):
            self.inputs[f"i{number}"] = self.maker.type()
        for number in range(choose.number(1, 2)):
            self.outputs[f"o{number}"] = self.maker.type()
        if not self.outermost:
            self._name_sizes()
        if self.options.modes and choose.chance(60):
            self.modes = ["near", "far", "away"][: choose.number(2, 3)]
        text: dict[str, Any] = {}
        for name, type in self.inputs.items():
            text[name] = type.text(self._size)
            if any(self._size(one) in ("n", "m") for one in type.array):
                self.named.add(name)
            text[name] = self._in_modes(name, text[name])
            if name not in self.when:
                self.sources.append(Source(name, type, frozenset([name])))
        if text:
            self.body["in"] = text
        shown = {name: type.text(self._size_or_sum) for name, type in self.outputs.items()}
        self.body["out"] = {name: self._in_modes(name, one) for name, one in shown.items()}

    # -- modes ------------------------------------------------------------------------------------

    def _in_modes(self, port: str, text: str) -> Any:
        """A port's type, maybe with the modes in which it exists."""
        if not self.modes or self.choose.chance(40):
            return text
        when = self.modes[: self.choose.number(1, len(self.modes))][::-1]
        self.when[port] = when
        return {"type": text, "when": when[0] if len(when) == 1 else when}

    def _modes(self) -> None:
        """Conditions of what is known before anything is told; then what they let be read."""
        choose = self.choose
        for name, child in self.interior.items():
            for mode in child.definition.modes:
                type = Typed("bool") if child.count is None else Typed("bool", (child.count,))
                self.sources.append(Source(f"{name}.{mode}", type))
        if not self.modes:
            return
        told = [one for one in self.sources if not one.needs]
        writer = Writer(choose, self.options.style, told, self.numbers, False, self.options.sums)
        conditions = {name: writer.expression(Typed("bool"))[0] for name in self.modes}
        conditions[self.modes[-1]] = "otherwise"
        self.body["modes"] = conditions
        self.sources += [Source(name, Typed("bool")) for name in self.modes]
        for port, when in self.when.items():
            if port in self.inputs:
                type = self.inputs[port]
                guarded = self._guarded(port, "", when, self.modes, type, 0)
                self.sources.append(Source(guarded, type, frozenset([port])))

    def _guarded(
        self, port: str, before: str, when: list[str], modes: list[str], type: Typed, axes: int
    ) -> str:
        """A port, read where it exists. ``before``: what stands before the names of its modes; ``axes``: how
        many come after that of the elements."""
        choose = self.choose
        shape = f"[:, {', '.join(['None'] * axes)}]" if axes else ""
        flags = [f"{before}{one}{shape}" for one in when]
        others = [f"{before}{one}{shape}" for one in modes if one not in when]
        nothing = self._writer().constant(type)
        holds = " or ".join(flags)
        how = choose.number(0, 3)
        if how == 1 and others:
            return f"({nothing} if {' or '.join(others)} else {port})"
        if how == 2:
            return f"where({holds}, {port}, {nothing})"
        if how == 3 and others:
            return f"({port} if {' and '.join(f'not {one}' for one in others)} else {nothing})"
        return f"({port} if {holds} else {nothing})"

    def _inside(self, when: list[str]) -> list[Source]:
        """What else may be read where the box is in one of these modes: inputs that exist there."""
        return [
            Source(port, self.inputs[port], frozenset([port]))
            for port, modes in self.when.items()
            if port in self.inputs and set(when) <= set(modes)
        ]

    # -- the border -------------------------------------------------------------------------------

    def _name_sizes(self) -> None:
        """Free dimensions, and one that is a parameter."""
        lengths = sorted({one for type in self.inputs.values() for one in type.array})
        for name in ("n", "m"):
            if lengths and self.choose.chance(35):
                self.sizes[lengths.pop()] = name
        rest = [one for one in (1, 2, 3) if one not in self.sizes]
        if rest and self.choose.chance(25):
            length = self.choose.one(rest)
            self.sizes[length] = "size"
            self.body.setdefault("params", {})["size"] = length

    def _size(self, length: int) -> str:
        return self.sizes.get(length, str(length))

    def _size_or_sum(self, length: int) -> str:
        if length in self.sizes:
            return self.sizes[length]
        for other, name in self.sizes.items():
            if self.choose.chance(30):
                return f"{name}+{length - other}" if length > other else f"{name}-{other - length}"
        return str(length)

    def _params(self) -> None:
        if self.outermost:
            return
        for number in range(self.choose.one([0, 0, 1, 2])):
            self.body.setdefault("params", {})[f"p{number}"] = self.choose.number(-2, 2)
            self.numbers.append(f"p{number}")

    def _states(self) -> None:
        choose = self.choose
        learn = []
        states: Body = {}
        for number in range(choose.one([0, 1, 1, 2])):
            name, type = f"s{number}", self.maker.type()
            states[name] = self._state(type)
            self._states_made[name] = type
            self.sources.append(Source(name, type))
            if type.kind == "real" and self.options.learned and choose.chance(60):
                learn.append(name)
        if states:
            self.body["state"] = states
        if learn:
            self.body["learn"] = learn

    def _state(self, type: Typed) -> Any:
        text = type.text(self._size)
        if type.kind == "simplex":
            return text if self.choose.chance(50) else f"{text} = uniform"
        if type.kind == "bool":
            return f"{text} = {self.choose.one(['true', 'false'])}"
        if type.kind == "real" and self.choose.chance(50):
            return f"{text} = {self.choose.one(['normal(0, 0.5)', 'glorot', 'ones', 'uniform(-1, 1)'])}"
        if type.kind == "real" and self.choose.chance(30):
            return {"type": text, "init": self.choose.number(-2, 2)}
        return f"{text} = {self.choose.number(0, 1)}"

    # -- the interior -----------------------------------------------------------------------------

    def _child(self, name: str) -> None:
        choose = self.choose
        inner = self.maker.any_definition(self.level - 1)
        count = choose.number(1, 4) if self.options.counts and choose.chance(50) else None
        values: Body = {}
        each: Body = {}
        for param in inner.params:
            how = choose.number(0, 4)
            if count is not None and how == 1:
                values[param] = choose.one(["index", "2 - index", "index % 2"])
            elif count is not None and how == 2:
                each[param] = [choose.number(-2, 2) for _ in range(count)]
            elif how == 3:
                values[param] = choose.number(-2, 2)
            elif how == 4 and self.numbers:
                values[param] = choose.one(self.numbers)
        spec: Body = {"box": inner.name}
        if count is not None:
            spec["count"] = count
        if values:
            spec["with"] = values
        if each:
            spec["each"] = each
        plain = len(spec) == 1
        if choose.chance(15):
            spec["box"] = copy.deepcopy(inner.body)
        self.body.setdefault("boxes", {})[name] = spec["box"] if plain and choose.chance(70) else spec
        self.interior[name] = _Interior(name, inner, count)
        self.motions.join(name, inner.shares, count)

    def _show(self) -> None:
        """Let expressions read the interior outputs whose needs are met."""
        known = {one.text for one in self.sources}
        for name, child in self.interior.items():
            for port in child.definition.outputs:
                text = f"{name}.{port}"
                needed = child.definition.needs[port] | child.definition.named
                if text in known or any((name, one) not in self.wired for one in needed):
                    continue
                needs = frozenset().union(*(self.wired[name, one] for one in needed))
                if port in child.definition.when:
                    if text not in self.guarded:
                        self.guarded.add(text)
                        self._show_guarded(name, child, port, needs)
                    continue
                self.sources.append(Source(text, child.type(port), needs))
                if child.count is not None:
                    at = self.choose.number(0, child.count - 1)
                    one = child.type(port).element()
                    self.sources.append(Source(f"{name}[{at}].{port}", one, needs))
                    if child.count > 1:
                        rest = one.led(child.count - 1)
                        where = self.choose.one([":-1", "1:"])
                        self.sources.append(Source(f"{name}[{where}].{port}", rest, needs))

    def _show_guarded(self, name: str, child: _Interior, port: str, needs: Names) -> None:
        inner = child.definition
        when, modes, own = inner.when[port], inner.modes, inner.outputs[port]
        type = child.type(port)
        axes = len(own.array) if child.count is not None else 0
        if axes == 0 or own.kind != "simplex":
            text = self._guarded(f"{name}.{port}", f"{name}.", when, modes, type, axes)
            self.sources.append(Source(text, type, needs))
        if child.count is not None:
            at = f"{name}[{self.choose.number(-child.count, child.count - 1)}]."
            self.sources.append(Source(self._guarded(at + port, at, when, modes, own, 0), own, needs))

    def _lets(self, most: int) -> None:
        for _ in range(self.choose.number(0, most)):
            name, type = f"l{len(self.lets)}", self.maker.type()
            text, needs = self._writer().expression(type)
            self.lets[name] = text
            self.sources.append(Source(name, type, needs))

    def _wire_interior(self) -> None:
        waiting = [(name, port) for name, one in self.interior.items() for port in one.definition.inputs]
        for name, port in self.choose.shuffled(waiting):
            if self.choose.chance(20):
                self._lets(1)
            child = self.interior[name]
            needs = self._chain(child, port) if self._may_chain(child, port) else None
            if needs is None:
                needs = self._wire(f"{name}.{port}", name, port, child)
            self.wired[name, port] = needs
            self._show()

    def _wire(self, target: str, name: str, port: str, child: _Interior) -> Names:
        """Drive an interior input: as a whole, the same for all, one for each, or in parts."""
        own = child.definition.inputs[port]
        named = port in child.definition.named
        how = 0 if named else self.choose.number(0, 2)
        if child.count is None:
            if how and own.shape and own.shape[0] > 1:
                return self._in_parts(own, lambda part: f"{name}.{port}{part}")
            return self._expression_to(own, target, named)
        full = own.led(child.count)
        if how == 1 and child.count > 1:
            return self._in_parts(full, lambda part: f"{name}{part}.{port}", own)
        if how == 2 and own.shape and own.shape[0] > 1:
            cut = self.choose.number(1, own.shape[0] - 1)
            needs: Names = frozenset()
            for part, length in ((f"[:{cut}]", cut), (f"[{cut}:]", own.shape[0] - cut)):
                needs |= self._expression_to(
                    Typed(own.kind, (child.count, length, *own.shape[1:]), own.classes), target + part
                )
            return needs
        return self._expression_to(full if self.choose.chance(50) else own, target, named)

    def _in_parts(self, full: Typed, at: Any, own: Typed | None = None) -> Names:
        """Two slices of a target. ``own``: of a counted box, so that an element's value may serve all."""
        length = full.shape[0]
        cut = self.choose.number(1, length - 1)
        needs: Names = frozenset()
        for part, size in ((f":{cut}", cut), (f"{cut}:", length - cut)):
            if size == 1 and self.choose.chance(60):
                where = f"[{cut - 1}]" if part[0] == ":" else "[-1]"
                needs |= self._expression_to(full.element(), at(where))
            elif own is not None and self.choose.chance(40):
                needs |= self._expression_to(own, at(f"[{part}]"))
            else:
                needs |= self._expression_to(full.element().led(size), at(f"[{part}]"))
        return needs

    def _expression_to(
        self, type: Typed, target: str, named: bool = False, more: Sequence[Source] = ()
    ) -> Names:
        writer = self._writer()
        writer.sources = [*more, *writer.sources]
        text, needs = writer.expression(type)
        if named and not needs and not any(one.text in text for one in self.sources):
            text = (
                f"broadcast({text}, {', '.join(map(str, type.array))})"
                if type.kind == "real" and type.shape
                else text
            )
        self.wires.append(f"{text} -> {target}")
        return needs

    # -- chains through an array ------------------------------------------------------------------

    def _may_chain(self, child: _Interior, port: str) -> bool:
        if not self.options.chains or (child.count or 1) < 2 or port in child.definition.named:
            return False
        return bool(self._links(child, port)) and self.choose.chance(60)

    def _links(self, child: _Interior, port: str) -> list[str]:
        """Outputs that can feed an input of the next element: all they need besides is wired already."""
        inner = child.definition
        return [
            one
            for one, type in inner.outputs.items()
            if type == inner.inputs[port]
            and one not in inner.when
            and all((child.name, other) in self.wired for other in (inner.needs[one] | inner.named) - {port})
        ]

    def _chain(self, child: _Interior, port: str) -> Names:
        choose, inner, name = self.choose, child.definition, child.name
        link = choose.one(self._links(child, port))
        count = child.count or 1
        step = 1 if count == 2 else choose.number(1, 2)
        own = inner.inputs[port]
        forwards = choose.chance(60)
        starts, rest = (f":{step}", f"{step}:") if forwards else (f"-{step}:", f":-{step}")
        source = f"{name}[{f':-{step}' if forwards else f'{step}:'}].{link}"
        needs = self._expression_to(own.led(step), f"{name}[{starts}].{port}")
        if own.kind == "real" and choose.chance(40):
            form = choose.one(
                ["clip({} + 1, -9, 9)", "-{}"] if self.options.style == "whole" else ["tanh({})", "0.5 * {}"]
            )
            source = form.format(source)
        self.wires.append(f"{source} -> {name}[{rest}].{port}")
        for other in inner.needs[link] - {port}:
            needs |= self.wired[name, other]
        return needs

    # -- the outputs ------------------------------------------------------------------------------

    def _wire_outputs(self) -> None:
        for name, type in self.outputs.items():
            if type.shape and type.shape[0] > 1 and self.choose.chance(25):
                self.needs[name] = self._in_parts(type, lambda part, name=name: f"{name}{part}")
            else:
                more = self._inside(self.when[name]) if name in self.when else []
                self.needs[name] = self._expression_to(type, name, more=more)


@st.composite
def documents(draw: Any, options: Options = Options()) -> Document:
    """A random document that is without errors and computes."""
    return Maker(Choose(draw), options).document()


# -- the same document, written differently -----------------------------------------------------------


def shuffled(root: Body, choose: Choose) -> Body:
    """The document with everything declared in another order."""
    return {
        key: {name: _shuffled_box(body, choose) for name, body in _mixed(value, choose)}
        if key == "define"
        else value
        for key, value in _mixed(root, choose)
    }


def _mixed(mapping: Mapping[str, Any], choose: Choose) -> Sequence[tuple[str, Any]]:
    return choose.shuffled(list(mapping.items()))


def _shuffled_box(body: Body, choose: Choose) -> Body:
    found: Body = {}
    for key, value in _mixed(body, choose):
        if key == "boxes":
            value = {name: _shuffled_spec(one, choose) for name, one in _mixed(value, choose)}
        elif key == "wires" and isinstance(value, str):
            value = "\n".join(choose.shuffled(value.splitlines()))
        elif isinstance(value, dict) and key != "modes":
            value = dict(_mixed(value, choose))
        elif isinstance(value, list) and key != "loss":
            value = choose.shuffled(value)
        found[key] = value
    return found


def _shuffled_spec(spec: Any, choose: Choose) -> Any:
    if not isinstance(spec, dict):
        return spec
    if "box" not in spec:
        return _shuffled_box(spec, choose)
    found = dict(_mixed(spec, choose))
    if isinstance(found["box"], dict):
        found["box"] = _shuffled_box(found["box"], choose)
    return found


def wrapped(document: Document, name: str = "inner") -> Body:
    """The document's main box inside a box that only passes on."""
    outer: Body = {"boxes": {name: document.root["main"]}, "wires": []}
    if document.inputs:
        outer["in"] = {port: type.text() for port, type in document.inputs.items()}
    outer["out"] = {port: type.text() for port, type in document.outputs.items()}
    outer["wires"] = [f"{port} -> {name}.{port}" for port in document.inputs]
    outer["wires"] += [f"{name}.{port} -> {port}" for port in document.outputs]
    root = copy.deepcopy(document.root)
    root["define"]["outermost"] = outer
    root["main"] = "outermost"
    return root
