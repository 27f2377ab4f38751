"""What lints see through: lets, zeros, other boxes, functions written out. And what they leave in peace."""

import pytest

from dilsctl import api

NET = """\
dils: 1
define:
  net:
    in: {{x: real 4}}
    out: {{y: real {out}}}
    state: {{w: real {out} 4 = glorot, b: real {out} = {bias}}}
    learn: [w, b]
    let: {{a: w @ x + b, {let}}}
    wires:
      - {wire} -> y
  shell:
    in: {{x: real 4}}
    out: {{y: real {out}}}
    boxes: {{inner: net}}
    wires:
      - x -> inner.x
      - {after} -> y
main: shell
train:
  data: {{file: a.csv, inputs: {{x: a..d}}, targets: {{truth: {truth}}}}}
  loss: {loss}
"""


def net(
    wire: str,
    after: str = "inner.y",
    *,
    let: str = "",
    bias: str = "0",
    loss: str = "mse(y, truth)",
    out: int = 3,
) -> list[str]:
    """The codes of what is found in a layer inside another box."""
    truth = "kind" if "cross" in loss else "[e, f, g]"
    text = NET.format(wire=wire, after=after, let=let, bias=bias, loss=loss, out=out, truth=truth)
    report = api.validate("x.yaml", text=text)
    assert report.ok, [(one.code, one.message) for one in report]
    return sorted(one.code for one in report)


CE = "cross_entropy(y, truth)"


@pytest.mark.parametrize(
    ("wire", "after", "let", "found"),
    [
        ("softmax(a)", "inner.y", "", False),  # a simplex all the way: taken as probabilities
        ("exp(a) / sum(exp(a))", "inner.y", "", True),
        ("e / sum(e)", "inner.y", "e: exp(a - max(a))", True),
        ("p", "inner.y", "e: exp(a), p: e / sum(e)", True),
        ("normalise(exp(a))", "inner.y", "", False),
        ("exp(a)", "inner.y / sum(inner.y)", "", True),
        ("softmax(a)", "0.9 * inner.y + 0.1 / 3", "", True),
        ("softmax(a)", "log(inner.y)", "", False),
        ("log_softmax(a)", "inner.y", "", False),
        ("a", "inner.y", "e: exp(a), p: e / sum(e), used: p * a", False),
        ("a * softmax(a)", "inner.y", "", False),
        ("exp(a) / sum(exp(2 * a))", "inner.y", "", False),
        ("a / sum(exp(a))", "inner.y", "", False),
        ("5 * a", "inner.y", "", False),
    ],
)
def test_a_softmax_before_cross_entropy(wire: str, after: str, let: str, found: bool) -> None:
    codes = [one for one in net(wire, after, let=let, loss=CE) if one != "unused-let"]
    assert codes == (["double-softmax"] if found else [])


@pytest.mark.parametrize(
    ("wire", "after"),
    [
        ("0 * a", "inner.y + x[:3]"),
        ("a", "0 * inner.y + x[:3]"),
        ("off * a", "inner.y + x[:3]"),
        ("where(x[0] ** 2 < 0, a, x[:3])", "inner.y"),
        ("a - a", "inner.y + x[:3]"),
        ("relu(-(a * a) - 1)", "inner.y + x[:3]"),
        ("relu(-softmax(a))", "inner.y + x[:3]"),
        ("minimum(abs(a), -1)", "inner.y * x[:3]"),
        ("maximum(sigmoid(a), 2)", "inner.y * x[:3]"),
        ("clip(softmax(a), 1, 2)", "inner.y * x[:3]"),
        ("tanh(100 + abs(a))", "inner.y * x[:3]"),
        ("a ** 0", "inner.y * x[:3]"),
        ("zeros(3, 3) @ a", "inner.y + x[:3]"),
    ],
)
def test_what_no_gradient_can_pass(wire: str, after: str) -> None:
    codes = net(wire, after, let="off: 0")
    assert [one for one in codes if one not in ("unused-let", "idle-box")] == ["dead-gradient"] * 2


@pytest.mark.parametrize(
    ("wire", "after"),
    [
        ("relu(a - 0.1)", "inner.y"),
        ("relu(a - abs(a) + 1)", "inner.y"),
        ("0 * a + a", "inner.y"),
        ("a + stop(a)", "inner.y"),
        ("where(x[0] < 0, a, x[:3])", "inner.y"),
        ("minimum(a, 1)", "inner.y"),
        ("clip(a, -1, 1)", "inner.y"),
        ("maximum(sigmoid(a), 0.5)", "inner.y"),
        ("tanh(a)", "inner.y * x[0]"),
        ("zeros(3) + a", "inner.y"),
        ("a ** 2", "inner.y"),
        ("0.0001 * a", "inner.y"),
        ("sqrt(abs(a))", "inner.y"),
        ("a / (1 + exp(-a))", "inner.y"),
    ],
)
def test_what_a_gradient_can_pass(wire: str, after: str) -> None:
    assert net(wire, after) == []


