"""Whether what a ``train`` block's data names is there, as far as that shows before any data is read."""

from __future__ import annotations

from typing import Any

from dilsctl.diagnostics import Label, Report, did_you_mean
from dilsctl.diagram import Box
from dilsctl.values import Mapping, Sequence, span_at
from dilsctl.watched import check_watched


def check_train_names(train: Any, main: Box, report: Report) -> None:
    """Report inputs of the main box that the data does not name, names that are no input or target, and a
    watched metric that is not there."""
    check_watched(train, report)
    data = train.get("data")
    if train.get("episodes") is not None:
        if data is not None:
            message = "an epoch has as many episodes as the data has examples"
            report.error("bad-episode", message, train.key_span("episodes"), help="leave one of the two out")
        for name, port in main.inputs.items():
            label = [] if port.span is None else [Label(port.span, "the input is declared here")]
            message = f"episodes without data say nothing about the input '{name}'"
            where = train.key_span("episodes")
            report.error("missing-input", message, where, related=label, help="draw it inside, or give data")
    if not isinstance(data, Mapping):
        return
    inputs: Any = data.get("inputs") or {}
    targets: Any = data.get("targets") or {}
    sequences: Any = data.get("sequences") or {}
    targets = {**targets, **{name: one for name, one in sequences.items() if name not in main.inputs}}
    for name in inputs:
        if name not in main.inputs:
            known = ", ".join(main.inputs) or "none"
            help = did_you_mean(name, main.inputs) or f"its inputs: {known}"
            span = inputs.key_span(name)
            report.error("unknown-name", f"the main box has no input '{name}'", span, help=help)
    misspelt = [name for name in inputs if name not in main.inputs]
    for name, port in main.inputs.items():
        if name not in inputs and name not in sequences and not did_you_mean(name, misspelt):
            where = data.key_span("inputs") if "inputs" in data else span_at(data, ())
            help = f"add it to inputs, with its columns: {name}: COLUMN"
            label = [] if port.span is None else [Label(port.span, "the input is declared here")]
            message = f"the data says nothing about the input '{name}'"
            report.error("missing-input", message, where, related=label, help=help)
    scale: Any = data.get("scale") or {}
    standardise: Any = data.get("standardise")
    known_names = [*inputs, *targets, *sequences]
    used = [(name, scale.key_span(name)) for name in scale]
    if isinstance(standardise, Sequence):
        used += [(name, standardise.span(i)) for i, name in enumerate(standardise)]
    for name, span in used:
        if name not in known_names:
            help = did_you_mean(name, [*main.inputs, *targets])
            report.error("unknown-name", f"there is no input or target '{name}'", span, help=help)
