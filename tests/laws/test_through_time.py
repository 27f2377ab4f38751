"""Learning through time: the gradient of an episode against finite differences of a loop of single ticks."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dilsctl.compile import compile_diagram
from dilsctl.diagnostics import Problem
from dilsctl.elaborate.written import Written
from dilsctl.engine.learner import Learner
from dilsctl.engine.running import Running
from dilsctl.learning.methods import method_of
from dilsctl.motion import compile_motion
from dilsctl.objective import Objective
from dilsctl.passes.unroll import Episode
from tests.laws.support import diagram_of

RNN = """\
dils: 1
define:
  cell:
    in: {x: real 2, h: real 3}
    out: {y: real 3}
    state: {w: real 3 3 = glorot, v: real 3 2 = glorot}
    learn: [w, v]
    wires:
      - tanh(w @ h + v @ x) -> y
  net:
    in: {x: real 2}
    out: {y: real 3}
    boxes: {cell: cell}
    state: {h: real 3 = 0.1}
    next: {h: cell.y}
    wires:
      - x -> cell.x
      - h -> cell.h
      - cell.y -> y
main: net
"""
CHAIN = """\
dils: 1
define:
  mass:
    params: {k: 1.0}
    in: {force: real}
    out: {at: real}
    state: {at: real = 0.2, speed: real = 0, stiff: real = 0.7}
    learn: [stiff]
    rate:
      at: speed
      speed: force - stiff * at - 0.1 * speed + 0.01 * t
  chain:
    in: {x: real 2}
    out: {y: real 3}
    boxes:
      m: {box: mass, count: 3}
    state: {pull: real 3 3 = glorot}
    learn: [pull]
    wires:
      - pull @ m.at + x[0] -> m.force
      - m.at * x[1] -> y
main: chain
"""
SHARED = """\
dils: 1
define:
  part:
    params: {sign: 1.0}
    share: {u: real}
    state: {gain: real = 0.3}
    learn: [gain]
    rate: {u: sign * gain * sin(u)}
  both:
    in: {x: real 2}
    out: {y: real 3}
    share: {u: real = 0.5, v: real = 1}
    boxes:
      a: part
      b: {box: part, with: {sign: -2.0}}
    join: {u: [a.u, b.u]}
    next:
      v:
        to: v * x[0] + u
        every: 2
    wires:
      - "[u, v, u * v + x[1]] -> y"
main: both
"""
SPRINGS = """\
dils: 1
define:
  ball:
    in: {force: real}
    share: {q: real}
    state: {weight: real = 0.8}
    learn: [weight]
    conserve: {q: 1.5 + weight}
    potential: -force * q
  spring:
    share: {a: real, b: real}
    state: {stiff: real = 0.7}
    learn: [stiff]
    potential: softplus(stiff) * (a - b) ** 2 + 0.1 * sin(stiff * a)
  chain:
    in: {x: real 2}
    out: {y: real 3}
    share:
      u: real 4 = [0, 0.3, -0.2, 0]
    state: {pull: real 2 = 0.5}
    learn: [pull]
    boxes:
      ball: {box: ball, count: 2}
      spring: {box: spring, count: 3}
    join: {"u[1:-1]": [ball.q], "u[:-1]": [spring.a], "u[1:]": [spring.b]}
    wires:
      - pull * u[1] + x[0] -> ball.force
      - u[:3] * x[1] + u.momentum[:3] -> y
main: chain
"""
ARMS = """\
dils: 1
define:
  arms:
    in: {x: real 2}
    out: {y: real 3}
    state:
      angle: real 2 = [0.5, -0.3]
      length: real = 0.9
      slide: real 2 = 0.2
      curve: real = 0.4
    learn:
      length: {}
      curve: {}
      slide: {step: 0.3, metric: "[[2 + curve ** 2, 0.3 * sin(slide[0])], [0.3 * sin(slide[0]), 1]]"}
    let:
      between: length * cos(angle[0] - angle[1])
    conserve:
      angle: "[[2 * length ** 2 + 1, between], [between, length ** 2 + 1]]"
    potential:
      - -length * sum(cos(angle)) + x[0] * angle[1]
      - sum((slide - angle) ** 2) * curve + sum(slide ** 4)
    wires:
      - "[angle[0], angle[1] * x[1], slide[0] * slide[1]] -> y"
