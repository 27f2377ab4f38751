"""The language server, by a client over standard input and output."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from dilsctl import api
from dilsctl.cli import main
from dilsctl.diagnostics import SourceFile
from dilsctl.formatting import format_text
from dilsctl.language.completion import completions
from dilsctl.language.hover import hover
from dilsctl.language.reading import read_page
from tests.hostile import texts
from tests.lsp_client import Client, client

pytest.importorskip("pygls")

NET = """\
dils: 1
name: net
use: {nn: std/nn, mine: parts}
define:
  network:
    doc: Two layers.
    in: {größe: real 64}
    out: {logits: real 10}
    params: {width: 32}
    state: {scale: real = 1}
    boxes:
      hidden: {box: nn.dense, with: {units: width}}
      output: {box: nn.dense, with: {units: 10}}
      twice: mine.double
    wires:
      - größe * scale -> hidden.x
      - hidden.y -> twice.x
      - twice.y -> output.x
      - tanh(output.y) -> logits
main: network
checks:
  - given: {größe: [[1]]}
    expect: {logits: [[1]]}
"""
PARTS = """\
dils: 1
define:
  double:
    in: {x: real n}
    out: {y: real n}
    wires:
      - 2 * x -> y
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("lsp")
    (made / "parts.yaml").write_text(PARTS)
    (made / "net.yaml").write_text(NET, encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Client]:
    with client(folder) as found:
        yield found


@pytest.fixture
def net(server: Client, folder: Path) -> Path:
    path = folder / "net.yaml"
    server.open(path)
    return path


def place(word: str, text: str = NET, at: int = 0) -> tuple[int, int]:
    """Line and character (UTF-16) of the first place of some words."""
    before = text[: text.index(word) + at]
    return before.count("\n"), len(before.rpartition("\n")[2].encode("utf-16-le")) // 2


def labels(found: Any) -> set[str]:
    return {one["label"] for one in found}


def written(range: dict[str, Any], text: str = NET) -> str:
    line = text.split("\n")[range["start"]["line"]]
    assert range["start"]["line"] == range["end"]["line"]
    return line[range["start"]["character"] : range["end"]["character"]]


def test_findings_are_those_of_validate(server: Client, folder: Path) -> None:
    path = folder / "bad.yaml"
    text = NET.replace("hidden.y -> twice.x", "hidden.z -> twice.x").replace("real 10}", "rael 10}")
    found = server.open(path, text)
    expected = list(api.validate_files([path], text=text))
    assert [one["code"] for one in found] == [one.code for one in expected]
    assert [one["range"]["start"]["line"] + 1 for one in found] == [
        one.primary.span.line for one in expected if one.primary
    ]
    assert (
        written(found[0]["range"], text)
        == expected[0].primary.span.file.text[expected[0].primary.span.start : expected[0].primary.span.end]
    )  # type: ignore[union-attr]
    found = server.change(path, text + "  : [", 2)
    assert [one["code"] for one in found] == ["yaml-syntax"]
    assert server.change(path, PARTS, 3) == []


@pytest.mark.parametrize(
    ("word", "at", "file", "target"),
    [
        ("größe * scale", 1, "net.yaml", "größe: real 64"),
        ("* scale", 3, "net.yaml", "scale: real"),
        ("hidden.y", 2, "net.yaml", "hidden: {"),
        ("-> twice.x", 9, "parts.yaml", "x: real n"),
        ("mine.double", 6, "parts.yaml", "double:"),
        ("mine.double", 1, "parts.yaml", "dils"),
        ("units: width", 8, "net.yaml", "width: 32"),
        ("main: network", 8, "net.yaml", "network:"),
        ("expect: {logits", 10, "net.yaml", "logits: real"),
        ("hidden.y", 7, "nn.yaml", "y: real units"),
    ],
)
def test_definitions(server: Client, net: Path, word: str, at: int, file: str, target: str) -> None:
    found = server.at("definition", net, *place(word, at=at))
    assert found["uri"].endswith(f"/{file}")
    start = found["range"]["start"]
    if file == "nn.yaml":
        from dilsctl.documents import LIBRARY

        text = (LIBRARY / "nn.yaml").read_text()
    else:
        text = NET if file == "net.yaml" else PARTS
    line = text.split("\n")[start["line"]]
    assert line[start["character"] :].startswith(target)


def test_hover(server: Client, net: Path) -> None:
    def told(word: str, at: int = 0) -> str:
        found = server.at("hover", net, *place(word, at=at))
        return found["contents"]["value"] if found else ""

    assert "input" in told("größe * scale", 1) and "`real 64`" in told("größe * scale", 1)
    assert "here: `real 10`, `real 32`" in told("hidden.y ->", 7)
    assert "tanh(" in told("tanh(", 1)
    assert "units" in told("hidden: {", 2) and "dense" in told("hidden: {", 2)
    assert "interaction pattern" in told("wires:", 2)
    assert "Two layers." in told("main: network", 8)
    assert told("Two layers") == ""


