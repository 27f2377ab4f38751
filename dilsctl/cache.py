"""What validation found before, kept by content: a tree that did not change is not looked at again.

An entry's name is a digest of all that its findings depend on but the imports: the text, where it lies, the
settings, the choice of lints, and the installed program, down to the time of its files. The imports are in
the entry, with their digests. An entry that is damaged, or does not hold, counts as none. Entries are
written whole and renamed into place, so that processes do not get in each other's way.

The folder is ``$DILSCTL_CACHE_DIR``, or ``dilsctl`` in the user's cache folder. It is not in the project,
where somebody else could put an entry that says that all is well.
"""

from __future__ import annotations

import contextlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from dilsctl import __version__
from dilsctl.records import digest

KEPT = 30 * 24 * 3600  # seconds that an entry is kept
SWEPT = 24 * 3600  # seconds between two looks for old ones
_STAMP = "swept"


def cache_folder() -> Path:
    """Where entries lie."""
    own = os.environ.get("DILSCTL_CACHE_DIR")
    if own:
        return Path(own)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = str(Path.home() / "Library" / "Caches")
    else:
        base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "dilsctl"


@cache
def program() -> str:
    """A digest of the installed program: its version, and size and time of each of its files."""
    package = Path(__file__).resolve().parent
    facts = [__version__, platform.python_version()]
    stack = [str(package)]
    while stack:
        with os.scandir(stack.pop()) as entries:
            for one in sorted(entries, key=lambda entry: entry.name):
                if one.is_dir(follow_symlinks=False):
                    if one.name != "__pycache__":
                        stack.append(one.path)
                elif one.name.endswith((".py", ".yaml")):
                    status = one.stat()
                    facts.append(f"{one.path} {status.st_size} {status.st_mtime_ns}")
    return digest("\n".join(facts).encode())


def key_of(path: Path, data: bytes, facts: Iterable[str]) -> str:
    """The name of the entry of a file with this content."""
    where = str(path.resolve().parent)
    parts = [program(), str(path), where, digest(data), *facts]
    return digest("\0".join(parts).encode("utf-8", "surrogatepass"))


class Cache:
    """A folder of entries. One that can't be written is no error: nothing is kept then."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "validate"

    def _place(self, key: str) -> Path:
        return self.folder / key[:2] / key[2:]

    def get(self, key: str) -> bytes | None:
        """An entry, if there is one."""
        try:
            return self._place(key).read_bytes()
        except OSError:
            return None

    def put(self, key: str, entry: bytes) -> None:
        """Keep an entry."""
        place = self._place(key)
        with contextlib.suppress(OSError):
            place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, part = tempfile.mkstemp(dir=place.parent, prefix=".", suffix=".part")
            try:
                with os.fdopen(descriptor, "wb") as stream:
                    stream.write(entry)
                os.replace(part, place)
            except BaseException:
                with contextlib.suppress(OSError):
                    os.unlink(part)
                raise

    def sweep(self) -> None:
        """Take away entries that are old, now and then."""
        now = time.time()
        stamp = self.folder / _STAMP
        with contextlib.suppress(OSError):
            if stamp.exists() and now - stamp.stat().st_mtime < SWEPT:
                return
            stamp.touch()
            for folder in os.scandir(self.folder):
                if folder.is_dir(follow_symlinks=False) and len(folder.name) == 2:
                    for one in os.scandir(folder.path):
                        if now - one.stat().st_mtime > KEPT:
                            os.unlink(one.path)
