"""Loading a document and what it imports."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dilsctl.diagnostics import Diagnostic, Problem
from dilsctl.documents import LIBRARY, Library, load_documents

PLAIN = "dils: 1\n"


def write(folder: Path, **files: str) -> None:
    """Files by name: ``sub__a`` is sub/a.yaml."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".yaml")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def only(library: Library) -> Diagnostic:
    (one,) = library.report
    return one


def at(one: Diagnostic) -> str:
    assert one.primary is not None
    span = one.primary.span
    return span.file.text[span.start : span.end]


def test_a_document_alone(tmp_path: Path) -> None:
    write(tmp_path, a="dils: 1\nname: a\n")
    library = load_documents(tmp_path / "a.yaml")
    main = library.require()
    assert library.main is main
    assert main.document.name == "a"
    assert main.path == tmp_path / "a.yaml"
    assert main.span("name").line == 2


def test_a_text_in_place_of_a_file(tmp_path: Path) -> None:
    write(tmp_path, b=PLAIN)
    library = load_documents(tmp_path / "none.yaml", text="dils: 1\nuse: {b: b}\n")
    assert library.require().path is None
    assert list(library.require().uses) == ["b"]


def test_imports_by_alias(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="dils: 1\nuse: {x: sub/b, y: ./sub/b.yaml, nn: std/nn}\n",
        sub__b="dils: 1\nuse: {up: ../c, nn: std/nn}\n",
        c=PLAIN,
    )
    library = load_documents(tmp_path / "a.yaml")
    main = library.require()
    assert main.uses["x"] is main.uses["y"]
    assert main.uses["nn"] is main.uses["x"].uses["nn"]
    assert main.uses["nn"].library == "std/nn"
    assert main.uses["x"].uses["up"].path == tmp_path / "c.yaml"
    assert len(library.files) == len(library.documents) == 4
    assert library.files[1].name == str(tmp_path / "sub" / "b.yaml")


@pytest.mark.parametrize("name", sorted(one.stem for one in LIBRARY.glob("*.yaml")))
def test_the_library_loads(name: str, tmp_path: Path) -> None:
    write(tmp_path, a=f"dils: 1\nuse: {{it: std/{name}}}\n")
    assert load_documents(tmp_path / "a.yaml").require().uses["it"].document.define


