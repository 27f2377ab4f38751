"""The ``ablate`` block: what an ablation puts in the place of what it takes away."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from dilsctl.syntax.model import JsonSchema, Model, of_types

_HELD: dict[str, Any] = {"anyOf": [{"type": "number"}, {"type": "string"}, {"type": "array"}]}


class Ablate(Model):
    """How ``dilsctl ablate`` freezes and cuts."""

    frozen: (
        Annotated[
            int | float | str | list[Any] | dict[str, Any],
            of_types(
                "a number, a list, an initialiser, or these by state",
                int,
                float,
                str,
                list,
                dict,
                check=lambda value: (
                    not isinstance(value, dict)
                    or all(
                        isinstance(one, int | float | str | list) and not isinstance(one, bool)
                        for one in value.values()
                    )
                ),
            ),
            JsonSchema({"anyOf": [*_HELD["anyOf"], {"type": "object", "additionalProperties": _HELD}]}),
        ]
        | None
    ) = Field(
        default=None,
        description="What states that peer wires read are held at: one value for all, or by path. A number, "
        "a list, or an initialiser with numbers. Their initial values, if left out.",
        examples=[{"coupling": 1}, "normal(0, 0.1)"],
    )
    neutral: dict[str, int | float | bool] = Field(
        default_factory=dict,
        description="What is heard in place of a sibling whose wire is cut, by port (box.port). Left out it "
        "is 0, false or uniform; a class must be named.",
        examples=[{"walker.choice": 0}],
    )
