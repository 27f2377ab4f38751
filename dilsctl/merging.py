"""Definitions of several documents in one: names that clash are changed, imports found from the new place.

What a document imports stays an import where the new document may import it too: from the library, or from a
file in its folder tree. Otherwise the definitions that are used come along.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from dilsctl.documents import LoadedDocument
from dilsctl.operations.functions import FUNCTIONS

_NAME = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)?")
Key = tuple[str, str]


def identity(document: LoadedDocument) -> Key:
    """What is equal for one file that was read twice."""
    if document.library is not None:
        return "std", document.library
    return "file", str(document.path.resolve()) if document.path is not None else f"text {id(document)}"


class Merged:
    """One document in the making, to be written into ``folder``.

    ``define`` are its definitions, ``documents`` its imports by alias. Values keep their places in the files
    that they are from as long as nothing in them is changed.
    """

    def __init__(self, outer: LoadedDocument, folder: Path) -> None:
        self.outer = outer
        self.tree = folder.resolve()
        self.define: dict[str, Any] = {}
        self.origins: dict[str, LoadedDocument] = {}
        self.documents: dict[str, LoadedDocument] = {}
        self.names: dict[tuple[Key, str], str] = {}
        own: Any = outer.root.get("define") or {}
        for alias, document in outer.uses.items():
            if self.importable(document):
                self.documents[alias] = document
        for name in own:
            self.names[identity(outer), name] = name
            self.define[name] = own[name]
            self.origins[name] = outer
        for name in own:
            self.define[name] = self.body(own[name], outer)

    def importable(self, document: LoadedDocument) -> bool:
        """May the new document import this one?"""
        if document.library is not None:
            return True
        return document.path is not None and document.path.resolve().is_relative_to(self.tree)

    def use(self) -> dict[str, str]:
        """The imports as a document has them."""
        found = {}
        for alias, document in self.documents.items():
            if document.library is not None:
                found[alias] = document.library
            elif document.path is not None:
                found[alias] = Path(os.path.relpath(document.path.resolve(), self.tree)).as_posix()
        return found

    def fresh(self, name: str) -> str:
        """A name that neither a definition nor an import has."""
        found, number = name, 1
        while found in self.define or found in self.documents:
            number += 1
            found = f"{name}_{number}"
        return found

    # -- names ------------------------------------------------------------------------------------

    def home(self, name: str, document: LoadedDocument) -> tuple[LoadedDocument, str] | None:
        """The document that defines what another one calls ``name`` (``box`` or ``alias.box``)."""
        alias, _, rest = name.rpartition(".")
        if alias and alias not in document.uses:
            return None
        home = document.uses[alias] if alias else document
        return (home, rest) if rest in (home.root.get("define") or {}) else None

    def refer(self, name: str, document: LoadedDocument) -> str:
        """What the new document calls what another one calls ``name``; it is brought along if need be."""
        found = self.home(name, document)
        if found is None:
            return name
        home, rest = found
        if home is not document and self.importable(home) and (identity(home), rest) not in self.names:
            return f"{self._alias(name.rpartition('.')[0], home)}.{rest}"
        return self.bring(rest, home)

    def _alias(self, wanted: str, document: LoadedDocument) -> str:
        for alias, other in self.documents.items():
            if identity(other) == identity(document):
                return alias
        alias = self.fresh(wanted)
        self.documents[alias] = document
        return alias

    def bring(self, name: str, document: LoadedDocument) -> str:
        """The new document's name for a definition, which it then has itself."""
        key = identity(document), name
        if key not in self.names:
            self.names[key] = new = self.fresh(name)
            body: Any = (document.root.get("define") or {})[name]
            self.define[new] = body
            self.origins[new] = document
            self.define[new] = self.body(body, document)
        return self.names[key]

    # -- values -----------------------------------------------------------------------------------

    def body(self, body: Any, document: LoadedDocument) -> Any:
        """A box with the names of boxes that the new document has for them."""
        params: Any = body.get("params") or {}
        known = {*params, *_dimensions(body)}
        return self._changed(
            body,
            boxes=lambda boxes: self._changed(
                boxes, **{name: lambda one: self.spec(one, document, known) for name in boxes}
            ),
            params=lambda values: self._values(values, document, set()),
        )

    def spec(self, spec: Any, document: LoadedDocument, known: set[str]) -> Any:
        """An interior box as it is written: a name, a use of one, a box in place. ``known``: the parameters
        and dimensions around it."""
        if isinstance(spec, str):
            return spec if spec in known else self.refer(spec, document)
        if "box" not in spec:
            return self.body(spec, document)
        return self._changed(
            spec,
            box=lambda one: self.spec(one, document, known),
            **{"with": lambda values: self._values(values, document, known)},
            each=lambda values: self._values(values, document, known),
        )

    def value(self, value: Any, document: LoadedDocument, known: set[str]) -> Any:
        """A parameter's value, which may be a box."""
        if isinstance(value, str):
            other = value in known or value in FUNCTIONS or not _NAME.fullmatch(value)
            return value if other else self.refer(value, document)
        if isinstance(value, list):
            found = [self.value(one, document, known) for one in value]
            return found if any(a is not b for a, b in zip(found, value, strict=True)) else value
        return self.spec(value, document, known) if isinstance(value, dict) else value

    def _values(self, values: Any, document: LoadedDocument, known: set[str]) -> Any:
        return self._changed(
            values, **{name: lambda one: self.value(one, document, known) for name in values}
        )

    def _changed(self, mapping: Any, **change: Callable[[Any], Any]) -> Any:
        """The mapping with some of its values changed; itself, if they are what they were."""
        new = {
            key: change[key](one) if key in change and one is not None else one
            for key, one in mapping.items()
        }
        return new if any(new[key] is not mapping[key] for key in mapping) else mapping


def _dimensions(body: Any) -> set[str]:
    """The names in the types of a box: where one is a free dimension, that is what it means."""
    found: set[str] = set()
    for key in ("in", "out", "share", "state"):
        for one in (body.get(key) or {}).values():
            text = one.get("type", "") if isinstance(one, dict) else one
            found |= set(re.findall(r"[A-Za-z_]\w*", str(text).partition("=")[0])[1:])
    return found