@pytest.mark.parametrize(
    ("wire", "bias", "found"),
    [
        ("relu(a)", "-100", True),
        ("relu(late)", "-100", True),
        ("late", "-100", False),
        ("relu(a)", "-0.1", False),
        ("relu(a)", "0", False),
        ("relu(a)", "-1", False),
        ("relu(a)", "100", False),
        ("relu(-a)", "100", True),
        ("tanh(late)", "40", True),
        ("tanh(0.05 * a)", "40", False),
        ("sigmoid(a)", "-60", True),
        ("sigmoid(a)", "4", False),
        ("softplus(a)", "-60", False),
        ("tanh(a + 40)", "0", False),
        ("relu(a - 20)", "0", False),
        ("relu(a)", "glorot", False),
        ("relu(10 * b + a)", "0.1", False),
    ],
)
def test_where_learning_begins(wire: str, bias: str, found: bool) -> None:
    codes = [one for one in net(wire, bias=bias, let="late: a + 0 * b") if one != "unused-let"]
    assert [one for one in codes if one != "dead-gradient"] == (["saturated-start"] if found else [])


def test_a_start_that_is_seen_from_another_box() -> None:
    assert net("a", "relu(inner.y)", bias="-100") == ["saturated-start"]
    assert net("a", "relu(inner.y + 100)", bias="-100") == []


def test_a_relu_that_begins_at_nothing() -> None:
    text = NET.format(
        wire="relu(a)", after="inner.y", let="", bias="0", loss="mse(y, truth)", out=3, truth="[e, f, g]"
    )
    dead = api.validate("x.yaml", text=text.replace("= glorot", "= 0"))
    assert [one.code for one in dead] == ["saturated-start"]


def trust(
    law: str, *, kind: str = "simplex 3", read: str = "trust", more: str = "", keep: bool = False
) -> list[str]:
    """What is found in a market with a law of trust."""
    init = "uniform" if kind.startswith("simplex") else "1"
    text = (
        "dils: 1\ndefine:\n  market:\n    in: {right: real 3, said: real 3}\n    out: {mix: real}\n"
        f"    state:\n      trust: {{type: {kind}, init: {init}, keep: {str(keep).lower()}}}\n"
        f"    let:\n      good: exp(-0.5 * right ** 2)\n      never: 0.2 + 0.5 * sigmoid(right)\n"
        f"    wires:\n      - sum(({read}) * said * never * good) -> mix\n    next:\n      trust: {law}\n"
        "main:\n  in: {right: real 3, said: real 3}\n  out: {mix: real}\n  boxes: {market: market}\n"
        f"  wires:\n    - right -> market.right\n    - said -> market.said\n    - market.mix -> mix\n{more}"
    )
    report = api.validate("x.yaml", text=text)
    assert report.ok, [(one.code, one.message) for one in report]
    return sorted(one.code for one in report)


@pytest.mark.parametrize(
    ("law", "found"),
    [
        ("normalise(trust * good)", True),
        ("normalise(trust * exp(-0.5 * right ** 2))", True),
        ("normalise(trust * never)", True),
        ("normalise(trust * maximum(right, 0.001))", True),
        ("{to: 'normalise(trust * good)', when: 'right[0] > 0'}", True),
        ("normalise(0.99 * normalise(trust * never) + 0.01 / 3)", False),
        ("normalise(trust * good + 0.001)", False),
        ("normalise(maximum(trust * good, 0.001))", False),
        ("normalise(good)", False),
        ("softmax(log(trust) - right)", False),
    ],
)
def test_a_trust_that_can_be_lost(law: str, found: bool) -> None:
    assert trust(law) == (["lost-trust"] if found else [])


def test_a_trust_that_is_normalised_where_it_is_read() -> None:
    assert trust("trust * good", kind="real 3", read="normalise(trust)") == ["lost-trust"]
    assert trust("trust * good", kind="real 3", read="trust / sum(trust)") == ["lost-trust"]
    assert trust("trust * good", kind="real 3") == []  # something that decays
    assert trust("trust * good + 0.1", kind="real 3", read="normalise(trust)") == []


def test_a_trust_that_lives_for_a_few_ticks_only() -> None:
    short, long = "time: {dt: 1}\nsimulate: {until: 10}\n", "time: {dt: 1}\nsimulate: {until: 100}\n"
    law = "normalise(trust * never)"  # a factor of 3.5 at most
    assert trust(law, more=short) == []
    assert trust(law, more=long) == ["lost-trust"]
    assert trust(law, more=short, keep=True) == ["lost-trust"]
    assert trust("normalise(trust * good)", more=short) == ["lost-trust"]  # which may be e to the -1000
