"""The ``train`` block: data, loss, optimiser, and how long."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

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
    wrong_type,
)


def _one_of(model: Model) -> tuple[str, Any]:
    """The only key that is set, and its value."""
    (name,) = model.model_fields_set
    return name, getattr(model, name)


class _Choice(Model):
    """A mapping with exactly one key, which picks one of several."""

    @model_validator(mode="after")
    def _exactly_one(self) -> _Choice:
        if len(self.model_fields_set) != 1:
            names = ", ".join(type(self).model_fields)
            raise wrong_type(f"exactly one of {names}")
        return self

    @property
    def choice(self) -> tuple[str, Any]:
        """The key that is set, and its value."""
        return _one_of(self)


class Cosine(Model):
    """From ``start`` to ``end`` along half a cosine, over all steps of the run."""

    start: Positive = Field(description="The rate of the first step.", examples=[0.01])
    end: NotNegative = Field(default=0.0, description="The rate after the last step.")


class Linear(Model):
    """From ``start`` to ``end`` along a line, over all steps of the run."""

    start: Positive = Field(description="The rate of the first step.", examples=[0.01])
    end: NotNegative = Field(default=0.0, description="The rate after the last step.")


class Step(Model):
    """``start`` times ``factor`` for each ``every`` epochs that have passed."""

    start: Positive = Field(description="The rate of the first epochs.", examples=[0.01])
    factor: Positive = Field(default=0.1, description="What the rate is multiplied by.")
    every: Annotated[Whole, Field(ge=1)] = Field(description="How many epochs lie between.", examples=[10])


class Exponential(Model):
    """``start`` times ``factor`` for each epoch that has passed; it falls a little at every step."""

    start: Positive = Field(description="The rate of the first step.", examples=[0.01])
    factor: Positive = Field(description="What one epoch multiplies the rate by.", examples=[0.95])


class Warmup(Model):
    """A line from 0 during the first epochs, then another rate, whose schedule begins after them."""

    epochs: Positive = Field(description="How many epochs the rise takes; part of one may do.", examples=[1])
    then: Rate = Field(description="The rate after the rise.", examples=[0.01])


class Schedule(_Choice):
    """A learning rate that changes: exactly one of these."""

    cosine: Cosine | None = Field(default=None, description="Half a cosine from start to end.")
    linear: Linear | None = Field(default=None, description="A line from start to end.")
    step: Step | None = Field(default=None, description="Multiplied by a factor every few epochs.")
    exponential: Exponential | None = Field(default=None, description="Multiplied by a factor every epoch.")
    warmup: Warmup | None = Field(default=None, description="A rise from 0, then another rate.")


def _rate_shape(value: Any) -> str:
    return "<schedule>" if isinstance(value, dict | Schedule) else "<number>"


Rate = Annotated[
    Annotated[Positive, Tag("<number>")] | Annotated[Schedule, Tag("<schedule>")],
    Discriminator(_rate_shape),
]
_RATE_HELP = "The learning rate: a number, or a schedule."
Fraction = Annotated[float, Field(ge=0, lt=1)]


class Sgd(Model):
    """Stochastic gradient descent."""

    rate: Rate = Field(default=0.1, description=_RATE_HELP)


class Momentum(Model):
    """Gradient descent with momentum: v = momentum v + g; x = x - rate v."""

    rate: Rate = Field(default=0.1, description=_RATE_HELP)
    momentum: Fraction = Field(default=0.9, description="How much of the velocity is kept.")


class Nesterov(Model):
    """Momentum that looks ahead: v = momentum v + g; x = x - rate (g + momentum v)."""

    rate: Rate = Field(default=0.1, description=_RATE_HELP)
    momentum: Fraction = Field(default=0.9, description="How much of the velocity is kept.")


class Adagrad(Model):
    """The rate falls with the sum of squared gradients."""

    rate: Rate = Field(default=0.01, description=_RATE_HELP)
    epsilon: Positive = Field(default=1e-10, description="Added to the root.")


class Rmsprop(Model):
    """The rate falls with the running mean of squared gradients."""

    rate: Rate = Field(default=0.01, description=_RATE_HELP)
    smoothing: Fraction = Field(default=0.99, description="How much of the running mean is kept.")
    epsilon: Positive = Field(default=1e-8, description="Added to the root.")


class Adam(Model):
    """Adam, with the standard bias corrections."""

    rate: Rate = Field(default=0.001, description=_RATE_HELP)
    beta1: Fraction = Field(default=0.9, description="How much of the mean gradient is kept.")
    beta2: Fraction = Field(default=0.999, description="How much of the mean squared gradient is kept.")
    epsilon: Positive = Field(default=1e-8, description="Added to the root.")


class Adamw(Adam):
    """Adam with weight decay apart from the gradient."""

    decay: NotNegative = Field(
        default=0.01, description="Weight decay: x = x - rate decay x, beside the step."
    )


class Optimiser(_Choice):
    """How learned states move down the gradient: exactly one of these."""

    sgd: Sgd | None = Field(default=None, description="Stochastic gradient descent.")
    momentum: Momentum | None = Field(default=None, description="Gradient descent with momentum.")
    nesterov: Nesterov | None = Field(default=None, description="Nesterov's momentum.")
    adagrad: Adagrad | None = Field(default=None, description="Adagrad.")
    rmsprop: Rmsprop | None = Field(default=None, description="RMSProp.")
    adam: Adam | None = Field(default=None, description="Adam.")
    adamw: Adamw | None = Field(default=None, description="Adam with decoupled weight decay.")


OptimiserName = Literal["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"]
OptimiserOptions = Sgd | Momentum | Nesterov | Adagrad | Rmsprop | Adam | Adamw


def _optimiser_shape(value: Any) -> str:
    return "<options>" if isinstance(value, dict | Optimiser) else "<name>"


OptimiserValue = Annotated[
    Annotated[OptimiserName, Tag("<name>")] | Annotated[Optimiser, Tag("<options>")],
    Discriminator(_optimiser_shape),
]
_OPTIONS: dict[str, type[OptimiserOptions]] = {
    "sgd": Sgd, "momentum": Momentum, "nesterov": Nesterov, "adagrad": Adagrad, "rmsprop": Rmsprop,
    "adam": Adam, "adamw": Adamw,
}  # fmt: skip


def optimiser_of(value: str | Optimiser) -> tuple[str, OptimiserOptions]:
    """The name and options of an optimiser, written as a name or as {name: options}."""
    if isinstance(value, str):
        return value, _OPTIONS[value]()
    return value.choice


def _is_part(value: Any) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"last +[1-9][0-9]{0,11}", value) is not None
    return bool(0 < value < 1)


Part = Annotated[
    float | str,
    of_types("a fraction between 0 and 1, or 'last N'", float, str, check=_is_part),
    JsonSchema(
        {
            "anyOf": [
                {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
                {"type": "string", "pattern": "^last +[1-9][0-9]*$"},
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
        default=None, description="Whether less is better. Left out: so for a loss, not for another metric."
    )


class Train(Model):
    """How the main box is trained."""

    data: Data | None = Field(default=None, description="Where examples come from.")
    loss: Expression | None = Field(
        default=None,
        description="Made small, as the mean over the batch; reads ports of the main box and targets. May be "
        "left out where boxes have losses of their own.",
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
