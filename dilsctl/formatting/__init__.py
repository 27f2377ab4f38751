"""The canonical layout of diagram files: ``dilsctl fmt``."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

from dilsctl.diagnostics import Report, SourceFile
from dilsctl.expression import find_arrow
from dilsctl.formatting.order import ROOT, Shape, below, inside, is_wires
from dilsctl.formatting.printer import print_tree
from dilsctl.formatting.tree import read_tree
from dilsctl.source import Mapping, Sequence, Value, parse_yaml


class LayoutChangedMeaning(Exception):
    """The new text does not say what the old one says: it must not be used."""


def format_text(file: SourceFile) -> str:
    """The canonical text of a diagram file, with line feeds.

    Raises Problem where the file does not parse, and LayoutChangedMeaning, which would be a mistake of ours:
    the result is read again, and its values and comments are compared with those of the file.
    """
    text = file.text.replace("\r\n", "\n").replace("\r", "\n")
    plain = SourceFile(file.name, text)
    report = Report()
    root = parse_yaml(plain, report)
    if not report.ok:
        if text == file.text:
            report.raise_errors()
        parse_yaml(file)  # findings with places of the file as it is
    if not isinstance(root, Mapping | Sequence):
        return text if not text or text.endswith("\n") else text + "\n"
    tree, comments = read_tree(plain, root)
    new = print_tree(tree, text, ROOT)
    check = SourceFile(file.name, new)
    again = Report()
    value = parse_yaml(check, again)
    if not again.ok or not same(root, value):
        raise LayoutChangedMeaning(file.name)
    if isinstance(value, Mapping | Sequence):
        _, kept = read_tree(check, value)
        if Counter(one.text for one in kept) != Counter(one.text for one in comments):
            raise LayoutChangedMeaning(file.name)
    return new


def same(one: Value, two: Value) -> bool:
    """Whether two values of a file say the same: the blanks around the arrows of wires, and the order of keys
    aside."""
    return bool(meaning(one) == meaning(two))


def meaning(root: Value, shape: Shape = ROOT) -> Any:
    """A value of a file as plain tuples that compare: numbers with their kind, wires as two sides."""
    if isinstance(root, Mapping):
        names = list(root)
        wired = is_wires(names, shape, "wires")
        step = inside(shape, names)
        return "mapping", frozenset(
            (name, _wires(one) if wired and name == "wires" else meaning(one, step(name)))
            for name, one in root.items()
        )
    if isinstance(root, Sequence | list):
        item = below(shape, 0)
        return "list", tuple(meaning(one, item) for one in root)
    if isinstance(root, float) and math.isnan(root):
        return "nan"
    return type(root).__name__, root


def _wires(value: Value) -> Any:
    if isinstance(value, Sequence):
        return "list", tuple(_sides(one) if isinstance(one, str) else meaning(one, ()) for one in value)
    return meaning(value, ())


def _sides(text: str) -> tuple[str, str, str]:
    at = find_arrow(text)
    return ("wire", text, "") if at < 0 else ("wire", text[:at].strip(), text[at + 2 :].strip())
