"""The ``train`` block: data, loss, optimiser, and how long."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from dilsctl.syntax.model import (
    Expression,
    Flag,
    JsonSchema,
    Model,
    Name,
    NotNegative,
    Positive,
    Real,
    Text,
    Whole,
    of_types,
)
from dilsctl.syntax.optimiser import Optimiser, OptimiserValue, optimiser_of

__all__ = ["Data", "EarlyStopping", "LossAt", "Optimiser", "Split", "Train", "optimiser_of"]


def _is_part(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"(last|first) +[1-9][0-9]{0,11}", value) is not None
    return bool(0 < value < 1)


Part = Annotated[
    float | str,
    of_types("a fraction between 0 and 1, 'last N' or 'first N'", float, str, check=_is_part),
    JsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
                {"type": "string", "pattern": "^(last|first) +[1-9][0-9]*$"},
            ]
        }
    ),
]


def _are_columns(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(item, str | int) and not isinstance(item, bool) for item in value)


_COLUMNS = "a column, a list of columns, or a range as in p0..p63"
Columns = Annotated[
    str | int | list[str | int],
    of_types(
        _COLUMNS,
        str,
        int,
        list,
        check=lambda value: _are_columns(value) if isinstance(value, list) else value != "",
    ),
    JsonSchema(
        {
            "anyOf": [
                {"type": ["string", "integer"]},
                {"type": "array", "items": {"type": ["string", "integer"]}, "minItems": 1},
            ]
        }
    ),
]


class SequenceColumns(Model):
    """A sequence in one row: the values of one tick after those of another."""

    columns: Columns = Field(description="All its columns.", examples=["x0..y7"])
    each: Annotated[Whole, Field(ge=1)] = Field(
        default=1, description="How many columns are one tick.", examples=[2]
    )


class Grouped(Model):
    """Many rows are one episode, each row a tick."""

    by: str | int = Field(description="Rows with the same value in this column are one episode.")
    order: str | int | None = Field(
        default=None, description="The column that orders the rows of an episode; else as in the file."
    )


def _episode_shape(value: Any) -> str:
    return "<options>" if isinstance(value, dict | Grouped) else "<text>"


EpisodeValue = Annotated[
    Annotated[Literal["row", "all"], Tag("<text>")] | Annotated[Grouped, Tag("<options>")],
    Discriminator(_episode_shape),
]


class Split(Model):
    """Which rows are kept apart. Fractions are drawn by a seeded shuffle; the rest is for training."""

    test: Part | None = Field(
        default=None, description="The part that is only tested on.", examples=[0.2, "last 3498"]
    )
    validation: Part | None = Field(
        default=None,
        description="The part that is measured after each epoch, for early stopping.",
        examples=[0.1],
    )


class Data(Model):
    """Where examples come from: one row is one example."""

    file: Text | None = Field(
        default=None,
        description="A csv(.gz), jsonl, npz or npy file; the path is relative to this document.",
        examples=["data/digits.csv"],
    )
    inputs: dict[Name, Columns] = Field(
        default_factory=dict,
        description="Input port of the main box: a column, a list of columns, or a range (p0..p63).",
        examples=[{"pixels": "p0..p63"}],
    )
    targets: dict[Name, Columns] = Field(
        default_factory=dict,
        description="Name that loss and metrics may read: a column, a list of columns, or a range.",
        examples=[{"truth": "label"}],
    )
    sequences: dict[Name, SequenceColumns] = Field(
        default_factory=dict,
        description="Input or target that differs from tick to tick: {columns, each}.",
        examples=[{"pen": {"columns": "x0..y7", "each": 2}}],
    )
    episode: EpisodeValue = Field(
        default="row",
        description="What one example is: a row; the rows with one value in a column, {by, order}, a tick "
        "each; or all rows are one episode that never ends.",
        examples=["all", {"by": "id", "order": "time"}],
    )
    scale: dict[Name, Real] = Field(
        default_factory=dict,
        description="Input or target: a number that its values are multiplied by.",
        examples=[{"pixels": 0.0625}],
    )
    standardise: Annotated[
        bool | list[str],
        of_types(
            "true, or a list of inputs",
            bool,
            list,
            check=lambda value: value in (True, False) or _are_columns(value),
        ),
        JsonSchema({"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "string"}}]}),
    ] = Field(
        default=False,
        description="Inputs brought to mean 0 and deviation 1, fitted on the training part; true for all.",
        examples=[["measures"]],
    )
    split: Split = Field(
        default_factory=Split, description="Which rows are kept apart.", examples=[{"test": 0.2}]
    )
    missing: Literal["error"] = Field(
        default="error", description="What a missing value is: always an error."
    )


class EarlyStopping(Model):
    """Stop when a metric no longer gets better."""

    metric: Text = Field(default="validation.loss", description="What is watched after each epoch.")
    patience: Annotated[Whole, Field(ge=1)] = Field(
        default=5, description="Epochs without a better value before it stops."
    )
    minimise: Flag | None = Field(
        default=None,
        description="Whether less is better. May be left out for a loss; for another metric it must be said.",
    )


class LossAt(Model):
    """A loss, and when it counts within an episode."""

    at: Literal["last", "each", "end"] = Field(
        default="last", description="At the last tick, at each (the mean), or after the last step."
    )
    value: Expression = Field(alias="is", description="The loss.", examples=["mse(y, truth)"])


def _loss_shape(value: Any) -> str:
    return "<options>" if isinstance(value, dict | LossAt) else "<text>"


LossValue = Annotated[
    Annotated[Expression, Tag("<text>")] | Annotated[LossAt, Tag("<options>")], Discriminator(_loss_shape)
]


class Train(Model):
    """How the main box is trained."""

    data: Data | None = Field(default=None, description="Where examples come from.")
    loss: LossValue | None = Field(
        default=None,
        description="Made small, as the mean over the batch; reads ports of the main box and targets. May be "
        "left out where boxes have losses of their own. {at: each, is: …} says when it counts.",
        examples=["cross_entropy(logits, truth)"],
    )
    metrics: dict[Name, Expression] = Field(
        default_factory=dict,
        description="Name: expression for one example; the mean is reported.",
        examples=[{"accuracy": "mean(argmax(logits) == truth)"}],
    )
    optimiser: OptimiserValue = Field(
        default="adam", description="A name, or {name: options}.", examples=[{"adam": {"rate": 0.003}}]
    )
    clip: Positive | None = Field(
        default=None, description="The greatest norm of the whole gradient.", examples=[1.0]
    )
    decay: NotNegative = Field(
        default=0.0,
        description="Weight decay: this times the state is added to its gradient.",
        examples=[1e-4],
    )
    batch: Annotated[Whole, Field(ge=1)] = Field(default=32, description="Examples a step.")
    ticks: Annotated[
        int | str,
        of_types(
            "a whole number (at least 1), or 'data'",
            int,
            str,
            check=lambda value: value == "data" or (isinstance(value, int) and value >= 1),
        ),
        JsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "data"}]}),
    ] = Field(
        default=1,
        description="Ticks of an episode, which is one example; data: as many as the sequences have.",
        examples=[8],
    )
    horizon: Annotated[
        int | str,
        of_types(
            "a whole number of ticks (at least 1), or 'all'",
            int,
            str,
            check=lambda value: value == "all" or (isinstance(value, int) and value >= 1),
        ),
        JsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"const": "all"}]}),
    ] = Field(default="all", description="How many ticks back gradients flow.", examples=[100])
    episodes: Annotated[Whole, Field(ge=1, le=100_000_000)] | None = Field(
        default=None,
        description="Examples of an epoch where there is no data: each begins with initial states of its own "
        "draws.",
        examples=[500],
    )
    epochs: Annotated[Whole, Field(ge=0)] = Field(default=10, description="Passes over the training part.")
    seed: Annotated[Whole, Field(ge=0)] = Field(default=0, description="Where every random draw comes from.")
    precision: Literal["float32", "float64"] = Field(default="float32", description="Of real numbers.")
    shuffle: Flag = Field(default=True, description="Whether the training part is shuffled for each epoch.")
    early_stopping: EarlyStopping | None = Field(
        default=None, description="Stop when a metric no longer gets better.", examples=[{"patience": 5}]
    )
    keep_best: Flag = Field(
        default=False,
        description="End with the best epoch's states: by the early-stopping metric, or validation loss.",
    )

    @property
    def is_endless(self) -> bool:
        """Are all rows one episode?"""
        return self.data is not None and self.data.episode == "all"

    @property
    def loss_text(self) -> str:
        """The loss as it is written; empty if there is none."""
        return (self.loss.value if isinstance(self.loss, LossAt) else self.loss) or ""
