import json
import math
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dilsctl.checkpoints import read_checkpoint
from dilsctl.data.splits import epoch_order
from dilsctl.diagnostics import Problem
from dilsctl.learning.stopping import Watch
from dilsctl.resuming import restore_states
from dilsctl.runs import RunFolder
from dilsctl.stability import divergence
from dilsctl.train import Settings, settings_of, train
from tests import fake_learner
from tests.fake_learner import SETTINGS, FakeLearner, begin, make_data

PLAIN = Settings(epochs=3, batch=5, seed=3, rate=0.01)


class Watching:
    """Remembers what it was told."""

    def __init__(self):
        self.told = []

    def begin(self, epochs, done=0):
        self.told.append(("begin", epochs, done))

    def epoch(self, number, values):
        self.told.append(("epoch", number, dict(values)))

    def step(self, done, steps):
        self.told.append(("step", done, steps))

    def note(self, text):
        self.told.append(("note", text))

    def end(self):
        self.told.append(("end",))

    def of(self, kind):
        return [one for one in self.told if one[0] == kind]


def problem(function, *arguments, **options):
    with pytest.raises(Problem) as caught:
        function(*arguments, **options)
    (found,) = caught.value.diagnostics
    return found


def lines(folder):
    """The log, without what depends on the clock."""
    read = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in one.items() if key != "seconds"} for one in read]


def arrays(folder, which="last"):
    found = read_checkpoint(folder / f"{which}.safetensors")
    kept = {name: value.tobytes() for name, value in (found.states | found.moments).items()}
    return kept, replace(found.position, environment={})


# -- the loop -------------------------------------------------------------------------------------------


