"""``dilsctl train``, ``eval``, ``predict`` and ``test`` on the small diagram that ``init`` writes."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from dilsctl import starter
from dilsctl.cli import main

ROOT = Path(__file__).parents[2]


def call(*args: str, text: str | None = None) -> Result:
    return CliRunner().invoke(main, list(args), input=text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("moons.yaml").write_text(starter.diagram("moons", "moons.yaml", "moons.csv"))
    Path("moons.csv").write_text(starter.table())
    return tmp_path


def losses(run: str) -> list[float]:
    return [json.loads(line)["train.loss"] for line in Path(run, "metrics.jsonl").read_text().splitlines()]


def test_plain_lines_in_a_pipe(folder: Path) -> None:
    result = call("train", "moons.yaml", "--set", "train.epochs=3")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0].startswith("epoch 1/3  train.loss ") and lines[2].startswith("epoch 3/3  ")
    assert "test.accuracy" in lines[0]
    assert lines[3].split() == ["loss", "accuracy"]
    assert "3 epochs in " in result.stdout and "82 parameters" in result.stdout
    assert lines[-1] == "run folder: runs/moons-001"
    assert "\x1b" not in result.stdout and "\r" not in result.stdout


def test_the_run_folder(folder: Path) -> None:
    assert call("train", "moons.yaml", "-q", "--set", "train.epochs=2", "--seed", "7").stdout == ""
    names = {one.name for one in Path("runs/moons-001").iterdir()}
    assert {"config.yaml", "metrics.jsonl", "last.safetensors", "run.json", "summary.json"} <= names
    assert Path("runs/moons-001/diagram/moons.yaml").read_text() == Path("moons.yaml").read_text()
    config = Path("runs/moons-001/config.yaml").read_text()
    assert "epochs: 2" in config and "seed: 7" in config, "it is the effective configuration"
    assert len(losses("runs/moons-001")) == 2


def test_a_folder_is_no_diagram(folder: Path) -> None:
    call("train", "moons.yaml", "-q", "--set", "train.epochs=1")
    result = call("train", "runs/moons-001")
    assert result.exit_code == 2 and "dilsctl train --resume runs/moons-001 goes on" in result.stderr
    result = call("train", "runs")
    assert result.exit_code == 2 and "'runs' is a folder" in result.stderr and "--resume" not in result.stderr


def test_a_run_folder_is_never_overwritten(folder: Path) -> None:
    for number in (1, 2):
        assert call("train", "moons.yaml", "-q", "--set", "train.epochs=1").exit_code == 0
        assert Path(f"runs/moons-00{number}").is_dir()
    Path("mine").mkdir()
    assert call("train", "moons.yaml", "--out", "mine").exit_code == 2
    assert not any(Path("mine").iterdir())
    assert call("train", "moons.yaml", "-q", "--set", "train.epochs=1", "--out", "new/er").exit_code == 0
    assert Path("new/er/run.json").is_file()


def test_json_lines(folder: Path) -> None:
    result = call("train", "moons.yaml", "--json", "--set", "train.epochs=2")
    told = [json.loads(line) for line in result.stdout.splitlines()]
    assert [one["event"] for one in told] == ["epoch", "epoch", "end"]
    assert told[0]["epoch"] == 1 and 0 < told[0]["train.loss"] < 2
    assert told[2]["epochs"] == 2 and told[2]["run"] == "runs/moons-001" and "test.accuracy" in told[2]


def test_a_run_goes_on_as_if_it_had_never_stopped(folder: Path) -> None:
    """Killed at its fifth epoch, and resumed."""
    assert call("train", "moons.yaml", "-q", "--set", "train.epochs=400", "--out", "whole").exit_code == 0
    broken = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "dilsctl",
            "train",
            "moons.yaml",
            "--set",
            "train.epochs=400",
            "--out",
            "broken",
        ],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    log = Path("broken/metrics.jsonl")
    while not (log.exists() and log.read_bytes().count(b"\n") > 5):
        assert time.monotonic() < deadline and broken.poll() is None
        time.sleep(0.005)
    broken.kill()
    broken.wait()
    assert not Path("broken/summary.json").exists()
    result = call("train", "--resume", "broken")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("resumed after epoch ")
    assert losses("broken") == losses("whole")
    assert (
        Path("broken/last.safetensors").read_bytes()[-600:]
        == Path("whole/last.safetensors").read_bytes()[-600:]
    )


def test_an_interrupt_says_how_to_go_on(folder: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "dilsctl", "train", "moons.yaml", "--set", "train.epochs=1000000"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert errors == "interrupted; go on with: dilsctl train --resume runs/moons-001\n"


def test_a_changed_diagram_is_not_resumed(folder: Path) -> None:
    call("train", "moons.yaml", "-q", "--set", "train.epochs=1", "--out", "run")
    file = Path("moons.yaml")
    file.write_text(file.read_text().replace("hidden: 16", "hidden: 17"))
    result = call("train", "--resume", "run")
    assert result.exit_code == 1
    assert "hidden: 17" in result.stderr and "hidden: 16" in result.stderr
    file.unlink()
    result = call("train", "--resume", "run")
    assert result.exit_code == 1 and "is gone" in result.stderr


def test_a_run_can_be_made_longer_but_not_changed(folder: Path) -> None:
    call("train", "moons.yaml", "-q", "--set", "train.epochs=2", "--out", "run")
    result = call("train", "--resume", "run", "--set", "train.epochs=4")
    assert result.exit_code == 0 and len(losses("run")) == 4
    assert call("train", "--resume", "run", "--set", "train.batch=4").exit_code == 2
    assert call("train", "--resume", "run", "--seed", "4").exit_code == 2
    assert call("train", "--resume", "run", "--out", "other").exit_code == 2


def test_a_longer_run_says_so_in_its_folder(folder: Path) -> None:
    call("train", "moons.yaml", "-q", "--set", "train.epochs=2", "--out", "run")
    result = call("train", "--resume", "run", "--set", "train.epochs=4")
    assert "note: the run was to have 2 epochs, and now is to have 4" in result.stdout
    assert "epochs: 4" in Path("run/config.yaml").read_text()
    facts = json.loads(Path("run/run.json").read_text())
    before = {"settings": ["train.epochs=2"], "epochs": 2}
    assert facts["epochs"] == 4 and facts["changes"] == [{"after_epoch": 2, "before": before}]
    result = call("train", "--resume", "run")
    assert "this run was finished already: 4 epochs. There is nothing to do" in result.stdout
    assert result.exit_code == 0 and len(losses("run")) == 4
    before_it = Path("run/run.json").read_bytes()
    assert "finished already" in call("train", "--resume", "run", "--set", "train.epochs=3").stdout
    assert Path("run/run.json").read_bytes() == before_it


def test_no_epochs(folder: Path) -> None:
    assert call("train", "moons.yaml", "-q", "--set", "train.epochs=0", "--out", "run").exit_code == 0
    result = call("eval", "run")
    assert result.exit_code == 0 and "no epoch behind it" in result.stderr


def test_a_loss_that_runs_away_is_told(folder: Path) -> None:
    file = Path("moons.yaml")
    text = file.read_text()
    rates = "optimiser: {sgd: {rate: 1e5}}"
    file.write_text(
        text.replace(next(one for one in text.splitlines() if "optimiser:" in one).strip(), rates)
    )
    result = call("train", "moons.yaml")
    assert result.exit_code == 0 and "note: the loss runs away" in result.stdout
    told = [json.loads(line) for line in call("train", "moons.yaml", "--json").stdout.splitlines()]
    assert "runs away" in next(one["text"] for one in told if one["event"] == "note")


def test_settings_are_checked_before_anything_is_written(folder: Path) -> None:
    result = call("train", "moons.yaml", "--set", "train.epoch=5")
    assert result.exit_code == 1
    assert "did you mean 'epochs'?" in result.stderr and "--set:1:7" in result.stderr
    assert call("train", "moons.yaml", "--set", "params.hiden=5").exit_code == 1
    assert call("train", "moons.yaml", "--set", "train.batch=0").exit_code == 1
    assert not Path("runs").exists()


def test_a_misspelt_watched_metric_makes_no_folder(folder: Path) -> None:
    options = ["train.early_stopping={metric: train.acuracy, minimise: false}"]
    result = call("train", "moons.yaml", *(part for one in options for part in ("--set", one)))
    assert result.exit_code == 1 and "did you mean 'accuracy'?" in result.stderr
    assert not Path("runs").exists()


def test_what_cannot_be_trained(folder: Path) -> None:
    assert call("train").exit_code == 2
    result = call("train", str(ROOT / "examples" / "or-gate.yaml"))
    assert result.exit_code == 1 and "no train block" in result.stderr
    Path("moons.csv").unlink()
    result = call("train", "moons.yaml")
    assert result.exit_code == 1 and "moons.csv" in result.stderr and "moons.yaml:" in result.stderr


def test_params_of_the_main_box(folder: Path) -> None:
    result = call("train", "moons.yaml", "--json", "--set", "params.hidden=5", "--set", "train.epochs=1")
    assert json.loads(result.stdout.splitlines()[-1])["parameters"] == 5 * 3 + 2 * 6


@pytest.fixture
def trained(folder: Path) -> Path:
    assert call("train", "moons.yaml", "-q", "--out", "run").exit_code == 0
    return folder


def test_eval(trained: Path) -> None:
    summary = json.loads(Path("run/summary.json").read_text())["values"]
    result = json.loads(call("eval", "run", "--json").stdout)
    assert result == {name: summary[name] for name in ("test.accuracy", "test.loss")}
    result = json.loads(call("eval", "run", "--part", "train", "--json").stdout)
    assert result["train.loss"] == pytest.approx(summary["train.loss"])
    text = call("eval", "run", "--part", "all").stdout.splitlines()
    assert text[0].split() == ["loss", "accuracy"] and text[1].startswith("all")
    assert call("eval", "run", "--part", "validation").exit_code == 1


def test_eval_on_other_data(trained: Path) -> None:
    Path("moons.csv").rename("elsewhere.csv")
    assert call("eval", "run").exit_code == 1
    result = json.loads(call("eval", "run", "--data", "elsewhere.csv", "--json").stdout)
    assert result["all.accuracy"] > 0.9
    assert call("eval", "run", "--data", "elsewhere.csv", "--part", "test").exit_code == 2


def test_eval_of_an_untrained_file(folder: Path) -> None:
    result = json.loads(call("eval", "moons.yaml", "--json", "--set", "train.data.split={test: 0.5}").stdout)
    assert 0.1 < result["test.loss"] < 3
    told = call("eval", "moons.yaml").stderr
    assert (
        told
        == "note: 'moons.yaml' is a file, and no trained run: measured with the initial states, untrained\n"
    )
    assert call("eval", str(ROOT / "examples" / "or-gate.yaml")).exit_code == 1


def test_looking_at_a_run(trained: Path) -> None:
    file = Path("moons.yaml")
    text = call("inspect", "moons.yaml").stdout
    file.write_text(file.read_text().replace("hidden: 16", "hidden: 17"))
    told = "the diagram that the run run began with: run/diagram/moons.yaml\n\n"
    shown = call("inspect", "run").stdout.replace("  run/diagram/", "  ")
    assert shown == told + text, "as it was, not as it is"
    assert json.loads(call("inspect", "run", "--json").stdout)["run"] == "run"
    assert json.loads(call("inspect", "moons.yaml", "--json").stdout)["run"] is None
    assert call("plan", "run").stdout.startswith("training step of moons: ")
    assert call("inspect", "run", "--set", "train.epochs=2").exit_code == 2
    assert "run.json" in call("inspect", ".").stderr


def test_predict_gives_classes_their_names_back(trained: Path) -> None:
    rows = "y,ignored,x\n1.0,a,0.0\n-0.5,b,1.0\n"
    Path("new.csv").write_text(rows)
    result = call("predict", "run", "new.csv")
    assert result.exit_code == 0
    table = list(csv.DictReader(result.stdout.splitlines()))
    assert [one["moon"] for one in table] == ["upper", "lower"]
    assert list(table[0]) == ["logits.0", "logits.1", "moon"]
    assert call("predict", "run", "--data", "new.csv").stdout == result.stdout
    assert call("predict", "run", "-", text=rows).stdout == result.stdout
    assert len(call("predict", "run").stdout.splitlines()) == 301, "its own data"


def test_predict_writes_new_files_only(trained: Path) -> None:
    for name in ("out.csv", "out.jsonl", "out.npz"):
        assert call("predict", "run", "--out", name).exit_code == 0
        before = Path(name).read_bytes()
        assert call("predict", "run", "--out", name).exit_code == 2
        assert Path(name).read_bytes() == before
    assert call("predict", "run", "--out", "out.txt").exit_code == 2
    with np.load("out.npz") as arrays:
        assert arrays["logits"].shape == (300, 2) and arrays["moon"].shape == (300,)
    assert json.loads(Path("out.jsonl").read_text().splitlines()[0])["moon"] in ("upper", "lower")


def test_what_cannot_be_written(trained: Path) -> None:
    for command in (["predict", "run", "--out", "moons.csv/x.csv"], ["schema", "--out", "moons.csv/x.json"]):
        result = call(*command)
        assert result.exit_code == 1 and f"'{command[-1]}' can't be written" in result.stderr, result.output
    assert "error[not-writable]" in call("init", "moons.csv/x.yaml").stderr
    log = Path("run/metrics.jsonl")
    log.unlink()
    log.mkdir()
    result = call("train", "--resume", "run")
    assert result.exit_code == 1 and "error[run-not-writable]: 'run' can't be written" in result.stderr


def test_predict_says_what_is_missing(trained: Path) -> None:
    result = call("predict", "run", "-", text="x\n1\n")
    assert result.exit_code == 1 and "'y'" in result.stderr
    result = call("predict", "run", "-", text="x,y\n1,\n")
    assert result.exit_code == 1 and "row 1" in result.stderr and "<stdin>" in result.stderr
    Path("empty").mkdir()
    assert call("predict", "empty").exit_code == 1
    assert call("predict", "run", "moons.csv", "--data", "moons.csv").exit_code == 2


def test_the_last_and_the_best_checkpoint(folder: Path) -> None:
    settings = ["train.keep_best=true", "train.data.split.validation=0.2", "train.optimiser={sgd: {rate: 3}}"]
    options = [part for one in settings for part in ("--set", one)]
    result = call("train", "moons.yaml", "--out", "run", *options)
    assert result.exit_code == 0 and "best epoch" in result.stdout
    best = json.loads(call("eval", "run", "--part", "validation", "--json").stdout)
    last = json.loads(call("eval", "run", "--part", "validation", "--json", "--checkpoint", "last").stdout)
    assert best["validation.loss"] <= last["validation.loss"]
    assert json.loads(call("eval", "moons.yaml", "--json", *options).stdout)


def test_checks(folder: Path) -> None:
    result = call("test", "moons.yaml")
    assert result.exit_code == 0, result.output
    assert "ok  moons.yaml: learns the moons" in result.stdout and "1 file: 2 passed" in result.stdout
    told = json.loads(call("test", "--json").stdout)["checks"]
    assert [one["passed"] for one in told] == [True, True] and told[0]["file"] == "moons.yaml"
    assert told[1]["measured"]["test.accuracy"] >= 0.95


def test_a_failing_check(folder: Path) -> None:
    file = Path("moons.yaml")
    file.write_text(
        file.read_text().replace("at_least: 0.95", "at_least: 1.5").replace("[[0, 0, 0, 0,", "[[0, 0, 1, 0,")
    )
    result = call("test", "moons.yaml")
    assert result.exit_code == 1
    assert "FAILED  moons.yaml: learns the moons" in result.stdout and "≥ 1.5" in result.stdout
    assert "expected" in result.stdout and "[0, 0, 1, 0, 0, 0, 0, 0]" in result.stdout
    assert "2 failed" in result.stdout
    assert call("test", "moons.yaml", "--quiet").stdout.count("FAILED") == 2


def test_losses_by_epoch(folder: Path) -> None:
    """A list expects one value after each epoch; checks run in float64 unless the file says otherwise."""
    file = Path("moons.yaml")
    check = "  - {name: by epoch, train: {epochs: 3}, expect: {train.loss: [null, 0.5, null]}}\n"
    file.write_text(file.read_text() + check)
    told = json.loads(call("test", "moons.yaml", "--json").stdout)["checks"][-1]
    (difference,) = told["differences"]
    assert difference["case"] == 1 and difference["expected"] == "0.5"
    assert difference["got"] == f"{float(difference['got']):.10g}"
    file.write_text(file.read_text().replace("[null, 0.5, null]", "[1, 2]"))
    told = json.loads(call("test", "moons.yaml", "--json").stdout)["checks"][-1]
    assert "2 epochs expected, but there are 3" in told["problems"][0]


def test_an_invalid_file_fails_the_test(folder: Path) -> None:
    Path("bad.yaml").write_text("dils: 1\nmain: nothing\n")
    result = call("test")
    assert result.exit_code == 1
    assert "there is no box 'nothing'" in result.stdout and "2 passed" in result.stdout
    told = json.loads(call("test", "--json").stdout)["checks"]
    assert told[0]["file"] == "bad.yaml" and not told[0]["passed"]
