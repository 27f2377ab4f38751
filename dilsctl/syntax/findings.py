"""Pydantic's errors as diagnostics: the place in the file, what was expected, what was found there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel, Tag

from dilsctl.diagnostics import Report, SourceFile, SourceSpan, did_you_mean
from dilsctl.source import Value, key_span_at, span_at, value_at

MOST_FINDINGS = 1000

_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a mapping (name: value)",
    "model_type": "a mapping (key: value)",
    "model_attributes_type": "a mapping (key: value)",
    "string_pattern_mismatch": "a definition's name, or ALIAS.NAME",
    "finite_number": "a finite number",
}
_REFUSED = {"flow-split", "alias-not-allowed", "tag-not-allowed", "key-not-text"}
_LIMITS = {
    "greater_than": ("gt", "greater than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def describe(value: object) -> str:
    """A value of a file in a few words."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        shown = value if len(value) <= 40 else value[:39] + "…"
        return f"the text '{shown}'"
    return "a list" if isinstance(value, list) else "a mapping"


def _is_tag(step: object) -> bool:
    return isinstance(step, str) and step.startswith("<") and step.endswith(">")


def _place(location: Iterable[Any]) -> tuple[str | int, ...]:
    """An error's location as keys and indices of the file."""
    return tuple(step for step in location if not _is_tag(step) and step != "[key]")


def branches(annotation: Any, tag: str | None = None) -> list[tuple[str | None, Any]]:
    """The alternatives of an annotation, each with its tag."""
    origin = get_origin(annotation)
    if origin is Annotated:
        inner, *extras = get_args(annotation)
        tags = [extra.tag for extra in extras if isinstance(extra, Tag)]
        return branches(inner, tags[0] if tags else tag)
    if origin in (Union, UnionType):
        return [branch for one in get_args(annotation) for branch in branches(one, tag)]
    return [(tag, annotation)]


@cache
def hints(model: type[BaseModel]) -> dict[str, Any]:
    """The annotations of a model; models that are named before they are defined are found."""
    return get_type_hints(model, include_extras=True)


def _model_at(model: type[BaseModel], location: Iterable[Any]) -> type[BaseModel] | None:
    """The model whose keys stand at a location of an error."""
    current: list[tuple[str | None, Any]] = [(None, model)]
    for step in location:
        if _is_tag(step):
            tagged = [one for one in current if one[0] == step]
            current = [(None, kind) for _, kind in tagged] or current
            continue
        following: list[tuple[str | None, Any]] = []
        for _, kind in current:
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                for name, field in kind.model_fields.items():
                    if (field.alias or name) == step:
                        following += branches(hints(kind)[name])
            elif get_origin(kind) in (dict, list) and get_args(kind):
                following += branches(get_args(kind)[-1])
        current = following
    for _, kind in current:
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def keys_of(model: type[BaseModel]) -> list[str]:
    """The keys that a mapping of this model may have."""
    return [field.alias or name for name, field in model.model_fields.items()]


_NAMES = {
    "Document": "a document",
    "Box": "a box",
    "BoxUse": "an interior box",
    "MainUse": "main",
    "State": "a state",
    "Port": "a port",
    "LearnOptions": "a learned state",
    "Train": "the train block",
    "Data": "the data block",
    "Grouped": "data.episode",
    "LossAt": "train.loss",
    "SequenceColumns": "columns of a sequence",
    "EarlyStopping": "early stopping",
    "InputData": "simulate.data",
    "SimulateCheck": "a check's simulate",
    "InPort": "a port",
    "Check": "a check",
    "Expectation": "an expectation",
}


def _name(model: type[BaseModel]) -> str:
    return _NAMES.get(model.__name__, f"'{model.__name__.lower()}'")


