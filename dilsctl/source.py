"""YAML text to values that know their place.

The C parser's events are built into values at once, without a tree of nodes, and without recursion, so that
no file can exhaust the stack. The language is a subset of YAML: no anchors, aliases, tags or second
documents, string keys only, each key once.
"""

from __future__ import annotations

import gc
import re
import stat
import sys
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from dilsctl.diagnostics import Problem, Report, SourceFile
from dilsctl.scalars import NUMBER_STARTS, WORDS, block_lines, resolve, resolve_number, text_lines, text_span
from dilsctl.values import Mapping, Sequence, Value, key_span_at, pack, span_at, value_at
from dilsctl.values import Path as ValuePath
from dilsctl.yaml_findings import YamlFindings

__all__ = [
    "Mapping",
    "Sequence",
    "Value",
    "ValuePath",
    "block_lines",
    "key_span_at",
    "parse_yaml",
    "read_source",
    "span_at",
    "text_lines",
    "text_span",
    "value_at",
]

MOST_BYTES = 8 << 20  # where a project does not say otherwise: see largest_file
BYTES_OF_A_VALUE = 32  # a file may have so many times fewer values, and lines, than bytes
VALUES_OF_A_MAPPING = 4  # what is kept of a box is much more than what is kept of a number
MOST_LEVELS = 100

