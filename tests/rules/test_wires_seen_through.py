"""Lints of wires between boxes: what is told through lets, times 0, by what never moves; and good cases."""

import pytest

from dilsctl import api


def codes(text: str) -> list[str]:
    report = api.validate("x.yaml", text=text)
    assert report.ok, [(one.code, one.message) for one in report]
    return sorted(one.code for one in report)


WORKERS = """\
dils: 1
define:
  worker:
    in: {{x: real}}
    out: {{y: real}}
    state: {{w: real = 0.5}}
    wires:
      - w * x -> y
main:
  in: {{x: real}}
  out: {{y: real}}
  boxes: {{first: worker, second: worker}}
  state: {{off: real = 0, on: real = 1}}
  let:
    zero: 0
    told: {let}
  wires:
    - x -> first.x
    - x -> second.x
    - {wire} -> y
"""


@pytest.mark.parametrize(
    ("wire", "let", "idle"),
    [
        ("first.y + told", "0 * second.y", True),
        ("first.y + told", "zero * second.y", True),
        ("first.y + told", "off * second.y", True),
        ("first.y + told", "relu(-abs(second.y))", True),
        ("first.y + told", "second.y if x * x < 0 else 1", True),
        ("first.y + told", "minimum(second.y ** 2, -1)", True),
        ("first.y + told", "second.y - second.y", True),
        ("first.y + told", "on * second.y", False),
        ("first.y + told", "0.001 * second.y", False),
        ("first.y + told", "second.y if x < 0 else 1", False),
        ("first.y + told", "relu(second.y - 1)", False),
        ("first.y + told", "floor(second.y)", False),
        ("told * first.y", "second.y", False),
    ],
)
def test_a_worker_that_reaches_nothing(wire: str, let: str, idle: bool) -> None:
    found = [one for one in codes(WORKERS.format(wire=wire, let=let)) if one != "unused-let"]
    assert found == (["idle-box"] if idle else [])


UNFOLDED = """\
dils: 1
define:
  layer:
    in: {{x: real, dy: {{type: real, feedback: y}}}}
    out: {{y: real}}
    state: {{weight: {{type: real, init: 0.5, keep: true}}}}
    wires:
      - weight * x -> y
    next:
      weight: weight + 0.1 * dy * x
  source:
    in: {{x: real}}
    out: {{still: real, moving: real}}
    wires:
      - 3 + 0 * x -> still
      - 3 + x -> moving
main:
  in: {{x: real, truth: real}}
  out: {{y: real, rest: real}}
  boxes: {{layer: layer, source: source}}
  state: {{none: real = 0}}
  let:
    error: {let}
  wires:
    - x -> layer.x
    - x -> source.x
    - source.still + source.moving -> rest
    - layer.y -> y
    - {wire} -> layer.dy
"""


@pytest.mark.parametrize(
    ("wire", "let", "silent"),
    [
        ("error", "0", True),
        ("error", "none", True),
        ("0.1 * source.moving", "0", False),
        ("0 * error", "truth - layer.y", True),
        ("none * error", "truth - layer.y", True),
        ("error", "minimum(truth ** 2, 0)", True),
        ("error", "truth - layer.y", False),
        ("clip(error, -1, 1)", "truth - layer.y", False),
        ("error if truth > 0 else 0", "truth - layer.y", False),
        ("error + none", "0.01 * (truth - layer.y)", False),
    ],
)
def test_feedback_that_says_nothing(wire: str, let: str, silent: bool) -> None:
    found = [one for one in codes(UNFOLDED.format(wire=wire, let=let)) if one not in ("unused-let",)]
    assert found == (["silent-feedback"] if silent else [])


PEERS = """\
dils: 1
define:
  station:
    in: {{heard: real}}
    out: {{level: real, sign: real}}
    state: {{level: real = 0, top: real = 5}}
    let: {{shown: {sign}}}
    wires:
      - shown -> sign
    next: {{level: 0.5 * level + heard}}
main:
  in: {{x: real}}
  out: {{y: real, sign: real}}
  boxes: {{near: station, far: station}}
  wires:
    - x + far.level -> near.heard
    - near.sign -> far.heard
    - near.level + far.level -> y
    - far.sign -> sign
"""


@pytest.mark.parametrize(
    ("sign", "constant"),
    [
        ("top", True),
        ("top + 0 * level", True),
        ("top if level ** 2 < 0 else 2 * top", True),
        ("relu(-abs(level))", True),
        ("level", False),
        ("tanh(level) * top", False),
        ("real(level > 3)", False),
        ("top if level < 2 else 1", False),
        ("heard", False),
    ],
)
def test_a_peer_that_is_told_a_constant(sign: str, constant: bool) -> None:
    text = PEERS.format(sign=sign)
    assert codes(text) == (["constant-peer"] if constant else [])


HEBB = """\
dils: 1
main:
  in: {{x: real 4}}
  out: {{y: real 2}}
  state:
    memory: {{type: real 2 4, init: {init}, keep: {keep}}}
    scale: real 2 = 1
  learn: [scale]
  let:
    seen: {seen}
  wires:
    - scale * seen -> y
  next:
    memory: memory + 0.01 * {pooled}
train:
  data: {{file: a.csv, inputs: {{x: a..d}}, targets: {{wanted: [e, f]}}}}
  ticks: 3
  loss: mse(y, wanted)
"""


@pytest.mark.parametrize(
    ("seen", "init", "keep", "forgotten"),
    [
        ("memory @ x", "glorot", False, True),
        ("tanh(memory @ x)", "normal", False, True),
        ("einsum('ij,j->i', memory, x)", "glorot", False, True),
        ("sum(memory * x[None, :], axis=1)", "glorot", False, True),
        ("memory @ x", "0", False, False),  # an associative memory of one example
        ("memory @ x", "glorot", True, False),
        ("sum(memory, axis=1) + x[:2]", "glorot", False, False),
    ],
)
def test_a_weight_that_is_forgotten(seen: str, init: str, keep: bool, forgotten: bool) -> None:
    pooled = "outer(x[:2], x)"
    text = HEBB.format(
        seen=seen, init=init, keep=str(keep).lower(), pooled=f"pool({pooled})" if keep else pooled
    )
    assert codes(text) == (["forgotten-weight"] if forgotten else [])
