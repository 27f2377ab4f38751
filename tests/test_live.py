"""Never-ending learning: as training in file order, whole after any kill, clear about what it can't do."""

from __future__ import annotations

import gzip
import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

import dilsctl
from dilsctl.data.stream import tables
from dilsctl.diagnostics import Problem
from dilsctl.live import Life
from dilsctl.loaded import load_diagram
from dilsctl.report.life import Silent

ROOT = Path(__file__).parents[1]
ROWS = 150
SCALED = """\
dils: 1
define:
  judge:
    in: {x: real 3}
    out: {p: real}
    state:
      weight: real 3 = normal
      seen: {type: real, init: 0, keep: true}
      mean: {type: real 3, init: 0, keep: true}
      memory: real = 0
    learn: [weight]
    next:
      seen: seen + 1
      mean: mean + pool(x - mean) / (seen + 1)
      memory: 0.5 * memory + x[0] + 0.001 * t + normal()
    wires:
      - sigmoid(weight @ (x - mean) + 0.1 * tanh(memory)) -> p
  court:
    in: {x: real 3}
    out: {p: real}
    boxes: {judge: judge}
    state: {trust: {type: real, init: 0.5, keep: true}}
    next: {trust: 0.9 * trust + 0.1 * pool(judge.p)}
    wires:
      - x -> judge.x
      - trust * judge.p + (1 - trust) * 0.5 -> p
main: court
train:
  data:
    file: rows.csv
    inputs: {x: [a, b, c]}
    targets: {good: good}
    scale: {x: 0.5}
    episode: all
  loss: -log(p if good else 1 - p)
  optimiser: adam
  epochs: 1
live: {predict: p, truth: good, window: 20, save: 7}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    draws = np.random.default_rng(1)
    x = draws.normal(size=(ROWS, 3)) + np.arange(1, 4)
    good = x @ [1, -1, 0.5] + draws.normal(size=ROWS) > 0.5
    lines = ["id,a,b,c,good"]
    lines += [
        f"{i},{','.join(map(repr, map(float, row)))},{int(one)}"
        for i, (row, one) in enumerate(zip(x, good, strict=True))
    ]
    (tmp_path / "rows.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "judge.yaml").write_text(SCALED)
    return tmp_path


def stream(path: Path, skip: int = 0, mark: int = 0) -> Any:
    with path.open("rb") as file:
        yield from tables(file.fileno(), path.name, path.suffix, skip=skip, mark=mark)


class Watching(Silent):
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, Any, Any]] = []

    def answers(self, first: int, predicted: Any, truth: Any, table: Any) -> None:
        told = [None] * len(predicted) if truth is None else truth.tolist()
        self.rows += [(first + k, predicted[k].tolist(), told[k]) for k in range(len(predicted))]


def states(path: Path) -> dict[str, bytes]:
    return {name: one.tobytes() for name, one in load_file(path / "last.safetensors").items()}


def command(*words: Any, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dilsctl", "live", *map(str, words)],
        capture_output=True, text=True, cwd=ROOT, **options,
    )  # fmt: skip


def test_row_by_row_is_training_in_file_order(folder: Path) -> None:
    life = Life.begin(folder / "judge.yaml", (), folder / "live")
    watching = Watching()
    assert life.live(stream(folder / "rows.csv"), watching, lambda: False)
    trained = dilsctl.load(folder / "judge.yaml").train(out=folder / "trained")
    lived, learned = states(folder / "live"), states(folder / "trained")
    assert lived.keys() == learned.keys()
    assert lived == learned
    assert len(watching.rows) == ROWS
    assert life.values()["loss"] == pytest.approx(trained.history[0]["train.loss"], rel=1e-6)


def test_predictions_are_made_before_the_row_is_learned_from(folder: Path) -> None:
    """Against the states after the rows before, one at a time."""
    life = Life.of(load_diagram(folder / "judge.yaml", (), folder))
    watching = Watching()
    other = Life.of(load_diagram(folder / "judge.yaml", (), folder))
    shown = []
    for rows in stream(folder / "rows.csv"):
        table = rows.table
        columns = other.intake.values(table)
        for row in range(table.rows):
            one = {name: values[row : row + 1] for name, values in columns.items()}
            shown.append(other.online.predict({"x": one["x"]})["port.p"].tolist()[0])
            other.online.learn(one)
    life.live(stream(folder / "rows.csv"), watching, lambda: False)
    assert [one for _, one, _ in watching.rows] == shown
    truth = np.array([one for _, _, one in watching.rows])
    right = (np.array(shown) > 0.5) == truth
    assert life.values()["accuracy"] == pytest.approx(right.mean())
    assert life.values()["last"] == pytest.approx((truth[1:] == truth[:-1]).mean())
    windows = [line["accuracy"] for line in life.lines]
    np.testing.assert_allclose(windows, [right[k : k + 20].mean() for k in range(0, ROWS - 19, 20)])


def test_kill_at_any_moment(folder: Path) -> None:
    """SIGKILL after some answers, the same stream again: the same bits as a life that was never stopped."""
    life = Life.begin(folder / "judge.yaml", (), folder / "whole")
    life.live(stream(folder / "rows.csv"), Silent(), lambda: False)
    path = folder / "run"
    text = (folder / "rows.csv").read_text().splitlines(keepends=True)
    what: list[Any] = [folder / "judge.yaml", "-", "--out", path]
    for rows in (5, 33, 36, 90):
        process = subprocess.Popen(
            [sys.executable, "-m", "dilsctl", "live", *map(str, what)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        )  # fmt: skip
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write("".join(text[: rows + 1]))
        process.stdin.flush()
        for line in process.stdout:
            if line.startswith(f"{rows},"):
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdin.close()
        process.stdout.close()
        what = [path, "-"]
    done = command(*what, input="".join(text))
    assert done.returncode == 0, done.stderr
    assert states(path) == states(folder / "whole")
    for name in ("metrics.jsonl", "wires.jsonl"):
        assert (path / name).read_text() == (folder / "whole" / name).read_text()


def test_a_signal_saves_at_once(folder: Path) -> None:
    what = [folder / "judge.yaml", "-", "--out", folder / "run"]
    process = subprocess.Popen(
        [sys.executable, "-m", "dilsctl", "live", *map(str, what)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write("".join((folder / "rows.csv").read_text().splitlines(keepends=True)[:12]))
    process.stdin.flush()
    for line in process.stdout:
        if line.startswith("11,"):
            break
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    assert f"go on with: dilsctl live {folder / 'run'}" in told
    assert Life.go_on(folder / "run").taken == 11


def test_the_truth_may_come_later(folder: Path) -> None:
    """Rows that wait are learned from when their truth is told, in that order, with the inputs of before."""
    text = SCALED.replace("    episode: all\n", "").replace("      memory: real = 0\n", "")
    text = text.replace("      memory: 0.5 * memory + x[0] + 0.001 * t + normal()\n", "")
    text = text.replace(" + 0.1 * tanh(memory)", "").replace("save: 7", "save: 7, key: id, waiting: 3")
    text = text.replace("  epochs", "  batch: 1\n  epochs")
    (folder / "later.yaml").write_text(text)
    header, *rows = (folder / "rows.csv").read_text().splitlines()
    cells = [row.split(",") for row in rows]

    def asks(row: int) -> str:
        return ",".join([*cells[row][:4], ""])

    def tells(row: int) -> str:
        return f"{cells[row][0]},,,,{cells[row][4]}"

    lines = [header, asks(0), asks(1), rows[2], tells(1), asks(3), tells(0)]
    lines += [asks(4), asks(5), asks(6), tells(3)]
    (folder / "later.csv").write_text("\n".join(lines) + "\n")
    (folder / "order.csv").write_text("\n".join([header, rows[2], rows[1], rows[0]]) + "\n")
    later, plain = Watching(), Watching()
    life = Life.begin(folder / "later.yaml", (), folder / "run")
    life.live(stream(folder / "later.csv"), later, lambda: False)
    assert [(row, told is not None) for row, _, told in later.rows] == [
        (1, False), (2, False), (3, True), (4, True), (5, False), (6, True), (7, False), (8, False),
        (9, False),
    ]  # fmt: skip
    assert list(life.pending) == ["4", "5", "6"]
    assert (life.given_up, life.too_late) == (1, 1)
    other = Life.of(load_diagram(folder / "later.yaml", (), folder))
    other.live(stream(folder / "order.csv"), plain, lambda: False)
    for path, value in other.online.learner.states.items():
        np.testing.assert_array_equal(life.online.learner.states[path], value)
    again = Life.go_on(folder / "run")
    assert {key: one["x"].tobytes() for key, one in again.pending.items()} == {
        key: one["x"].tobytes() for key, one in life.pending.items()
    }


def test_files_and_pipes_say_the_same(folder: Path) -> None:
    rows = (folder / "rows.csv").read_text()
    header, *lines = rows.splitlines()
    names = header.split(",")
    objects = "".join(
        json.dumps(dict(zip(names, map(float, line.split(",")), strict=True))) + "\n" for line in lines
    )
    (folder / "rows.jsonl").write_text(objects)
    (folder / "rows.csv.gz").write_bytes(gzip.compress(rows.encode()))
    file = folder / "judge.yaml"
    answers = [
        command(file, folder / "rows.csv", "--out", folder / "a"),
        command(file, folder / "rows.csv.gz", "--out", folder / "b"),
        command(file, folder / "rows.jsonl", "--out", folder / "c"),
        command(file, "--out", folder / "d", input=rows),
        command(file, "--jsonl", "--out", folder / "e", input=objects),
    ]
    assert all(one.returncode == 0 for one in answers), [one.stderr for one in answers]
    assert len({one.stdout for one in answers}) == 1
    assert answers[0].stdout.splitlines()[0] == "row,predicted,shown,truth"
    assert len(answers[0].stdout.splitlines()) == ROWS + 1
    told = command(file, folder / "rows.csv", "--json", "--out", folder / "f").stdout.splitlines()
    assert json.loads(told[0]).keys() == {"row", "predicted", "shown", "truth"}
    assert json.loads(told[-1])["told"] == ROWS


def test_a_trained_run_lives_on(folder: Path) -> None:
    dilsctl.load(folder / "judge.yaml").train(out=folder / "trained", data=str(folder / "rows.csv"))
    before = states(folder / "trained")
    life = Life.go_on(folder / "trained", folder / "life")
    assert life.online.rows == ROWS
    life.live(stream(folder / "rows.csv"), Silent(), lambda: False)
    assert life.folder == folder / "life"
    assert states(folder / "trained") == before
    assert states(folder / "life") != before


def test_rows_of_many_kinds(tmp_path: Path) -> None:
    """Quotes over lines, blank lines, no line of names, an end without a line's end."""
    path = tmp_path / "a.csv"
    path.write_bytes(b'a,b\n\n1,"x\ny"\n2,z')
    found = list(stream(path))
    assert [list(one.table.raw["b"]) for one in found] == [["x\ny"], ["z"]]
    assert [list(one.table.lines) for one in found] == [[3], [5]]
    path.write_bytes(b"1,2\n3,4\n")
    assert [one.table.raw["1"].tolist() for one in stream(path)] == [[2.0, 4.0]]
    path.write_bytes(b"a\n" + b"1\n" * 3000)
    marks = [mark for one in stream(path) for mark in one.marks]
    assert sum(one.table.rows for one in stream(path, 2500, marks[2499])) == 500
    with pytest.raises(Problem, match="not those that the run has taken in"):
        list(stream(path, 2500, marks[2498]))
    with pytest.raises(Problem, match="3,000 rows, and the run has taken in 4,000"):
        list(stream(path, 4000))
    path.write_bytes(b'a\n1\n"open\n')
    with pytest.raises(Problem, match="never closed"):
        list(stream(path))
    path.write_bytes(b"a,b\n1,2\n3\n")
    with pytest.raises(Problem, match="line 3"):
        list(stream(path))


