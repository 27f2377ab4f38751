"""States as a file has them: their types, how they begin, and what they are learned by."""

from __future__ import annotations

from typing import Any

from dilsctl.diagram import Initial
from dilsctl.ir import Type
from dilsctl.lower import FlatState
from dilsctl.written_values import literal, text_of

_DRAWN = {"glorot", "he", "lecun", "uniform", "normal", "orthogonal", "identity"}


def begins_with(one: FlatState, name: str, *, keep: bool, inside: bool = False, source: str = "") -> Any:
    """A state as a file has it: its type, and how it begins. ``name``: what it is called now; ``inside``: it
    will be in a box inside of the main box. ``source``: the learned state that it begins as, if it does."""
    initial = one.state.initial
    text = str(one.var.type)
    drawn: dict[str, Any] = {}
    begins: Any = None
    if source:
        begins = source
    elif initial.rule:
        arguments = ", ".join(text_of(literal(value, Type("real"))) for value in initial.arguments)
        begins = f"{initial.rule}({arguments})" if arguments else initial.rule
        if initial.rule in _DRAWN and one.var.type.kind != "simplex":
            drawn = _drawn(one, initial, name, inside)
        elif one.var.type.kind == "simplex":
            begins = None
    elif initial.value != 0 or isinstance(initial.value, tuple):
        begins = plain(initial.value, one.var.type)
        if isinstance(begins, list):  # of one box: all those of an array begin so
            for length in reversed(one.lead):
                begins = [begins] * length
    if drawn or keep:
        found: dict[str, Any] = {"type": text}
        if begins is not None:
            found["init"] = begins
        return {**found, **({"keep": True} if keep else {}), **drawn}
    if begins is None:
        return text
    return f"{text} = {_shown(begins)}"


def learned_by(learned: dict[str, tuple[tuple[str, Any], ...]]) -> Any:
    """The ``learn`` of a box: names, with their options where there are some."""
    if not any(learned.values()):
        return list(learned)
    return {name: {key: _thawed(one) for key, one in options} for name, options in learned.items()}


def _drawn(one: FlatState, initial: Initial, name: str, inside: bool) -> dict[str, Any]:
    """Under which name, and for how many axes of boxes, a state's initial value is drawn."""
    own, stacks = one.path, len(one.lead)
    if initial.drawn is not None:
        own = own[: len(own) - len(one.state.name)] + initial.drawn[0]
        own = initial.drawn[0][1:] if initial.drawn[0].startswith("/") else own
        stacks += initial.drawn[1]
    if own == name and not stacks and not inside:
        return {}
    own = f"/{own}" if inside else own
    return {"drawn": {"as": own, **({"stacks": stacks} if stacks else {})}}


def plain(value: Any, type: Type) -> Any:
    """Numbers as a file has them."""
    if isinstance(value, tuple):
        return [plain(one, type) for one in value]
    if type.kind == "bool":
        return bool(value)
    return int(value) if type.kind in ("int", "class") else float(value)


def _shown(value: Any) -> str:
    """A value as an expression."""
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _thawed(value: Any) -> Any:
    """Options of a learned state as a file has them."""
    if isinstance(value, tuple):
        if value and all(
            isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str) for one in value
        ):
            return {key: _thawed(one) for key, one in value}
        return [_thawed(one) for one in value]
    return value
