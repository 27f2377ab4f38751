"""A fuzzer that is guided by what it covers, where atheris is installed (pip install atheris).

python -m tests.fuzz.guided [FOLDER] -max_total_time=600

FOLDER keeps what it found worth mutating. Texts are validated and laid out; whatever is raised is a failure.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["dilsctl"]):
    from dilsctl import api
    from dilsctl.diagnostics import Problem, SourceFile
    from dilsctl.formatting import format_text
    from dilsctl.loaded import elaborate, read  # noqa: F401 (what validate would import later)
    from dilsctl.report.text import render_text

from tests.fuzz.mutants import ROOT, TEXTS


def one(data: bytes) -> None:
    """Validate a text, and lay it out. LayoutChangedMeaning is a failure here."""
    text = data.decode("utf-8", "replace")
    render_text(api.validate(ROOT / "examples" / "guided.yaml", text=text))
    try:
        format_text(SourceFile("guided.yaml", text))
    except Problem:
        return


def main() -> None:
    """Begin with the examples."""
    given = [one for one in sys.argv[1:] if not one.startswith("-")]
    folder = Path(given[0] if given else tempfile.mkdtemp(prefix="guided-"))
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(TEXTS):
        (folder / f"seed-{number}").write_text(text, encoding="utf-8")
    options = [one for one in sys.argv[1:] if one.startswith("-")]
    atheris.Setup(
        [sys.argv[0], str(folder), "-timeout=30", "-rss_limit_mb=4000", "-max_len=4000", *options], one
    )
    atheris.Fuzz()


if __name__ == "__main__":
    main()