def test_steps_rates_and_orders():
    learner, data = FakeLearner(), make_data()
    result = train(learner, data, replace(PLAIN, rate=("linear", (("start", 0.03), ("end", 0.0)))))
    rows = data.parts["train"]
    steps = -(-len(rows) // 5)
    assert len(rows) % 5 != 0  # so that the last batch is a smaller one
    assert result.steps == 3 * steps
    assert [one[0] for one in learner.steps] == list(range(1, result.steps + 1))
    for epoch in (1, 2, 3):
        seen = [row for step, at, _, batch in learner.steps if at == epoch for row in batch]
        assert seen == epoch_order(rows, 3, epoch).tolist()
        assert sorted(seen) == rows.tolist()
    rates = [one[2] for one in learner.steps]
    assert rates == pytest.approx([0.03 * (1 - i / result.steps) for i in range(result.steps)])


def test_without_shuffling_the_order_is_the_files():
    learner, data = FakeLearner(), make_data()
    train(learner, data, replace(PLAIN, shuffle=False))
    seen = [row for _, epoch, _, batch in learner.steps if epoch == 2 for row in batch]
    assert seen == data.parts["train"].tolist()


def test_it_learns_and_says_so():
    watching = Watching()
    learner = FakeLearner(noise=0)
    result = train(learner, make_data(), replace(PLAIN, epochs=30), listener=watching)
    assert result.values["test.loss"] < 1e-3
    assert set(result.values) == {
        f"{a}.{b}" for a in ("train", "validation", "test") for b in ("loss", "close")
    }
    np.testing.assert_allclose(learner.states["line.weight"], [1, -2, 0.5], atol=0.02)
    assert watching.told[0] == ("begin", 30, 0)
    assert watching.told[-1] == ("end",)
    assert [one[1] for one in watching.of("epoch")] == list(range(1, 31))
    assert list(watching.of("epoch")[0][2]) == ["train.loss", "validation.loss", "validation.close"]
    assert result.curve("train.loss") == [one[2]["train.loss"] for one in watching.of("epoch")]
    assert len(watching.of("step")) == 30 * 6
    assert watching.of("step")[5][1:] == (6, 6)


def test_which_parts_are_measured():
    def names(settings, data):
        history = train(FakeLearner(), data, settings).history[0]
        return [name for name in history if "." in name]

    assert names(PLAIN, make_data(validation=False)) == ["train.loss", "test.loss", "test.close"]
    only = replace(PLAIN, measure=())
    assert names(only, make_data()) == ["train.loss"]
    every = replace(PLAIN, measure=("train", "test"))
    assert names(every, make_data()) == ["train.loss", "train.close", "test.loss", "test.close"]
    watched = replace(only, watch=Watch("validation.loss"))
    assert names(watched, make_data()) == ["train.loss", "validation.loss", "validation.close"]


def test_the_loss_of_an_epoch_is_measured_where_asked():
    learner, data = FakeLearner(), make_data()
    result = train(learner, data, replace(PLAIN, epochs=1, measure=("train",)))
    assert result.history[0]["train.loss"] == result.values["train.loss"]
    running = train(FakeLearner(), data, replace(PLAIN, epochs=1))
    assert running.history[0]["train.loss"] > running.values["train.loss"]


def test_no_epochs():
    result = train(FakeLearner(), make_data(), replace(PLAIN, epochs=0))
    assert (result.epochs, result.steps, result.history) == (0, 0, [])
    assert result.values["train.loss"] > 1


def test_no_epochs_leave_the_initial_states_in_the_folder(tmp_path):
    train(FakeLearner(), make_data(), replace(SETTINGS, epochs=0), begin(tmp_path / "run"))
    folder = RunFolder.open(tmp_path / "run")
    assert folder.load().position.epoch == 0
    assert not folder.load().states["line.weight"].any()
    whole = train(FakeLearner(), make_data(), SETTINGS)
    result = train(FakeLearner(), make_data(), SETTINGS, folder, resume=folder.load())
    assert (result.epochs, result.values) == (12, whole.values)


def test_a_listener_needs_only_three_methods():
    class Three:
        begin = epoch = end = lambda *_: None

    train(FakeLearner(), make_data(), PLAIN, listener=Three())


# -- early stopping and the best epoch --------------------------------------------------------------------


class Scripted(FakeLearner):
    """Its validation loss after each epoch is written down; its weight counts the epochs."""

    def __init__(self, script):
        super().__init__()
        self.script = script

    def run_epoch(self, staged, order, batch, rates, first_step, epoch, progress=None, every=0):
        self.states["line.weight"][...] = epoch
        return 1.0

    def evaluate(self, staged, rows):
        epoch = int(self.states["line.weight"][0])
        return {"loss": self.script[epoch - 1] if epoch else 9.0, "close": -1.0}


SCRIPT = [5.0, 3.0, 4.0, 3.0, 2.5, 2.6, 2.7, 2.8, 2.9, 0.0]


def test_early_stopping():
    settings = replace(PLAIN, epochs=10, watch=Watch("validation.loss", patience=3))
    learner = Scripted(SCRIPT)
    result = train(learner, make_data(), settings)
    assert (result.epochs, result.best_epoch, result.stopped_early) == (8, 5, True)
    assert learner.states["line.weight"][0] == 8


def test_keep_best(tmp_path):
    settings = replace(PLAIN, epochs=9, watch=Watch("validation.loss"), keep_best=True)
    learner = Scripted(SCRIPT)
    folder = begin(tmp_path / "run")
    result = train(learner, make_data(), settings, folder)
    assert (result.epochs, result.best_epoch, result.stopped_early) == (9, 5, False)
    assert learner.states["line.weight"][0] == 5
    assert result.values["validation.loss"] == 2.5
    assert folder.load("best").states["line.weight"][0] == 5
    assert folder.load("last").states["line.weight"][0] == 9
    summary = json.loads((folder.path / "summary.json").read_text())
    assert (summary["best_epoch"], summary["values"]["validation.loss"]) == (5, 2.5)


def test_a_run_that_stopped_early_stays_stopped(tmp_path):
    settings = replace(PLAIN, epochs=10, watch=Watch("validation.loss", patience=3), keep_best=True)
    first = train(Scripted(SCRIPT), make_data(), settings, begin(tmp_path / "run"))
    folder = RunFolder.open(tmp_path / "run")
    again = train(Scripted(SCRIPT), make_data(), settings, folder, resume=folder.load())
    assert again.epochs == first.epochs == 8
    assert again.values == first.values
    assert again.stopped_early


def test_what_is_watched_must_be_there():
    found = problem(train, FakeLearner(), make_data(validation=False), SETTINGS)
    assert found.code == "bad-metric"
    assert "no validation part" in found.message
    watch = Watch("validation.closs")
    found = problem(train, FakeLearner(), make_data(), replace(PLAIN, watch=watch))
    assert (found.code, found.help) == ("bad-metric", "did you mean 'loss'?")


# -- numbers that run away ----------------------------------------------------------------------------------


def test_not_finite_names_step_and_state(tmp_path):
    learner = FakeLearner(break_at=13)
    watching = Watching()
    found = problem(train, learner, make_data(), PLAIN, begin(tmp_path / "run"), watching)
    assert found.code == "not-finite"
    assert "at step 13 (epoch 3), and after it the state 'line.weight' is not finite" in found.message
    assert "before it, the largest value of all states was" in found.message
    assert "smaller rate (it was 0.01)" in found.help
    assert watching.told[-1] == ("end",)
    kept = read_checkpoint(tmp_path / "run" / "last.safetensors")
    assert kept.position.epoch == 2
    np.testing.assert_array_equal(learner.states["line.weight"], kept.states["line.weight"])


def test_not_finite_from_the_first_step():
    data = make_data()
    data.columns["y"][data.parts["train"]] = np.inf
    found = problem(train, FakeLearner(), data, PLAIN)
    assert "the loss is inf at step 1 (epoch 1)" in found.message
    assert "log(0)" in found.help


def test_a_rate_that_is_too_large():
    found = problem(train, FakeLearner(), make_data(), replace(PLAIN, rate=1e6, epochs=50))
    assert found.code == "not-finite"
    assert "smaller rate (it was 1e+06)" in found.help


def test_a_loss_that_runs_away_and_is_finite():
    watching = Watching()
    result = train(FakeLearner(), make_data(), replace(PLAIN, rate=0.6, epochs=3), listener=watching)
    (note,) = result.notes
    assert watching.of("note") == [("note", note)]
    assert note.startswith("the loss runs away: it is ") and "before training; try a smaller rate" in note
    assert result.values["train.loss"] > 1e6


@pytest.mark.parametrize(
    ("loss", "start", "told"),
    [(0.5, 2.0, False), (900.0, 0.001, False), (1e9, 2.0, True), (1e9, 1e8, False), (1e9, -3.0, True)],
)
def test_what_runs_away(loss, start, told):
    assert bool(divergence(loss, start, 4, 0.1)) == told
    assert divergence(1e9, math.nan, 4, 0.1) == ""


# -- going on ------------------------------------------------------------------------------------------------


def test_stop_and_go_on_at_every_epoch(tmp_path):
    whole = train(FakeLearner(), make_data(), SETTINGS, begin(tmp_path / "whole"))
    for stop in range(SETTINGS.epochs + 1):
        path = tmp_path / f"run{stop}"

        class Stops(Watching):
            def epoch(self, number, values, stop=stop):
                if number == stop:
                    raise KeyboardInterrupt

        if stop:
            with pytest.raises(KeyboardInterrupt):
                train(FakeLearner(), make_data(), SETTINGS, begin(path), Stops())
        else:
            begin(path)
        folder = RunFolder.open(path)
        watching = Watching()
        result = train(FakeLearner(), make_data(), SETTINGS, folder, watching, resume=folder.load())
        assert watching.told[0] == ("begin", SETTINGS.epochs, stop)
        assert watching.of("note") == []
        assert result.values == whole.values
        assert result.best_epoch == whole.best_epoch
        for which in ("last", "best"):
            assert arrays(path, which) == arrays(tmp_path / "whole", which)
        assert lines(path) == lines(tmp_path / "whole")


def test_rare_checkpoints(tmp_path):
    settings = replace(SETTINGS, checkpoint_every=5, keep_best=False)
    whole = train(FakeLearner(), make_data(), settings, begin(tmp_path / "whole"))

    class Stops(Watching):
        def epoch(self, number, values):
            if number == 8:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(FakeLearner(), make_data(), settings, begin(tmp_path / "run"), Stops())
    folder = RunFolder.open(tmp_path / "run")
    assert folder.load().position.epoch == 5
    assert len(lines(tmp_path / "run")) == 8
    result = train(FakeLearner(), make_data(), settings, folder, resume=folder.load())
    assert result.values == whole.values
    assert lines(tmp_path / "run") == lines(tmp_path / "whole")


def test_kill_at_any_moment(tmp_path):
    """SIGKILL at random moments, then on again until it is done: the same bits as without a stop."""
    epochs = 12
    train(FakeLearner(), make_data(), SETTINGS, begin(tmp_path / "whole"))
    path = tmp_path / "run"
    chance = random.Random(4)
    kills = 0
    command = [sys.executable, fake_learner.__file__, str(path), str(epochs), "0.004"]
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])}
    for _ in range(40):
        known = len(lines(path)) if (path / "run.json").exists() else 0
        process = subprocess.Popen(command, env=env)
        while process.poll() is None and (
            not (path / "run.json").exists() or (path / "metrics.jsonl").read_bytes().count(b"\n") <= known
        ):
            time.sleep(0.002)
        try:
            process.wait(chance.random() * 0.15)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            kills += 1
        else:
            if process.returncode == 0:
                break
            pytest.fail(f"the run failed with {process.returncode}")
    assert kills >= 2
    assert (path / "summary.json").exists()
    for which in ("last", "best"):
        assert arrays(path, which) == arrays(tmp_path / "whole", which)
    assert lines(path) == lines(tmp_path / "whole")


