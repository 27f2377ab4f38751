"""The language server in a folder of several files, by a client over standard input and output."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from pathlib import Path
from typing import Any

import pytest

from dilsctl import api
from tests.lsp_client import Client, client

pytest.importorskip("pygls")

PARTS = """\
dils: 1
define:
  double:   # 😀 twice
    in: {größe: real 3}
    out: {wert: real 3}
    params: {factor: 2}
    wires:
      - factor * größe -> wert
"""
NET = """\
dils: 1
name: net
use: {mine: sub/parts}
define:
  whole-net:
    in: {x: real 3}
    out: {y: real 3}
    boxes: {d: {box: mine.double, with: {factor: 3}}}
    wires:
      - x      -> d.größe
      - d.wert -> y
main: whole-net
checks:
  - given: {x: [[1, 2, 3]]}
    expect: {y: [[3, 6, 9]]}
"""
SOLE = """\
dils: 1
use: {parts: sub/parts}
main: parts.double
simulate: {until: 1, inputs: {größe: "[t, t, t]"}, record: [wert]}
checks:
  - {box: parts.double, given: {größe: [[1, 1, 1]]}, expect: {wert: [[2, 2, 2]]}}
"""
OTHER = """\
dils: 1
define:
  double: {in: {größe: real}, out: {wert: real}, wires: [größe -> wert]}
