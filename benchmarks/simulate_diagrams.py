"""dilsctl on the simulations that are measured: diagrams, and movers made of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from simulate_peers import Mover, Prey, Ring, Spring

if TYPE_CHECKING:
    from dilsctl.engine.running import Running
    from dilsctl.loaded import LoadedDiagram

States = dict[str, np.ndarray]

OSCILLATOR = """
  oscillator:
    params: {frequency: 0}
    in: {left: real, right: real}
    out: {phase: real}
    state: {phase: real = 0}
    rate: {phase: frequency + %r * (sin(left - phase) + sin(right - phase))}
"""

SPRING = """
dils: 1
define:
  integrator:
    params: {start: 0}
    in: {x: real}
    out: {y: real}
    state: {y: real = start}
    rate: {y: x}
  spring:
    boxes: {speed: integrator, place: {box: integrator, with: {start: 1}}}
    wires:
      - -(%r) * place.y - (%r) * speed.y -> speed.x
      - speed.y -> place.x
main: spring
time: {dt: %r, method: rk4}
simulate: {until: 1}
"""

PREY = """
dils: 1
define:
  ecosystem:
    state: {rabbits: real = %r, foxes: real = %r}
    rate:
      rabbits: %r * rabbits - %r * rabbits * foxes
      foxes: %r * rabbits * foxes - %r * foxes
main: ecosystem
time: {dt: %r, method: dopri5, rtol: %r, atol: %r}
simulate: {until: 1}
"""


def _load(text: str) -> LoadedDiagram:
    from dilsctl.loaded import load_diagram

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "diagram.yaml"
        path.write_text(text, encoding="utf-8")
        return load_diagram(path, (), Path(folder))


def ticking(loaded: LoadedDiagram, begin: States, paths: list[str], runs: int = 1) -> Mover:
    """The engine's tick in a bare loop. ``begin``: initial values by path. ``paths``: the states to show."""
    from dilsctl.engine.running import Running
    from dilsctl.motion import compile_motion

    time = loaded.document.document.time
    motion = compile_motion(loaded.diagram, time.method, time.dt, time.steps, runs=runs)
    running = Running(motion, runs, dt=time.dt)
    start = _starting(running, begin)

    def run(ticks: int) -> None:
        for _ in range(ticks):
            running.advance()

    return Mover(start, run, _showing(running, paths))


def simulating(loaded: LoadedDiagram, begin: States, paths: list[str], every: int) -> Mover:
    """The whole loop of ``dilsctl simulate``: it records, looks for numbers that are not finite, and can be
    interrupted."""
    from dataclasses import replace

    from dilsctl.simulate import Simulation

    simulation = loaded.simulation()
    assert isinstance(simulation, Simulation)
    start = _starting(simulation.running, begin)

    def run(ticks: int) -> None:
        simulation.course = replace(simulation.course, ticks=ticks, every=every)
        simulation.run()

    return Mover(start, run, _showing(simulation.running, paths))


def _starting(running: Running, begin: States) -> Callable[[], None]:
    for path, value in begin.items():
        running.states[path][...] = value
    first = running.copy()
    return lambda: running.restore(first, 0)


def _showing(running: Running, paths: list[str]) -> Callable[[], np.ndarray]:
    return lambda: np.concatenate([running.states[path][..., 0].ravel() for path in paths])


# -- rings ----------------------------------------------------------------------------------------


def ring_text(ring: Ring) -> str:
    """The ring as a counted box: one wire to all from their left neighbours, one from their right ones."""
    oscillator = OSCILLATOR.replace("frequency + ", "sin(3 * index) + ") % ring.coupling
    return f"""
dils: 1
define:{oscillator}
  ring:
    params: {{n: {len(ring.phases)}}}
    out: {{phase: real n}}
    boxes: {{cell: {{box: oscillator, count: n}}}}
    wires:
      - roll(cell.phase, 1) -> cell.left
      - roll(cell.phase, -1) -> cell.right
      - cell.phase -> phase
main: ring
time: {{dt: {ring.dt!r}, method: rk4}}
simulate: {{until: 1}}
"""


def ring_ticks(ring: Ring) -> Mover:
    """The ring, ticks alone."""
    return ticking(_load(ring_text(ring)), {"cell.phase": ring.phases[:, None]}, ["cell.phase"])


def ring_run(ring: Ring) -> Mover:
    """The ring, simulated; all phases are recorded at each hundredth tick."""
    return simulating(_load(ring_text(ring)), {"cell.phase": ring.phases[:, None]}, ["cell.phase"], 100)


