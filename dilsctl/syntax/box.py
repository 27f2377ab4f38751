"""Boxes: the one concept of the language."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from dilsctl.syntax.laws import ConserveValue, Join, Moved, NextValue
from dilsctl.syntax.model import (
    Expression,
    Flag,
    JsonSchema,
    Model,
    Name,
    NotNegative,
    Text,
    Whole,
    of_types,
)
from dilsctl.syntax.optimiser import OptimiserValue, Rate

USE_KEYS = frozenset({"box", "count", "with", "each"})
BOX_KEYS = frozenset(
    {
        *("doc", "params", "in", "out", "share", "boxes", "state", "let", "wires"),
        *("next", "rate", "learn", "conserve", "join", "potential", "loss", "modes"),
    }
)


def box_shape(value: Any) -> str | None:
    """Which way a box is given: by name, as a use with options, or in place."""
    if isinstance(value, str):
        return "<name>"
    if isinstance(value, dict):
        if "box" in value or (USE_KEYS.intersection(value) and not BOX_KEYS.intersection(value)):
            return "<use>"
        return "<box>"
    if isinstance(value, BoxUse):
        return "<use>"
    return "<box>" if isinstance(value, Box) else None


def _argument_shape(value: Any) -> str:
    if isinstance(value, dict | Box | BoxUse):
        return box_shape(value) or "<box>"
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return "<boxes>"
    return "<plain>"


_A_BOX = "a box: a name, {box: NAME, …}, or ports and wires in place"
_BY_SHAPE = Discriminator(
    box_shape,
    custom_error_type="wrong-type",
    custom_error_message=_A_BOX,
)
BoxName = Annotated[
    str, Field(pattern=r"^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)?$", title="name of a definition")
]
BoxValue = Annotated[
    Annotated[BoxName, Tag("<name>")] | Annotated["BoxUse", Tag("<use>")] | Annotated["Box", Tag("<box>")],
    _BY_SHAPE,
]
Argument = Annotated[
    Annotated[Any, Tag("<plain>"), JsonSchema({"type": ["number", "string", "boolean", "array"]})]
    | Annotated[list[BoxValue], Tag("<boxes>")]
    | Annotated["BoxUse", Tag("<use>")]
    | Annotated["Box", Tag("<box>")],
    Discriminator(_argument_shape),
]
Count = Annotated[
    int | str,
    of_types(
        "a whole number (at least 1), or an expression of parameters",
        int,
        str,
        check=lambda value: isinstance(value, str) or value >= 1,
    ),
    JsonSchema({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string"}]}),
]


def _are_names(value: Any) -> bool:
    return isinstance(value, str) or (bool(value) and all(isinstance(one, str) for one in value))


ModeNames = Annotated[
    str | list[str],
    of_types("a mode, or a list of modes", str, list, check=_are_names),
    JsonSchema(
        {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
    ),
]


class Drawn(Model):
    """Where the draws of an initial value come from."""

    path: Text = Field(
        alias="as",
        description="The path of the state that begins with the same draws, as seen from this box; with / "
        "before it, from the main box.",
        examples=["hidden.weight"],
    )
    stacks: Annotated[Whole, Field(ge=0)] = Field(
        default=0, description="How many of the first axes are those of arrays of boxes there."
    )


class State(Model):
    """A state, key by key."""

    type: Text = Field(description="Its type.", examples=["real units n"])
    init: Any = Field(
        default=None, description="How it begins: a number, a list, or an expression.", examples=["glorot"]
    )
    keep: Flag = Field(
        default=False,
        description="One copy for all runs of a batch, living on between episodes, as learned states do.",
    )
    drawn: Drawn | None = Field(
        default=None,
        description="Begin with the draws of another state: what `dilsctl flatten` writes, so that a flat "
        "diagram begins as the nested one does.",
        examples=[{"as": "hidden.weight"}],
    )


class LearnOptions(Model):
    """Options of one learned state, in place of those of the train block."""

    optimiser: OptimiserValue | None = Field(default=None, description="Its own optimiser.")
    rate: Rate | None = Field(default=None, description="Its own learning rate.", examples=[0.01])
    decay: NotNegative | None = Field(default=None, description="Its own weight decay.", examples=[0.0])
    step: Expression | None = Field(
        default=None,
        description="Descend the potential by this at every tick, and not the loss: a number, or an "
        "expression of parameters.",
        examples=[0.1],
    )
    metric: Expression | None = Field(
        default=None,
        description="With `step`: what the gradient of the potential is divided by, a number, one for each "
        "element, or a matrix; an expression.",
        examples=["exp(x)"],
    )


class Port(Model):
    """A port, key by key."""

    type: Text = Field(description="Its type.", examples=["real n"])
    when: ModeNames | None = Field(
        default=None,
        description="The mode, or a list of modes, in which the port exists.",
        examples=["near"],
    )


class InPort(Port):
    """An input, key by key."""

    feedback: Name | None = Field(
        default=None,
        description="The output of this box that it answers: what is told here is how that should change. "
        "It has that output's shape, and makes no box a peer of another.",
        examples=["x"],
    )


def _port_shape(value: Any) -> str:
    return "<options>" if isinstance(value, dict | Port) else "<text>"


PortValue = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[Port, Tag("<options>")], Discriminator(_port_shape)
]
InPortValue = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[InPort, Tag("<options>")], Discriminator(_port_shape)
]


def _state_shape(value: Any) -> str:
    return "<options>" if isinstance(value, dict | State) else "<text>"


def _wires_shape(value: Any) -> str | None:
    if isinstance(value, list):
        return "<list>"
    return "<block>" if isinstance(value, str) else None


def _learn_shape(value: Any) -> str | None:
    if isinstance(value, dict):
        return "<options>"
    return "<list>" if isinstance(value, list) else None


def _loss_shape(value: Any) -> str:
    return "<list>" if isinstance(value, list) else "<one>"


class Box(Model):
    """A box: its interface, its interior, its state, and its interaction pattern."""

    doc: Text = Field(default="", description="What it is, in words.")
    params: dict[Name, Argument] = Field(
        default_factory=dict,
        description="Compile-time values with defaults: numbers, arrays, words, names of functions, boxes. "
        "Set with `with` where the box is used.",
        examples=[{"units": 8, "activation": "identity"}],
    )
    share: dict[Name, Text] = Field(
        default_factory=dict,
        description="Shared variables: name: TYPE, or TYPE = INIT. A `join` of the box around it makes them "
        "one with others; what every law adds to one variable adds up.",
        examples=[{"rabbits": "real = 10"}],
    )
    inputs: dict[Name, InPortValue] = Field(
        default_factory=dict,
        alias="in",
        description="What it is told: port: type; or {type, when: MODE} for one that exists in some modes "
        "only, and {type, feedback: OUTPUT} for one that answers an output.",
        examples=[{"x": "real n"}],
    )
    outputs: dict[Name, PortValue] = Field(
        default_factory=dict,
        alias="out",
        description="What it shows: port: type; or {type, when: MODE} for one "
        "that exists in some modes only.",
        examples=[{"y": "real units"}],
    )
    boxes: dict[Name, BoxValue] = Field(
        default_factory=dict,
        description="Interior boxes: a definition's name, {box: NAME, with: …, count: …}, or a box in place.",
        examples=[{"hidden": {"box": "dense", "with": {"units": 64}}}],
    )
    join: dict[str, Join] = Field(
        default_factory=dict,
        description="Variable: the shared variables of interior boxes that are one with it. A name under "
        "`share`, or a new one; a part of it is written `x[:-1]`.",
        examples=[{"rabbits": ["growth.u", "predation.prey"]}],
    )
    state: dict[
        Name,
        Annotated[
            Annotated[str, Tag("<text>")] | Annotated[State, Tag("<options>")], Discriminator(_state_shape)
        ],
    ] = Field(
        default_factory=dict,
        description="Values that live on: name: TYPE = INIT, or {type, init, keep}.",
        examples=[{"weight": "real units n = glorot"}],
    )
    potential: Annotated[
        Annotated[Expression, Tag("<one>")] | Annotated[list[Expression], Tag("<list>")],
        Discriminator(_loss_shape),
    ] = Field(
        default_factory=list,
        description="An energy: a scalar expression, or a list of them. Those of all boxes add, and act on "
        "states under `conserve`, and under `learn` with a `step`.",
        examples=["0.5 * stiffness * x ** 2"],
    )
    learn: Annotated[
        Annotated[list[str], Tag("<list>")] | Annotated[dict[str, LearnOptions], Tag("<options>")],
        Discriminator(
            _learn_shape,
            custom_error_type="wrong-type",
            custom_error_message="a list of states, or a mapping of states to options",
        ),
    ] = Field(
        default_factory=list,
        description="States that move down the gradient of the loss: a list, or state: options.",
        examples=[["weight", "bias"]],
    )
    conserve: dict[str, ConserveValue] = Field(
        default_factory=dict,
        description="State or shared variable, or a part of one (`x[1:-1]`): its mass, or {mass, momentum}. "
        "It moves as a position in the potential does, and has a momentum.",
        examples=[{"x": 1.0}, {"x": {"mass": "m", "momentum": 1.5}}],
    )
    modes: dict[Name, Expression] = Field(
        default_factory=dict,
        description="Mode: a condition on the box's own state, tried in order; that of the last one is "
        "`otherwise`. The box is in exactly one of its modes. Each is an output that is true or false, and "
        "a name in the box's expressions; ports may exist in some modes only.",
        examples=[{"near": "norm(place) < reach", "away": "otherwise"}],
    )
    let: dict[Name, Expression] = Field(
        default_factory=dict, description="Names for expressions.", examples=[{"error": "y - x"}]
    )
    wires: Annotated[
        Annotated[list[str], Tag("<list>")] | Annotated[str, Tag("<block>")],
        Discriminator(
            _wires_shape,
            custom_error_type="wrong-type",
            custom_error_message="a list of wires, or a block (|) with one wire a line",
        ),
    ] = Field(
        default_factory=list,
        description="The interaction pattern: EXPRESSION -> TARGET, one for each own output and input of "
        "an interior box. A list, or a block (|) with one wire a line.",
        examples=[["x -> hidden.x", "hidden.y -> y"]],
    )
    rate: dict[Moved, Expression] = Field(
        default_factory=dict,
        description="State or shared variable: its derivative by time.",
        examples=[{"height": "speed", "speed": "-9.81"}],
    )
    next: dict[Moved, NextValue] = Field(
        default_factory=dict,
        description="State: its value after the tick, an expression; or {to: EXPRESSION, every: n}, or "
        "{to: EXPRESSION, when: CONDITION}, or a list of these.",
        examples=[{"count": "count + 1"}, {"speed": {"to": "-0.9 * speed", "when": "height < 0"}}],
    )
    loss: Annotated[
        Annotated[Expression, Tag("<one>")] | Annotated[list[Expression], Tag("<list>")],
        Discriminator(_loss_shape),
    ] = Field(
        default_factory=list,
        description="A scalar expression to be made small, or a list of them. Losses of all boxes add.",
        examples=["mse(y, target)"],
    )

    @property
    def is_hole(self) -> bool:
        """An interface and nothing else: waiting for a box that fills it."""
        return self.model_fields_set <= {"doc", "inputs", "outputs"} and bool(self.model_fields_set - {"doc"})


class BoxUse(Model):
    """A definition, used with parameters, or as an array."""

    box: BoxValue = Field(
        description="A definition's name, or a box in place.", examples=["dense", "nn.dense"]
    )
    count: Count | None = Field(
        default=None,
        description="How many: makes an array, each element with states of its own.",
        examples=[64],
    )
    arguments: dict[Name, Argument] = Field(
        default_factory=dict,
        alias="with",
        description="Values for its params, and boxes for its holes.",
        examples=[{"units": 64, "activation": "tanh"}],
    )
    each: dict[Name, list[Any]] = Field(
        default_factory=dict,
        description="Parameter: one value for each element of the array.",
        examples=[{"place": [1, 2, 4, 8]}],
    )


class MainUse(Model):
    """The main box, with parameters."""

    box: BoxValue = Field(description="A definition's name, or a box in place.", examples=["network"])
    arguments: dict[Name, Argument] = Field(
        default_factory=dict, alias="with", description="Values for its params, and boxes for its holes."
    )


MainValue = Annotated[
    Annotated[BoxName, Tag("<name>")] | Annotated[MainUse, Tag("<use>")] | Annotated[Box, Tag("<box>")],
    _BY_SHAPE,
]

__all__ = ["Box", "BoxUse", "BoxValue", "LearnOptions", "MainUse", "MainValue", "Port", "State"]
