"""The functions that an expression may call: name, signature, documentation, and what they emit.

An argument is a Var, or a value known beforehand: a number, a bool, a word, or a tuple of values. A function
of numbers alone may return a number, so that dimensions and initial values can be computed with it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dilsctl.diagnostics import did_you_mean
from dilsctl.operations.table import OperationError

Value = Any  # a Var, or a static number, bool, word or tuple


@dataclass(frozen=True, slots=True)
class Function:
    """One function of the expression language.

    signature: how a call is written. family: under which heading it is documented.
    build: (builder, *arguments, **keywords) to the value; raises OperationError. draws: it is random, and
    wants the keyword ``key``, a text that no other draw has.
    """

    name: str
    signature: str
    doc: str
    build: Callable[..., Value]
    family: str
    draws: bool = False


FUNCTIONS: dict[str, Function] = {}


def function(signature: str, doc: str, family: str, *, draws: bool = False) -> Callable[..., Any]:
    """Enter a function into the table under the name that its signature begins with."""
    name = signature.partition("(")[0]

    def enter(build: Callable[..., Value]) -> Callable[..., Value]:
        if name in FUNCTIONS:
            raise ValueError(f"function '{name}' is registered twice")
        FUNCTIONS[name] = Function(name, signature, doc, _checked(name, signature, build), family, draws)
        return build

    return enter


def _checked(name: str, signature: str, build: Callable[..., Value]) -> Callable[..., Value]:
    """``build`` with errors in the language's words where the arguments do not match."""
    parameters = list(inspect.signature(build).parameters.values())[1:]
    known = [one.name for one in parameters if one.kind is not one.VAR_POSITIONAL and one.name != "key"]
    places = [one for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    least = sum(one.default is one.empty for one in places)
    keyed = any(one.name == "key" for one in parameters)
    many = any(one.kind is one.VAR_POSITIONAL for one in parameters)

    def checked(builder: Any, *arguments: Value, **keywords: Value) -> Value:
        for word in keywords:
            if word not in known and not (word == "key" and keyed):
                hint = did_you_mean(word, known)
                raise OperationError(f"'{name}' has no argument '{word}'", hint or f"write {signature}")
        given = len(arguments)
        if given > len(places) and not many:
            most = f"{least} to {len(places)}" if least < len(places) else str(least)
            noun = "value" if most == "1" else "values"
            raise OperationError(f"'{name}' takes {most} {noun}, not {given}", f"write {signature}")
        for number, one in enumerate(places):
            if one.name in keywords and number < given:
                raise OperationError(f"'{name}' is given '{one.name}' twice", f"write {signature}")
            if one.default is one.empty and number >= given and one.name not in keywords:
                raise OperationError(f"'{name}' needs '{one.name}'", f"write {signature}")
        return build(builder, *arguments, **keywords)

    return checked
