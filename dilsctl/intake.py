"""Rows of a stream as values: what is an input, what is the truth, and which of them a row has."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dilsctl.data.columns import select
from dilsctl.data.dataset import DataSpec, Fitted, encode
from dilsctl.data.tables import Table
from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.documents import LoadedDocument
from dilsctl.engine.kernels import Array
from dilsctl.ir import Type
from dilsctl.syntax.live import Live

_PLACES = (("live", "inputs"), ("live", "targets"), ("train", "data", "inputs"), ("train", "data", "targets"))


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """``spec``: the columns of inputs and targets. ``types``: what a row gives to each. ``real``: the dtype
    of real numbers. ``fitted``: what a training run fixed: the names of classes, scales."""

    document: LoadedDocument
    block: Live
    spec: DataSpec
    types: dict[str, Type]
    real: Any
    fitted: Fitted

    def values(self, table: Table) -> dict[str, Array]:
        """Of all inputs and targets, rows first. Raises Problem, which names the row and the line."""
        return self._encode(table, self.spec)

    def without_truth(self, table: Table) -> dict[str, Array]:
        """Of the inputs alone, without the truth where that is one of them. Raises Problem."""
        inputs = {name: one for name, one in self.spec.inputs.items() if name != self.block.truth}
        return self._encode(table, replace(self.spec, inputs=inputs, targets={}))

    def truth(self, table: Table) -> dict[str, Array]:
        """Of the targets, and of the truth where that is an input. Raises Problem."""
        inputs = {name: one for name, one in self.spec.inputs.items() if name == self.block.truth}
        return self._encode(table, replace(self.spec, inputs=inputs))

    def _encode(self, table: Table, spec: DataSpec) -> dict[str, Array]:
        columns, labels = encode(table, spec, self.types, self.real, fitted=self.fitted, locate=self._place)
        for name, known in labels.items():
            if name not in self.fitted.labels:
                shown = ", ".join(map(str, known))
                help = "write classes as numbers from 0, or begin from a run that was trained on the words"
                message = f"'{name}' has the labels {shown}: which class is which can't be told from a stream"
                raise Problem.of("bad-label", message, self._place(name), help=help, file=table.name)
        for name, standard in self.fitted.standards.items():
            if name in columns:
                columns[name] = standard.apply(columns[name])
        return columns

    def _place(self, *path: str | int) -> SourceSpan | None:
        """The place in the file that says which columns an input or target has."""
        for at in _PLACES:
            block: Any = self.document.root
            for key in at:
                block = (block or {}).get(key)
            if block and path[-1] in block:
                return self.document.span(*at, path[-1])
        return self.document.span("live")

    def is_told(self, table: Table) -> list[bool]:
        """Whether each row has the truth."""
        column = {**self.spec.inputs, **self.spec.targets}[self.block.truth]
        return [one.strip() != "" for one in cells(table, str(column))]

    def has_inputs(self, table: Table) -> bool:
        """Whether a row has any value of an input other than the truth."""
        names = {
            name
            for port, columns in self.spec.inputs.items()
            if port != self.block.truth
            for name in select(table, columns)
        }
        return not names or any(cell for name in names for cell in cells(table, name))


def cells(table: Table, name: str) -> list[str]:
    """A column as text; empty where it, or a value, is missing."""
    values = table.raw.get(name)
    if values is None:
        return [""] * table.rows
    found = []
    for one in values.tolist() if isinstance(values, np.ndarray) else values:
        if one is None or (isinstance(one, float) and math.isnan(one)):
            found.append("")
        else:
            found.append(str(int(one)) if isinstance(one, float) and one.is_integer() else str(one))
    return found
