"""The training of a diagram and the ticks of its unfolding, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from dilsctl import api
from dilsctl.data.splits import epoch_order
from dilsctl.dump import dump
from dilsctl.learning.schedules import Rates
from dilsctl.loaded import LoadedDiagram
from dilsctl.simulate import Simulation
from dilsctl.training import Training

ROOT = Path(__file__).resolve().parents[2]
IRIS = (ROOT / "examples" / "data" / "iris.csv").read_text(encoding="utf-8")
COLUMNS = "[sepal_length, sepal_width, petal_length, petal_width]"


def written(folder: Path, text: str) -> Path:
    """A file of a diagram, with Fisher's irises beside it."""
    (folder / "iris.csv").write_text(IRIS, encoding="utf-8")
    path = folder / "net.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def unfolded(loaded: LoadedDiagram, folder: Path, settings: Sequence[str] = ()) -> LoadedDiagram:
    """The unfolding of a diagram, written to a file and read again."""
    path = folder / "unfolded.yaml"
    path.write_text(dump(loaded.unfold().document), encoding="utf-8")
    return api.load(path, settings=settings)


def worst(path: Path, steps: int = 100, settings: Sequence[str] = ()) -> float:
    """The greatest difference of a learned state between training and the unfolding, over all steps, relative
    to the greatest value that the state takes. Both begin with the same states, to the bit."""
    loaded = api.load(path, settings=["train.precision=float64", *settings])
    other = unfolded(loaded, path.parent, [f"simulate.until={steps}"])
    simulation = other.simulation()
    assert isinstance(simulation, Simulation)
    training = Training.of(loaded)
    learner, dataset, chosen = training.learner, training.dataset, training.settings
    now = simulation.running.states
    pairs = {path: (own, now[loaded.unfold().states[path]]) for path, own in learner.states.items()}
    assert pairs
    for name, (own, there) in pairs.items():
        assert np.array_equal(own, there), name
    rows = dataset.parts["train"]
    rates = Rates(chosen.rate, -(-len(rows) // chosen.batch), chosen.epochs)
    staged = learner.stage(dataset.columns)
    differs, greatest = dict.fromkeys(pairs, 0.0), dict.fromkeys(pairs, 0.0)
    done, epoch = 0, 0
    while done < steps:
        epoch += 1
        order = epoch_order(rows, chosen.seed, epoch) if chosen.shuffle else rows
        for first in range(0, len(order), chosen.batch):
            taken = order[first : first + chosen.batch]
            learner.run_epoch(staged, taken, chosen.batch, rates, done + 1, epoch, None, 1)
            simulation.running.advance(simulation._inputs(done))
            done += 1
            for name, (own, there) in pairs.items():
                differs[name] = max(differs[name], float(np.max(np.abs(own - there))))
                greatest[name] = max(greatest[name], float(np.max(np.abs(own))))
            if done == steps:
                break
    assert all(greatest.values())
    return max(differs[name] / greatest[name] for name in pairs)