def test_a_market_lives(tmp_path: Path) -> None:
    """Nothing is learned by descent: what is kept moves. The figures are those of Shapiro and Spivak."""
    text = (ROOT / "examples" / "market.yaml").read_text().split("simulate:")[0]
    text = text.replace("{trust: simplex workers = uniform}", "{trust: {type: simplex workers, keep: true}}")
    (tmp_path / "market.yaml").write_text(
        text + "live:\n  predict: p\n  truth: outcome\n  metrics:\n    surprise: -log(p[outcome])\n"
    )
    (tmp_path / "o.csv").write_text("outcome\n0\n0\n1\n0\n")
    life = Life.begin(tmp_path / "market.yaml", (), tmp_path / "run")
    watching = Watching()
    life.live(stream(tmp_path / "o.csv"), watching, lambda: False)
    chances = [one[0] for _, one, _ in watching.rows]
    np.testing.assert_allclose(chances, [0.6, 2 / 3, 0.72, 0.62857143], rtol=1e-6)
    surprise = -np.log([0.6, 2 / 3, 1 - 0.72, 0.62857143])
    assert life.values()["surprise"] == pytest.approx(surprise.mean(), rel=1e-6)
    assert life.values()["accuracy"] == 0.75


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (("live: {predict: p, truth: good, window: 20, save: 7}\n", ""), "no-live"),
        (("optimiser: adam", "optimiser: {adam: {rate: {cosine: {start: 0.01}}}}"), "bad-live"),
        (("predict: p", "predict: q"), "bad-live"),
        (("predict: p, truth: good", "predict: p, truth: x"), "bad-live"),
        (("    episode: all\n", "    episode: {by: id}\n"), "bad-live"),
        (("save: 7", "save: 7, key: id"), "bad-live"),
        (("    scale: {x: 0.5}\n", "    standardise: true\n"), "bad-live"),
        (("  epochs: 1", "  horizon: 5\n  epochs: 1"), "bad-live"),
    ],
)
def test_what_it_can_not_do(folder: Path, change: tuple[str, str], code: str) -> None:
    text = (folder / "judge.yaml").read_text()
    assert change[0] in text
    (folder / "judge.yaml").write_text(text.replace(*change))
    with pytest.raises(Problem) as raised:
        Life.begin(folder / "judge.yaml", (), folder / "run")
    assert raised.value.diagnostics[0].code == code
    assert not (folder / "run").exists()