def stopped_run(tmp_path, epochs=2):
    train(FakeLearner(), make_data(), replace(SETTINGS, epochs=epochs), begin(tmp_path / "run"))
    return RunFolder.open(tmp_path / "run")


def test_a_run_that_is_over_can_be_made_longer(tmp_path):
    folder = stopped_run(tmp_path)
    result = train(FakeLearner(), make_data(), replace(SETTINGS, epochs=4), folder, resume=folder.load())
    assert result.epochs == 4
    assert [one["epoch"] for one in result.history] == [1, 2, 3, 4]


def test_a_run_that_is_over_is_left_as_it_is(tmp_path):
    folder = stopped_run(tmp_path)
    before = (tmp_path / "run" / "summary.json").read_bytes()
    watching = Watching()
    settings = replace(SETTINGS, epochs=2)
    result = train(FakeLearner(), make_data(), settings, folder, watching, resume=folder.load())
    assert result.was_over and watching.told == []
    assert result.values == json.loads(before)["values"]
    assert (tmp_path / "run" / "summary.json").read_bytes() == before


def test_another_learner_is_refused(tmp_path):
    folder = stopped_run(tmp_path)

    class Wider(FakeLearner):
        def __init__(self):
            super().__init__()
            self.states["line.weight"] = np.zeros((2, 3), np.float32)
            self.states["more"] = np.zeros(2)
            self.moments["method0"] = self.moments["method0"].astype(np.float64)

    found = problem(train, Wider(), make_data(), SETTINGS, folder, resume=folder.load())
    assert found.code == "run-changed"
    assert "state 'line.weight' had the shape 3, and now has 2 x 3" in found.message
    assert "state 'more' is new" in found.message
    assert "'method0' was float32, and now is float64" in found.message
    assert problem(restore_states, Wider(), folder.load()).code == "run-changed"


