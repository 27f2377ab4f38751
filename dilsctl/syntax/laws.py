"""How states move: clocked laws, and variables that several boxes share."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, Discriminator, Field, Tag

from dilsctl.syntax.model import IDENTIFIER, Expression, JsonSchema, Model, identifier, of_types

_SHARED = re.compile(r"[^\W\d]\w*\.[^\W\d]\w*")


class Next(Model):
    """A clocked law, key by key."""

    to: Expression = Field(description="The value after the tick.", examples=["-0.9 * speed"])
    every: int | str | None = Field(
        default=None,
        description="It acts at ticks 0, n, 2n and so on: a whole number, or an expression of parameters.",
        examples=[10],
    )
    when: Expression | None = Field(
        default=None,
        description="It acts where this becomes true, which it is not before the first tick.",
        examples=["height < 0"],
    )


def _moved(name: str) -> str:
    """Accept the name of a state or of its momentum."""
    identifier(name.removesuffix(".momentum"))
    return name


Moved = Annotated[
    str,
    AfterValidator(_moved),
    JsonSchema({"type": "string", "pattern": rf"{IDENTIFIER[:-1]}(\.momentum)?$"}),
]


class Conserve(Model):
    """A state that conserves the potential, key by key."""

    mass: Expression = Field(
        default="1",
        description="Its mass: a number, one for each element, or a matrix; an expression.",
        examples=[2],
    )
    momentum: Any = Field(
        default=None,
        description="The momentum that it begins with: a number, a list, or an expression.",
        examples=[1.5],
    )


def _conserve_shape(value: Any) -> str:
    return "<options>" if isinstance(value, dict | Conserve) else "<text>"


ConserveValue = Annotated[
    Annotated[Expression, Tag("<text>")] | Annotated[Conserve, Tag("<options>")],
    Discriminator(_conserve_shape),
]


def _next_shape(value: Any) -> str:
    if isinstance(value, list):
        return "<list>"
    return "<options>" if isinstance(value, dict | Next) else "<text>"


NextValue = Annotated[
    Annotated[Expression, Tag("<text>")]
    | Annotated[Next, Tag("<options>")]
    | Annotated[
        list[
            Annotated[
                Annotated[Expression, Tag("<text>")] | Annotated[Next, Tag("<options>")],
                Discriminator(_next_shape, custom_error_type="wrong-type", custom_error_message="a law"),
            ]
        ],
        Tag("<list>"),
    ],
    Discriminator(_next_shape),
]


def _are_shared(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(one, str) and _SHARED.fullmatch(one) for one in value)


Join = Annotated[
    list[str],
    of_types("a list of shared variables, as in [growth.u, predation.prey]", list, check=_are_shared),
    JsonSchema({"type": "array", "items": {"type": "string"}, "minItems": 1}),
]

__all__ = ["Conserve", "ConserveValue", "Join", "Moved", "Next", "NextValue"]