DEPTH = 12


def nested_text(ring: Ring) -> str:
    """The same ring of 2**12 oscillators, drawn as a box of two boxes of two boxes, twelve deep."""
    lines = ["dils: 1", "define:", OSCILLATOR % ring.coupling]
    lines += [
        "  level0:",
        "    in: {left: real, right: real}",
        "    out: {first: real, last: real}",
        "    boxes: {cell: oscillator}",
        "    wires: [left -> cell.left, right -> cell.right, cell.phase -> first, cell.phase -> last]",
    ]
    for level in range(1, DEPTH + 1):
        lines += [
            f"  level{level}:",
            "    in: {left: real, right: real}",
            "    out: {first: real, last: real}",
            f"    boxes: {{a: level{level - 1}, b: level{level - 1}}}",
            "    wires:",
            "      - left -> a.left",
            "      - b.first -> a.right",
            "      - a.last -> b.left",
            "      - right -> b.right",
            "      - a.first -> first",
            "      - b.last -> last",
        ]
    lines += [
        "  ring:",
        f"    boxes: {{all: level{DEPTH}}}",
        "    wires: [all.last -> all.left, all.first -> all.right]",
        "main: ring",
        f"time: {{dt: {ring.dt!r}, method: rk4}}",
        "simulate: {until: 1}",
    ]
    return "\n".join(lines) + "\n"


def wrapped_text(ring: Ring) -> str:
    """The ring as a counted box, each oscillator inside of twelve boxes that hand on what they are told."""
    lines = ["dils: 1", "define:", OSCILLATOR % ring.coupling]
    inside = "oscillator"
    for level in range(1, DEPTH + 1):
        lines += [
            f"  level{level}:",
            "    in: {left: real, right: real}",
            "    out: {phase: real}",
            f"    boxes: {{inner: {inside}}}",
            "    wires: [left -> inner.left, right -> inner.right, inner.phase -> phase]",
        ]
        inside = f"level{level}"
    return "\n".join([*lines, *_flat_ring(ring, inside)]) + "\n"


def flat_text(ring: Ring) -> str:
    """The ring as a counted box, nothing nested."""
    lines = ["dils: 1", "define:", OSCILLATOR % ring.coupling, *_flat_ring(ring, "oscillator")]
    return "\n".join(lines) + "\n"


def _flat_ring(ring: Ring, cell: str) -> list[str]:
    return [
        "  ring:",
        f"    boxes: {{cell: {{box: {cell}, count: {len(ring.phases)}}}}}",
        "    wires:",
        "      - roll(cell.phase, 1) -> cell.left",
        "      - roll(cell.phase, -1) -> cell.right",
        "main: ring",
        f"time: {{dt: {ring.dt!r}, method: rk4}}",
        "simulate: {until: 1}",
    ]


def flat(ring: Ring) -> Mover:
    """Ticks of ``flat_text``."""
    return ticking(_load(flat_text(ring)), {"cell.phase": ring.phases[:, None]}, ["cell.phase"])


def wrapped(ring: Ring) -> Mover:
    """Ticks of ``wrapped_text``."""
    path = "cell" + ".inner" * DEPTH + ".phase"
    return ticking(_load(wrapped_text(ring)), {path: ring.phases[:, None]}, [path])


def nested(ring: Ring) -> Mover:
    """Ticks of ``nested_text``."""
    places = [
        "all." + "".join("b." if number >> bit & 1 else "a." for bit in reversed(range(DEPTH))) + "cell.phase"
        for number in range(2**DEPTH)
    ]
    begin = {path: np.array([phase]) for path, phase in zip(places, ring.phases, strict=True)}
    return ticking(_load(nested_text(ring)), begin, places)


# -- small systems --------------------------------------------------------------------------------


def spring_ticks(spring: Spring) -> Mover:
    """The damped oscillator, ticks alone."""
    text = SPRING % (spring.stiffness, spring.damping, spring.dt)
    return ticking(_load(text), {}, ["place.y", "speed.y"])


def spring_run(spring: Spring) -> Mover:
    """The damped oscillator, simulated; both states are recorded at every tick."""
    text = SPRING % (spring.stiffness, spring.damping, spring.dt)
    return simulating(_load(text), {}, ["place.y", "speed.y"], 1)


def prey_run(prey: Prey) -> Mover:
    """Prey and hunters, simulated; both are recorded at every tick."""
    text = PREY % (*prey.start, *prey.rates, prey.dt, prey.rtol, prey.atol)
    return simulating(_load(text), {}, ["rabbits", "foxes"], 1)
