"""A digest of a finding that stays when lines move: services tell old findings from new ones by it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator

from dilsctl.diagnostics import Diagnostic
from dilsctl.report.paths import file_of, from_root


def fingerprints(findings: Iterable[Diagnostic]) -> Iterator[tuple[Diagnostic, str]]:
    """Each finding with its digest: of code, file, message and the text of its line, without its number.
    Equal ones are told apart by their order."""
    seen: Counter[str] = Counter()
    for one in findings:
        line = one.primary.span.file.line(one.primary.span.line).strip() if one.primary is not None else ""
        key = "\0".join((one.code, from_root(file_of(one)), one.message, line))
        seen[key] += 1
        yield one, hashlib.sha256(f"{key}\0{seen[key]}".encode("utf-8", "surrogatepass")).hexdigest()
