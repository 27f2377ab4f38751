"""Checks: what must be true of a box, for ``dilsctl test`` to verify."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Strict, Tag, model_validator

from dilsctl.syntax.box import Argument, Box, BoxName, BoxUse
from dilsctl.syntax.model import (
    JsonSchema,
    Model,
    Name,
    NotNegative,
    Positive,
    Text,
    Whole,
    refuse,
    wrong_type,
)
from dilsctl.syntax.simulate import Method, Simulate
from dilsctl.syntax.train import Train

_NAMED_IN_ARGUMENT = (Box, BoxUse)  # forward references are looked up in this module
_PLAIN = JsonSchema({"type": ["number", "boolean", "string", "array", "null"]})


def _bound(value: float) -> float:
    if math.isnan(value):
        raise refuse(
            "bad-value", "a bound is a number, not .nan", "what is no number is expected by 'is: .nan'"
        )
    return value


Bound = Annotated[float, Strict(), AfterValidator(_bound)]


class Expectation(Model):
    """What a value must be: exactly or nearly (``is``), or within bounds."""

    at: NotNegative | None = Field(
        default=None, description="The time of which it speaks, after `simulate`; the end by default."
    )
    value: Any = Field(default=None, alias="is", description="The value; null where anything may stand.")
    within: NotNegative | None = Field(
        default=None, description="The greatest absolute error.", examples=[1e-6]
    )
    at_least: Bound | None = Field(default=None, description="The least that it may be.", examples=[0.965])
    at_most: Bound | None = Field(default=None, description="The most that it may be.")

    @model_validator(mode="after")
    def _says_something(self) -> Expectation:
        given = self.model_fields_set
        if not given & {"value", "at_least", "at_most"} or (
            "value" in given and given & {"at_least", "at_most"}
        ):
            raise wrong_type("either 'is', or 'at_least' and 'at_most'")
        return self


def _expect_shape(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(one, dict | Expectation) for one in value):
        return "<list>"
    return "<options>" if isinstance(value, dict | Expectation) else "<plain>"


class SimulateCheck(Simulate):
    """Keys of the simulate and time blocks, changed for one check."""

    dt: Positive | None = Field(default=None, description="The length of a tick.")
    method: Method | None = Field(default=None, description="How states with a `rate` move.")
    steps: Annotated[Whole, Field(ge=1)] | None = Field(default=None, description="Integrator steps a tick.")
    rtol: Positive | None = Field(default=None, description="Relative error of an adaptive method.")
    atol: Positive | None = Field(default=None, description="Absolute error of an adaptive method.")
    runs: Annotated[Whole, Field(ge=1, le=100_000)] = Field(
        default=1, description="So many runs, each with draws of its own; bounds are for all of them."
    )


class Check(Model):
    """One thing that must be true of the main box, or of another one."""

    name: Text = Field(default="", description="What is checked, in words.", examples=["truth table"])
    box: BoxName | None = Field(
        default=None, description="The definition that is checked, in place of the main box."
    )
    arguments: dict[Name, Argument] = Field(
        default_factory=dict,
        alias="with",
        description="Values for the params of that definition, and boxes for its holes.",
        examples=[{"bits": 8}],
    )
    given: dict[Name, Annotated[Any, _PLAIN]] = Field(
        default_factory=dict,
        description="Input: a list with one value for each case.",
        examples=[{"a": [0, 0, 1, 1], "b": [0, 1, 0, 1]}],
    )
    ticks: Annotated[Whole, Field(ge=1, le=10_000_000)] | None = Field(
        default=None,
        description="Run so many ticks: what is expected of an output is its value at each.",
        examples=[7],
    )
    train: Train | None = Field(
        default=None,
        description="Train first, with these keys of the train block changed; with `simulate`, what was "
        "learned is simulated then.",
        examples=[{"epochs": 20}],
    )
    simulate: SimulateCheck | None = Field(
        default=None,
        description="Simulate first, with these keys of the simulate and time blocks changed; then `expect` "
        "says what is shown {at: TIME, is: VALUE, within: ERROR}.",
        examples=[{"until": 10, "dt": 0.001}],
    )
    expect: dict[
        str,
        Annotated[
            Annotated[Any, Tag("<plain>"), _PLAIN]
            | Annotated[Expectation, Tag("<options>")]
            | Annotated[list[Expectation], Tag("<list>")],
            Discriminator(_expect_shape),
        ],
    ] = Field(
        description="Output, or metric (test.accuracy): its values, {is, within}, or {at_least, at_most}.",
        examples=[{"y": [0, 1, 1, 1]}, {"test.accuracy": {"at_least": 0.965}}],
    )
    within: NotNegative | None = Field(default=None, description="The greatest absolute error of all values.")
