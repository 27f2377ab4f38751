"""Random laws of motion, and random variables that boxes share and join."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .expressions import Choose, Source, Typed, real

Write = Callable[[Typed], str]


@dataclass(frozen=True)
class Share:
    """A variable that a box shares. ``flows``: its laws are rates, and triggered ones. ``begins``: its
    initial value, if it says one. ``lone``: only one law can speak of it; ``spoken``: a box inside may."""

    type: Typed
    flows: bool
    begins: int | None = None
    lone: bool = False
    spoken: bool = False


class Motions:
    """What moves in one box while it is being made. ``body`` and ``sources`` are those of the box.

    ``sums``: whether what laws say may be added in another order, or to an old value that it replaces.
    """

    def __init__(self, choose: Choose, body: dict[str, Any], sources: list[Source], sums: bool) -> None:
        self.choose, self.body, self.sources, self.sums = choose, body, sources, sums
        self.shares: dict[str, Share] = {}
        self.private: dict[str, Share] = {}

    # -- shared variables -------------------------------------------------------------------------

    def share(self) -> None:
        """Time can be read, and some variables are shared."""
        self.sources += [Source("t", real()), Source("dt", real())]
        choose = self.choose
        for _ in range(choose.one([0, 1, 1, 2])):
            shape = choose.one([(), (), (2,), (2, 3)])
            kind: Any = choose.one(["real", "real", "real", "real", "real", "int", "bool"])
            begins = choose.number(0, 1) if choose.chance(60) else None
            flows = kind == "real" and choose.chance(70)
            self._own(Share(Typed(kind, shape), flows, begins, lone=kind == "bool"))

    def _own(self, share: Share) -> str:
        name = f"v{len(self.shares)}"
        self.shares[name] = share
        text = share.type.text()
        if share.begins is not None:
            begins = ["false", "true"][share.begins] if share.type.kind == "bool" else share.begins
            text = f"{text} = {begins}"
        self.body.setdefault("share", {})[name] = text
        self.sources.append(Source(name, share.type))
        return name

    def join(self, child: str, shares: Mapping[str, Share], count: int | None) -> None:
        """Join what an interior box shares to variables of this box, or leave it alone."""
        for port, share in shares.items():
            if self.choose.chance(80):
                target = self._target(share, count)
                self.body.setdefault("join", {}).setdefault(target, []).append(f"{child}.{port}")

    def _target(self, share: Share, count: int | None) -> str:
        choose = self.choose
        spread = count is not None and (share.lone or choose.chance(50) or not (self.sums or count == 2))
        type = share.type.led(count or 1) if spread else share.type
        wanted = replace(share, type=type, spoken=True)
        if not share.lone:
            known = [
                name
                for name, one in (*self.shares.items(), *self.private.items())
                if (one.type, one.flows, one.lone) == (type, share.flows, False)
                and (share.begins is None or share.begins == one.begins or name in self.shares)
                and (name in self.private or one.begins is not None)
            ]
            if known and choose.chance(80):
                return choose.one(known)
            if self.sums and choose.chance(30):
                return self._part(replace(wanted, begins=choose.number(0, 2)))
        if not spread and choose.chance(40):  # a private one is what the copies share
            name = f"w{len(self.private)}"
            self.private[name] = wanted
            self.sources.append(Source(name, type))
            return name
        return self._own(replace(wanted, begins=choose.number(0, 1)))

    def _part(self, wanted: Share) -> str:
        """A part of a new variable."""
        choose, type = self.choose, wanted.type
        if type.shape and choose.chance(60):
            longer = Typed(type.kind, (type.shape[0] + 1, *type.shape[1:]))
            return self._own(replace(wanted, type=longer)) + choose.one(["[1:]", "[:-1]"])
        length = choose.number(1, 3)
        return self._own(replace(wanted, type=type.led(length))) + f"[{choose.number(-length, length - 1)}]"

    # -- laws -------------------------------------------------------------------------------------

    def laws(self, states: Mapping[str, Typed], write: Write) -> None:
        """Laws of states that are not learned, and of variables."""
        choose = self.choose
        for name, type in states.items():
            if name in self.body.get("learn", ()) or choose.chance(15):
                continue
            if type.kind == "real" and choose.chance(70):
                self._flows(name, type, write)
            else:
                self._next(name, type, write)
        for name, share in (*self.shares.items(), *self.private.items()):
            if (share.lone and share.spoken) or choose.chance(30):
                continue
            if share.flows:
                self._flows(name, share.type, write)
            else:
                self._next(name, share.type, write)

    def _flows(self, name: str, type: Typed, write: Write) -> None:
        if self.choose.chance(80):
            self.body.setdefault("rate", {})[name] = write(type)
        if self.choose.chance(25):
            self.body.setdefault("next", {})[name] = self._triggered(type, write)

    def _next(self, name: str, type: Typed, write: Write) -> None:
        how = self.choose.number(0, 4)
        law: Any = write(type)
        if how == 1:
            law = {"to": law, "every": self.choose.number(1, 3)}
        elif how == 2:
            law = self._triggered(type, write)
        elif how == 3:
            law = [self._triggered(type, write), {"to": write(type), "every": 2}, law]
        elif how == 4:
            law = [{**self._triggered(type, write), "every": 2}, self._triggered(type, write)]
        self.body.setdefault("next", {})[name] = law

    def _triggered(self, type: Typed, write: Write) -> dict[str, Any]:
        shape = type.array if self.choose.chance(40) else ()
        return {"to": write(type), "when": write(Typed("bool", shape))}
