"""Which files are reports of an earlier run, that a new one may take the place of. Others are somebody's."""

from __future__ import annotations

import re
from pathlib import Path

ENOUGH = 65536
_TEXT = rb'"(?:[^"\\]|\\.)*"'
_HEADS = {
    "text": rb"(?:error|warning|note)\[[a-z-]+\]: |(?:ok|FAILED)  ",
    "concise": rb"[^\n]*\b(?:error|warning|note)\[[a-z-]+\] ",
    "json": rb'\{\s*"version": \d+,\s*"(?:files|checks)": \[',
    "github": rb"::(?:error|warning|notice) [^\n]*title=dilsctl%3A ",
    "gitlab": rb'\[\s*(?:\]\s*$|\{\s*"description": %s,\s*"check_name": )' % _TEXT,
    "sarif": rb'\{\s*"\$schema": %s,\s*"version": "2\.1\.0",\s*"runs": \[\s*\{\s*"tool": \{\s*'
    rb'"driver": \{\s*"name": "dilsctl"' % _TEXT,
    "junit": rb'<\?xml [^>]*\?>\s*<testsuites name="dilsctl"',
}


def replaceable(format: str, path: Path) -> bool:
    """May a report be written to ``path``? If nothing is there, nothing is in it, it is no file to lose (a
    named pipe), or it is a report of this format."""
    if not path.is_file():
        return True
    try:
        with path.open("rb") as stream:
            head = stream.read(ENOUGH)
    except OSError:
        return False
    return not head or re.match(_HEADS[format], head) is not None
