"""``dilsctl fmt``."""

from __future__ import annotations

from pathlib import Path

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
    STDIN,
    count,
    emit,
    say,
    show_diff_lines,
    show_findings,
    standard_input,
    writing,
)

_REFUSED = "{}: left as it is, since the layout would change what it says; please report it"


@click.command("fmt", short_help="Lay diagram files out in one style.")
@paths_argument
@only_diagrams_option
@stdin_name_option
@click.option("--check", is_flag=True, help="Write nothing; the exit code is 1 if a file would change.")
@click.option("--diff", "show_diff", is_flag=True, help="As --check, and show what would change.")
@quiet_option("Say nothing of files that were formatted.")
def command(
    paths: tuple[Path, ...], only: bool, stdin_name: Path | None, check: bool, show_diff: bool, quiet: bool
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
      dilsctl fmt --diff net.yaml
      cat net.yaml | dilsctl fmt -
    """
    from dilsctl.diagnostics import Problem, Report, SourceFile
    from dilsctl.find import only_diagrams, wanted
    from dilsctl.formatting.files import MARK, format_file, format_source, leads_out, replace_file

    check_stdin_name(Path("-") in paths, stdin_name)
    if Path("-") in paths:
        if len(paths) > 1:
            raise click.UsageError("'-' (standard input) stands alone")
        text, name = standard_input(mark=True), str(stdin_name or STDIN)
        done = format_source(SourceFile(name, text.removeprefix(MARK)), text.startswith(MARK))
        if done.refused:
            say(_REFUSED.format(name), err=True)
        if show_diff:
            show_diff_lines(done.diff())
        elif not check:
            emit(done.new)
        return int((check or show_diff) and done.changed)
    files = only_diagrams(wanted(paths)) if only else wanted(paths)
    if not files and not only:
        raise click.UsageError("there are no diagram files here (*.yaml with a key 'dils')")
    found = Report()
    changed = linked = 0
    for file in files:
        if (target := leads_out(file)) is not None:
            say(LEADS_OUT.format(file, target), err=True)
            linked += 1
            continue
        try:
            done = format_file(file)
        except Problem as problem:
            found.extend(problem.diagnostics)
            continue
        if done.refused:
            say(_REFUSED.format(file), err=True)
        if not done.changed:
            continue
        changed += 1
        if show_diff:
            show_diff_lines(done.diff())
        elif check:
            say(f"{file}: would be formatted")
        else:
            with writing(file):
                replace_file(file, done.new)
            if not quiet:
                say(f"{file}: formatted")
    show_findings(found, err=True)
    if not quiet and not show_diff:
        say(_summary(len(files) - linked, changed, len({one.where[0] for one in found}), check))
    return int(not found.ok or ((check or show_diff) and changed > 0))


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