def report_errors(
    file: SourceFile, root: Value, errors: Iterable[Mapping[str, Any]], report: Report, model: type[BaseModel]
) -> None:
    """Add a diagnostic for each of pydantic's errors. ``root`` is the value that was validated."""
    if not isinstance(root, dict):
        _no_mapping(file, root, report)
        return
    errors = list(errors)
    unknown = [tuple(one["loc"]) for one in errors[:MOST_FINDINGS] if one["type"] == "extra_forbidden"]
    told = [one.primary.span for one in report.found if one.code in _REFUSED and one.primary]
    for number, error in enumerate(errors):
        if number == MOST_FINDINGS:
            break
        location = tuple(error["loc"])
        path = _place(location)
        if any(str(step).startswith("\0") for step in path):
            continue  # an entry that is refused already
        span = key_span_at(root, path) if location[-1:] == ("[key]",) else span_at(root, path)
        if any(span.start < place.end and place.start < span.end for place in told):
            continue  # what is refused as YAML is no mistake of another kind as well
        if error["type"] == "missing" and any(
            one[:-1] == location[:-1] and did_you_mean(str(one[-1]), [str(location[-1])]) for one in unknown
        ):
            continue  # the key is there, misspelt
        _report(root, location, path, span, error, report, model)


def _no_mapping(file: SourceFile, root: Value, report: Report) -> None:
    end = len(file.text.split("\n", 1)[0])
    span = SourceSpan(file, 0, end)
    help = "a document begins with dils: 1"
    if root is None and not report.ok:
        return
    what = "is empty" if root is None else f"is {describe(root)}, not a mapping"
    report.error("wrong-type", f"the document {what}", span, help=help)


def _report(
    root: Value,
    location: tuple[Any, ...],
    path: tuple[str | int, ...],
    span: SourceSpan,
    error: Mapping[str, Any],
    report: Report,
    model: type[BaseModel],
) -> None:
    kind = error["type"]
    context = error.get("ctx", {})
    value = value_at(root, path)
    if kind == "extra_forbidden":
        _unknown_key(root, location, path, report, model)
    elif kind == "missing":
        _missing_key(root, location, path, report, model)
    elif "message" in context:
        report.error(kind, context["message"], span, help=context.get("help", ""))
    elif path[-2:-1] == ("wires",) and isinstance(value, dict):
        report.error(
            "flow-split",
            "YAML read this wire as a mapping",
            span,
            help="a colon with a space makes a mapping, and so do { and }: write x[1:2] without spaces, "
            "or put the wire in quotes",
        )
    elif kind == "literal_error":
        known = [word.strip(" '") for word in str(context["expected"]).replace(" or ", ",").split(",")]
        hint = did_you_mean(value, known) if isinstance(value, str) else ""
        report.error(
            "bad-value", f"expected one of {', '.join(known)}, got {describe(value)}", span, help=hint
        )
    elif kind in _LIMITS:
        key, words = _LIMITS[kind]
        report.error("bad-value", f"expected a number {words} {context[key]:g}, got {describe(value)}", span)
    else:
        expected = error["msg"] if kind == "wrong-type" else _EXPECTED.get(kind, error["msg"])
        key_name = f"'{path[-1]}': " if path and isinstance(path[-1], str) else ""
        report.error("wrong-type", f"{key_name}expected {expected}, got {describe(value)}", span)


def _unknown_key(
    root: Value,
    location: tuple[Any, ...],
    path: tuple[str | int, ...],
    report: Report,
    model: type[BaseModel],
) -> None:
    here = _model_at(model, location[:-1])
    key = str(path[-1])
    known = keys_of(here) if here else []
    given = value_at(root, path[:-1])
    free = [word for word in known if not isinstance(given, dict) or word not in given]
    help = did_you_mean(key, free) or did_you_mean(key, known) or f"the keys are {', '.join(known)}"
    where = f" in {_name(here)}" if here else ""
    report.error("unknown-key", f"unknown key '{key}'{where}", key_span_at(root, path), help=help)


def _flow(value: object) -> str:
    """A value as a file would write it on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return str(value)


def _missing_key(
    root: Value,
    location: tuple[Any, ...],
    path: tuple[str | int, ...],
    report: Report,
    model: type[BaseModel],
) -> None:
    here = _model_at(model, location[:-1])
    key = str(path[-1])
    help = ""
    if here:
        for name, field in here.model_fields.items():
            if (field.alias or name) == key:
                example = f", as in `{key}: {_flow(field.examples[0])}`" if field.examples else ""
                help = f"{(field.description or '').rstrip('.')}{example}"
    span = key_span_at(root, path[:-1])
    if not path[:-1]:
        span = SourceSpan(span.file, span.start, min(span.start + 1, span.end))
    where = f" in {_name(here)}" if here else ""
    report.error("missing-key", f"the key '{key}' is missing{where}", span, help=help)
