"""What all models of the language share: the base class, names, and values of more than one shape.

One mistake must be one finding, so nothing here is a plain union: a value's shape (text, number, list,
mapping) picks the branch before anything is checked. Branches are tagged in angle brackets, which no key of
a file can be mistaken for.
"""

from __future__ import annotations

import keyword
import math
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, Strict
from pydantic_core import PydanticCustomError

# For editors, whose \w knows no letters but a to z: what is neither punctuation nor white space.
IDENTIFIER = r"^[^\d\s!-/:-@\[-^`{-~][^\s!-/:-@\[-^`{-~]*$"
DEFINITION = r"^[A-Za-z_][\w-]*$"
RESERVED = frozenset({"t", "dt", "index", "true", "false"})


class Model(BaseModel):
    """A mapping with known keys, frozen."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, populate_by_name=False, protected_namespaces=(), defer_build=True
    )


class JsonSchema:
    """The published schema of a value that is checked by a function."""

    def __init__(self, schema: dict[str, Any]) -> None:
        self.schema = schema

    def __get_pydantic_json_schema__(self, core_schema: Any, handler: Any) -> dict[str, Any]:
        return dict(self.schema)


def refuse(code: str, message: str, help: str = "") -> PydanticCustomError:
    """An error with a code and words of its own, for ``findings`` to report."""
    return PydanticCustomError(code, "{message}", {"message": message, "help": help})


def wrong_type(expected: str) -> PydanticCustomError:
    """An error that says what was expected; ``findings`` adds what was got."""
    return PydanticCustomError("wrong-type", expected)


def _quoted(name: str) -> str:
    return f"'{name}'" if len(name) <= 40 else f"'{name[:39]}…'"


@lru_cache(maxsize=1 << 14)
def identifier(name: str) -> str:
    """Accept what an expression can read as a name."""
    if not name.isidentifier():
        raise refuse(
            "bad-name",
            f"{_quoted(name)} is not a name",
            "a name has letters, digits and _, and begins with no digit",
        )
    if keyword.iskeyword(name) or name in RESERVED:
        raise refuse("bad-name", f"'{name}' means something else in expressions", "choose another name")
    return name


def definition(name: str) -> str:
    """Accept the name of a definition or alias, which expressions never read."""
    if not re.match(DEFINITION, name):
        raise refuse(
            "bad-name",
            f"{_quoted(name)} is not a name for a definition",
            "such a name has letters, digits, _ and -, and begins with a letter",
        )
    return name


def document_name(name: str) -> str:
    """Accept a document's name, which names run folders."""
    if not re.match(r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", name) or len(name) > 100:
        raise refuse(
            "bad-name",
            f"{_quoted(name)} cannot name a document",
            "such a name has letters, digits, - _ and ., at most 100, as in or-gate",
        )
    return name


def of_types(expected: str, *types: type, check: Callable[[Any], bool] | None = None) -> PlainValidator:
    """Accept values of these types (a boolean is no number) that pass ``check``."""

    def accept(value: Any) -> Any:
        if (
            not isinstance(value, types)
            or (isinstance(value, bool) and bool not in types)
            or (check is not None and not check(value))
        ):
            raise wrong_type(expected)
        return value

    return PlainValidator(accept)


def _expression(value: Any) -> str:
    if type(value) is str:
        return value
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) in (int, float) and math.isfinite(value):
        return repr(value)
    raise wrong_type("an expression")


Name = Annotated[str, AfterValidator(identifier), JsonSchema({"type": "string", "pattern": IDENTIFIER})]
DefinitionName = Annotated[
    str, AfterValidator(definition), JsonSchema({"type": "string", "pattern": DEFINITION})
]
Expression = Annotated[
    str,
    PlainValidator(_expression),
    JsonSchema({"type": ["string", "number", "boolean"], "title": "expression"}),
]
Text = str
Real = Annotated[float, Strict()]
Positive = Annotated[float, Strict(), Field(gt=0)]
NotNegative = Annotated[float, Strict(), Field(ge=0)]
Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
