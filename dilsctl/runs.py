"""Run folders: everything about one training run, kept so that it can go on, be used, and be understood.

    runs/digits-001/
      run.json              what the run is: versions, settings, digests, what was fitted to the data
      config.yaml           the effective configuration, for people
      diagram/              the diagram file and its imports as they were
      metrics.jsonl         one line an epoch
      wires.jsonl           how strong the wires are, one line an epoch
      activity.jsonl        how active the boxes are
      last.safetensors      after the last epoch that was finished
      best.safetensors      after the best epoch, where the best is kept
      plots/                pictures of how it went, by the commands: see dilsctl.plots
      summary.json          when the run is over

A folder is never overwritten. A kill at any moment leaves one from which the run goes on with the same
numbers, bit for bit: checkpoints are replaced in one step, and ``metrics.jsonl`` may be ahead of the
checkpoint by an epoch (its line is written first) or end in half a line, so when a run goes on, lines after
the checkpoint's epoch are dropped, and written again. A folder without a checkpoint goes on from the start.
"""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, Any

from dilsctl.checkpoints import (
    Array,
    Checkpoint,
    Position,
    encode,
    flush_folder,
    read_checkpoint,
    write_atomically,
)
from dilsctl.diagnostics import Diagnostic, Problem
from dilsctl.provenance import changed_places, digest_of_files, environment
from dilsctl.run_texts import as_json, as_yaml, log_lines

WIRES, ACTIVITY = "wires.jsonl", "activity.jsonl"
MOST_BYTES = 256 << 20
MARK = "run.json"  # written last: a folder that has it is complete
FORMAT = 1


