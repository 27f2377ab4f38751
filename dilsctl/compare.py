"""Given and expected values: nested lists of a file against arrays.

Rows come first: a list has one entry a case. In an expectation ``null`` accepts anything, and ``.nan`` what
is no number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from dilsctl.ir import Type

NEAR = 1e-6  # how near a real value must be where a check does not say, relative to 1 or the value expected
EXACT = ("bool", "int", "class")  # kinds whose values are equal or not
LONGEST = 60


class CaseError(Exception):
    """A list does not have the shape or the kind of its port."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that is not as expected. ``row`` counts cases from 0; ``given`` are that case's inputs."""

    name: str
    row: int | None
    expected: str
    got: str
    given: dict[str, str]


def to_array(value: Any, type: Type) -> Any:
    """A list with one entry a case as an array (cases, *shape). Raises CaseError."""
    if not isinstance(value, list | tuple):
        raise CaseError(f"expected a list with one '{type}' for each case")
    _check_shape(value, (None, *type.shape), "")
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise CaseError(f"expected numbers, for '{type}'") from None
    array = array.reshape((len(value), *type.shape))
    if type.kind == "bool" and not np.isin(array, (0, 1)).all():
        raise CaseError("a bool is true or false, or 1 or 0")
    if type.kind in ("int", "class") and not (array == np.floor(array)).all():
        raise CaseError(f"'{type.kind}' is a whole number")
    if (
        type.kind == "class"
        and type.classes is not None
        and not ((array >= 0) & (array < type.classes)).all()
    ):
        raise CaseError(f"a class of {type.classes} is one of 0 to {type.classes - 1}")
    if type.kind == "simplex" and not (
        (array >= 0).all() and np.allclose(array.sum(axis=-1), 1, rtol=0, atol=1e-6)
    ):
        raise CaseError("a simplex has probabilities that sum to 1")
    return array.astype({"bool": np.bool_, "int": np.int64, "class": np.int64}.get(type.kind, np.float64))


def _check_shape(value: Any, shape: tuple[int | None, ...], where: str) -> None:
    if not shape:
        if isinstance(value, list | tuple | dict) or value is None or isinstance(value, str):
            raise CaseError(f"expected a number{where}")
        return
    if not isinstance(value, list | tuple) or (shape[0] is not None and len(value) != shape[0]):
        found = f"{len(value)}" if isinstance(value, list | tuple) else "one value"
        raise CaseError(f"expected a list of {shape[0]}{where}, found {found}")
    for at, one in enumerate(value):
        _check_shape(one, shape[1:], where or f" in case {at + 1}")


def columns_of(given: Mapping[str, Any], types: Mapping[str, Type]) -> tuple[dict[str, Any], int]:
    """Arrays of the given lists, and the number of cases. Raises CaseError, with the port's name first."""
    arrays = {}
    for name, value in given.items():
        try:
            arrays[name] = to_array(value, types[name])
        except CaseError as error:
            raise CaseError(f"'{name}': {error}") from None
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1:
        told = ", ".join(f"'{name}' has {length}" for name, length in lengths.items())
        raise CaseError(f"every input needs the same number of cases: {told}")
    return arrays, next(iter(lengths.values()), 1)


def compare(
    name: str, expected: Any, got: Any, exact: bool, within: float | None, given: Mapping[str, Any]
) -> list[Difference]:
    """The cases in which an array (cases, *shape) is not what is expected. Raises CaseError."""
    if not isinstance(expected, list | tuple):
        raise CaseError(f"'{name}': expected a list with one entry for each case")
    if len(expected) != len(got):
        raise CaseError(f"'{name}': {len(expected)} expected, but there are {len(got)} cases")
    found = []
    for row, (want, have) in enumerate(zip(expected, got, strict=True)):
        if not _agree(name, want, have, exact, within):
            inputs = {key: value_text(array[row]) for key, array in given.items()}
            wanted = _as_bools(want) if np.asarray(have).dtype == np.bool_ else want
            found.append(Difference(name, row, value_text(wanted), value_text(have), inputs))
    return found


def _as_bools(want: Any) -> Any:
    """0 and 1 as the bools that they stand for."""
    if isinstance(want, list | tuple):
        return [_as_bools(one) for one in want]
    return bool(want) if want in (0, 1) else want


def _agree(name: str, want: Any, have: Any, exact: bool, within: float | None) -> bool:
    if want is None:
        return True
    if isinstance(want, list | tuple):
        if np.ndim(have) == 0 or len(want) != len(have):
            shape = "a number" if np.ndim(have) == 0 else f"a list of {len(have)}"
            raise CaseError(f"'{name}': a list of {len(want)} is expected, but the value is {shape}")
        return all(_agree(name, one, two, exact, within) for one, two in zip(want, have, strict=True))
    if np.ndim(have) != 0:
        raise CaseError(f"'{name}': a number is expected, but the value is a list of {len(have)}")
    if not isinstance(want, bool | int | float):
        raise CaseError(f"'{name}': {want!r} is not a number")
    if exact and math.isnan(want):
        raise CaseError(f"'{name}' has whole numbers or bools, which are never .nan")
    return near(float(want), float(have), exact, within)


def near(want: float, have: float, exact: bool = False, within: float | None = None) -> bool:
    """Whether a number is as expected: equal, or ``within`` an absolute error, or nearly. Where no number
    (nan) is expected, there must be none."""
    if not math.isfinite(want):
        return want == have or (math.isnan(want) and math.isnan(have))
    if within is None:
        within = 0.0 if exact else NEAR * max(1.0, abs(want))
    return want == have or abs(want - have) <= within


def within_bounds(got: Any, at_least: float | None, at_most: float | None) -> bool:
    """Whether every number is; a bound that is None is none."""
    low = at_least is None or np.all(got >= at_least)
    high = at_most is None or np.all(got <= at_most)
    return bool(low and high)


def bounds_text(at_least: float | None, at_most: float | None) -> str:
    """Bounds as one would say them."""
    parts = [f"≥ {at_least:g}"] if at_least is not None else []
    parts += [f"≤ {at_most:g}"] if at_most is not None else []
    return " and ".join(parts)


def value_text(value: Any) -> str:
    """A value as one would write it in a file, cut where it is long."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    text = _text(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_text(one) for one in value) + "]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and not math.isfinite(value):
        return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
    return f"{value:.10g}" if isinstance(value, float) else str(value)
