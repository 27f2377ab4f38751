"""``dilsctl test``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dilsctl.cli.options import jobs_option, json_option, only_diagrams_option, paths_argument, quiet_option
from dilsctl.cli.output import (
    clean,
    columns,
    count,
    emit,
    say,
    show_findings,
    wants_colour,
)
from dilsctl.cli.reports import Reports, reports_option, write_to
from dilsctl.diagnostics import Diagnostic, Label
from dilsctl.signs import in_a_line, json_text

if TYPE_CHECKING:
    from dilsctl.checks import Result
    from dilsctl.testing import Outcome

MOST_ROWS = 10
MOST_NAMES = 3
VERSION = 1
FORMATS = ("text", "json", "junit", "github")


@click.command("test", short_help="Run the checks that diagram files make of themselves.")
@paths_argument
@only_diagrams_option
@click.option(
    "-k",
    "expression",
    default="",
    metavar="WORDS",
    help="Run the checks whose file and name have these words, as in 'digits and not (conv or slow)'.",
)
@jobs_option
@click.option("--format", type=click.Choice(FORMATS), default="text", help="How results are printed.")
@reports_option(FORMATS, "junit=out.xml")
@click.option("--durations", type=click.IntRange(0), metavar="N", help="Tell the N slowest checks.")
@quiet_option("Print failing checks only.")
@json_option("Print the results as JSON: the same as --format json.")
def command(
    paths: tuple[Path, ...],
    only: bool,
    expression: str,
    jobs: int | None,
    format: str,
    reports: Reports,
    durations: int | None,
    quiet: bool,
    as_json: bool,
) -> int:
    """Run the checks of diagram files: the cases that `given` and `expect` list, and the trainings that
    must reach what they expect.

    PATHS are files or folders (searched for *.yaml and *.yml with a top-level key 'dils'). Without PATHS, the
    folder you are in is searched. A search leaves out what [tool.dilsctl] exclude in pyproject.toml lists.
    Checks run in float64, unless the file's train block names a precision, and side by side in several
    processes if there is enough to do. The exit code is 1 if a check fails or a file is not valid, and 2 if
    no check has the words of -k.

    \b
    Examples:
      dilsctl test
      dilsctl test examples/or-gate.yaml
      dilsctl test examples -j 4 -k "digits and not conv" --report junit=out.xml
      dilsctl test examples --json | jq '.checks[] | select(.passed | not)'
    """
    from dilsctl.find import only_diagrams, wanted
    from dilsctl.testing import Wanted, collect, run
    from dilsctl.words import WordsError

    if Path("-") in paths:
        raise click.UsageError("test reads files: a diagram's data and imports lie beside it")
    files = only_diagrams(wanted(paths)) if only else wanted(paths)
    if not files and not only:
        raise click.UsageError("there are no diagram files here (*.yaml with a key 'dils')")
    format = "json" if as_json else format
    try:
        chosen = collect(files, expression)
    except WordsError as error:
        raise click.UsageError(f"-k '{expression}' can't be read: {error}") from None
    if not chosen and expression.strip() and not only:
        raise click.UsageError(_nothing(files, expression))
    silent = [one.file for one in chosen if isinstance(one, Wanted) and one.number is None]
    done: list[Outcome] = []
    for one in run(chosen, jobs):
        done.append(one)
        if format == "text" and not (quiet and one.passed):
            _show(one)
    failed = sum(not one.passed for one in done)
    for name, target in reports:
        write_to(name, target, _report(name, done))
    if format in ("json", "junit"):
        emit(_report(format, done))
    elif format == "github":
        emit(_report(format, done))
        say(_summary(len(files), done, silent))
    elif not quiet or failed:
        say(_summary(len(files), done, silent))
    if durations:
        slowest = sorted(done, key=lambda one: -one.result.seconds)[:durations]
        rows = [[f"{one.result.seconds:.2f} s", f"{one.file}: {one.title}"] for one in slowest if one.title]
        say(columns([["slowest"], *rows], right=()), err=format != "text")
    return int(failed > 0)


def _nothing(files: Sequence[Path], expression: str) -> str:
    from dilsctl.testing import near_names

    near = [f"'{one}'" for one in near_names(files, expression)]
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    return f"no check of {count(len(files), 'file')} fits -k '{expression}'{hint}"


def _summary(files: int, done: Sequence[Outcome], silent: Sequence[Path]) -> str:
    """How many passed and failed; ``silent`` are files without checks."""
    silent = [one for one in silent if one not in {other.file for other in done}]
    failed = sum(not one.passed for one in done)
    parts = [f"{failed} failed"] if failed else []
    parts += [f"{len(done) - failed} passed"] if done else []
    if silent or not done:
        names = (
            f" ({', '.join(in_a_line(str(one)) for one in silent)})"
            if 0 < len(silent) <= MOST_NAMES and files > 1
            else ""
        )
        some = f"{count(len(silent), 'file')} without checks{names}"
        parts.append(some if done and len(silent) < files else "there are no checks")
    return f"{count(files, 'file')}: {', '.join(parts)}"


def _facts(done: Sequence[Outcome]) -> dict[str, object]:
    """The layout has a version; within one, keys are only ever added."""
    facts: list[dict[str, object]] = []
    for one in done:
        if one.title:
            facts.append({"file": str(one.file), **one.result.facts()})
        else:
            messages = [problem.message for problem in one.result.problems]
            told = {"check": None, "passed": False, "line": one.result.line, "problems": messages}
            facts.append({"file": str(one.file), **told})
    return {"version": VERSION, "checks": facts}


def _report(format: str, done: Sequence[Outcome]) -> str:
    if format == "json":
        return json_text(clean(_facts(done))) + "\n"
    if format == "junit":
        from dilsctl.report.junit import Case, render_cases
        from dilsctl.report.paths import from_root

        return render_cases(
            Case(
                from_root(str(one.file)),
                one.title or "(is valid)",
                one.result.seconds,
                _failure(one),
                file=str(one.file),
            )
            for one in done
        )
    if format == "github":
        from dilsctl.report.github import render_github

        return render_github([finding for one in done for finding in _findings(one)])
    return "".join(f"{_head(one)}\n{_text(one.result)}" for one in done)


def _findings(one: Outcome) -> list[Diagnostic]:
    """What went wrong with a check, at its place in the file."""
    failure = _failure(one)
    if failure is None or one.result.problems:
        return list(one.result.problems)
    code, message, table = failure
    label = Label(one.result.place) if one.result.place is not None else None
    return [Diagnostic(code, f"{one.title}: {message}", label, help=table.rstrip("\n"), file=str(one.file))]


def _failure(one: Outcome) -> tuple[str, str, str] | None:
    if one.passed:
        return None
    problems, differences = one.result.problems, one.result.differences
    if problems:
        return problems[0].code, problems[0].message, _text(one.result)
    first = differences[0]
    more = f" and {len(differences) - 1} more" if len(differences) > 1 else ""
    message = f"'{first.name}': expected {first.expected}, got {first.got}{more}"
    return "difference", message, _text(one.result)


def _head(one: Outcome) -> str:
    word = "ok" if one.passed else "FAILED"
    title = f": {one.title} ({one.result.seconds:.2f} s)" if one.title else ": not valid"
    return in_a_line(f"{word}  {one.file}{title}")


def _text(result: Result) -> str:
    from dilsctl.report.text import render_text

    table = _table(result)
    return render_text(result.problems) + (f"{table}\n" if table else "")


def _show(one: Outcome) -> None:
    if not one.title:
        show_findings(one.result.problems)
        return
    word, rest = _head(one).split(" ", 1)
    hue = "green" if one.passed else "red"
    head = click.style(word, fg=hue, bold=not one.passed) if wants_colour() else word
    say(f"{head} {rest}")
    if one.result.problems:
        show_findings(one.result.problems)
    if table := _table(one.result):
        say(table)


def _table(result: Result) -> str:
    """The rows that differ: what was given, what was expected, and beside it what came."""
    if not result.differences:
        return ""
    inputs = list(result.differences[0].given)
    counted = "epoch" if "." in result.differences[0].name else "case"
    rows = [[counted, *inputs, "", "expected", "got"]]
    for one in result.differences[:MOST_ROWS]:
        case = "" if one.row is None else str(one.row + 1)
        rows.append([case, *one.given.values(), one.name, one.expected, one.got])
    more = len(result.differences) - MOST_ROWS
    return columns(rows, indent="    ") + (f"\n    … and {more} more" if more > 0 else "")
