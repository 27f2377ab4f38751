"""The Python interface."""

import doctest
from pathlib import Path

import numpy as np
import pytest

import dilsctl
from dilsctl import api, loaded, starter
from dilsctl.diagnostics import Problem

ROOT = Path(__file__).parents[1]


@pytest.fixture
def moons(tmp_path: Path) -> Path:
    (tmp_path / "moons.csv").write_text(starter.table())
    file = tmp_path / "moons.yaml"
    file.write_text(starter.diagram("moons", "moons.yaml", "moons.csv"))
    return file


@pytest.mark.parametrize("module", [api, loaded, dilsctl])
def test_the_examples_in_docstrings_run(module: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    result = doctest.testmod(module, extraglobs={"dilsctl": dilsctl})  # type: ignore[arg-type]
    assert result.attempted and not result.failed


def test_load_raises_every_finding(tmp_path: Path) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text("dils: 1\nmane: x\nmain: y\n")
    with pytest.raises(Problem) as caught:
        dilsctl.load(file)
    assert "unknown key 'mane'" in str(caught.value)
    with pytest.raises(Problem, match="no file"):
        dilsctl.load(tmp_path / "missing.yaml")


def test_validate_takes_a_text() -> None:
    assert api.validate("x.yaml", text="dils: 1\n").ok
    report = api.validate("x.yaml", text="dils: 2\n")
    assert [one.code for one in report] == ["bad-version"]


def test_settings_as_texts_or_as_a_mapping(moons: Path) -> None:
    one = dilsctl.load(moons, settings=["params.hidden=5", "train.epochs=3"])
    two = dilsctl.load(moons, settings={"params.hidden": 5, "train.epochs": 3})
    for diagram in (one, two):
        assert diagram.inspect().sums.learned == 27
        assert diagram.document.document.train.epochs == 3  # type: ignore[union-attr]


def test_train_eval_predict(moons: Path) -> None:
    diagram = dilsctl.load(moons)
    before = diagram.eval()["test.accuracy"]
    run = diagram.train()
    assert run.folder is None and not (moons.parent / "runs").exists(), "nothing is written unasked"
    assert run.epochs == len(run.history) == 40
    assert diagram.eval()["test.accuracy"] == run.values["test.accuracy"] > max(before, 0.9)
    found = diagram.predict({"point": np.array([[0.0, 1.0], [1.0, -0.5]])})
    assert found["logits"].shape == (2, 2) and found["logits"].dtype == np.float32
    assert diagram.answers({"point": [[0.0, 1.0], [1.0, -0.5]]}).classes == {"moon": ["upper", "lower"]}


def test_training_is_repeatable_and_overrides_count(moons: Path) -> None:
    diagram = dilsctl.load(moons)
    one, two = diagram.train(epochs=3), diagram.train(epochs=3)
    assert one.values == two.values and one.epochs == 3
    assert diagram.train(epochs=3, seed=1).values != one.values
    other = diagram.train(epochs=2, optimiser={"sgd": {"rate": 0.5}}, data__split={"test": 0.5}, clip=0.1)
    assert other.values != one.values
    with pytest.raises(Problem, match="unknown key 'epoch'"):
        diagram.train(epoch=3)


def test_arrays_instead_of_a_file(moons: Path) -> None:
    random = np.random.default_rng(0)
    points = random.normal(size=(200, 2))
    truth = (points[:, 0] > 0).astype(int)
    diagram = dilsctl.load(moons)
    run = diagram.train(data={"point": points, "truth": truth}, epochs=20)
    assert run.values["test.accuracy"] > 0.9
    assert diagram.eval({"point": points, "truth": truth})["all.accuracy"] > 0.9
    with pytest.raises(Problem, match="point"):
        diagram.train(data={"pint": points, "truth": truth})


def test_a_run_folder_is_loaded_with_what_was_learned(moons: Path, tmp_path: Path) -> None:
    diagram = dilsctl.load(moons)
    run = diagram.train(out=tmp_path / "run", epochs=5)
    again = dilsctl.load(tmp_path / "run")
    assert again.eval() == diagram.eval() == {k: v for k, v in run.values.items() if k.startswith("test.")}
    for path, state in diagram.learner.states.items():
        assert (again.learner.states[path] == state).all()
    with pytest.raises(Problem, match="exists already"):
        diagram.train(out=tmp_path / "run", epochs=5)


def test_standardising_is_that_of_the_training_part(moons: Path) -> None:
    """Predictions see the same preparation as training did."""
    text = moons.read_text().replace("split:", "standardise: true\n    split:")
    moons.write_text(text)
    diagram = dilsctl.load(moons)
    diagram.train(epochs=5)
    rows = np.loadtxt(moons.parent / "moons.csv", delimiter=",", skiprows=1, usecols=(0, 1))
    expected = diagram.predict()["logits"]
    assert np.allclose(diagram.predict({"point": rows})["logits"], expected)
    spread = diagram._fitted.standards["point"]  # type: ignore[union-attr]
    inside = (rows - spread.mean) / spread.deviation
    assert np.allclose(diagram.learner.predict({"point": inside})["logits"], expected, atol=1e-5)


def test_a_diagram_without_inputs_or_training(tmp_path: Path) -> None:
    file = tmp_path / "three.yaml"
    file.write_text("dils: 1\nmain:\n  out: {y: real}\n  wires:\n    - 3 -> y\n")
    diagram = dilsctl.load(file)
    assert diagram.predict()["y"].tolist() == [3.0]
    assert diagram.name == "three"
    with pytest.raises(Problem, match="no train block"):
        diagram.eval()
    with pytest.raises(Problem, match="no train block"):
        diagram.train()


def test_predict_names_the_input_that_is_missing(moons: Path) -> None:
    with pytest.raises(Problem, match="'point'"):
        dilsctl.load(moons).predict({})
    with pytest.raises(Problem):
        dilsctl.load(moons).predict({"point": [[1.0, 2.0, 3.0]]})


def test_a_library_loads_but_has_no_main_box() -> None:
    library = dilsctl.load(ROOT / "dilsctl" / "library" / "nn.yaml")
    assert library.name == "nn"
    with pytest.raises(Problem, match="no main box"):
        library.inspect()


def test_clipping_bounds_the_whole_gradient(moons: Path) -> None:
    """With plain descent, one step is at most as long as rate times limit, however states are grouped."""
    text = moons.read_text().replace("learn: [weight, bias]", "learn: {weight: {}, bias: {rate: 1.0}}")
    moons.write_text(text)
    diagram = dilsctl.load(moons)
    start = {path: state.copy() for path, state in diagram.learner.states.items()}
    diagram.train(epochs=1, batch=1000, clip=0.01, optimiser={"sgd": {"rate": 1.0}})
    moved = sum(float(((state - start[path]) ** 2).sum()) for path, state in diagram.learner.states.items())
    assert moved**0.5 == pytest.approx(0.01, rel=1e-3)


def test_a_run_that_cannot_begin_leaves_no_folder(tmp_path: Path) -> None:
    iris = dilsctl.load(ROOT / "examples/iris.yaml")
    with pytest.raises(Problem, match="no validation part"):
        iris.train(keep_best=True, out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_problem_tells_place_and_help(tmp_path: Path) -> None:
    diagram = dilsctl.load(ROOT / "examples" / "or-gate.yaml")
    with pytest.raises(
        Problem, match=r"^--set:1:10: unknown key 'untill' in 'simulate' \(did you mean 'until'\?\)$"
    ):
        diagram.simulate(untill=3)
    path = tmp_path / "a.yaml"
    path.write_text("dils: 1\nmain: nothing\n")
    with pytest.raises(Problem, match=r"a\.yaml:2:7: there is no box 'nothing'$"):
        dilsctl.load(path)
