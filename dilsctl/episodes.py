"""What one example of training is: a tick, or an episode of several."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dilsctl.diagnostics import Problem, SourceSpan
from dilsctl.diagram import Diagram, method_for, moves
from dilsctl.objective import column_count
from dilsctl.passes.unroll import Episode
from dilsctl.syntax.simulate import ADAPTIVE
from dilsctl.syntax.train import LossAt, Split

if TYPE_CHECKING:
    from dilsctl.documents import LoadedDocument


def episode_of(document: LoadedDocument, diagram: Diagram, longest: int = 1) -> Episode | None:
    """That of a document's train block; None where an example is one tick of a diagram that does not move.

    ``longest``: how many ticks the longest episode of the data has, if rows are ticks.
    Raises Problem: moving-state, bad-episode.
    """
    train, time = document.document.train, document.document.time
    if train is None:
        if moves(diagram.main):
            raise _moving(diagram, document)
        return None
    method = method_for(time.method, diagram.main)
    if method in ADAPTIVE and moves(diagram.main):
        help = "rk4, with more steps a tick if need be, can be: --set time.method=rk4"
        message = f"gradients can't go back through the adaptive method '{method}'"
        raise _bad(document, message, "ticks" if "ticks" in train.model_fields_set else "", help=help)
    rows = train.data.episode if train.data is not None else "row"
    at = train.loss.at if isinstance(train.loss, LossAt) else "last"
    plain = Episode(1, time.dt, method, time.steps, at)
    if train.is_endless:
        return _endless(document, plain, longest)
    horizon = None if train.horizon == "all" else int(train.horizon)
    if rows != "row":
        return _of_rows(document, replace(plain, horizon=horizon), longest)
    if "ticks" not in train.model_fields_set:
        if moves(diagram.main, kept=False):
            raise _moving(diagram, document)
        if train.data is not None and train.data.sequences:
            help = "ticks: data takes as many as the sequences have"
            raise _bad(document, "sequences need 'ticks'", "data", "sequences", help=help)
        return plain if moves(diagram.main) else None
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
    return replace(plain, ticks=ticks, horizon=horizon, sequences=frozenset(lengths))


def _endless(document: LoadedDocument, plain: Episode, longest: int) -> Episode:
    """All rows are one episode; what is learned moves after as many ticks as the horizon has, at most as many
    as there are rows."""
    train = document.document.train
    assert train is not None
    given = train.model_fields_set
    if "ticks" in given:
        message = "an episode of all rows has as many ticks as there are rows"
        raise _bad(document, message, "ticks", help="leave it out; 'horizon' says how far gradients go")
    if "batch" in given and train.batch != 1:
        raise _bad(document, "all rows are one episode, so a batch is one example", "batch", help="batch: 1")
    if "shuffle" in given and train.shuffle:
        message = "the rows of an episode come in the order of the file"
        raise _bad(document, message, "shuffle", help="shuffle: false")
    if isinstance(train.loss, LossAt) and train.loss.at != "each":
        message = "an episode that never ends has no last tick: its loss counts at each"
        raise _bad(document, message, "loss", help="{at: each, is: …}, or the expression alone")
    for part, value in (train.data.split if train.data is not None else Split()).model_dump().items():
        if isinstance(value, float):
            message = "the rows of an episode come in the order of the file, so its parts are pieces of it"
            raise _bad(document, message, "data", "split", part, help=f"{part}: last 100")
    horizon = 1 if train.horizon == "all" else int(train.horizon)
    if longest > 1:
        horizon = min(horizon, longest)
    return replace(
        plain, ticks=horizon, at="each", sequences=_given(document), ragged=horizon > 1, goes_on=True
    )


def _of_rows(document: LoadedDocument, plain: Episode, longest: int) -> Episode:
    """An episode is several rows."""
    train = document.document.train
    assert train is not None
    given = "ticks" in train.model_fields_set and train.ticks != "data"
    found = int(train.ticks) if given else longest
    return replace(plain, ticks=found, sequences=_given(document), ragged=True)


def _given(document: LoadedDocument) -> frozenset[str]:
    """The names of all inputs and targets. Raises Problem: bad-episode."""
    train = document.document.train
    if train is None or train.data is None:
        return frozenset()
    if train.data.sequences:
        message = "where every row is a tick, all inputs and targets are sequences already"
        raise _bad(document, message, "data", "sequences", help="name their columns under inputs and targets")
    return frozenset({*train.data.inputs, *train.data.targets})


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
    if "live" in document.root:
        help = "it predicts and learns row by row: dilsctl live RUN ROWS --new goes on with it"
    if "train" in document.root:
        span = document.root.key_span("train")
    return Problem.of("moving-state", message, span, help=help)


def _bad(document: LoadedDocument, message: str, *path: str, help: str = "") -> Problem:
    return Problem.of("bad-episode", message, document.span("train", *filter(None, path)), help=help)
