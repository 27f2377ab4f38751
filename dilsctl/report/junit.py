"""Results as JUnit XML, which most build servers show: of ``validate`` one test case a file, of ``test`` one
a check.

The layout is that of the Jenkins JUnit plugin: https://github.com/jenkinsci/junit-plugin
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from dilsctl.diagnostics import Diagnostic, Severity
from dilsctl.report.paths import file_of, from_root, is_file
from dilsctl.report.text import render_text
from dilsctl.signs import visible

# Characters that XML 1.0 can't hold, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Case:
    """One test case. ``failure``: (kind, message, text) where it failed; ``said``: what it says none the
    less; ``file``: what it is about."""

    suite: str
    name: str
    seconds: float = 0.0
    failure: tuple[str, str, str] | None = None
    said: str = ""
    file: str = ""


def render_cases(cases: Iterable[Case]) -> str:
    """The XML of some test cases, by suite in the order given."""
    suites: dict[str, list[Case]] = {}
    for one in cases:
        suites.setdefault(one.suite, []).append(one)
    root = Xml.Element("testsuites", name="dilsctl")
    total = failed = 0
    seconds = 0.0
    for name, members in suites.items():
        failures = sum(one.failure is not None for one in members)
        time = sum(one.seconds for one in members)
        total, failed, seconds = total + len(members), failed + failures, seconds + time
        suite = Xml.SubElement(
            root, "testsuite", name=_text(name), tests=str(len(members)), failures=str(failures), errors="0",
            skipped="0", time=f"{time:.3f}",
        )  # fmt: skip
        for one in members:
            case = Xml.SubElement(
                suite, "testcase", classname=_text(name), name=_text(one.name), time=f"{one.seconds:.3f}"
            )
            if is_file(one.file):  # GitLab links it
                case.set("file", _text(from_root(one.file)))
            if one.failure is not None:
                kind, message, text = one.failure
                found = Xml.SubElement(case, "failure", type=_text(kind), message=_text(message))
                found.text = _text(text)
            if one.said:
                Xml.SubElement(case, "system-out").text = _text(one.said)
    root.attrib |= {"tests": str(total), "failures": str(failed), "errors": "0", "time": f"{seconds:.3f}"}
    Xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def render_junit(findings: Iterable[Diagnostic], files: Sequence[str] = ()) -> str:
    """One suite, with a case for each file; a file with errors failed."""
    by_file: dict[str, list[Diagnostic]] = {name: [] for name in files}
    for one in findings:
        by_file.setdefault(file_of(one), []).append(one)
    return render_cases(_case(name, found) for name, found in by_file.items())


def _case(name: str, found: list[Diagnostic]) -> Case:
    errors = [one for one in found if one.severity is Severity.ERROR]
    failure = None
    if errors:
        more = f" and {len(errors) - 1} more" if len(errors) > 1 else ""
        failure = errors[0].code, errors[0].message + more, render_text(found)
    said = render_text(found) if found and not errors else ""
    return Case("dilsctl validate", from_root(name) or "(no file)", 0.0, failure, said, name)


def _text(text: str) -> str:
    return _NOT_XML.sub("\ufffd", visible(text))
