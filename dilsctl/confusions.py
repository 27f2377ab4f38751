"""How often a diagram with what it learned takes each class for each, on rows that were kept apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from dilsctl.answers import classified
from dilsctl.plots.classes import Confusion, counted

if TYPE_CHECKING:
    from dilsctl.data.dataset import Dataset, Fitted
    from dilsctl.loaded import LoadedDiagram

MOST_CLASSES = 2000


def lived_confusion(taken: Any, kind: str, truth: str, fitted: Fitted) -> list[Confusion]:
    """Of a life, where its truths are classes that were counted as it went. ``taken``: (classes, classes);
    kind: of the truth."""
    if taken is None or not np.any(taken):
        return []
    counts = np.array(taken, np.int64)
    names = ("false", "true") if kind == "bool" else _names(len(counts), fitted.labels.get(truth, ()))
    return [Confusion("stream", names, counts, truth)]


def _names(classes: int, labels: Sequence[Any]) -> tuple[str, ...]:
    return tuple(str(labels[k]) if k < len(labels) else str(k) for k in range(classes))


def confusions(loaded: LoadedDiagram, learner: Any, dataset: Callable[[], Dataset]) -> list[Confusion]:
    """Of each target that is a class, in the test part, else in that of training. ``learner``: with what was
    learned. Targets of episodes of several ticks are left out, and those of more than 2,000 classes."""
    train = loaded.document.document.train
    if train is None:
        return []
    texts = [train.loss_text, *train.metrics.values()]
    pairs = classified(texts, loaded.diagram.main.outputs, loaded.plans.spec.targets)
    episode = learner.compiled.episode
    if not pairs or (episode is not None and (episode.ragged or episode.goes_on)):
        return []
    data = dataset()
    part = "test" if "test" in data.parts else "train"
    rows = data.parts[part]
    shown = learner.predict({name: data.columns[name][rows] for name in loaded.diagram.main.inputs})
    found = []
    for target, port in pairs.items():
        truth, said = data.columns[target][rows], shown[port]
        said = np.argmax(said, axis=-1) if said.dtype.kind == "f" else said
        classes = int(max(truth.max(initial=0), said.max(initial=0))) + 1
        if truth.ndim != 1 or truth.dtype.kind != "i" or said.shape != truth.shape or classes > MOST_CLASSES:
            continue
        labels: Sequence[Any] = data.fitted.labels.get(target, ())
        found.append(Confusion(part, _names(classes, labels), counted(truth, said, classes), target))
    return found
