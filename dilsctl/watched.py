"""The metric that early stopping and ``keep_best`` watch: what it may be, and whether it is there."""

from __future__ import annotations

from typing import Any

from dilsctl.diagnostics import Report, did_you_mean
from dilsctl.values import Mapping

DEFAULT = "validation.loss"

Fault = tuple[str, str]  # a message, and help


def bad_watch(metric: str, minimise: bool | None) -> Fault | None:
    """What is wrong with a watched metric by its name alone. minimise: None where it is not said."""
    part, _, name = metric.partition(".")
    if part not in ("train", "validation", "test") or not name:
        return f"'{metric}' is no measure of a part", "name a part and a measure: validation.loss"
    if part == "test":
        message = "what is chosen by the test part says too much good of itself when it is tested"
        help = "keep a validation part apart (data.split.validation), and watch validation." + name
        return message, help
    if minimise is None and name != "loss":
        message = f"say whether less of '{metric}' is better"
        return message, "add early_stopping.minimise: true or false"
    return None


def missing_part(metric: str) -> Fault:
    """What to say where no rows are kept apart for the part of a watched metric."""
    part = metric.partition(".")[0]
    message = f"'{metric}' is watched, but there is no {part} part"
    return (
        message,
        "keep rows apart with data.split: {validation: 0.1}, or watch train.loss (early_stopping.metric)",
    )


def missing_metric(metric: str, known: list[str]) -> Fault:
    """What to say where a watched metric is none of the ``known`` ones."""
    name = metric.partition(".")[2]
    help = did_you_mean(name, known) or f"there are {', '.join(known)}"
    return f"there is no metric '{name}' to watch", help


def check_watched(train: Any, report: Report) -> None:
    """Report a watched metric of a ``train`` block that cannot be, or is not there."""
    stopping: Any = train.get("early_stopping")
    if stopping is None and not train.get("keep_best"):
        return
    given = isinstance(stopping, Mapping) and "metric" in stopping
    metric = str(stopping["metric"]) if given else DEFAULT
    data, metrics = train.get("data"), train.get("metrics") or {}
    split: Any = (data.get("split") or {}) if isinstance(data, Mapping) else None
    known = ["loss", *metrics]
    fault = bad_watch(metric, stopping.get("minimise") if isinstance(stopping, Mapping) else None)
    if fault is None and metric.partition(".")[2] not in known:
        fault = missing_metric(metric, known)
    if fault is None and metric.startswith("validation.") and split is not None and "validation" not in split:
        fault = missing_part(metric)
    if fault is not None:
        span = (
            stopping.value_span("metric")
            if given
            else train.key_span("early_stopping" if stopping is not None else "keep_best")
        )
        report.error("bad-metric", fault[0], span, help=fault[1])
