"""The verb ``simulate``: a diagram's main box, run for a time, and what was recorded of it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dilsctl.batches import Feed
from dilsctl.checkpoints import Position, encode, read_checkpoint
from dilsctl.compile import flattened
from dilsctl.course import Course
from dilsctl.diagnostics import Problem, did_you_mean
from dilsctl.engine.running import CHECKED, Running
from dilsctl.ir import CLOCK, Program, Type
from dilsctl.limits import MOST_ELEMENTS
from dilsctl.motion import Flow, Motion, compile_flow, compile_motion
from dilsctl.passes.edge import BEFORE
from dilsctl.syntax.simulate import ADAPTIVE
from dilsctl.trace import Array, Trace

if TYPE_CHECKING:
    from dilsctl.diagram import Diagram
    from dilsctl.engine.scalar import Ticks

Progress = Callable[[int, int], None]  # ticks done, of how many


class Simulation:
    """A diagram and its course, ready to run."""

    def __init__(
        self,
        diagram: Diagram,
        course: Course,
        *,
        runs: int = 1,
        sweep: Mapping[str, Array] | None = None,
        given: Mapping[str, Array] | None = None,
    ) -> None:
        """``sweep``: what differs from run to run: (runs,) values by name, ``params.NAME`` of a parameter
        that ``diagram`` takes as an input, or a state's path. ``given``: inputs by tick, as in the course."""
        self.diagram = diagram
        self.course = course
        self.feed = Feed(course.batches) if course.batches is not None else None
        if course.batches is not None:
            if runs > 1 or sweep:
                message = "a batch has as many runs as it has rows: there can't be others beside them"
                raise Problem.of("bad-simulation", message, course.where, help="one simulation for each")
            runs = course.batches.size
        self.runs = runs
        self.sweep = dict(sweep or {})
        self.given = {**course.given, **(given or {})}
        self.motion = self._compile()
        self.running = self._running(self.motion)
        self.stopped = False
        for name, values in self.sweep.items():
            if not name.startswith("params."):
                self._begin_at(name, values)
        self.names = self._recorded()
        self._by_numbers: Ticks | None = None

    @property
    def ticks(self) -> int:
        """How many ticks it has run."""
        return self.running.tick

    @property
    def time(self) -> float:
        """Now."""
        return self.running.time

    def _compile(self) -> Motion | Flow:
        course, main = self.course, self.diagram.main
        told = {*self.given, *(course.batches.columns if course.batches is not None else ())}
        drives = {name: one for name, one in course.drives.items() if name not in told}
        wanted = [name for name in flattened(self.diagram)[1].inputs if name not in CLOCK]
        for name, written in drives.items():
            if name not in wanted:
                help = did_you_mean(name, main.inputs) or "write it as simulate: {inputs: {NAME: EXPRESSION}}"
                raise Problem.of(
                    "unknown-port", f"the main box has no input '{name}'", written.span, help=help
                )
        for name in wanted:
            if name not in drives and name not in told and not name.startswith("params."):
                help = f"say what it is: simulate: {{inputs: {{{name}: EXPRESSION of t}}}}, or give data"
                message = f"nothing is said of the input '{name}'"
                raise Problem.of("missing-input", message, course.where, help=help)
        if course.method in ADAPTIVE and course.batches is not None:
            message = f"a batch takes fixed steps, and '{course.method}' finds its own"
            raise Problem.of("bad-simulation", message, course.where, help="time: {method: rk4}")
        if course.method in ADAPTIVE:
            return compile_flow(self.diagram, drives=drives, runs=self.runs)
        return compile_motion(
            self.diagram, course.method, course.dt, course.steps, drives=drives, runs=self.runs
        )

    def _running(self, motion: Motion | Flow) -> Running:
        course = self.course
        if isinstance(motion, Flow):
            from dilsctl.engine.adaptive import Adaptive

            return Adaptive(
                motion, self.runs, dt=course.dt, method=course.method, rtol=course.rtol, atol=course.atol,
                precision=course.precision, seed=course.seed, held=bool(self.given),
            )  # fmt: skip
        return Running(
            motion, self.runs, dt=course.dt, precision=course.precision, seed=course.seed,
        )  # fmt: skip

    def _begin_at(self, path: str, values: Array) -> None:
        running = self.running
        if path not in running.states or not running.per_run[path]:
            help = did_you_mean(path, running.states) or f"its moving states: {', '.join(running.states)}"
            message = f"there is no parameter or moving state '{path}' to sweep"
            raise Problem.of("bad-simulation", message, help=help)
        type = self.motion.states[path].var.type
        if type.kind != "real":
            message = f"'{path}' is '{type}': only real states can be swept"
            raise Problem.of("bad-simulation", message, help="sweep a parameter that it begins with")
        running.states[path][...] = values

    # -- recording --------------------------------------------------------------------------------

    def _recorded(self) -> dict[str, tuple[str, Type]]:
        """What is recorded: name -> (where it is found: port.NAME or a state's path, its type)."""
        outputs, states = self.diagram.main.outputs, self.motion.states
        found: dict[str, tuple[str, Type]] = {}
        wanted = (
            self.course.record
            or tuple(outputs)
            or tuple(
                path
                for path in self.running.states
                if self.running.per_run[path] and not path.endswith(f".{BEFORE}")
            )
        )
        for name in wanted:
            if name in outputs:
                found[name] = (f"port.{name}", outputs[name].type)
            elif name in self.running.states:
                found[name] = (name, states[name].var.type)
            else:
                known = [*outputs, *self.running.states]
                help = did_you_mean(name, known) or f"there is {', '.join(known[:12])}"
                message = f"there is no output or state '{name}' to record"
                raise Problem.of("bad-simulation", message, self.course.where, help=help)
        records = self.course.ticks // self.course.every + 2
        self._check_rows(found)
        size = sum(type.size for _, type in found.values()) * records * self.shown
        if size > MOST_ELEMENTS:
            message = f"{size} numbers would be recorded; at most {MOST_ELEMENTS} can be"
            help = "record fewer names, or fewer ticks: simulate: {record: […], every: 100}"
            raise Problem.of("too-large", message, self.course.where, help=help)
        return found

    def _of_each_run(self, where: str) -> bool:
        """Does it differ from run to run?"""
        running = self.running
        if where in running.states:
            return running.per_run[where]
        return self.motion.tick.outputs[where].batched

    def _check_rows(self, found: dict[str, tuple[str, Type]]) -> None:
        """With a batch, what is pooled is recorded, unless more is asked for. Raises Problem."""
        self.shown = self.runs  # runs that are recorded
        batches = self.course.batches
        if batches is None:
            return
        pooled = {name: one for name, one in found.items() if not self._of_each_run(one[0])}
        if pooled and not self.course.record:
            for name in found.keys() - pooled.keys():
                del found[name]
        if len(pooled) == len(found):
            self.shown = 1
        name = next((one for one in found if one not in pooled), "")
        moving = next((path for path, one in self.running.per_run.items() if one), "")
        if batches.rest and (name or moving):
            what = f"the state '{moving}' differs" if moving else f"'{name}' is recorded, which differs"
            message = (
                f"{what} from row to row, and the last batch has only {batches.rest} of {batches.size} rows"
            )
            help = "take a batch that divides the number of rows, pool(…) what is recorded, or batch: 1"
            raise Problem.of("bad-simulation", message, self.course.where, help=help)

    def run(self, progress: Progress | None = None) -> Trace:
        """Run to the end, or until interrupted (``stopped`` is true then). Raises Problem: not-finite."""
        running, course = self.running, self.course
        first = running.tick
        begin = -(-first // course.every) * course.every
        at = [*range(begin, course.ticks, course.every), course.ticks]
        times = np.array(at) * course.dt
        values = {
            name: np.empty((len(at), *type.shape, self.shown), self._dtype(where))
            for name, (where, type) in self.names.items()
        }
        row = 0
        kept = running.copy()
        of_one_size = course.batches is None or not course.batches.rest
        small = self._small() if running.small and of_one_size else None
        with _interrupts() as interrupted, np.errstate(all="ignore"):
            while running.tick < course.ticks:
                if interrupted():
                    self.stopped = True
                    break
                if small is not None:
                    count = min(CHECKED - running.tick % CHECKED, course.ticks - running.tick)
                    rows = small.go(running.tick, count, course.every, self._inputs)
                    running.tick += count
                    if rows:
                        self._keep_rows(values, row, small, rows)
                    row += len(rows)
                else:
                    wanted = running.tick == at[row]
                    if wanted:
                        self._keep_states(values, row)
                    shown = running.advance(self._inputs(running.tick))
                    if wanted:
                        self._keep_ports(values, row, shown)
                        row += 1
                if running.tick % CHECKED == 0:
                    if running.not_finite() is not None:
                        raise self._not_finite(kept, running.tick - CHECKED)
                    if running.tick < course.ticks:
                        kept = running.copy()
                    if progress is not None:
                        progress(running.tick - first, course.ticks - first)
            if not self.stopped:
                if running.not_finite() is not None:
                    raise self._not_finite(kept, max(first, running.tick - running.tick % CHECKED))
                if small is not None:
                    self._keep_rows(values, row, small, small.look(running.tick, self._inputs))
                else:
                    self._keep_states(values, row)
                    self._keep_ports(values, row, running.look(self._inputs(running.tick)))
                row += 1
        if progress is not None:
            progress(running.tick - first, course.ticks - first)
        return Trace(
            times[:row],
            {name: array[:row] for name, array in values.items()},
            {name: type for name, (_, type) in self.names.items()},
            self.shown,
            {name.removeprefix("params."): array for name, array in self.sweep.items()},
            running.copy(),
        )

    def _dtype(self, where: str) -> Any:
        from dilsctl.engine.kernels import dtype_of

        running = self.running
        if where in running.states:
            return running.states[where].dtype
        return dtype_of(self.motion.tick.outputs[where].type.kind, running.real)

    def _keep_states(self, values: Mapping[str, Array], row: int) -> None:
        running = self.running
        for name, (where, _) in self.names.items():
            if where in running.states:
                view = running.states[where]
                values[name][row] = view if running.per_run[where] else view[..., None]

    def _keep_ports(self, values: Mapping[str, Array], row: int, shown: Mapping[str, Array]) -> None:
        for name, (where, _) in self.names.items():
            if where in shown:
                batched = self.motion.tick.outputs[where].batched
                values[name][row] = shown[where] if batched else shown[where][..., None]

    def _small(self) -> Ticks:
        """The ticks number by number, with what is recorded."""
        if self._by_numbers is not None:
            return self._by_numbers
        states = self.running.states
        ports = [where for where, _ in self.names.values() if where not in states]
        paths = [where for where, _ in self.names.values() if where in states]
        fixed = [name for name in self.sweep if name.startswith("params.")]
        self._by_numbers = self.running.ticks(ports, paths, fixed)
        return self._by_numbers

    def _keep_rows(
        self, values: Mapping[str, Array], row: int, ticks: Ticks, rows: Sequence[tuple[Any, ...]]
    ) -> None:
        found = ticks.columns(rows)
        for name, (where, _) in self.names.items():
            one = found[where]
            values[name][row : row + len(rows)] = one if self._of_each_run(where) else one[..., None]

    def _inputs(self, tick: int) -> dict[str, Array]:
        if self.feed is not None:
            return self.feed.at(tick)
        found = {}
        for name, rows in self.given.items():
            found[name] = rows[min(tick, len(rows) - 1)][..., None]
        for name, values in self.sweep.items():
            if name.startswith("params."):
                found[name] = values
        return found

    def _not_finite(self, kept: Mapping[str, Array], tick: int) -> Problem:
        """Go through the last ticks again, to say where and when it happened."""
        running = self.running
        running.restore(kept, tick)
        while (found := running.not_finite()) is None:
            running.advance(self._inputs(running.tick))
        path, run = found
        which = f" in run {run}" if self.runs > 1 else ""
        state = self.motion.states.get(path.partition("[")[0])
        message = (
            f"the state '{path}' is no finite number{which} at t = {running.time:.6g} (tick {running.tick})"
        )
        return Problem.of(
            "not-finite", message, state.state.span if state is not None else None,
            help="a smaller dt, more steps a tick or another method may help: --set time.dt=…",
        )  # fmt: skip

    def take_up(self, learned: Mapping[str, Array]) -> None:
        """Begin with what was learned, in place of initial values."""
        for path, value in learned.items():
            if path in self.running.states:
                self.running.states[path][...] = value
        self.running.begin_as_learned()

    # -- saving -----------------------------------------------------------------------------------

    @property
    def _identity(self) -> Program:
        """What makes the diagram what it is: all that runs at a tick."""
        motion = self.motion
        if isinstance(motion, Motion):
            return motion.tick
        programs = (motion.settle, motion.slope, motion.watch, motion.jump, motion.clock)
        eqns = {eqn: None for one in programs for eqn in one.eqns}
        updates = {**motion.jump.updates, **motion.clock.updates}
        return replace(motion.settle, eqns=tuple(eqns), updates=updates)

    @property
    def plan_hash(self) -> str:
        """A digest of what runs at a tick."""
        from dilsctl.plan_text import plan_hash

        return plan_hash(self._identity)

    @property
    def _swept(self) -> str:
        """What is swept, in short; empty if nothing is."""
        import zlib

        parts = [f"{name}:{zlib.crc32(one.tobytes()):08x}" for name, one in self.sweep.items()]
        return " ".join(parts)

    def saved(self) -> bytes:
        """Where it stands, as the bytes of a file."""
        course = self.course
        tick, states = self.running.resumable()
        where = {**_settings(course), "sweep": self._swept}
        position = Position(0, tick, course.seed, self.runs, self.plan_hash, environment=where)
        return encode(states, {}, position)

    def go_on_from(self, path: Path) -> None:
        """Take up a saved state. Raises Problem: bad-state, no-checkpoint, bad-checkpoint."""
        found = read_checkpoint(path)
        position, course = found.position, self.course
        facts = {**position.environment, "seed": position.seed, "runs": position.batch}
        mine = {**_settings(course), "seed": course.seed, "runs": self.runs, "sweep": self._swept}
        differ = [
            f"{key} was {facts.get(key)} and is {value}"
            for key, value in mine.items()
            if facts.get(key) != value
        ]
        if not differ and position.plan != self.plan_hash:
            differ = ["its boxes, wires or laws have changed"]
        if differ:
            message = f"'{path}' is the state of another simulation: {'; '.join(differ)}"
            help = "go on with the file and settings that it was saved with"
            raise Problem.of("bad-state", message, help=help, file=str(path))
        if position.step > course.ticks:
            time = position.step * course.dt
            message = (
                f"'{path}' is the state at t = {time:g}, and the end is at t = {course.ticks * course.dt:g}"
            )
            raise Problem.of("bad-state", message, help="go on for longer: --until TIME", file=str(path))
        self.running.restore(found.states, position.step)


def _settings(course: Course) -> dict[str, Any]:
    """What a saved state must have in common with the run that goes on from it."""
    found: dict[str, Any] = {"dt": course.dt, "method": course.method, "precision": course.precision}
    if course.method in ADAPTIVE:
        return {**found, "rtol": course.rtol, "atol": course.atol}
    return {**found, "steps": course.steps}


@contextmanager
def _interrupts() -> Iterator[Callable[[], bool]]:
    """Within it, an interrupt (Ctrl-C) is noted, and the first one acts only where it is asked for."""
    noted = False

    def note(number: int, frame: Any) -> None:
        nonlocal noted
        if noted:
            raise KeyboardInterrupt
        noted = True

    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: noted
    finally:
        signal.signal(signal.SIGINT, before)
