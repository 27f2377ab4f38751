"""The verb ``simulate``: a diagram's main box, run for a time, and what was recorded of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from dilsctl.batches import Feed
from dilsctl.compile import flattened
from dilsctl.course import Course
from dilsctl.diagnostics import Problem, did_you_mean
from dilsctl.engine.running import CHECKED, Running
from dilsctl.interrupts import interrupts
from dilsctl.ir import CLOCK
from dilsctl.motion import Flow, Motion, compile_flow, compile_motion
from dilsctl.recording import Recording
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
        self.recording = Recording(diagram, course, self.motion, self.running)
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

    def run(self, progress: Progress | None = None) -> Trace:
        """Run to the end, or until interrupted (``stopped`` is true then). Raises Problem: not-finite."""
        running, course = self.running, self.course
        first = running.tick
        begin = -(-first // course.every) * course.every
        at = [*range(begin, course.ticks, course.every), course.ticks]
        times = np.array(at) * course.dt
        recording = self.recording
        values = recording.empty(len(at))
        row = 0
        kept = running.copy()
        of_one_size = course.batches is None or not course.batches.rest
        small = self._small() if running.small and of_one_size else None
        with interrupts() as interrupted, np.errstate(all="ignore"):
            while running.tick < course.ticks:
                if interrupted():
                    self.stopped = True
                    break
                if small is not None:
                    count = min(CHECKED - running.tick % CHECKED, course.ticks - running.tick)
                    rows = small.go(running.tick, count, course.every, self._inputs)
                    running.tick += count
                    recording.keep_rows(values, row, small, rows)
                    row += len(rows)
                else:
                    wanted = running.tick == at[row]
                    if wanted:
                        recording.keep_states(values, row)
                    shown = running.advance(self._inputs(running.tick))
                    if wanted:
                        recording.keep_ports(values, row, shown)
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
                    recording.keep_rows(values, row, small, small.look(running.tick, self._inputs))
                else:
                    recording.keep_states(values, row)
                    recording.keep_ports(values, row, running.look(self._inputs(running.tick)))
                row += 1
        if progress is not None:
            progress(running.tick - first, course.ticks - first)
        return Trace(
            times[:row],
            {name: array[:row] for name, array in values.items()},
            recording.types,
            recording.shown,
            {name.removeprefix("params."): array for name, array in self.sweep.items()},
            running.copy(),
        )

    def _small(self) -> Ticks:
        """The ticks number by number, with what is recorded."""
        if self._by_numbers is None:
            fixed = [name for name in self.sweep if name.startswith("params.")]
            self._by_numbers = self.recording.ticks(fixed)
        return self._by_numbers

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
