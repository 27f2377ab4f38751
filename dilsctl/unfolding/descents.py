"""How the states of an interaction diagram descend, and what the training of its network says of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np

from dilsctl.diagnostics import SourceSpan
from dilsctl.diagram import Initial
from dilsctl.learning.optimisers import OPTIMISERS
from dilsctl.unfolding.nested import Nested, Place, refuse
from dilsctl.unfolding.recognise import Found, Laws
from dilsctl.unfolding.units import homes


class Descents:
    """The laws of all states. ``laws``: of those that are learned; ``moments``: for such a state those that
    its optimiser keeps; ``optimiser`` and ``decay``: what most descend by."""

    def __init__(self, nested: Nested, steps: Callable[[], int], span: SourceSpan | None) -> None:
        """Raises Problem: not-folded, where a state moves in another way."""
        self.laws: dict[Place, Found] = {}
        self.moments: dict[Place, list[Place]] = {}
        self._recognise(nested, steps)
        keys = Counter(json.dumps([_short(one.optimiser), one.decay]) for one in self.laws.values())
        if not keys:
            help = "a state that is learned has an optimiser's law under 'next'"
            raise refuse("no state of it moves: nothing in it learns", span, help)
        self.optimiser: dict[str, Any]
        self.decay: float
        self.optimiser, self.decay = json.loads(keys.most_common(1)[0][0])

    def _recognise(self, nested: Nested, steps: Callable[[], int]) -> None:
        forward: set[Place] = set()
        for level in nested.levels.values():
            ends = [var for name, var in level.box.readout.items() if name not in level.back]
            forward |= homes(nested, level, ends)
        for path, level in nested.levels.items():
            laws = Laws(level.producer, {var: law.value for var, law in level.laws.items()}, steps)
            names = {state.var: name for name, state in level.box.states.items()}
            for var, law in level.laws.items():
                place = (path, names[var])
                if place not in forward:
                    continue
                found, name = laws.recognise(var), _full(path, names[var])
                if found is None:
                    message = f"'{name}' moves by no law of an optimiser that is known"
                    help = f"those of {', '.join(OPTIMISERS)} are, by a gradient that is pooled: pool(…)"
                    raise refuse(message, law.span, help)
                for one in (var, *found.moments):
                    if not level.box.states[names[one]].keep:
                        message = f"'{_full(path, names[one])}' is not kept: every run would have its own"
                        span = level.box.states[names[one]].span
                        raise refuse(message, span, "what is learned has 'keep: true'")
                for one in found.moments:
                    moment = level.box.states[names[one]]
                    if not _is_zero(moment.initial):
                        message = (
                            f"an optimiser keeps '{_full(path, moment.name)}', which does not begin at 0"
                        )
                        raise refuse(message, moment.span, "take its 'init' out")
                self.laws[place] = found
                self.moments[place] = [(path, names[one]) for one in found.moments]
            kept = {one for place, found in self.moments.items() if place[0] == path for one in found}
            for var, law in level.laws.items():
                if (path, names[var]) not in kept and (path, names[var]) not in self.laws:
                    message = f"'{_full(path, names[var])}' moves, and no output nor optimiser reads it"
                    raise refuse(message, law.span, "take it out: a network would not have it")

    def options(self, place: Place) -> dict[str, Any]:
        """The options of one state, where it does not descend as most do."""
        one = self.laws[place]
        found: dict[str, Any] = {}
        if _short(one.optimiser) != self.optimiser:
            found["optimiser"] = _short(one.optimiser)
        if one.decay != self.decay:
            found["decay"] = one.decay
        return found


def _is_zero(initial: Initial) -> bool:
    return not initial.rule and not np.any(np.asarray(initial.value))


def _full(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _short(optimiser: dict[str, Any]) -> dict[str, Any]:
    """An optimiser without options that are as they would be anyway."""
    ((name, given),) = optimiser.items()
    defaults = {key: one.default for key, one in OPTIMISERS[name].options.items()}
    return {name: {key: one for key, one in given.items() if defaults.get(key) != one}}
