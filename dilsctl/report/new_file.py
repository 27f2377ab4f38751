"""A file that appears when it is complete, or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_file(path: Path, force: bool = False) -> Iterator[Path]:
    """Give a place beside ``path`` to write to; what is there afterwards is put at ``path`` in one step.

    Folders on the way are made; a link is followed, see ``place_of``. Raises FileExistsError if there is such
    a file already, unless ``force``.
    """
    path = place_of(path)
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


def place_of(path: Path) -> Path:
    """Where what is written to a file of this name goes: a link is followed, and stays a link.

    Raises OSError where it leads in a circle, or out of its repository, or else its folder and ours: a file
    there was not meant by who named the link.
    """
    from dilsctl.formatting.files import leads_out

    if not path.is_symlink():
        return path
    try:
        outside, target = leads_out(path), path.resolve()
    except RuntimeError:  # so Python 3.11 says of a circle
        raise OSError(errno.ELOOP, "it is a link that leads to itself") from None
    if outside is not None:
        raise OSError(errno.EPERM, f"it is a link that leads away, to '{outside}': name that file itself")
    if target.is_symlink():
        raise OSError(errno.ELOOP, "it is a link that leads to itself")
    return target
