"""How a simulation goes: the effective ``time`` and ``simulate`` blocks of a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dilsctl.batches import Batches
from dilsctl.data.splits import Rows
from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.diagram import method_for
from dilsctl.elaborate.written import Written
from dilsctl.feeding import sources
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
    *shape), one row a tick, the last one held; in place of them ``batches``, many rows a tick. ``where``: the
    place of the simulate block, for findings.
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
    batches: Batches | None = None
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
        drives: dict[str, Written] = {}
        for block in blocks:
            inputs: Any = block.get("inputs") or {}
            drives |= {name: Written(inputs[name], inputs.value_span(name)) for name in inputs}
        if checked is None or checked.check.box is None:
            names = sources(document, diagram)
            drives = {names.get(name, name): one for name, one in drives.items()}
        columns, rows = _from_file(document, folder, diagram, keys)
        batches = _batches(columns, rows, keys, document)
        given = {name: one[rows] for name, one in columns.items()} if batches is None else {}
        if ticks is None:
            if keys["until"] is None and keys["epochs"] is not None and batches is not None:
                keys["until"] = keys["epochs"] * batches.steps * keys["dt"]
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
        method = method_for(keys["method"], diagram.main)
        return cls(
            keys["dt"], method, keys["steps"], keys["rtol"], keys["atol"], ticks,
            tuple(keys["record"]), keys["every"], drives, given, batches, keys["precision"], keys["seed"],
            where,
        )  # fmt: skip


def _from_file(
    document: LoadedDocument, folder: Path, diagram: Diagram, keys: Mapping[str, Any]
) -> tuple[dict[str, Array], Rows]:
    """The columns of the data by input, and which rows are taken."""
    block: InputData | None = keys["data"]
    if block is None:
        return {}, np.zeros(0, np.int64)
    from dilsctl.compile import flattened
    from dilsctl.data.dataset import DataSpec, make_dataset
    from dilsctl.data.files import find_data_file
    from dilsctl.data.tables import read_table

    def where(*path: str | int) -> SourceSpan:
        return document.span("simulate", *path)

    names = sources(document, diagram)
    program = flattened(diagram)[1]
    types = {name: program.inputs[names[name]].type for name in block.inputs}
    span = where("data", "file")
    table = read_table(find_data_file(folder, block.file, span), block.file, span)
    spec = DataSpec.of({**dict(block), "split": dict(block.split)})
    found = make_dataset(
        table, spec, types, seed=keys["seed"], real=np.dtype(keys["precision"]), locate=where
    )
    if block.part != "all" and block.part not in found.parts:
        help = f"split says which rows are kept apart: split: {{{block.part}: 0.2}}"
        raise Problem.of("no-part", f"there is no {block.part} part", where("data", "part"), help=help)
    rows = np.arange(found.rows) if block.part == "all" else found.parts[block.part]
    return {names[name]: values for name, values in found.columns.items()}, rows


def _batches(
    columns: dict[str, Array], rows: Rows, keys: Mapping[str, Any], document: LoadedDocument
) -> Batches | None:
    """Batches of the data, if there is to be a batch. Raises Problem: bad-simulation."""
    block: InputData | None = keys["data"]
    where = document.root.key_span("simulate") if "simulate" in document.root else None
    for key, help in (
        ("epochs", "say how many rows a tick takes: batch: 1"),
        ("batch", "say which: data: {file: …}"),
    ):
        if keys[key] is not None and (keys["batch"] is None or block is None):
            message = f"'{key}' needs {'data' if block is None else 'a batch'}"
            raise Problem.of("bad-simulation", message, where, help=help)
    if block is None or keys["batch"] is None:
        if block is not None and block.shuffle:
            message = "rows that come one a tick are in the order of the file"
            raise Problem.of("bad-simulation", message, where, help="leave shuffle out, or give a batch")
        return None
    return Batches(columns, rows, min(keys["batch"], len(rows)), keys["seed"], block.shuffle)
