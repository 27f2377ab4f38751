"""A file in an editor: every question that the language server answers, at places of the text."""

from __future__ import annotations

import queue
from pathlib import Path
from random import Random
from typing import Any

from tests.fuzz.commands import Outcome
from tests.lsp_client import Client

PLACES = 3
HERE: dict[str, dict[str, Any]] = {
    "hover": {},
    "completion": {},
    "definition": {},
    "references": {"context": {"includeDeclaration": True}},
    "prepareRename": {},
    "rename": {"newName": "renamed"},
}
WHOLE = ("formatting", "documentSymbol")
REFUSALS = ("is not a name", "is taken")


def edited(server: Client, text: str, file: Path, random: Random) -> Outcome:
    """Open a text, ask at some places, lay it out, and close it. An answer that is an error is a failure."""
    uri = {"uri": file.as_uri()}
    questions: list[tuple[str, dict[str, Any]]] = []
    for _ in range(PLACES):
        before = text[: random.randint(0, len(text))]
        place = {"line": before.count("\n"), "character": len(before.rpartition("\n")[2])}
        questions += [(name, {"position": place, **more}) for name, more in HERE.items()]
    questions += [(name, {"options": {"tabSize": 2, "insertSpaces": True}}) for name in WHOLE]
    said: list[str] = []
    try:
        server.open(file, text)
        for name, about in questions:
            try:
                server.ask(f"textDocument/{name}", {"textDocument": uri, **about})
            except RuntimeError as error:
                if not any(one in str(error) for one in REFUSALS):
                    said.append(f"Traceback: {name}: {error}")
        server.notify("textDocument/didClose", {"textDocument": uri})
    except queue.Empty:
        return Outcome("lsp", None, "no answer within a minute", 0.0)
    return Outcome("lsp", 3 if said else 0, "\n".join(said), 0.0)
