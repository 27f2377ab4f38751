"""The settings of a training run, as the loop takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dilsctl.data.files import Locate, nowhere
from dilsctl.diagnostics import Problem
from dilsctl.learning.methods import method_of
from dilsctl.learning.schedules import Rate
from dilsctl.learning.stopping import Watch
from dilsctl.watched import DEFAULT, bad_watch


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
        metric = str(stopping.get("metric", DEFAULT))
        minimise = stopping.get("minimise")
        fault = bad_watch(metric, minimise)
        if fault is not None:
            message, help = fault
            raise Problem.of("bad-metric", message, locate("early_stopping", "metric"), help=help)
        patience = stopping.get("patience", 5) if given.get("early_stopping") is not None else None
        watch = Watch(metric, minimise is not False, patience)
    endless = dict(given.get("data") or {}).get("episode") == "all"
    return Settings(
        epochs=given.get("epochs", defaults.epochs),
        batch=1 if endless else given.get("batch", defaults.batch),
        seed=given.get("seed", defaults.seed),
        rate=method_of(given.get("optimiser", "adam")).rate,
        shuffle=given.get("shuffle", True) and not endless,
        watch=watch,
        keep_best=keep_best,
    )
