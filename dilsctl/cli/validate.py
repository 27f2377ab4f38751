"""``dilsctl validate``."""

from __future__ import annotations

from pathlib import Path

import click

from dilsctl.cli.options import (
    check_stdin_name,
    jobs_option,
    json_option,
    only_diagrams_option,
    paths_argument,
    quiet_option,
    set_option,
    stdin_name_option,
)
from dilsctl.cli.output import (
    LEADS_OUT,
    columns,
    count,
    emit,
    say,
    show_diff_lines,
    show_findings,
    standard_input,
)
from dilsctl.cli.reports import Reports, reports_option, write_to
from dilsctl.diagnostics import STDIN, Diagnostic, Report
from dilsctl.report.formats import FORMATS, render
from dilsctl.signs import file_name, in_a_line


def _codes(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(word for value in values for word in value.replace(",", " ").split())


@click.command("validate", short_help="Find mistakes in diagram files, before anything runs.")
@paths_argument
@only_diagrams_option
@stdin_name_option
@set_option
@click.option("--format", type=click.Choice([*FORMATS]), default="text", help="How findings are printed.")
@reports_option(FORMATS, "sarif=out.sarif")
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
    stdin_name: Path | None,
    settings: tuple[str, ...],
    format: str,
    reports: Reports,
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
    input, which --stdin-filename gives a place. Without PATHS, the folder you are in is searched. A search
    leaves out what [tool.dilsctl] exclude in pyproject.toml lists. Every finding is shown with its place; the
    exit code is 1 if there is an error, and 0 if there are warnings only. Warnings can be chosen (--select,
    --ignore, pyproject.toml) and taken back by a comment in the file: # dils: ignore[CODE] why. `dilsctl
    explain CODE` tells what one is about.

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
    check_stdin_name(stdin, stdin_name)
    files = [stdin_name or Path(STDIN)] if stdin else wanted(paths)
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
        write_to(name, target, render(name, found, names))
    format = "json" if as_json else format
    if format == "text":
        _show(whole, files, quiet)
    else:
        emit(render(format, found, names))
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
        if one.changed and one.elsewhere is not None:
            say(LEADS_OUT.format(file_name(one.path), in_a_line(str(one.elsewhere))), err=True)
            continue
        changed = changed or one.changed
        if one.changed and only_show:
            show_diff_lines(one.diff())
        elif one.changed:
            for fix in one.applied:
                say(f"{file_name(one.path)}: {in_a_line(fix.title)}", err=True)
    return changed


def _show(whole: Report, files: list[Path], quiet: bool) -> None:
    show_findings(whole)
    if quiet:
        return
    what = file_name(files[0]) if len(files) == 1 else count(len(files), "file")
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
