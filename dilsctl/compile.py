"""From a diagram to the program that runs: the order of the passes, with a check after each."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from weakref import WeakKeyDictionary

from dilsctl.diagnostics import Diagnostic, Label, Problem, Report, Severity, SourceSpan
from dilsctl.diagram import Diagram, holes, method_for
from dilsctl.documents import LoadedDocument
from dilsctl.elaborate.known import presences
from dilsctl.episodes import episode_of
from dilsctl.feeding import fed
from dilsctl.garbage import collection_off
from dilsctl.ir import CLOCK, Eqn, Program, Type
from dilsctl.live_plan import check_live, live_objective
from dilsctl.loops import flatten_in_order
from dilsctl.lower import Flat, FlatState
from dilsctl.objective import Objective, add_objective, program_of, read_objective, without_losses
from dilsctl.passes.apply_potential import apply_potential
from dilsctl.passes.batch import batch
from dilsctl.passes.drop_dead import drop_dead
from dilsctl.passes.edge import detect_edges
from dilsctl.passes.fold_bias import fold_bias
from dilsctl.passes.integrate import SEPARATED, integrate
from dilsctl.passes.pair_products import pair_products
from dilsctl.passes.pool_products import pool_products
from dilsctl.passes.separate import separate
from dilsctl.passes.share_common import share_common
from dilsctl.passes.simplify import simplify
from dilsctl.passes.sparsify import sparsify
from dilsctl.passes.stack_isomorphic import stack_isomorphic
from dilsctl.passes.unroll import FIRST_STATE, At, Episode, beginning, unroll
from dilsctl.pooling import refuse_unpooled
from dilsctl.reach import unforced_states, unreached_states
from dilsctl.sizes import refuse_large
from dilsctl.train_names import check_train_names
from dilsctl.values import key_span_at
from dilsctl.verify import verify

Pass = tuple[str, Callable[[Program], Program]]

TIDY: tuple[Pass, ...] = (("simplify", simplify), ("share_common", share_common), ("drop_dead", drop_dead))
"""After a pass that writes equations."""

FORWARD: tuple[Pass, ...] = (
    ("share_common", share_common),
    ("drop_dead", drop_dead),
    ("stack_isomorphic", stack_isomorphic),
    ("sparsify", sparsify),
    ("batch", batch),
    ("pool_products", pool_products),
    ("pair_products", pair_products),
    ("simplify", simplify),
    ("share_common", share_common),
    ("fold_bias", fold_bias),
    ("drop_dead", drop_dead),
)


LONG = 60_000  # equations of an episode, from which on it is run in pieces


@dataclass(frozen=True, slots=True, eq=False)
class Pieces:
    """An episode that is run piece by piece. ``begin``: what its states begin with. ``ticks``: those of each
    piece in order. ``plain``: the program of a piece by its ticks; ``last``: that of the last one, with what
    the episode shows and its loss. ``linked``: gradients go from piece to piece."""

    begin: Program
    ticks: tuple[int, ...]
    plain: dict[int, Program]
    last: Program
    linked: bool


@dataclass(frozen=True, slots=True, eq=False)
class Compiled:
    """A compiled diagram. ``program`` has the outputs ``port.NAME`` and, with an objective, ``loss`` (one
    number an example) and ``metric.NAME``. ``episode``: what an example is, if it is more than one tick of
    what does not move; then updates are those of states that live on from example to example. ``single``:
    the same program for an episode of one tick. ``pieces``: of an episode that is too long for one program,
    which then is that of its last piece. ``stages`` has the program after each pass, if kept."""

    program: Program
    states: dict[str, FlatState]
    inputs: dict[str, Type]
    targets: dict[str, Type]
    episode: Episode | None
    single: Program
    pieces: Pieces | None = None
    stages: list[tuple[str, Program]] = field(default_factory=list)

    @property
    def plan_hash(self) -> str:
        """A digest of the plan: equal for equal operations, shapes and states, whatever the names."""
        from dilsctl.plan_text import plan_hash

        return plan_hash(self.program)


def run_passes(
    program: Program, passes: tuple[Pass, ...], stages: list[tuple[str, Program]] | None = None
) -> Program:
    """Verify a program, run passes in order, and verify it after each. An equation is typed once."""
    well_typed: set[Eqn] = set()
    verify(program, "before", well_typed)
    for name, apply in passes:
        program = apply(program)
        verify(program, name, well_typed)
        if stages is not None:
            stages.append((name, program))
    return program


_FLATTENED: WeakKeyDictionary[Diagram, tuple[Flat, Program]] = WeakKeyDictionary()


def flattened(diagram: Diagram) -> tuple[Flat, Program]:
    """The flat diagram and its program. What is checked and then compiled is flattened once."""
    if diagram not in _FLATTENED:
        flat = flatten_in_order(diagram.main)
        refuse_large(flat)
        _FLATTENED[diagram] = (flat, apply_potential(program_of(flat), flat.potentials, flat.answers))
    return _FLATTENED[diagram]


@collection_off()
def compile_diagram(
    diagram: Diagram,
    objective: Objective | None = None,
    *,
    episode: Episode | None = None,
    optimise: bool = True,
    keep_stages: bool = False,
) -> Compiled:
    """Flatten and optimise a diagram. ``episode``: over so many ticks, as one program.

    Raises Problem: hole-in-run, algebraic-loop, those of the objective and of an episode.
    """
    flat, program = flattened(diagram)
    if episode is not None and episode.goes_on:
        refuse_learned_beginnings(flat)
    if objective is None:
        program = without_losses(program)
    else:
        program = add_objective(program, objective, presences=presences(diagram.main))
    program, edges = detect_edges(program, flat.triggers)
    if not optimise:
        program = batch(program)
        verify(program, "batch")
    stages: list[tuple[str, Program]] = [("flatten", program)] if keep_stages else []
    types = {name: var.type for name, var in program.inputs.items()}
    if episode is not None and episode.method in SEPARATED:
        program = separate(program)
    if optimise:
        program = run_passes(program, FORWARD, stages if keep_stages else None)
    states = {one.path: one for one in (*flat.states, *edges)}
    single = program = program if episode is not None else replace(program, updates={}, rates={})
    pieces: Pieces | None = None
    if episode is not None:
        flows = episode
        moved = run_passes(
            program, (("integrate", lambda one: integrate(one, flows.method, flows.dt, flows.steps)),)
        )
        added: tuple[FlatState, ...] = (FIRST_STATE,)
        if _is_long(moved, episode):
            pieces = _in_pieces(moved, episode, states)
            program = pieces.last
        else:
            program, added = _over_time(moved, episode, states)
        longer = episode.goes_on and episode.ticks > 1
        single = _over_time(moved, replace(episode, ticks=1, ragged=False), states)[0] if longer else program
        states |= {one.path: one for one in added}
        if keep_stages:
            stages.append(("unroll", program))
        types = {name: var.type for name, var in program.inputs.items()}
        if pieces is not None:
            shapes = {name: moved.inputs[name].type for name in episode.sequences if name in moved.inputs}
            types |= {name: type.with_shape((episode.ticks, *type.shape)) for name, type in shapes.items()}
    return Compiled(
        program,
        states,
        {name: type for name, type in types.items() if name in flat.inputs},
        {name: type for name, type in types.items() if name not in flat.inputs and name not in CLOCK},
        episode,
        single,
        pieces,
        stages,
    )


def refuse_learned_beginnings(flat: Flat) -> None:
    """Of an episode that never ends. Raises Problem: bad-initial."""
    for one in flat.states:
        if one.state.initial is not None and one.state.initial.rule == "state":
            message = f"'{one.path}' begins as a learned state, and an episode of all rows begins but once"
            help = "episode: {by: COLUMN} has many beginnings; or give it a value"
            raise Problem.of("bad-initial", message, one.state.span, help=help)


def _is_long(program: Program, episode: Episode) -> bool:
    """Is an episode run in pieces? Not where examples differ in length, or a kept state moves within it."""
    size = len(program.eqns) * episode.ticks
    alike = not episode.ragged and not episode.goes_on and program.kept.isdisjoint(program.updates)
    return alike and size > LONG and episode.ticks > 1


def _in_pieces(program: Program, episode: Episode, states: dict[str, FlatState]) -> Pieces:
    """The programs of an episode's pieces. They are as long as the horizon, or else about as many as a piece
    has ticks, so that memory grows with the square root of the episode."""
    cut = episode.horizon if episode.horizon is not None and episode.horizon < episode.ticks else None
    size = cut or math.isqrt(episode.ticks - 1) + 1
    rest = episode.ticks % size
    ticks = (*((rest,) if rest else ()), *[size] * (episode.ticks // size))
    piece = replace(episode, horizon=None, goes_on=True)
    between: At = "each" if episode.at == "each" else "last"

    def one(length: int, at: At) -> Program:
        return _over_time(program, replace(piece, ticks=length, at=at), states)[0]

    return Pieces(
        run_passes(beginning(program, piece, states), TIDY),
        ticks,
        {length: one(length, between) for length in dict.fromkeys(ticks)},
        one(ticks[-1], episode.at),
        cut is None,
    )


def _over_time(
    program: Program, episode: Episode, states: dict[str, FlatState]
) -> tuple[Program, tuple[FlatState, ...]]:
    """The program of an episode, and the states that it adds."""
    found = unroll(program, episode, states)
    verify(found.program, "unroll")
    return run_passes(found.program, TIDY), found.added


def _spans(diagram: Diagram) -> dict[str, SourceSpan]:
    """Where the ports of the main box are declared."""
    ports = (*diagram.main.inputs.values(), *diagram.main.outputs.values())
    return {one.name: one.span for one in ports if one.span is not None}


def _inseparable(document: LoadedDocument, diagram: Diagram, program: Program) -> tuple[Diagnostic, ...]:
    """Why a symplectic method can't move what flows, where the file says how it is run and names one, or
    leaves the method open."""
    if document.root.keys().isdisjoint({"time", "simulate"}):
        return ()
    if method_for(document.document.time.method, diagram.main) not in SEPARATED:
        return ()
    try:
        separate(without_losses(program))
    except Problem as problem:
        place = key_span_at(document.root, ("time", "method") if "time" in document.root else ("simulate",))
        named = document.document.time.method is not None
        label = Label(place, "" if named else "as no method is named, it is symplectic")
        return tuple(replace(one, primary=label) for one in problem.diagnostics)
    return ()


def _open(diagram: Diagram, paths: Sequence[str]) -> Diagnostic:
    """The note that a diagram has holes: it is sound as far as it goes."""
    main = diagram.main
    where = Label(main.span) if main.span is not None else None
    help = "it can be checked and composed; to run it, fill them"
    if main.hole:
        message, help = f"the main box '{main.name}' is a hole itself", "put a box in its place to run it"
    else:
        shown = ", ".join(paths[:6]) + (", …" if len(paths) > 6 else "")
        message = f"the main box has {len(paths)} hole{'s' if len(paths) > 1 else ''}: {shown}"
    return Diagnostic("open-holes", message, where, (), help, Severity.NOTE)


@collection_off()
def check(document: LoadedDocument, diagram: Diagram, report: Report) -> None:
    """Static checks that need the flat diagram: loops, sizes, the objective, learned states out of reach."""
    train = document.root.get("train")
    if train:
        check_train_names(train, diagram.main, report)
    try:
        diagram = fed(document, diagram)
    except Problem as problem:
        report.extend(problem.diagnostics)
        return
    left = holes(diagram.main)
    if left:
        report.add(_open(diagram, [path for path, _ in left]))
        return
    block, live = document.document.train, document.document.live
    trained = block is not None and (live is None or block.data is not None)
    if trained:
        try:
            episode_of(document, diagram)
        except Problem as problem:
            report.extend(problem.diagnostics)
            return
    objective = read_objective(document.root) if live is None else live_objective(document.root, diagram)
    try:
        flat, program = flattened(diagram)
        if trained and block is not None and block.is_endless:
            refuse_learned_beginnings(flat)
        if trained and block is not None and block.batch > 1 and not block.is_endless:
            refuse_unpooled(flat, program, "examples of a batch", "say batch: 1")
        program = add_objective(program, objective, _spans(diagram), presences(diagram.main))
    except Problem as problem:
        report.extend(problem.diagnostics)
        return
    report.extend(unforced_states(flat))
    report.extend(_inseparable(document, diagram, program))
    try:
        check_live(document, diagram, program)
    except Problem as problem:
        report.extend(problem.diagnostics)
        return
    learned = [one for one in flat.states if one.state.learn is not None]
    if not learned:
        return
    if "loss" not in program.outputs:
        if "train" in document.root:
            report.error(
                "missing-loss",
                "nothing says what training should make small",
                document.root.key_span("train"),
                help="give 'loss' an expression here, or give a box a loss of its own",
            )
        return
    report.extend(unreached_states(diagram.main, program, flat.states))