@dataclass(eq=False)
class RunFolder:
    """One run. ``facts`` is the content of run.json."""

    path: Path
    facts: dict[str, Any]
    _log: IO[str] | None = field(default=None, repr=False)
    _wires: IO[str] | None = field(default=None, repr=False)
    _activity: IO[str] | None = field(default=None, repr=False)
    _lock: int | None = field(default=None, repr=False)
    _change: tuple[Mapping[str, Any], Mapping[str, Any]] | None = field(default=None, repr=False)

    # -- made and found ---------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        name: str,
        *,
        files: Mapping[str, str],
        main: str,
        config: Mapping[str, Any],
        facts: Mapping[str, Any] | None = None,
        out: Path | None = None,
        root: Path = Path("runs"),
    ) -> RunFolder:
        """Make a new folder: ``out``, or the next free ``root/NAME-NNN``.

        files: texts of the diagram and its imports by path, relative, with ``/``; ``main`` is that of the
        diagram. config: for config.yaml. facts: what else run.json shall hold; JSON values.
        Raises Problem: run-exists, run-not-writable.
        """
        try:
            path = _claim(out) if out is not None else _next_free(root, name)
            for file, text in files.items():
                target = path.joinpath("diagram", *_inside(file))
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(text.encode())
            write_atomically(path / "config.yaml", as_yaml(config).encode())
            (path / "metrics.jsonl").touch()
            known = {
                "format": FORMAT,
                "name": name,
                "main": main,
                "files": sorted(files),
                "diagram": digest_of_files(files),
                "environment": environment(),
                **(facts or {}),
            }
            write_atomically(path / MARK, as_json(known, indent=2))
            flush_folder(path)
        except OSError as error:
            raise _not_writable(Path(error.filename or out or root), error) from None
        return cls(path, known)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """Find a run again. Raises Problem: not-a-run, bad-run."""
        try:
            facts = json.loads(_read(path / MARK))
            if facts["format"] != FORMAT:
                raise _bad_run(path, f"its format is {facts['format']}, and this version knows {FORMAT}")
            if not _is_told(facts):
                raise _bad_run(path, f"{MARK} is not what a run writes")
            for name in (facts["main"], *facts["files"]):
                _inside(name)
        except (FileNotFoundError, NotADirectoryError):
            begun = (path / "diagram").is_dir()
            help = (
                "the run was stopped before it began; start it anew"
                if begun
                else "a run folder has a run.json"
            )
            message = f"'{path}' is not a run folder that can be used"
            raise Problem.of("not-a-run", message, help=help, file=str(path)) from None
        except OSError as error:
            raise _bad_run(path, error.strerror or str(error)) from None
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise _bad_run(path, f"{MARK} can't be read ({error})") from None
        return cls(path, facts)

    @property
    def diagram(self) -> Path:
        """The diagram file as it was."""
        return self.path.joinpath("diagram", *_inside(self.facts["main"]))

    def stored_files(self) -> dict[str, str]:
        """The diagram and its imports as they were. Raises Problem: bad-run."""
        found = {}
        for name in self.facts["files"]:
            try:
                found[name] = _read(self.path.joinpath("diagram", *_inside(name))).decode()
            except (OSError, UnicodeDecodeError) as error:
                raise _bad_run(self.path, f"diagram/{name} can't be read ({error})") from None
        return found

    def check_diagram(self, files: Mapping[str, str]) -> None:
        """Raise Problem: diagram-changed, unless the diagram and its imports are what they were."""
        if digest_of_files(files) == self.facts.get("diagram"):
            return
        names, labels = changed_places(self.stored_files(), files, f"{self.path}/diagram/")
        which = ", ".join(f"'{name}'" for name in names)
        message = f"{which} changed since the run '{self.path}' began, so the run can't go on"
        help = (
            "start a new run, or put the file back (it is in the run folder, in diagram/); "
            f"'dilsctl diff {self.path} FILE' tells what changed in meaning"
        )
        raise Problem([Diagnostic("diagram-changed", message, labels[0], tuple(labels[1:]), help)])

    @property
    def is_finished(self) -> bool:
        """Whether it came to its end."""
        return (self.path / "summary.json").exists()

    # -- written while it runs --------------------------------------------------------------------

    def go_on_with(self, config: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
        """Go on with another configuration, written down when the run begins again: config.yaml has the new
        one, and run.json remembers under ``changes`` which facts were others, and up to which epoch."""
        self._change = config, facts

    def begin(self, epoch: int = 0, *, was_over: bool = False) -> list[dict[str, Any]]:
        """Lock the folder, and open the log after ``epoch`` epochs. Gives the log's lines up to there.

        was_over: nothing will be done, so nothing is changed. Raises Problem: run-busy, run-not-writable.
        """
        self._take_lock()
        if not was_over:
            self._write_change(epoch)
        try:
            kept, self._log = _taken_up(self.path / "metrics.jsonl", epoch)
            if self.facts.get("wires"):
                self._wires = _taken_up(self.path / WIRES, epoch)[1]
            if self.facts.get("activity"):
                self._activity = _taken_up(self.path / ACTIVITY, epoch)[1]
        except OSError as error:
            raise _not_writable(self.path, error) from None
        return kept

    def _write_change(self, epoch: int) -> None:
        if self._change is None:
            return
        config, facts = self._change
        before = {name: self.facts.get(name) for name in facts}
        changes = [*self.facts.get("changes", []), {"after_epoch": epoch, "before": before}]
        self.facts = {**self.facts, **facts, "changes": changes}
        try:
            (self.path / "summary.json").unlink(missing_ok=True)  # of an end that is none any more
            write_atomically(self.path / "config.yaml", as_yaml(config).encode())
            write_atomically(self.path / MARK, as_json(self.facts, indent=2))
        except OSError as error:
            raise _not_writable(self.path, error) from None
        self._change = None

    def _take_lock(self) -> None:
        if self._lock is not None:
            return
        try:
            import fcntl
        except ImportError:  # a system without such locks
            return
        lock = os.open(self.path, os.O_RDONLY)  # the folder itself: files in it are replaced
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            message = f"another process trains the run '{self.path}'"
            raise Problem.of(
                "run-busy", message, help="wait for it, or stop it", file=str(self.path)
            ) from None
        self._lock = lock

    def log(self, values: Mapping[str, Any]) -> None:
        """Append a line to metrics.jsonl, and flush it to the disk."""
        if self._log is None:
            raise ValueError("the run has not begun")
        self._log.write(as_json(values).decode())
        self._log.flush()
        os.fsync(self._log.fileno())

    def log_wires(self, values: Mapping[str, Any]) -> None:
        """Append a line to wires.jsonl, where the run has wires that are watched."""
        if self._wires is not None:
            self._wires.write(as_json(values).decode())
            self._wires.flush()

    def log_activity(self, values: Mapping[str, Any]) -> None:
        """Append a line to activity.jsonl, where the run has boxes that are watched."""
        if self._activity is not None:
            self._activity.write(as_json(values).decode())
            self._activity.flush()

    def wires(self) -> list[dict[str, Any]]:
        """The lines of wires.jsonl. Raises Problem: bad-run."""
        path = self.path / WIRES
        try:
            return log_lines(_read(path), sys.maxsize) if path.exists() else []
        except OSError as error:
            raise _bad_run(self.path, error.strerror or str(error)) from None

    def save(
        self,
        states: Mapping[str, Array],
        moments: Mapping[str, Array],
        position: Position,
        *,
        best: bool = False,
    ) -> None:
        """Write the last checkpoint, and with ``best`` the best one too, which then is the same file.

        The best one is put into place first: so whenever a run stops, the best one is at least as new as the
        last one knows.
        """
        also = (self.path / "best.safetensors",) if best else ()
        write_atomically(self.path / "last.safetensors", encode(states, moments, position), *also)

    def load(self, which: str = "last") -> Checkpoint | None:
        """The ``last`` or ``best`` checkpoint, or None, if there is none. Raises Problem: bad-checkpoint."""
        path = self.path / f"{which}.safetensors"
        return read_checkpoint(path) if path.exists() else None

    def finish(self, summary: Mapping[str, Any]) -> None:
        """Write summary.json."""
        write_atomically(self.path / "summary.json", as_json(summary, indent=2))

    def close(self) -> None:
        """Close the log and give up the lock."""
        for log in (self._log, self._wires, self._activity):
            if log is not None:
                log.close()
        if self._lock is not None:
            os.close(self._lock)
        self._log = self._wires = self._activity = self._lock = None

    def __enter__(self) -> RunFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _taken_up(log: Path, epoch: int) -> tuple[list[dict[str, Any]], IO[str]]:
    """The lines of a log up to an epoch, and the log, open after them."""
    text = _read(log) if log.exists() else b""
    kept = log_lines(text, epoch)
    data = b"".join(as_json(one) for one in kept)
    if data != text:
        write_atomically(log, data)
    return kept, log.open("a", encoding="utf-8", newline="\n")


def exists_already(path: Path) -> Problem:
    """The error for a run folder that is to be made, and is there."""
    message = f"'{path}' exists already, and a run folder is never overwritten"
    help = f"name another folder; to go on: dilsctl train --resume {path}, or of a life: dilsctl live {path}"
    return Problem.of("run-exists", message, help=help, file=str(path))


def _claim(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir()
    except FileExistsError:
        raise exists_already(path) from None
    flush_folder(path.parent)
    return path


def _next_free(root: Path, name: str) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    pattern = re.compile(re.escape(name) + r"-(\d{1,9})")
    taken = [int(found.group(1)) for one in root.iterdir() if (found := pattern.fullmatch(one.name))]
    number = max(taken, default=0) + 1
    while True:
        path = root / f"{name}-{number:03d}"
        try:
            path.mkdir()
        except FileExistsError:  # another process was quicker
            number += 1
        else:
            flush_folder(root)
            return path


def _read(path: Path) -> bytes:
    """The content of a file of a run. Raises OSError, also for what is no regular file."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):  # a named pipe would be waited for
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    if status.st_size > MOST_BYTES:
        raise OSError(errno.EFBIG, f"it is larger than {MOST_BYTES >> 20} MiB", str(path))
    return path.read_bytes()


def _is_told(facts: Mapping[str, Any]) -> bool:
    """Whether what commands read of run.json has the kinds that it should have."""
    texts = [facts["main"], facts.get("file", ""), *facts["files"], *facts.get("settings", [])]
    return all(isinstance(one, str) and "\0" not in one for one in texts) and all(
        isinstance(facts.get(name, []), list) for name in ("files", "settings", "changes")
    )


def _inside(name: str) -> tuple[str, ...]:
    """The parts of a relative path that leads nowhere else."""
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or PurePosixPath(name).is_absolute():
        raise ValueError(f"'{name}' leads out of the run folder")
    return parts


def _not_writable(path: Path, error: OSError) -> Problem:
    message = f"'{path}' can't be written: {error.strerror or error}"
    return Problem.of("run-not-writable", message, file=str(path))


def _bad_run(path: Path, why: str) -> Problem:
    return Problem.of("bad-run", f"the run folder '{path}' is damaged: {why}", file=str(path))
