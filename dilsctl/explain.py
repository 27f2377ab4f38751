"""What a code means, with examples: the same for the command and for the reference page."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from dilsctl.codes import CODES, FILE_TOPICS, RUN_TOPICS
from dilsctl.diagnostics import Severity
from dilsctl.rules import ERRORS, RULES

CASES = "cases.json"


@dataclass(frozen=True, slots=True)
class Explanation:
    """A code. ``bad``: a file that has the finding, ``says``: what is said of it, ``good``: one that has not.
    They are empty where there is no example that fits."""

    code: str
    severity: Severity
    topic: str
    title: str
    why: str = ""
    bad: str = ""
    says: str = ""
    good: str = ""

    def facts(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "code": self.code,
            "severity": self.severity.value,
            "topic": self.topic,
            "title": self.title,
            "why": self.why,
            "bad": self.bad,
            "says": self.says,
            "good": self.good,
        }


@cache
def _cases() -> dict[str, dict[str, str]]:
    """For each code an example and what is said of it, from the cases that the tests hold.

    Written by ``docs/generate.py``.
    """
    text = resources.files("dilsctl.rules").joinpath(CASES).read_text(encoding="utf-8")
    found: dict[str, dict[str, str]] = json.loads(text)
    return found


def explanations() -> dict[str, Explanation]:
    """Every code, by topic: lints first."""
    found = {}
    cases = _cases()
    for rule in RULES.values():
        says = cases.get(rule.code, {}).get("says", "")
        found[rule.code] = Explanation(
            rule.code, rule.severity, rule.topic, rule.title, rule.why, rule.bad, says, rule.good
        )
    for topics in (FILE_TOPICS, RUN_TOPICS):
        for topic, codes in topics.items():
            for code in codes:
                case = cases.get(code, {})
                said = re.search(r" \((warning|note)\)$", CODES[code])
                severity = Severity(said.group(1)) if said else Severity.ERROR
                title = CODES[code].removesuffix(said.group()) if said else CODES[code]
                error = ERRORS.get(code)
                why, good = (error.why, error.good) if error is not None else ("", "")
                bad = error.bad if error is not None else case.get("bad", "")
                says = case.get("says", "")
                found[code] = Explanation(code, severity, topic, title, why, bad, says, good)
    return found
