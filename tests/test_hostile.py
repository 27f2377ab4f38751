"""No text makes ``validate`` raise, take long, or take much memory."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.hostile import texts

ROOT = Path(__file__).resolve().parent.parent
NAMES = [name for name, _ in texts()]
MIB = 500
SECONDS = 2.0  # of processor time; one is enough on a machine that does nothing else

# Some odd texts are good diagrams.
GOOD = {
    "a mark", "astral", "blanks", "chain", "chain backwards", "count 10000000", "counts in counts",
    "deep calls in deep boxes", "expressions backwards", "large step", "let chain", "mode ands",
    "mode choices", "mode lets", "modes", "modes of doubled lets", "real overflow",
}  # fmt: skip


@pytest.fixture(scope="module")
def results() -> dict[str, dict[str, Any]]:
    command = [sys.executable, "-m", "tests.hostile", str(MIB)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=200)
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0, run.stderr[-2000:]
    return {one["name"]: one for one in lines}


@pytest.mark.parametrize("name", NAMES)
def test_a_text_is_refused_at_once(results: dict[str, dict[str, Any]], name: str) -> None:
    result = results[name]
    assert "raised" not in result, result["raised"]
    assert result["seconds"] < SECONDS
    assert bool(result["codes"]) == (name not in GOOD), result["shown"][:500]
    assert len(result["shown"]) < 200_000


def test_numpy_is_not_needed(results: dict[str, dict[str, Any]]) -> None:
    assert results[""]["numpy"] is False
