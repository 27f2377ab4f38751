import gzip
from pathlib import Path

import numpy as np
import pytest

import dilsctl
from dilsctl.data.dataset import DataSpec, Fitted, make_dataset, make_inputs
from dilsctl.data.files import find_data_file
from dilsctl.data.tables import read_table, table_of
from dilsctl.diagnostics import Problem, SourceFile, SourceSpan
from dilsctl.ir import Type

EXAMPLES = Path(__file__).parents[2] / "examples"
TYPES = {"x": Type("real", (2,)), "truth": Type("class", (), 2)}
SPEC = DataSpec(inputs={"x": "a..b"}, targets={"truth": "kind"})


def problem(function, *arguments, **options):
    with pytest.raises(Problem) as caught:
        function(*arguments, **options)
    (found,) = caught.value.diagnostics
    return found


def table(rows=10):
    a = np.arange(rows, dtype=float)
    return table_of({"a": a, "b": np.full(rows, 0.1), "kind": ["no", "yes"] * (rows // 2)}, "t")


def spec(**changes):
    return DataSpec.of({"inputs": SPEC.inputs, "targets": SPEC.targets, **changes})


def test_columns_parts_and_labels():
    found = make_dataset(table(), spec(split={"test": "last 2"}), TYPES)
    assert found.columns["x"].shape == (10, 2)
    assert found.columns["truth"].tolist() == [0, 1] * 5
    assert found.fitted.labels == {"truth": ("no", "yes")}
    assert {part: len(rows) for part, rows in found.parts.items()} == {"train": 8, "test": 2}
    assert found.describe()["labels"] == {"truth": ["no", "yes"]}


def test_scale():
    found = make_dataset(table(), spec(scale={"x": 0.5}), TYPES)
    np.testing.assert_allclose(found.columns["x"][3], [1.5, 0.05], rtol=1e-7)
    assert found.columns["x"].dtype == np.float32


def test_standardise_is_fitted_on_the_training_part():
    found = make_dataset(table(), spec(standardise=["x"], split={"test": "last 4"}), TYPES, real=np.float64)
    part = np.arange(6.0)
    deviation = np.sqrt(((part - 2.5) ** 2).mean())
    np.testing.assert_allclose(found.columns["x"][:, 0], (np.arange(10) - 2.5) / deviation, rtol=1e-15)
    assert found.columns["x"][:, 1].tolist() == [0.0] * 10  # constant: shifted only
    assert found.fitted.standards["x"].deviation.tolist()[1] == 1.0


def test_standardise_all_means_the_real_inputs():
    found = make_dataset(table(), spec(standardise=True), TYPES)
    assert list(found.fitted.standards) == ["x"]
    assert make_dataset(table(), spec(standardise=False), TYPES).fitted.standards == {}


def test_what_was_fitted_serves_other_data():
    trained = make_dataset(table(), spec(standardise=True, scale={"x": 2.0}), TYPES)
    fitted = Fitted.from_json(trained.fitted.to_json())
    other = table_of({"a": [3.0], "b": [0.1], "kind": ["yes"]})
    again = make_dataset(other, spec(scale={"x": 2.0}), TYPES, fitted=fitted)
    assert np.array_equal(again.columns["x"][0], trained.columns["x"][3])
    assert again.columns["truth"].tolist() == [1]
    inputs = make_inputs(table_of({"a": [3.0], "b": [0.1]}), spec(scale={"x": 2.0}), TYPES, fitted)
    assert list(inputs) == ["x"]
    assert np.array_equal(inputs["x"], again.columns["x"])


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"inputs": {"y": "a"}}, "missing-input", "nothing about the input 'x'"),
        ({"inputs": {"x": "a..b", "truht": "a"}}, "unknown-name", "did you mean 'truth'?"),
        ({"scale": {"z": 1.0}}, "unknown-name", "no input or target 'z'"),
        ({"scale": {"truth": 2.0}}, "bad-scale", "'class 2'"),
        ({"scale": {"x": float("inf")}}, "bad-scale", "inf"),
        ({"standardise": ["truth"]}, "bad-scale", "'class 2'"),
        ({"standardise": ["q"]}, "unknown-name", "'q'"),
        ({"split": {"test": 1}}, "bad-split", "fraction"),
        ({"targets": {"truth": "knid"}}, "unknown-column", "did you mean 'kind'?"),
    ],
)
def test_faults(changes, code, says):
    found = problem(make_dataset, table(), spec(**changes), TYPES)
    assert found.code == code
    assert says in found.message + found.help


