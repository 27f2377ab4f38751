"""The canonical layout of a tree.

Two blanks a level. What was written in brackets stays so where it fits on a line; a list of plain values
may go over several lines; anything else that does not fit becomes a block. Wires stand each on a line. Blank
lines are kept, one at a time, and one is put between the parts of a document and between definitions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dilsctl.formatting.arrows import align, split_wire
from dilsctl.formatting.order import (
    HEAD,
    ROOT,
    Shape,
    below,
    has_wires,
    in_order,
    inside,
    is_document,
    is_wires,
)
from dilsctl.formatting.scalars import WIDTH, in_line, key_text, on_one_line, scalar_lines
from dilsctl.formatting.tree import Comment, Entry, Node

FARTHEST = 40  # comments in one column: so much longer may the longest line be than the shortest


@dataclass(slots=True)
class Line:
    """A line and the comment behind it. ``goes_on``: nothing but more of the comment above."""

    text: str
    comment: str = ""
    goes_on: bool = False


def print_tree(root: Node, text: str, shape: Shape) -> str:
    """The text of a document, with line feeds, from its tree and the text that it was read from."""
    printer = _Printer(text)
    lines = printer.block(root, 0, shape) if root.entries else printer.empty(root)
    while lines and lines[-1] == Line(""):
        lines.pop()
    return "".join(f"{one}\n" for one in _with_comments(lines))


def _with_comments(lines: list[Line]) -> list[str]:
    """Lines with their comments behind them: on lines below each other, in one column."""
    out: list[str] = []
    at = 0
    while at < len(lines):
        stop = at
        while stop < len(lines) and (lines[stop].comment or lines[stop].goes_on):
            stop += 1
        group = lines[at:stop]
        widths = [len(one.text) for one in group if not one.goes_on]
        apart = bool(widths) and max(widths) - min(widths) > FARTHEST
        column = 0 if apart or not widths else max(widths)
        for one in group:
            if one.goes_on:
                column = column or len(out[-1]) - len(out[-1].lstrip())
            wide = max(widths) if one.goes_on and not apart else column
            out.append(f"{one.text:<{wide}}  {one.comment}")
        if stop < len(lines):
            out.append(lines[stop].text)
            stop += 1
        at = stop
    return out


class _Printer:
    def __init__(self, text: str) -> None:
        self.text = text

    def empty(self, root: Node) -> list[Line]:
        """A document that is an empty collection."""
        return [Line(self._empty(root)), *self._remarks(root.tail, 0)]

    def block(self, node: Node, column: int, shape: Shape, wires: bool = False) -> list[Line]:
        """The entries of a collection, each from a line of its own."""
        out: list[Line] = []
        entries = in_order(node, shape)
        texts = self._wires(entries, column) if wires else {}
        names = [str(one.name) for one in node.entries]
        step = inside(shape, names)
        top = is_document(shape)
        spread = top or (node.kind == "mapping" and shape == _DEFINITIONS)
        before = 0  # how many lines the entry before has
        header = [one for one in node.entries[0].lead] if top and node.entries else []
        if header:
            node.entries[0].lead.clear()
            out += self._remarks(header, column)
            node.entries[0].blank, keep = False, node.entries[0].blank
            if keep:
                out.append(Line(""))
        first = True
        for entry in entries:
            inner = step(entry.name)
            lines = self._entry(entry, column, inner, texts, is_wires(names, shape, entry.name))
            wanted = entry.lead[0].blank if entry.lead else entry.blank
            if first:
                wanted = wanted and bool(entry.lead) and not top
            elif spread and max(before, len(lines)) > 1:
                wanted = wanted or not (top and entry.name in HEAD)
            if wanted and (not out or out[-1] != Line("")):
                out.append(Line(""))
            if entry.lead:
                out += self._remarks(entry.lead, column)
                if entry.blank:
                    out.append(Line(""))
            out += lines
            before = len(lines)
            first = False
        tail = self._remarks(node.tail, column)
        if tail and node.tail[0].blank and out:
            out.append(Line(""))
        return out + tail

    def _remarks(self, comments: Sequence[Comment], column: int) -> list[Line]:
        """Comments on lines of their own."""
        out: list[Line] = []
        for number, one in enumerate(comments):
            if number and one.blank:
                out.append(Line(""))
            out.append(Line(" " * column + one.text))
        return out

    def _entry(
        self, entry: Entry, column: int, shape: Shape, texts: dict[int, str], wires: bool
    ) -> list[Line]:
        pad = " " * column
        node = entry.node
        behind = [*entry.head, *entry.after]
        head = f"{pad}-" if entry.key is None else f"{pad}{key_text(entry.key, entry.name)}:"
        if id(entry) in texts:
            return self._behind([f"{head} {texts[id(entry)]}"], behind)
        if node.kind == "scalar":
            return self._behind(scalar_lines(node, self.text, head, column), behind)
        if node.flow or not node.entries:
            short = self.in_line(node)
            fits = short is not None and len(head) + 1 + len(short) <= WIDTH and not has_wires(node, shape)
            if not node.entries or (fits and not (wires and short)):
                remarks = [one.text for one in node.tail]
                return self._behind([f"{head} {short or self._empty(node)}"], behind, remarks)
            if not wires and self._may_fill(node) and short is not None:
                return self._filled(node, head, column, behind)
        inside = self.block(node, column + 2, shape, wires)
        if entry.key is None and not behind:
            return self._dashed(inside, column)
        return [*self._behind([head], behind), *inside]

    def _behind(self, lines: list[str], comments: Sequence[Comment], more: Sequence[str] = ()) -> list[Line]:
        """Lines with comments behind the last one; behind the first one, of a block of text."""
        texts = [*(one.text for one in comments), *more]
        out = [Line(one) for one in lines]
        if texts:
            at = (
                0 if lines[0].endswith((" |", " >", " |-", " >-", "|2", ">2", "|2-", ">2-")) else len(out) - 1
            )
            out[at] = Line(out[at].text, texts[0])
            out[at + 1 : at + 1] = [Line("", one, goes_on=True) for one in texts[1:]]
        return out

    def _dashed(self, inside: list[Line], column: int) -> list[Line]:
        """A block as an item: its first line goes behind the dash, comments above that stay above."""
        pad = " " * column
        above = 0
        while above < len(inside) and (inside[above].text.lstrip().startswith("#") or not inside[above].text):
            above += 1
        moved = [Line(pad + one.text.lstrip()) for one in inside[:above] if one.text]
        first = inside[above]
        return [*moved, Line(f"{pad}- {first.text.lstrip()}", first.comment), *inside[above + 1 :]]

    def _wires(self, entries: Sequence[Entry], column: int) -> dict[int, str]:
        """The texts of wires, by entry, with their arrows below each other."""
        rows: list[tuple[str, str] | None] = []
        owners: list[int] = []
        for entry in entries:
            node = entry.node
            if entry.lead or entry.blank:
                rows.append(None)
                owners.append(0)
            value = node.value
            written = on_one_line(self.text[node.start : node.end], WIDTH - column - 2)
            split = split_wire(written, value) if isinstance(value, str) and written[:1] not in "|>" else None
            rows.append(split)
            owners.append(id(entry))
        return {owner: line for owner, line in zip(owners, align(rows), strict=True) if line is not None}

    # In brackets

    def in_line(self, node: Node) -> str | None:
        """A collection in brackets on one line; None where comments stand in it."""
        if node.has_comments and node.entries:
            return None
        if node.kind == "scalar":
            return in_line(node, self.text)
        parts = []
        for entry in node.entries:
            one = self.in_line(entry.node)
            if one is None or (not entry.node.flow and entry.node.kind != "scalar"):
                return None
            parts.append(one if entry.key is None else f"{key_text(entry.key, entry.name)}: {one}")
        return f"{{{', '.join(parts)}}}" if node.kind == "mapping" else f"[{', '.join(parts)}]"

    def _empty(self, node: Node) -> str:
        return "{}" if node.kind == "mapping" else "[]"

    def _may_fill(self, node: Node) -> bool:
        """A list of plain values, and of lists of such."""
        return node.kind == "sequence" and all(
            one.node.kind == "scalar" or self._may_fill(one.node) for one in node.entries
        )

    def _filled(self, node: Node, head: str, column: int, behind: Sequence[Comment]) -> list[Line]:
        """A long list over several lines, under its key or behind its dash."""
        lines = self._fill(node, column + 2)
        if head.endswith("-"):
            lines[0] = f"{head} {lines[0].lstrip()}"
            return self._behind(lines, behind)
        return [*self._behind([head], behind), *map(Line, lines)]

    def _fill(self, node: Node, column: int) -> list[str]:
        """``[a, b,`` and so on, as many on a line as fit; rows that were written each on a line stay so."""
        rows = [self.in_line(one.node) or "" for one in node.entries]
        by_row = len({one.line for one in node.entries}) == len(rows) > 1 and all(
            one.node.kind == "sequence" for one in node.entries
        )
        lines = [" " * column + "["]
        fresh = True  # nothing on this line yet
        for number, (entry, row) in enumerate(zip(node.entries, rows, strict=True)):
            end = "]" if number + 1 == len(rows) else ","
            if not fresh and (by_row or len(lines[-1]) + 1 + len(row) + len(end) > WIDTH):
                lines.append(" " * (column + 1))
                fresh = True
            if fresh and entry.node.entries and column + 1 + len(row) + len(end) > WIDTH:
                inner = self._fill(entry.node, column + 1)
                lines[-1] += inner[0].lstrip()
                lines += inner[1:]
            else:
                lines[-1] += row if fresh else f" {row}"
            lines[-1] += end
            fresh = False
        return lines


_DEFINITIONS = below(ROOT, "define")
_OPENINGS = (" |", " >", " |-", " >-", " |2", " >2", " |2-", " >2-")
