"""Findings of one file as bytes, and back: how worker processes hand them over, and how a cache keeps them.

A record is a line with the digest of the rest, and JSON. It holds no text of the files, only what they were
(digests), so that it can be read back exactly where all of them are what they were.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from dilsctl.diagnostics import (
    Diagnostic,
    Edit,
    Fix,
    Label,
    Problem,
    Report,
    Severity,
    SourceFile,
    SourceSpan,
)

VERSION = 2


class Stale(Exception):
    """A record that does not hold any more, or is damaged."""


def digest(data: bytes) -> str:
    """A digest of some bytes."""
    return hashlib.sha256(data).hexdigest()


def text_digest(file: SourceFile) -> str:
    """A digest of a text."""
    return digest(file.text.encode("utf-8", "surrogatepass"))


def _state(path: Path, file: SourceFile) -> str:
    """What findings depend on of an imported file: its text, and how large it may be, if it is large."""
    from dilsctl.source import limit_of

    return f"{text_digest(file)} {limit_of(path, len(file.text))}"


def encode(
    report: Report,
    main: SourceFile | None,
    imported: tuple[tuple[Path, Path, SourceFile], ...],
    absent: tuple[Path, ...],
) -> bytes:
    """A record of the findings of a file with these imports, while some files are not there."""
    files: dict[int, int] = {}
    names: list[
        list[str]
    ] = []  # of each file that findings point at: its name, and its text if not read anew

    def number(file: SourceFile) -> int:
        if id(file) not in files:
            files[id(file)] = len(names)
            known = file is main or any(file is one for _, _, one in imported)
            names.append([file.name] if known else [file.name, file.text])
        return files[id(file)]

    def span(one: SourceSpan) -> list[int]:
        return [number(one.file), one.start, one.end]

    def label(one: Label | None) -> Any:
        return None if one is None else [*span(one.span), one.text]

    def fix(one: Fix | None) -> Any:
        return None if one is None else [one.title, one.safe, [[*span(e.span), e.text] for e in one.edits]]

    findings = [
        [
            one.code,
            one.severity.value,
            one.message,
            label(one.primary),
            [label(two) for two in one.related],
            one.help,
            one.file,
            fix(one.fix),
        ]
        for one in report
    ]
    content = {
        "version": VERSION,
        "imports": [[str(start), str(real), one.name, _state(real, one)] for start, real, one in imported],
        "absent": [str(one) for one in absent],
        "files": names,
        "findings": findings,
    }
    body = json.dumps(content, separators=(",", ":")).encode()
    return digest(body).encode() + b"\n" + body


def _content(record: bytes) -> dict[str, Any]:
    head, _, body = record.partition(b"\n")
    if head != digest(body).encode():
        raise Stale
    content: dict[str, Any] = json.loads(body)
    if content.get("version") != VERSION:
        raise Stale
    return content


def decode(record: bytes, main: SourceFile | None, check: bool) -> Report:
    """The findings of a record. ``check``: look first whether the imports are what they were.

    Raises Stale where they are not, and where the record is damaged.
    """
    try:
        return _decode(_content(record), main, check)
    except (ValueError, KeyError, IndexError, TypeError, Problem, OSError, RuntimeError):
        raise Stale from None


def _decode(content: dict[str, Any], main: SourceFile | None, check: bool) -> Report:
    imports: dict[str, tuple[str, str]] = {name: (real, known) for _, real, name, known in content["imports"]}
    read: dict[str, SourceFile] = {}

    def source(name: str) -> SourceFile:
        if name not in read:
            from dilsctl.source import read_source

            real, known = imports[name]
            read[name] = read_source(Path(real), name)
            if _state(Path(real), read[name]) != known:
                raise Stale
        return read[name]

    if check:
        for start, real, name, _ in content["imports"]:
            if str(Path(start).resolve()) != real:
                raise Stale
            source(name)
        if any(Path(one).exists() for one in content["absent"]):
            raise Stale
    if not content["findings"]:
        return Report()
    files: list[SourceFile] = []
    for name, *text in content["files"]:
        if text:
            files.append(SourceFile(name, text[0]))
        elif main is not None and name == main.name:
            files.append(main)
        else:
            files.append(source(name))

    def span(number: int, start: int, end: int) -> SourceSpan:
        if not 0 <= start <= end <= len(files[number].text):
            raise Stale
        return SourceSpan(files[number], start, end)

    def label(one: Any) -> Label:
        return Label(span(*one[:3]), one[3])

    def fix(one: Any) -> Fix | None:
        if one is None:
            return None
        title, safe, edits = one
        return Fix(title, tuple(Edit(span(*edit[:3]), edit[3]) for edit in edits), safe)

    return Report(
        [
            Diagnostic(
                code,
                message,
                None if primary is None else label(primary),
                tuple(label(two) for two in related),
                help,
                Severity(severity),
                file,
                fix(mend),
            )
            for code, severity, message, primary, related, help, file, mend in content["findings"]
        ]
    )
