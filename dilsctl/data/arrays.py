"""NumPy's files: npz (arrays by name) and npy (one array). Pickled objects are never loaded."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from dilsctl.data import files
from dilsctl.diagnostics import Problem, SourceSpan

Array = npt.NDArray[Any]


def read_npz(path: Path, name: str, span: SourceSpan | None = None) -> dict[str, Array]:
    """The arrays of an npz file. Raises Problem: data-format, data-too-large, data-not-found."""
    found: dict[str, Array] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [one for one in archive.infolist() if one.filename.endswith(".npy")]
            packed = sum(one.file_size for one in members if one.compress_type != zipfile.ZIP_STORED)
            if packed > files.MOST_BYTES:
                raise files.too_large(name, span)
            for member in members:
                with archive.open(member) as stream:
                    key = member.filename.removesuffix(".npy")
                    found[key] = _load(stream, member.file_size, f"{name}: {key}", span)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _bad(f"'{name}' is not a whole npz file: {error}", name, span) from None
    except OSError as error:
        raise files.not_readable(name, error, span) from None
    if not found:
        raise _bad(f"'{name}' holds no arrays", name, span)
    return found


def read_npy(path: Path, name: str, span: SourceSpan | None = None) -> tuple[dict[str, Array], bool]:
    """The columns of an npy file, and whether they have names.

    A structured array has named fields. Of another, each element of a row is a column: 0, 1, 2 and so on.
    Raises Problem: data-format, data-not-found.
    """
    try:
        with path.open("rb") as stream:
            array = _load(stream, path.stat().st_size, name, span)
    except OSError as error:
        raise files.not_readable(name, error, span) from None
    if array.dtype.names:
        return {field: array[field] for field in array.dtype.names}, True
    if not array.size or not array.ndim:
        raise _bad(f"'{name}' has no rows", name, span)
    flat = array.reshape(len(array), -1)
    return {str(number): flat[:, number] for number in range(flat.shape[1])}, False


def _load(stream: IO[bytes], size: int, name: str, span: SourceSpan | None) -> Array:
    """One array. Its header is checked first: it may promise more than the file holds."""
    try:
        head = stream.read(1 << 16)
        begin = io.BytesIO(head)
        version = np.lib.format.read_magic(begin)
        read = np.lib.format.read_array_header_1_0 if version[0] == 1 else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(begin)
        if dtype.hasobject:
            raise _bad(f"'{name}' holds Python objects, which are not loaded", name, span)
        count = 1
        for length in shape:
            count *= length
        if count * dtype.itemsize > size - begin.tell():
            raise _bad(f"'{name}' holds less than its header promises", name, span)
        stream.seek(0)
        found: Array = np.lib.format.read_array(stream, allow_pickle=False)
        return found
    except (ValueError, EOFError, SyntaxError, MemoryError, RecursionError, TokenError) as error:
        why = str(error)[:200] or "its header is too deep"
        raise _bad(f"'{name}' is not an array in NumPy's format: {why}", name, span) from None


def _bad(message: str, name: str, span: SourceSpan | None) -> Problem:
    return Problem.of("data-format", message, span, file=name)
