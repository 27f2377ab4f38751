"""Rename what a diagram file declares, in every file that names it.

The result is validated before it is given: a rename that would bring an error into a file, or into one that
imports it, is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from dilsctl.diagnostics import Diagnostic, Problem, Severity
from dilsctl.documents import LIBRARY
from dilsctl.language.pages import Pages, TooMany, real
from dilsctl.language.symbols import Declaration, Occurrence, Page, Symbol
from dilsctl.loaded import elaborate, read
from dilsctl.syntax.model import definition, identifier

KINDS = frozenset({"input", "output", "state", "shared variable", "let", "parameter", "interior box", "mode",
                   "definition", "import"})  # fmt: skip
TOP = (("define",), ("use",))


class Refused(Exception):
    """Why a name stays, in words."""


def declared_by_user(page: Page, symbol: Symbol) -> Declaration | None:
    """Where a name is declared, if it is one that can be renamed: in a file of the user's own."""
    found = page.declaration(symbol)
    if found is None or found.kind not in KINDS or found.span.file.name.startswith("std/"):
        return None
    return None if Path(found.span.file.name).is_relative_to(LIBRARY) else found


def rename(pages: Pages, page: Page, symbol: Symbol, name: str) -> list[tuple[Page, list[Occurrence]]]:
    """The places to change, by page. Raises Refused."""
    declared = declared_by_user(page, symbol)
    if declared is None or page.path is None:
        raise Refused(f"'{symbol.name}' is not declared in a file of yours")
    owner = pages.page(Path(symbol.file)) or page
    _check_name(owner, symbol, name)
    try:
        found = pages.places(symbol, page.path)
        around = [one for one in pages.files(page.path) if _imports(pages.page(one), {symbol.file})]
    except TooMany as error:
        raise Refused(f"{error}: rename it with another tool") from None
    except Problem as problem:
        raise Refused(str(problem.diagnostics[0].message)) from None
    texts = {real(one.path): _changed(one.file.text, places, name) for one, places in found if one.path}
    _check_readings(pages, found, replace(symbol, name=name), texts)
    _check_meaning(pages, [*texts, *(one for one in around if one not in texts)], texts)
    return found


def _check_name(owner: Page, symbol: Symbol, name: str) -> None:
    try:
        (definition if symbol.path in TOP else identifier)(name)
    except Exception:  # the words of pydantic are for files
        raise Refused(f"'{name}' is not a name") from None
    if name != symbol.name and name in {one.name for one in owner.declared if one.path == symbol.path}:
        raise Refused(f"'{name}' is taken")


def _imports(page: Page | None, names: set[str]) -> bool:
    """Whether a page imports one of some files."""
    uses = page.root.get("use") if page is not None else None
    if page is None or not isinstance(uses, dict):
        return False
    return any((one := page.imported(alias)) is not None and one.file.name in names for alias in uses)


def _changed(text: str, places: Iterable[Occurrence], name: str) -> str:
    for one in sorted(places, key=lambda one: -one.start):
        text = text[: one.start] + name + text[one.end :]
    return text


def _check_readings(
    pages: Pages, found: list[tuple[Page, list[Occurrence]]], symbol: Symbol, texts: dict[Path, str]
) -> None:
    """Raise Refused where the new name would also stand at other places, or no longer where it is put."""
    after = Pages(pages.roots, {**pages.opened, **texts})
    for one, places in found:
        page = after.page(Path(one.file.name))
        if page is None or len(page.uses_of(symbol)) != len(places):
            raise Refused(f"'{symbol.name}' means something else in {one.file.name}")


def _check_meaning(pages: Pages, files: Iterable[Path], texts: dict[Path, str]) -> None:
    """Raise Refused where one of some files would have an error that it has not now."""
    for path in files:
        before = _errors(path, pages.source(path).text, pages.opened)
        after = _errors(path, texts.get(path, pages.source(path).text), {**pages.opened, **texts})
        if len(after) <= len(before):
            continue
        known = Counter((one.code, one.message) for one in before)
        new = next((one for one in after if not known[one.code, one.message]), after[-1])
        where = new.primary.span if new.primary is not None else path
        raise Refused(f"the rename would bring an error, {where}: {new.message}")


def _errors(path: Path, text: str, texts: dict[Path, str]) -> list[Diagnostic]:
    library = read(path, text=text, texts=texts)
    elaborate(library)
    return [one for one in library.report if one.severity is Severity.ERROR]
