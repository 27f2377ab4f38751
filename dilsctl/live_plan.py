"""What a ``live`` block asks for: what a row is, and whether a prediction can be made before the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from dilsctl.diagnostics import Problem, SourceSpan, did_you_mean
from dilsctl.diagram import Diagram, method_for, moves
from dilsctl.elaborate.written import Written
from dilsctl.episodes import episode_of
from dilsctl.ir import Program
from dilsctl.objective import Objective, column_count, read_objective
from dilsctl.passes.unroll import Episode
from dilsctl.syntax.simulate import ADAPTIVE

if TYPE_CHECKING:
    from dilsctl.documents import LoadedDocument

Columns = Mapping[str, Any]


def live_columns(root: Any, diagram: Diagram) -> tuple[dict[str, Any], dict[str, Any]]:
    """The columns of each input and target: as in the live block, else the train block, else of its name."""
    live: Any = root.get("live") or {}
    data: Any = (root.get("train") or {}).get("data") or {}
    inputs = {name: name for name in diagram.main.inputs}
    inputs |= {**(data.get("inputs") or {}), **(live.get("inputs") or {})}
    targets = {**(data.get("targets") or {}), **(live.get("targets") or {})}
    truth = live.get("truth")
    if truth is not None and truth not in inputs:
        targets.setdefault(truth, truth)
    return inputs, targets


def live_objective(root: Any, diagram: Diagram) -> Objective:
    """The loss of the train block, and its metrics with those of the live block."""
    found = read_objective(root)
    live: Any = root.get("live") or {}
    metrics: Any = live.get("metrics") or {}
    written = {name: Written(metrics[name], metrics.value_span(name)) for name in metrics}
    _, targets = live_columns(root, diagram)
    counts = {name: column_count(columns) for name, columns in targets.items()} | found.targets
    return replace(found, metrics={**found.metrics, **written}, targets=counts)


def live_episode(document: LoadedDocument, diagram: Diagram) -> Episode | None:
    """A row is an example where it is in training; else all rows are one episode, each a tick.

    Raises Problem: bad-live, and those of ``episode_of``.
    """
    train, time = document.document.train, document.document.time
    by_row = train is not None and ("ticks" in train.model_fields_set or not moves(diagram.main, kept=False))
    if train is not None and train.data is not None and train.data.episode not in ("row", "all"):
        help = "episode: all makes one episode of all rows"
        raise _bad(document, "rows of a stream can't be put together by a column", ("train",), help)
    if train is not None and (train.is_endless or by_row):
        episode = episode_of(document, diagram)
        if episode is not None and episode.goes_on and episode.ticks > 1:
            help = "live learns after every row: leave 'horizon' out"
            raise _bad(document, f"a horizon of {episode.ticks} rows", ("train",), help)
        return episode
    if not moves(diagram.main):
        return None
    method = method_for(time.method, diagram.main)
    if method in ADAPTIVE:
        help = "rk4, with more steps a tick if need be, can be"
        raise _bad(document, f"a row is a tick, and the method '{method}' has none", (), help)
    names = frozenset(name for columns in live_columns(document.root, diagram) for name in columns)
    return Episode(1, time.dt, method, time.steps, "each", None, names, goes_on=True)


def check_live(document: LoadedDocument, diagram: Diagram, program: Program) -> None:
    """Find out whether a stream could be lived on. ``program``: the flat one. Raises Problem: bad-live."""
    block = document.document.live
    if block is None:
        return
    main = diagram.main
    if block.predict not in main.outputs:
        known = ", ".join(main.outputs) or "none"
        help = did_you_mean(block.predict, main.outputs) or f"its outputs: {known}"
        raise _bad(document, f"the main box has no output '{block.predict}'", ("predict",), help)
    for name in live_columns(document.root, diagram)[0]:
        if name not in main.inputs:
            help = did_you_mean(name, main.inputs)
            raise _bad(document, f"the main box has no input '{name}'", ("inputs", name), help)
    if block.truth in main.inputs and _depends(program, block.truth, block.predict):
        message = f"the prediction '{block.predict}' depends, within a tick, on the truth '{block.truth}'"
        help = "what is predicted must be known before: let the truth reach it through a state"
        raise _bad(document, message, ("truth",), help)
    if block.key is not None and moves(main, kept=False):
        message = "states that move with every row can't wait for a truth that comes later"
        help = "leave 'key' out; kept states and learned ones can wait"
        raise _bad(document, message, ("key",), help)
    rate = _schedule(document.root)
    if rate is not None:
        message = f"a schedule of the learning rate ('{rate}') needs an end, and a stream has none"
        raise _bad(document, message, ("train",), "give the rate as a number")
    _check_comparable(document, program, block.predict, block.truth)
    live_episode(document, diagram)


def _schedule(root: Any) -> str | None:
    """The name of the schedule of the optimiser's rate, if it has one."""
    optimiser: Any = (root.get("train") or {}).get("optimiser")
    for options in optimiser.values() if isinstance(optimiser, Mapping) else ():
        rate: Any = (options or {}).get("rate")
        if isinstance(rate, Mapping):
            return str(next(iter(rate), ""))
    return None


def _check_comparable(document: LoadedDocument, program: Program, predict: str, truth: str) -> None:
    """Refuse a prediction that can't be right or wrong about the truth."""
    told = program.inputs.get(truth)
    if told is None:
        return
    said, wanted = program.outputs[f"port.{predict}"].type, told.type
    same = said.shape == wanted.shape
    chances = said.kind in ("real", "simplex") and said.shape == (*wanted.shape, wanted.classes)
    fits = {
        "class": chances or (same and said.kind == "class" and said.classes == wanted.classes),
        "bool": same and said.kind in ("bool", "real"),
    }.get(wanted.kind, same and said.kind in ("real", "int", "simplex"))
    if fits:
        return
    wants = {
        "class": f"a class {wanted.classes}, or {wanted.classes} numbers of which the greatest is meant",
        "bool": "a bool, or a number that is above one half for true",
    }.get(wanted.kind, f"'{wanted}'")
    message = f"the prediction '{predict}' is '{said}', and the truth '{truth}' is '{wanted}'"
    raise _bad(document, message, ("predict",), f"predict {wants}")


def _depends(program: Program, source: str, port: str) -> bool:
    """Whether an output depends on an input within a tick."""
    reached = {program.inputs[source]} if source in program.inputs else set()
    for eqn in program.eqns:
        if not reached.isdisjoint(eqn.inputs):
            reached.update(eqn.outputs)
    return program.outputs[f"port.{port}"] in reached


def _bad(document: LoadedDocument, message: str, path: tuple[str, ...], help: str = "") -> Problem:
    root: Any = document.root
    block: Any = root.get("live") or {}
    span: SourceSpan | None = root.key_span("live") if "live" in root else None
    if path and path[0] == "train":
        span = root.key_span("train")
    elif path and path[0] in block:
        span = document.span("live", *path)
    return Problem.of("bad-live", message, span, help=help, file=document.file.name)
