"""What a project says of its diagram files: the table ``[tool.dilsctl]`` of pyproject.toml.

```toml
[tool.dilsctl]
exclude = ["tests/broken"]                    # left out when a folder is searched
select = ["unused-*"]                         # the only lints that are shown; all of them by default
ignore = ["open-holes"]                       # lints that are not shown
per-file-ignores = {"old/*" = ["unused-let"]}
largest-file = 64                             # MiB that a diagram file may have; 8 by default
```
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from dilsctl.diagnostics import Problem, did_you_mean

NAME = "pyproject.toml"
KEYS = ("exclude", "select", "ignore", "per-file-ignores", "largest-file")
LARGEST = 1024  # MiB


@dataclass(frozen=True, slots=True)
class Project:
    """The settings of a project. Paths are patterns relative to ``root``, codes may be patterns too.

    ``largest_file``: MiB that a diagram file may have, if it is told.
    """

    root: Path
    exclude: tuple[str, ...] = ()
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: dict[str, tuple[str, ...]] = field(default_factory=dict)
    file: Path | None = None
    largest_file: int | None = None

    def ignored_in(self, path: Path) -> tuple[str, ...]:
        """The codes that are not shown for one file, those for all files included."""
        found = list(self.ignore)
        try:
            own = path.resolve().relative_to(self.root).as_posix()
        except (OSError, ValueError):
            return tuple(found)
        around = [own, *(one.as_posix() for one in Path(own).parents if one.name)]
        for pattern, codes in self.per_file_ignores.items():
            if any(fnmatchcase(one, pattern) for one in around):
                found += codes
        return tuple(found)


def project_of(folder: Path) -> Project:
    """The settings of the nearest pyproject.toml with such a table, in a folder or above it; without one, no
    settings, and the folder as root. Raises Problem: bad-project.
    """
    folder = folder.resolve()
    for root in (folder, *folder.parents):
        table = _table(root / NAME)
        if table is not None:
            return _read(root, table)
    return Project(folder)


def _table(path: Path) -> dict[str, Any] | None:
    """The table ``tool.dilsctl`` of a pyproject.toml, if there is one."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if b"dilsctl" not in data:  # spares most projects the reading
        return None
    import tomllib

    try:
        tool = tomllib.loads(data.decode()).get("tool", {})
    except ValueError as error:
        raise _bad(path, f"it can't be read: {error}", "") from None
    table = tool.get("dilsctl") if isinstance(tool, dict) else None
    return table if isinstance(table, dict) else None


def _read(root: Path, table: dict[str, Any]) -> Project:
    path = root / NAME
    unknown = [name for name in table if name not in KEYS]
    if unknown:
        message = f"[tool.dilsctl] has no key '{unknown[0]}'"
        raise _bad(path, message, did_you_mean(unknown[0], KEYS) or f"its keys: {', '.join(KEYS)}")
    exclude = _texts(path, table, "exclude", "paths", '["tests/broken", "*/old"]')
    example = '["unused-let", "unused-*"]'
    largest = table.get("largest-file")
    if largest is not None and not (type(largest) is int and 1 <= largest <= LARGEST):
        message = f"largest-file in [tool.dilsctl] is no whole number of MiB from 1 to {LARGEST}"
        raise _bad(path, message, "write it as in: largest-file = 64")
    files = table.get("per-file-ignores", {})
    if not isinstance(files, dict):
        help = f'write it as in: per-file-ignores = {{"old/*" = {example}}}'
        raise _bad(path, "per-file-ignores in [tool.dilsctl] is no table of paths and codes", help)
    return Project(
        root,
        tuple(map(_plain, exclude)),
        _texts(path, table, "select", "codes", example),
        _texts(path, table, "ignore", "codes", example),
        {_plain(one): _texts(path, files, one, "codes", example) for one in files},
        path,
        largest,
    )


def _texts(path: Path, table: dict[str, Any], key: str, what: str, example: str) -> tuple[str, ...]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        shown = key if key in KEYS else f'"{key}"'
        raise _bad(
            path, f"{shown} in [tool.dilsctl] is no list of {what}", f"write it as in: {shown} = {example}"
        )
    return tuple(found)


def _plain(pattern: str) -> str:
    return pattern.removeprefix("./").rstrip("/")


def _bad(path: Path, message: str, help: str) -> Problem:
    return Problem.of("bad-project", message, help=help, file=str(path))
