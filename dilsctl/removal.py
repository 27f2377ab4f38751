"""An entry of a mapping taken out of its text: with its lines in block style, with its comma in flow
style."""

from __future__ import annotations

from dilsctl.diagnostics import Edit, Fix, SourceSpan
from dilsctl.values import Mapping, Path, Value, value_at


def removal(root: Value, path: Path, title: str) -> Fix | None:
    """A fix that takes out the entry at a path; and what is around it, where nothing else is left there.

    It is safe unless a comment would go with it. None where the entry shares its lines with others.
    """
    while len(path) > 1 and isinstance(owner := value_at(root, path[:-1]), Mapping) and len(owner) == 1:
        path = path[:-1]
    owner = value_at(root, path[:-1])
    key = path[-1] if path else None
    if not isinstance(owner, Mapping) or not isinstance(key, str) or key not in owner:
        return None
    start, end = owner.key_span(key).start, max(owner.value_span(key).end, owner.key_span(key).end)
    text = owner.file.text
    if text[owner.start : owner.start + 1] == "{":
        return _in_flow(owner, key, start, end, title)
    first = text.rfind("\n", 0, start) + 1
    last = text.find("\n", end)
    last = len(text) if last < 0 else last + 1
    rest = text[end:last].strip()
    if text[first:start].strip(" ") or (rest and not rest.startswith("#")):
        return None
    commented = any("#" in line for line in text[first:last].splitlines())
    return Fix(title, (Edit(SourceSpan(owner.file, first, last), ""),), safe=not commented)


def _in_flow(owner: Mapping, key: str, start: int, end: int, title: str) -> Fix | None:
    keys = list(owner)
    at = keys.index(key)
    if at:
        before = owner.value_span(keys[at - 1])
        start = max(before.end, owner.key_span(keys[at - 1]).end)
    else:
        end = owner.key_span(keys[1]).start
    if "#" in owner.file.text[start:end]:
        return None
    return Fix(title, (Edit(SourceSpan(owner.file, start, end), ""),), safe=True)
