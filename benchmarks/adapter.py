"""dilsctl's learner on a benchmark problem: from a diagram's text to a function that runs epochs."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from peers import Problem, Run

from dilsctl import load
from dilsctl.compile import compile_diagram
from dilsctl.engine.learner import Learner
from dilsctl.learning.methods import method_of
from dilsctl.learning.schedules import Rates
from dilsctl.objective import read_objective


def learner_for(problem: Problem, text: str) -> Run:
    """Compile the diagram, give it the problem's weights and data."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.yaml"
        path.write_text(text, encoding="utf-8")
        loaded = load(path)
    train = loaded.document.document.train
    assert train is not None
    compiled = compile_diagram(loaded.diagram, read_objective(loaded.document.root))
    learner = Learner(compiled, lambda options: method_of(train.optimiser, own=dict(options)))
    for number, (weight, bias) in enumerate(zip(problem.weights, problem.biases, strict=True), 1):
        learner.states[f"layer{number}.weight"][...] = weight.T
        learner.states[f"layer{number}.bias"][...] = bias
    staged = learner.stage({"x": problem.inputs, "truth": problem.labels})
    order = np.ascontiguousarray(problem.order.ravel())
    batch, batches = problem.size.batch, problem.size.batches
    done = 0

    rates = Rates(method_of(train.optimiser).rate, batches, 1)

    def run(epochs: int) -> float:
        nonlocal done
        loss = float("nan")
        for _ in range(epochs):
            loss = learner.run_epoch(staged, order, batch, rates, done * batches + 1, done)
            done += 1
        return loss

    return run
