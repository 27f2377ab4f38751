"""How a simulation goes: the effective ``time`` and ``simulate`` blocks of a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dilsctl.diagnostics import Problem, SourceSpan, did_you_mean
from dilsctl.diagram import method_for
from dilsctl.elaborate.written import Written
from dilsctl.trace import Array

MOST_TICKS = 10**12

if TYPE_CHECKING:
    from dilsctl.checked_box import CheckedBox
    from dilsctl.diagram import Diagram
    from dilsctl.documents import LoadedDocument
    from dilsctl.syntax.simulate import InputData


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """How a simulation goes: the effective ``time`` and ``simulate`` blocks.

    ``ticks``: how many. ``drives``: inputs as expressions of ``t``. ``given``: inputs as arrays, (rows,
    *shape), one row a tick, the last one held. ``where``: the place of the simulate block, for findings.
    """

    dt: float
    method: str
    steps: int
    rtol: float
    atol: float
    ticks: int
    record: tuple[str, ...] = ()
    every: int = 1
    drives: Mapping[str, Written] = field(default_factory=dict)
    given: Mapping[str, Array] = field(default_factory=dict)
    precision: str = "float64"
    seed: int = 0
    where: SourceSpan | None = None

    @classmethod
    def of(
        cls,
        document: LoadedDocument,
        folder: Path,
        diagram: Diagram,
        ticks: int | None = None,
        checked: CheckedBox | None = None,
    ) -> Course:
        """That of a document. ``ticks``: instead of ``until``. ``checked``: a check may change some keys;
        the inputs of the document's main box are not those of another one. Raises Problem: bad-simulation."""
        root = document.root
        where = root.key_span("simulate") if "simulate" in root else None
        keys: dict[str, Any] = {**dict(document.document.time), **dict(document.document.simulate)}
        blocks: list[Any] = [root.get("simulate") or {}]
        change = checked.check.simulate if checked is not None else None
        if checked is not None and checked.check.box is not None:
            blocks = []
            keys |= {"data": None}
        if checked is not None and change is not None:
            keys |= {name: getattr(change, name) for name in change.model_fields_set}
            blocks.append(root["checks"][checked.number]["simulate"])
        if ticks is None:
            if keys["until"] is None:
                help = "say how long: simulate: {until: 100}, or --until 100"
                raise Problem.of("bad-simulation", "nothing says how long to simulate", where, help=help)
            count = keys["until"] / keys["dt"]
            if not count <= MOST_TICKS:
                message = f"{count:.3g} ticks; at most {MOST_TICKS:.0e} can be run"
                raise Problem.of("bad-simulation", message, where, help="a larger time.dt, or a nearer end")
            ticks = round(count)
            if ticks * keys["dt"] < keys["until"] * (1 - 1e-9):
                ticks += 1
        drives: dict[str, Written] = {}
        for block in blocks:
            inputs: Any = block.get("inputs") or {}
            drives |= {name: Written(inputs[name], inputs.value_span(name)) for name in inputs}
        given = _from_file(document, folder, diagram, keys["data"], keys["precision"])
        method = method_for(keys["method"], diagram.main)
        return cls(
            keys["dt"], method, keys["steps"], keys["rtol"], keys["atol"], ticks,
            tuple(keys["record"]), keys["every"], drives, given, keys["precision"], keys["seed"], where,
        )  # fmt: skip


def _from_file(
    document: LoadedDocument, folder: Path, diagram: Diagram, block: InputData | None, precision: str
) -> dict[str, Array]:
    if block is None:
        return {}
    from dilsctl.data.dataset import DataSpec, Fitted, make_inputs
    from dilsctl.data.files import find_data_file
    from dilsctl.data.tables import read_table

    def where(*path: str | int) -> SourceSpan:
        return document.span("simulate", "data", *path)

    types = {name: port.type for name, port in diagram.main.inputs.items() if name in block.inputs}
    for name in block.inputs:
        if name not in types:
            help = did_you_mean(name, diagram.main.inputs)
            raise Problem.of(
                "unknown-port", f"the main box has no input '{name}'", where("inputs"), help=help
            )
    span = where("file")
    table = read_table(find_data_file(folder, block.file, span), block.file, span)
    spec = DataSpec(inputs=dict(block.inputs))
    return dict(make_inputs(table, spec, types, Fitted(), np.dtype(precision), locate=where))
