"""Class labels: text or numbers of a table as 0 to K - 1, and back.

Whole numbers from 0 to K - 1 are used as they are. Other labels are sorted (numbers by size, text by
alphabet) and numbered. The mapping is kept, so that a prediction can be given in the labels of the data.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.data.faults import Faults
from dilsctl.diagnostics import Problem, did_you_mean

Array = npt.NDArray[Any]
Labels = tuple[str | int, ...]  # class number → label

_EXACT = 2.0**53  # whole numbers up to here are exact in float64


def encode_labels(
    values: Array, classes: int, known: Labels | None, faults: Faults
) -> tuple[Array, Labels | None]:
    """Class numbers, int64, and the labels if they were mapped.

    known: the mapping of the data that was trained on; an empty one means that there was none.
    Raises Problem: missing-value, bad-label.
    """
    found: Array = _text(values, faults) if values.dtype.kind == "U" else _whole(values, faults)
    is_text = found.dtype.kind == "U"
    if known is None and (is_text or bool((found < 0).any() or (found >= classes).any())):
        known = _mapping(found, classes, faults)
    if known:
        return _look_up(found, known, faults), known
    wrong = np.ones(found.shape, np.bool_) if is_text else (found < 0) | (found >= classes)
    if wrong.any():
        raise faults.first(wrong, f"a class of 0 to {classes - 1}", "bad-label")
    return found, None


def _text(values: Array, faults: Faults) -> Array:
    found: Array = np.char.strip(values)
    empty = np.argwhere(found == "")
    if len(empty):
        raise faults.missing(int(empty[0, 0]), int(empty[0, 1]))
    return found


def _whole(values: Array, faults: Faults) -> Array:
    if values.dtype.kind == "f":
        wrong = ~(np.abs(values) < _EXACT) | (np.floor(values) != values)
        if wrong.any():
            raise faults.first(wrong, "a class label", "bad-label", "a label is a whole number or a text")
    return values.astype(np.int64)


def _mapping(values: Array, classes: int, faults: Faults) -> Labels:
    labels = tuple(np.unique(values).tolist())
    if len(labels) > classes:
        table = faults.table.name
        message = f"{len(labels)} labels, but {classes} classes: column '{faults.names[0]}' of '{table}'"
        raise Problem.of(
            "bad-label", message, faults.span, help=f"the labels are {_some(labels)}", file=table
        )
    return labels


def _look_up(values: Array, known: Labels, faults: Faults) -> Array:
    order = np.array(known)
    if order.dtype.kind != values.dtype.kind:  # as text, numbers and text can be compared
        order, values = order.astype(np.str_), values.astype(np.str_)
    sorter = np.argsort(order, kind="stable")
    at = np.searchsorted(order, values, sorter=sorter).clip(max=len(order) - 1)
    found: Array = sorter[at].astype(np.int64)
    wrong = order[found] != values
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        near = did_you_mean(str(values[row, column]), [str(one) for one in known])
        help = near or f"the labels are {_some(known)}"
        raise faults.first(wrong, "a label of the data that was trained on", "bad-label", help)
    return found


def _some(labels: Sequence[str | int], most: int = 8) -> str:
    shown = ", ".join(map(repr, labels[:most]))
    return shown + (", …" if len(labels) > most else "")


def decode_labels(classes: npt.ArrayLike, labels: Sequence[str | int] | None) -> Array:
    """Class numbers as labels, of the same shape. A class that no label was mapped to stays a number (as
    text, where labels are text)."""
    found: Array = np.asarray(classes)
    if not labels:
        return found
    most = max(len(labels), int(found.max(initial=0)) + 1)
    names: Array = np.array([*labels, *range(len(labels), most)])
    return np.asarray(names[found])
