"""Time, and the ``simulate`` block: how the main box is run, and what is kept of it."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Field

from dilsctl.syntax.model import (
    Expression,
    Flag,
    JsonSchema,
    Model,
    NotNegative,
    Positive,
    Real,
    Text,
    Whole,
    of_types,
)
from dilsctl.syntax.train import Split

FIXED = ("euler", "midpoint", "rk4", "symplectic", "leapfrog")
ADAPTIVE = ("dopri5", "lsoda", "bdf")
Method = Literal["euler", "midpoint", "rk4", "symplectic", "leapfrog", "dopri5", "lsoda", "bdf"]


class Time(Model):
    """How time goes on, for every command."""

    dt: Positive = Field(default=1.0, description="The length of a tick.", examples=[0.01])
    method: Method | None = Field(
        default=None,
        description="How states with a `rate` or under `conserve` move within a tick; symplectic where a "
        "box conserves a potential, else rk4. euler, midpoint, rk4, symplectic (Euler, "
        "semi-implicit) and leapfrog have fixed steps; dopri5, lsoda and bdf find their own.",
        examples=["rk4"],
    )
    steps: Annotated[Whole, Field(ge=1, le=1_000_000)] = Field(
        default=1, description="Integrator steps a tick, of a fixed step method."
    )
    rtol: Positive = Field(default=1e-8, description="Relative error of an adaptive method.")
    atol: Positive = Field(default=1e-10, description="Absolute error of an adaptive method.")


def _names(value: Any) -> bool:
    return all(isinstance(one, str) for one in value)


PORT_PATH = r"^[^\d\W]\w*(\[\d+\])?(\.[^\d\W]\w*(\[\d+\])?)*$"
Source = Annotated[
    str,
    of_types("an input, or the output of a hole", str, check=lambda value: bool(re.match(PORT_PATH, value))),
    JsonSchema({"type": "string", "pattern": PORT_PATH}),
]


class InputData(Model):
    """Inputs from a file: one row a tick, the last one held; or with a batch so many rows a tick, all over
    again when they end."""

    file: Text = Field(description="csv(.gz), jsonl, npz or npy.", examples=["data/wind.csv"])
    inputs: dict[Source, Any] = Field(
        description="Input, or output of a hole that is filled so: its column or columns, as in the train "
        "block. A hole's output is named by its name, or by its path where several have it.",
        examples=[{"wind": "speed"}],
    )
    scale: dict[Source, Real] = Field(
        default_factory=dict, description="Input: a number that its values are multiplied by."
    )
    standardise: Annotated[
        bool | list[str],
        of_types(
            "true, or a list of inputs",
            bool,
            list,
            check=lambda value: value in (True, False) or _names(value),
        ),
        JsonSchema({"anyOf": [{"type": "boolean"}, {"type": "array", "items": {"type": "string"}}]}),
    ] = Field(
        default=False,
        description="Inputs brought to mean 0 and deviation 1, fitted on the training part; true for all.",
    )
    split: Split = Field(
        default_factory=Split, description="Which rows are kept apart, as in the train block."
    )
    part: Literal["train", "validation", "test", "all"] = Field(
        default="train", description="Which rows are taken."
    )
    shuffle: Flag = Field(
        default=False, description="Whether they come in another order each time: that of training."
    )


class Simulate(Model):
    """How long the main box runs, what it is told, and what is recorded."""

    until: NotNegative | None = Field(
        default=None, description="The time at which it ends. Time begins at 0.", examples=[100]
    )
    record: Annotated[
        list[str],
        of_types("a list of ports and states", list, check=_names),
        JsonSchema({"type": "array", "items": {"type": "string"}}),
    ] = Field(
        default_factory=list,
        description="Outputs, and states by path (prey.u), that are kept; by default every output.",
        examples=[["rabbits", "foxes"]],
    )
    every: Annotated[Whole, Field(ge=1)] = Field(default=1, description="Keep each n-th tick.")
    inputs: dict[Source, Expression] = Field(
        default_factory=dict,
        description="Input: an expression of t, or a number that is held.",
        examples=[{"wind": "3 + sin(t)"}],
    )
    data: InputData | None = Field(default=None, description="Inputs from a file.")
    batch: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None,
        description="Rows of the data a tick, each told to a run of its own; what is kept is one for all. As "
        "many runs as rows.",
        examples=[32],
    )
    epochs: Annotated[Whole, Field(ge=1)] | None = Field(
        default=None, description="How often a batch at a time goes over the data; in place of `until`."
    )
    precision: Literal["float32", "float64"] = Field(
        default="float64", description="Of all real numbers in the run."
    )
    seed: Whole = Field(default=0, description="Of initial states and draws.")
