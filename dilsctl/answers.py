"""What a diagram answers for rows of data, as a table: csv, jsonl or npz."""

from __future__ import annotations

import ast
import csv
import itertools
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import numpy as np


@dataclass(frozen=True, slots=True)
class Answers:
    """Arrays by output port, rows first. ``classes``: likeliest class by target name, as names or numbers."""

    outputs: Mapping[str, np.ndarray]
    classes: Mapping[str, Sequence[Any]]
    rows: int


def classified(texts: Iterable[str], ports: Iterable[str], targets: Iterable[str]) -> dict[str, str]:
    """Which port tells which target's class, by the expressions of loss and metrics: target → port.

    ``cross_entropy(PORT, TARGET)`` says so, and so does ``argmax(PORT) == TARGET``.
    """
    ports, targets = set(ports), set(targets)
    found: dict[str, str] = {}
    for text in texts:
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except SyntaxError:
            continue
        for node in ast.walk(tree):
            pair = _pair(node)
            if pair is not None and pair[0] in ports and pair[1] in targets:
                found.setdefault(pair[1], pair[0])
    return found


def _pair(node: ast.AST) -> tuple[str, str] | None:
    if isinstance(node, ast.Call) and _called(node) == "cross_entropy" and len(node.args) >= 2:
        port, target = node.args[:2]
        return (port.id, target.id) if isinstance(port, ast.Name) and isinstance(target, ast.Name) else None
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq):
        for one, other in itertools.permutations((node.left, node.comparators[0])):
            if (
                isinstance(one, ast.Call)
                and _called(one) == "argmax"
                and one.args
                and isinstance(one.args[0], ast.Name)
                and isinstance(other, ast.Name)
            ):
                return one.args[0].id, other.id
    return None


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def headed(answers: Answers) -> dict[str, np.ndarray]:
    """Columns by heading: ``y`` for a number, ``y.0``, ``y.0.1`` … for the elements of an array."""
    columns: dict[str, np.ndarray] = {}
    for name, array in answers.outputs.items():
        if array.ndim == 1:
            columns[name] = array
        else:
            for index in np.ndindex(array.shape[1:]):
                columns[".".join((name, *map(str, index)))] = array[(slice(None), *index)]
    return columns


def _plain(value: Any) -> Any:
    """A cell: float32 with the digits that it has, and no others."""
    if isinstance(value, np.floating):
        return float(str(value))
    return value.item() if isinstance(value, np.generic) else value


def _nested(value: Any) -> Any:
    return [_nested(one) for one in value] if np.ndim(value) else _plain(value)


def _rows(columns: Sequence[Iterable[Any]]) -> Iterator[list[Any]]:
    for cells in zip(*columns, strict=True):
        yield [_plain(cell) for cell in cells]


def write_answers(answers: Answers, target: Path | TextIO) -> None:
    """Write to a stream (as csv), or to a new file whose ending says how: .csv, .jsonl, .npz.

    A file appears when it is complete, or not at all. Raises FileExistsError.
    """
    from dilsctl.report.new_file import new_file

    if not isinstance(target, Path):
        _write_csv(answers, target)
        return
    with new_file(target) as part:
        if target.suffix == ".npz":
            arrays = {**answers.outputs, **{name: np.asarray(one) for name, one in answers.classes.items()}}
            with zipfile.ZipFile(part, "w") as archive:  # not savez, whose own arguments are names as well
                for name, array in arrays.items():
                    with archive.open(f"{name}.npy", "w") as entry:
                        np.lib.format.write_array(entry, np.ascontiguousarray(array), allow_pickle=False)
        else:
            with part.open("w", encoding="utf-8", newline="") as stream:
                (_write_jsonl if target.suffix == ".jsonl" else _write_csv)(answers, stream)


def _write_csv(answers: Answers, stream: TextIO) -> None:
    columns = headed(answers)
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*columns, *answers.classes])
    writer.writerows(_rows([*columns.values(), *answers.classes.values()]))


def _write_jsonl(answers: Answers, stream: TextIO) -> None:
    names = [*answers.outputs, *answers.classes]
    for row in range(answers.rows):
        values = [_nested(array[row]) for array in answers.outputs.values()]
        values += [_plain(one[row]) for one in answers.classes.values()]
        stream.write(json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False) + "\n")
