"""The files for build servers: their keys, and that the commands that they name exist."""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml
from click.testing import CliRunner

from dilsctl.cli import main

ROOT = Path(__file__).parents[1]
HOOKS = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
HOOK = {
    "type": "object",
    "required": ["id", "name", "entry", "language"],
    "additionalProperties": False,
    "properties": {
        **{key: {"type": "string"} for key in ("id", "name", "entry", "language", "description", "files")},
        "types": {"type": "array", "items": {"enum": ["yaml", "file", "text"]}},
        "require_serial": {"type": "boolean"},
    },
}


@pytest.mark.parametrize("hook", [pytest.param(one, id=one["id"]) for one in HOOKS])
def test_a_hook_passes_over_what_is_no_diagram(
    hook: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    jsonschema.validate(hook, HOOK)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other.yaml").write_text("key: value\n")
    (tmp_path / "bad.yaml").write_text("dils: 1\nmain: nothing\n")
    (tmp_path / "left").mkdir()
    (tmp_path / "left" / "bad.yaml").write_text("dils: 1\nmain: nothing\n")
    (tmp_path / "pyproject.toml").write_text('[tool.dilsctl]\nexclude = ["left"]\n')
    program, *arguments = shlex.split(hook["entry"])
    assert program == "dilsctl"
    good = CliRunner().invoke(main, [*arguments, "other.yaml", "left/bad.yaml"])
    assert (good.exit_code, good.output) == (0, "")
    bad = CliRunner().invoke(main, [*arguments, "other.yaml", "bad.yaml"])
    assert bad.exit_code == (0 if "fmt" in hook["id"] else 1)


def test_the_action_has_what_it_reads() -> None:
    assert ACTION["runs"]["using"] == "composite"
    text = (ROOT / "action.yml").read_text()
    assert set(re.findall(r"inputs\.(\w+)", text)) == set(ACTION["inputs"])
    for step in ACTION["runs"]["steps"]:
        if "run" in step:
            assert step["shell"] == "bash"
            assert "${{" not in step["run"], "what is given could be a command"
            names = set(re.findall(r"\$\{?([A-Z]\w+)", step["run"])) - {"GITHUB_ACTION_PATH"}
            assert names == set(step.get("env", {}))


@pytest.mark.skipif(sys.platform == "win32", reason="needs bash")
def test_the_steps_of_the_action_run(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text(
        "dils: 1\ndefine: {n: {out: {y: real}, wires: [1.0 -> y]}}\nmain: n\n"
    )
    (tmp_path / "bad file.yaml").write_text("dils: 1\nmain: nothing\n")
    (tmp_path / "dilsctl").write_text(f'#!/bin/sh\nexec {sys.executable} -m dilsctl "$@"\n')
    (tmp_path / "dilsctl").chmod(0o755)
    steps = {step["name"]: step["run"] for step in ACTION["runs"]["steps"] if "run" in step}

    def run(name: str, **given: str) -> subprocess.CompletedProcess[str]:
        bash = ["bash", "-eo", "pipefail", "-c", steps[name]]
        known = {"PATHS": "", "ARGS": "", "SARIF": "", "JUNIT": "", **given}
        path = f"{tmp_path}:{Path('/usr/bin')}:{Path('/bin')}"
        return subprocess.run(
            bash, cwd=tmp_path, env={"PATH": path, "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), **known},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    done = run("Validate", SARIF="out.sarif", ARGS="--statistics")
    assert done.returncode == 1 and "::error file=bad file.yaml,line=2," in done.stdout, done.stderr
    assert json.loads((tmp_path / "out.sarif").read_text())["runs"]
    assert run("Validate", PATHS="good.yaml; touch evil").returncode == 2
    assert not (tmp_path / "evil").exists()
    assert run("Validate", PATHS="good.yaml").returncode == 0
    for name in ("Validate", "Layout", "Test"):
        assert run(name, PATHS="bad file.yaml\n").returncode == (0 if name == "Layout" else 1), name
        assert run(name, PATHS="bad file.yaml").returncode == 2
    done = run("Validate", PATHS="\ngood.yaml\n\nbad file.yaml\n", ARGS="--statistics --exit-zero")
    assert done.returncode == 0 and "1  unknown-box" in done.stdout
    (tmp_path / "ugly.yaml").write_text("dils:   1\ndefine: {}\n")
    done = run("Layout", PATHS="ugly.yaml")
    assert done.returncode == 1 and done.stdout.startswith("::error file=ugly.yaml,line=1,"), done.stderr
    assert run("Test", PATHS="good.yaml", JUNIT="t.xml").returncode == 0
    assert (tmp_path / "t.xml").exists()


def test_the_page_names_what_there_is() -> None:
    text = (ROOT / "docs" / "ci.md").read_text()
    for hook in re.findall(r"- id: (\S+)", text):
        assert hook in {one["id"] for one in HOOKS}
    blocks = re.findall(r"^```yml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert [isinstance(yaml.safe_load(one), dict) for one in blocks] == [True] * 3
    for line in re.findall(r"- (dilsctl \w+[^\n]*)", text):
        command = CliRunner().invoke(main, [line.split()[1], "--help"])
        for option in re.findall(r" (--[\w-]+)", line):
            assert option in command.output
    action = yaml.safe_load(blocks[1])["jobs"]["diagrams"]["steps"][1]["with"]
    assert set(action) <= set(ACTION["inputs"])
