"""The same simulations in other engines and by hand, to measure dilsctl against.

A peer is a function ``(problem) -> Mover``. A mover goes back to the initial state by ``start()``, runs ticks
by ``run(n)``, and shows where it is by ``state()``. All of one problem begin at the same numbers and must end
at the same ones: ``simulate.py --check`` shows that. A peer whose engine is not installed raises ImportError.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Mover:
    """Something that moves by ticks. Only ``run`` is measured."""

    start: Callable[[], object]
    run: Callable[[int], object]
    state: Callable[[], np.ndarray]


@dataclass(frozen=True)
class Ring:
    """Kuramoto's oscillators in a ring, each pulled by its two neighbours: a tick is one step of RK4."""

    phases: np.ndarray
    frequencies: np.ndarray
    coupling: float = 2.0
    dt: float = 0.01


@dataclass(frozen=True)
class Spring:
    """A damped oscillator, x'' = -stiffness x - damping x', from x = 1 at rest: a tick is one step of RK4."""

    stiffness: float = 1.0
    damping: float = 0.2
    dt: float = 0.01


@dataclass(frozen=True)
class Prey:
    """Lotka and Volterra's prey and hunters, by Dormand and Prince's method; shown at every tick."""

    start: tuple[float, float] = (10.0, 5.0)
    rates: tuple[float, float, float, float] = (1.1, 0.4, 0.1, 0.4)
    dt: float = 0.1
    rtol: float = 1e-8
    atol: float = 1e-10


def make_ring(boxes: int) -> Ring:
    """Phases and frequencies as far apart as the sine is wide."""
    return Ring(np.random.default_rng(0).uniform(-3, 3, boxes), np.sin(3.0 * np.arange(boxes)))


# -- rings ----------------------------------------------------------------------------------------


def ring_in_place(ring: Ring) -> Mover:
    """NumPy, written for speed: every result has its own array, made once."""
    n, dt = len(ring.phases), ring.dt
    x, y, left, right = (np.empty(n) for _ in range(4))
    a, b, c, d = (np.empty(n) for _ in range(4))

    def rate(x: np.ndarray, out: np.ndarray) -> None:
        left[1:] = x[:-1]
        left[0] = x[-1]
        right[:-1] = x[1:]
        right[-1] = x[0]
        np.subtract(left, x, out=left)
        np.subtract(right, x, out=right)
        np.sin(left, out=left)
        np.sin(right, out=right)
        np.add(left, right, out=out)
        np.multiply(out, ring.coupling, out=out)
        np.add(out, ring.frequencies, out=out)

    def at(k: np.ndarray, share: float) -> np.ndarray:
        np.multiply(k, share, out=y)
        np.add(y, x, out=y)
        return y

    def run(ticks: int) -> None:
        for _ in range(ticks):
            rate(x, a)
            rate(at(a, dt / 2), b)
            rate(at(b, dt / 2), c)
            rate(at(c, dt), d)
            np.add(b, c, out=b)
            np.multiply(b, 2, out=b)
            np.add(b, a, out=b)
            np.add(b, d, out=b)
            np.multiply(b, dt / 6, out=b)
            np.add(x, b, out=x)

    return Mover(lambda: np.copyto(x, ring.phases), run, lambda: x)


def ring_plain(ring: Ring) -> Mover:
    """NumPy as it is usually written: a new array for each result."""
    x, dt = ring.phases, ring.dt

    def start() -> None:
        nonlocal x
        x = ring.phases

    def rate(x: np.ndarray) -> np.ndarray:
        pulls = np.sin(np.roll(x, 1) - x) + np.sin(np.roll(x, -1) - x)
        return ring.frequencies + ring.coupling * pulls

    def run(ticks: int) -> None:
        nonlocal x
        for _ in range(ticks):
            a = rate(x)
            b = rate(x + dt / 2 * a)
            c = rate(x + dt / 2 * b)
            d = rate(x + dt * c)
            x = x + dt / 6 * (a + 2 * b + 2 * c + d)

    return Mover(start, run, lambda: x)


def ring_pathsim(ring: Ring) -> Mover:
    """PathSim: one block an oscillator, one connection from each to its two neighbours."""
    from pathsim import Connection
    from pathsim.blocks import ODE

    def block(frequency: float, phase: float) -> Any:
        def rate(x: Any, u: Any, t: float) -> Any:
            return frequency + ring.coupling * (np.sin(u[0] - x) + np.sin(u[1] - x))

        return ODE(rate, phase)

    blocks = [block(*pair) for pair in zip(ring.frequencies, ring.phases, strict=True)]
    ends = zip(blocks, [*blocks[1:], blocks[0]], [blocks[-1], *blocks[:-1]], strict=True)
    connections = [Connection(one, following[0], before[1]) for one, following, before in ends]
    return _pathsim(blocks, connections, ring.dt, blocks)


def _pathsim(blocks: list[Any], connections: list[Any], dt: float, shown: list[Any]) -> Mover:
    from pathsim import Simulation
    from pathsim.solvers import RK4

    simulation = Simulation(blocks, connections, dt=dt, Solver=RK4, log=False)
    return Mover(
        simulation.reset,
        lambda ticks: simulation.run(ticks * dt),
        lambda: np.array([float(one.engine.state[0]) for one in shown]),
    )


# -- one damped oscillator ------------------------------------------------------------------------


