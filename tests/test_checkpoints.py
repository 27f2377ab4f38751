import json

import numpy as np
import pytest
from safetensors import safe_open

from dilsctl.checkpoints import Position, encode, read_checkpoint, write_atomically
from dilsctl.diagnostics import Problem

POSITION = Position(3, 90, 7, 32, "plan", "diagram", "data", 2, 0.25, 1, environment={"cores": 2})
STATES = {
    "a.weight": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "a.bias": np.array(0.1),
    "flags": np.array([True, False]),
    "counts": np.array([1, -2], np.int64),
    "empty": np.zeros((0, 3), np.float32),
    "strided": np.arange(10.0)[::3],
}
MOMENTS = {"method0": np.full((2, 4), 0.5, np.float32)}


def problem(path):
    with pytest.raises(Problem) as caught:
        read_checkpoint(path)
    (found,) = caught.value.diagnostics
    return found


@pytest.fixture
def path(tmp_path):
    write_atomically(tmp_path / "a.safetensors", encode(STATES, MOMENTS, POSITION))
    return tmp_path / "a.safetensors"


def test_there_and_back(path):
    found = read_checkpoint(path)
    assert found.position == POSITION
    assert set(found.states) == set(STATES)
    for name, value in STATES.items():
        assert found.states[name].dtype == value.dtype
        assert found.states[name].shape == value.shape
        assert found.states[name].tobytes() == np.array(value, order="C").tobytes()
    np.testing.assert_array_equal(found.moments["method0"], MOMENTS["method0"])


def test_others_can_read_it(path):
    with safe_open(path, framework="np") as file:
        assert set(file.keys()) == {*(f"state:{name}" for name in STATES), "moment:method0"}
        assert json.loads(file.metadata()["position"])["epoch"] == 3


def test_no_checkpoint(tmp_path):
    assert problem(tmp_path / "none").code == "no-checkpoint"
    assert problem(tmp_path).code == "bad-checkpoint"


def test_every_truncation_is_found(path):
    data = path.read_bytes()
    for length in [0, 3, 8, 9, 100, len(data) // 2, len(data) - 1]:
        path.write_bytes(data[:length])
        assert problem(path).code == "bad-checkpoint"


def test_every_flipped_byte_is_found(path):
    data = bytearray(path.read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    generator = np.random.default_rng(0)
    for at in [*range(start, len(data), 7), *generator.integers(0, start, 60)]:
        damaged = data.copy()
        damaged[at] ^= 0x10
        path.write_bytes(damaged)
        try:
            found = read_checkpoint(path)
        except Problem as caught:
            assert caught.diagnostics[0].code == "bad-checkpoint"
        else:  # in the header, a flip may give another number or name of the position
            assert at < start
            assert found.states.keys() == STATES.keys()


def test_files_of_others(path, tmp_path):
    from safetensors.numpy import save

    path.write_bytes(save({"x": np.zeros(3)}))
    assert problem(path).code == "bad-checkpoint"
    path.write_bytes(save({"x": np.zeros(3)}, {"dilsctl.checkpoint": "99"}))
    assert "another version" in problem(path).message
    path.write_bytes(b"\x08\0\0\0\0\0\0\0" + b"[[[[[[[[")
    assert problem(path).code == "bad-checkpoint"


def test_two_names_for_one_file(tmp_path):
    last, best = tmp_path / "last", tmp_path / "best"
    write_atomically(last, b"one", best)
    assert last.read_bytes() == best.read_bytes() == b"one"
    write_atomically(last, b"two")
    assert (last.read_bytes(), best.read_bytes()) == (b"two", b"one")
    write_atomically(last, b"three", best)
    assert (last.read_bytes(), best.read_bytes()) == (b"three", b"three")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["best", "last"]


def test_without_links(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError("no links here")

    monkeypatch.setattr("os.link", refuse)
    write_atomically(tmp_path / "last", b"one", tmp_path / "best")
    assert (tmp_path / "best").read_bytes() == b"one"
    assert len(list(tmp_path.iterdir())) == 2
