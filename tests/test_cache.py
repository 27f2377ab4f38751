"""What validation found before: the same findings, and never old ones."""

import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from dilsctl import cache, records, validation
from dilsctl.cache import Cache
from dilsctl.diagnostics import Report
from dilsctl.report.json import render_json
from dilsctl.report.text import render_text
from dilsctl.rules import RULES
from dilsctl.tree import validate_tree

ROOT = Path(__file__).parents[1]
MAIN = """\
dils: 1
use: {other: parts/other}
define:
  whole:
    in: {x: real}
    out: {y: real}
    boxes: {inner: other.double}
    wires:
      - x -> inner.x
      - inner.y -> y
main: whole
"""
OTHER = """\
dils: 1
define:
  double:
    in: {x: real}
    out: {y: real}
    let:
      half: x / 2
    wires:
      - 2 * x -> y
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DILSCTL_CACHE_DIR", str(tmp_path / "cache"))
    tree = tmp_path / "tree"
    (tree / "parts").mkdir(parents=True)
    (tree / "main.yaml").write_text(MAIN)
    (tree / "parts" / "other.yaml").write_text(OTHER)
    monkeypatch.chdir(tree)
    return tree


def text(report: Report) -> str:
    return render_text(report) + render_json(report)


def look(*names: str, settings: tuple[str, ...] = (), **more: object) -> Report:
    files = [Path(one) for one in names or ("main.yaml",)]
    return validate_tree(files, settings=settings, cached=True, **more)  # type: ignore[arg-type]


def codes(*names: str, **more: object) -> list[str]:
    return [one.code for one in look(*names, **more)]  # type: ignore[arg-type]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that were really looked at."""
    found: list[str] = []
    real = validation.validated

    def count(library: object, choice: object) -> Report:
        found.append(library.files[0].name)  # type: ignore[attr-defined]
        return real(library, choice)  # type: ignore[arg-type]

    monkeypatch.setattr(validation, "validated", count)
    return found


def entries(folder: Path) -> list[Path]:
    return sorted((folder.parent / "cache" / "validate").glob("??/*"))


def test_findings_are_the_same_cached_or_not_in_one_process_or_several(folder: Path) -> None:
    for number, one in enumerate(sorted((ROOT / "tests" / "golden").glob("*/*.yaml"))):
        place = folder / f"{number:03}-{one.name}"
        shutil.copy(one, place)
        if one.with_suffix("").is_dir() and not (folder / one.stem).exists():
            shutil.copytree(one.with_suffix(""), folder / one.stem)
    for rule in RULES.values():
        (folder / f"{rule.code}.yaml").write_text(rule.bad)
    names = sorted(one.name for one in folder.glob("*.yaml"))
    plain = text(validate_tree([Path(one) for one in names]))
    assert plain.count("error[") > 300
    assert text(look(*names, jobs=2)) == plain  # anew, by two processes
    assert len(entries(folder)) > 100
    assert text(look(*names, jobs=1)) == plain  # from the cache


def test_what_did_not_change_is_not_looked_at(folder: Path, counted: list[str]) -> None:
    assert codes() == ["unused-let"]
    assert codes() == ["unused-let"] and counted == ["main.yaml"]
    assert codes("parts/other.yaml", "main.yaml") == ["unused-let"]
    assert counted == ["main.yaml", "parts/other.yaml"]


def test_a_change_is_seen(folder: Path, counted: list[str]) -> None:
    def seen() -> bool:
        del counted[:]
        look()
        return bool(counted)

    assert seen() and not seen()
    (folder / "main.yaml").write_text(MAIN + "# more\n")
    assert seen() and not seen()
    (folder / "parts" / "other.yaml").write_text(OTHER.replace("half", "part"))
    assert seen() and not seen()
    (folder / "parts" / "other.yaml").unlink()
    assert seen() and codes() == ["import-not-found"]
    (folder / "parts" / "other.yaml").write_text(OTHER)
    assert codes() == ["unused-let"]


def test_what_would_be_found_first_is_seen(folder: Path) -> None:
    """``parts/other`` is ``other.yaml`` if there is one, and else ``other.yml``."""
    (folder / "parts" / "other.yaml").rename(folder / "parts" / "other.yml")
    assert codes() == ["unused-let"] == codes()
    (folder / "parts" / "other.yaml").write_text(OTHER.replace("    let:\n      half: x / 2\n", ""))
    assert codes() == []


