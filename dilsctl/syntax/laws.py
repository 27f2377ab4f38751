"""How states move: clocked laws, and variables that several boxes share."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from dilsctl.syntax.model import Expression, JsonSchema, Model, of_types

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

__all__ = ["Join", "Next", "NextValue"]
