"""Answers as tables."""

import io
import json
from pathlib import Path

import numpy as np
import pytest

from dilsctl.answers import Answers, classified, headed, write_answers

ANSWERS = Answers(
    {"logits": np.array([[0.1, 2], [3, -1e-9]], np.float32), "y": np.array([True, False])},
    {"species": ["rosa, alba", "ruber"]},
    2,
)


def test_csv() -> None:
    stream = io.StringIO()
    write_answers(ANSWERS, stream)
    assert stream.getvalue() == (
        'logits.0,logits.1,y,species\n0.1,2.0,True,"rosa, alba"\n3.0,-1e-09,False,ruber\n'
    )


def test_files(tmp_path: Path) -> None:
    for ending in ("csv", "jsonl", "npz"):
        write_answers(ANSWERS, tmp_path / f"out.{ending}")
        with pytest.raises(FileExistsError):
            write_answers(ANSWERS, tmp_path / f"out.{ending}")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["out.csv", "out.jsonl", "out.npz"]
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert lines[1]["y"] is False and lines[1]["species"] == "ruber" and len(lines[1]["logits"]) == 2
    with np.load(tmp_path / "out.npz") as arrays:
        assert (arrays["logits"] == ANSWERS.outputs["logits"]).all()
        assert arrays["species"].tolist() == ["rosa, alba", "ruber"]


def test_headings_of_arrays() -> None:
    columns = headed(Answers({"m": np.zeros((4, 2, 2)), "s": np.zeros(4)}, {}, 4))
    assert list(columns) == ["m.0.0", "m.0.1", "m.1.0", "m.1.1", "s"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cross_entropy(logits, truth)", {"truth": "logits"}),
        ("0.5 * cross_entropy(logits, truth) + mse(y, z)", {"truth": "logits"}),
        ("mean(argmax(logits) == truth)", {"truth": "logits"}),
        ("mean(truth == argmax(logits))", {"truth": "logits"}),
        ("mse(logits, truth)", {}),
        ("cross_entropy(2 * logits, truth)", {}),
        ("not ( python", {}),
    ],
)
def test_which_port_tells_which_target(text: str, found: dict[str, str]) -> None:
    assert classified([text], ["logits", "y"], ["truth", "z"]) == found
