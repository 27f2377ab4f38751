"""Writes functions.md: what expressions may call, and how states may begin, from the package's own tables.

python docs/generate.py > docs/functions.md
"""

from __future__ import annotations

from collections.abc import Iterator

from dilsctl.operations.functions import FUNCTIONS, INITIALISERS

HEAD = """\
# Functions

Written by `docs/generate.py` from the tables that the compiler reads.

Shapes are those that the diagram shows: the examples of a batch are never an axis. An axis is counted from 0,
or from the end with -1.
"""


def cell(text: str) -> str:
    """Text for a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def page() -> Iterator[str]:
    """The lines of the page."""
    yield HEAD
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


if __name__ == "__main__":
    print("\n".join(page()))
