"""Definitions by name: which box a word means, and which values its parameters take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from dilsctl.diagnostics import Problem, SourceSpan, did_you_mean
from dilsctl.documents import LoadedDocument


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """A box as written: the mapping of its keys, and the document in whose scope its names are read."""

    name: str
    body: Any  # source.Mapping
    document: LoadedDocument
    span: SourceSpan

    @property
    def params(self) -> Any:
        return self.body.get("params") or {}

    @property
    def hole(self) -> bool:
        """Only an interface: no interior, no pattern, no state."""
        return not any(self.body.get(key) for key in _MORE)


_MORE = (
    *("wires", "boxes", "state", "let", "learn", "loss", "share", "next", "rate", "join"),
    *("conserve", "potential"),
)

Home = tuple[tuple[Definition, SourceSpan], ...]
"""The definitions around a place, outermost first, each with where it is used."""


class Word(str):
    """A word given as a parameter's value.

    ``document`` has the names it may refer to, ``home`` the definitions around the place where it is
    written, ``known`` the parameters there.
    """

    document: LoadedDocument
    home: Home
    known: tuple[str, ...]

    def __new__(
        cls, text: str, document: LoadedDocument, home: Home = (), known: tuple[str, ...] = ()
    ) -> Word:
        word = super().__new__(cls, text)
        word.document, word.home, word.known = document, home, known
        return word


@dataclass(slots=True, eq=False)  # as SourceSpan: never changed
class Given:
    """An argument: its value, and where its key and its value are written."""

    value: Any
    key_span: SourceSpan
    span: SourceSpan


@dataclass(slots=True, eq=False)  # as SourceSpan: never changed
class Filling:
    """A box as it is used: its definition, values for its parameters, and what is around the place."""

    definition: Definition
    arguments: dict[str, Given] = field(default_factory=dict)
    home: Home = ()


def identity(value: Any) -> Any:
    """What two parameter values have in common exactly if boxes made with them are the same."""
    if isinstance(value, Word):
        return ("word", str(value), id(value.document))
    if isinstance(value, Filling):
        return ("box", value.definition, identities(value.arguments))
    if isinstance(value, tuple):
        return tuple(identity(one) for one in value)
    return (type(value), value)


def identities(arguments: dict[str, Given]) -> tuple[Any, ...]:
    """The identity of all arguments of a box."""
    return tuple((name, identity(arguments[name].value)) for name in sorted(arguments))


def shown(value: Any) -> str:
    """A parameter's value in a message."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Filling):
        return f"the box '{value.definition.name}'"
    if isinstance(value, tuple):
        return f"a list of {len(value)}"
    return f"'{value}'" if isinstance(value, str) else f"{value}"


class Definitions:
    """Finds definitions; every body becomes one Definition, so identity can key a memo."""

    def __init__(self) -> None:
        self._made: dict[int, Definition] = {}
        self._named: dict[tuple[int, str], Definition] = {}

    def of_body(self, name: str, body: Any, document: LoadedDocument, span: SourceSpan) -> Definition:
        """The definition with this body (an inline box, or an entry of ``define``)."""
        if id(body) not in self._made:
            self._made[id(body)] = Definition(name, body, document, span)
        return self._made[id(body)]

    def named(self, name: str, document: LoadedDocument, span: SourceSpan) -> Definition:
        """The definition called ``name`` (``box`` or ``alias.box``) as ``document`` sees it."""
        key = id(document), name
        if key not in self._named:
            self._named[key] = self._find(name, document, span)
        return self._named[key]

    def _find(self, name: str, document: LoadedDocument, span: SourceSpan) -> Definition:
        alias, _, rest = name.rpartition(".")
        home = document
        if alias:
            if alias not in document.uses:
                hint = did_you_mean(alias, document.uses) or "name it under 'use' first"
                raise Problem.of("unknown-box", f"there is no imported document '{alias}'", span, help=hint)
            home = document.uses[alias]
        define: Any = home.root.get("define") or {}
        if rest not in define:
            known = [*define, *(f"{one}.{key}" for one, doc in document.uses.items() for key in _names(doc))]
            hint = did_you_mean(name, [f"{alias}.{one}" for one in define] if alias else known)
            where = f" in '{alias}'" if alias else ""
            if not hint and known and len(known) <= 12:
                hint = "defined here: " + ", ".join(known)
            raise Problem.of("unknown-box", f"there is no box '{rest}'{where}", span, help=hint)
        return self.of_body(rest, define[rest], home, define.key_span(rest))


def _names(document: LoadedDocument) -> list[str]:
    return list(document.root.get("define") or {})


def freeze(value: Any) -> Any:
    """A parameter value in hashable form: lists become tuples."""
    if isinstance(value, list | tuple):
        return tuple(freeze(one) for one in value)
    return value
