"""Checkpoints: all states and the optimiser's arrays in one safetensors file, with where the run stood.

A file is written beside its place, flushed to the disk, and put into place in one step, so that at any moment
the file of that name is a whole one. It carries a checksum of its arrays, because its format has none.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from dilsctl.diagnostics import Problem

Array = npt.NDArray[Any]

FORMAT = "1"
_STATE, _MOMENT = "state:", "moment:"
ORDER = "epoch n takes the rows sorted by raw Philox bits, key (seed, 0), counter (0, 0, n, 2)"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run stands after ``epoch`` epochs and ``step`` steps.

    Draws and orders are functions of the seed, the epoch and the step, so these numbers are the whole state
    of the generators; ``order`` says how an epoch's order follows from them. best_epoch and best_value: of
    the metric that is watched, if one is. stale: epochs since then. environment: what else the last bits of
    a result depend on. diagram, data: digests of the files. live: where it stands in a stream.
    """

    epoch: int
    step: int
    seed: int
    batch: int
    plan: str = ""
    diagram: str = ""
    data: str = ""
    best_epoch: int | None = None
    best_value: float | None = None
    stale: int = 0
    order: str = ORDER
    environment: dict[str, Any] = field(default_factory=dict)
    live: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """States by path, the optimiser's arrays by name, and where the run stood."""

    states: dict[str, Array]
    moments: dict[str, Array]
    position: Position


def encode(states: Mapping[str, Array], moments: Mapping[str, Array], position: Position) -> bytes:
    """The bytes of a checkpoint file."""
    # A copy in C order: safetensors writes the memory of an array as it lies, whatever its strides.
    arrays = {_STATE + path: np.array(value, order="C") for path, value in states.items()}
    arrays |= {_MOMENT + name: np.array(value, order="C") for name, value in moments.items()}
    metadata = {
        "dilsctl.checkpoint": FORMAT,
        "position": json.dumps(asdict(position)),
        "crc32": str(_checksum(arrays)),
    }
    return save_tensors(arrays, metadata)


def _checksum(arrays: Mapping[str, Array]) -> int:
    found = 0
    for name in sorted(arrays):
        found = zlib.crc32(arrays[name].data if arrays[name].size else b"", zlib.crc32(name.encode(), found))
    return found


def read_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint. Raises Problem: no-checkpoint, bad-checkpoint."""
    try:
        if path.exists() and not path.is_file():  # a named pipe would be waited for
            raise _bad(path, "it is not a regular file")
        data = path.read_bytes()
    except FileNotFoundError:
        raise Problem.of("no-checkpoint", f"there is no checkpoint '{path}'", file=str(path)) from None
    except OSError as error:
        raise _bad(path, error.strerror or str(error)) from None
    try:
        length = int.from_bytes(data[:8], "little")
        metadata = json.loads(data[8 : 8 + length])["__metadata__"]
        if metadata.get("dilsctl.checkpoint") != FORMAT:
            raise _bad(path, "another version of dilsctl wrote it, or another program")
        arrays = load_tensors(data)
        if str(_checksum(arrays)) != metadata["crc32"]:
            raise _bad(path, "its checksum is wrong")
        known = {one.name for one in fields(Position)}
        given = {key: value for key, value in json.loads(metadata["position"]).items() if key in known}
        position = Position(**given)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _bad(path, str(error) or type(error).__name__) from None
    return Checkpoint(_named(arrays, _STATE), _named(arrays, _MOMENT), position)


def _named(arrays: Mapping[str, Array], prefix: str) -> dict[str, Array]:
    """Those of one kind, in the order of their names: the format keeps none."""
    return {name.removeprefix(prefix): arrays[name] for name in sorted(arrays) if name.startswith(prefix)}


def _bad(path: Path, why: str) -> Problem:
    message = f"the checkpoint '{path}' is damaged: {why}"
    help = "a run whose checkpoint is damaged can't go on; the other one (best or last) may be whole"
    return Problem.of("bad-checkpoint", message, help=help, file=str(path))


def write_atomically(path: Path, data: bytes, *also: Path) -> None:
    """Write a file so that at every moment it is the old one or the new one, whole, even if the power fails.

    Which of the two it is after such a failure is left to the system: to wait for it costs too much.

    also: other names of the same folder that the same content gets, before ``path`` does.
    """
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    for other in also:
        link = other.with_name(f".{other.name}.new")
        link.unlink(missing_ok=True)
        try:
            os.link(temporary, link)  # the same file twice: neither is ever changed in place
        except OSError:  # a file system without links
            write_atomically(other, data)
        else:
            os.replace(link, other)
    os.replace(temporary, path)


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
