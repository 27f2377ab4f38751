"""The ``live`` block: predict, be told, learn, go on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from dilsctl.syntax.model import Expression, Model, Name, Text, Whole
from dilsctl.syntax.train import Columns

__all__ = ["Live"]


class Live(Model):
    """How the main box lives on a stream of rows."""

    predict: Name = Field(description="The output port whose value is the prediction.", examples=["p"])
    truth: Name = Field(
        description="The target, or the input of the main box, that says what was right.",
        examples=["outcome"],
    )
    inputs: dict[Name, Columns] = Field(
        default_factory=dict,
        description="Input: its columns; else as in train.data, else the column of its own name.",
        examples=[{"x": ["a", "b"]}],
    )
    targets: dict[Name, Columns] = Field(
        default_factory=dict,
        description="Target: its columns; else as in train.data, else the column of its own name.",
        examples=[{"outcome": "label"}],
    )
    key: Text | None = Field(
        default=None,
        description="A column that names a row. The truth may then come later, in a row with the same key.",
        examples=["id"],
    )
    waiting: Annotated[Whole, Field(ge=1, le=1_000_000)] = Field(
        default=10_000, description="How many rows may wait for their truth; then the oldest is given up."
    )
    metrics: dict[Name, Expression] = Field(
        default_factory=dict,
        description="Name: expression over ports and targets, measured before a row is learned from.",
        examples=[{"log_loss": "-log(p[outcome])"}],
    )
    window: Annotated[Whole, Field(ge=1)] = Field(
        default=500, description="How many rows one line of the record sums up, so that drift shows."
    )
    save: Annotated[Whole, Field(ge=1)] = Field(
        default=1000, description="The state is saved after so many rows, and at every signal to stop."
    )
