"""Mutated examples: whatever happens to a file, ``validate`` finds words for it and never raises."""

import re
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dilsctl import api
from dilsctl.diagnostics import Severity
from dilsctl.report.text import render_text

ROOT = Path(__file__).resolve().parent.parent
FILES = [one for one in sorted((ROOT / "examples").glob("*.yaml")) if one.stat().st_size < 20_000]
FILES.append(ROOT / "dilsctl" / "library" / "nn.yaml")
TEXTS = [one.read_text(encoding="utf-8") for one in FILES]
TOKEN = re.compile(r"[A-Za-z_]\w*|\d+(?:\.\d+)?|->|\*\*|//|[^\w\s]|\n *| +")
WORDS = sorted({token for text in TEXTS for token in TOKEN.findall(text) if token.strip()})
ODD = [
    "", "0", "-1", "2.5", "1e12", "10**12", "99999999999999999999", "null", "true", "[]", "{}", "[1, [2]]",
    "~", "*x", "&x", "!x", "'", '"', "{", "[", "(", ":", ": ", "#", "|", "\t", "\0", "é", "𝒙",
    "index", "t", "n", "real", "bool 3", "class n", "simplex 3", "nan", ".inf", "lambda", "if", "a.b.c",
    "x[5]", "x[-1:0]", "[None]", "...", "nn.dense", "nn.residual", "std/nn", "->", "x -> y", "y -> x",
    "{box: nn.dense, count: 3}", "{box: main, with: {x: 1}}", "{in: {x: real}, out: {y: real}}",
]  # fmt: skip


@st.composite
def mutants(draw: st.DrawFn) -> str:
    """A file in which a few tokens or lines are changed, dropped, doubled or moved."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 4))):
        by_line = draw(st.booleans())
        parts = text.splitlines(keepends=True) if by_line else TOKEN.findall(text)
        if not parts:
            break
        at = draw(st.integers(0, len(parts) - 1))
        act = draw(st.sampled_from(["drop", "double", "swap", "word", "odd", "indent"]))
        other = draw(st.integers(0, len(parts) - 1))
        if act == "drop":
            del parts[at]
        elif act == "double":
            parts.insert(other, parts[at])
        elif act == "swap":
            parts[at], parts[other] = parts[other], parts[at]
        elif act == "indent" and by_line:
            parts[at] = draw(st.sampled_from(["  ", "    "])) + parts[at]
        elif not by_line:
            parts[at] = draw(st.sampled_from(WORDS if act == "word" else ODD))
        text = "".join(parts)
    return text


@settings(
    max_examples=300,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(text=mutants())
@example(text="")
def test_validate_never_raises(text: str) -> None:
    report = api.validate(ROOT / "examples" / "mutant.yaml", text=text)
    shown = render_text(report)
    assert report.ok == (Severity.ERROR not in {one.severity for one in report})
    assert bool(shown) == bool(list(report))
    for one in report:
        assert one.message and one.primary is not None
        assert 0 <= one.primary.span.start <= one.primary.span.end <= len(one.primary.span.file.text)
