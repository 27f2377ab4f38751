"""One file, given to a command in this process: the exit code, what was said, and how long it took."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from click.testing import CliRunner

from dilsctl.cli import main

LOOKING = (
    "inspect", "flatten", "unfold", "fold", "plan", "compose", "text", "svg", "html", "diff", "git-diff",
    "fix", "formats", "explain", "lsp", "stdin",
)  # fmt: skip
RUNNING = ("simulate", "train", "test", "ablate", "wires")
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
    allowed: tuple[int, ...] = (0, 1, 2)

    @property
    def good(self) -> bool:
        return self.code in self.allowed and "Traceback" not in self.output


def words(command: str, file: Path) -> list[str]:
    """The command line."""
    name, folder = str(file), file.parent
    return {
        "fmt": ["fmt", name],
        "fmt-again": ["fmt", "--check", name],
        "stdin": ["fmt", "-"],
        "fix": ["validate", "--unsafe-fixes", "--diff", name],
        "formats": ["validate", name, *(f"--report={one}={folder / 'out' / one}" for one in FORMATS)],
        "diff": ["diff", name, str(folder / "or-gate.yaml")],
        "git-diff": ["diff", str(folder / "or-gate.yaml"), name, "--format", "markdown"],
        "compose": ["compose", name, f"inner={folder / 'or-gate.yaml'}"],
        "unfold": ["unfold", name, "-o", str(folder / "out" / "unfolded.yaml")],
        "fold": ["fold", str(folder / "out" / "unfolded.yaml")],
        "text": ["render", name, "--all", "--laws", "--backward"],
        "svg": ["render", name, "-o", str(folder / "out" / "picture.svg"), "--legend"],
        "html": ["render", name, "-o", str(folder / "out" / "picture.html"), "--view", "flat"],
        "simulate": ["simulate", name, "--until", "0.3", "--set", "time.dt=0.1", "--no-plot"],
        "train": ["train", name, "--quiet", "--set", "train.epochs=1", "--out", str(folder / "out" / "run")],
        "ablate": ["ablate", name, "--set", "train.epochs=1"],
    }.get(command, [command, name])


FORMATS = ("concise", "json", "github", "gitlab", "sarif", "junit")


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


def run(command: str, file: Path, given: Sequence[str] = (), allowed: tuple[int, ...] = (0, 1, 2)) -> Outcome:
    """Give the file to a command. given: a command line in place of its usual one; allowed: exit codes."""
    os.environ["DILSCTL_DEBUG"] = "1"
    start = time.process_time()
    code: int | None
    text = file.read_text(encoding="utf-8", errors="replace") if command == "stdin" else None
    try:
        with _at_most(SECONDS):
            done = CliRunner().invoke(main, list(given) or words(command, file), input=text)
        code, output = done.exit_code, done.output
    except TooLong:
        code, output = None, f"longer than {SECONDS} seconds"
    return Outcome(command, code, output, time.process_time() - start, allowed)
