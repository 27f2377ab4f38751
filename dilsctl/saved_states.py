"""Where a simulation stands, as a file from which another run of it goes on."""

from __future__ import annotations

import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any

from dilsctl.checkpoints import Position, encode, read_checkpoint
from dilsctl.course import Course
from dilsctl.diagnostics import Problem
from dilsctl.ir import Program
from dilsctl.motion import Flow, Motion
from dilsctl.plan_text import plan_hash
from dilsctl.separately import Separately
from dilsctl.simulate import Simulation
from dilsctl.syntax.simulate import ADAPTIVE


def saved(simulation: Simulation | Separately) -> bytes:
    """Where it stands, as the bytes of a file. Raises Problem: bad-state."""
    simulation = _one(simulation)
    course = simulation.course
    tick, states = simulation.running.resumable()
    where = {**_settings(course), "sweep": _swept(simulation)}
    plan = plan_hash(_identity(simulation.motion))
    position = Position(0, tick, course.seed, simulation.runs, plan, environment=where)
    return encode(states, {}, position)


def go_on_from(simulation: Simulation | Separately, path: Path) -> None:
    """Take up a saved state. Raises Problem: bad-state, no-checkpoint, bad-checkpoint."""
    simulation = _one(simulation)
    found = read_checkpoint(path)
    position, course = found.position, simulation.course
    facts = {**position.environment, "seed": position.seed, "runs": position.batch}
    mine = {
        **_settings(course), "seed": course.seed, "runs": simulation.runs, "sweep": _swept(simulation),
    }  # fmt: skip
    differ = [
        f"{key} was {facts.get(key)} and is {value}" for key, value in mine.items() if facts.get(key) != value
    ]
    if not differ and position.plan != plan_hash(_identity(simulation.motion)):
        differ = ["its boxes, wires or laws have changed"]
    if differ:
        message = f"'{path}' is the state of another simulation: {'; '.join(differ)}"
        help = "go on with the file and settings that it was saved with"
        raise Problem.of("bad-state", message, help=help, file=str(path))
    if position.step > course.ticks:
        time = position.step * course.dt
        message = f"'{path}' is the state at t = {time:g}, and the end is at t = {course.ticks * course.dt:g}"
        raise Problem.of("bad-state", message, help="go on for longer: --until TIME", file=str(path))
    simulation.running.restore(found.states, position.step)


def _one(simulation: Simulation | Separately) -> Simulation:
    if isinstance(simulation, Simulation):
        return simulation
    names = ", ".join(simulation.columns)
    message = f"runs with different {names} are different diagrams: no state is kept"
    raise Problem.of("bad-state", message)


def _identity(motion: Motion | Flow) -> Program:
    """What makes the diagram what it is: all that runs at a tick."""
    if isinstance(motion, Motion):
        return motion.tick
    programs = (motion.settle, motion.slope, motion.watch, motion.jump, motion.clock)
    eqns = {eqn: None for one in programs for eqn in one.eqns}
    updates = {**motion.jump.updates, **motion.clock.updates}
    return replace(motion.settle, eqns=tuple(eqns), updates=updates)


def _swept(simulation: Simulation) -> str:
    """What is swept, in short; empty if nothing is."""
    return " ".join(f"{name}:{zlib.crc32(one.tobytes()):08x}" for name, one in simulation.sweep.items())


def _settings(course: Course) -> dict[str, Any]:
    """What a saved state must have in common with the run that goes on from it."""
    found: dict[str, Any] = {"dt": course.dt, "method": course.method, "precision": course.precision}
    if course.method in ADAPTIVE:
        return {**found, "rtol": course.rtol, "atol": course.atol}
    return {**found, "steps": course.steps}
