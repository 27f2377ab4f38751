"""One file, given to a command in this process: the exit code, what was said, and how long it took."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from click.testing import CliRunner

from dilsctl.cli import main

LOOKING = ("validate", "fmt", "fmt-file", "diff", "inspect", "flatten", "unfold", "plan", "compose", "render")
RUNNING = ("simulate", "train", "test", "ablate")
SECONDS = 20.0  # of processor time for one command


class TooLong(BaseException):
    """A command runs on."""


@dataclass(frozen=True)
class Outcome:
    """What a command made of a file. ``code`` is None where it ran on."""

    command: str
    code: int | None
    output: str
    seconds: float

    @property
    def good(self) -> bool:
        return self.code in (0, 1, 2) and "Traceback" not in self.output


def words(command: str, file: Path) -> list[str]:
    """The command line."""
    name, folder = str(file), file.parent
    return {
        "fmt": ["fmt", "--diff", name],
        "fmt-file": ["fmt", str(_copy(file))] if command == "fmt-file" else [],
        "diff": ["diff", name, str(folder / "or-gate.yaml")],
        "compose": ["compose", name, f"inner={folder / 'or-gate.yaml'}"],
        "render": ["render", name],
        "simulate": ["simulate", name, "--until", "0.3", "--set", "time.dt=0.1", "--no-plot"],
        "train": ["train", name, "--quiet", "--set", "train.epochs=1", "--out", str(folder / "run")],
        "ablate": ["ablate", name, "--set", "train.epochs=1"],
    }.get(command, [command, name])


def _copy(file: Path) -> Path:
    target = file.with_name("copy.yaml")
    shutil.copyfile(file, target)
    return target


@contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def stop(_: int, __: FrameType | None) -> None:
        raise TooLong

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def run(command: str, file: Path) -> Outcome:
    """Give the file to a command."""
    shutil.rmtree(file.parent / "run", ignore_errors=True)
    os.environ["DILSCTL_DEBUG"] = "1"
    start = time.process_time()
    code: int | None
    try:
        with _at_most(SECONDS):
            done = CliRunner().invoke(main, words(command, file))
        code, output = done.exit_code, done.output
    except TooLong:
        code, output = None, f"longer than {SECONDS} seconds"
    return Outcome(command, code, output, time.process_time() - start)
