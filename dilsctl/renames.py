"""A finding that says ``did you mean 'x'?`` as an edit: the word that is not known is replaced.

It is a guess, so the fix is not safe.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import replace

from dilsctl.diagnostics import Diagnostic, Edit, Fix, SourceSpan

_NAME = re.compile(r"[\w.]+")
LIKE = 0.5  # how much a word must be like the one that is meant

_MEANT = re.compile(r"did you mean '([^']+)'\?")
_QUOTED = re.compile(r"'([^'\n]+)'")


def with_rename(one: Diagnostic) -> Diagnostic:
    """The finding with its rename, if there is exactly one place in what it marks where the word stands."""
    meant = _MEANT.match(one.help)
    if one.fix is not None or one.primary is None or meant is None:
        return one
    span = one.primary.span
    marked = span.file.text[span.start : span.end]
    candidates = []
    whole = [marked] if _NAME.fullmatch(marked) else []
    for word in dict.fromkeys([*whole, *_QUOTED.findall(one.message)]):
        places = [place.start() for place in re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", marked)]
        if len(places) == 1 and word != meant.group(1):
            likeness = difflib.SequenceMatcher(None, word, meant.group(1)).ratio()
            candidates.append((likeness, word, span.start + places[0]))
    if not candidates or max(candidates)[0] < LIKE:
        return one
    _, word, start = max(candidates)
    edit = Edit(SourceSpan(span.file, start, start + len(word)), meant.group(1))
    return replace(one, fix=Fix(f"write '{meant.group(1)}' for '{word}'", (edit,)))
