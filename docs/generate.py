"""Writes the pages that the package's own tables hold, functions.md and diagnostics.md, and the examples of
``dilsctl explain``.

python docs/generate.py
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from dilsctl import api
from dilsctl.codes import CODES, FILE_TOPICS, RUN_TOPICS
from dilsctl.operations.functions import FUNCTIONS, INITIALISERS
from dilsctl.report.text import render_text
from dilsctl.rules import ERRORS, RULES, Rule

HERE = Path(__file__).parent
GOLDEN = HERE.parent / "tests" / "golden"
CASES = HERE.parent / "dilsctl" / "rules" / "cases.json"
LONGEST = 16  # lines of an example
MOST_OF_A_CASE = 60  # lines of a file and what is said of it

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
expect, from the files in `tests/golden` and in `dilsctl/rules`. `dilsctl explain CODE` shows the same.
"""

LINTS_HEAD = """\
Lints are warnings and notes about what is valid, and yet hardly what was meant. They can be
[chosen](language.md#lints), and a comment takes one back: `# dils: ignore[CODE] why`.
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
        for text in of_code(code, path.read_text(encoding="utf-8")):
            lines = text.count("\n")
            if 2 < lines < LONGEST:
                found.append((lines, len(text), text))
    return min(found)[2] if found else ""


def of_code(code: str, said: str) -> list[str]:
    """The findings with a code, of a text as ``validate`` prints it."""
    parts = re.split(r"\n\n(?=error\[|warning\[|note\[|\d)", said)
    return [one.rstrip() for one in parts if re.match(rf"(error|warning|note)\[{code}\]", one)]


def case(code: str) -> dict[str, str]:
    """An example of a code: the shortest file of the golden cases that shows it in few words."""
    found = []
    for path in sorted((GOLDEN / code).glob("*.yaml")):
        if path.with_suffix("").is_dir():
            continue  # several files
        text = path.read_bytes().decode("utf-8", "replace")
        said = "\n\n".join(of_code(code, path.with_suffix(".out").read_text(encoding="utf-8")))
        size = text.count("\n") + said.count("\n")
        if said and size < MOST_OF_A_CASE and len(text) < 40 * MOST_OF_A_CASE:
            found.append((size, {"bad": text, "says": said}))
    return min(found, key=lambda one: one[0])[1] if found else {}


def cases() -> str:
    """``dilsctl/rules/cases.json``: what ``dilsctl explain`` shows of each code."""
    found: dict[str, dict[str, str]] = {}
    for code in sorted({*CODES, *RULES}):
        rule = RULES.get(code) or ERRORS.get(code)
        if rule is not None:
            said = render_text(api.validate("diagram.yaml", text=rule.bad))
            found[code] = {"says": "\n\n".join(of_code(code, said))}
        elif one := case(code):
            found[code] = one
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def explained(rule: Rule, said: dict[str, dict[str, str]]) -> Iterator[str]:
    """Why a rule is there, with its examples."""
    yield f"{rule.why}\n"
    yield f"```text\n{said[rule.code]['says']}\n```\n"
    yield f"It is found in\n\n```yml\n{rule.bad}```\n\nand not in\n\n```yaml\n{rule.good}```\n"


def diagnostics() -> Iterator[str]:
    """Every code with what it means."""
    yield DIAGNOSTICS_HEAD
    yield "## Lints\n"
    yield LINTS_HEAD
    said = json.loads(cases())
    for topic in dict.fromkeys(one.topic for one in RULES.values()):
        yield f"### {topic}\n"
        rules = [one for one in RULES.values() if one.topic == topic]
        yield "| code | is |"
        yield "|---|---|"
        for one in rules:
            yield f"| [`{one.code}`](#{one.code}) | {cell(one.title)} |"
        yield ""
        for one in rules:
            yield f"#### {one.code}\n"
            yield from explained(one, said)
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
            for text in filter(None, map(example, [one for one in codes if one not in ERRORS])):
                yield f"```text\n{text}\n```\n"
            for code in codes:
                if code in ERRORS:
                    yield f"#### {code}\n"
                    yield from explained(ERRORS[code], said)


PAGES = {"functions.md": functions, "diagnostics.md": diagnostics}


def page(name: str) -> str:
    """The text of a page."""
    return "\n".join(PAGES[name]()).rstrip("\n") + "\n"


if __name__ == "__main__":
    CASES.write_text(cases(), encoding="utf-8")
    for name in PAGES:
        (HERE / name).write_text(page(name), encoding="utf-8")
