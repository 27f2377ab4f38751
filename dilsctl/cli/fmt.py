"""``dilsctl fmt``."""

from __future__ import annotations

from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dilsctl.cli.options import (
    check_stdin_name,
    only_diagrams_option,
    paths_argument,
    quiet_option,
    stdin_name_option,
)
from dilsctl.cli.output import (
    LEADS_OUT,
    count,
    emit,
    say,
    show_diff_lines,
    show_findings,
    standard_input,
    writing,
)
from dilsctl.diagnostics import STDIN
from dilsctl.signs import file_name, in_a_line

if TYPE_CHECKING:
    from dilsctl.diagnostics import Diagnostic
    from dilsctl.formatting.files import Formatted

_REFUSED = "{}: left as it is, since the layout would change what it says; please report it"


@click.command("fmt", short_help="Lay diagram files out in one style.")
@paths_argument
@only_diagrams_option
@stdin_name_option
@click.option("--check", is_flag=True, help="Write nothing; the exit code is 1 if a file would change.")
@click.option("--diff", "show_diff", is_flag=True, help="As --check, and show what would change.")
@click.option(
    "--format", type=click.Choice(["text", "github"]), default="text", help="How --check tells what it finds."
)
@quiet_option("Say nothing of files that were formatted.")
def command(
    paths: tuple[Path, ...],
    only: bool,
    stdin_name: Path | None,
    check: bool,
    show_diff: bool,
    format: str,
    quiet: bool,
) -> int:
    """Lay diagram files out in one style: keys in the order of the language, arrows below each other.

    What a file means never changes, and comments stay beside what they speak of. A file that is not YAML is
    left as it is, and its mistakes are shown; so is a link to a file outside of the repository. PATHS are
    files, folders (searched as by validate), or - for standard input, which is printed formatted. Without
    PATHS, the folder you are in is searched.

    \b
    Examples:
      dilsctl fmt
      dilsctl fmt --check examples
      dilsctl fmt --check --format github
      dilsctl fmt --diff net.yaml
      cat net.yaml | dilsctl fmt -
    """
    from dilsctl.diagnostics import Diagnostic, Problem, Report, SourceFile
    from dilsctl.find import only_diagrams, wanted
    from dilsctl.formatting.files import MARK, format_file, format_source, leads_out, replace_file
    from dilsctl.report.github import render_github

    check_stdin_name(Path("-") in paths, stdin_name)
    annotated = format == "github"
    if annotated and (not check or show_diff or Path("-") in paths):
        raise click.UsageError("--format github goes with --check, of files, and without --diff")
    if Path("-") in paths:
        if len(paths) > 1:
            raise click.UsageError("'-' (standard input) stands alone")
        text, name = standard_input(mark=True), str(stdin_name or STDIN)
        done = format_source(SourceFile(name, text.removeprefix(MARK)), text.startswith(MARK))
        if done.refused:
            say(_REFUSED.format(file_name(name)), err=True)
        if show_diff:
            show_diff_lines(done.diff())
        elif not check:
            emit(done.new)
        return int((check or show_diff) and done.changed)
    files = only_diagrams(wanted(paths)) if only else wanted(paths)
    if not files and not only:
        raise click.UsageError("there are no diagram files here (*.yaml with a key 'dils')")
    found, marks = Report(), list[Diagnostic]()
    changed = linked = 0
    for file in files:
        if (target := leads_out(file)) is not None and target.is_file():
            say(LEADS_OUT.format(file_name(file), in_a_line(str(target))), err=True)
            linked += 1
            continue
        try:
            done = format_file(file)
        except Problem as problem:
            found.extend(problem.diagnostics)
            continue
        if done.refused:
            say(_REFUSED.format(file_name(file)), err=True)
        if not done.changed:
            continue
        changed += 1
        if show_diff:
            show_diff_lines(done.diff())
        elif check and annotated:
            marks.append(_mark(done))
        elif check:
            say(f"{file_name(file)}: would be formatted")
        else:
            with writing(file):
                replace_file(file, done.new)
            if not quiet:
                say(f"{file_name(file)}: formatted")
    if annotated:
        emit(render_github([*found, *marks]))
    else:
        show_findings(found, err=True)
    if not quiet and not show_diff:
        say(_summary(len(files) - linked, changed, len({one.where[0] for one in found}), check))
    return int(not found.ok or ((check or show_diff) and changed > 0))


def _mark(done: Formatted) -> Diagnostic:
    """That a file is not laid out, at the first line that would change."""
    from dilsctl.diagnostics import Diagnostic, Label, SourceFile, SourceSpan
    from dilsctl.formatting.files import MARK

    old, new = (one.removeprefix(MARK) for one in (done.old, done.new))
    lines = zip(old.splitlines(True), new.splitlines(True), strict=False)
    start = sum(len(one) for one, _ in takewhile(lambda pair: pair[0] == pair[1], lines))
    span = SourceSpan(SourceFile(done.name, old), start, start)
    return Diagnostic("layout", "this file would be formatted", Label(span), help="run: dilsctl fmt")


def _summary(files: int, changed: int, refused: int, check: bool) -> str:
    left = files - changed - refused
    parts = []
    if changed:
        parts.append(f"{count(changed, 'file')} {'would be formatted' if check else 'formatted'}")
    if left:
        parts.append(f"{count(left, 'file')} {'as it' if left == 1 else 'as they'} should be")
    if refused:
        parts.append(f"{count(refused, 'file')} not read")
    return ", ".join(parts) or "nothing to format"