@pytest.mark.parametrize(
    ("wanted", "code", "help"),
    [
        ("std/nnn", "import-not-found", "did you mean 'std/nn'?"),
        ("std/../../../etc/passwd", "import-not-found", ""),
        ("sub/gat", "import-not-found", "did you mean 'sub/gate.yaml'?"),
        ("sub", "import-not-found", ""),
        ("../outside", "import-outside", "move the file"),
        ("../../../../../../../../etc/passwd", "import-outside", ""),
        ("/etc/passwd", "import-outside", ""),
        ("sub/link", "import-outside", ""),
        ("sub/folder/x", "import-outside", ""),
        ("http://example.org/a.yaml", "import-outside", "copy the file"),
        ("'\"\"'", "import-not-found", ""),
        ("sub/pipe.yaml", "not-a-file", ""),
        ("sub/large", "too-large", ""),
        ("sub/binary", "not-text", "UTF-8"),
        ("sub/loop", "import-not-found", ""),
    ],
)
def test_imports_that_are_refused(
    wanted: str, code: str, help: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = tmp_path / "tree"
    write(tmp_path, outside=PLAIN, tree__a=f"dils: 1\nuse:\n  it: {wanted}\n", tree__sub__gate=PLAIN)
    write(tmp_path, tree__sub__large=PLAIN + "#" * 2_000)
    (tree / "sub" / "link.yaml").symlink_to(tmp_path / "outside.yaml")
    (tree / "sub" / "folder").symlink_to(tmp_path)
    write(tmp_path, x=PLAIN)
    (tree / "sub" / "binary.yaml").write_bytes(b"\xff\xfe")
    (tree / "sub" / "loop.yaml").symlink_to(tree / "sub" / "loop.yaml")
    os.mkfifo(tree / "sub" / "pipe.yaml")
    monkeypatch.setattr("dilsctl.source.MOST_BYTES", 1_000)
    library = load_documents(tree / "a.yaml")
    one = only(library)
    assert (one.code, at(one)) == (code, wanted)
    assert help in one.help
    assert library.main is None
    with pytest.raises(Problem):
        library.require()


def test_a_link_inside_the_tree_is_followed(tmp_path: Path) -> None:
    write(tmp_path, a="dils: 1\nuse: {b: link, c: real}\n", real=PLAIN)
    (tmp_path / "link.yaml").symlink_to(tmp_path / "real.yaml")
    main = load_documents(tmp_path / "a.yaml").require()
    assert main.uses["b"] is main.uses["c"]


def test_a_document_through_a_link_brings_its_own_tree(tmp_path: Path) -> None:
    write(tmp_path, tree__a="dils: 1\nuse: {b: b}\n", tree__b=PLAIN)
    (tmp_path / "a.yaml").symlink_to(tmp_path / "tree" / "a.yaml")
    assert load_documents(tmp_path / "a.yaml").report.ok


def test_a_circle_names_the_whole_chain(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="dils: 1\nuse: {b: b}\n",
        b="dils: 1\nuse: {c: c}\n",
        c="dils: 1\nuse: {d: d, b: b}\n",
        d=PLAIN,
    )
    library = load_documents(tmp_path / "a.yaml")
    one = only(library)
    names = [str(tmp_path / f"{name}.yaml") for name in "bcb"]
    assert one.code == "import-cycle"
    assert one.message.endswith(" -> ".join(names))
    assert one.primary is not None
    assert one.primary.span.file.name == names[1]
    assert [label.span.file.name for label in one.related] == [names[0]]
    assert library.main is None


def test_a_document_that_imports_itself(tmp_path: Path) -> None:
    write(tmp_path, a="dils: 1\nuse: {me: a}\n")
    one = only(load_documents(tmp_path / "a.yaml"))
    assert one.code == "import-cycle"
    assert one.primary is not None
    assert one.primary.text == "a document imports itself"


def test_long_chains_need_no_stack(tmp_path: Path) -> None:
    count = 1_500
    write(
        tmp_path,
        **{f"f{i}": f"dils: 1\nuse: {{n: f{i + 1}}}\n" for i in range(count)},
        **{f"f{count}": PLAIN},
    )
    assert len(load_documents(tmp_path / "f0.yaml").documents) == count + 1


def test_findings_of_all_files(tmp_path: Path) -> None:
    write(
        tmp_path,
        a="dils: 1\nuse: {b: b, c: c, d: d}\nzzz: 1\n",
        b="dils: 1\nuse: {d: d, e: e}\nyyy: 1\n",
        c="dils: [\n",
        d=PLAIN,
        e="dils: 1\nxxx: 1\n",
    )
    library = load_documents(tmp_path / "a.yaml")
    assert [(one.code, Path(one.where[0]).stem) for one in library.report] == [
        ("unknown-key", "a"),
        ("unknown-key", "b"),
        ("yaml-syntax", "c"),
        ("unknown-key", "e"),
    ]
    assert [Path(one.file.name).stem for one in library.documents] == ["d"]


def test_an_importer_of_a_broken_file_is_not_sound(tmp_path: Path) -> None:
    write(tmp_path, a="dils: 1\nuse: {b: b}\n", b="dils: 2\n")
    library = load_documents(tmp_path / "a.yaml")
    assert only(library).code == "bad-version"
    assert library.main is None


def test_a_file_that_is_missing(tmp_path: Path) -> None:
    library = load_documents(tmp_path / "a.yaml")
    one = only(library)
    assert (one.code, one.primary, one.file) == ("file-not-found", None, str(tmp_path / "a.yaml"))


@pytest.mark.parametrize(
    "name", ["std/" + "n" * 300, "std/" + "n/" * 3000, '"std/\\0"', "x" * 300, '"./\\0"']
)
def test_a_name_that_no_file_can_have(tmp_path: Path, name: str) -> None:
    library = load_documents(tmp_path / "a.yaml", f"dils: 1\nuse: {{nn: {name}}}\n")
    assert only(library).code == "import-not-found"
