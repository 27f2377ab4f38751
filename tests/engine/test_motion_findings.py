"""What validation says of laws and of joins that cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from dilsctl import api
from dilsctl.diagnostics import Diagnostic

JOINS = """\
dils: 1
define:
  one: {share: {u: real 2}, rate: {u: -u}}
  main:
    share: {v: real 3, w: int 2, z: real 3 2, x: real 2}
    state: {s: real}
    boxes: {a: one, b: {box: one, count: 4}}
    join:
      JOIN
main: main
"""

LAWS = """\
dils: 1
define:
  inside: {state: {i: real}, out: {i: real}}
  main:
    in: {x: real 3}
    out: {y: real 3}
    let: {l: 2 * x}
    state: {a: real 2, b: bool, c: int, k: class 3, p: simplex 3, r: real}
    boxes: {o: inside}
    wires:
      - l -> y
    KEY:
      LAW
main: main
"""


def only(folder: Path, text: str) -> Diagnostic:
    file = folder / "found.yaml"
    file.write_text(text)
    errors = [one for one in api.validate(file) if one.severity.value == "error"]
    assert len(errors) == 1, [one.message for one in errors]
    return errors[0]


@pytest.mark.parametrize(
    ("join", "code", "words"),
    [
        ("v: [a.u]", "dimension-mismatch", "'a.u' is 'real 2', what it is joined to is 'real 3'"),
        ("z: [b.u]", "dimension-mismatch", "what it is joined to is 'real 3 2'"),
        ("z[1:]: [a.u]", "dimension-mismatch", "what it is joined to is 'real 2 2'"),
        ("z[0, 1]: [a.u]", "dimension-mismatch", "what it is joined to is 'real'"),
        ("w: [a.u]", "type-mismatch", "what it is joined to is 'int 2'"),
        ("x: [a.q]", "unknown-port", "'a' shares no variable 'q'"),
        ("x: [nobody.u]", "unknown-box", "no interior box 'nobody'"),
        ("s: [a.u]", "duplicate-name", "'s' is no shared variable"),
        ("new[0]: [a.u]", "unknown-name", "no shared variable 'new'"),
        ("z[3]: [a.u]", "bad-index", "index 3 is outside an axis of length 3"),
        ("z[t]: [a.u]", "bad-index", "known beforehand"),
        ("x + 1: [a.u]", "bad-target", "'x + 1' is no variable"),
        ("x: [a.u, a.u]", "duplicate-name", "'a.u' is joined twice"),
        ("x: [u]", "wrong-type", ""),
        ("x: a.u", "wrong-type", ""),
    ],
)
def test_joins(tmp_path: Path, join: str, code: str, words: str) -> None:
    found = only(tmp_path, JOINS.replace("JOIN", join))
    assert found.code == code and words in found.message
    assert found.primary is not None and found.primary.span.line == 9


@pytest.mark.parametrize("join", ["v[:2]: [b.u]", "z[1]: [a.u]", "new: [a.u, b.u]", "z[::2]: [a.u]"])
def test_joins_that_fit(tmp_path: Path, join: str) -> None:
    """Copies are one, or have a part each; a new variable is what is joined to it."""
    text = JOINS.replace("JOIN", join).replace("count: 4", "count: 2")
    file = tmp_path / "good.yaml"
    file.write_text(text.replace("[a.u]", "[b.u]") if "::" in join else text)
    assert api.validate(file).ok


@pytest.mark.parametrize(
    ("key", "law", "code", "words"),
    [
        ("next", "x: 1", "unknown-name", "'x' is an input, which no law moves"),
        ("next", "y: 1", "unknown-name", "'y' is no state of this box"),
        ("next", "l: 1", "unknown-name", "'l' is a let, which no law moves"),
        ("next", "o: 1", "unknown-name", "'o' is an interior box, which no law moves"),
        ("rate", "i: 1", "unknown-name", "'i' is no state of this box"),
        ("rate", "r: q", "unknown-name", "'q'"),
        ("rate", "b: 1", "type-mismatch", "only real states flow; 'b' is bool"),
        ("rate", "c: 1", "type-mismatch", "only real states flow; 'c' is int"),
        ("rate", "a: x", "dimension-mismatch", "the law gives 'real 3', the state 'a' is 'real 2'"),
        ("rate", "r: a", "dimension-mismatch", "the law gives 'real 2', the state 'r' is 'real'"),
        ("rate", "a: '[1, 2, 3]'", "dimension-mismatch", "a list of shape 3 does not fit 'real 2'"),
        ("next", "c: 1.5", "type-mismatch", "1.5 is not a whole number"),
        ("next", "c: r", "type-mismatch", "the law gives 'real', the state 'c' is 'int'"),
        ("next", "b: r", "type-mismatch", "the law gives 'real', the state 'b' is 'bool'"),
        ("next", "k: 7", "type-mismatch", "7 is not a class of 0 … 2"),
        ("next", "p: x", "type-mismatch", "the law gives 'real 3', the state 'p' is 'simplex 3'"),
        ("next", "r: {to: 1, when: r}", "type-mismatch", "'when' takes one truth value; this is 'real'"),
        ("next", "a: {to: 1, when: x > 0}", "type-mismatch", "or 'bool 2'; this is 'bool 3'"),
        ("next", "r: {to: 1, every: 0}", "bad-count", "'every' is at least 1, not 0"),
        ("next", "r: {to: 1, every: c}", "not-static", "known beforehand"),
        ("next", "r: {every: 2}", "missing-key", "'to' is missing"),
        ("next", "r: {to: 1, when: true, often: 2}", "unknown-key", "often"),
        ("next", "r: [1, 2]", "law-conflict", "this law of 'r' acts at every tick"),
    ],
)
def test_laws(tmp_path: Path, key: str, law: str, code: str, words: str) -> None:
    found = only(tmp_path, LAWS.replace("KEY", key).replace("LAW", law))
    assert found.code == code and words in found.message
    assert found.primary is not None and found.primary.span.line == 13
