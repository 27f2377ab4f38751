"""Optimisers and learning rates: how learned states move."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from dilsctl.syntax.model import Model, NotNegative, Positive, Whole, wrong_type


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
