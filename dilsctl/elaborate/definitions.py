"""Definitions by name: which box a word means, and which values its parameters take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dilsctl.diagnostics import Problem, SourceSpan, did_you_mean
from dilsctl.documents import LoadedDocument


class Word(str):
    """A word given as a parameter's value, with the document whose names it may refer to."""

    document: LoadedDocument

    def __new__(cls, text: str, document: LoadedDocument) -> Word:
        word = super().__new__(cls, text)
        word.document = document
        return word


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
        return not any(self.body.get(key) for key in ("wires", "boxes", "state", "let", "learn", "loss"))


class Definitions:
    """Finds definitions; every body becomes one Definition, so identity can key a memo."""

    def __init__(self) -> None:
        self._made: dict[int, Definition] = {}

    def of_body(self, name: str, body: Any, document: LoadedDocument, span: SourceSpan) -> Definition:
        """The definition with this body (an inline box, or an entry of ``define``)."""
        if id(body) not in self._made:
            self._made[id(body)] = Definition(name, body, document, span)
        return self._made[id(body)]

    def named(self, name: str, document: LoadedDocument, span: SourceSpan) -> Definition:
        """The definition called ``name`` (``box`` or ``alias.box``) as ``document`` sees it."""
        alias, _, rest = name.rpartition(".")
        home = document
        if alias:
            if alias not in document.uses:
                hint = did_you_mean(alias, document.uses)
                raise Problem.of("unknown-box", f"there is no imported document '{alias}'", span, help=hint)
            home = document.uses[alias]
        define: Any = home.root.get("define") or {}
        if rest not in define:
            known = [*define, *(f"{one}.{key}" for one, doc in document.uses.items() for key in names(doc))]
            hint = did_you_mean(name, known)
            where = f" in '{alias}'" if alias else ""
            if not hint and known and len(known) <= 12:
                hint = "defined here: " + ", ".join(known)
            raise Problem.of("unknown-box", f"there is no box '{rest}'{where}", span, help=hint)
        body = define[rest]
        return self.of_body(rest, body, home, define.key_span(rest))


def names(document: LoadedDocument) -> list[str]:
    return list(document.root.get("define") or {})


def freeze(value: Any) -> Any:
    """A parameter value in hashable form: lists become tuples."""
    if isinstance(value, list | tuple):
        return tuple(freeze(one) for one in value)
    return value
