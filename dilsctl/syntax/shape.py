"""Which model holds at a place of a document: what the keys of a mapping mean, and in which order they go.

A *shape* is the tuple of everything that the language allows at a place: models, mappings by name, lists.
It is read from the models, so that a new key of the language is known here at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, get_args, get_origin

from pydantic import BaseModel

from dilsctl.syntax.document import Document
from dilsctl.syntax.findings import branches, hints, keys_of

Shape = tuple[Any, ...]

ROOT: Shape = (Document,)


def model_at(shape: Shape, keys: Iterable[str]) -> type[BaseModel] | None:
    """The model that a mapping with these keys is: the one that knows most of them. None for names of the
    user's own (ports, boxes, definitions)."""
    models = [one for one in shape if _is_model(one)]
    if not models:
        return None
    named = any(_is(one, dict) for one in shape)
    given = set(keys)
    best = max(models, key=lambda one: len(given & set(keys_of(one))))
    return None if named and not given & set(keys_of(best)) else best


def below(shape: Shape, step: str | int, keys: Iterable[str] = ()) -> Shape:
    """What is allowed under a key of a mapping that has ``keys``, or as an item of a list."""
    return inside(shape, keys)(step)


def inside(shape: Shape, keys: Iterable[str] = ()) -> Callable[[str | int], Shape]:
    """What is allowed under each key of a mapping that has ``keys``, and as an item of a list."""
    items = _held(shape, list)
    model = model_at(shape, keys)
    fields = _fields(model) if model is not None else {}
    named = _held(shape, dict) if model is None else ()
    return lambda step: items if isinstance(step, int) else fields.get(step, named)


@cache
def order_of(model: type[BaseModel]) -> dict[str, int]:
    """The place of each key among the keys of a model."""
    return {key: number for number, key in enumerate(keys_of(model))}


def description(model: type[BaseModel], key: str) -> str:
    """What a key of a model is, in words; empty for a key that it does not have."""
    for name, field in model.model_fields.items():
        if (field.alias or name) == key:
            return field.description or ""
    return ""


@cache
def _fields(model: type[BaseModel]) -> dict[str, Shape]:
    return {field.alias or name: _kinds(hints(model)[name]) for name, field in model.model_fields.items()}


def _held(shape: Shape, what: object) -> Shape:
    return tuple(kind for one in shape if _is(one, what) for kind in _kinds(get_args(one)[-1]))


def _kinds(annotation: Any) -> Shape:
    return tuple(kind for _, kind in branches(annotation))


def _is(kind: Any, what: object) -> bool:
    origin: object = get_origin(kind)
    return origin is what


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
