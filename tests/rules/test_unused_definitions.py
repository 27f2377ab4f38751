"""Lints look at definitions that the main box does not use, and at files of definitions only."""

import pytest

from dilsctl import api

MAIN = """\
main:
  in: {x: real}
  out: {y: real}
  wires:
    - 2 * x -> y
"""

GATE = """\
  gate:
    PARAMS
    in: {push: real}
    out: {y: real}
    state: {place: real = 0}
    next: {place: place + push}
    modes:
      inside: place < 5
      close: place < LIMIT
      outside: otherwise
    wires:
      - 2.0 if close else 1.0 if inside else 0.0 -> y
"""


def found(definitions: str, main: str = MAIN) -> list[str]:
    """The codes of what is found."""
    report = api.validate("x.yaml", text=f"dils: 1\ndefine:\n{definitions}{main}")
    assert report.ok, [(one.code, one.message) for one in report]
    return [one.code for one in report]


@pytest.mark.parametrize("main", [MAIN, ""])
def test_a_definition_that_nothing_uses_is_looked_at(main: str) -> None:
    gate = GATE.replace("    PARAMS\n", "").replace("LIMIT", "2")
    assert found(gate, main) == ["unreachable-mode"]
    assert found(gate.replace("place < 2", "place < 8"), main) == []


def test_parameters_may_be_given_other_values() -> None:
    assert found(GATE.replace("PARAMS", "params: {limit: 2}").replace("LIMIT", "limit")) == []
    mixed = """\
  mixed:
    params: {mix: 0}
    in: {x: real n}
    out: {y: real}
    state: {weight: real n = glorot}
    learn: [weight]
    wires:
      - mix * (weight @ x) + sum(x) -> y
"""
    assert found(mixed) == []
    assert found(mixed.replace("mix *", "0 *")) == []  # one rule for all that has parameters
    assert found(mixed.replace("    params: {mix: 0}\n", "").replace("mix *", "0 *")) == ["dead-gradient"]


def test_what_holds_for_some_lengths_only_is_not_told() -> None:
    layer = """\
  layer:
    in: {x: real n}
    out: {y: real n}
    state:
      weight: real n n = normal(0, STD)
    learn: [weight]
    wires:
      - tanh(weight @ x) -> y
"""
    assert found(layer.replace("STD", "1.5")) == []  # 240 inputs would be too many, 24 are not
    assert found(layer.replace("STD", "100")) == ["saturated-start"]


def test_a_box_used_by_main_and_by_others_is_told_of_once() -> None:
    gate = GATE.replace("    PARAMS\n", "").replace("LIMIT", "2")
    pair = """\
  pair:
    in: {push: real}
    out: {y: real}
    boxes: {gate: gate}
    wires:
      - push -> gate.push
      - gate.y -> y
"""
    assert found(gate + pair) == ["unreachable-mode"]
    assert found(gate + pair, "main: gate\n") == ["unreachable-mode"]


def test_a_definition_with_holes_is_looked_at() -> None:
    market = """\
  market:
    in: {x: real, outcome: class 2}
    out: {p: simplex 2}
    boxes:
      worker: {box: expert, count: 3}
    state: {trust: simplex 3 = uniform}
    wires:
      - x -> worker.x
      - normalise(trust @ worker.p) -> p
    next:
      trust: normalise(trust * worker.p[:, outcome])
  expert: {in: {x: real}, out: {p: simplex 2}}
"""
    assert found(market) == ["lost-trust"]


def test_train_speaks_of_the_main_box_only() -> None:
    oja = """\
  oja:
    in: {x: real 4}
    out: {y: real 2}
    state: {memory: real 2 4 = glorot}
    wires:
      - memory @ x -> y
    next: {memory: "memory + 0.01 * outer(memory @ x, x)"}
"""
    train = """\
  state: {w: real = 1}
  learn: [w]
  wires:
    - w * x -> y
train:
  data: {file: a.csv, inputs: {x: a}, targets: {truth: b}}
  loss: mse(y, truth)
  ticks: 1
"""
    assert found(oja, MAIN.partition("  wires")[0] + train) == []
