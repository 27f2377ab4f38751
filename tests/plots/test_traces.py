"""Pictures of traces."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from dilsctl.diagnostics import Problem
from dilsctl.plots.heat import cell_edges as edges
from dilsctl.plots.traces import phase_pairs, phase_plot, trace_plot
from dilsctl.trace import Trace
from tests.plots.reading import read_back, texts_of
from tests.report.traces import trace, waves

ROOT = Path(__file__).parents[2]
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


def plot_trace(found: Trace, path: Path, *, title: str = "", force: bool = False) -> None:
    trace_plot(found, title).write(path, force)


def plot_phase(found: Trace, x: str, y: str, path: Path) -> None:
    phase_plot(found, x, y).write(path)


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
    assert "params.beta = 0.1" in texts(drawn(tmp_path, TRACES["sweep"], force=True))
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


def test_a_field_shows_every_cell_and_its_colours(tmp_path: Path) -> None:
    root = ElementTree.parse(drawn(tmp_path, TRACES["fields"])).getroot()
    assert len(list(root.iter(f"{SVG}image"))) >= 2
    assert {"x, by element", "memory, by element"} <= set(texts(tmp_path / "plot.svg"))


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


def test_phase_of_a_sweep_says_what_colours_mean(tmp_path: Path) -> None:
    plot_phase(TRACES["sweep"], "a", "a", tmp_path / "phase.svg")
    assert {"params.beta = 0.1", "3.162", "100"} <= set(texts(tmp_path / "phase.svg"))


def test_a_sweep_of_few_values_names_each(tmp_path: Path) -> None:
    betas = np.array([0.1, 0.4, 0.85, 2.0, 0.4, 0.1])
    few = trace(**waves(runs=6), runs=6, sweep={"params.beta": betas})
    told = [one for one in texts(drawn(tmp_path, few)) if one in ("params.beta = 0.1", "0.4", "0.85", "2")]
    assert told[:4] == ["params.beta = 0.1", "0.4", "0.85", "2"]


def test_what_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"must end in one of \.svg, \.png"):
        plot_trace(TRACES["curves"], tmp_path / "plot.jpg")
    with pytest.raises(ValueError, match="nothing was recorded"):
        plot_trace(Trace(np.zeros(0), {}, {}), tmp_path / "plot.svg")
    with pytest.raises(Problem, match="no recorded number 'q'"):
        plot_phase(TRACES["curves"], "a", "q", tmp_path / "plot.svg")
    assert not list(tmp_path.iterdir())


def test_png_without_resvg_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(Problem) as caught:
        trace_plot(TRACES["curves"]).write(tmp_path / "plot.png")
    (found,) = caught.value.diagnostics
    assert (found.code, found.help) == ("not-installed", 'pip install "dilsctl[picture]"')
    assert not list(tmp_path.iterdir())
    trace_plot(TRACES["curves"]).write(tmp_path / "plot.svg")


def test_nothing_optional_is_needed_for_svg() -> None:
    """Neither matplotlib nor resvg is imported."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['matplotlib', 'resvg_py', 'reportlab']));"
        "from tests.plots.test_traces import TRACES; from dilsctl.plots.traces import trace_plot;"
        "print(len(trace_plot(TRACES['fields']).svg()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=120
    )
    assert int(done.stdout) > 1000


def test_where_marks_lie_values_are(tmp_path: Path) -> None:
    """A curve is read back by the marks on its axes."""
    found = trace(a=np.array([3.0, 7.5, -2.25, 11.0]), times=[0.0, 1.0, 2.5, 4.0])
    (xs, ys) = read_back(trace_plot(found).svg())["a"]
    assert xs == pytest.approx([0, 1, 2.5, 4], abs=0.01)
    assert ys == pytest.approx([3, 7.5, -2.25, 11], abs=0.05)


def test_values_that_are_not_finite_make_gaps_and_are_told() -> None:
    values = np.array([1.0, 2.0, np.nan, 3.0, np.inf, 5.0, 6.0])
    svg = trace_plot(trace(a=values)).svg()
    assert "2 values not finite" in svg and "nan" not in svg.lower() and "inf" not in svg.lower()
    xs, ys = read_back(svg)["a"]
    assert xs == pytest.approx([0, 1, 3, 5, 6], abs=0.02), "and the one between two gaps is a dot"
    assert ys == pytest.approx([1, 2, 3, 5, 6], abs=0.03)


@pytest.mark.parametrize("size", [1e-300, 1e-9, 1.0, 1e9, 1e300, 1.7e308])
def test_numbers_of_every_size(size: float) -> None:
    svg = trace_plot(trace(a=np.array([-1.0, 0.5, 1.0]) * size)).svg()
    assert "nan" not in svg and "inf" not in svg
    assert read_back(svg)["a"][1] == pytest.approx([-size, size / 2, size], abs=size / 100)


def test_rounding_is_not_drawn_as_a_change() -> None:
    noise = 5 + np.array([0, 1, 2, 0, 1]) * 1e-15
    labels = [one for one in texts_of(trace_plot(trace(a=noise)).svg()) if one.startswith(("4", "5"))]
    assert len(labels) == len(set(labels)) and all(len(one) < 6 for one in labels)


def test_pairs_of_a_place_and_its_speed() -> None:
    t = np.linspace(0, 10, 400)
    moving = trace(
        place=np.sin(t), other=np.exp(-t), force=np.cos(3 * t), speed=2 * np.cos(t), times=t, n=np.arange(400)
    )
    assert phase_pairs(moving) == [("place", "speed")]
    assert phase_pairs(trace(a=np.exp(-t), b=np.sin(t * t), times=t)) == [("a", "b")]
    assert phase_pairs(trace(a=np.sin(t), times=t)) == []
    assert phase_pairs(trace(a=np.sin(t), still=np.ones(400), times=t)) == []
    assert phase_pairs(trace(a=[1.0], b=[2.0])) == []


def test_a_plot_in_a_page_has_names_of_its_own() -> None:
    one = trace_plot(TRACES["curves"])
    first, second = (ElementTree.fromstring(one.inline(number)) for number in (1, 2))
    ids = [[each.get("id") for each in root.iter() if each.get("id")] for root in (first, second)]
    assert ids[0] and not set(ids[0]) & set(ids[1])
    assert set(first.get("aria-labelledby", "").split()) <= set(ids[0])


def test_every_class_has_a_rule_in_every_theme() -> None:
    svg = trace_plot(TRACES["sweep"]).svg()
    style = svg[svg.index("<style>") : svg.index("</style>")]
    used = {name for names in re.findall(r'class="([^"]*)"', svg) for name in names.split()}
    light, dark, paper = re.split("@media", style)[:3]
    for name in used - {"plot", "line"}:
        for rules in (light, dark, paper):
            assert f".{name}{{" in rules, name
