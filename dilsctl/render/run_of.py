"""Is a run one of this diagram, and is there something in it to be drawn?"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from dilsctl.diagnostics import Diagnostic, Problem, Severity
from dilsctl.diagram import Box
from dilsctl.documents import Library
from dilsctl.render.played import bytes_of

OLDER = "train again with this version: dilsctl train FILE keeps it in the new run"


def check_run(
    folder: Path, run: Mapping[str, Any], library: Library, name: str, main: Box
) -> list[Diagnostic]:
    """Find out whether a run is one of this diagram; a note where it was edited since the run began.

    run: what ``played.read_run`` tells. Raises Problem: not-its-run, bad-run.
    """
    assert library.main is not None
    path = library.main.path or Path(library.main.file.name)
    facts, stored = _stored(folder)
    texts = [one.file.text for one in library.documents if one.library is None and one.path is not None]
    if sorted(stored.values()) == sorted(texts):
        return []
    was = str(facts["main"])
    same = (
        str(facts.get("file")) == str(path.absolute())
        or stored.get(was) == library.main.file.text
        or facts.get("name") == name
    )
    boxes = [*run["activity"], *(box for one in run["weights"] for box in _boxes_of(one))]
    if not same or (boxes and not any(_is_there(main, one) for one in boxes)):
        message = f"the run '{folder}' is of another diagram, '{facts.get('name')}', and not of '{path}'"
        document = library.main.document
        verb = "live" if document.live is not None else "train"
        help = f"dilsctl render {folder} draws its own"
        if document.train is not None or document.live is not None:
            help += f"; dilsctl {verb} {path} makes a run of this one"
        raise Problem.of("not-its-run", message, help=help, file=str(path))
    message = (
        f"'{path}' changed since the run '{folder}' began: what it learned is drawn on the boxes and wires "
        "that still have their names"
    )
    help = f"dilsctl render {folder} draws it as it was; dilsctl diff {folder} {path} tells what changed"
    return [Diagnostic("diagram-changed", message, None, (), help, Severity.NOTE, str(path))]


def nothing_kept(folder: Path, run: Mapping[str, Any]) -> list[Diagnostic]:
    """Notes on what a run did not record and so can't be drawn: why, and what would record it."""
    facts = _stored(folder)[0]
    if facts.get("ablation"):
        help = (
            f"dilsctl train FILE makes a run that is drawn; dilsctl report {folder} shows what this one found"
        )
        what = (
            "is an ablation, which keeps measures and nothing that was learned: the diagram is drawn as usual"
        )
        return [_nothing(folder, what, help)]
    if not run["epochs"]:
        help = f"go on with it: dilsctl train --resume {folder}"
        return [_nothing(folder, "has finished no epoch yet, so nothing that it learned is drawn", help)]
    found = []
    if not run["weights"]:
        help = OLDER
        if facts.get("wires") == []:
            help = (
                "a wire has a strength where a box weighs what its interior boxes show, or what it is told, "
                "by a state of its own, as in 'k * a.y -> b.x'; what an interior box learns is not a wire's"
            )
        found.append(_nothing(folder, "recorded no strength of any wire: all wires are drawn as usual", help))
    if not run["activity"]:
        help = OLDER
        if facts.get("live"):
            help = "a life on a stream keeps none; dilsctl train does"
        elif facts.get("activity") == {}:
            help = "there are no interior boxes that show numbers, or too many"
        found.append(_nothing(folder, "recorded no activity of any box: boxes are drawn as usual", help))
    return found


def _nothing(folder: Path, what: str, help: str) -> Diagnostic:
    message = f"the run '{folder}' {what}"
    return Diagnostic("nothing-recorded", message, None, (), help, Severity.NOTE, str(folder))


def _stored(folder: Path) -> tuple[dict[str, Any], dict[str, str]]:
    """What run.json says, and the texts of the diagram and its imports as they were, by name."""
    try:
        facts = json.loads(bytes_of(folder / "run.json"))
        texts = {}
        for name in facts.get("files", []):
            parts = PurePosixPath(name).parts
            if ".." in parts or PurePosixPath(name).is_absolute():
                raise ValueError(f"'{name}' leads out of it")
            texts[name] = bytes_of(folder.joinpath("diagram", *parts)).decode()
        return {"main": "", **facts}, texts
    except (OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        message = f"the run folder '{folder}' is damaged: {error}"
        raise Problem.of("bad-run", message, file=str(folder)) from None


def _boxes_of(weight: Mapping[str, Any]) -> list[str]:
    """The paths of the boxes that a weight's wires join."""
    lead = f"{weight['path']}." if weight["path"] else ""
    ports = [*weight["sources"], *weight["targets"]]
    return [weight["path"], *(lead + one.rpartition(".")[0] for one in ports if "." in one)]


def _is_there(main: Box, path: str) -> bool:
    """Has a diagram an interior box at a path?"""
    box = main
    for step in path.split(".") if path else ():
        child = box.children.get(step.partition("[")[0])
        if child is None:
            return False
        box = child.box
    return bool(path)
