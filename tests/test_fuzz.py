"""Files that nobody would write: whatever happens to a file, commands find words for it, and none fails.

A fixed number of cases; ``python -m tests.fuzz`` runs as many as wanted.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dilsctl import api
from dilsctl.diagnostics import Severity
from dilsctl.report.text import render_text
from tests.fuzz.__main__ import folder_of_cases, outcomes
from tests.fuzz.editor import edited
from tests.fuzz.mutants import ROOT, mutant
from tests.fuzz.written import document
from tests.lsp_client import client

CASES = int(os.environ.get("DILSCTL_FUZZ", "0")) or 30


@settings(
    max_examples=10 * CASES,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(text=st.randoms(use_true_random=False).map(mutant) | st.randoms(use_true_random=False).map(document))
@example(text="")
def test_validate_never_raises(text: str) -> None:
    report = api.validate(ROOT / "examples" / "mutant.yaml", text=text)
    shown = render_text(report)
    assert report.ok == (Severity.ERROR not in {one.severity for one in report})
    assert bool(shown) == bool(list(report))
    for one in report:
        assert one.message and one.primary is not None
        assert 0 <= one.primary.span.start <= one.primary.span.end <= len(one.primary.span.file.text)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    import shutil

    made = folder_of_cases()
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.mark.parametrize("case", range(CASES))
def test_no_command_fails(case: int, folder: Path) -> None:
    random = Random(f"ci/{case}")
    text = mutant(random) if random.random() < 0.6 else document(random)
    for one in outcomes(text, folder, random, looks=8, runs=1):
        assert one.good, f"{one.command}: {one.code}\n{one.output[-3000:]}\n{text}"


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests" / "fuzz" / "found").glob("*.yaml")), ids=lambda one: one.stem
)
def test_what_was_found_stays_mended(path: Path, folder: Path) -> None:
    """Files on which a command once failed."""
    text = path.read_text(encoding="utf-8")
    for one in outcomes(text, folder, Random(0)):
        assert one.good, f"{one.command}: {one.code}\n{one.output[-3000:]}"


def test_no_question_of_an_editor_fails(folder: Path) -> None:
    pytest.importorskip("pygls")
    with client(folder) as server:
        for case in range(CASES):
            random = Random(f"editor/{case}")
            text = mutant(random) if random.random() < 0.6 else document(random)
            one = edited(server, text, folder / "case.yaml", random)
            assert one.good, f"{one.code}\n{one.output[-3000:]}\n{text}"
