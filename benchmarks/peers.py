"""What peer wires do: examples/towers.yaml, unfolded, without them and with them (examples/peers.yaml), and
without them but with wider towers, so that as many numbers are learned. Test accuracy and loss, ten seeds.

    python benchmarks/peers.py
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

from dilsctl import api
from dilsctl.dump import dump
from dilsctl.loaded import LoadedDiagram

ROOT = Path(__file__).resolve().parent.parent / "examples"
SEEDS = range(10)


def measured(path: Path, seed: int, epochs: int) -> tuple[float, float]:
    """(accuracy, loss) on the test part, after so many epochs of simulation."""
    settings = [f"simulate.seed={seed}"]
    trace = api.load(path, settings=[*settings, f"simulate.epochs={epochs}"]).simulate()
    settings += ["simulate.data.part=test", "simulate.batch=100000", "simulate.until=1"]
    look = api.load(path, settings=settings).simulation()
    look.take_up(trace.final)
    shown = look.running.look(look._inputs(0))  # nothing moves
    return float(shown["port.accuracy"]), float(shown["port.loss"])


def learned(loaded: LoadedDiagram) -> int:
    """How many numbers move, moments left out."""
    states = loaded.simulation().running.states
    return sum(view.size for path, view in states.items() if not path.endswith("_velocity"))


def main() -> int:
    """Print a table."""
    wide = [f"define.network.boxes.{name}.with.units=16" for name in ("first", "second", "third", "fourth")]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data" / "digits.csv.gz"
        data.parent.mkdir()
        data.write_bytes((ROOT / "data" / data.name).read_bytes())
        files: dict[str, Path] = {}
        for name, settings in (("towers", []), ("towers of 16", wide)):
            files[name] = Path(folder) / f"{name}.yaml".replace(" ", "-")
            document = api.load(ROOT / "towers.yaml", settings=settings).unfold().document
            files[name].write_text(dump(document), encoding="utf-8")
        files["with peers"] = ROOT / "peers.yaml"
        for epochs in (1, 5, 20):
            for name, path in files.items():
                found = np.array([measured(path, seed, epochs) for seed in SEEDS])
                (accuracy, loss), spread = found.mean(axis=0), found[:, 0].std(ddof=1) / np.sqrt(len(found))
                print(
                    f"{epochs:2} epochs  {name:14} {learned(api.load(path)):5} learned"
                    f"   accuracy {accuracy:.4f} ± {spread:.4f}   loss {loss:.4f}"
                )
    return 0


if __name__ == "__main__":
    sys.exit(main())
