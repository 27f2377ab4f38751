"""Optimisers, written as equations over one flat parameter array.

An ``Optimiser`` emits the equations of one step through a ``Builder``: parameter x, gradient g and moments
are vars of one shape (n,), and what changes from step to step comes in as scalars that the host computes, so
that the equations hold nothing but elementwise arithmetic on whole arrays.

A running mean ``m' = b m + (1 - b) g`` is kept without its last factor, as ``m' = b m + g``: that spares one
pass over memory, and the scalars put the factor back. So a stored moment is 1 / (1 - b) times the textbook's,
and the step is the textbook's, up to rounding. Both means of Adam have the same form, so that a compiler may
stack them.

Sources. momentum, nesterov, rmsprop and adagrad follow PyTorch's conventions (torch.optim, 2.x): the velocity
is not multiplied by the rate, rmsprop and adagrad add epsilon to the root. adam: Kingma and Ba,
arXiv 1412.6980, with the corrections 1 - beta^t. adamw: Loshchilov and Hutter, arXiv 1711.05101, in
PyTorch's form, where the decay is multiplied by the rate.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from dilsctl.ir import REAL, Var
from dilsctl.operations.table import Builder

Options = Mapping[str, float]
Vars = Mapping[str, Var]
Emit = Callable[[Builder, Options, Var, Var, Vars, Vars], tuple[Var, dict[str, Var]]]
Scalars = Callable[[float, int], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Option:
    """A number that an optimiser takes, at least 0; a fraction is less than 1."""

    default: float
    doc: str
    fraction: bool = False


@dataclass(frozen=True, slots=True)
class Optimiser:
    """One way to descend.

    moments: names of the arrays, of the parameter's shape and zero at first, that it keeps between steps.
    scalar_names: the keys of what ``scalars`` returns.
    scalars: options to a function of the rate and the step (counted from 1), which gives the values that the
        equations take for this step. It is called at every step.
    emit: (builder, options, parameter, gradient, moments, scalars) to the new parameter and new moments.
    rate: the rate where none is given.
    """

    name: str
    moments: tuple[str, ...]
    options: dict[str, Option]
    rate: float
    scalar_names: tuple[str, ...]
    scalars: Callable[[Options], Scalars]
    emit: Emit
    doc: str


OPTIMISERS: dict[str, Optimiser] = {}


def _register(optimiser: Optimiser) -> None:
    OPTIMISERS[optimiser.name] = optimiser


def _number(builder: Builder, value: float) -> Var:
    return builder.constant(float(value), REAL)


def _step_down(builder: Builder, x: Var, scalars: Vars, direction: Var) -> Var:
    return builder.emit("sub", (x, builder.emit("mul", (scalars["rate"], direction))))


def _accumulate(builder: Builder, keep: float, old: Var, new: Var) -> Var:
    """keep * old + new."""
    return builder.emit("add", (builder.emit("mul", (_number(builder, keep), old)), new))


def _over_root(builder: Builder, top: Var, square: Var, epsilon: Var) -> Var:
    """top / (sqrt(square) + epsilon)."""
    root = builder.emit("add", (builder.emit("sqrt", (square,)), epsilon))
    return builder.emit("div", (top, root))


def _rate_only(options: Options) -> Scalars:
    return lambda rate, step: {"rate": rate}


def _sgd(
    builder: Builder, options: Options, x: Var, g: Var, moments: Vars, scalars: Vars
) -> tuple[Var, dict[str, Var]]:
    return _step_down(builder, x, scalars, g), {}


def _momentum(
    builder: Builder, options: Options, x: Var, g: Var, moments: Vars, scalars: Vars
) -> tuple[Var, dict[str, Var]]:
    velocity = _accumulate(builder, options["momentum"], moments["velocity"], g)
    return _step_down(builder, x, scalars, velocity), {"velocity": velocity}


def _nesterov(
    builder: Builder, options: Options, x: Var, g: Var, moments: Vars, scalars: Vars
) -> tuple[Var, dict[str, Var]]:
    velocity = _accumulate(builder, options["momentum"], moments["velocity"], g)
    ahead = _accumulate(builder, options["momentum"], velocity, g)
    return _step_down(builder, x, scalars, ahead), {"velocity": velocity}


def _adagrad(
    builder: Builder, options: Options, x: Var, g: Var, moments: Vars, scalars: Vars
) -> tuple[Var, dict[str, Var]]:
    square = builder.emit("add", (moments["square"], builder.emit("square", (g,))))
    direction = _over_root(builder, g, square, _number(builder, options["epsilon"]))
    return _step_down(builder, x, scalars, direction), {"square": square}


def _rmsprop(
    builder: Builder, options: Options, x: Var, g: Var, moments: Vars, scalars: Vars
) -> tuple[Var, dict[str, Var]]:
    square = _accumulate(builder, options["smoothing"], moments["square"], builder.emit("square", (g,)))
    direction = _over_root(builder, g, square, scalars["epsilon"])
    return _step_down(builder, x, scalars, direction), {"square": square}


def _rmsprop_scalars(options: Options) -> Scalars:
    root = math.sqrt(1.0 - options["smoothing"])
    epsilon = options["epsilon"] / root
    return lambda rate, step: {"rate": rate / root, "epsilon": epsilon}


def _adam(
    builder: Builder, options: Options, x: Var, g: Var, moments: Vars, scalars: Vars
) -> tuple[Var, dict[str, Var]]:
    mean = _accumulate(builder, options["beta1"], moments["mean"], g)
    square = _accumulate(builder, options["beta2"], moments["square"], builder.emit("square", (g,)))
    direction = _over_root(builder, mean, square, scalars["epsilon"])
    return _step_down(builder, x, scalars, direction), {"mean": mean, "square": square}


def _adam_scalars(options: Options) -> Scalars:
    beta1, beta2, epsilon = options["beta1"], options["beta2"], options["epsilon"]
    rest1, rest2, sqrt = 1.0 - beta1, 1.0 - beta2, math.sqrt

    def scalars(rate: float, step: int) -> dict[str, float]:
        # rate m^ / (sqrt(v^) + eps), where m^ = (1-b1) m / (1-b1^t) and v^ = (1-b2) v / (1-b2^t) = v / root^2
        root = sqrt((1.0 - beta2**step) / rest2)
        return {"rate": rate * root * rest1 / (1.0 - beta1**step), "epsilon": epsilon * root}

    return scalars


def _adamw(
    builder: Builder, options: Options, x: Var, g: Var, moments: Vars, scalars: Vars
) -> tuple[Var, dict[str, Var]]:
    return _adam(builder, options, builder.emit("mul", (scalars["keep"], x)), g, moments, scalars)


def _adamw_scalars(options: Options) -> Scalars:
    adam, decay = _adam_scalars(options), options["decay"]

    def scalars(rate: float, step: int) -> dict[str, float]:
        found = adam(rate, step)
        found["keep"] = 1.0 - rate * decay
        return found

    return scalars


_MOMENTUM = {"momentum": Option(0.9, "how much of the velocity is kept", fraction=True)}
_ADAM = {
    "beta1": Option(0.9, "how much of the mean gradient is kept", fraction=True),
    "beta2": Option(0.999, "how much of the mean squared gradient is kept", fraction=True),
    "epsilon": Option(1e-8, "added to the root"),
}

_register(Optimiser("sgd", (), {}, 0.1, ("rate",), _rate_only, _sgd, "x' = x - rate g"))
_register(
    Optimiser(
        "momentum",
        ("velocity",),
        _MOMENTUM,
        0.1,
        ("rate",),
        _rate_only,
        _momentum,
        "v' = momentum v + g; x' = x - rate v'",
    )
)
_register(
    Optimiser(
        "nesterov",
        ("velocity",),
        _MOMENTUM,
        0.1,
        ("rate",),
        _rate_only,
        _nesterov,
        "v' = momentum v + g; x' = x - rate (g + momentum v')",
    )
)
_register(
    Optimiser(
        "adagrad",
        ("square",),
        {"epsilon": Option(1e-10, "added to the root")},
        0.01,
        ("rate",),
        _rate_only,
        _adagrad,
        "s' = s + g^2; x' = x - rate g / (sqrt(s') + epsilon)",
    )
)
_register(
    Optimiser(
        "rmsprop",
        ("square",),
        {
            "smoothing": Option(0.99, "how much of the mean squared gradient is kept", fraction=True),
            "epsilon": Option(1e-8, "added to the root"),
        },
        0.01,
        ("rate", "epsilon"),
        _rmsprop_scalars,
        _rmsprop,
        "s' = smoothing s + (1 - smoothing) g^2; x' = x - rate g / (sqrt(s') + epsilon)",
    )
)
_register(
    Optimiser(
        "adam",
        ("mean", "square"),
        _ADAM,
        0.001,
        ("rate", "epsilon"),
        _adam_scalars,
        _adam,
        "m' = beta1 m + (1 - beta1) g; s' = beta2 s + (1 - beta2) g^2; "
        "x' = x - rate m^ / (sqrt(s^) + epsilon), m^ = m' / (1 - beta1^t), s^ = s' / (1 - beta2^t)",
    )
)
_register(
    Optimiser(
        "adamw",
        ("mean", "square"),
        {**_ADAM, "decay": Option(0.01, "weight decay, apart from the gradient")},
        0.001,
        ("rate", "epsilon", "keep"),
        _adamw_scalars,
        _adamw,
        "adam on (1 - rate decay) x",
    )
)


def emit_decay(builder: Builder, parameter: Var, gradient: Var, decay: float) -> Var:
    """The gradient with L2 weight decay: g + decay x. No equation where decay is 0."""
    if decay == 0:
        return gradient
    return builder.emit("add", (gradient, builder.emit("mul", (_number(builder, decay), parameter))))


def emit_clip(builder: Builder, gradient: Var, limit: float) -> Var:
    """The gradient (n,), made shorter if its norm is more than ``limit``: g limit / max(|g|, limit).

    A gradient within the limit is left as it is, bit for bit. Clip the whole gradient, before ``emit_decay``.
    """
    norm = builder.emit("sqrt", (builder.emit("contract", (gradient, gradient), spec="a,a->"),))
    bound = _number(builder, limit)
    factor = builder.emit("div", (bound, builder.emit("maximum", (norm, bound))))
    return builder.emit("mul", (factor, gradient))
