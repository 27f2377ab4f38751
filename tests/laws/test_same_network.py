"""A network drawn by layers, by counted neurons, and with every neuron and wire listed, is one network.

The three digits examples give the same plan up to names and, from equal initial states, the same losses.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dilsctl import load
from dilsctl.compile import compile_diagram
from dilsctl.engine.learner import Learner
from dilsctl.learning.methods import method_of
from dilsctl.learning.schedules import Rates
from dilsctl.objective import read_objective
from dilsctl.plan_text import canonical_text

EXAMPLES = Path(__file__).parents[2] / "examples"
FORMS = ("digits", "digits-neurons", "digits-listed")
ROWS, BATCH, EPOCHS = 96, 32, 3


@pytest.fixture(scope="module")
def compiled() -> dict[str, Any]:
    found = {}
    for name in FORMS:
        loaded = load(EXAMPLES / f"{name}.yaml")
        found[name] = compile_diagram(loaded.diagram, read_objective(loaded.document.root))
    return found


@pytest.mark.parametrize("name", FORMS[1:])
def test_same_plan_up_to_names(compiled: dict[str, Any], name: str) -> None:
    assert canonical_text(compiled[name].program) == canonical_text(compiled["digits"].program)
    assert compiled[name].plan_hash == compiled["digits"].plan_hash


def _set_weights(learner: Learner, layers: dict[str, np.ndarray]) -> None:
    """Give the network these values, whatever its states are called."""
    short = {"hidden": "h", "output": "o"}
    for path, values in layers.items():
        if path in learner.states:
            learner.states[path][...] = values
            continue
        layer, state = path.split(".")
        for number, value in enumerate(values):
            learner.states[f"{short[layer]}{number}.{state}"][...] = value


def _losses(compiled: Any, layers: dict[str, np.ndarray]) -> list[float]:
    random = np.random.default_rng(1)
    columns = {"pixels": random.random((ROWS, 64)), "truth": random.integers(0, 10, ROWS)}
    method = method_of({"adam": {"rate": 0.005}})
    learner = Learner(compiled, lambda options: method)
    _set_weights(learner, layers)
    staged = learner.stage(columns)
    rates = Rates(method.rate, ROWS // BATCH, EPOCHS)
    order = np.arange(ROWS)
    return [
        learner.run_epoch(staged, order, BATCH, rates, epoch * ROWS // BATCH + 1, epoch)
        for epoch in range(EPOCHS)
    ]


@pytest.mark.parametrize("name", FORMS[1:])
def test_same_losses_from_equal_states(compiled: dict[str, Any], name: str) -> None:
    random = np.random.default_rng(0)
    layers = {
        "hidden.weight": random.normal(0, 0.2, (64, 64)),
        "hidden.bias": random.normal(0, 0.1, 64),
        "output.weight": random.normal(0, 0.2, (10, 64)),
        "output.bias": random.normal(0, 0.1, 10),
    }
    assert _losses(compiled[name], layers) == _losses(compiled["digits"], layers)
