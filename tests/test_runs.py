import json

import pytest
import yaml

from dilsctl.checkpoints import Position
from dilsctl.diagnostics import Problem
from dilsctl.runs import RunFolder

FILES = {"net.yaml": "dils: 1\nname: net\n# größer\r\n", "parts/a.yaml": "dils: 1\n"}


def create(root, **options):
    given = {"files": FILES, "main": "net.yaml", "config": {"train": {"epochs": 3}}, "root": root / "runs"}
    return RunFolder.create("net", **(given | options))


def problem(function, *arguments, **options):
    with pytest.raises(Problem) as caught:
        function(*arguments, **options)
    (found,) = caught.value.diagnostics
    return found


def test_folders_are_numbered_and_never_used_twice(tmp_path):
    names = [create(tmp_path).path.name for _ in range(3)]
    assert names == ["net-001", "net-002", "net-003"]
    (tmp_path / "runs" / "net-041").mkdir()
    (tmp_path / "runs" / "net-x").mkdir()
    (tmp_path / "runs" / "other-099").mkdir()
    assert create(tmp_path).path.name == "net-042"


def test_out_must_not_exist(tmp_path):
    out = tmp_path / "deep" / "here"
    assert create(tmp_path, out=out).path == out
    found = problem(create, tmp_path, out=out)
    assert found.code == "run-exists"
    assert "--resume" in found.help
    (tmp_path / "file").touch()
    assert problem(create, tmp_path, out=tmp_path / "file").code == "run-exists"
    assert problem(create, tmp_path, out=tmp_path / "file" / "x").code == "run-not-writable"


def test_contents(tmp_path):
    run = create(tmp_path, facts={"seed": 4, "data": {"rows": 3}})
    found = RunFolder.open(run.path)
    assert found.facts == run.facts
    assert found.facts["seed"] == 4
    assert found.facts["environment"]["numpy"]
    assert found.diagram.read_bytes() == FILES["net.yaml"].encode()
    assert found.stored_files() == FILES
    assert yaml.safe_load((run.path / "config.yaml").read_text()) == {"train": {"epochs": 3}}
    assert (run.path / "metrics.jsonl").read_bytes() == b""
    assert run.load() is None


def test_config_has_no_anchors(tmp_path):
    shared = {"a": 1}
    run = create(tmp_path, config={"one": shared, "two": shared, "bad": float("nan"), "tuple": (1, 2)})
    text = (run.path / "config.yaml").read_text()
    assert "&" not in text
    assert yaml.safe_load(text) == {"one": {"a": 1}, "two": {"a": 1}, "bad": None, "tuple": [1, 2]}


def test_files_cannot_be_written_elsewhere(tmp_path):
    for name in ("../x.yaml", "/x.yaml", "a/../../x.yaml"):
        with pytest.raises(ValueError, match="leads out"):
            create(tmp_path, files={name: ""})


def test_what_is_no_run(tmp_path):
    assert problem(RunFolder.open, tmp_path).code == "not-a-run"
    assert problem(RunFolder.open, tmp_path / "none").code == "not-a-run"
    (tmp_path / "diagram").mkdir()
    assert "stopped before it began" in problem(RunFolder.open, tmp_path).help
    for text in ("", "[]", "{}", '{"format": 1}', '{"format": 1, "main": 3, "files": []}', "\xff"):
        (tmp_path / "run.json").write_text(text, encoding="latin-1")
        assert problem(RunFolder.open, tmp_path).code == "bad-run"
    (tmp_path / "run.json").write_text('{"format": 2}')
    assert "its format is 2" in problem(RunFolder.open, tmp_path).message


def test_a_stored_diagram_that_is_gone(tmp_path):
    run = create(tmp_path)
    run.diagram.unlink()
    assert problem(run.stored_files).code == "bad-run"


def test_a_changed_diagram_is_refused_with_the_difference(tmp_path):
    run = create(tmp_path)
    run.check_diagram(FILES)
    changed = FILES | {"parts/a.yaml": "dils: 1\nmain: other\n"}
    found = problem(run.check_diagram, changed)
    assert found.code == "diagram-changed"
    assert "'parts/a.yaml' changed" in found.message
    assert "net.yaml" not in found.message
    assert places(found) == [("parts/a.yaml", 2, "main: other", "now")]
    found = problem(run.check_diagram, {"net.yaml": FILES["net.yaml"]})
    assert places(found) == [(f"{run.path}/diagram/parts/a.yaml", 1, "dils: 1", "is gone")]
    text = FILES["net.yaml"].replace("name: net", "name:   new")
    found = problem(run.check_diagram, FILES | {"net.yaml": text, "b.yaml": "dils: 1"})
    assert places(found) == [
        ("b.yaml", 1, "dils: 1", "is new"),
        ("net.yaml", 2, "name:   new", "now"),
        (f"{run.path}/diagram/net.yaml", 2, "name: net", "when the run began"),
    ]
    found = problem(run.check_diagram, FILES | {"net.yaml": "x\n" * 100})
    assert places(found)[0] == ("net.yaml", 1, "x", "now (and 99 lines more)")


def places(found):
    labels = [found.primary, *found.related]
    spans = [(one.span, one.text) for one in labels]
    return [(one.file.name, one.line, one.file.text[one.start : one.end], text) for one, text in spans]


def test_the_log(tmp_path):
    run = create(tmp_path)
    assert run.begin() == []
    run.log({"epoch": 1, "train.loss": 0.1 + 0.2})
    run.log({"epoch": 2, "train.loss": float("nan")})
    lines = (run.path / "metrics.jsonl").read_text().splitlines()
    assert [json.loads(one) for one in lines] == [
        {"epoch": 1, "train.loss": 0.1 + 0.2},
        {"epoch": 2, "train.loss": None},
    ]
    run.close()
    with pytest.raises(ValueError, match="not begun"):
        run.log({})


@pytest.mark.parametrize("rest", ["", '{"epoch": 3}\n', '{"epoch": 3}\n{"epo', '{"epoch": 3', "\0\0"])
def test_the_log_is_cut_to_the_checkpoint(tmp_path, rest):
    run = create(tmp_path)
    log = run.path / "metrics.jsonl"
    log.write_text('{"epoch": 1}\n{"epoch": 2}\n' + rest)
    with RunFolder.open(run.path) as again:
        assert [one["epoch"] for one in again.begin(2)] == [1, 2]
        again.log({"epoch": 3, "new": True})
    assert log.read_text() == '{"epoch": 1}\n{"epoch": 2}\n{"epoch": 3, "new": true}\n'


def test_two_processes_cannot_train_one_run(tmp_path):
    run = create(tmp_path)
    other = RunFolder.open(run.path)
    with run:
        run.begin()
        assert problem(other.begin).code == "run-busy"
    other.begin()
    other.close()


def test_checkpoints(tmp_path):
    run = create(tmp_path)
    run.save({}, {}, Position(1, 5, 0, 1), best=True)
    run.save({}, {}, Position(2, 10, 0, 1))
    assert run.load().position.epoch == 2
    assert run.load("best").position.epoch == 1
    (run.path / "last.safetensors").write_bytes(b"x")
    assert problem(run.load).code == "bad-checkpoint"