main: double
"""
FILES = {"sub/parts.yaml": PARTS, "net.yaml": NET, "sole.yaml": SOLE, "other.yaml": OTHER}
VERSIONS = {"workspace": {"workspaceEdit": {"documentChanges": True}}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        assert api.validate(tmp_path / name).ok
    return tmp_path


@pytest.fixture
def server(folder: Path) -> Iterator[Client]:
    with client(folder, VERSIONS) as found:
        yield found


def place(text: str, words: str, at: int = 0) -> tuple[int, int]:
    """Line and character (UTF-16) of the first place of some words."""
    before = text[: text.index(words) + at]
    return before.count("\n"), len(before.rpartition("\n")[2].encode("utf-16-le")) // 2


def edited(text: str, edits: list[dict[str, Any]]) -> str:
    """A text after edits, whose places are UTF-16."""
    lines = [one.encode("utf-16-le") for one in text.split("\n")]
    starts = [0, *accumulate(len(one) + 2 for one in lines)]

    def at(place: dict[str, int]) -> int:
        return starts[place["line"]] + 2 * place["character"]

    data = text.encode("utf-16-le")
    for edit in sorted(edits, key=lambda one: -at(one["range"]["start"])):
        start, end = at(edit["range"]["start"]), at(edit["range"]["end"])
        data = data[:start] + edit["newText"].encode("utf-16-le") + data[end:]
    return data.decode("utf-16-le")


def changed(
    folder: Path, edit: dict[str, Any], texts: dict[str, str]
) -> tuple[dict[str, str], dict[str, Any]]:
    """The texts of the files that an edit changes, and the version that each of them had."""
    found, versions = {}, {}
    for one in edit["documentChanges"]:
        uri = one["textDocument"]["uri"]
        name = Path(uri.removeprefix("file://")).relative_to(folder).as_posix()
        found[name] = edited(texts[name], one["edits"])
        versions[name] = one["textDocument"]["version"]
    return found, versions


@pytest.mark.parametrize(
    ("word", "new"), [("wert", "ergebnis"), ("größe", "x"), ("factor", "k"), ("double", "twice")]
)
def test_a_rename_reaches_all_files(server: Client, folder: Path, word: str, new: str) -> None:
    server.open(folder / "net.yaml")
    path = folder / "sub" / "parts.yaml"
    server.open(path)
    edit = server.at("rename", path, *place(PARTS, f"{word}:", 1), newName=new)
    found, versions = changed(folder, edit, FILES)
    expected = {name: text.replace(word, new) for name, text in FILES.items() if name != "other.yaml"}
    assert found == {name: text for name, text in expected.items() if text != FILES[name]}
    opened = {name: 1 if name in ("net.yaml", "sub/parts.yaml") else None for name in found}
    assert versions == opened
    for name, text in found.items():
        (folder / name).write_text(text, encoding="utf-8")
    for name in FILES:
        assert api.validate(folder / name).ok, name


def test_a_rename_may_begin_where_a_name_is_used(server: Client, folder: Path) -> None:
    path = folder / "net.yaml"
    server.open(path)
    edit = server.at("rename", path, *place(NET, "d.wert", 3), newName="z")
    assert set(changed(folder, edit, FILES)[0]) == {"net.yaml", "sole.yaml", "sub/parts.yaml"}
    edit = server.at("rename", path, *place(NET, "mine.double", 1), newName="own")
    assert changed(folder, edit, FILES)[0] == {"net.yaml": NET.replace("mine", "own")}
    edit = server.at("rename", path, *place(NET, "main: whole-net", 7), newName="all")
    assert changed(folder, edit, FILES)[0] == {"net.yaml": NET.replace("whole-net", "all")}
    with pytest.raises(RuntimeError, match="taken"):
        server.at("rename", path, *place(NET, "d.wert", 3), newName="größe")


def test_what_is_not_saved_counts(server: Client, folder: Path) -> None:
    parts, net = folder / "sub" / "parts.yaml", folder / "net.yaml"
    server.open(net)
    server.open(parts)
    assert server.findings[net.as_uri()] == []
    text = PARTS.replace("wert", "result")
    server.findings.pop(net.as_uri())
    server.change(parts, text, 2)
    server.ask("textDocument/documentSymbol", {"textDocument": {"uri": net.as_uri()}})  # all is said by then
    assert [one["code"] for one in server.findings[net.as_uri()]] == ["unknown-port"]
    new = NET.replace("wert", "result")
    assert server.change(net, new, 2) == []
    found = server.at("definition", net, *place(new, "d.result", 3))
    assert found["uri"] == parts.as_uri()
    edit = server.at("rename", net, *place(new, "d.result", 3), newName="z")
    texts = {**FILES, "net.yaml": new, "sub/parts.yaml": text}
    found, versions = changed(folder, edit, texts)
    assert found == {"net.yaml": new.replace("result", "z"), "sub/parts.yaml": text.replace("result", "z")}
    assert versions == {"net.yaml": 2, "sub/parts.yaml": 2}


def test_a_rename_that_would_break_a_file_is_refused(server: Client, folder: Path) -> None:
    text = NET.replace("define:\n", "define:\n  twice: {out: {y: real}, wires: [1 -> y]}\n")
    path = folder / "net.yaml"
    server.open(path, text)
    with pytest.raises(RuntimeError, match="taken"):
        server.at("rename", path, *place(text, "twice:", 1), newName="whole-net")
    parts = folder / "sub" / "parts.yaml"
    server.open(parts)
    again = PARTS.replace("factor * größe", "factor * tanh(größe)")
    server.change(parts, again, 2)
    with pytest.raises(RuntimeError, match="means something else"):
        server.at("rename", parts, *place(again, "factor:", 1), newName="tanh")
    with pytest.raises(RuntimeError, match=r"would bring an error, .*'mine' names a box and an imported"):
        server.at("rename", path, *place(text, "twice:", 1), newName="mine")


def test_references_in_all_files(server: Client, folder: Path) -> None:
    path = folder / "sub" / "parts.yaml"
    server.open(path)
    where = place(PARTS, "größe:", 1)
    found = server.at("references", path, *where, context={"includeDeclaration": True})
    names = [Path(one["uri"]).name for one in found]
    assert sorted(names) == ["net.yaml", "parts.yaml", "parts.yaml", "sole.yaml", "sole.yaml"]
    without = server.at("references", path, *where, context={"includeDeclaration": False})
    assert len(without) == len(found) - 1


def test_a_document_that_is_no_file_yet(server: Client) -> None:
    uri = "untitled:Untitled-1"
    assert server.open(uri, NET) == []  # it lies in the folder that is open
    found = server.at("definition", uri, *place(NET, "d.wert", 0))
    assert found["uri"] == uri
    line, character = place(NET, "d: {box")
    assert found["range"]["start"] == {"line": line, "character": character}
    found = server.at("definition", uri, *place(NET, "d.wert", 3))
    assert found["uri"].endswith("/sub/parts.yaml")
    edit = server.at("rename", uri, *place(NET, "main: whole-net", 7), newName="all")
    (one,) = edit["documentChanges"]
    assert one["textDocument"] == {"uri": uri, "version": 1}
    assert edited(NET, one["edits"]) == NET.replace("whole-net", "all")


def test_the_outline(server: Client, folder: Path) -> None:
    path = folder / "net.yaml"
    server.open(path)
    found = server.ask("textDocument/documentSymbol", {"textDocument": {"uri": path.as_uri()}})
    assert [one["name"] for one in found] == ["mine", "whole-net"]
    assert [one["name"] for one in found[1]["children"]] == ["x", "y", "d"]
    assert found[1]["children"][0]["detail"] == "real 3"
    for one in found:
        start = one["selectionRange"]["start"]
        assert (start["line"], start["character"]) == place(NET, f"{one['name']}:")


def test_actions_are_the_fixes(server: Client, folder: Path) -> None:
    text = OTHER.replace("main: double", "mian: double").replace("dils: 1\n", "dils: 1   # 😀\n")
    path = folder / "other.yaml"
    found = server.open(path, text)
    (mark,) = [one for one in found if one["code"] == "unknown-key"]
    about = {
        "textDocument": {"uri": path.as_uri()},
        "range": mark["range"],
        "context": {"diagnostics": found},
    }
    actions = server.ask("textDocument/codeAction", about)
    (one,) = [action for action in actions if action["kind"] == "quickfix"]
    (change,) = one["edit"]["documentChanges"]
    assert edited(text, change["edits"]) == text.replace("mian", "main")
    assert one["isPreferred"] is False and one["diagnostics"][0]["code"] == "unknown-key"
    away = {**about, "range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}}
    assert not [
        action for action in server.ask("textDocument/codeAction", away) if action["kind"] == "quickfix"
    ]


def test_all_safe_fixes_at_once(server: Client, folder: Path) -> None:
    text = OTHER.replace("main: double", "# dils: ignore[unused-output] no\nmain: double")
    text = text.replace("define:", "# dils: ignore[unused-let] no\ndefine:")
    path = folder / "other.yaml"
    found = server.open(path, text)
    assert {one["code"] for one in found} == {"unused-suppression"}
    about = {
        "textDocument": {"uri": path.as_uri()},
        "range": found[0]["range"],
        "context": {"diagnostics": [], "only": ["source.fixAll"]},
    }
    (one,) = server.ask("textDocument/codeAction", about)
    assert one["kind"] == "source.fixAll.dilsctl"
    (change,) = one["edit"]["documentChanges"]
    assert edited(text, change["edits"]) == OTHER


def test_fixes_that_touch_and_that_follow_from_others(server: Client, folder: Path) -> None:
    """As ``--fix`` does it: one after the other, until none is left."""
    text = OTHER.replace("wires:", "let: {a: 2 * größe, b: a + 1, c: b + a}, wires:")
    path = folder / "other.yaml"
    server.open(path, text)
    edge = {"line": 0, "character": 0}
    context = {"diagnostics": [], "only": ["source.fixAll"]}
    about = {
        "textDocument": {"uri": path.as_uri()},
        "range": {"start": edge, "end": edge},
        "context": context,
    }
    (one,) = server.ask("textDocument/codeAction", about)
    (change,) = one["edit"]["documentChanges"]
    assert edited(text, change["edits"]) == OTHER


def test_an_editor_without_versions(folder: Path) -> None:
    with client(folder) as plain:
        path = folder / "sub" / "parts.yaml"
        plain.open(path)
        edit = plain.at("rename", path, *place(PARTS, "wert:", 1), newName="z")
        assert set(edit) == {"changes"} and len(edit["changes"]) == 3
