"""The changes between two documents with all that they import: definition by definition, then the blocks.

What was renamed is found where that is clear: something with one name is gone, something with another name is
new, and under the new name all is as it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dilsctl.difference import Change
from dilsctl.difference.facts import NAMED, Fact, Key, facts, show
from dilsctl.difference.meaning import Digest, Names, value
from dilsctl.documents import Library, LoadedDocument
from dilsctl.syntax.box import Box, BoxUse, MainUse

Place = tuple[str, str]  # the imported file ("" for the main one), and the name of the definition
Renames = dict[str, str]

_OWN = tuple(NAMED.values())
_MOST_TRIES = 40
_MOST_SHOWN = 6


@dataclass(eq=False)
class Side:
    """One of two documents: its boxes by place, and what names in them stand for."""

    boxes: dict[Place, Box]
    files: dict[Place, LoadedDocument]
    main: LoadedDocument
    places: dict[int, str]  # imported documents by identity
    moved: dict[Place, Place] = field(default_factory=dict)  # definitions that have another name now
    own: dict[Place, Renames] = field(default_factory=dict)  # names in a box that are others now

    def facts(self, place: Place, renames: Renames) -> dict[Key, Fact]:
        """The facts of a box as they read with the names of today."""
        box, document = self.boxes[place], self.files[place]
        ports = {}
        for name, used in box.boxes.items():
            renamed = self.own.get(self.target(used, document) or ("", ""), {})
            if renamed:
                ports[name] = renamed
        return facts(box, renames, ports, lambda one: self._use(one, document, box))

    def target(self, used: Any, document: LoadedDocument) -> Place | None:
        """The definition that an interior box is."""
        name = used.box if isinstance(used, BoxUse | MainUse) else used
        if not isinstance(name, str):
            return None
        alias, dot, rest = name.partition(".")
        if not dot:
            return self.places[id(document)], name
        other = document.uses.get(alias)
        return (self.places[id(other)], rest) if other is not None else None

    def _use(self, one: Any, document: LoadedDocument, box: Box | None) -> Digest | None:
        """The digest of what stands for a box: a use, a box in place, a name of a definition."""
        if isinstance(one, Box):
            inner = self._boxed(one, document)
            return f"box:{inner}"
        if isinstance(one, BoxUse | MainUse):
            place = self.target(one, document)
            renamed = self.own.get(place or ("", ""), {})
            parts = {name: item for name, item in one if name not in ("box", "count")}
            count = getattr(one, "count", None)
            rest = [] if count is None else [f"count={value(count, Names())}"]
            for name, held in parts.items():
                for key, item in held.items():
                    digest = value(item, Names(), lambda inner: self._use(inner, document, box))
                    rest.append(f"{name}.{renamed.get(key, key)}={digest}")
            return f"{self._use(one.box, document, box)}|{sorted(rest)}"
        if isinstance(one, str):
            place = self.target(one, document)
            if place is not None and (place in self.boxes or "." in one):
                return f"definition:{self.moved.get(place, place)}"
        return None

    def _boxed(self, box: Box, document: LoadedDocument) -> Digest:
        found = facts(box, {}, {}, lambda one: self._use(one, document, box))
        return str(sorted((key, fact.digest) for key, fact in found.items()))


def side(library: Library) -> Side:
    """A library as a side of a comparison. Raises Problem if it has errors of its own."""
    main = library.require()
    places = {id(main): ""}
    boxes: dict[Place, Box] = {}
    files: dict[Place, LoadedDocument] = {}
    for one in library.documents:
        name = one.library or (one.path.name if one.path is not None else one.file.name)
        places.setdefault(id(one), name)
        if one.library is None:
            for definition, box in one.document.define.items():
                boxes[places[id(one)], definition] = box
                files[places[id(one)], definition] = one
    if isinstance(main.document.main, Box):
        boxes["", "main"], files["", "main"] = main.document.main, main
    return Side(boxes, files, main, places)


def changes(old: Side, new: Side) -> list[Change]:
    """All changes from one document to the other."""
    found = list(_definitions(old, new))
    for place, target in old.moved.items():
        if place != target:
            found.append(Change("renamed", _part(place), "box", place[1], target[1]))
    now = {one: one for one in new.boxes}
    pairs = [
        (place, old.moved.get(place, place)) for place in old.boxes if old.moved.get(place, place) in now
    ]
    for _ in range(2):  # what is renamed in a box is read by those around it
        for place, target in pairs:
            old.own[place] = _renames(old, place, new, target)
    for place, target in pairs:
        part = _part(target)
        before, after = old.facts(place, old.own[place]), new.facts(target, {})
        for name, renamed in old.own[place].items():
            what = next((kind for kind, own in after if own == renamed and kind in _OWN), "name")
            found.append(Change("renamed", part, what, name, renamed))
        found += _compare(part, before, after)
    return [*found, *_blocks(old, new)]


def _part(place: Place) -> str:
    return f"box {place[1]}" + (f" of {place[0]}" if place[0] else "")


def _definitions(old: Side, new: Side) -> Iterator[Change]:
    """Definitions that are gone or new; those that have another name go into ``old.moved``."""
    gone = [one for one in old.boxes if one not in new.boxes]
    come = [one for one in new.boxes if one not in old.boxes]
    changed = True
    while changed:
        changed = False
        for place in list(gone):
            fits = [one for one in come if one[0] == place[0] and _equal(old, place, new, one)]
            if len(fits) == 1:
                old.moved[place] = fits[0]
                gone.remove(place)
                come.remove(fits[0])
                changed = True
    for place in gone:
        yield Change("removed", _part(place), "box", _summary(old.boxes[place]))
    for place in come:
        yield Change("added", _part(place), "box", "", _summary(new.boxes[place]))


def _equal(old: Side, place: Place, new: Side, target: Place) -> bool:
    return {key: one.digest for key, one in old.facts(place, {}).items()} == {
        key: one.digest for key, one in new.facts(target, {}).items()
    }


def _summary(box: Box) -> str:
    counts = [(len(box.inputs), "input"), (len(box.outputs), "output"), (len(box.boxes), "interior box"),
              (len(box.state), "state")]  # fmt: skip
    return ", ".join(f"{number} {name}{_plural(number, name)}" for number, name in counts if number)


def _plural(number: int, name: str) -> str:
    return "" if number == 1 else "es" if name.endswith("x") else "s"


def _renames(old: Side, place: Place, new: Side, target: Place) -> Renames:
    """Names in a box that are others now."""
    renames = dict(old.own.get(place, {}))
    after = new.facts(target, {})
    best = _count(old.facts(place, renames), after)
    tries = 0
    for kind in _OWN:
        before = old.facts(place, renames)
        gone = [key[1] for key in before if key[0] == kind and key not in after]
        for name in gone:
            come = [key[1] for key in after if key[0] == kind and key not in before]
            for other in come:
                if before[kind, name].digest != after[kind, other].digest and kind != "interior box":
                    continue
                tries += 1
                if tries > _MOST_TRIES:
                    return renames
                tried = {**renames, name: other}
                number = _count(old.facts(place, tried), after)
                if number < best - 1:  # more than the two lines of the name itself would be
                    renames, best = tried, number
                    break
            before = old.facts(place, renames)
    return renames


def _count(before: Mapping[Key, Fact], after: Mapping[Key, Fact]) -> int:
    return sum(
        key not in before or key not in after or before[key].digest != after[key].digest
        for key in {**before, **after}
    )


def _compare(part: str, before: Mapping[Key, Fact], after: Mapping[Key, Fact]) -> Iterator[Change]:
    for key in {**before, **after}:
        what = f"{key[0]} {key[1]}".strip()
        if key not in after:
            yield Change("removed", part, what, before[key].text)
        elif key not in before:
            yield Change("added", part, what, "", after[key].text)
        elif before[key].digest != after[key].digest:
            yield Change("changed", part, what, before[key].text, after[key].text)


def _blocks(old: Side, new: Side) -> Iterator[Change]:
    """What is run, and how: main, time, train, simulate, checks."""
    one, two = old.main.document, new.main.document
    before, after = (
        side._use(side.main.document.main, side.main, None) or _shown(side.main.document.main)
        for side in (old, new)
    )
    if before != after and not (isinstance(one.main, Box) and isinstance(two.main, Box)):
        yield _settled("document", "main", one.main, two.main)
    for name in type(one).model_fields:
        if name in ("dils", "name", "doc", "use", "define", "main", "checks"):
            continue
        yield from _fields(name, "", getattr(one, name), getattr(two, name))
    checks = [_named(side.main.document.checks) for side in (old, new)]
    for title in {**checks[0], **checks[1]}:
        first, second = checks[0].get(title), checks[1].get(title)
        if first is None or second is None:
            yield _settled("checks", title, first, second)
        else:
            yield from _fields("checks", title, first, second)


def _named(checks: list[Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, one in enumerate(checks):
        title = one.name or f"check {number + 1}"
        while title in found:
            title += " (again)"
        found[title] = one
    return found


def _settled(part: str, what: str, old: Any, new: Any) -> Change:
    before, after = _shown(old), _shown(new)
    kind = "added" if old is None else "removed" if new is None else "changed"
    return Change(kind, part, what, before, after)  # type: ignore[arg-type]


def _shown(one: Any) -> str:
    return "" if one is None else show(one)


def _fields(part: str, path: str, old: Any, new: Any) -> Iterator[Change]:
    """Values of blocks that differ, key by key; what is left out has its default."""
    if value(old, Names()) == value(new, Names()):
        return
    before, after = _keys(old), _keys(new)
    if before is None or after is None or (type(old) is not type(new) and not isinstance(old, dict)):
        yield _settled(part, path or part, old, new)
        return
    for key in {**before, **after}:
        where = f"{path}.{key}" if path and part != "checks" else f"{path}: {key}" if path else key
        if key == "name":
            continue
        if key not in before or key not in after:
            yield _settled(part, where, before.get(key), after.get(key))
        else:
            yield from _fields(part, where, before[key], after[key])


def _keys(one: Any) -> dict[str, Any] | None:
    """What a mapping holds, defaults included; None for what is no mapping."""
    if isinstance(one, dict):
        return one
    fields = getattr(type(one), "model_fields", None)
    if fields is None:
        return None
    return {field.alias or name: getattr(one, name) for name, field in fields.items()}


__all__ = ["Side", "changes", "side"]
