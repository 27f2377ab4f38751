"""From a graph of numbers to one Python function: a loop in which every number is a local variable.

def loop(state, given, held, show):
    s1, s2, = state
    h1, = held
    v1 = h1 * 2.0                  # what does not change within the loop
    for x1, in given:
        v2 = s1 + v1 * x1
        show((s2, ))
        s1, s2, = v2, s1 * x1,     # all states move at once
    return s1, s2,
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from dilsctl.engine.kernels import Array
from dilsctl.engine.scalar.nodes import Graph, Node
from dilsctl.engine.scalar.numbers import FUNCTIONS
from dilsctl.engine.scalar.program import Numbers, flat

Loop = Callable[[Sequence[Any], Iterable[Any], Sequence[Any], Callable[[Any], None]], tuple[Any, ...]]

_LONGEST = 100  # characters of an expression that is written where it is used
_INDENT = " " * 4


class _Writer:
    """Writes nodes: a number that is used once stands where it is used, others get names."""

    def __init__(self, graph: Graph, ends: Sequence[Node], changing: Iterable[Node], careful: bool) -> None:
        self.careful = careful
        self.text: dict[Node, str] = {}
        self.before: list[str] = []  # the loop
        self.inside: list[str] = []
        self.varies = set(changing)
        needed = set(ends)
        for node in reversed(graph.nodes):
            if node in needed:
                needed.update(node.args)
        wanted = [node for node in graph.nodes if node in needed]
        self.uses: dict[Node, int] = {}
        for node in wanted:
            if any(arg in self.varies for arg in node.args):
                self.varies.add(node)
        self.inner: set[Node] = set()  # used within the loop
        for node in wanted:
            template = self._template(node)
            for number, arg in enumerate(node.args):
                self.uses[arg] = self.uses.get(arg, 0) + template.count(f"{{{number}}}")
            if node in self.varies:
                self.inner.update(node.args)
        for node in ends:
            self.uses[node] = self.uses.get(node, 0) + 1
            self.inner.add(node)
        for node in wanted:
            self._write(node)

    def _template(self, node: Node) -> str:
        return node.careful if self.careful else node.text

    def _write(self, node: Node) -> None:
        template = self._template(node)
        text = template.format(*(self.of(arg) for arg in node.args))
        fixed = node not in self.varies
        if self.uses[node] == 1 and len(text) <= _LONGEST and not (fixed and node in self.inner):
            self.text[node] = text if template.endswith((")", "]")) else f"({text})"
            return
        name = f"v{len(self.before) + len(self.inside)}"
        (self.before if fixed else self.inside).append(f"{name} = {text}")
        self.text[node] = name

    def of(self, node: Node) -> str:
        """The text of a node that is written already."""
        return node.text if node.atomic else self.text[node]


def _pattern(arrays: Sequence[Array]) -> str:
    """What the loop takes at each turn: for each input a number, or a list of its numbers."""
    parts = []
    for array in arrays:
        names = [node.text for node in array.ravel()]
        parts.append(names[0] if len(names) == 1 else f"({_listed(names)})")
    return parts[0] if len(parts) == 1 else _listed(parts) or "_"


def _listed(texts: Sequence[str]) -> str:
    return "".join(f"{text}, " for text in texts).rstrip(" ")


def written(numbers: Numbers, shown: Sequence[Node], careful: bool) -> str:
    """The source of the loop that shows ``shown`` at each turn, before the states move."""
    state, held = flat(numbers.states.values()), flat(numbers.held.values())
    moving = [
        (old, new)
        for var, array in numbers.new.items()
        for old, new in zip(numbers.states[var].ravel(), array.ravel(), strict=True)
        if old is not new
    ]
    changing = [*flat(numbers.given.values()), *(old for old, _ in moving)]
    writer = _Writer(numbers.graph, [*shown, *(new for _, new in moving)], changing, careful)
    lines = ["def loop(state, given, held, show):"]
    for nodes, name in ((state, "state"), (held, "held")):
        if nodes:
            lines.append(f"{_listed([node.text for node in nodes])} = {name}")
    lines += writer.before
    body = list(writer.inside)
    if shown:
        body.append(f"show(({_listed([writer.of(node) for node in shown])}))")
    if moving:
        news = _listed([writer.of(new) for _, new in moving])
        body.append(f"{_listed([old.text for old, _ in moving])} = {news}")
    lines.append(f"for {_pattern(list(numbers.given.values()))} in given:")
    lines += [_INDENT + line for line in body or ["pass"]]
    lines.append(f"return ({_listed([node.text for node in state])})")
    return f"\n{_INDENT}".join(lines) + "\n"


def compiled(source: str) -> Loop:
    """The function of a source made here."""
    names: dict[str, Any] = {"__builtins__": {}, **FUNCTIONS}
    exec(compile(source, "<dilsctl>", "exec"), names)
    loop: Loop = names["loop"]
    return loop
