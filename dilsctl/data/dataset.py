"""The data of a run: every port's and target's values, the parts, and what was fitted on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from dilsctl.data.columns import Selection, port_values
from dilsctl.data.files import Locate, nowhere
from dilsctl.data.frames import Frames, Grouping, frames_by, frames_of
from dilsctl.data.labels import Labels
from dilsctl.data.scaling import Standard, fit_standard
from dilsctl.data.splits import Rows, split_rows
from dilsctl.data.tables import Table
from dilsctl.diagnostics import Problem, did_you_mean
from dilsctl.ir import Type
from dilsctl.passes.unroll import LENGTH

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What the training data fixed for good. Labels by name, for classes whose labels were mapped only."""

    labels: dict[str, Labels] = field(default_factory=dict)
    standards: dict[str, Standard] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """As plain lists and numbers."""
        return {
            "labels": {name: list(labels) for name, labels in self.labels.items()},
            "standards": {
                name: {"mean": one.mean.tolist(), "deviation": one.deviation.tolist()}
                for name, one in self.standards.items()
            },
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Fitted:
        """The inverse of ``to_json``. Raises KeyError, TypeError, ValueError."""
        return cls(
            {name: tuple(labels) for name, labels in value["labels"].items()},
            {
                name: Standard(np.array(one["mean"], np.float64), np.array(one["deviation"], np.float64))
                for name, one in value["standards"].items()
            },
        )


@dataclass(frozen=True, slots=True)
class DataSpec:
    """The ``data`` block. ``standardise`` is true for all real inputs. ``episode``: an example is a row, or a
    group of rows, at most ``ticks`` of them, or ``ticks`` rows of one episode that is the whole file."""

    file: str | None = None
    inputs: dict[str, Selection] = field(default_factory=dict)
    targets: dict[str, Selection] = field(default_factory=dict)
    scale: dict[str, float] = field(default_factory=dict)
    standardise: bool | tuple[str, ...] = False
    split: dict[str, Any] = field(default_factory=dict)
    episode: Literal["row", "all"] | Grouping = "row"
    ticks: int = 1

    @classmethod
    def of(cls, block: Any) -> DataSpec:
        """From a mapping, or a model with these keys."""
        given = dict(block)
        standardise = given.get("standardise") or False
        episode: Any = given.get("episode") or "row"
        return cls(
            given.get("file"),
            dict(given.get("inputs") or {}),
            dict(given.get("targets") or {}),
            dict(given.get("scale") or {}),
            standardise if isinstance(standardise, bool) else tuple(standardise),
            dict(given.get("split") or {}),
            episode if episode in ("row", "all") else Grouping.of(episode),
        )

    @property
    def selections(self) -> dict[str, Selection]:
        return {**self.inputs, **self.targets}


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """``columns``: for each input and target an array (rows, *shape). ``parts``: the rows of train, and of
    validation and test where there are any. ``digest``: SHA-256 of the file, empty for arrays."""

    columns: dict[str, Array]
    rows: int
    parts: dict[str, Rows]
    fitted: Fitted
    source: str = ""
    digest: str = ""

    def describe(self) -> dict[str, Any]:
        """What a run folder keeps of it: as plain lists and numbers."""
        return {
            "file": self.source,
            "sha256": self.digest,
            "rows": self.rows,
            "parts": {part: len(rows) for part, rows in self.parts.items()},
            **self.fitted.to_json(),
        }


def make_dataset(
    table: Table,
    spec: DataSpec,
    types: Mapping[str, Type],
    *,
    seed: int = 0,
    real: npt.DTypeLike = np.float32,
    fitted: Fitted | None = None,
    locate: Locate = nowhere,
) -> Dataset:
    """The values of all inputs and targets, the split, and the standardising, fitted on the training part.

    types: of every input port and target. fitted: of an earlier run, which is then used as it is. locate:
    gives the place of a key below the train block. Raises Problem: those of ``port_values``, missing-input,
    unknown-name, bad-scale, bad-split.
    """
    _check_names(spec, types, locate)
    columns, labels = encode(table, spec, types, real, fitted=fitted, locate=locate)
    frames = grouped(table, spec, locate)
    examples = table.rows if frames is None else len(frames.ticks)
    parts = split_rows(examples, spec.split, seed, locate("data", "split"), table.name)
    chosen = parts["train"]
    if spec.episode == "all":
        frames, parts = frames_of(parts, spec.ticks)
        examples = len(frames.ticks)
    elif frames is not None:
        chosen = np.unique(frames.rows[chosen])
    if fitted is None:
        names = _standardised(spec, types, locate)
        fitted = Fitted(labels, {name: fit_standard(columns[name], chosen) for name in names})
    for name, standard in fitted.standards.items():
        columns[name] = standard.apply(columns[name])
    if frames is not None:
        columns = {name: frames.taken(values) for name, values in columns.items()} | {LENGTH: frames.ticks}
    return Dataset(columns, examples, parts, fitted, table.name, table.digest)


def grouped(table: Table, spec: DataSpec, locate: Locate = nowhere) -> Frames | None:
    """The rows of each group; None where rows are not grouped. Raises Problem: bad-episode, and others."""
    if not isinstance(spec.episode, Grouping):
        return None
    span = locate("data", "episode")
    frames = frames_by(table, spec.episode, span)
    if frames.longest > spec.ticks:
        message = f"an episode of '{table.name}' has {frames.longest} ticks; at most {spec.ticks} are run"
        raise Problem.of("bad-episode", message, span, help=f"train.ticks: {frames.longest}")
    return frames.lengthened(spec.ticks)


def make_inputs(
    table: Table,
    spec: DataSpec,
    types: Mapping[str, Type],
    fitted: Fitted,
    real: npt.DTypeLike = np.float32,
    *,
    locate: Locate = nowhere,
) -> dict[str, Array]:
    """The inputs alone, as they were in training: for predictions on a table without targets."""
    inputs = replace(spec, targets={}, standardise=False, split={})
    columns, _ = encode(table, inputs, types, real, fitted=fitted, locate=locate)
    columns = {
        name: fitted.standards[name].apply(values) if name in fitted.standards else values
        for name, values in columns.items()
    }
    frames = grouped(table, spec, locate)
    if frames is None:
        return columns
    return {name: frames.taken(values) for name, values in columns.items()} | {LENGTH: frames.ticks}


def encode(
    table: Table,
    spec: DataSpec,
    types: Mapping[str, Type],
    real: npt.DTypeLike,
    *,
    fitted: Fitted | None = None,
    locate: Locate = nowhere,
) -> tuple[dict[str, Array], dict[str, Labels]]:
    """Typed and scaled values of what ``spec`` selects, and the labels of classes that were mapped."""
    columns: dict[str, Array] = {}
    labels: dict[str, Labels] = {}
    for name, selection in spec.selections.items():
        path = ("data", "inputs" if name in spec.inputs else "targets", name)
        many = 0 if isinstance(selection, str | int) else len(selection)
        span, parts = locate(*path), [locate(*path, number) for number in range(many)]
        known = fitted.labels.get(name, ()) if fitted is not None else None
        values, mapped = port_values(
            table, name, selection, types[name], real, labels=known, span=span, parts=parts
        )
        if mapped is not None:
            labels[name] = mapped
        if name in spec.scale:
            values = (values * np.float64(spec.scale[name])).astype(values.dtype)
        columns[name] = values
    return columns, labels


def _check_names(spec: DataSpec, types: Mapping[str, Type], locate: Locate) -> None:
    for name in types:
        if name not in spec.selections:
            message = f"the data says nothing about the input '{name}'"
            help = f"add it to inputs, with its columns: {name}: COLUMN"
            raise Problem.of("missing-input", message, locate("data", "inputs"), help=help)
    for name in spec.selections:
        if name not in types:
            where = "inputs" if name in spec.inputs else "targets"
            hint = did_you_mean(name, types)
            span = locate("data", where, name)
            raise Problem.of("unknown-name", f"the main box has no input '{name}'", span, help=hint)
    for name, factor in spec.scale.items():
        span = locate("data", "scale", name)
        if name not in types:
            hint = did_you_mean(name, types)
            raise Problem.of("unknown-name", f"there is no input or target '{name}'", span, help=hint)
        if types[name].kind != "real":
            message = f"only real values can be scaled, and '{name}' is '{types[name]}'"
            raise Problem.of("bad-scale", message, span)
        if not np.isfinite(factor):
            raise Problem.of("bad-scale", f"'{name}' can't be scaled by {factor}", span)


def _standardised(spec: DataSpec, types: Mapping[str, Type], locate: Locate) -> list[str]:
    """The names that ``standardise`` means."""
    if isinstance(spec.standardise, bool):
        return [name for name in spec.inputs if spec.standardise and types[name].kind == "real"]
    for number, name in enumerate(spec.standardise):
        span = locate("data", "standardise", number)
        if name not in types:
            hint = did_you_mean(name, types)
            raise Problem.of("unknown-name", f"there is no input or target '{name}'", span, help=hint)
        if types[name].kind != "real":
            message = f"only real values can be standardised, and '{name}' is '{types[name]}'"
            raise Problem.of("bad-scale", message, span)
    return list(spec.standardise)
