"""The command as a whole: help, exit codes, and how failures are told."""

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from dilsctl.cli import main
from dilsctl.cli.group import SECTIONS
from dilsctl.diagnostics import Problem

ROOT = Path(__file__).parents[2]
COMMANDS = [name for names in SECTIONS.values() for name in names]


def call(*args: str, **extra: object) -> Result:
    return CliRunner().invoke(main, list(args), **extra)  # type: ignore[arg-type]


def run(*args: str, **extra: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dilsctl", *args], capture_output=True, text=True, cwd=ROOT, **extra
    )  # type: ignore[call-overload, no-any-return]


def test_help_names_every_command() -> None:
    result = call("--help")
    assert result.exit_code == 0
    for name in COMMANDS:
        assert f"\n  {name} " in result.output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    result = call(name, "--help")
    assert result.exit_code == 0
    assert "Example" in result.output and f"dilsctl {name}" in result.output
    assert "--debug" in result.output
    for line in result.output.splitlines():
        assert len(line) <= 80 or "dilsctl" in line


def test_an_unknown_command_is_wrong_usage() -> None:
    result = call("trian")
    assert result.exit_code == 2
    assert "did you mean 'train'?" in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "no-such-file.yaml"],
        ["validate", "--no-such-option"],
        ["train", "--set", "x"],
        ["schema", "x"],
    ],
)
def test_wrong_usage(arguments: list[str]) -> None:
    assert call(*arguments).exit_code == 2


@click.command("broken")
@click.option("--how")
def broken(how: str) -> int:
    raise {
        "bug": ValueError("a\nbug"),
        "problem": Problem.of("some-code", "not good", file="x.yaml"),
        "disk": OSError(28, "No space left on device", "runs/x"),
        "memory": MemoryError(),
        "end": EOFError("short"),
        "keyboard": KeyboardInterrupt(),
    }[how]


@pytest.fixture
def fails(monkeypatch: pytest.MonkeyPatch) -> None:
    real = type(main).get_command
    monkeypatch.setattr(
        type(main),
        "get_command",
        lambda self, ctx, name: broken if name == "broken" else real(self, ctx, name),
    )


@pytest.mark.usefixtures("fails")
@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        ("bug", 3, ["ValueError: a bug", "report", "--debug"]),
        ("end", 3, ["EOFError: short"]),
        ("problem", 1, ["some-code", "not good"]),
        ("disk", 2, ["dilsctl: runs/x: No space left on device"]),
        ("memory", 1, ["not enough memory"]),
        ("keyboard", 130, ["interrupted"]),
    ],
)
def test_failures_are_told_in_words(how: str, code: int, words: list[str]) -> None:
    result = call("broken", "--how", how)
    assert result.exit_code == code
    assert "Traceback" not in result.output
    for word in words:
        assert word in result.stderr
    assert result.stdout == ""


@pytest.mark.usefixtures("fails")
def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DILSCTL_DEBUG", "1")
    assert "Traceback" in call("broken", "--how", "bug").stderr
    monkeypatch.delenv("DILSCTL_DEBUG")
    assert "Traceback" in call("--debug", "broken", "--how", "bug").stderr


def test_an_output_that_is_not_unicode() -> None:
    result = run(
        "inspect",
        "examples/digits.yaml",
        env={**os.environ, "PYTHONIOENCODING": "latin-1"},
        encoding="latin-1",
    )
    assert result.returncode == 0, result.stderr
    assert "?? hidden: dense" in result.stdout


def test_version() -> None:
    result = run("--version")
    assert result.returncode == 0 and result.stdout.startswith("dilsctl, version ")


def test_a_closed_pipe_is_no_failure() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "dilsctl", "doctor"],
        stdout=writer,
        stderr=subprocess.PIPE,
        cwd=ROOT,
        check=False,
    )
    os.close(writer)
    assert done.stderr == b""
    assert done.returncode == 141


@pytest.mark.parametrize(
    "arguments", [["--help"], ["validate", "examples/or-gate.yaml"], ["inspect", "--help"]]
)
def test_light_commands_import_neither_numpy_nor_rich(arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from dilsctl.cli import main\n"
        f"try: main({arguments!r}, prog_name='dilsctl')\n"
        "except SystemExit as exit: assert exit.code == 0, exit.code\n"
        "heavy = {'numpy', 'rich', 'scipy', 'safetensors'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_importing_the_package_imports_nothing_else() -> None:
    code = "import sys, dilsctl; print({'click', 'yaml', 'numpy'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", code], text=True, cwd=ROOT).strip() == "set()"