def test_labels_that_are_words_need_a_run(folder: Path) -> None:
    text = (folder / "rows.csv").read_text()
    (folder / "words.csv").write_text(text.replace(",1\n", ",yes\n").replace(",0\n", ",no\n"))
    found = command(folder / "judge.yaml", folder / "words.csv", "--out", folder / "run")
    assert found.returncode == 1
    assert "error[" in found.stderr and "Traceback" not in found.stderr


def test_a_bad_row_ends_it_with_what_came_before(folder: Path) -> None:
    lines = (folder / "rows.csv").read_text().splitlines(keepends=True)
    (folder / "bad.csv").write_text("".join([*lines[:100], "1,2,oops,3,1\n"]))
    found = command(folder / "judge.yaml", folder / "bad.csv", "--out", folder / "run")
    assert found.returncode == 1 and "line 101" in found.stderr
    assert Life.go_on(folder / "run").taken == 98


def test_other_rows_are_refused_unless_they_are_new(folder: Path) -> None:
    rows = (folder / "rows.csv").read_text().splitlines(keepends=True)
    assert command(folder / "judge.yaml", folder / "rows.csv", "-q", "--out", folder / "run").returncode == 0
    (folder / "more.csv").write_text(rows[0] + "".join(rows[31:61]))
    found = command(folder / "run", folder / "more.csv")
    assert found.returncode == 1 and "other-stream" in found.stderr
    (folder / "other.csv").write_text(rows[0] + "".join(reversed(rows[1:])) + rows[1])
    found = command(folder / "run", folder / "other.csv")
    assert found.returncode == 1 and "not those that the run has taken in" in found.stderr
    before = states(folder / "run")
    found = command(folder / "run", folder / "more.csv", "--new")
    assert found.returncode == 0 and len(found.stdout.splitlines()) == 31
    assert states(folder / "run") != before
    life = Life.go_on(folder / "run")
    assert (life.taken, life.score.rows) == (30, ROWS + 30)


