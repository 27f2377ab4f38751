"""Values given from outside a file: ``--set train.epochs=5``, and keyword arguments in Python.

They are put into the document before it is checked, so that the effective document is what is checked. Each
remembers where it was written: a finding about it points at the command line, not at the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as AbstractMapping
from dataclasses import dataclass
from typing import Any

from dilsctl.diagnostics import Problem, SourceFile, SourceSpan
from dilsctl.source import parse_yaml
from dilsctl.values import Mapping, Sequence, Value, pack

MOST_KEYS = 100  # in the path of one: levels of a document


@dataclass(frozen=True, slots=True)
class Override:
    """A value for the key at ``path``. ``spans`` has the place of each key, ``span`` that of the value."""

    path: tuple[str, ...]
    value: Value
    spans: tuple[SourceSpan, ...]
    span: SourceSpan

    @property
    def text(self) -> str:
        """As it was written: ``a.b=c``."""
        return self.span.file.text


class Overlaid(Mapping):
    """A mapping of a file in which some entries were written elsewhere."""

    __slots__ = ("elsewhere",)

    def __init__(self, file: SourceFile, start: int) -> None:
        super().__init__(file, start)
        self.elsewhere: dict[str, tuple[SourceSpan, SourceSpan]] = {}

    @classmethod
    def of(cls, base: Mapping) -> Overlaid:
        """A copy of ``base`` (of its first level)."""
        new = cls(base.file, base.start)
        new.update(base)
        new.end = base.end
        new.spans.extend(base.spans)
        if isinstance(base, Overlaid):
            new.elsewhere.update(base.elsewhere)
        return new

    def put(self, key: str, value: Value, key_span: SourceSpan, value_span: SourceSpan) -> None:
        """Set an entry that was written elsewhere."""
        if key not in self:
            self.spans.extend((pack(self.start, self.start), pack(self.start, self.start)))
        self[key] = value
        self.elsewhere[key] = key_span, value_span

    def key_span(self, key: str) -> SourceSpan:
        return self.elsewhere[key][0] if key in self.elsewhere else super().key_span(key)

    def value_span(self, key: str) -> SourceSpan:
        return self.elsewhere[key][1] if key in self.elsewhere else super().value_span(key)


def parse_override(text: str, origin: str = "--set") -> Override:
    """Read ``a.b=VALUE``; the value is written as in YAML. Raises Problem: bad-override, or those of YAML."""
    file = SourceFile(origin, text)
    head, equals, tail = text.partition("=")
    keys = [key.strip() for key in head.split(".")]
    if len(keys) > MOST_KEYS:
        where = SourceSpan(file, 0, len(head))
        raise Problem.of("bad-override", f"a key of {len(keys)} parts; no document is so deep", where)
    if not equals or not all(keys):
        where = SourceSpan(file, 0, max(1, len(head)))
        help = "write a key with dots, then = and a value: train.epochs=5"
        raise Problem.of("bad-override", f"'{text}' does not set anything", where, help=help)
    spans = []
    at = 0
    for part, key in zip(head.split("."), keys, strict=True):
        start = at + len(part) - len(part.lstrip())
        spans.append(SourceSpan(file, start, start + len(key)))
        at += len(part) + 1
    begin = len(head) + 1 + len(tail) - len(tail.lstrip())
    span = SourceSpan(file, min(begin, len(text)), max(begin, len(text.rstrip())))
    return Override(tuple(keys), _value(file, len(head) + 1), tuple(spans), span)


def _value(file: SourceFile, start: int) -> Value:
    """The YAML value from character ``start``. Blanks stand for what is before, so that places are right."""
    blanked = SourceFile(file.name, " " * start + file.text[start:])
    if not blanked.text.strip():
        return None
    try:
        value = parse_yaml(blanked)
    except Problem as problem:
        blanked.text = file.text  # the snippet that is shown
        raise problem from None
    _move(value, file)
    return value


def _move(value: Value, file: SourceFile) -> None:
    if isinstance(value, Mapping | Sequence):
        value.file = file
        for one in value.values() if isinstance(value, Mapping) else value:
            _move(one, file)


def overrides_of(mapping: Mapping, path: tuple[str, ...], merged: Iterable[str] = ()) -> list[Override]:
    """The entries of a mapping of a file as overrides below ``path``. The mappings named in ``merged`` are
    entered one by one, so that what is beside them stays."""
    found: list[Override] = []
    for key, value in mapping.items():
        if key in merged and isinstance(value, Mapping):
            found += overrides_of(value, (*path, key))
        else:
            place = mapping.key_span(key)
            spans = (*(place for _ in path), place)
            found.append(Override((*path, key), value, spans, mapping.value_span(key)))
    return found


def from_arguments(arguments: AbstractMapping[str, Any], prefix: str = "train") -> list[str]:
    """Keyword arguments as override texts: ``{"epochs": 5}`` as ``train.epochs=5``. Double underscores are
    dots, and values that are mappings or lists are written in flow style."""
    import json

    texts = []
    for name, value in arguments.items():
        path = name.replace("__", ".")
        texts.append(f"{prefix}.{path}".lstrip(".") + f"={json.dumps(_native(value))}")
    return texts


def _native(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def apply(root: Mapping, overrides: Iterable[Override]) -> Mapping:
    """The document with the overrides put in, in order. ``root`` itself is left as it is.

    ``params.x`` means the parameter x of the main box. Raises Problem: bad-override.
    """
    for override in overrides:
        path, spans = override.path, override.spans
        if path[0] == "params":
            root, inside = _main_box(root, spans[0])
            path, spans = (*inside, *path[1:]), (*(spans[0] for _ in inside), *spans[1:])
        root = _put(root, path, spans, override, 0)
    return root


def _main_box(root: Mapping, where: SourceSpan) -> tuple[Mapping, tuple[str, ...]]:
    """Where parameters of the main box are given. A main box that is only named is written out for it."""
    main = root.get("main")
    if isinstance(main, Mapping):
        return root, ("main", "with") if "box" in main else ("main", "params")
    if not isinstance(main, str):
        raise Problem.of("bad-override", "the document has no main box, so it has no params", where)
    span = root.value_span("main")
    new, box = Overlaid.of(root), Overlaid(span.file, span.start)
    box.end = span.end
    box.put("box", main, span, span)
    new.put("main", box, root.key_span("main"), span)
    return new, ("main", "with")


def _put(
    base: Value, path: tuple[str, ...], spans: tuple[SourceSpan, ...], override: Override, at: int
) -> Mapping:
    if isinstance(base, Mapping):
        new = Overlaid.of(base)
    elif base is None:
        new = Overlaid(override.span.file, 0)
        new.end = len(override.span.file.text)
    else:
        what = "a list" if isinstance(base, Sequence) else f"the value {base!r}"
        before = ".".join(path[:at])
        help = f"set {before} as a whole: {before}=VALUE"
        raise Problem.of("bad-override", f"{before} is {what}, which has no keys", spans[at], help=help)
    key = path[at]
    if at == len(path) - 1:
        new.put(key, override.value, spans[at], override.span)
    elif key in new and new[key] is not None:
        places = new.key_span(key), new.value_span(key)
        below = _put(new[key], path, spans, override, at + 1)
        if key in new.elsewhere:
            new.put(key, below, *places)
        else:
            new[key] = below
    else:
        new.put(key, _put(None, path, spans, override, at + 1), spans[at], override.span)
    return new
