"""The records of a simulation as a file: csv for people and tables, npz for NumPy.

csv has one row a record: ``time``, then a column for each number, ``place[0]`` for an element of an array.
Where there are several runs, it is in long form: the rows of one run after those of another, each with the
number of its run and the values of what was swept.

npz holds ``time`` (T,), each value (T, *shape), and what was swept as ``sweep/NAME`` (runs,). Where there are
several runs, they are the last axis of each value.
"""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from dilsctl.report.new_file import new_file
from dilsctl.trace import Array, Trace, columns

ENDINGS = (".csv", ".npz")
_ROWS = 4096  # turned into text at once
_DAY_ONE = (1980, 1, 1, 0, 0, 0)  # of zip files: equal traces make equal files


def write_trace(trace: Trace, target: Path | TextIO, force: bool = False) -> None:
    """Write to a stream (as csv), or to a new file whose ending says how: .csv, .npz.

    A file appears when it is complete, or not at all. Raises FileExistsError unless ``force``, and ValueError
    for another ending.
    """
    if not isinstance(target, Path):
        _write_csv(trace, target)
        return
    if target.suffix not in ENDINGS:
        raise ValueError(f"'{target}' must end in one of {', '.join(ENDINGS)}")
    with new_file(target, force) as part:
        if target.suffix == ".npz":
            _write_npz(trace, part)
        else:
            with part.open("w", encoding="utf-8", newline="") as stream:
                _write_csv(trace, stream)


def _write_csv(trace: Trace, stream: TextIO) -> None:
    values = columns(trace)
    own = ["run", *trace.sweep, "time"] if trace.several else ["time"]
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow([*_apart(own, values), *values])
    for run in range(trace.runs):
        first = [str(run), *(_texts(one[run : run + 1])[0] for one in trace.sweep.values())]
        for start in range(0, len(trace.times), _ROWS):
            rows = slice(start, start + _ROWS)
            cells = [_texts(trace.times[rows]), *(_texts(one[rows, run]) for one in values.values())]
            if trace.several:
                writer.writerows([*first, *row] for row in zip(*cells, strict=True))
            else:
                writer.writerows(zip(*cells, strict=True))


def _texts(array: Array) -> list[Any]:
    """Cells: each number with the digits that it has, and no others; truths as the language writes them."""
    if array.dtype == np.bool_:
        return ["true" if one else "false" for one in array]
    if array.dtype == np.float32:
        return [str(one) for one in array]
    return list(array.tolist())


def _apart(own: Iterable[str], taken: Mapping[str, Any]) -> list[str]:
    """Names for our own columns that no value has."""
    return [one if one not in taken else _apart([one + "_"], taken)[0] for one in own]


def _write_npz(trace: Trace, path: Path) -> None:
    (time,) = _apart(["time"], trace.values)
    arrays = {time: trace.times}
    for name, array in trace.values.items():
        arrays[name] = array if trace.several else array[..., 0]
    arrays |= {f"sweep/{name}": array for name, array in trace.sweep.items()}
    with zipfile.ZipFile(path, "w") as archive:  # not savez, whose own arguments are names as well
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", _DAY_ONE)
            with archive.open(entry, "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)
