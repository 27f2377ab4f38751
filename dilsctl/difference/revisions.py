"""Diagram files as they were in a revision of git: ``main~3:examples/net.yaml``.

The file and what it imports are read with ``git cat-file`` and put into a folder of their own for a moment.
Nothing is checked out, and no filter or other program of the repository's is run.
"""

from __future__ import annotations

import posixpath
import subprocess
import tempfile
from pathlib import Path

from dilsctl.diagnostics import Problem, Report, SourceFile
from dilsctl.documents import Library, load_documents
from dilsctl.source import Mapping, parse_yaml

MOST_BYTES = 256 << 20
MOST_FILES = 1000
SECONDS = 60


def split_revision(text: str) -> tuple[str, str] | None:
    """The revision and the path of ``REV:PATH``; None for anything else."""
    revision, colon, path = text.partition(":")
    return (revision, path) if colon and revision and path else None


def load_revision(revision: str, path: str) -> Library:
    """The documents of a file in a revision. ``path`` is relative to the folder one is in.

    Raises Problem: not-a-revision, or what the files have wrong.
    """
    shown = f"{revision}:{path}"
    root = _git("rev-parse --show-prefix", "", shown).decode("utf-8", "replace").strip()
    commit = _git("rev-parse --verify --quiet --end-of-options", f"{revision}^{{commit}}", shown)
    sha = commit.decode().strip()
    first = posixpath.normpath(posixpath.join(root, path))
    if first.startswith(("../", "/")) or first == "..":
        raise _not_there(shown, "the path leads out of the repository")
    with tempfile.TemporaryDirectory(prefix="dilsctl-") as folder:
        _put(sha, first, Path(folder), shown)
        library = load_documents(Path(folder, first))
        for file in library.files:
            if file.name.startswith(folder):
                file.name = f"{revision}:{posixpath.relpath(file.name[len(folder) + 1 :], root or '.')}"
        library.report.raise_errors()
        return library


def _put(sha: str, first: str, folder: Path, shown: str) -> None:
    """Write a file and those that it imports below a folder, as far as the revision has them."""
    waiting, done = [first], {first}
    while waiting:
        name = waiting.pop()
        try:
            size = int(_git("cat-file -s", f"{sha}:{name}", shown))
            if size > MOST_BYTES:
                raise Problem.of("too-large", f"'{shown}' is larger than {MOST_BYTES >> 20} MiB", file=shown)
            data = _git("cat-file blob", f"{sha}:{name}", shown)
        except Problem:
            if name == first:
                raise
            continue  # to be reported as an import that is not there
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        for other in _imports(data):
            for ending in ("", ".yaml", ".yml"):
                found = posixpath.normpath(posixpath.join(posixpath.dirname(name), other + ending))
                if not found.startswith(("../", "/")) and found not in done and len(done) < MOST_FILES:
                    done.add(found)
                    waiting.append(found)


def _imports(data: bytes) -> list[str]:
    try:
        root = parse_yaml(SourceFile("", data.decode("utf-8-sig")), Report())
    except UnicodeDecodeError:
        return []
    uses = root.get("use") if isinstance(root, Mapping) else None
    found = [one for one in uses.values() if isinstance(one, str)] if isinstance(uses, Mapping) else []
    return [one for one in found if not one.startswith("std/") and "\0" not in one]


def _git(words: str, about: str, shown: str) -> bytes:
    try:
        command = ["git", *words.split(), *([about] if about else [])]
        run = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
    except FileNotFoundError:
        raise _not_there(shown, "git is not installed") from None
    except subprocess.TimeoutExpired:
        raise _not_there(shown, "git takes too long") from None
    except ValueError:
        raise _not_there(shown, "this is no name of a revision or file") from None
    if run.returncode:
        said = run.stderr.decode("utf-8", "replace").strip().split("\n")[0]
        raise _not_there(shown, said.removeprefix("fatal: ") or "git does not know it")
    return run.stdout


def _not_there(shown: str, why: str) -> Problem:
    help = "write REVISION:PATH, as in main~3:examples/net.yaml, with a path from the folder you are in"
    return Problem.of("not-a-revision", f"there is no '{shown}': {why}", help=help, file=shown)
