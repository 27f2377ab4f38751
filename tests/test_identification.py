"""What is learned through time, of known equations: who is coupled to whom, and how to balance a pole."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dilsctl import api
from dilsctl.sweeps import parse_sweep

EXAMPLES = Path(__file__).parents[1] / "examples"


def generator(name: str) -> dict[str, Any]:
    """What a generator of data defines."""
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


def test_the_data_of_the_choir_is_what_its_generator_writes() -> None:
    made = generator("generate_choir")
    found = made["packed"](made["world"]()[0])
    assert found[10:] == (EXAMPLES / "data" / "choir.csv.gz").read_bytes()[10:]  # but for the system's name


def test_every_wire_of_the_choir_is_found_and_none_that_is_not_there() -> None:
    diagram = api.load(EXAMPLES / "choir.yaml")
    diagram.train()
    frequency, coupling = generator("generate_choir")["truth"]()
    wire = diagram.learner.states["coupling"] * (1 - np.eye(10))
    assert ((np.abs(wire) > 0.3) == (coupling > 0)).all()
    assert np.abs(wire - coupling)[coupling > 0].mean() < 0.15
    assert np.abs(np.ravel(diagram.learner.states["singer.pace"]) - frequency).max() < 0.15


def test_the_unknown_term_is_found_where_the_data_are() -> None:
    """What the network learned in the place of 0.015 * rabbits * foxes, against that; forecasts go on
    as SciPy says."""
    made = generator("generate_grey_box")
    diagram = api.load(EXAMPLES / "grey-box.yaml")
    diagram.train()
    trace = diagram.simulate(until=45)
    shown = np.stack([trace.values[name][:, 0] for name in ("rabbits", "foxes")], axis=1)
    truth = made["season"]((50, 28), trace.times)
    assert np.abs(shown - truth).max() < 2.5
    eaten = trace.values["eaten"][:, 0]
    term = made["met"](*shown.T)
    assert np.ptp(term) > 10
    assert np.abs(eaten - term).mean() < 0.02 * term.mean()


def test_a_pole_stays_up_from_every_angle() -> None:
    """At rest in the middle, from angles not drawn: within twelve degrees for twenty seconds, where a
    training episode has two. Before training it falls."""
    diagram = api.load(EXAMPLES / "cart-pole.yaml")
    begin = [parse_sweep(f"plant.{one}=0") for one in ("place", "speed", "turning")]
    begin.append(parse_sweep("plant.angle=-0.2:0.2:21"))
    fallen = diagram.simulate(until=20, sweeps=begin).values["angle"]
    assert (np.abs(fallen).max(axis=0) > 1).sum() > 10
    diagram.train()
    trace = diagram.simulate(until=20, sweeps=begin)
    assert np.abs(trace.values["angle"]).max() < np.radians(12)
    assert np.abs(trace.values["place"]).max() < 2.4
    assert np.abs(trace.values["angle"][-1]).max() < 0.01


def test_the_pole_is_that_of_the_papers() -> None:
    """How it moves when it is pushed, against the equations of Lagrange, two linear ones, by SciPy."""
    gravity, cart, pole, half, force = 9.8, 1.0, 0.1, 0.5, 7.0

    def rate(_: float, s: Any) -> Any:
        mass = [
            [cart + pole, pole * half * np.cos(s[2])],
            [pole * half * np.cos(s[2]), 4 / 3 * pole * half**2],
        ]
        push = [force + pole * half * s[3] ** 2 * np.sin(s[2]), pole * gravity * half * np.sin(s[2])]
        speed, turning = np.linalg.solve(mass, push)
        return [s[1], speed, s[3], turning]

    begin = [0.3, 0.2, 0.15, -0.7]
    diagram = api.load(EXAMPLES / "cart-pole.yaml", settings=["time.dt=0.01"])
    diagram.learner.states["controller.output.weight"][...] = 0
    diagram.learner.states["controller.output.bias"][...] = np.arctanh(0.7)  # a push of 7 N
    names = ("place", "speed", "angle", "turning")
    sweeps = [parse_sweep(f"plant.{name}={value}") for name, value in zip(names, begin, strict=True)]
    record = [f"plant.{name}" for name in names]
    trace = diagram.simulate(until=2, sweeps=sweeps, record=record)
    truth = solve_ivp(rate, (0, 2), begin, rtol=1e-11, atol=1e-12).y[:, -1]
    assert [trace.values[one][-1, 0] for one in record] == pytest.approx(truth, abs=1e-6)
