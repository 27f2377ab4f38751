"""No file makes a command fail, wait for ever, take long, or much memory: diagrams, imports, data, runs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
MIB = 500
SECONDS = 2.5  # of processor time; one is enough on a machine that does nothing else


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    cache = str(tmp_path_factory.mktemp("cache"))
    places = {"DILSCTL_CACHE_DIR": cache, "PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "tests.hostile_files", str(MIB)],
        cwd=ROOT, capture_output=True, text=True, timeout=600, env={**os.environ, **places},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-2000:]
    return [json.loads(line) for line in run.stdout.splitlines()]


def test_no_command_fails(results: list[dict[str, Any]]) -> None:
    assert len(results) > 300
    bad = [one for one in results if one["code"] not in (0, 1, 2) or "Traceback" in one["said"]]
    assert not bad, "\n".join(f"{one['name']}: {one['code']} {one['said'][-500:]}" for one in bad)


def test_what_is_refused_is_refused_in_words(results: list[dict[str, Any]]) -> None:
    """Only a case whose name begins with ``any`` may succeed."""
    for one in results:
        if not one["name"].startswith("any"):
            assert one["code"] in (1, 2), one["name"]
            assert "error[" in one["said"] or "Error:" in one["said"] or "not enough memory" in one["said"], (
                one
            )
        assert one["code"] == 0 or one["length"] < 300_000, one["name"]


def test_it_is_quick(results: list[dict[str, Any]]) -> None:
    slow = {one["name"]: one["seconds"] for one in results if one["seconds"] > SECONDS}
    assert not slow