@pytest.mark.parametrize(
    ("changes", "says"), [({"seed": 9}, "the seed was 3"), ({"batch": 6}, "the batch was 5")]
)
def test_other_settings_are_refused(tmp_path, changes, says):
    folder = stopped_run(tmp_path)
    found = problem(
        train, FakeLearner(), make_data(), replace(SETTINGS, **changes), folder, resume=folder.load()
    )
    assert found.code == "run-changed"
    assert says in found.message


def test_other_data_is_refused(tmp_path):
    folder = stopped_run(tmp_path)
    data = replace(make_data(), digest="d2")
    found = problem(train, FakeLearner(), data, SETTINGS, folder, resume=folder.load())
    assert "the data file has changed" in found.message


def test_another_machine_is_noted(tmp_path, monkeypatch):
    folder = stopped_run(tmp_path)
    monkeypatch.setattr("dilsctl.train.environment", lambda: {"numpy": "9.9"})
    watching = Watching()
    learner = FakeLearner()
    learner.plan_hash = "xyz"
    result = train(learner, make_data(), SETTINGS, folder, watching, resume=folder.load())
    assert [one[1] for one in watching.of("note")] == list(result.notes)
    assert len(result.notes) == 2
    assert "another plan" in result.notes[0]
    assert "now is 9.9" in result.notes[1]


# -- settings ------------------------------------------------------------------------------------------------


def test_settings_of_a_block():
    assert settings_of({}) == Settings(10, 32, 0, 0.001)
    found = settings_of(
        {
            "epochs": 4,
            "batch": 8,
            "seed": 2,
            "optimiser": {"sgd": {"rate": {"cosine": {"start": 1.0}}}},
            "shuffle": False,
            "early_stopping": {"patience": 7, "metric": "validation.accuracy", "minimise": False},
            "keep_best": True,
        }
    )
    rate = ("cosine", (("start", 1.0), ("end", 0.0)))
    assert found == Settings(4, 8, 2, rate, False, Watch("validation.accuracy", False, 7), True)
    assert settings_of({"keep_best": True}).watch == Watch("validation.loss")
    assert settings_of({"early_stopping": {}}).watch == Watch("validation.loss", True, 5)


def test_settings_of_a_model():
    from dilsctl.syntax.train import Train

    assert settings_of(Train()) == Settings()
    block = {"early_stopping": {"patience": 2}, "optimiser": {"adam": {"rate": 0.5}}}
    assert settings_of(Train.model_validate(block)) == replace(
        Settings(), rate=0.5, watch=Watch("validation.loss", True, 2)
    )


@pytest.mark.parametrize(
    ("stopping", "says"),
    [
        ({"metric": "loss"}, "no measure of a part"),
        ({"metric": "dev.loss"}, "no measure of a part"),
        ({"metric": "test.loss"}, "when it is tested"),
        ({"metric": "validation.mae"}, "whether less of 'validation.mae' is better"),
    ],
)
def test_settings_that_fail(stopping, says):
    found = problem(settings_of, {"early_stopping": stopping})
    assert found.code == "bad-metric"
    assert says in found.message


def test_defaults_of_the_language_are_those_of_the_optimisers():
    from dilsctl.learning.methods import method_of
    from dilsctl.learning.optimisers import OPTIMISERS
    from dilsctl.syntax.train import Optimiser

    for name in OPTIMISERS:
        assert method_of(Optimiser.model_validate({name: {}})) == method_of(name)
