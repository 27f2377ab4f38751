"""What one example of training is: a tick, or an episode of several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.diagram import Diagram, moves
from dilsctl.objective import column_count
from dilsctl.passes.unroll import Episode
from dilsctl.syntax.simulate import ADAPTIVE
from dilsctl.syntax.train import LossAt

if TYPE_CHECKING:
    from dilsctl.documents import LoadedDocument


def episode_of(document: LoadedDocument, diagram: Diagram) -> Episode | None:
    """That of a document's train block; None where an example is one tick of a diagram that does not move.

    Raises Problem: moving-state, bad-episode.
    """
    train, time = document.document.train, document.document.time
    if train is None or "ticks" not in train.model_fields_set:
        sequences = train.data.sequences if train is not None and train.data is not None else {}
        if moves(diagram.main):
            raise _moving(diagram, document)
        if sequences:
            help = "ticks: data takes as many as the sequences have"
            raise _bad(document, "sequences need 'ticks'", "data", "sequences", help=help)
        return None
    if time.method in ADAPTIVE and moves(diagram.main):
        help = "rk4, with more steps a tick if need be, can be: --set time.method=rk4"
        message = f"gradients can't go back through the adaptive method '{time.method}'"
        raise _bad(document, message, "ticks", help=help)
    lengths = _lengths(document)
    ticks = train.ticks
    known = [length for length in lengths.values() if length is not None]
    if ticks == "data":
        if not known:
            help = "write their number: ticks: 8"
            message = "no sequence says how many ticks there are"
            if lengths:
                message = "how many columns the sequences have shows only in the data"
            raise _bad(document, message, "ticks", help=help)
        ticks = known[0]
    for name, length in lengths.items():
        if length is not None and length != ticks:
            message = f"the sequence '{name}' has {length} ticks, an episode {ticks}"
            raise _bad(document, message, "data", "sequences", name)
    assert isinstance(ticks, int)
    return Episode(
        ticks,
        time.dt,
        time.method,
        time.steps,
        train.loss.at if isinstance(train.loss, LossAt) else "last",
        None if train.horizon == "all" else int(train.horizon),
        frozenset(lengths),
    )


def _lengths(document: LoadedDocument) -> dict[str, int | None]:
    """The number of ticks of each sequence; None where only the data can tell."""
    train = document.document.train
    found: dict[str, int | None] = {}
    for name, one in (train.data.sequences if train is not None and train.data is not None else {}).items():
        columns = column_count(one.columns)
        if not columns:
            found[name] = None
            continue
        if columns % one.each:
            message = f"'{name}' has {columns} columns, which is no multiple of {one.each}"
            raise _bad(document, message, "data", "sequences", name, "each")
        found[name] = columns // one.each
    return found


def _moving(diagram: Diagram, document: LoadedDocument) -> Problem:
    message = f"'{diagram.name}' has states that move by themselves: one tick is not its answer"
    help = "simulate runs it over time; to train it, say how many ticks an episode has: train: {ticks: 10}"
    span: SourceSpan | None = diagram.span
    if "train" in document.root:
        span = document.root.key_span("train")
    return Problem.of("moving-state", message, span, help=help)


def _bad(document: LoadedDocument, message: str, *path: str, help: str = "") -> Problem:
    return Problem.of("bad-episode", message, document.span("train", *path), help=help)
