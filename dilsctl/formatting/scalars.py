"""Scalars as they were written, moved to another indentation."""

from __future__ import annotations

from dilsctl.dump import quoted, scalar
from dilsctl.formatting.tree import Node

WIDTH = 110


def in_line(node: Node, text: str) -> str:
    """A scalar inside of brackets, on one line."""
    written = text[node.start : node.end]
    if not written:
        return "null" if node.value is None else scalar(node.value, True)
    return scalar(node.value, True) if "\n" in written else written


def on_one_line(written: str, wide: int) -> str:
    """A plain or quoted scalar of several lines on one of at most so many characters, if that is possible;
    else as it was written."""
    if "\n" not in written or written[0] in "|>":
        return written
    lines = [one.strip(" \t") for one in written.split("\n")]
    whole = " ".join(lines)
    fits = all(lines) and len(whole) <= wide and not any(one.endswith("\\") for one in lines)
    return whole if fits else written


def key_text(written: str, name: str | int) -> str:
    """A key as it was written; one over several lines is written anew."""
    return scalar(name) if "\n" in written else written


def scalar_lines(node: Node, text: str, head: str, column: int) -> list[str]:
    """The lines of a scalar behind ``head`` (``key:`` or a dash), which stands at a column."""
    written = text[node.start : node.end]
    if not written:
        return [head]
    if written[0] in "|>":
        return _block(node, text, written, head, column)
    if "\n" not in written:
        begins_below = "\n" in text[text.rfind(":", 0, node.start) + 1 : node.start] and head.endswith(":")
        if begins_below and len(head) + 1 + len(written) > WIDTH:
            return [head, " " * (column + 2) + written]
        return [f"{head} {written}"]
    whole = on_one_line(written, WIDTH - len(head) - 1)
    if "\n" not in whole:
        return [f"{head} {whole}"]
    lines = [one.strip(" \t") for one in written.split("\n")]
    pad = " " * (column + 2)
    kept = [f"{head} {lines[0]}", *(f"{pad}{one}" if one else "" for one in lines[1:])]
    if written[0] == '"':  # an escape may end in a blank
        kept = [*(line + _cut(one) for line, one in zip(kept, written.split("\n"), strict=True))]
    return kept


def _cut(written: str) -> str:
    """The blank that belongs to an escape at the end of a line."""
    bare = written.rstrip(" \t")
    slashes = len(bare) - len(bare.rstrip("\\"))
    return written[len(bare)] if slashes % 2 and len(bare) < len(written) else ""


def _block(node: Node, text: str, written: str, head: str, column: int) -> list[str]:
    """A block scalar (``|`` or ``>``), its lines moved."""
    header, _, body = written.partition("\n")
    value = str(node.value)
    first = next((one for one in body.split("\n") if one.strip(" ")), "")
    told = next((one for one in value.split("\n") if one.strip(" ")), "")
    indent = len(first) - len(first.lstrip(" ")) - (len(told) - len(told.lstrip(" ")))
    ends = len(value) - len(value.rstrip("\n"))
    if not told or ends > 1 or not value.rstrip("\n").split("\n")[-1].strip(" \t"):
        # blank lines at its end, or blanks on them, would be part of it
        return [f"{head} {quoted(value)}"]
    style = header[0] + ("2" if told.startswith(" ") else "") + ("" if ends else "-")
    pad = " " * (column + 2)
    lines = [f"{head} {style}"]
    for line in body.split("\n"):
        rest = line[indent:]
        lines.append(pad + rest if rest else "")
    last = value.rstrip("\n")
    lines[-1] = lines[-1].rstrip(" \t") + last[len(last.rstrip(" \t")) :]  # blanks at its end are part of it
    return lines
