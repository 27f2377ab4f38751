"""Writes the pages that the package's own tables hold: functions.md and diagnostics.md.

python docs/generate.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from dilsctl.codes import FILE_TOPICS, RUN_TOPICS
from dilsctl.operations.functions import FUNCTIONS, INITIALISERS

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "tests" / "golden"
LONGEST = 16  # lines of an example

FUNCTIONS_HEAD = """\
# Functions

Written by `docs/generate.py` from the tables that the compiler reads.

Shapes are those that the diagram shows: the examples of a batch are never an axis. An axis is counted from 0,
or from the end with -1.
"""

DIAGNOSTICS_HEAD = """\
# Findings

Written by `docs/generate.py` from the list that the tests hold.

Every finding has a code, which stays what it is from one version to the next. Examples are what the tests
expect, from the files in `tests/golden`.
"""


def cell(text: str) -> str:
    """Text for a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def functions() -> Iterator[str]:
    """What expressions may call, and how states may begin."""
    yield FUNCTIONS_HEAD
    for family in dict.fromkeys(one.family for one in FUNCTIONS.values()):
        yield f"## {family}\n"
        yield "| call | value |"
        yield "|---|---|"
        for one in FUNCTIONS.values():
            if one.family == family:
                yield f"| `{cell(one.signature)}` | {cell(one.doc)} |"
        yield ""
    yield "## Initialisers\n"
    yield "How a state may begin: `weight: real units n = glorot`. Fans are those of the state's own axes.\n"
    yield "| initialiser | values |"
    yield "|---|---|"
    for initialiser in INITIALISERS.values():
        yield f"| `{cell(initialiser.signature)}` | {cell(initialiser.doc)} |"


def example(code: str) -> str:
    """The shortest finding with this code that points at a line and fits, or an empty text."""
    found = []
    for path in sorted((GOLDEN / code).glob("*.out")):
        for text in re.split(r"\n\n(?=error\[|warning\[|\d)", path.read_text(encoding="utf-8")):
            lines = text.count("\n")
            if text.startswith((f"error[{code}]", f"warning[{code}]")) and 2 < lines < LONGEST:
                found.append((lines, len(text), text.rstrip()))
    return min(found)[2] if found else ""


def diagnostics() -> Iterator[str]:
    """Every code with what it means."""
    yield DIAGNOSTICS_HEAD
    for title, topics in (
        ("What `validate` finds", FILE_TOPICS),
        ("What other commands may find", RUN_TOPICS),
    ):
        yield f"## {title}\n"
        for topic, codes in topics.items():
            yield f"### {topic}\n"
            yield "| code | means |"
            yield "|---|---|"
            for code, text in codes.items():
                yield f"| `{code}` | {cell(text)} |"
            yield ""
            for text in filter(None, map(example, codes)):
                yield f"```text\n{text}\n```\n"


PAGES = {"functions.md": functions, "diagnostics.md": diagnostics}


def page(name: str) -> str:
    """The text of a page."""
    return "\n".join(PAGES[name]()).rstrip("\n") + "\n"


if __name__ == "__main__":
    for name in PAGES:
        (HERE / name).write_text(page(name), encoding="utf-8")