def test_a_link_that_leads_elsewhere_is_seen(folder: Path) -> None:
    (folder / "parts" / "other.yaml").rename(folder / "parts" / "one.yaml")
    (folder / "parts" / "other.yaml").symlink_to("one.yaml")
    assert codes() == ["unused-let"] == codes()
    outside = folder.parent / "outside.yaml"
    outside.write_text(OTHER)
    (folder / "parts" / "other.yaml").unlink()
    (folder / "parts" / "other.yaml").symlink_to(outside)
    assert codes() == ["import-outside"]


def test_other_settings_are_other_findings(folder: Path) -> None:
    assert codes() == ["unused-let"]
    assert "unknown-box" in codes(settings=("main=nothing",))
    assert codes(ignore=("unused-let",)) == [] == codes(select=("unused-output",))
    (folder / "pyproject.toml").write_text('[tool.dilsctl]\nignore = ["unused-let"]\n')
    assert codes() == []


def test_another_limit_of_an_imported_file_is_other_findings(folder: Path) -> None:
    settings = folder / "pyproject.toml"
    settings.write_text("[tool.dilsctl]\nlargest-file = 1\n")
    (folder / "parts" / "other.yaml").write_text(OTHER + f"# {'x' * 2_000_000}\n")
    assert codes("main.yaml") == ["too-large"] == codes("main.yaml")
    settings.write_text("[tool.dilsctl]\nlargest-file = 3\n")
    assert codes("main.yaml") == ["unused-let"] == codes("main.yaml")
    settings.write_text("[tool.dilsctl]\nlargest-file = 1\n")
    assert codes("main.yaml") == ["too-large"]


def test_another_program_is_another_entry(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look()
    before = len(entries(folder))
    monkeypatch.setattr(cache, "program", lambda: "another")
    look()
    assert len(entries(folder)) == 2 * before


def test_a_missing_import_is_not_kept(folder: Path) -> None:
    (folder / "parts" / "other.yaml").unlink()
    look()
    assert entries(folder) == []


def test_damaged_entries_count_as_none(folder: Path) -> None:
    plain = text(look())
    (entry,) = entries(folder)
    whole = entry.read_bytes()
    damages = [b"", b"\n", whole[:-1], whole[: len(whole) // 2], whole + b" "]
    damages += [whole[:k] + bytes([whole[k] ^ 1]) + whole[k + 1 :] for k in range(0, len(whole), 7)]
    for damage in damages:
        entry.write_bytes(damage)
        assert text(look()) == plain
        assert entry.read_bytes() == whole
    entry.unlink()
    entry.mkdir()
    assert text(look()) == plain


def test_spans_out_of_the_text_count_as_damage(folder: Path) -> None:
    plain = text(look())
    (entry,) = entries(folder)
    body = entry.read_bytes().partition(b"\n")[2]
    for old, new in ((b"[0,", b"[0,9"), (b'"version":2', b'"version":0'), (b'"files":', b'"filse":')):
        forged = body.replace(old, new)
        assert forged != body
        entry.write_bytes(records.digest(forged).encode() + b"\n" + forged)
        assert text(look()) == plain


def write(arguments: tuple[str, int]) -> None:
    folder, number = arguments
    for k in range(50):
        Cache(Path(folder)).put(f"{k % 3:064}", bytes([number]) * 5000)


def test_writers_at_once_do_not_mix(tmp_path: Path) -> None:
    with ProcessPoolExecutor(4) as pool:
        list(pool.map(write, [(str(tmp_path), number) for number in range(4)]))
    for k in range(3):
        found = Cache(tmp_path).get(f"{k:064}")
        assert found is not None and len(found) == 5000 and len(set(found)) == 1
    assert not list(tmp_path.rglob("*.part"))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = folder.parent / "closed"
    closed.mkdir(mode=0o500)
    monkeypatch.setenv("DILSCTL_CACHE_DIR", str(closed))
    assert codes() == ["unused-let"]


def test_a_file_in_place_of_the_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DILSCTL_CACHE_DIR", str(folder / "main.yaml"))
    assert codes() == ["unused-let"]


def test_old_entries_go(folder: Path) -> None:
    look()
    (entry,) = entries(folder)
    os.utime(entry, (0, 0))
    Cache(folder.parent / "cache").sweep()  # it has been swept today
    assert entry.exists()
    os.utime(entry.parents[1] / "swept", (0, 0))
    Cache(folder.parent / "cache").sweep()
    assert not entry.exists()


def test_where_it_lies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DILSCTL_CACHE_DIR", raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", "/x/cache")
    assert cache.cache_folder() == Path("/x/cache/dilsctl")
