"""A file that appears when it is complete, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_file(path: Path, force: bool = False) -> Iterator[Path]:
    """Give a place beside ``path`` to write to; what is there afterwards is put at ``path`` in one step.

    Folders on the way are made. Raises FileExistsError if there is such a file already, unless ``force``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        if force:
            os.replace(part, path)
        else:
            os.link(part, path)  # unlike a rename, refuses where the target exists
    finally:
        part.unlink(missing_ok=True)
