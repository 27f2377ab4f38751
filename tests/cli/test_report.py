"""The page about a run: whole, safe, and with what the run came to."""

from __future__ import annotations

import json
import re
import shutil
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

import dilsctl
from dilsctl.chronicle import read_chronicle
from dilsctl.cli import main
from dilsctl.plots.classes import counted
from tests.test_ablate import READER, TABLE

ROOT = Path(__file__).parents[2]


class Tags(HTMLParser):
    """What a page opens and does not close, and what it would load."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.loads: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.loads += [value or "" for name, value in attrs if name in ("src", "href", "xlink:href")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "iris <b>"
    dilsctl.load(ROOT / "examples" / "iris.yaml").train(epochs=3, out=folder)
    return folder


def test_a_page_about_a_training_run(run: Path) -> None:
    found = CliRunner().invoke(main, ["report", str(run)])
    assert found.exit_code == 0, found.output
    page = (run / "report.html").read_text()
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert all(one.startswith(("#", "data:")) for one in tags.loads)
    assert "default-src 'none'" in page and "<script" not in page
    assert "<b>" not in page and "iris &lt;b&gt;" in page
    for title in ("Measures", "Curves", "Classes (test part)", "Diagram", "Settings"):
        assert f"<h2>{title}</h2>" in page
    assert page.count('class="level"') == 6 and "how active a box is" in page  # of three boxes, twice
    for svg in re.findall(r"<svg.*?</svg>", page, re.DOTALL):
        ElementTree.fromstring(svg)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) and ids, "what names a picture is the name of no other"
    for names in re.findall(r'aria-labelledby="([^"]+)"', page):
        assert set(names.split()) <= set(ids)
    assert "prefers-color-scheme" in page and "@media print" in page


def test_the_page_has_the_very_plots_of_the_folder(run: Path) -> None:
    found = CliRunner().invoke(main, ["report", str(run), "--plots", "svg"])
    assert found.exit_code == 0, found.output
    page = (run / "report.html").read_text()
    drawn = sorted((run / "plots").glob("*.svg"))
    assert [one.stem for one in drawn] == ["accuracy", "confusion", "loss"]
    for path in drawn:
        body = path.read_text().partition("</style>")[2].partition("/>\n")[2].partition("</svg>")[0]
        assert len(body) > 500 and body in page


def test_numbers_are_aligned_and_names_are_not(run: Path) -> None:
    CliRunner().invoke(main, ["report", str(run)])
    page = (run / "report.html").read_text()
    table = page[page.index("<table>") : page.index("</table>")]
    assert "<th class=n>loss</th>" in table and "<td>train</td>" in table
    assert table.count("<td class=n>") == 4


def test_classes_are_counted_as_they_are(run: Path) -> None:
    chronicle = read_chronicle(run)
    (found,) = chronicle.confusions
    assert found.counts.sum() == chronicle.facts["data"]["parts"]["test"]
    right = np.trace(found.counts) / found.counts.sum()
    assert right == pytest.approx(chronicle.summary["values"]["test.accuracy"], rel=1e-6)
    counts = counted(np.array([0, 1, 1, 2]), np.array([0, 1, 2, 2]), 3)
    assert counts.tolist() == [[1, 0, 0], [0, 1, 1], [0, 0, 1]]


def test_a_page_about_a_life(tmp_path: Path) -> None:
    examples = ROOT / "examples"
    what = [str(examples / "phishing.yaml"), str(examples / "data" / "phishing.csv.gz"), "-q"]
    found = CliRunner().invoke(main, ["live", *what, "--report", "--out", str(tmp_path / "run")])
    assert found.exit_code == 0
    assert "<h2>Curves</h2>" in (tmp_path / "run" / "report.html").read_text()
    page = tmp_path / "page.html"
    assert CliRunner().invoke(main, ["report", str(tmp_path / "run"), "-o", str(page)]).exit_code == 0
    text = page.read_text()
    assert "1,250 rows" in text and "accuracy" in text and "last window" in text
    again = CliRunner().invoke(main, ["report", str(tmp_path / "run"), "-o", str(page)])
    assert again.exit_code == 2 and page.read_text() == text


def test_what_is_no_run(tmp_path: Path) -> None:
    found = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert found.exit_code == 1 and "not-a-run" in found.output


def test_a_page_about_an_ablation(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    (tmp_path / "it.yaml").write_text(READER)
    out = tmp_path / "run"
    done = CliRunner().invoke(
        main, ["ablate", str(tmp_path / "it.yaml"), "--seeds", "2", "--out", str(out), "-q"]
    )
    assert done.exit_code == 0
    assert CliRunner().invoke(main, ["report", str(out)]).exit_code == 0
    page = (out / "report.html").read_text()
    assert "An ablation with 2 seeds" in page and "None" not in page.partition("<h2>Settings</h2>")[0]
    facts = json.loads((out / "summary.json").read_text())
    for row in facts["rows"]:
        assert f"<td>{row['title']}</td>" in page
    for path in (out / "plots").iterdir():
        body = path.read_text().partition("</style>")[2].partition("/>\n")[2].partition("</svg>")[0]
        assert len(body) > 500 and body in page, path.name
    summary = out / "summary.json"
    summary.write_text('{"diagram": "x", "rows": [{}]}')
    found = CliRunner().invoke(main, ["report", str(out)])
    assert found.exit_code == 1 and "error[bad-run]" in found.output
    summary.unlink()
    assert CliRunner().invoke(main, ["report", str(out)]).exit_code == 0
    assert "stopped before its end" in (out / "report.html").read_text()


@pytest.mark.parametrize(
    "lines",
    [
        '{"epoch": 1, "train.loss": "x"}',
        '{"epoch": true, "train.loss": [1]}',
        '{"epoch": 1' + "0" * 400 + "}",
        '{"epoch": 1, "train.loss": 1' + "0" * 400 + "}",
        '{"epoch": -1e308, "train.loss": 1e308}\n{"epoch": 1e308, "train.loss": -1e308}',
        '{"epoch": NaN, "train.loss": NaN}',
        '{"epoch": 1, "": 1, ".": 2, "train.": 3, ".loss": 4, "a.b.c": 5, "test.<x>": 6}',
        "",
    ],
)
def test_logs_that_no_run_writes(run: Path, tmp_path: Path, lines: str) -> None:
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    (folder / "metrics.jsonl").write_text(lines + "\n")
    found = CliRunner().invoke(main, ["report", str(folder), "--plots", "svg"])
    assert found.exit_code in (0, 1), found.output
    for path in (folder / "plots").glob("*.svg"):
        ElementTree.parse(path)


def call(*words: object) -> Result:
    return CliRunner().invoke(main, [str(one) for one in words])


def one_epoch(run: Path, *more: str) -> Result:
    iris = ROOT / "examples" / "iris.yaml"
    return call("train", iris, "--set", "train.epochs=1", "-q", "--plots", "none", "--out", run, *more)


def test_a_page_that_somebody_changed_is_kept(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert one_epoch(run, "--report").exit_code == 0
    page = run / "report.html"
    assert call("report", run).exit_code == 0, "as dilsctl wrote it, it is written anew"
    page.write_text(mine := page.read_text().replace("<h2>Measures</h2>", "<h2>Mine</h2>"))
    refused = call("report", run)
    assert refused.exit_code == 2 and "was changed" in refused.stderr and "--force" in refused.stderr
    again = call("train", "--resume", run, "--set", "train.epochs=2", "-q", "--report")
    assert again.exit_code == 0 and "left as it is" in again.stderr
    assert page.read_text() == mine
    assert call("report", run, "--force").exit_code == 0
    assert "<h2>Measures</h2>" in page.read_text()


def test_a_link_to_nowhere_is_a_file_that_exists(tmp_path: Path) -> None:
    run, page = tmp_path / "run", tmp_path / "page.html"
    one_epoch(run)
    page.symlink_to(tmp_path / "elsewhere.html")
    refused = call("report", run, "-o", page)
    assert refused.exit_code == 2 and "exists already" in refused.stderr
    assert not (tmp_path / "elsewhere.html").exists()
