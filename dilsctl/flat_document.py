"""The document of a flat diagram: the flat box, and what the file said of the main box."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dilsctl.diagram import Diagram
from dilsctl.documents import LoadedDocument
from dilsctl.flatten import flat_box


def flat_document(
    document: LoadedDocument, diagram: Diagram, *, whole: bool = True, folder: Path | None = None
) -> dict[str, Any]:
    """A document whose main box is ``diagram``, which is a part of ``document``, made flat.

    whole: the diagram is the document's main box, and is trained and simulated as the document says. folder:
    where the new file will be, if not beside the old one. Raises Problem as ``flat_box``.
    """
    flat = flat_box(diagram)
    root: Any = plain(document.root)
    name = re.sub(r"[^\w-]+", "_", diagram.main.name if whole else diagram.name)
    found: dict[str, Any] = {"dils": 1}
    for key in ("name", "doc"):
        if whole and root.get(key):
            found[key] = root[key]
    if not whole:
        found["name"] = name
    found["define"] = {name: flat.body}
    found["main"] = name
    if "time" in root:
        found["time"] = root["time"]
    own = document.path.parent if document.path is not None else Path()
    if whole:
        for key in ("train", "simulate"):
            if key in root:
                found[key] = moved(root[key], own, folder)
    if whole and "simulate" in found:
        found["simulate"] = _recorded(found["simulate"], flat.names)
    checks = [
        {key: one for key, one in check.items() if key != "box"}
        for check in root.get("checks") or ()
        if check.get("box") == (None if whole else diagram.name)
        or (whole and "box" in check and check["box"] == root.get("main"))
    ]
    for check in checks:
        if "simulate" in check:
            check["simulate"] = _recorded(moved(check["simulate"], own, folder), flat.names)
        check["expect"] = {flat.names.get(path, path): one for path, one in check["expect"].items()}
    if checks:
        found["checks"] = checks
    return found


def plain(value: Any) -> Any:
    """A value of a file without its places."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list) else value


def moved(block: Any, own: Path, folder: Path | None) -> Any:
    """A train or simulate block whose data file is named from another folder."""
    data = block.get("data") if isinstance(block, dict) else None
    if folder is None or not isinstance(data, dict) or not isinstance(data.get("file"), str):
        return block
    path = Path(os.path.relpath((own / data["file"]).resolve(), folder.resolve())).as_posix()
    return {**block, "data": {**data, "file": path}}


def _recorded(block: dict[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """A simulate block that records states by their new names."""
    if not block.get("record"):
        return block
    return {**block, "record": [names.get(path, path) for path in block["record"]]}