main: arms
"""
BEGUN = """\
dils: 1
define:
  swing:
    in: {force: real}
    out: {at: real}
    state:
      start: real 2 = glorot
      s: {type: real 2, init: start}
    learn: [start]
    rate:
      s: stack(s[1], force - sin(s[0]))
    wires:
      - s[0] -> at
  both:
    in: {x: real 2}
    out: {y: real 3}
    state:
      first: real = 0.4
      mean: {type: real, init: first}
    boxes:
      swing: {box: swing, count: 2}
    learn: [first]
    next:
      mean: 0.5 * mean + swing.at[0]
    wires:
      - x -> swing.force
      - stack(swing.at[0], swing.at[1], mean) -> y
main: both
"""
MODES = """\
dils: 1
define:
  part:
    doc: Young, it hears its parent and shows a logarithm, which old it could not.
    in: {x: real, hint: {type: real, when: young}}
    out: {y: real, trace: {type: real, when: young}}
    state: {age: int = 0, s: real = 0.3, gain: real = 0.6}
    learn: [gain]
    modes: {young: age < 3, old: otherwise}
    wires:
      - gain * s -> y
      - log(gain * (3 - age) + square(s)) -> trace
    next: {age: age + 1}
    rate: {s: hint * gain + x if young else x - gain * s}
  both:
    in: {x: real 2}
    out: {y: real 3}
    state:
      weight: real 2 = [0.4, 0.7]
      age: int = 0
    learn: [weight]
    boxes: {part: {box: part, count: 2}}
    next: {age: age + 1}
    wires:
      - x -> part.x
      - log(weight * (3 - age)) -> part.hint
      - part.y + (weight * part.trace if part.young else 0) -> y[:2]
      - sum(part.trace if part.young else part.y) -> y[2]
