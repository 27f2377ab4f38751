"""The ``dilsctl`` command: its subcommands, loaded when used, and what its exit codes mean.

0: good. 1: findings (an invalid file, a failing check). 2: wrong usage, or an output that takes nothing.
3: the program failed. 130: interrupted. 141: whoever read the output went away.
"""

from __future__ import annotations

import errno
import gc
import importlib
import io
import os
import sys
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import click

from dilsctl import __version__
from dilsctl.cli.streams import OUTPUT, let_go_of_output, open_streams
from dilsctl.diagnostics import Problem, did_you_mean

GOOD, FINDINGS, USAGE, FAILED, INTERRUPTED, NO_READER = 0, 1, 2, 3, 130, 141

SECTIONS: dict[str, tuple[str, ...]] = {
    "Write": ("init", "fmt", "validate", "inspect", "render", "schema"),
    "Run": ("simulate",),
    "Compose": ("flatten", "unfold", "fold", "compose"),
    "Learn": ("train", "live", "eval", "predict", "ablate", "wires", "report"),
    "Check": ("test", "diff", "plan", "explain", "rules", "lsp", "doctor"),
}

EPILOG = (
    "Exit codes: 0 good, 1 findings, 2 wrong usage or an output that takes nothing, 3 the program failed, "
    "130 interrupted."
)


@dataclass
class Session:
    """What one call of the program was told."""

    debug: bool = False


def _set_debug(context: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        context.ensure_object(Session).debug = True


def _debug_option() -> click.Option:
    return click.Option(
        ["--debug"],
        is_flag=True,
        expose_value=False,
        callback=_set_debug,
        help="Show the traceback if the program itself fails (also: DILSCTL_DEBUG=1).",
    )


class Commands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [name for names in SECTIONS.values() for name in names]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = importlib.import_module(f"dilsctl.cli.{cmd_name}").command
        if not any("--debug" in param.opts for param in command.params):
            command.params.append(_debug_option())
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if not name.startswith("-") and self.get_command(ctx, name) is None:
            hint = did_you_mean(name, self.list_commands(ctx))
            ctx.fail(f"there is no command '{name}'" + (f"; {hint}" if hint else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, names in SECTIONS.items():
            commands = [(name, self.get_command(ctx, name)) for name in names]
            with formatter.section(title):
                formatter.write_dl([(name, one.get_short_help_str(80)) for name, one in commands if one])

    def invoke(self, ctx: click.Context) -> Any:
        # Here and not in main: click answers a broken pipe or the end of a file with exit codes of its own.
        try:
            return super().invoke(ctx)
        except click.exceptions.Exit:
            raise
        except KeyboardInterrupt:
            return interrupted()
        except Exception as error:
            return explain(error, ctx.ensure_object(Session))

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run a command line and exit. Commands return their exit code; exceptions are told in words."""
        _start_quickly()
        open_streams()
        session = Session(debug=os.environ.get("DILSCTL_DEBUG", "") not in ("", "0"))
        try:
            code = super().main(args, prog_name, complete_var, standalone_mode=False, obj=session, **extra)
            if sys.stdout is not None and not sys.stdout.closed:  # a language server has closed it
                sys.stdout.flush()
        except Exception as error:
            code = explain(error, session)
        code = code if isinstance(code, int) else GOOD
        if args is None and standalone_mode:  # a process of its own: it need not take a large diagram apart
            if sys.stderr is not None and not sys.stderr.closed:
                sys.stderr.flush()
            os._exit(code)
        sys.exit(code)


def _start_quickly() -> None:
    """Together a tenth of the time that it takes to validate a small file."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "1")  # or else it reads what every package declares
    gc.set_threshold(50_000, 20, 20)  # start-up makes many objects and hardly any garbage


def explain(error: Exception, session: Session) -> int:
    """Say what went wrong, on standard error, and give the exit code."""
    from dilsctl.cli.output import say, show_findings

    if isinstance(error, BrokenPipeError):
        let_go_of_output()
        return NO_READER
    if isinstance(error, OSError) and error.filename == OUTPUT:
        let_go_of_output()
        say(f"dilsctl: {OUTPUT} can't be written: {error.strerror}", err=True)
        return USAGE
    if isinstance(error, FileNotFoundError) and not _is_somewhere():
        say("dilsctl: the folder you are in is no longer there; go to another one", err=True)
        return USAGE
    if isinstance(error, click.Abort):
        return interrupted()
    if isinstance(error, click.ClickException):
        told = io.StringIO()
        error.show(told)
        say(told.getvalue(), err=True, nl=False)
        return USAGE if isinstance(error, click.UsageError) else error.exit_code
    if isinstance(error, MemoryError):  # of the machine, for what a file asks
        say(apology(error, session), err=True)
        return FINDINGS
    if isinstance(error, Problem):
        show_findings(error.diagnostics, err=True)
        return FINDINGS
    if isinstance(error, OSError) and error.errno in _FULL:
        say(apology(error, session), err=True)
        return USAGE
    if session.debug:
        import traceback

        say("".join(traceback.format_exception(error)), err=True, nl=False)
    say(apology(error, session), err=True)
    return FAILED


_FULL = frozenset(
    getattr(errno, name, -1) for name in ("ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EIO", "EMFILE", "ENFILE")
)
"""What the machine refuses, whatever is asked of it."""


def _is_somewhere() -> bool:
    try:
        os.getcwd()
    except FileNotFoundError:
        return False
    return True


def apology(error: Exception, session: Session) -> str:
    """One paragraph for an exception that nobody expected (or that the machine is to blame for)."""
    if isinstance(error, OSError) and error.strerror:
        about = f"{error.filename}: " if error.filename else ""
        return f"dilsctl: {about}{error.strerror}"
    if isinstance(error, MemoryError):
        return "dilsctl: there is not enough memory for this. A smaller batch or network may fit."
    kind = type(error).__name__
    said = " ".join(str(error).split()) or "no message"
    ask = "Please report it with the command line and the file that led to it"
    how = "the traceback above" if session.debug else "the traceback that --debug shows"
    return (
        f"Sorry: dilsctl {__version__} failed, and it is not your fault. {kind}: {said}. {ask}, and {how}, "
        "to the maintainers (the issue tracker of the place you have dilsctl from)."
    )


def interrupted() -> int:
    from dilsctl.cli.output import say

    say("interrupted", err=True)
    return INTERRUPTED


CONTEXT: MutableMapping[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@click.group(cls=Commands, epilog=EPILOG, context_settings=CONTEXT)
@click.version_option(__version__, "-V", "--version", prog_name="dilsctl")
def main() -> None:
    """Describe a learning system as boxes and wires in one YAML file; check it, train it, use it.

    \b
    Start here:
      dilsctl init first.yaml          write a small diagram that trains
      dilsctl validate first.yaml      find mistakes before running anything
      dilsctl train first.yaml         train it; keeps a run folder
    """


main.params.append(_debug_option())

__all__ = ["SECTIONS", "Commands", "Session", "main"]