KEYED = """\
dils: 1
define:
  line:
    in: {x: real}
    out: {y: real, pair: real 2, chance: simplex 2}
    state: {w: real = 0.5}
    learn: [w]
    wires:
      - w * x -> y
      - stack(x, w) -> pair
      - softmax(stack(x, w)) -> chance
main: line
train:
  data: {file: none.csv, inputs: {x: x}, targets: {u: u}}
  loss: mse(y, u)
  optimiser: {sgd: {rate: 0.1}}
  precision: float64
  batch: 1
live: {predict: y, truth: u, key: id}
"""


def keyed(folder: Path, rows: str, text: str = KEYED) -> tuple[Life, Watching]:
    (folder / "line.yaml").write_text(text)
    (folder / "keyed.csv").write_text(rows)
    life, watching = Life.of(load_diagram(folder / "line.yaml", (), folder)), Watching()
    life.live(stream(folder / "keyed.csv"), watching, lambda: False)
    return life, watching


def test_what_was_given_is_what_is_measured(tmp_path: Path) -> None:
    """The answer of before, though the row of b was learned from in between."""
    life, watching = keyed(tmp_path, "id,x,u\na,2,\nb,1,3\na,,2\n")
    assert watching.rows[0][1:] == (1.0, None)
    assert life.values()["error"] == pytest.approx((abs(0.5 - 3) + abs(1.0 - 2)) / 2)
    w = 0.5 + 0.1 * 2 * (3 - 0.5)
    assert life.online.learner.states["w"] == pytest.approx(w + 0.1 * 2 * (2 - w * 2) * 2)


