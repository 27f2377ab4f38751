"""Writes library.md: the boxes of the library, from its documents.

python docs/generate_library.py > docs/library.md
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dilsctl import api

LIBRARY = Path(__file__).parents[1] / "dilsctl" / "library"
NAMES = ("nn", "logic", "control", "systems", "managers")
HEAD = """\
# The library

Written by `docs/generate_library.py` from the [documents of the library](../dilsctl/library), which are
written in the language itself. Read them as examples: each box has checks.
"""


def cell(text: str) -> str:
    """Text for a cell of a table."""
    return " ".join(text.split()).replace("|", "\\|")


def ports(declared: dict[str, str] | None) -> str:
    """Names and types of ports or shared variables."""
    shown = (f"{name}: {kind.partition('=')[0].strip()}" for name, kind in (declared or {}).items())
    return ", ".join(f"`{one}`" for one in shown)


def params(declared: dict[str, Any] | None) -> str:
    """Parameters with their defaults."""
    words = {True: "true", False: "false"}
    shown = ((name, words[one] if isinstance(one, bool) else one) for name, one in (declared or {}).items())
    return ", ".join(f"`{name}: {one}`" for name, one in shown)


def sections(text: str) -> dict[str, str]:
    """The heading that each definition stands under."""
    found, heading = {}, ""
    for line in text.splitlines():
        if comment := re.match(r"  # (.*)", line):
            heading = comment.group(1)
        elif name := re.match(r"  ([\w-]+):$", line):
            found[name.group(1)] = heading
    return found


def page() -> Iterator[str]:
    """The lines of the page."""
    yield HEAD
    for name in NAMES:
        text = (LIBRARY / f"{name}.yaml").read_text(encoding="utf-8")
        document = api.load(LIBRARY / f"{name}.yaml").document.root
        headings = sections(text)
        yield f"## std/{name}\n"
        yield cell(document["doc"]) + "\n"
        for heading in dict.fromkeys(headings[one] for one in document["define"]):
            yield f"### {heading.partition('. ')[0].partition(':')[0]}\n"
            yield "| box | is | told | shows | params |"
            yield "|---|---|---|---|---|"
            for box, spec in document["define"].items():
                if headings[box] == heading:
                    shown = [ports(spec.get("out"))] if spec.get("out") else []
                    shown += [f"shares {ports(spec['share'])}"] if spec.get("share") else []
                    told, given = ports(spec.get("in")), params(spec.get("params"))
                    cells = (f"`{box}`", spec["doc"], told, "; ".join(shown), given)
                    yield f"| {' | '.join(cell(one) for one in cells)} |"
            yield ""


if __name__ == "__main__":
    print("\n".join(page()).rstrip())
