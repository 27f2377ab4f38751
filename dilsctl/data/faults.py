"""Errors about single values: which row, which column, what is wrong there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from dilsctl.data.tables import NOT_GIVEN, Table, missing_value
from dilsctl.diagnostics import Problem, SourceSpan

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Faults:
    """Names values of some columns of a table, side by side in ``values`` (rows, values a row)."""

    table: Table
    names: Sequence[str]
    values: Array
    span: SourceSpan | None = None

    def place(self, row: int, at: int) -> str:
        """In words, where a value stands."""
        return self.table.place(row, self._name(at))

    def _name(self, at: int) -> str:
        return self.names[at] if len(self.names) == self.values.shape[1] else self.names[0]

    def missing(self, row: int, at: int) -> Problem:
        """The error for a value that is not there."""
        return missing_value(self.table, row, self._name(at), self.span)

    def first(self, wrong: Array, expected: str, code: str = "bad-number", help: str = "") -> Problem:
        """The error for the first value (by rows) for which ``wrong``, of the values' shape, holds."""
        row, at = (int(one) for one in np.argwhere(wrong)[0])
        value = self.values[row, at]
        if (isinstance(value, str) and value.strip().lower() in NOT_GIVEN) or value != value:
            return self.missing(row, at)
        shown = f"'{value}'" if isinstance(value, str) else f"{value:g}"
        message = f"{shown} is not {expected}: {self.place(row, at)}"
        return Problem.of(code, message, self.span, help=help, file=self.table.name)