def test_keys(tmp_path: Path) -> None:
    life, _ = keyed(tmp_path, "id,x,u\na,1,\na,5,\na,,3\na,,9\n")
    assert (life.given_up, life.too_late, len(life.pending)) == (1, 1, 0)
    assert life.online.learner.states["w"] == pytest.approx(0.5 + 0.1 * 2 * (3 - 2.5) * 5)
    for rows, code in (("x,u\n1,2\n", "unknown-column"), ("id,x,u\n,1,2\n", "missing-value")):
        with pytest.raises(Problem) as raised:
            keyed(tmp_path, rows)
        assert raised.value.diagnostics[0].code == code


def test_what_is_not_finite_ends_it(tmp_path: Path) -> None:
    text = KEYED.replace("w * x -> y", "w * log(x) -> y").replace(", key: id", "")
    with pytest.raises(Problem, match="the prediction is not finite at row 2 of the stream"):
        keyed(tmp_path, "id,x,u\na,1,1\nb,-1,1\n", text)


@pytest.mark.parametrize("port", ["pair", "chance"])
def test_a_prediction_is_of_the_truths_kind(tmp_path: Path, port: str) -> None:
    with pytest.raises(Problem) as raised:
        keyed(tmp_path, "id,x,u\n", KEYED.replace("predict: y", f"predict: {port}"))
    assert raised.value.diagnostics[0].code == "bad-live"


def test_nothing_is_kept_of_a_stream_that_is_not_understood(folder: Path) -> None:
    (folder / "wrong.csv").write_text("foo\n1\n")
    found = command(folder / "judge.yaml", folder / "wrong.csv", "--out", folder / "run")
    assert found.returncode == 1 and "unknown-column" in found.stderr and "judge.yaml:" in found.stderr
    assert not (folder / "run").exists()
    found = command(folder / "judge.yaml", "--out", folder / "run", input="")
    assert found.returncode == 0 and "no row came" in found.stderr
    assert not (folder / "run").exists()


def test_a_state_that_is_not_finite_ends_it(tmp_path: Path) -> None:
    """Though all that is shown is finite, and nothing is learned by descent."""
    text = """\
dils: 1
main:
  in: {x: real, u: real}
  out: {y: real}
  state: {last: {type: real, init: 0, keep: true}}
  next: {last: log(u)}
  wires:
    - x -> y
live: {predict: y, truth: u}
"""
    with pytest.raises(Problem, match="the state 'last' is not finite after row 2 of the stream"):
        keyed(tmp_path, "id,x,u\na,1,1\nb,1,-1\n", text)
