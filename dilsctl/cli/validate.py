"""``dilsctl validate``."""

from __future__ import annotations

from pathlib import Path

import click

from dilsctl.cli.options import (
    jobs_option,
    json_option,
    only_diagrams_option,
    paths_argument,
    quiet_option,
    set_option,
)
from dilsctl.cli.output import (
    columns,
    count,
    say,
    show_diff_lines,
    show_findings,
    standard_input,
    write_report,
)
from dilsctl.diagnostics import Diagnostic, Report
from dilsctl.report.formats import FORMATS


def _reports(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, Path], ...]:
    found = []
    for value in values:
        name, sign, path = value.partition("=")
        if not sign or not path or name not in FORMATS:
            raise click.BadParameter(f"write FORMAT=FILE, with one of {', '.join(FORMATS)}")
        found.append((name, Path(path)))
    return tuple(found)


def _codes(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for value in values for word in value.replace(",", " ").split())


@click.command("validate", short_help="Find mistakes in diagram files, before anything runs.")
@paths_argument
@only_diagrams_option
@set_option
@click.option("--format", type=click.Choice([*FORMATS]), default="text", help="How findings are printed.")
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="FORMAT=FILE",
    callback=_reports,
    help="Write the findings to a file as well, as in sarif=out.sarif. May be repeated.",
)
@click.option(
    "--select", multiple=True, metavar="CODE", callback=_codes, help="Show these lints only (also: unused-*)."
)
@click.option("--ignore", multiple=True, metavar="CODE", callback=_codes, help="Do not show these lints.")
@click.option("--fix", is_flag=True, help="Mend what can be mended without changing what a file means.")
@click.option("--unsafe-fixes", is_flag=True, help="With --fix or --diff: also what is likely meant.")
@click.option("--diff", "show_diff", is_flag=True, help="Show what --fix would change, and write nothing.")
@click.option("--statistics", is_flag=True, help="Count the findings of each code.")
@click.option("--exit-zero", is_flag=True, help="Exit with 0 even if there are errors.")
@jobs_option
@click.option("--no-cache", is_flag=True, help="Look at every file anew, and keep nothing.")
@json_option("Print the findings as JSON: the same as --format json.")
@quiet_option("Print findings only: nothing where all is well.")
def command(
    paths: tuple[Path, ...],
    only: bool,
    settings: tuple[str, ...],
    format: str,
    reports: tuple[tuple[str, Path], ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    fix: bool,
    unsafe_fixes: bool,
    show_diff: bool,
    statistics: bool,
    exit_zero: bool,
    jobs: int | None,
    no_cache: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Find mistakes in diagram files, before anything runs.

    PATHS are files, folders (searched for *.yaml and *.yml with a top-level key 'dils'), or - for standard
    input. Without PATHS, the folder you are in is searched. A search leaves out what [tool.dilsctl] exclude
    in pyproject.toml lists. Every finding is shown with its place; the exit code is 1 if there is an error,
    and 0 if there are warnings only. Warnings can be chosen (--select, --ignore, pyproject.toml) and taken
    back by a comment in the file: # dils: ignore[CODE] why. `dilsctl explain CODE` tells what one is about.

    \b
    Examples:
      dilsctl validate
      dilsctl validate net.yaml --set train.batch=64
      dilsctl validate --fix --diff
      dilsctl validate --format github --report sarif=out.sarif
      cat net.yaml | dilsctl validate - --json
    """
    from dilsctl import api
    from dilsctl.find import only_diagrams, wanted

    stdin = Path("-") in paths
    if stdin and len(paths) > 1:
        raise click.UsageError("'-' (standard input) stands alone")
    _check_codes(select, ignore)
    files = [Path("<stdin>")] if stdin else wanted(paths)
    if only and not stdin:
        files = only_diagrams(files)
    if not files and not only:
        where = "here" if not paths else f"in {', '.join(map(str, paths))}"
        raise click.UsageError(f"there are no diagram files {where} (*.yaml with a key 'dils')")
    if fix or show_diff:
        if stdin:
            raise click.UsageError("--fix and --diff are for files, not for standard input")
        changed = _mend(files, settings, select, ignore, unsafe_fixes, show_diff)
        if show_diff:
            return int(changed and not exit_zero)
    elif unsafe_fixes:
        raise click.UsageError("--unsafe-fixes goes with --fix or --diff")
    whole = api.validate_files(
        files,
        text=standard_input() if stdin else None,
        settings=settings,
        select=select,
        ignore=ignore,
        jobs=jobs,
        cached=not no_cache,
    )
    names = [str(one) for one in files]
    found = list(whole)
    for name, target in reports:
        write_report(name, found, names, target)
    format = "json" if as_json else format
    if format == "text":
        _show(whole, files, quiet)
    else:
        write_report(format, found, names, None)
    if statistics:
        _show_statistics(found, err=format in ("json", "gitlab", "sarif", "junit"))
    return int(not whole.ok and not exit_zero)


def _mend(
    files: list[Path],
    settings: tuple[str, ...],
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    unsafe: bool,
    only_show: bool,
) -> bool:
    """Mend files, or show what would change. Would anything?"""
    from dilsctl.fixing import mend

    changed = False
    for one in mend(files, settings, select, ignore, unsafe=unsafe, write=not only_show):
        changed = changed or one.changed
        if one.changed and only_show:
            show_diff_lines(one.diff())
        elif one.changed:
            for fix in one.applied:
                say(f"{one.path}: {fix.title}", err=True)
    return changed


def _show(whole: Report, files: list[Path], quiet: bool) -> None:
    show_findings(whole)
    if quiet:
        return
    what = str(files[0]) if len(files) == 1 else count(len(files), "file")
    if whole.ok:
        say(f"{what}: valid")
    elif len(files) > 1:
        say(f"in {what}")


def _show_statistics(found: list[Diagnostic], err: bool) -> None:
    """How often each code was found, the most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    for one in found:
        key = one.code, one.severity.value
        counts[key] = counts.get(key, 0) + 1
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    text = columns([[str(number), *key] for key, number in rows], right=(0,))
    if text:
        say(text, err=err)


def _check_codes(select: tuple[str, ...], ignore: tuple[str, ...]) -> None:
    from dilsctl.choice import check_codes
    from dilsctl.diagnostics import Problem

    for name, patterns in (("--select", select), ("--ignore", ignore)):
        try:
            check_codes(patterns, name)
        except Problem as problem:
            found = problem.diagnostics[0]
            raise click.UsageError(f"{found.message}; {found.help}") from None