def test_faults_point_at_the_diagram():
    file = SourceFile("d.yaml", "targets: {truth: knid}")
    asked = []

    def locate(*path):
        asked.append(path)
        return SourceSpan(file, 17, 21)

    found = problem(make_dataset, table(), spec(targets={"truth": "knid"}), TYPES, locate=locate)
    assert found.primary.span.start == 17
    assert asked[-1] == ("data", "targets", "truth")


def test_from_a_file_beside_the_diagram(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"a,b,kind\n1,2,0\n3,4,1\n"))
    found = make_dataset(read_table(find_data_file(tmp_path, "a.csv.gz"), "a.csv.gz"), spec(), TYPES)
    assert found.columns["x"].tolist() == [[1, 2], [3, 4]]
    assert found.source == "a.csv.gz"
    assert len(found.digest) == 64
    assert problem(find_data_file, tmp_path, "../a.csv").code == "data-outside"


def test_a_model_is_read():
    from dilsctl.syntax.train import Data

    block = Data.model_validate(
        {
            "file": "a.csv",
            "inputs": {"x": "a..b"},
            "targets": {"truth": "kind"},
            "scale": {"x": 0.5},
            "standardise": ["x"],
            "split": {"test": 0.2},
        }
    )
    found = DataSpec.of(block)
    assert found == DataSpec(
        "a.csv",
        {"x": "a..b"},
        {"truth": "kind"},
        {"x": 0.5},
        ("x",),
        {"test": 0.2, "validation": None},
    )
    assert len(make_dataset(table(), found, TYPES).parts["test"]) == 2


def test_digits_load():
    digits = EXAMPLES / "data" / "digits.csv.gz"
    types = {"pixels": Type("real", (64,)), "truth": Type("class", (), 10)}
    given = DataSpec("digits.csv.gz", {"pixels": "p0..p63"}, {"truth": "label"}, split={"test": 0.2})
    found = make_dataset(read_table(digits, "digits.csv.gz"), given, types)
    assert found.rows == 1797
    assert {part: len(rows) for part, rows in found.parts.items()} == {"train": 1438, "test": 359}
    assert (found.columns["pixels"].min(), found.columns["pixels"].max()) == (0, 16)
    assert np.bincount(found.columns["truth"]).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_iris_reads():
    found = read_table(EXAMPLES / "data" / "iris.csv")
    assert found.rows == 150


def test_a_column_of_a_list_is_pointed_at(tmp_path):
    (tmp_path / "t.csv").write_text("a,b,c\n1,2,3\n2,3,4\n3,4,5\n")
    (tmp_path / "net.yaml").write_text(
        "dils: 1\n"
        "main: {in: {x: real 2}, out: {y: real}, state: {w: real 2 = 0}, learn: [w], wires: [w @ x -> y]}\n"
        "train:\n"
        "  data: {file: t.csv, inputs: {x: [a, bb]}, targets: {truth: c}}\n"
        "  loss: (y - truth) ** 2\n"
    )
    with pytest.raises(Problem) as raised:
        dilsctl.load(tmp_path / "net.yaml").train()
    (found,) = raised.value.diagnostics
    span = found.primary.span
    assert (found.code, span.line, span.file.text[span.start : span.end]) == ("unknown-column", 4, "bb")
