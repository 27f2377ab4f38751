"""The settings of a training run, as the loop takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dilsctl.data.files import Locate, nowhere
from dilsctl.data.splits import PARTS
from dilsctl.diagnostics import Problem
from dilsctl.learning.methods import method_of
from dilsctl.learning.schedules import Rate
from dilsctl.learning.stopping import Watch


@dataclass(frozen=True, slots=True)
class Settings:
    """How to train. ``measure``: parts measured after each epoch; None: validation, or else test."""

    epochs: int = 10
    batch: int = 32
    seed: int = 0
    rate: Rate = 0.001
    shuffle: bool = True
    watch: Watch | None = None
    keep_best: bool = False
    measure: tuple[str, ...] | None = None
    checkpoint_every: int = 1


def settings_of(block: Any, locate: Locate = nowhere) -> Settings:
    """The settings of a ``train`` block: a mapping, or a model with its keys. Raises Problem: bad-metric."""
    given = dict(block)
    defaults = Settings()
    stopping = dict(given.get("early_stopping") or {})
    keep_best = bool(given.get("keep_best", False))
    watch = None
    if stopping or given.get("early_stopping") is not None or keep_best:
        metric = str(stopping.get("metric", "validation.loss"))
        span = locate("early_stopping", "metric")
        part, _, name = metric.partition(".")
        if part not in PARTS or not name:
            help = "name a part and a measure: validation.loss"
            raise Problem.of("bad-metric", f"'{metric}' is no measure of a part", span, help=help)
        if part == "test":
            message = "what is chosen by the test part says too much good of itself when it is tested"
            help = "keep a validation part apart (data.split.validation), and watch validation." + name
            raise Problem.of("bad-metric", message, span, help=help)
        minimise = stopping.get("minimise")
        if minimise is None and name != "loss":
            help = "add early_stopping.minimise: true or false"
            message = f"say whether less of '{metric}' is better"
            raise Problem.of("bad-metric", message, span, help=help)
        patience = stopping.get("patience", 5) if given.get("early_stopping") is not None else None
        watch = Watch(metric, minimise is not False, patience)
    return Settings(
        epochs=given.get("epochs", defaults.epochs),
        batch=given.get("batch", defaults.batch),
        seed=given.get("seed", defaults.seed),
        rate=method_of(given.get("optimiser", "adam")).rate,
        shuffle=given.get("shuffle", True),
        watch=watch,
        keep_best=keep_best,
    )
