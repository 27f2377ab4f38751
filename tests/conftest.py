"""What every test starts from."""

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _cache_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings are not kept in the user's cache, nor taken from it."""
    monkeypatch.setenv("DILSCTL_CACHE_DIR", str(Path(tmp_path_factory.getbasetemp()) / "cache"))