def spring_python(spring: Spring) -> Mover:
    """Plain Python floats, nothing recorded but a list of positions."""
    k, c, dt = spring.stiffness, spring.damping, spring.dt
    at: tuple[float, float] = (1.0, 0.0)

    def start() -> None:
        nonlocal at
        at = (1.0, 0.0)

    def run(ticks: int) -> None:
        nonlocal at
        x, v = at
        shown = []
        for _ in range(ticks):
            shown.append(x)
            a1 = -k * x - c * v
            v2 = v + dt / 2 * a1
            a2 = -k * (x + dt / 2 * v) - c * v2
            v3 = v + dt / 2 * a2
            a3 = -k * (x + dt / 2 * v2) - c * v3
            v4 = v + dt * a3
            a4 = -k * (x + dt * v3) - c * v4
            x, v = x + dt / 6 * (v + 2 * v2 + 2 * v3 + v4), v + dt / 6 * (a1 + 2 * a2 + 2 * a3 + a4)
        at = x, v

    return Mover(start, run, lambda: np.array(at))


def rk4(dt: float) -> Any:
    """RK4 with a fixed step as a method for SciPy's ``solve_ivp``, which has none."""
    from scipy.integrate import OdeSolver

    class RK4(OdeSolver):  # type: ignore[misc]
        def __init__(self, fun: Any, t0: float, y0: Any, t_bound: float, **options: Any) -> None:
            super().__init__(fun, t0, y0, t_bound, vectorized=False)

        def _step_impl(self) -> tuple[bool, None]:
            t, y, f = self.t, self.y, self.fun
            h = self.t_bound - t if self.t_bound - t < 1.5 * dt else dt
            a = f(t, y)
            b = f(t + h / 2, y + h / 2 * a)
            c = f(t + h / 2, y + h / 2 * b)
            d = f(t + h, y + h * c)
            self.t, self.y = t + h, y + h / 6 * (a + 2 * b + 2 * c + d)
            return True, None

    return RK4


def spring_scipy(spring: Spring) -> Mover:
    """SciPy's ``solve_ivp`` with an RK4 of our own and a right side by hand."""
    from scipy.integrate import solve_ivp

    method, found = rk4(spring.dt), np.array([1.0, 0.0])

    def rate(t: float, y: np.ndarray) -> list[float]:
        return [y[1], -spring.stiffness * y[0] - spring.damping * y[1]]

    def run(ticks: int) -> None:
        nonlocal found
        found = solve_ivp(rate, (0, ticks * spring.dt), [1.0, 0.0], method=method).y[:, -1]

    return Mover(lambda: None, run, lambda: found)


def spring_pathsim(spring: Spring) -> Mover:
    """PathSim: two integrators, two amplifiers, an adder; a scope records."""
    from pathsim import Connection
    from pathsim.blocks import Adder, Amplifier, Integrator, Scope

    speed, place, scope = Integrator(0.0), Integrator(1.0), Scope()
    damping, stiffness, force = Amplifier(-spring.damping), Amplifier(-spring.stiffness), Adder()
    connections = [
        Connection(speed, place, damping),
        Connection(place, stiffness, scope),
        Connection(damping, force[0]),
        Connection(stiffness, force[1]),
        Connection(force, speed),
    ]
    blocks = [speed, place, damping, stiffness, force, scope]
    return _pathsim(blocks, connections, spring.dt, [place, speed])


def spring_bdsim(spring: Spring) -> Mover:
    """bdsim: the same blocks. It steps by ``solve_ivp``, so it is given the same RK4."""
    os.environ.setdefault("MPLBACKEND", "Agg")
    import bdsim

    options = {"graphics": False, "progress": False, "quiet": True, "banner": False, "toolboxes": False}
    engine = bdsim.BDSim(sysargs=False, **options)
    diagram = engine.blockdiagram()
    place, speed = diagram.INTEGRATOR(x0=1.0), diagram.INTEGRATOR(x0=0.0)
    damping, stiffness = diagram.GAIN(spring.damping), diagram.GAIN(spring.stiffness)
    force = diagram.SUM("--")
    diagram.connect(force, speed)
    diagram.connect(speed, place, damping)
    diagram.connect(place, stiffness)
    diagram.connect(damping, force[0])
    diagram.connect(stiffness, force[1])
    diagram.compile()
    method, found = rk4(spring.dt), np.array([1.0, 0.0])

    def run(ticks: int) -> None:
        nonlocal found
        found = engine.run(diagram, T=ticks * spring.dt, solver_args={"method": method}).x[-1]

    return Mover(lambda: None, run, lambda: found)


# -- prey and hunters -----------------------------------------------------------------------------


def prey_scipy(prey: Prey) -> Mover:
    """SciPy's ``solve_ivp`` with a right side by hand."""
    from scipy.integrate import solve_ivp

    born, eaten, grown, starved = prey.rates
    found = np.array(prey.start)

    def rate(t: float, y: np.ndarray) -> list[float]:
        x, z = y
        return [born * x - eaten * x * z, grown * x * z - starved * z]

    def run(ticks: int) -> None:
        nonlocal found
        times = np.arange(ticks + 1) * prey.dt
        course = solve_ivp(rate, (0, times[-1]), prey.start, "RK45", times, rtol=prey.rtol, atol=prey.atol)
        found = course.y[:, -1]

    return Mover(lambda: None, run, lambda: found)
