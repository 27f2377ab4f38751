"""Text with one JSON object a line: jsonl."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.diagnostics import Problem, SourceSpan


def read_jsonl(
    data: bytes, name: str, span: SourceSpan | None = None, *, before: int = 0
) -> tuple[dict[str, npt.NDArray[Any] | Sequence[Any]], Sequence[int]]:
    """Columns by the keys of the objects, None where an object lacks one, and the line of each row.

    before: lines of the file before these. Raises Problem: data-format.
    """
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    for number, line in enumerate(data.removeprefix(b"\xef\xbb\xbf").split(b"\n"), before + 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            why = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
            message = f"line {number} of '{name}' is not JSON: {why}"
            raise Problem.of("data-format", message, span, file=name) from None
        if not isinstance(row, dict):
            message = f"line {number} of '{name}' is not a JSON object"
            help = 'a line is {"name": value, …}'
            raise Problem.of("data-format", message, span, help=help, file=name)
        rows.append(row)
        lines.append(number)
    names = dict.fromkeys(key for row in rows for key in row)
    return {key: _values([row.get(key) for row in rows]) for key in names}, lines


def _values(values: list[Any]) -> npt.NDArray[Any] | Sequence[Any]:
    if all(type(one) is int or type(one) is float for one in values):
        try:
            return np.array(values, np.float64)
        except OverflowError:
            pass
    return values
