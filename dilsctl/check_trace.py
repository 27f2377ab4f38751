"""Checks that look at one tick after the other: traces, and values at times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from dilsctl.compare import (
    EXACT,
    CaseError,
    Difference,
    bounds_text,
    columns_of,
    compare,
    value_text,
    within_bounds,
)

if TYPE_CHECKING:
    from dilsctl.checked_box import CheckedBox
    from dilsctl.diagram import Diagram
    from dilsctl.syntax.checks import Expectation
    from dilsctl.trace import Trace


def compare_trace(
    checked: CheckedBox, diagram: Diagram, simulate: Callable[[CheckedBox, Diagram, dict[str, Any]], Trace]
) -> list[Difference]:
    """Run the box of a check; where what it shows is not what is expected. Raises Problem: bad-check.

    Of several runs the values are compared together, (times, runs, *shape).
    """
    from dilsctl.syntax.checks import Expectation

    types = {name: port.type for name, port in diagram.main.inputs.items()}
    try:
        given, _ = columns_of(checked.check.given, types)
    except CaseError as error:
        raise checked.problem(str(error), "given") from None
    trace = simulate(checked, diagram, given)
    found: list[Difference] = []
    for name in checked.shown(diagram):
        want = checked.check.expect[name]
        got = trace.values[name]
        got = got[..., 0] if trace.runs == 1 else np.moveaxis(got, -1, 1)
        try:
            if isinstance(want, Expectation):
                found += _Moment(checked, trace, name, want).differences(got)
            elif isinstance(want, list) and want and all(isinstance(one, Expectation) for one in want):
                for one in want:
                    found += _Moment(checked, trace, name, one).differences(got)
            else:
                found += _trace(checked, name, want, got, trace, given)
        except CaseError as error:
            raise checked.problem(str(error), "expect", name) from None
    return found


def _trace(
    checked: CheckedBox, name: str, want: Any, got: Any, trace: Trace, given: dict[str, Any]
) -> list[Difference]:
    exact = trace.types[name].kind in EXACT
    within = checked.check.within
    if checked.check.simulate is not None and not isinstance(want, list | tuple):
        return compare(name, [want], got[-1:], exact, within, {})
    if checked.check.simulate is not None and trace.types[name].shape and np.ndim(want) == got.ndim - 1:
        return compare(name, [want], got[-1:], exact, within, {})
    shown = {key: rows[np.minimum(np.arange(len(got)), len(rows) - 1)] for key, rows in given.items()}
    return compare(name, want, got, exact, within, shown)


class _Moment:
    """What is expected at one time, or over the whole trace."""

    def __init__(self, checked: CheckedBox, trace: Trace, name: str, want: Expectation) -> None:
        self.checked = checked
        self.trace = trace
        self.name = name
        self.want = want
        self.within = want.within if want.within is not None else checked.check.within

    def differences(self, got: Any) -> list[Difference]:
        want = self.want
        exact = self.trace.types[self.name].kind in EXACT
        if want.at is None and "value" in want.model_fields_set and self.checked.check.simulate is None:
            return compare(self.name, want.value, got, exact, self.within, {})
        bounded = want.at_least is not None or want.at_most is not None
        rows = range(len(got)) if want.at is None and bounded else [self._row()]
        found: list[Difference] = []
        for row in rows:
            if bounded:
                if not within_bounds(got[row], want.at_least, want.at_most):
                    text = bounds_text(want.at_least, want.at_most)
                    shown = got[row] if self.trace.runs == 1 else self._worst(got[row])
                    found.append(Difference(self.name, row, text, value_text(shown), {}))
            else:
                for one in compare(self.name, [want.value], got[row : row + 1], exact, self.within, {}):
                    time = {"t": value_text(float(self.trace.times[row]))}
                    found.append(Difference(self.name, row, one.expected, one.got, time))
        return found

    def _worst(self, got: Any) -> Any:
        """Of the values of many runs the one that is farthest out of bounds."""
        low = -np.inf if self.want.at_least is None else self.want.at_least
        high = np.inf if self.want.at_most is None else self.want.at_most
        values = np.asarray(got, float).ravel()
        out = np.maximum(low - values, values - high)
        return float(values[np.argmax(np.where(np.isnan(out), np.inf, out))])

    def _row(self) -> int:
        """The record of the time that is named, or the last."""
        times = self.trace.times
        if self.want.at is None:
            return len(times) - 1
        row = int(np.argmin(np.abs(times - self.want.at)))
        if abs(times[row] - self.want.at) > 1e-6 * max(1.0, abs(self.want.at)):
            message = (
                f"'{self.name}': there is no tick at t = {self.want.at:g}; it goes from 0 to {times[-1]:g}"
            )
            raise self.checked.problem(message, "expect", self.name)
        return row