_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufffe\uffff]")
LARGER = (
    "write boxes with a count, and data in files of their own; or let files be larger: "
    "largest-file = 64 (MiB) in [tool.dilsctl] of pyproject.toml"
)
_ENDS = frozenset({MappingEndEvent, SequenceEndEvent, StreamEndEvent})
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_source(path: Path, name: str | None = None) -> SourceFile:
    """Read a file as text. Raises Problem: not-a-file, too-large, not-text, not-readable."""
    shown = name if name is not None else str(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "not a regular file"
            raise Problem.of("not-a-file", f"'{shown}' is {what}", file=shown)
        most = largest_file(path) if status.st_size > MOST_BYTES else MOST_BYTES
        if status.st_size > most:
            raise too_large(shown, most)
        with path.open("rb") as stream:
            data = stream.read(most + 1)
        if len(data) > most:
            raise too_large(shown, most)
    except FileNotFoundError:
        raise Problem.of("file-not-found", f"there is no file '{shown}'", file=shown) from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise Problem.of("not-readable", f"'{shown}' cannot be read: {why}", file=shown) from None
    try:
        return SourceFile(shown, data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = (
            f"'{shown}' is not UTF-8 text: byte {error.start} (line {line}) is 0x{data[error.start]:02x}"
        )
        raise Problem.of("not-text", message, help="save the file as UTF-8", file=shown) from None


def largest_file(path: Path) -> int:
    """How many bytes a diagram file may have, as its project says, or that of the folder one is in."""
    from dilsctl.project import project_of

    try:
        found = project_of(path.parent)
        told = (found if found.file is not None else project_of(Path())).largest_file
    except (Problem, OSError):  # validation tells of the project
        told = None
    return MOST_BYTES if told is None else told << 20


def limit_of(path: Path, size: int) -> int:
    """The same of a file of so many bytes or signs, 0 where it is so small that no limit is reached."""
    return largest_file(path) if size > MOST_BYTES // BYTES_OF_A_VALUE else 0


def too_large(name: str, most: int) -> Problem:
    """Of a file with more bytes than a file may have."""
    return Problem.of("too-large", f"'{name}' is larger than {most >> 20} MiB", help=LARGER, file=name)


def parse_yaml(file: SourceFile, report: Report | None = None) -> Value:
    """The value that a YAML text writes.

    Findings go into ``report``, and the value is then what could be understood (None, if nothing). Without
    a report, a text with errors raises Problem. Codes: yaml-syntax, flow-split, duplicate-key,
    alias-not-allowed, tag-not-allowed, key-not-text, several-documents, too-deep, too-large, not-text.
    """
    findings = Report() if report is None else report
    most = limit_of(Path(file.name), len(file.text)) or MOST_BYTES
    lines = file.text.count("\n")
    value: Value = None
    if len(file.text) > most:
        findings.extend(too_large(file.name, most).diagnostics)
    elif lines > most // BYTES_OF_A_VALUE:
        message = f"'{file.name}' has {lines:,} lines; a file has at most {most // BYTES_OF_A_VALUE:,}"
        findings.extend(Problem.of("too-large", message, help=LARGER, file=file.name).diagnostics)
    else:
        enabled = gc.isenabled()
        gc.disable()  # millions of new objects and no cycles: collecting would double the time
        try:
            value = _Builder(file, findings, most // BYTES_OF_A_VALUE).build()
        finally:
            if enabled:
                gc.enable()
    if report is None:
        findings.raise_errors()
    return value


class _Stop(Exception):
    """Nothing more can be read."""


class _Builder:
    """One pass over the events of one file."""

    def __init__(self, file: SourceFile, report: Report, most: int) -> None:
        self.file = file
        self.most = most  # values; each has a character at least
        self.shift = 1 if file.text.startswith("\ufeff") else 0  # the parser does not count the mark
        self.findings = YamlFindings(file, report, self.shift)

    def build(self) -> Value:
        bad = _NOT_TEXT.search(self.file.text)
        if bad:
            self.findings.not_text(bad)
            return None
        parser = _Loader(self.file.text)
        root = Sequence(self.file, 0)
        try:
            self._events(parser, root)
        except _Stop:
            return None  # half a document would only give findings that follow from its other half
        except yaml.YAMLError as error:
            self.findings.syntax(error)
            return None
        finally:
            parser.dispose()
        return root[0] if root else None

    def _events(self, parser: Any, root: Sequence) -> None:
        """Build everything into ``root``, a list that gets one item."""
        next_event = parser.get_event
        if VALUES_OF_A_MAPPING * len(self.file.text) >= self.most:
            next_event = self._counted(next_event)
        shift = self.shift
        stack: list[tuple[Any, str | None, int, tuple[int, int] | None]] = []
        container: Any = root  # the innermost open collection
        spans: array[int] = root.spans
        is_mapping = False
        key: str | None = None  # the key whose value comes next
        flow = 0  # number of open flow collections
        split: tuple[int, int] | None = None  # unbalanced pieces of the innermost flow collection
        end = 0
        while True:
            event = next_event()
            kind = type(event)
            if kind is ScalarEvent:
                value: Any = event.value
                start = event.start_mark.index + shift
                end = event.end_mark.index + shift
                style = event.style
                if event.anchor is not None or event.tag is not None:
                    self.findings.properties(event, start, end)
                if style:
                    if style == "|" or style == ">":
                        end = self._trim(start, end)
                else:
                    if flow and value.count("(") != value.count(")"):
                        split = (split[0] if split else start, end)
                    if not is_mapping or key is not None:
                        if value in WORDS:
                            value = WORDS[value]
                        elif value[0] in NUMBER_STARTS:
                            value = resolve_number(value)
                if not is_mapping:
                    container.append(value)
                    spans.append(start << 32 | end)
                elif key is None:
                    if value in container:
                        self.findings.duplicate(container, value, start, end)
                        value = self._stand_in(container)
                    elif (
                        not style
                        and (value in WORDS or value[0] in NUMBER_STARTS)
                        and not isinstance(resolve(value), str)
                    ):
                        self.findings.key_not_text(value, start, end)
                    key = sys.intern(value)
                    spans.append(start << 32 | end)
                else:
                    container[key] = value
                    spans.append(start << 32 | end)
                    key = None
            elif kind is SequenceStartEvent or kind is MappingStartEvent:
                start = event.start_mark.index + shift
                if event.anchor is not None or event.tag is not None:
                    self.findings.properties(event, start, event.end_mark.index + shift)
                if len(stack) >= MOST_LEVELS:
                    self.findings.error(
                        "too-deep", f"nested deeper than {MOST_LEVELS} levels", start, start + 1
                    )
                    raise _Stop
                new: Any = (Mapping if kind is MappingStartEvent else Sequence)(self.file, start)
                if is_mapping and key is None:
                    self.findings.error(
                        "key-not-text",
                        "a key must be text, not a collection",
                        start,
                        event.end_mark.index + shift,
                    )
                    stack.append((container, self._stand_in(container), flow, split))
                else:
                    stack.append((container, None, flow, split))
                    if key is None:
                        container.append(new)
                    else:
                        container[key] = new
                spans.append(0)  # known when it closes; until then it is the last one
                container, spans, is_mapping, key = new, new.spans, kind is MappingStartEvent, None
                flow = flow + 1 if event.flow_style else 0
                split = None
            elif kind is SequenceEndEvent or kind is MappingEndEvent:
                if flow:
                    end = event.end_mark.index + shift
                    if split:
                        self.findings.flow_split(container.start, end, split)
                closed = container
                closed.end = max(end, closed.start)
                container, key, flow, split = stack.pop()
                spans = container.spans
                is_mapping = type(container) is Mapping
                spans[-1] = closed.start << 32 | closed.end
            elif kind is AliasEvent:
                start = event.start_mark.index + shift
                end = event.end_mark.index + shift
                self.findings.error(
                    "alias-not-allowed",
                    f"anchors and aliases are not part of the language: '*{event.anchor}'",
                    start,
                    end,
                    help="write the value out, or put it into a definition; an expression that begins with * "
                    "cannot stand in YAML without quotes",
                )
                if not is_mapping:
                    container.append(None)
                elif key is None:
                    key = self._stand_in(container)
                else:
                    container[key] = None
                    key = None
                spans.append(pack(start, end))
            elif kind is DocumentStartEvent:
                if root:
                    at = event.start_mark.index + shift
                    self.findings.error(
                        "several-documents",
                        "a file holds one document",
                        at,
                        event.end_mark.index + shift,
                        help="put the second document into a file of its own",
                    )
                    return
            elif kind is StreamEndEvent:
                return

    def _counted(self, next_event: Callable[[], Any]) -> Callable[[], Any]:
        """The events of a text that may have too many values: it is refused at the first one too many."""
        left = self.most

        def count() -> Any:
            nonlocal left
            event = next_event()
            kind = type(event)
            if kind not in _ENDS:
                left -= VALUES_OF_A_MAPPING if kind is MappingStartEvent else 1
                if left < 0:
                    start = event.start_mark.index + self.shift
                    message = (
                        f"a file has at most {self.most:,} values; a mapping counts for {VALUES_OF_A_MAPPING}"
                    )
                    self.findings.error("too-large", message, start, start + 1, LARGER)
                    raise _Stop
            return event

        return count

    def _trim(self, start: int, end: int) -> int:
        """The end of a block scalar without the line breaks after it."""
        text = self.file.text
        while end > start + 1 and text[end - 1].isspace():
            end -= 1
        return end

    def _stand_in(self, container: Mapping) -> str:
        """A key that no file can write, for an entry that is refused."""
        return f"\0{len(container)}"
