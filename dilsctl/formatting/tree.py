"""The value of a file together with how it was written: style, blank lines, and the comments, each beside
what it speaks of."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any, Literal

from dilsctl.diagnostics import SourceFile
from dilsctl.source import Mapping, Sequence, Value
from dilsctl.values import unpack


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment. ``own``: it has a line of its own. ``blank``: a blank line stands before it."""

    text: str
    start: int
    line: int
    column: int
    own: bool
    blank: bool


@dataclass(slots=True)
class Entry:
    """A key with its value, or an item. ``start`` is where the key or the dash stands.

    Comments: ``lead`` above it, ``head`` behind the key of what goes on below, ``after`` behind its end.
    """

    key: str | None
    name: str | int
    node: Node
    start: int
    line: int
    blank: bool
    lead: list[Comment] = field(default_factory=list)
    head: list[Comment] = field(default_factory=list)
    after: list[Comment] = field(default_factory=list)


@dataclass(slots=True)
class Node:
    """A value. ``tail`` are the comments below its last entry."""

    kind: Literal["scalar", "mapping", "sequence"]
    value: Value
    start: int
    end: int
    flow: bool = False
    entries: list[Entry] = field(default_factory=list)
    tail: list[Comment] = field(default_factory=list)

    @property
    def has_comments(self) -> bool:
        return bool(self.tail) or any(
            one.lead or one.head or one.after or one.node.has_comments for one in self.entries
        )


def read_tree(file: SourceFile, root: Value) -> tuple[Node, list[Comment]]:
    """The tree of a parsed file, and all its comments in order."""
    comments = _comments(file, root)
    bare = _without(file.text, comments)
    start, end = (root.start, root.end) if isinstance(root, Mapping | Sequence) else (0, len(bare))
    node = _Builder(file, bare).node(root, start, end, False)
    for comment in comments:
        if comment.start >= node.end and (node.flow or not node.entries):
            node.tail.append(comment)
        else:
            _place(node, comment, file)
    return node, comments


def _comments(file: SourceFile, root: Value) -> list[Comment]:
    """What begins with # between the scalars, and behind the sign with which a block of text begins."""
    spans = [(_begin(file.text, start, end), end) for start, end in sorted(_scalars(root))]
    found: list[Comment] = []
    text = file.text
    at = 0
    for start, end in [*spans, (len(text), len(text))]:
        mark = text.find("#", at, start)
        while mark >= 0:
            stop = text.find("\n", mark)
            stop = len(text) if stop < 0 else stop
            line, column = file.position(mark)
            begin = mark - column + 1
            own = not text[begin:mark].strip(" \t\ufeff")
            blank = own and line > 1 and not file.line(line - 1).strip()
            found.append(Comment(text[mark:stop].rstrip(), mark, line, column - 1, own, blank))
            mark = text.find("#", stop, start)
        at = max(at, end)
    return found


def _begin(text: str, start: int, end: int) -> int:
    """Where the words of a scalar begin."""
    if text[start : start + 1] not in ("|", ">"):
        return start
    line = text.find("\n", start, end)
    return end if line < 0 else line


def _scalars(root: Value) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    stack = [root]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            for number, one in enumerate(value.values()):
                found.append(unpack(value.spans[2 * number]))
                if isinstance(one, Mapping | Sequence):
                    stack.append(one)
                else:
                    found.append(unpack(value.spans[2 * number + 1]))
        elif isinstance(value, Sequence):
            for one, packed in zip(value, value.spans, strict=True):
                if isinstance(one, Mapping | Sequence):
                    stack.append(one)
                else:
                    found.append(unpack(packed))
    return found


def _without(text: str, comments: list[Comment]) -> str:
    """The text with blanks in place of its comments."""
    parts = []
    at = 0
    for one in comments:
        end = text.find("\n", one.start)
        end = len(text) if end < 0 else end
        parts += [text[at : one.start], " " * (end - one.start)]
        at = end
    return "".join([*parts, text[at:]])


class _Builder:
    """From values with places to nodes with entries."""

    def __init__(self, file: SourceFile, bare: str) -> None:
        self.file = file
        self.bare = bare

    def node(self, value: Any, start: int, end: int, flow: bool) -> Node:
        if isinstance(value, Mapping):
            inside = flow or self.bare[start] == "{"
            node = Node("mapping", value, start, end, inside)
            for number, (name, one) in enumerate(value.items()):
                first, last = unpack(value.spans[2 * number])
                child = self.node(one, *unpack(value.spans[2 * number + 1]), inside)
                node.entries.append(self._entry(self.bare[first:last], name, child, first))
            return node
        if isinstance(value, Sequence):
            inside = flow or self.bare[start] == "["
            node = Node("sequence", value, start, end, inside)
            for number, (one, packed) in enumerate(zip(value, value.spans, strict=True)):
                first, last = unpack(packed)
                child = self.node(one, first, last, inside)
                at = first if inside else self.bare.rfind("-", 0, first)
                node.entries.append(self._entry(None, number, child, at))
            return node
        return Node("scalar", value, start, end, flow)

    def _entry(self, key: str | None, name: str | int, node: Node, start: int) -> Entry:
        line = self.file.position(start)[0]
        blank = line > 1 and not self.file.line(line - 1).strip()
        return Entry(key, name, node, start, line, blank)


def _place(node: Node, comment: Comment, file: SourceFile) -> None:
    """Put a comment beside what it speaks of: the entry on its line, or the one below, or the end of the
    innermost block that is indented at most as far."""
    entries = node.entries
    at = bisect_right(entries, comment.start, key=lambda one: one.start) - 1
    if at < 0:
        (entries[0].lead if entries else node.tail).append(comment)
        return
    entry = entries[at]
    child = entry.node
    if child.kind != "scalar" and (child.entries or child.flow):
        if not comment.own and comment.line == entry.line and comment.start < _first(child):
            entry.head.append(comment)
            return
        if comment.start < child.end or (not child.flow and _reaches(child, comment, node, file)):
            _place(child, comment, file)
            return
    if not comment.own or _goes_on(entry, comment):
        entry.after.append(comment)
    elif at + 1 < len(entries):
        entries[at + 1].lead.append(comment)
    else:
        node.tail.append(comment)


def _first(node: Node) -> int:
    return node.start if node.flow or not node.entries else node.entries[0].start


def _reaches(child: Node, comment: Comment, parent: Node, file: SourceFile) -> bool:
    """Whether a comment below a block is still its own."""
    if not comment.own:
        return True
    inner = file.position(child.entries[0].start)[1] - 1
    outer = file.position(parent.entries[0].start)[1] - 1
    return comment.column >= inner and inner > outer


def _goes_on(entry: Entry, comment: Comment) -> bool:
    """Whether it goes on with the comment above, which stands behind an entry, in the same column."""
    if not entry.after:
        return False
    last = entry.after[-1]
    return comment.line == last.line + 1 and comment.column == last.column and comment.column > 0
