"""A box as a table of facts: what it has, and what each of these means."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dilsctl.diagnostics import SourceFile, SourceSpan
from dilsctl.difference.meaning import Digest, Names, expression, value
from dilsctl.dump import in_line
from dilsctl.expression import ExpressionError, parse_wire
from dilsctl.source import block_lines
from dilsctl.syntax.box import Box, BoxUse
from dilsctl.syntax.findings import keys_of
from dilsctl.syntax.types import TypeText, TypeTextError, dim_names, parse_type

Key = tuple[str, str]  # what it is, and its name

NAMED = {"params": "parameter", "inputs": "input", "outputs": "output", "share": "shared variable",
         "boxes": "interior box", "state": "state", "modes": "mode"}  # fmt: skip
_LAWS = {"rate": "rate of", "next": "next of", "conserve": "mass of", "join": "variables joined to"}
_LISTS = {"potential", "loss"}


@dataclass(frozen=True, slots=True)
class Fact:
    """What it means, and how it is written."""

    digest: Digest
    text: str


def facts(
    box: Box,
    renames: Mapping[str, str],
    ports: Mapping[str, Mapping[str, str]],
    used: Callable[[Any], Digest | None],
) -> dict[Key, Fact]:
    """The facts of a box, with names as they are after ``renames`` (its own) and ``ports`` (by interior box).

    used: the digest of a value that stands for a box.
    """
    names = Names(renames, ports, box.let, _free_dimensions(box))
    found: dict[Key, Fact] = {}
    taken: dict[Key, int] = {}
    for name, field in type(box).model_fields.items():
        held = getattr(box, name)
        if name in ("doc", "let") or not held:
            continue
        key = field.alias or name
        if name in NAMED:
            for number, (own, one) in enumerate(held.items()):
                if name == "boxes" and isinstance(one, BoxUse):
                    found |= dict(_use(own, one, names, used))
                    continue
                digest = _declared(name, one, names, used)
                order = str(number) if name == "modes" else ""  # the first that holds counts
                found[NAMED[name], renames.get(own, own)] = Fact(digest + order, show(one))
        elif name == "wires":
            for what, fact in _wires(held, names):
                found[_free_key(found, what, taken)] = fact
        elif name in _LAWS:
            for own, one in held.items():
                law = _LAWS[name]
                digest = value(sorted(one), names) if name == "join" else value(one, names)
                found[law, _target(own, names)] = Fact(digest, show(one))
        elif name == "learn":
            options = held if isinstance(held, dict) else dict.fromkeys(held)
            for own, one in options.items():
                digest = value(one, names) if one is not None and one.model_fields_set else "plain"
                text = show(one) if one is not None and one.model_fields_set else "learned"
                found["learning of", renames.get(own, own)] = Fact(digest, text)
        elif name in _LISTS:
            for one in held if isinstance(held, list) else [held]:
                digest = expression(one, names)
                found[_free_key(found, (key, ""), taken)] = Fact(digest, one)
        else:  # keys that the language got later
            found[key, ""] = Fact(value(held, names, used), show(held))
    return found


def _use(
    own: str, use: BoxUse, names: Names, used: Callable[[Any], Digest | None]
) -> Iterator[tuple[Key, Fact]]:
    """What is used, how often, and each of the parameters that it is given."""
    called = names.own.get(own, own)
    box = value(use.box, names, used)
    count = "" if use.count is None else f"{value(use.count, names)}"
    text = show(use.box) if use.count is None else f"{{box: {show(use.box)}, count: {use.count}}}"
    yield (NAMED["boxes"], called), Fact(box + count, text)
    for kind, given in (("value of", use.arguments), ("values of", use.each)):
        for name, one in given.items():
            key = names.port(own, name)[1]
            yield (kind, f"{called}.{key}"), Fact(value(one, names, used), show(one))


def _free_key(found: Mapping[Key, Fact], key: Key, taken: dict[Key, int]) -> Key:
    """A key that is not taken: several losses, or two wires to one target. ``taken`` counts them."""
    free = key
    while free in found:
        taken[key] = taken.get(key, 1) + 1
        free = key[0], f"{key[1]} ({taken[key]})".strip()
    return free


def _declared(name: str, one: Any, names: Names, used: Callable[[Any], Digest | None]) -> Digest:
    if name in ("boxes", "params"):
        return value(one, names, used)
    if name == "modes":
        return expression(one, names)
    if isinstance(one, str):
        return _type(one, names)
    parts = {key: item for key, item in one if key != "type"}
    return _type(one.type, names) + value(parts, names)


def _type(text: str, names: Names) -> Digest:
    try:
        found = parse_type(text)
    except TypeTextError:
        return text
    init = expression(found.init, names) if found.init else ""
    dims = [_dim(one, names) for one in ((found.classes,) if found.classes is not None else ()) + found.dims]
    return f"{found.kind}|{'|'.join(dims)}|{init}"


def _dim(dim: Any, names: Names) -> str:
    if isinstance(dim, tuple):
        sides = [_dim(one, names) for one in dim[1:]]
        return f"({dim[0]} {' '.join(sorted(sides) if dim[0] in '+*' else sides)})"
    return str(names.dims.get(dim, names.own.get(dim, dim)) if isinstance(dim, str) else dim)


def _free_dimensions(box: Box) -> dict[str, str]:
    """Free dimensions, numbered as they come: their names mean nothing outside."""
    found: dict[str, str] = {}
    for held in (box.inputs, box.outputs, box.share, box.state):
        for _, one in sorted(held.items()):
            parsed = _parsed(one if isinstance(one, str) else one.type)
            for dim in () if parsed is None else (parsed.classes, *parsed.dims):
                for name in sorted(dim_names(dim)) if dim is not None else ():
                    if name not in box.params:
                        found.setdefault(name, f"free {len(found)}")
    return found


def _parsed(text: str) -> TypeText | None:
    try:
        return parse_type(text)
    except TypeTextError:
        return None


def _wires(held: Any, names: Names) -> Iterator[tuple[Key, Fact]]:
    for text in _wire_texts(held):
        try:
            wire = parse_wire(text)
        except ExpressionError:
            yield ("wire", text), Fact(text, text)
            continue
        target = _target(text[wire.target.start : wire.target.end], names)
        yield ("wire to", target), Fact(expression(wire.source, names), wire.source)


def _wire_texts(held: Any) -> list[str]:
    if not isinstance(held, str):
        return list(held)
    file = SourceFile("", held)
    return [text for text, _ in block_lines(file, SourceSpan(file, 0, len(held)), held)]


def _target(text: str, names: Names) -> str:
    """A target with names as they are now, blanks left out."""
    words = "".join(text.split())
    box, dot, rest = words.partition(".")
    if not dot:
        name, bracket, index = words.partition("[")
        return names.own.get(name, name) + bracket + index
    child, bracket, index = box.partition("[")
    port, square, inner = rest.partition("[")
    new_child, new_port = names.port(child, port)
    return f"{new_child}{bracket}{index}.{new_port}{square}{inner}"


def show(one: Any) -> str:
    """A value as it would be written on one line."""
    text = one if isinstance(one, str) else in_line(plain(one))
    return " ".join(text.split())


def plain(one: Any) -> Any:
    """A value of a document without models: only the keys that were given."""
    if isinstance(one, list | tuple):
        return [plain(item) for item in one]
    if isinstance(one, dict):
        return {key: plain(item) for key, item in one.items()}
    if hasattr(one, "model_fields_set"):
        fields = type(one).model_fields
        keys = dict(zip(fields, keys_of(type(one)), strict=True))
        return {keys[name]: plain(item) for name, item in one if name in one.model_fields_set}
    return one
