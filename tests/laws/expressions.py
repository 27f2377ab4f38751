"""Random expressions of a wanted type, as text.

Two styles. ``whole``: every value is a small whole number (kept small by ``clip``), so that sums and products
are exact and results can be compared bit for bit, whatever the order of summation; discrete functions abound.
``smooth``: only functions with continuous derivatives, and conditions that no real value decides.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from hypothesis import strategies as st

from dilsctl.ir import Kind

Style = Literal["whole", "smooth"]
Names = frozenset[str]
Item = TypeVar("Item")

_SMOOTH = [
    *("tanh({})", "sigmoid({})", "sin({})", "cos({})", "softplus({})", "gelu({})", "arctan({})", "silu({})"),
    *("(-{})", "exp(tanh({}))", "sqrt(1 + square({}))", "log(1 + square({}))", "(0.3 * {}) ** 3"),
]


class Choose:
    """Choices that Hypothesis makes, and shrinks towards the first of each list."""

    def __init__(self, draw: Callable[[Any], Any]) -> None:
        self.draw = draw

    def number(self, low: int, high: int) -> int:
        return int(self.draw(st.integers(low, high))) if high > low else low

    def one(self, items: Sequence[Item]) -> Item:
        return items[self.number(0, len(items) - 1)]

    def chance(self, percent: int) -> bool:
        """True with about this probability; False is the simpler choice."""
        return self.number(0, 99) >= 100 - percent

    def shuffled(self, items: Sequence[Item]) -> list[Item]:
        return list(self.draw(st.permutations(list(items)))) if len(items) > 1 else list(items)


@dataclass(frozen=True)
class Typed:
    """A type as the language writes it: ``shape`` is without the classes of a simplex."""

    kind: Kind
    shape: tuple[int, ...] = ()
    classes: int | None = None

    @property
    def array(self) -> tuple[int, ...]:
        return (*self.shape, self.classes or 0) if self.kind == "simplex" else self.shape

    def led(self, *lead: int) -> Typed:
        return Typed(self.kind, (*lead, *self.shape), self.classes)

    def element(self) -> Typed:
        return Typed(self.kind, self.shape[1:], self.classes)

    def text(self, name: Callable[[int], str] = str) -> str:
        words = [self.kind, *([name(self.classes)] if self.classes is not None else [])]
        return " ".join([*words, *map(name, self.shape)])


def real(*shape: int) -> Typed:
    return Typed("real", shape)


@dataclass(frozen=True)
class Source:
    """A name that an expression may read, and the own inputs on which it depends."""

    text: str
    type: Typed
    needs: Names = frozenset()


@dataclass
class Writer:
    """Writes expressions. ``used`` collects the needs of the sources that were read."""

    choose: Choose
    style: Style
    sources: list[Source]
    numbers: list[str] = field(default_factory=list)  # names of static numbers
    draws: bool = False
    sums: bool = True  # whether values may be sums of many terms, whose order of summation is free
    used: Names = frozenset()

    def expression(self, wanted: Typed, depth: int | None = None) -> tuple[str, Names]:
        """(an expression of exactly this type, what it needs)."""
        self.used = frozenset()
        depth = self.choose.number(0, 2) if depth is None else depth
        plain = depth == 0 and self._matching(wanted)
        text = self.write(wanted, depth)
        if wanted.kind == "real" and not plain:
            text = f"clip({text}, -9, 9)" if self.style == "whole" else f"2 * tanh({text} / 2)"
        return text, self.used

    def write(self, wanted: Typed, depth: int) -> str:
        if depth <= 0:
            return self.leaf(wanted)
        by_kind = {"real": self._real, "bool": self._bool, "int": self._int, "class": self._class}
        return by_kind.get(wanted.kind, self._simplex)(wanted, depth - 1)

    # -- leaves -----------------------------------------------------------------------------------

    def _matching(self, wanted: Typed) -> list[Source]:
        return [one for one in self.sources if one.type == wanted]

    def _read(self, source: Source) -> str:
        self.used |= source.needs
        return source.text

    def leaf(self, wanted: Typed) -> str:
        found = self._matching(wanted)
        if found:
            return self._read(self.choose.one(found))
        if wanted.kind == "real":
            for other in self.choose.shuffled(self.sources):
                if other.type.array == wanted.shape:
                    return f"real({self._read(other)})"
                if other.type.array[1:] == wanted.shape and other.type.array:
                    at = self.choose.number(0, other.type.array[0] - 1)
                    return f"real({self._read(other)}[{at}])"
        near = [one for one in self.sources if one.type.shape and one.type.element() == wanted]
        if near:
            source = self.choose.one(near)
            return f"{self._read(source)}[{self.choose.number(0, source.type.shape[0] - 1)}]"
        scalars = [one for one in self.sources if one.type == real()]
        if wanted.kind == "real" and scalars:
            return f"broadcast({self._read(self.choose.one(scalars))}, {_sizes(wanted.shape)})"
        return self.derived(wanted) or self.constant(wanted)

    def derived(self, wanted: Typed) -> str:
        """A value of any type made of some source of any type, so that little is constant; or nothing."""
        smooth_only = self.style == "smooth" and wanted.kind in ("bool", "int", "class")
        usable = [one for one in self.sources if not smooth_only or one.type.kind in ("bool", "int", "class")]
        if not usable or self.choose.chance(10):
            return ""
        if wanted.kind == "class":
            if self.style == "smooth":
                return ""
            return f"argmax({self.derived_real(usable, (*wanted.shape, wanted.classes or 1))}, axis=-1)"
        if wanted.kind == "simplex":
            if self.style == "smooth":
                return f"softmax({self.derived_real(usable, wanted.array)})"
            return f"one_hot(argmax({self.derived_real(usable, wanted.array)}, axis=-1))"
        if wanted.kind == "real":
            return self.derived_real(usable, wanted.shape)
        if self.style == "smooth":  # of a whole number, which no rounding changes
            usable = [one for one in usable if one.type.kind in ("bool", "int", "class")]
        number = self.derived_real(usable, wanted.shape, plain=True)
        return f"int({number})" if wanted.kind == "int" else f"({number} > 0)"

    def derived_real(self, usable: list[Source], shape: tuple[int, ...], *, plain: bool = False) -> str:
        """Reals that differ from element to element. ``plain``: whole numbers stay whole."""
        source = self.choose.one(usable)
        one = self._read(source)
        number = f"real({one})" if not source.type.array else f"sum(real({one}))"
        if not self.sums and source.type.array:
            number = f"real({one})[{', '.join('0' for _ in source.type.array)}]"
        size = 1
        for length in shape:
            size *= length
        if shape:
            number = f"({number} + reshape(arange({size}), {_sizes(shape)}))"
        if self.style == "whole":
            return f"(({number} + 3) % 7 - 3)"
        return number if plain else f"sin({number})"

    def constant(self, wanted: Typed) -> str:
        """A value that depends on nothing."""
        choose = self.choose
        sizes = _sizes(wanted.shape)
        if wanted.kind == "real":
            number = f"{choose.number(-3, 3)}"
            return f"(zeros({sizes}) + {number})" if sizes else f"real({number})"
        if wanted.kind == "bool":
            if not sizes:
                return choose.one(["true", "false"])
            return f"(zeros({sizes}) {choose.one(['<', '=='])} 0)"
        if wanted.kind == "int":
            return (
                f"int(zeros({sizes}) + {choose.number(-2, 2)})" if sizes else f"int({choose.number(-2, 2)})"
            )
        shape = _sizes((*wanted.shape, wanted.classes or 1))
        if wanted.kind == "class":
            return f"argmax(zeros({shape}) - arange({wanted.classes}), axis=-1)"
        if self.style == "smooth":
            return f"softmax(zeros({shape}))"
        return f"one_hot(argmax(zeros({shape}), axis=-1))"

    # -- parts ------------------------------------------------------------------------------------

    def _suffix(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """The shape itself, or one that broadcasts to it."""
        how = self.choose.number(0, 3)
        if how == 1 and shape:
            return shape[1:]
        if how == 2:
            return ()
        if how == 3 and len(shape) > 1:
            return (*shape[:-1], 1)
        return shape

    def _pair(self, wanted: Typed, depth: int) -> tuple[str, str]:
        a = self.write(wanted, depth)
        b = self.write(Typed(wanted.kind, self._suffix(wanted.shape), wanted.classes), depth)
        return (b, a) if self.choose.chance(30) else (a, b)

    def _small(self, text: str) -> str:
        return f"clip({text}, -9, 9)" if self.style == "whole" else f"(0.5 * {text})"

    # -- real -------------------------------------------------------------------------------------

    def _real(self, wanted: Typed, depth: int) -> str:
        shape, choose = wanted.shape, self.choose
        options: list[Callable[[], str]] = [
            lambda: self.leaf(wanted),
            lambda: "({} + {})".format(*self._pair(wanted, depth)),
            lambda: "({} - {})".format(*self._pair(wanted, depth)),
            lambda: self._small("({} * {})".format(*self._pair(wanted, depth))),
            lambda: f"real({self.write(Typed(choose.one(['bool', 'int']), shape), depth)})",
            lambda: self._choice(wanted, depth),
            lambda: self._reduced(shape, depth) if self.sums else self.leaf(wanted),
            lambda: self._picked(wanted, depth),
            lambda: f"(1 - {self.write(wanted, depth)})",
        ]
        if self.numbers:
            options.append(lambda: f"({self.write(wanted, depth)} + {choose.one(self.numbers)})")
        if shape:
            options += [lambda: self._rearranged(shape, depth), lambda: self._joined(shape, depth)]
        if len(shape) < 3 and self.sums:
            options.append(lambda: self._product(shape, depth))
        if len(shape) > 0 and self.sums:
            options.append(lambda: f"real({self.write(Typed('simplex', shape[:-1], shape[-1]), depth)})")
        if self.draws:
            options.append(lambda: self._drawn(shape))
        options.append(lambda: self._function(wanted, depth))
        options.append(lambda: self._function(wanted, depth))
        return choose.one(options)()

    def _function(self, wanted: Typed, depth: int) -> str:
        x = self.write(wanted, depth)
        if self.style == "whole":
            two = self.choose.number(0, 7)
            if two < 2:
                name = ("minimum", "maximum")[two]
                return f"{name}({', '.join(self._pair(wanted, depth))})"
            if two == 2:
                return f"{x} // {self.choose.one([2, 3, -2])}"
            if two == 3:
                return f"{x} % {self.choose.one([2, 3, 5])}"
            return self.choose.one(
                ["abs({})", "relu({})", "sign({})", "(-{})", "clip(square({}), 0, 9)", "stop({})"]
            ).format(x)
        form = self.choose.one([*_SMOOTH, "/"])
        if form == "/":
            return f"({x} / (1 + square({self.write(Typed('real', self._suffix(wanted.shape)), depth)})))"
        return form.format(x)

    def _choice(self, wanted: Typed, depth: int) -> str:
        condition = self.write(Typed("bool", self._suffix(wanted.shape)), depth)
        a, b = (self.write(wanted, depth) for _ in range(2))
        return f"({a} if {condition} else {b})" if self.choose.chance(50) else f"where({condition}, {a}, {b})"

    def _reduced(self, shape: tuple[int, ...], depth: int) -> str:
        length = self.choose.number(1, 3)
        at = self.choose.number(0, len(shape))
        x = self.write(real(*shape[:at], length, *shape[at:]), depth)
        axis = at if self.choose.chance(50) else at - len(shape) - 1
        if self.style == "whole":
            name = self.choose.one(["sum", "max", "min"])
            return self._small(f"{name}({x}, axis={axis})")
        return f"{self.choose.one(['sum', 'mean', 'logsumexp', 'var'])}({x}, axis={axis})"

    def _picked(self, wanted: Typed, depth: int) -> str:
        choose = self.choose
        length = choose.number(1, 3)
        how = choose.number(0, 3 if wanted.shape else 1)
        if how == 0:
            return f"({self.write(wanted.led(length), depth)})[{choose.number(-length, length - 1)}]"
        if how == 1:
            place = self.write(Typed("class", (), length), depth)
            return f"({self.write(wanted.led(length), depth)})[{place}]"
        first, rest = wanted.shape[0], wanted.shape[1:]
        if how == 2:
            at = choose.number(0, length - 1)
            whole = self.write(Typed(wanted.kind, (first + length, *rest), wanted.classes), depth)
            return f"({whole})[{at}:{at + first}]"
        whole = self.write(Typed(wanted.kind, (first, length, *rest), wanted.classes), depth)
        return f"({whole})[:, {choose.number(0, length - 1)}]"

    def _rearranged(self, shape: tuple[int, ...], depth: int) -> str:
        choose = self.choose
        how = choose.number(0, 4)
        x = self.write(real(*shape), depth)
        if how == 0:
            return f"({x})[::-1]"
        if how == 1:
            return f"roll({x}, {choose.number(-2, 2)}, axis={choose.number(0, len(shape) - 1)})"
        if how == 2:
            places = ", ".join(str(choose.number(0, shape[0] - 1)) for _ in range(shape[0]))
            return f"({x})[[{places}]]"
        size = 1
        for length in shape:
            size *= length
        if how == 3:
            return f"reshape({self.write(real(size), depth)}, {_sizes(shape)})"
        return f"transpose({self.write(real(*reversed(shape)), depth)})"

    def _joined(self, shape: tuple[int, ...], depth: int) -> str:
        if shape[0] > 1 and self.choose.chance(60):
            cut = self.choose.number(1, shape[0] - 1)
            a, b = (
                self.write(real(cut, *shape[1:]), depth),
                self.write(real(shape[0] - cut, *shape[1:]), depth),
            )
            return f"concat({a}, {b})"
        rows = [self.write(real(*shape[1:]), depth) for _ in range(shape[0])]
        return f"stack({', '.join(rows)})"

    def _product(self, shape: tuple[int, ...], depth: int) -> str:
        inner = self.choose.number(1, 3)
        if len(shape) == 2 and self.choose.chance(40):
            a, b = self.write(real(shape[0]), depth), self.write(real(shape[1]), depth)
            return self._small(f"outer({a}, {b})")
        if len(shape) == 1 and self.choose.chance(50):
            a, b = self.write(real(inner), depth), self.write(real(inner, *shape), depth)
        else:
            a, b = self.write(real(*shape[:1], inner), depth), self.write(real(inner, *shape[1:]), depth)
        return self._small(f"({a} @ {b})")

    def _drawn(self, shape: tuple[int, ...]) -> str:
        sizes = f"[{_sizes(shape)}]"
        name = self.choose.one(["uniform", "normal"])
        number = f"{name}(0, 1, {sizes})" if shape else f"{name}()"
        return (
            f"real(bernoulli(0.5, {sizes}))" if shape and self.choose.chance(30) else f"floor(3 * {number})"
        )

    # -- the others -------------------------------------------------------------------------------

    def _bool(self, wanted: Typed, depth: int) -> str:
        shape, choose = wanted.shape, self.choose
        kinds: list[Kind] = ["int", "real"] if self.style == "whole" else ["int"]
        options: list[Callable[[], str]] = [
            lambda: self.leaf(wanted),
            lambda: "({} and {})".format(*self._pair(wanted, depth)),
            lambda: "({} or {})".format(*self._pair(wanted, depth)),
            lambda: f"(not {self.write(wanted, depth)})",
            lambda: self._compared(Typed(choose.one(kinds), shape), depth),
            lambda: self._compared(Typed("class", shape, 3), depth),
            lambda: self._choice(wanted, depth),
            lambda: f"{choose.one(['any', 'all'])}({self.write(wanted.led(2), depth)}, axis=0)",
            lambda: self._picked(wanted, depth),
        ]
        return choose.one(options)()

    def _compared(self, type: Typed, depth: int) -> str:
        a, b = self._pair(type, depth)
        sign = self.choose.one(["==", "!="] if type.kind == "class" else ["<", "<=", ">", ">=", "==", "!="])
        return f"({a} {sign} {b})"

    def _int(self, wanted: Typed, depth: int) -> str:
        shape, choose = wanted.shape, self.choose
        options: list[Callable[[], str]] = [
            lambda: self.leaf(wanted),
            lambda: f"clip({'({} + {})'.format(*self._pair(wanted, depth))}, -9, 9)",
            lambda: f"clip({'({} * {})'.format(*self._pair(wanted, depth))}, -9, 9)",
            lambda: f"({self.write(wanted, depth)} // {choose.one([2, 3])})",
            lambda: f"({self.write(wanted, depth)} % {choose.one([2, 3])})",
            lambda: f"int({self.write(Typed('class', shape, 3), depth)})",
            lambda: self._choice(wanted, depth),
            lambda: self._picked(wanted, depth),
        ]
        if self.style == "whole":
            options.append(lambda: f"int({self.write(Typed('real', shape), depth)})")
        return choose.one(options)()

    def _class(self, wanted: Typed, depth: int) -> str:
        choose = self.choose
        options: list[Callable[[], str]] = [
            lambda: self.leaf(wanted),
            lambda: self._choice(wanted, depth),
            lambda: self._picked(wanted, depth),
        ]
        if self.style == "whole":
            scores = real(*wanted.shape, wanted.classes or 1)
            name = choose.one(["argmax", "argmin"])
            options.append(lambda: f"{name}({self.write(scores, depth)}, axis=-1)")
            options.append(lambda: f"argsort({self.write(scores, depth)})[..., 0]")
        return choose.one(options)()

    def _simplex(self, wanted: Typed, depth: int) -> str:
        choose = self.choose
        corner = f"one_hot({self.write(Typed('class', wanted.shape, wanted.classes), depth)})"
        options: list[Callable[[], str]] = [lambda: self.leaf(wanted), lambda: corner]
        if not wanted.shape and self.sums:
            options.append(lambda: self._mixture(wanted, depth))
        if self.style == "smooth":
            x = real(*wanted.array)
            options += [
                lambda: f"softmax({self.write(x, depth)})",
                lambda: f"normalise(sigmoid({self.write(x, depth)}))",
            ]
        return choose.one(options)()

    def _mixture(self, wanted: Typed, depth: int) -> str:
        parts = self.choose.number(1, 3)
        weights = self.write(Typed("simplex", (), parts), depth)
        return f"({weights} @ {self.write(wanted.led(parts), depth)})"


def _sizes(shape: Sequence[int]) -> str:
    return ", ".join(map(str, shape))