def test_completion(server: Client, net: Path) -> None:
    def proposed(line: str, after: str = "      - hidden.y -> twice.x\n") -> set[str]:
        text = NET.replace(after, after + line + "\n")
        server.change(net, text, 100 + len(line))
        return labels(server.at("completion", net, *place(line + "\n", text, len(line))))

    assert proposed("      - hidden.") == {"y"}
    assert {"x"} == proposed("      - 2 -> hidden.")
    names = proposed("      - sc")
    assert {"scale", "größe", "hidden", "width", "tanh", "t"} <= names and "logits" not in names
    assert {"logits", "hidden", "twice", "output"} == proposed("      - 1 -> ")
    keys = proposed("    ", after="    params: {width: 32}\n")
    assert {"state", "rate", "wires", "let"} <= keys and "epochs" not in keys
    assert "nn" in proposed("      more: ", after="    boxes:\n") and "network" in proposed(
        "      more: ", after="    boxes:\n"
    )
    assert "dense" in proposed("      more: nn.", after="    boxes:\n")
    assert {"optimiser", "epochs"} <= proposed("train:\n  ", after="main: network\n")
    server.change(net, NET, 999)


def test_completion_where_nothing_parses(server: Client, net: Path) -> None:
    text = NET.replace("      - twice.y -> output.x\n", "      - twice.\n     [\n")
    found = server.change(net, text, 1000)
    assert {one["code"] for one in found} == {"yaml-syntax"}
    assert labels(server.at("completion", net, *place("- twice.\n", text, 8))) == {"y"}
    server.change(net, NET, 1001)


def renamed(server: Client, net: Path, word: str, at: int, name: str) -> str:
    found = server.at("rename", net, *place(word, at=at), newName=name)
    lines = NET.split("\n")
    for edit in sorted(found["changes"][net.as_uri()], key=lambda one: -one["range"]["start"]["character"]):
        start, end = edit["range"]["start"], edit["range"]["end"]
        line = lines[start["line"]]
        lines[start["line"]] = line[: start["character"]] + edit["newText"] + line[end["character"] :]
    return "\n".join(lines)


def test_rename(server: Client, net: Path) -> None:
    new = renamed(server, net, "hidden: {", 1, "first")
    assert new == NET.replace("hidden", "first")
    new = renamed(server, net, "größe * scale", 1, "x")
    assert new == NET.replace("größe", "x")
    assert renamed(server, net, "scale: real", 1, "gain") == NET.replace("scale", "gain")
    assert renamed(server, net, "-> logits", 4, "shown") == NET.replace("logits", "shown")
    assert renamed(server, net, "main: network", 7, "whole").count("whole") == 2
    assert renamed(server, net, "width: 32", 1, "size") == NET.replace("width", "size")
    for name in ("not", "a b", "1a", "scale", "t"):
        with pytest.raises(RuntimeError):
            server.at("rename", net, *place("hidden: {", at=1), newName=name)
    assert server.at("rename", net, *place("hidden.y", at=7), newName="z") is None  # of the library
    assert server.at("prepareRename", net, *place("Two layers")) is None


def test_references_and_layout(server: Client, net: Path) -> None:
    found = server.at("references", net, *place("hidden: {", at=1), context={"includeDeclaration": True})
    assert [written(one["range"]) for one in found] == ["hidden"] * 3
    about = {"textDocument": {"uri": net.as_uri()}, "options": {"tabSize": 2, "insertSpaces": True}}
    edits = server.ask("textDocument/formatting", about)
    assert [one["newText"] for one in edits] == [format_text(SourceFile("x", NET))]
    server.change(net, "a: [", 2000)
    assert server.ask("textDocument/formatting", about) is None
    server.change(net, NET, 2001)


def test_odd_texts_do_not_end_it(server: Client, folder: Path) -> None:
    path = folder / "odd.yaml"
    server.open(path, "")
    texts = [
        "[" * 5000,
        "a\0b",
        "- ",
        "define: {a: {wires: [",
        "define:\n  a:\n    wires: 3\n    in: [x]\n",
        "use: {a: ../../x}\nmain: a.b",
        "define: {a: {boxes: {a: a, b: {box: b, with: 3}}, let: {x: x}, learn: {w: 1}, join: {a: b}}}\n"
        "main: {}\ntrain: 3\nchecks: [3, {given: 3}]",
    ]
    for number, text in enumerate(texts):
        server.change(path, text, number + 2)
        for line in range(min(3, text.count("\n") + 1)):
            for method in ("hover", "completion", "definition"):
                server.at(method, path, line, 4)
    assert server.change(path, PARTS, 50) is not None


def test_hostile_texts() -> None:
    for name, text in texts():
        start = time.process_time()
        page = read_page(SourceFile("x.yaml", text), Path("x.yaml"))
        for offset in (0, len(text) // 2, len(text)):
            completions(text, offset, page)
            if page is not None:
                hover(page, text, offset, None)
        assert time.process_time() - start < 4, name


def test_without_pygls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = CliRunner().invoke(main, ["lsp"])
    assert done.exit_code == 1 and 'pip install "dilsctl[lsp]"' in done.output
