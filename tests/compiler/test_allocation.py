"""A training step asks for no memory that grows with the network, its rows or its batch."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import dilsctl
from dilsctl.compile import compile_diagram
from dilsctl.engine.learner import Learner
from dilsctl.learning.methods import method_of
from dilsctl.learning.schedules import Rates
from dilsctl.objective import read_objective

DIGITS = Path(__file__).parents[2] / "examples" / "digits.yaml"
WIDE = 2048
BUFFERS = 65_536  # NumPy's own, of a fixed size; a row of WIDE units for a batch of 32 has four times as much


def peak(call: Callable[[], object]) -> int:
    """The most memory that is asked for during a call."""
    tracemalloc.start()
    call()
    _, found = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return found


def epoch_of(units: int, batch: int, optimiser: str) -> tuple[Learner, Callable[[], object]]:
    """The digits network with that many units, and an epoch of four steps and a shorter one, warmed up."""
    loaded = dilsctl.load(DIGITS, settings={"define.network.boxes.hidden.with.units": units})
    method = method_of(optimiser)
    compiled = compile_diagram(loaded.diagram, read_objective(loaded.document.root))
    learner = Learner(compiled, lambda options: method)
    rows = 4 * batch + batch // 2
    rng = np.random.default_rng(0)
    staged = learner.stage({"pixels": rng.random((rows, 64)), "truth": rng.integers(0, 10, rows)})
    order, rates = rng.permutation(rows), Rates(method.rate, 5, 1)

    def epoch() -> float:
        return learner.run_epoch(staged, order, batch, rates, 1, 0)

    for _ in range(2):
        epoch()
    return learner, epoch


@pytest.mark.parametrize("optimiser", ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"])
def test_no_memory_for_a_wider_network(optimiser: str) -> None:
    """Neither for its states, gradients and moments, nor for the values of a batch."""
    small, epoch = epoch_of(16, 32, optimiser)
    least = peak(epoch)
    large, epoch = epoch_of(WIDE, 32, optimiser)
    assert large.parameters > 100 * small.parameters
    assert peak(epoch) < least + 2048
    assert least < BUFFERS


def test_no_memory_for_a_larger_batch() -> None:
    _, epoch = epoch_of(64, 4096, "adam")
    assert peak(epoch) < BUFFERS  # a layer has 16 times as much


def test_steps_are_measured() -> None:
    """A step that makes an array is found."""
    learner, epoch = epoch_of(WIDE, 32, "adam")
    (bound,) = [one for (what, batch), one in learner._bound.items() if (what, batch) == ("train", 32)]
    bound.steps.append(lambda: np.zeros(WIDE * 32))
    assert peak(epoch) > BUFFERS
