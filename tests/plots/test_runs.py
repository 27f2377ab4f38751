"""Plots of runs: what they say is what the run folder says, and nothing that somebody made is lost."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from dilsctl import api
from dilsctl.ablate import TITLES
from dilsctl.cli import main
from dilsctl.confusions import lived_confusion
from dilsctl.data.dataset import Fitted
from dilsctl.ir import Type
from dilsctl.plots.classes import Confusion, confusion_plot, counted
from dilsctl.plots.figure import WIDTH
from dilsctl.plots.leave import leave
from dilsctl.plots.measures import course_plot, courses
from dilsctl.plots.of_run import joined, run_plots
from dilsctl.plots.traces import trace_plot
from dilsctl.plots.wiring import wiring_plot
from dilsctl.prequential import Prequential
from dilsctl.render.stamp import untouched
from dilsctl.report.progress import number_text
from dilsctl.wire_history import History
from dilsctl.wires import Weight
from tests.plots.reading import read_back, texts_of
from tests.report.traces import trace
from tests.test_ablate import READER, TABLE

EXAMPLES = Path(__file__).parents[2] / "examples"

STEEP = """
dils: 1
main:
  in: {x: real}
  out: {z: real}
  state: {k: real = 1}
  learn: [k]
  wires: [k * x -> z]
train:
  data: {file: steep.csv, inputs: {x: x}, targets: {y: y}}
  loss: (z - y)**2
  optimiser: {sgd: {rate: 0.02}}
  batch: 5
  epochs: 400
