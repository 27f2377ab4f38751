"""Diagram files as they were in a revision of git: ``main~3:examples/net.yaml``.

The file and what it imports are read with ``git cat-file`` and put into a folder of their own for a moment.
Nothing is checked out, and no filter or other program of the repository's is run.
"""

from __future__ import annotations

import os
import posixpath
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from dilsctl.diagnostics import Problem, Report, SourceFile
from dilsctl.documents import Library, load_documents
from dilsctl.source import Mapping, largest_file, parse_yaml, too_large

MOST_FILES = 1000
MOST_LINKS = 20
LINK = "120000"  # the mode of a symbolic link
SECONDS = 60


def split_revision(text: str) -> tuple[str, str] | None:
    """The revision and the path of ``REV:PATH``; None for anything else."""
    revision, colon, path = text.partition(":")
    return (revision, path) if colon and revision and path else None


def load_revision(revision: str, path: str, or_empty: bool = False) -> Library:
    """The documents of a file in a revision. ``path`` is relative to the folder one is in. ``or_empty``: a
    revision that does not have the file has an empty one.

    Raises Problem: not-a-revision, or what the files have wrong.
    """
    shown = f"{revision}:{path}"
    prefix = os.fsdecode(_git("rev-parse --show-prefix", "", shown)).removesuffix("\n")
    commit = _git("rev-parse --verify --quiet --end-of-options", f"{revision}^{{commit}}", shown)
    first = posixpath.normpath(posixpath.join(prefix, _inside(path, prefix, shown)))
    if first.startswith(("../", "/")) or first == "..":
        raise _not_there(shown, "the path leads out of the repository")
    with tempfile.TemporaryDirectory(prefix="dilsctl-") as name:
        folder = Path(name)
        if not _Revision(commit.decode().strip(), folder, shown).put(first):
            if not or_empty:
                raise _not_there(shown, "the revision does not have this file")
            return empty(shown)
        library = load_documents(folder / first)
        for file in library.files:
            if file.name.startswith(name):
                file.name = f"{revision}:{posixpath.relpath(file.name[len(name) + 1 :], prefix or '.')}"
        library.report.raise_errors()
        return library


def empty(name: str) -> Library:
    """A file before it was, or after it is gone."""
    return load_documents(Path(name), "dils: 1\n")


def _inside(path: str, prefix: str, shown: str) -> str:
    """A path from the folder one is in, also of one that is told as a whole."""
    if not os.path.isabs(path):
        return path.replace(os.sep, "/")
    top = os.fsdecode(_git("rev-parse --show-toplevel", "", shown)).removesuffix("\n")
    folder, name = os.path.split(path)
    found = os.path.relpath(os.path.realpath(folder), top).replace(os.sep, "/")
    return posixpath.relpath(posixpath.join(found, name), prefix or ".")


@dataclass(frozen=True, slots=True)
class _Revision:
    """A commit whose files are put into a folder, links as links."""

    sha: str
    folder: Path
    shown: str

    def put(self, first: str) -> bool:
        """Write a file and those that it imports, as far as the revision has them. Does it have the first?"""
        waiting, done = [first], {first}
        while waiting:
            name = waiting.pop()
            found = self.find(name)
            if found is None:
                if name == first:
                    return False
                continue  # to be reported as an import that is not there
            real, data = found
            target = self.folder / real
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
            for other in _imports(data):
                for ending in ("", ".yaml", ".yml"):
                    wanted = posixpath.normpath(posixpath.join(posixpath.dirname(real), other + ending))
                    if not wanted.startswith(("../", "/")) and wanted not in done and len(done) < MOST_FILES:
                        done.add(wanted)
                        waiting.append(wanted)
        return True

    def find(self, name: str) -> tuple[str, bytes] | None:
        """Where a file is, links followed, and what is in it; None if there is none."""
        for _ in range(MOST_LINKS):
            parts = name.split("/")
            prefixes = ["/".join(parts[: number + 1]) for number in range(len(parts))]
            entries = self.entries(prefixes)
            link = next((one for one in prefixes if entries.get(one, ("", ""))[0] == LINK), None)
            if link is None:
                mode, blob = entries.get(name, ("", ""))
                return (name, self.blob(blob)) if mode.startswith("100") else None
            to = os.fsdecode(self.blob(entries[link][1]))
            target = posixpath.normpath(posixpath.join(posixpath.dirname(link), to))
            if target.startswith(("../", "/")) or target == ".." or "\0" in target:
                raise _not_there(self.shown, f"'{link}' is a link that leads out of the repository")
            place = self.folder / link
            place.parent.mkdir(parents=True, exist_ok=True)
            if not place.is_symlink():
                place.symlink_to(posixpath.relpath(target, posixpath.dirname(link) or "."))
            name = posixpath.normpath(posixpath.join(target, name[len(link) :].lstrip("/")))
        raise _not_there(self.shown, "its links go in a circle")

    def entries(self, names: list[str]) -> dict[str, tuple[str, str]]:
        """(mode, object) of the names that there are."""
        listed = _git("ls-tree -z --full-tree --", [self.sha, *names], self.shown)
        found = {}
        for line in os.fsdecode(listed).split("\0"):
            facts, _, name = line.partition("\t")
            if name in names:
                mode, _, blob = facts.split(" ")
                found[name] = mode, blob
        return found

    def blob(self, blob: str) -> bytes:
        most = largest_file(Path(self.shown))
        if int(_git("cat-file -s", blob, self.shown)) > most:
            raise too_large(self.shown, most)
        return _git("cat-file blob", blob, self.shown)


def _imports(data: bytes) -> list[str]:
    try:
        root = parse_yaml(SourceFile("", data.decode("utf-8-sig")), Report())
    except UnicodeDecodeError:
        return []
    uses = root.get("use") if isinstance(root, Mapping) else None
    found = [one for one in uses.values() if isinstance(one, str)] if isinstance(uses, Mapping) else []
    return [one for one in found if not one.startswith("std/") and "\0" not in one]


def _git(words: str, about: str | list[str], shown: str) -> bytes:
    more = about if isinstance(about, list) else [about] if about else []
    try:
        command = ["git", *words.split(), *more]
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