main: both
"""
HOW = {SPRINGS: "symplectic"}
TICKS, BATCH, DT = 5, 4, 0.3


class Rate:
    """A constant learning rate."""

    def of(self, rate: Any) -> Any:
        return lambda step: 1.0


def episode_loss(text: str, states: dict[str, Any], x: Any, z: Any, at: str, moving: bool) -> float:
    """The mean loss, by a loop of single ticks."""
    running = Running(compile_motion(diagram_of(text), HOW.get(text, "rk4"), DT, 2), BATCH, dt=DT)
    for path, value in states.items():
        running.states[path][...] = value
    running.begin_as_learned()
    losses = []
    for tick in range(TICKS):
        told = {"x": np.moveaxis(x[:, tick] if moving else x, 0, -1)}
        y = running.advance(told)["port.y"]
        losses.append(np.mean((y - np.moveaxis(z, 0, -1)) ** 2))
    if at == "end":
        y = running.look(told)["port.y"]
        return float(np.mean((y - np.moveaxis(z, 0, -1)) ** 2))
    return float(np.mean(losses) if at == "each" else losses[-1])


@pytest.mark.parametrize("moving", [True, False], ids=["sequence", "held"])
@pytest.mark.parametrize("at", ["last", "each", "end"])
@pytest.mark.parametrize(
    "text",
    [RNN, CHAIN, SHARED, SPRINGS, ARMS, BEGUN, MODES],
    ids=["next", "rate", "shared", "potential", "matrix", "begun", "modes"],
)
@np.errstate(all="ignore")  # what a closed port is not looked at for
def test_gradient_is_that_of_the_loop(text: str, at: Any, moving: bool) -> None:
    sequences = frozenset({"x"} if moving else ())
    objective = Objective(_written("mse(y, z)"), {}, {"z": 3})
    episode = Episode(TICKS, DT, HOW.get(text, "rk4"), 2, at, None, sequences)
    compiled = compile_diagram(diagram_of(text), objective, episode=episode)
    method = method_of("sgd")
    learner = Learner(compiled, lambda options: method, precision="float64")
    rng = np.random.default_rng(3)
    x = rng.normal(size=(BATCH, TICKS, 2) if moving else (BATCH, 2))
    z = rng.normal(size=(BATCH, 3))
    before = {path: value.copy() for path, value in learner.states.items()}
    staged = learner.stage({"x": x, "z": z})
    found = learner.evaluate(staged, np.arange(BATCH))["loss"]
    assert found == pytest.approx(episode_loss(text, before, x, z, at, moving), rel=1e-12)
    learner.run_epoch(staged, np.arange(BATCH), BATCH, Rate(), 1, 0)
    for path, value in before.items():
        gradient = value - learner.states[path]
        wanted = np.zeros_like(value)
        for place in np.ndindex(value.shape):
            sides = []
            for step in (1e-6, -1e-6):
                moved = {**before, path: value.copy()}
                moved[path][place] += step
                sides.append(episode_loss(text, moved, x, z, at, moving))
            wanted[place] = (sides[0] - sides[1]) / 2e-6
        np.testing.assert_allclose(gradient, wanted, rtol=1e-6, atol=1e-9)


def _written(text: str) -> Any:
    from dilsctl.diagnostics import SourceFile, SourceSpan

    return Written(text, SourceSpan(SourceFile("loss", text), 0, len(text)))


def gradient_of(horizon: int | None) -> Any:
    objective = Objective(_written("mse(y, z)"), {}, {"z": 3})
    episode = Episode(TICKS, DT, "rk4", 1, "last", horizon, frozenset({"x"}))
    compiled = compile_diagram(diagram_of(RNN), objective, episode=episode)
    learner = Learner(compiled, lambda options: method_of("sgd"), precision="float64")
    rng = np.random.default_rng(5)
    x, z = rng.normal(size=(BATCH, TICKS, 2)), rng.normal(size=(BATCH, 3))
    before = learner.states["cell.w"].copy()
    learner.run_epoch(learner.stage({"x": x, "z": z}), np.arange(BATCH), BATCH, Rate(), 1, 0)
    return before - learner.states["cell.w"], before, x, z


def test_a_horizon_cuts_gradients() -> None:
    """With a horizon of one tick, the state before the last tick is given."""
    short, w, x, z = gradient_of(1)
    whole = gradient_of(None)[0]
    assert np.abs(short - whole).max() > 1e-3
    np.testing.assert_array_equal(gradient_of(TICKS)[0], whole)
    learner = Learner(
        compile_diagram(diagram_of(RNN), Objective(None, {}, {}), episode=Episode(1)), precision="float64"
    )
    v, h = learner.states["cell.v"], np.full((BATCH, 3), 0.1)
    for tick in range(TICKS - 1):
        h = np.tanh(h @ w.T + x[:, tick] @ v.T)
    y = np.tanh(h @ w.T + x[:, -1] @ v.T)
    slope = 2 * (y - z) * (1 - y**2) / (3 * BATCH)
    np.testing.assert_allclose(short, slope.T @ h, rtol=1e-12)


def test_a_potential_without_a_second_derivative_cannot_be_learned_through() -> None:
    text = """\
dils: 1
main:
  in: {x: real}
  out: {y: real 3}
  state: {w: real = 0.3, q: real 3 = 0.5}
  learn: {w: {}, q: {step: 0.1}}
  potential: prod(q - w) + sum(q ** 2)
  wires:
    - q * x -> y
"""
    compiled = compile_diagram(
        diagram_of(text), Objective(_written("mse(y, z)"), {}, {"z": 3}), episode=Episode(3)
    )
    with pytest.raises(Problem, match="'prod' has no second derivative"):
        Learner(compiled, lambda options: method_of("sgd"), precision="float64")