"""


def call(*args: Any) -> Result:
    return CliRunner().invoke(main, [str(one) for one in args])


@pytest.fixture(scope="module")
def iris(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = tmp_path_factory.mktemp("runs") / "iris"
    result = call("train", EXAMPLES / "iris.yaml", "--set", "train.epochs=12", "--out", run)
    assert result.exit_code == 0, result.output
    assert result.stderr == f"drew 3 plots in {run}/plots\n"
    return run


def lines_of(**values: list[Any]) -> list[dict[str, Any]]:
    length = len(next(iter(values.values())))
    return [{"epoch": at + 1, **{name: one[at] for name, one in values.items()}} for at in range(length)]


# -- what they say -------------------------------------------------------------------------------------


def test_curves_are_those_of_the_log(iris: Path) -> None:
    lines = [json.loads(one) for one in (iris / "metrics.jsonl").read_text().splitlines()]
    drawn = read_back((iris / "plots" / "loss.svg").read_text())
    assert set(drawn) == {"train", "test"}
    for part, (epochs, values) in drawn.items():
        assert epochs == pytest.approx([line["epoch"] for line in lines], abs=0.03)
        assert values == pytest.approx([line[f"{part}.loss"] for line in lines], abs=0.003)
    ((name, (_, values)),) = read_back((iris / "plots" / "accuracy.svg").read_text()).items()
    assert name == "test" and values == pytest.approx([line["test.accuracy"] for line in lines], abs=0.002)


def test_axes_say_what_they_are(iris: Path) -> None:
    found = texts_of((iris / "plots" / "accuracy.svg").read_text())
    assert {"accuracy", "accuracy by epoch", "epoch", "test"} <= set(found)
    loss = (iris / "plots" / "loss.svg").read_text()
    assert "the mean over the steps of the epoch" in " ".join(texts_of(loss))


def test_classes_against_an_independent_count(iris: Path, tmp_path: Path) -> None:
    loaded = api.open_run(iris)
    data = loaded.plans.dataset(loaded.learner, None, loaded._fitted)
    rows = data.parts["test"]
    said = loaded.learner.predict({"measures": data.columns["measures"][rows]})["logits"].argmax(axis=1)
    wanted = Counter(zip(data.columns["truth"][rows].tolist(), said.tolist(), strict=True))
    svg = (iris / "plots" / "confusion.svg").read_text()
    cells = re.findall(r"<title>(\d) taken for (\d): (\d+) \(", svg)
    assert {(int(a), int(b)): int(n) for a, b, n in cells} == dict(wanted)
    right = sum(n for (a, b), n in wanted.items() if a == b)
    assert f"{len(rows)} rows of the test part, {right} right" in svg


def test_a_life_has_windows(tmp_path: Path) -> None:
    run = tmp_path / "life"
    result = call(
        "live", EXAMPLES / "phishing.yaml", EXAMPLES / "data" / "phishing.csv.gz", "-q", "--out", run
    )
    assert result.exit_code == 0, result.output
    lines = [json.loads(one) for one in (run / "metrics.jsonl").read_text().splitlines()]
    assert sorted(one.name for one in (run / "plots").iterdir()) == [
        "accuracy.svg",
        "confusion.svg",
        "loss.svg",
    ]
    svg = (run / "plots" / "accuracy.svg").read_text()
    assert "window of 125 rows" in texts_of(svg)
    curves = read_back(svg)
    assert set(curves) == {"accuracy", "the last truth again", "the usual class or mean"}
    assert curves["accuracy"][1] == pytest.approx([line["accuracy"] for line in lines], abs=0.003)
    assert "right had the same values." in texts_of(svg), "the metric 'right' is drawn once"


def test_the_classes_of_a_life_are_counted_as_it_goes(tmp_path: Path) -> None:
    """Against the rows that it prints; a life that was stopped goes on to the same counts."""
    stream = gzip.decompress((EXAMPLES / "data" / "phishing.csv.gz").read_bytes()).decode().splitlines(True)
    for name, rows in (("half", 700), ("whole", len(stream))):
        (tmp_path / f"{name}.csv").write_text("".join(stream[:rows]))
    once = call(
        "live", EXAMPLES / "phishing.yaml", tmp_path / "whole.csv", "--json", "--out", tmp_path / "once"
    )
    rows = [json.loads(one) for one in once.stdout.splitlines()]
    pairs = Counter((one["truth"], one["predicted"]) for one in rows if "truth" in one)
    wanted = {(str(truth).lower(), str(said).lower()): n for (truth, said), n in pairs.items()}
    assert sum(wanted.values()) == len(stream) - 1
    call("live", EXAMPLES / "phishing.yaml", tmp_path / "half.csv", "-q", "--out", tmp_path / "twice")
    call("live", tmp_path / "twice", tmp_path / "whole.csv", "-q")
    for run in ("once", "twice"):
        result = call("report", tmp_path / run)
        assert result.exit_code == 0, result.output
        page = (tmp_path / run / "report.html").read_text()
        for svg in ((tmp_path / run / "plots" / "confusion.svg").read_text(), page):
            cells = re.findall(r"<title>(\w+) taken for (\w+): (\d+) \(", svg)
            assert {(a, b): int(n) for a, b, n in cells} == wanted
            assert "rows of the stream, each before its truth was told" in svg


def test_a_life_that_was_kept_before_classes_were_counted(tmp_path: Path) -> None:
    """It has no counts of its first rows, and so none of any."""
    score = Prequential(Type("class", (), 3), 4)
    score.add(np.array([0, 1]), np.array([0, 2]), {})
    kept = score.to_json()
    assert kept["taken"] == [[1, 0, 0], [0, 0, 0], [0, 1, 0]]
    del kept["taken"]
    score.take_up(kept)
    score.add(np.array([0, 1]), np.array([0, 2]), {})
    assert score.taken is None and lived_confusion(score.taken, "class", "truth", Fitted()) == []
    assert Prequential(Type("class", (), 5000), 4).taken is None, "it would be saved with every state"


def test_few_wires_are_curves() -> None:
    values = np.array([[0.0, 1.0, 0.5], [0.2, 0.8, 0.5], [0.9, 0.1, 0.5]])
    weight = Weight("loop", "trust", ("a.y",), ("b.x",), (3,), ("",))
    plot = wiring_plot("Wiring of loop", [History(weight, np.arange(3.0), values)])
    assert plot is not None
    drawn = read_back(plot.svg())
    assert set(drawn) == {"trust[0]", "trust[1]", "trust[2]"}
    for at in range(3):
        assert drawn[f"trust[{at}]"][1] == pytest.approx(values[:, at], abs=0.01)
    assert "where a window ends" not in plot.svg()


def test_the_wires_of_a_life_are_those_where_windows_end() -> None:
    weight = Weight("loop", "trust", ("a.y",), ("b.x",), (2,), ("",))
    plots = run_plots(
        [{"epoch": 1, "rows": 50}], lives=True, wires=[History(weight, np.arange(3.0), np.eye(3, 2))]
    )
    (plot,) = plots.wiring.values()
    assert "where a window ends" in " ".join(texts_of(plot.svg()))


def test_many_wires_are_rows_of_colour_the_strongest_on_top() -> None:
    rng = np.random.default_rng(0)
    values = rng.random((5, 100))
    weight = Weight("", "k", (), (), (10, 10), ("->cell", "<-cell"))
    plot = wiring_plot("Wiring", [History(weight, np.arange(5.0), values)])
    assert plot is not None
    svg = plot.svg()
    assert "100 wires, by rank at the end" in texts_of(svg) and svg.count("<image") == 2
    few = wiring_plot(
        "Wiring", [History(Weight("", "k", (), (), (9,), ("",)), np.arange(5.0), values[:, :9])]
    )
    assert few is not None
    named = [one for one in texts_of(few.svg()) if one.startswith("k[")]
    order = np.argsort(values[-1, :9])
    assert named == [f"k[{at}]" for at in order], "from the weakest, at the bottom, to the strongest"


def test_wires_that_never_were_are_not_drawn() -> None:
    weight = Weight("", "k", (), (), (2,), ("",))
    assert wiring_plot("Wiring", [History(weight, np.arange(3.0), np.zeros((3, 2)))]) is None
    assert run_plots([], wires=[History(weight, np.arange(3.0), np.zeros((3, 2)))]).named() == {}


# -- hard cases ----------------------------------------------------------------------------------------


def test_epochs_are_whole_numbers() -> None:
    for count in (1, 2, 3, 5, 7, 12, 1000):
        (one,) = courses(lines_of(**{"train.loss": np.linspace(2, 1, count).tolist()}))
        svg = course_plot(one).svg()
        labels = re.findall(r'text-anchor="middle">([^<]*)<', svg)
        assert "epoch" in labels and len(labels) > 1
        assert all(re.fullmatch(r"[\d,]+", one) for one in labels if one != "epoch"), labels


def test_two_decades_take_logarithms() -> None:
    wide = (10.0 ** -np.linspace(0, 5, 30)).tolist()
    (one,) = courses(lines_of(**{"train.loss": wide}))
    svg = course_plot(one).svg()
    assert "loss, logarithmic" in texts_of(svg)
    assert np.log10(read_back(svg)["train"][1]) == pytest.approx(np.log10(wide), abs=0.02)
    (narrow,) = courses(lines_of(**{"train.loss": [1.0, 0.5, 0.02]}))
    assert "loss, logarithmic" not in texts_of(course_plot(narrow).svg())
    (zero,) = courses(lines_of(**{"train.loss": [1.0, 0.5, 0.0]}))
    assert "loss, logarithmic" not in texts_of(course_plot(zero).svg())


def test_one_epoch_is_a_dot() -> None:
    (one,) = courses(lines_of(**{"train.loss": [0.3], "test.loss": [0.4]}))
    svg = course_plot(one).svg()
    assert len(re.findall("<circle", svg)) == 2


def test_what_is_null_is_a_gap_and_is_told() -> None:
    (one,) = courses(lines_of(**{"train.loss": [0.3, None, 0.2, 0.1]}))
    svg = course_plot(one).svg()
    assert "1 value not finite" in texts_of(svg)
    assert read_back(svg)["train"][0] == pytest.approx([1, 3, 4], abs=0.02)
    (none,) = courses(lines_of(**{"train.loss": [None, None]}))
    assert "2 values not finite" in texts_of(course_plot(none).svg())


def test_equal_measures_are_drawn_once() -> None:
    found = courses(lines_of(**{"test.loss": [1.0, 2.0], "test.mse": [1.0, 2.0], "test.mae": [1.0, 2.5]}))
    assert [(one.measure, one.same) for one in found] == [("loss", ("mse",)), ("mae", ())]


def test_no_line_no_plot() -> None:
    assert run_plots([]).named() == {}


def test_a_thousand_classes() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 1000, 20_000)
    said = np.where(rng.random(20_000) < 0.7, truth, 7)
    plot = confusion_plot(Confusion("test", tuple(map(str, range(1000))), counted(truth, said, 1000)))
    svg = plot.svg()
    assert len(svg) < 60_000 and "9 classes a cell" in svg
    assert "taken for 7" in plot.about and plot.width < 600
    right = int((truth == said).sum())
    assert f"20,000 rows of the test part, {right:,} right" in svg


def test_names_that_are_long_or_strange() -> None:
    names = ("x" * 300, "<script>", "ü & \x07", "")
    plot = confusion_plot(Confusion("test", names, np.arange(16).reshape(4, 4), "<t>"))
    assert plot.width < 800 and plot.height < 800
    assert "<script>" not in plot.svg() and texts_of(plot.svg())
    (one,) = courses(lines_of(**{f"test.{'m' * 300}": [1.0, 2.0]}))
    assert course_plot(one).width == WIDTH


def test_names_of_files() -> None:
    one = course_plot(courses(lines_of(**{"train.loss": [1.0]}))[0])
    found = joined({"Loss": one}, {"loss": one, "a/../b": one, "..": one, "wiring-x[0].y": one})
    assert list(found) == ["Loss", "loss-2", "a_.._b", "plot", "wiring-x_0_.y"]


# -- files ---------------------------------------------------------------------------------------------


def test_what_somebody_changed_is_left(iris: Path, tmp_path: Path) -> None:
    lines = [json.loads(one) for one in (iris / "metrics.jsonl").read_text().splitlines()]
    plots = run_plots(lines).named()
    assert [one.name for one in leave(tmp_path, plots, "svg").drawn] == ["loss.svg", "accuracy.svg"]
    assert untouched(tmp_path / "loss.svg")
    mine = (tmp_path / "loss.svg").read_text().replace("loss by epoch", "My loss")
    (tmp_path / "loss.svg").write_text(mine)
    (tmp_path / "accuracy.png").write_text("mine too")
    left = leave(tmp_path, run_plots(lines[:5]).named(), "svg")
    assert [one.name for one in left.kept] == ["loss.svg"]
    assert [one.name for one in left.drawn] == ["accuracy.svg"]
    assert (tmp_path / "loss.svg").read_text() == mine
    left = leave(tmp_path, plots, "png")
    assert [one.name for one in left.kept] == ["accuracy.png"]
    assert {one.name for one in left.drawn} == {"loss.png", "accuracy.svg"}, "both kinds agree"
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "accuracy.png").read_text() == "mine too"
    assert leave(tmp_path / "no", plots, "none").drawn == [] and not (tmp_path / "no").exists()


def test_a_link_is_no_plot_of_ours(iris: Path, tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    (tmp_path / "loss.svg").symlink_to(target)
    (tmp_path / "accuracy.svg").symlink_to(tmp_path / "nowhere")
    lines = [json.loads(one) for one in (iris / "metrics.jsonl").read_text().splitlines()]
    left = leave(tmp_path, run_plots(lines).named(), "svg")
    assert [one.name for one in left.kept] == ["loss.svg", "accuracy.svg"]
    assert target.read_text() == "mine" and os.path.islink(tmp_path / "accuracy.svg")


def test_a_resumed_run_draws_anew(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert call("train", EXAMPLES / "iris.yaml", "--set", "train.epochs=3", "--out", run, "-q").output == ""
    before = (run / "plots" / "loss.svg").read_text()
    (run / "plots" / "accuracy.svg").write_text("mine")
    result = call("train", "--resume", run, "--set", "train.epochs=6", "-q")
    assert result.exit_code == 0 and "accuracy.svg was changed" in result.stderr
    after = (run / "plots" / "loss.svg").read_text()
    assert len(read_back(before)["train"][0]) == 3 and len(read_back(after)["train"][0]) == 6
    assert (run / "plots" / "accuracy.svg").read_text() == "mine"


def test_which_kind(tmp_path: Path) -> None:
    train = ("train", EXAMPLES / "iris.yaml", "--set", "train.epochs=2", "-q", "--out")
    assert call(*train, tmp_path / "none", "--plots", "none").exit_code == 0
    assert not (tmp_path / "none" / "plots").exists()
    assert call(*train, tmp_path / "png", "--plots", "png").exit_code == 0
    assert {one.suffix for one in (tmp_path / "png" / "plots").iterdir()} == {".png"}


def test_png_that_cannot_be_is_refused_before_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = call("train", EXAMPLES / "iris.yaml", "--plots", "png", "--out", tmp_path / "run")
    assert result.exit_code == 1 and "not-installed" in result.stderr and "--plots svg" in result.stderr
    assert not (tmp_path / "run").exists()


def test_a_place_that_cannot_be_written_does_not_spoil_a_run(tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert call("train", EXAMPLES / "iris.yaml", "--set", "train.epochs=2", "--out", run, "-q").exit_code == 0
    for one in (run / "plots").iterdir():
        one.unlink()
    (run / "plots").rmdir()
    (run / "plots").write_text("a file")
    result = call("train", "--resume", run, "--set", "train.epochs=3", "-q")
    assert result.exit_code == 0 and "warning: no plots" in result.stderr
    assert (run / "plots").read_text() == "a file"


# -- simulations and ablations -------------------------------------------------------------------------


def test_simulate_leaves_plots_beside_its_records(tmp_path: Path) -> None:
    out = tmp_path / "ball.csv"
    assert call("simulate", EXAMPLES / "bouncing-ball.yaml", "--out", out, "-q").exit_code == 0
    found = sorted(one.name for one in (tmp_path / "ball.plots").iterdir())
    assert found == ["phase-height-speed.svg", "time.svg"]
    rows = np.genfromtxt(out, delimiter=",", names=True)
    xs, ys = next(iter(read_back((tmp_path / "ball.plots" / "phase-height-speed.svg").read_text()).values()))
    assert min(xs) == pytest.approx(rows["height"].min(), abs=0.05)
    assert max(ys) == pytest.approx(rows["speed"].max(), abs=0.1)
    assert call("simulate", EXAMPLES / "clock.yaml", "--out", tmp_path / "clock.npz", "-q").exit_code == 0
    assert [one.name for one in (tmp_path / "clock.plots").iterdir()] == ["time.svg"], "nothing flows in it"
    none = call("simulate", EXAMPLES / "clock.yaml", "--out", tmp_path / "two.csv", "-q", "--plots", "none")
    assert none.exit_code == 0 and not (tmp_path / "two.plots").exists()


def test_simulate_without_a_place_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert call("simulate", EXAMPLES / "clock.yaml", "-q").exit_code == 0
    assert list(tmp_path.iterdir()) == []
    result = call("simulate", EXAMPLES / "clock.yaml", "--plots", "svg")
    assert result.exit_code == 2 and "--out" in result.stderr


def test_an_ablation_is_bars_with_its_seeds(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE)
    run, file = tmp_path / "run", tmp_path / "it.yaml"
    file.write_text(READER)
    result = call("ablate", file, "--seeds", 2, "--out", run, "-q", "--json")
    assert result.exit_code == 0, result.output
    rows = json.loads((run / "summary.json").read_text())["rows"]
    svg = (run / "plots" / "ablation.svg").read_text()
    measures = [one for one in texts_of(svg) if one.startswith(("test.", "train."))]
    wanted = Counter(
        f"seed {one['seed']}: {number_text(one[name])}"
        for name in measures
        for row in rows
        for one in row["runs"]
    )
    assert measures and Counter(re.findall(r"<title>(seed \d+: [^<]+)</title>", svg)) == wanted
    lines = [json.loads(one) for one in (run / "metrics.jsonl").read_text().splitlines()]
    drawn = read_back((run / "plots" / "train.loss.svg").read_text())
    for row, title in TITLES.items():
        seeds = [
            [one["train.loss"] for one in lines if (one["row"], one["seed"]) == (row, seed)]
            for seed in (0, 1)
        ]
        if not seeds[0]:
            assert title not in drawn
            continue
        high = max(map(max, seeds))
        assert drawn[title][1] == pytest.approx(np.mean(seeds, axis=0), abs=0.01 * high)
        assert drawn[f"{title}, seed 1"][1] == pytest.approx(seeds[1], abs=0.01 * high)


def test_a_run_that_diverges_shows_how_it_came_to_this(tmp_path: Path) -> None:
    file = tmp_path / "steep.yaml"
    (tmp_path / "steep.csv").write_text("x,y\n" + "".join(f"{at},{3 * at}\n" for at in range(1, 21)))
    file.write_text(STEEP)
    result = call("train", file, "--out", tmp_path / "run", "-q")
    assert result.exit_code == 1 and "error[not-finite]" in result.stderr
    svg = (tmp_path / "run" / "plots" / "loss.svg").read_text()
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert len(lines) > 2 and len(read_back(svg)["train"][0]) == len(lines)


def pixels_of(svg: str) -> list[np.ndarray]:
    """The images of a plot as (rows, columns, 4), decoded by another decoder than ours."""
    found = re.findall(r'href="data:image/png;base64,([^"]+)"', svg)
    return [np.array(Image.open(io.BytesIO(base64.b64decode(one)))) for one in found]


def at_moments(cells: np.ndarray, count: int) -> np.ndarray:
    """The columns at so many even moments; the first and the last lie on the borders."""
    return cells[:, np.linspace(0, cells.shape[1] - 1, count).round().astype(int)]


def test_a_heat_map_has_the_strengths_of_its_wires() -> None:
    """From colours back to numbers, by the bar beside it."""
    rng = np.random.default_rng(3)
    values = rng.random((7, 30))
    weight = Weight("", "k", (), (), (30,), ("",))
    plot = wiring_plot("Wiring", [History(weight, np.arange(7.0), values)])
    assert plot is not None
    cells, bar = pixels_of(plot.svg())
    cells = at_moments(cells, 7)
    assert cells.shape == (30, 7, 4)
    ramp = bar[:, 0, :3].astype(float)  # from the greatest, at its top, to nothing
    steps = np.linspace(values.max(), 0, len(ramp))
    nearest = np.abs(cells[:, :, None, :3].astype(float) - ramp).sum(axis=-1).argmin(axis=-1)
    order = np.argsort(-values[-1])
    assert steps[nearest] == pytest.approx(values[:, order].T, abs=0.02)


def test_a_field_has_its_values_and_holes_where_there_are_none() -> None:
    values = np.arange(60.0).reshape(6, 10)
    values[2, 3] = np.nan
    cells, bar = pixels_of(trace_plot(trace(x=values)).svg())
    cells = at_moments(cells, 6)
    assert cells.shape == (10, 6, 4)
    assert (cells[..., 3] == 0).sum() == 1 and cells[9 - 3, 2, 3] == 0, "element 3 is the fourth from below"
    ramp = bar[:, 0, :3].astype(float)
    steps = np.linspace(59, 0, len(ramp))
    nearest = np.abs(cells[:, :, None, :3].astype(float) - ramp).sum(axis=-1).argmin(axis=-1)
    there = np.isfinite(values.T[::-1])
    assert steps[nearest][there] == pytest.approx(values.T[::-1][there], abs=1)


def test_a_run_that_is_simulated_keeps_the_plots(tmp_path: Path) -> None:
    train = ("train", EXAMPLES / "cart-pole.yaml", "--set", "train.epochs=1", "--plots", "none", "-q")
    assert call(*train, "--out", tmp_path / "run").exit_code == 0
    result = call("simulate", tmp_path / "run", "-q")
    assert result.exit_code == 0, result.output
    names = sorted(one.stem for one in (tmp_path / "run" / "plots").iterdir())
    assert names == ["simulation", "simulation-phase-place-angle"]
    assert call("simulate", tmp_path / "run", "--out", tmp_path / "s.csv", "-q").exit_code == 0
    assert sorted(one.stem for one in (tmp_path / "s.plots").iterdir()) == ["phase-place-angle", "time"]
