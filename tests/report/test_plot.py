"""Pictures of traces."""

import importlib.util
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from dilsctl.diagnostics import Problem
from dilsctl.report import plot
from dilsctl.report.plot import plot_phase, plot_trace
from dilsctl.report.plot_panels import edges
from dilsctl.trace import Trace
from tests.report.traces import trace, waves

SVG = "{http://www.w3.org/2000/svg}"

TRACES = {
    "curves": trace(**waves(3), n=np.arange(100) // 9),
    "signals": trace(clock=np.arange(30) % 2 == 0, q=np.arange(60).reshape(30, 2) % 3 == 0),
    "fields": trace(x=np.random.default_rng(0).normal(size=(30, 9)), memory=np.zeros((30, 40), bool)),
    "ensemble": trace(**waves(2, runs=9), on=np.ones((100, 9), bool), runs=9),
    "sweep": trace(**waves(runs=9), runs=9, sweep={"params.beta": np.geomspace(0.1, 100, 9)}),
    "many": trace(**waves(runs=400, length=20), runs=400),
    "gaps": trace(a=np.where(np.arange(99) % 9, np.arange(99.0), np.nan), b=np.full(99, np.inf)),
    "one record": trace(a=[1.0], n=[3], on=[True], x=np.zeros((1, 9)), k=np.zeros((1, 9), int)),
}


def texts(path: Path) -> list[str]:
    return ["".join(one.itertext()) for one in ElementTree.parse(path).iter(f"{SVG}text")]


def drawn(tmp_path: Path, found: Trace, **options: Any) -> Path:
    path = tmp_path / "plot.svg"
    plot_trace(found, path, **options)
    return path


@pytest.mark.parametrize("name", TRACES)
def test_pictures_are_whole_and_the_same_each_time(tmp_path: Path, name: str) -> None:
    for ending in (".svg", ".png"):
        one, two = tmp_path / f"one{ending}", tmp_path / f"two{ending}"
        plot_trace(TRACES[name], one)
        plot_trace(TRACES[name], two)
        assert one.read_bytes() == two.read_bytes()
    assert ElementTree.parse(tmp_path / "one.svg").getroot().tag == f"{SVG}svg"
    assert (tmp_path / "one.png").read_bytes().startswith(b"\x89PNG")
    assert len((tmp_path / "one.svg").read_bytes()) < 1_000_000


def test_text_is_text(tmp_path: Path) -> None:
    found = texts(drawn(tmp_path, TRACES["curves"], title="sines & <others>"))
    assert {"a", "b", "c", "n", "time", "sines & <others>"} <= set(found)
    assert "params.beta" in texts(drawn(tmp_path, TRACES["sweep"], force=True))
    assert {"median", "9 runs", "share on"} <= set(texts(drawn(tmp_path, TRACES["ensemble"], force=True)))
    assert "200 of 400 runs" in texts(drawn(tmp_path, TRACES["many"], force=True))


def test_names_are_no_formulas(tmp_path: Path) -> None:
    assert "$x_1$" in texts(drawn(tmp_path, Trace(**_renamed("$x_1$"))))


def _renamed(name: str) -> dict[str, Any]:
    one = trace(**waves())
    return {"times": one.times, "values": {name: one.values["a"]}, "types": {name: one.types["a"]}}


def test_screen_readers_are_told(tmp_path: Path) -> None:
    path = drawn(tmp_path, TRACES["sweep"], title="a <sweep>")
    root = ElementTree.parse(path).getroot()
    assert root.get("role") == "img" and root.get("aria-labelledby") == "title desc"
    assert [one.text for one in root.findall(f"{SVG}title")] == ["a <sweep>"]
    (told,) = root.findall(f"{SVG}desc")
    assert (
        told.text
        == "over time: a; time 0 to 9.9, 100 records; 9 runs; params.beta from 0.1 to 100".replace(
            "9.9", "99"
        )
    )
    assert "date" not in path.read_text().lower().split("<style")[0].replace("update", "")


def test_settings_of_the_user_do_not_count(tmp_path: Path) -> None:
    import matplotlib

    before = drawn(tmp_path, TRACES["curves"]).read_bytes()
    with matplotlib.rc_context({"font.size": 31, "axes.facecolor": "red", "svg.fonttype": "path"}):
        assert drawn(tmp_path, TRACES["curves"], force=True).read_bytes() == before
        assert matplotlib.rcParams["font.size"] == 31, "and are left as they were"


def test_a_field_shows_every_cell_and_its_colours(tmp_path: Path) -> None:
    root = ElementTree.parse(drawn(tmp_path, TRACES["fields"])).getroot()
    assert len(list(root.iter(f"{SVG}image"))) >= 2
    assert {"x", "memory", "element"} <= set(texts(tmp_path / "plot.svg"))


def test_cells_lie_around_their_places() -> None:
    assert edges(np.array([0.0, 1, 3])).tolist() == [-0.5, 0.5, 2, 4]
    assert edges(np.array([2.0])).tolist() == [1.5, 2.5]


def test_long_runs_make_small_pictures(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).normal(size=200_000)
    assert drawn(tmp_path, trace(a=noise, on=noise > 0)).stat().st_size < 500_000


def test_panels_have_an_end(tmp_path: Path) -> None:
    path = drawn(tmp_path, trace(**{f"x{at}": 100.0**at * waves()["a"] for at in range(15)}))
    assert "3 more not drawn" in path.read_text()


@pytest.mark.parametrize("name", ["curves", "ensemble", "many"])
def test_phase(tmp_path: Path, name: str) -> None:
    path, y = tmp_path / "phase.svg", "a" if name == "many" else "b"
    plot_phase(TRACES[name], "a", y, path)
    assert {"a", y, f"{y} against a"} <= set(texts(path))
    with pytest.raises(FileExistsError):
        plot_phase(TRACES[name], "a", y, path)


def test_phase_of_a_sweep_has_a_colour_bar(tmp_path: Path) -> None:
    plot_phase(TRACES["sweep"], "a", "a", tmp_path / "phase.svg")
    assert {"params.beta", "0.1", "100"} <= set(texts(tmp_path / "phase.svg"))


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in one of \.svg, \.png"):
        plot_trace(TRACES["curves"], tmp_path / "plot.jpg")
    with pytest.raises(ValueError, match="nothing was recorded"):
        plot_trace(Trace(np.zeros(0), {}, {}), tmp_path / "plot.svg")
    with pytest.raises(Problem, match="no recorded number 'q'"):
        plot_phase(TRACES["curves"], "a", "q", tmp_path / "plot.svg")
    assert not list(tmp_path.iterdir())


def test_without_matplotlib_it_says_how_to_install_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(Problem) as caught:
        plot.plot_trace(TRACES["curves"], tmp_path / "plot.svg")
    (found,) = caught.value.diagnostics
    assert (found.code, found.help) == ("not-installed", 'pip install "dilsctl[plot]"')
