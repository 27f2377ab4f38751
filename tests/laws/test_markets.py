"""Markets of the library: laws of trust, loss and regret, over random workers and outcomes."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import logsumexp

from dilsctl import api
from dilsctl.trace import Trace

Array = np.ndarray[Any, Any]

# A worker whose sayings are columns of x: those of outcome k stand at `place * outcomes + k`.
READER = {
    "params": {"place": 0, "outcomes": 2},
    "in": {"x": "real n", "outcome": "class outcomes"},
    "out": {"p": "simplex outcomes"},
    "wires": ["normalise(x[place * outcomes:place * outcomes + outcomes]) -> p"],
}
NUMBER_READER = {
    "params": {"place": 0},
    "in": {"x": "real n", "y": "real"},
    "out": {"forecast": "real"},
    "wires": ["x[place] -> forecast"],
}


def run(folder: Path, box: dict[str, Any], inputs: dict[str, Array], **define: Any) -> Trace:
    """All that a box of the library shows, a tick a row of the inputs, and once more at the end."""
    names = {
        one: [f"{one}{k}" for k in range(np.atleast_2d(rows.T).shape[0])] for one, rows in inputs.items()
    }
    table = np.column_stack([rows.reshape(len(rows), -1) for rows in inputs.values()])
    header = ",".join(name for group in names.values() for name in group)
    kinds = [
        rows.dtype.kind == "i" for rows in inputs.values() for _ in range(np.atleast_2d(rows.T).shape[0])
    ]
    lines = [",".join(str(int(v)) if whole else repr(float(v)) for v, whole in zip(row, kinds, strict=True))
             for row in table]  # fmt: skip
    (folder / "table.csv").write_text("\n".join([header, *lines]), encoding="utf-8")
    columns = {one: group if inputs[one].ndim > 1 else group[0] for one, group in names.items()}
    types = {"outcome": f"class {box['with'].get('outcomes', 2)}", "y": "real"}
    shapes = {one: f"real {rows.shape[1]}" if rows.ndim > 1 else types[one] for one, rows in inputs.items()}
    shown = box.pop("shows")
    main = {
        "in": shapes,
        "out": shown,
        "boxes": {"box": box},
        "wires": [*(f"{one} -> box.{one}" for one in inputs), *(f"box.{one} -> {one}" for one in shown)],
    }
    simulate = {"until": len(table), "data": {"file": "table.csv", "inputs": columns}}
    document = {"dils": 1, "use": {"managers": "std/managers"}, "define": {**define, "main": main}}
    path = folder / "market.yaml"
    path.write_text(json.dumps({**document, "main": "main", "simulate": simulate}), encoding="utf-8")
    return api.load(path).simulate()


def values(trace: Trace, name: str) -> Array:
    """What was recorded of an output: a row a tick."""
    found: Array = trace.values[name][..., 0]
    return found


def sayings(rng: np.random.Generator, ticks: int, workers: int, outcomes: int) -> Array:
    """Probabilities of shape (ticks, workers, outcomes), some of them sharp."""
    raw: Array = rng.dirichlet(np.full(outcomes, rng.choice([0.3, 1.0, 5.0])), (ticks, workers)) + 1e-6
    return raw / raw.sum(-1, keepdims=True)


def market(places: list[int], outcomes: int, **options: Any) -> dict[str, Any]:
    """An informed market over readers."""
    workers = [{"box": "reader", "with": {"place": one}} for one in places]
    given = {"workers": len(places), "outcomes": outcomes, "worker": workers, **options}
    return {"box": "managers.informed_market", "with": given}


def shows(workers: int, outcomes: int) -> dict[str, str]:
    vector = f"real {workers}"
    return {"p": f"simplex {outcomes}", "trust": f"simplex {workers}", "loss": "real", "worker_loss": vector,
            "regret": "real"}  # fmt: skip


def simulated(folder: Path, said: Array, came: Array, **options: Any) -> Trace:
    """A flat market over these sayings."""
    ticks, workers, outcomes = said.shape
    box = market(list(range(workers)), outcomes, **options) | {"shows": shows(workers, outcomes)}
    return run(folder, box, {"x": said.reshape(ticks, -1), "outcome": came}, reader=READER)


sizes = st.tuples(st.integers(1, 4), st.integers(2, 4), st.integers(0, 2**32 - 1))
few = settings(max_examples=8, deadline=None)


@few
@given(sizes)
def test_loss_is_that_of_the_bayes_mixture(tmp_path_factory: pytest.TempPathFactory, size: Any) -> None:
    """Loss = -log of the sum over workers of prior times the product of what each gave; regret <= log n."""
    workers, outcomes, seed = size
    rng, ticks = np.random.default_rng(seed), 40
    said, came = sayings(rng, ticks, workers, outcomes), rng.integers(0, outcomes, ticks)
    prior = rng.uniform(0.1, 2, workers)
    trace = simulated(tmp_path_factory.mktemp("m"), said, came, prior=prior.tolist())
    gave = np.log(said[np.arange(ticks), :, came])
    total = np.vstack([np.zeros(workers), np.cumsum(gave, axis=0)])
    log_prior = np.log(prior / prior.sum())
    mixture = -logsumexp(log_prior + total, axis=1)
    np.testing.assert_allclose(values(trace, "loss"), mixture, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(values(trace, "worker_loss"), -total, rtol=1e-12, atol=1e-12)
    posterior = np.exp(log_prior + total + mixture[:, None])
    np.testing.assert_allclose(values(trace, "trust"), posterior, rtol=1e-10, atol=1e-15)
    shown = values(trace, "p")[:-1]
    np.testing.assert_allclose(shown, np.einsum("tw,two->to", posterior[:-1], said), rtol=1e-10)
    losses = np.append(0, np.cumsum(-np.log(shown[np.arange(ticks), came])))
    np.testing.assert_allclose(values(trace, "loss"), losses, rtol=1e-10, atol=1e-10)
    worst = -log_prior[np.argmin(-total, axis=1)]
    assert (values(trace, "regret") <= worst + 1e-12).all()


@few
@given(sizes)
def test_a_nested_market_is_the_flat_one(tmp_path_factory: pytest.TempPathFactory, size: Any) -> None:
    """Weights mu_i nu_ij, at every tick (law 8 of the model)."""
    groups, outcomes, seed = size
    rng, ticks = np.random.default_rng(seed), 30
    sizes = rng.integers(1, 4, groups)
    workers = int(sizes.sum())
    said, came = sayings(rng, ticks, workers, outcomes), rng.integers(0, outcomes, ticks)
    outer = rng.dirichlet(np.ones(groups))
    inner = [rng.dirichlet(np.ones(one)) for one in sizes]
    starts = np.cumsum(sizes) - sizes
    parts = [
        market(list(range(start, start + one)), outcomes, prior=own.tolist())
        for start, one, own in zip(starts.tolist(), sizes.tolist(), inner, strict=True)
    ]
    nested = {"box": "managers.informed_market", "shows": shows(groups, outcomes)}
    nested["with"] = {"workers": groups, "outcomes": outcomes, "worker": parts, "prior": outer.tolist()}
    x = {"x": said.reshape(ticks, -1), "outcome": came}
    one = run(tmp_path_factory.mktemp("n"), nested, x, reader=READER)
    weights = np.concatenate([share * own for share, own in zip(outer, inner, strict=True)])
    two = simulated(tmp_path_factory.mktemp("f"), said, came, prior=weights.tolist())
    np.testing.assert_allclose(values(one, "p"), values(two, "p"), rtol=1e-11)
    np.testing.assert_allclose(values(one, "loss"), values(two, "loss"), rtol=1e-12, atol=1e-12)
    together = np.add.reduceat(values(two, "trust"), starts, axis=1)
    np.testing.assert_allclose(values(one, "trust"), together, rtol=1e-10, atol=1e-14)


@few
@given(sizes, st.floats(0.001, 0.3))
def test_fixed_share_meets_its_bound(
    tmp_path_factory: pytest.TempPathFactory, size: Any, share: float
) -> None:
    """Herbster and Warmuth (1998): against the best sequence of workers with any number of switches."""
    _, outcomes, seed = size
    rng, ticks, workers = np.random.default_rng(seed), 60, 3
    said = sayings(rng, ticks, workers, outcomes)
    best = np.repeat(rng.integers(0, workers, 4), ticks // 4)  # who knows changes three times
    came = np.array([rng.choice(outcomes, p=said[t, best[t]]) for t in range(ticks)])
    trace = simulated(tmp_path_factory.mktemp("s"), said, came, share=share)
    lost = -np.log(said[np.arange(ticks), :, came])
    trust, loss = np.full(workers, 1 / workers), [0.0]
    for row in lost:  # as in the paper, without logarithms
        gained = trust * np.exp(-row)
        loss.append(loss[-1] - np.log(gained.sum()))
        gained /= gained.sum()
        trust = (1 - share) * gained + share / (workers - 1) * (gained.sum() - gained)
    np.testing.assert_allclose(values(trace, "loss"), loss, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(values(trace, "trust")[-1], trust, rtol=1e-10)
    for switches, least in enumerate(least_by_switches(lost, 10)):
        bound = least + np.log(workers) + switches * np.log((workers - 1) / share)
        bound += (ticks - 1 - switches) * -np.log1p(-share)
        assert values(trace, "loss")[-1] <= bound + 1e-9


def least_by_switches(lost: Array, most: int) -> list[float]:
    """The least loss of a sequence of workers with 0, 1, … ``most`` switches, by dynamic programming."""
    table = np.full((most + 1, lost.shape[1]), np.inf)
    table[0] = lost[0]
    for row in lost[1:]:
        moved = np.full_like(table, np.inf)
        for k in range(1, most + 1):
            for worker in range(lost.shape[1]):
                moved[k, worker] = np.delete(table[k - 1], worker).min()
        table = np.minimum(table, moved) + row
    return [float(one) for one in table.min(axis=1)]


def test_permuting_workers_permutes_trust(tmp_path: Path) -> None:
    rng, ticks = np.random.default_rng(5), 50
    said, came = sayings(rng, ticks, 4, 3), rng.integers(0, 3, ticks)
    order = [2, 0, 3, 1]
    for share in (0, 0.05):
        one = simulated(tmp_path, said, came, share=share)
        two = simulated(tmp_path, said[:, order], came, share=share)
        np.testing.assert_allclose(values(one, "trust")[:, order], values(two, "trust"), rtol=1e-12)
        np.testing.assert_allclose(values(one, "p"), values(two, "p"), rtol=1e-12)


def test_trust_never_underflows(tmp_path: Path) -> None:
    """A worker that is wrong for 100,000 ticks has a trust of e^-459512, where floats end at e^-745."""
    trace = turning(tmp_path, 100_000, 100_000)
    np.testing.assert_allclose(values(trace, "market.log_trust")[-1], [0, -np.log(99) * 100_000], rtol=1e-9)
    assert np.isfinite(values(trace, "loss")).all()


def test_trust_comes_back(tmp_path: Path) -> None:
    """When the world turns, trust is level again after as many ticks as the bad worker was wrong."""
    trace = turning(tmp_path, 1000, 2000)
    np.testing.assert_allclose(values(trace, "market.log_trust")[2], [0, -np.log(99) * 1000], rtol=1e-11)
    np.testing.assert_allclose(values(trace, "trust")[-1], [0.5, 0.5], atol=1e-9)


def turning(folder: Path, turns: int, until: int) -> Trace:
    """A market of two, one of which is right up to a time, the other one then; recorded four times."""
    workers = [{"box": "managers.constant", "with": {"odds": one}} for one in ([99, 1], [1, 99])]
    main = {
        "in": {"outcome": "class 2"},
        "out": {"trust": "simplex 2", "loss": "real"},
        "boxes": {"market": {"box": "managers.market", "with": {"worker": workers}}},
        "wires": ["outcome -> market.outcome", "market.trust -> trust", "market.loss -> loss"],
    }
    simulate = {
        "until": until,
        "every": until // 4,
        "record": ["trust", "loss", "market.log_trust"],
        "inputs": {"outcome": f"argmax([0, t - {turns} + 0.5])"},
    }
    document = {"dils": 1, "use": {"managers": "std/managers"}, "define": {"main": main}, "main": "main"}
    path = folder / "long.yaml"
    path.write_text(json.dumps({**document, "simulate": simulate}), encoding="utf-8")
    return api.load(path).simulate()


def forecasts(folder: Path, name: str, x: Array, y: Array, **options: Any) -> Trace:
    workers = x.shape[1]
    seats = [{"box": "reader", "with": {"place": k}} for k in range(workers)]
    vector = f"real {workers}"
    shown = {"forecast": "real", "trust": f"simplex {workers}", "loss": "real", "worker_loss": vector,
             "regret": "real"}  # fmt: skip
    box = {"box": name, "with": {"workers": workers, "worker": seats, **options}, "shows": shown}
    return run(folder, box, {"x": x, "y": y}, reader=NUMBER_READER)


def ada_hedge(losses: Array) -> tuple[Array, Array]:
    """Trust at each tick and at the end, and the mean loss by it, as in figure 1 of de Rooij and others
    (2014), in their terms: no logarithms of weights."""
    workers = losses.shape[1]
    total, gap = np.zeros(workers), 0.0
    trusts, hedged = [], []
    for row in [*losses, None]:
        if gap == 0:
            weight = (total == total.min()).astype(float)
        else:
            weight = np.exp(-np.log(workers) / gap * (total - total.min()))
        least, sum_ = total.min(), weight.sum()
        trusts.append(weight / sum_)
        if row is None:
            break
        hedged.append(float(trusts[-1] @ row))
        total = total + row
        if gap == 0:
            mixed = total.min() - least
        else:
            rate = np.log(workers) / gap
            after = np.exp(-rate * (total - total.min())).sum()
            mixed = (total.min() - np.log(after / workers) / rate) - (least - np.log(sum_ / workers) / rate)
        gap += max(0.0, hedged[-1] - mixed)
    return np.array(trusts), np.array(hedged)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e4])
@pytest.mark.parametrize("cost", ["square", "abs"])
def test_a_regression_market_is_ada_hedge(tmp_path: Path, scale: float, cost: str) -> None:
    rng, ticks = np.random.default_rng(3), 80
    y = rng.normal(size=ticks) * scale
    x = np.column_stack([y + rng.normal(size=ticks) * scale * width for width in (0.3, 0.5, 2.0)])
    trace = forecasts(tmp_path, "managers.regression_market", x, y, cost=cost)
    losses = np.square(x - y[:, None]) if cost == "square" else np.abs(x - y[:, None])
    trusts, hedged = ada_hedge(losses)
    np.testing.assert_allclose(values(trace, "trust"), trusts, rtol=1e-6, atol=1e-12)
    assert values(trace, "loss")[-1] <= hedged.sum() + 1e-9 * scale  # a mean of forecasts loses less
    spread = np.ptp(losses, axis=1).max()
    bound = spread * (np.sqrt(ticks * np.log(3)) + 16 / 3 * np.log(3) + 2)
    assert values(trace, "regret")[-1] <= bound


@few
@given(st.integers(2, 6), st.integers(0, 2**32 - 1), st.booleans())
def test_hedge_meets_its_bound(
    tmp_path_factory: pytest.TempPathFactory, workers: int, seed: int, spiteful: bool
) -> None:
    """Regret at most sqrt(T log(n) / 2), for losses from 0 to 1, also where they are chosen to hurt it."""
    rng, ticks = np.random.default_rng(seed), 200
    rate = np.sqrt(8 * np.log(workers) / ticks)
    total, losses = np.zeros(workers), []
    for _ in range(ticks):
        trust = np.exp(-rate * (total - total.min()))
        row = (trust == trust.max()).astype(float) if spiteful else rng.uniform(size=workers).round()
        losses.append(row)
        total += row
    bound = np.sqrt(ticks * np.log(workers) / 2)
    shown = {"trust": f"simplex {workers}", "loss": "real", "regret": "real"}
    inputs = {"losses": np.array(losses)}
    fixed = {"box": "managers.hedge", "with": {"workers": workers, "rate": rate}, "shows": dict(shown)}
    trace = run(tmp_path_factory.mktemp("h"), fixed, inputs)
    assert values(trace, "regret")[-1] <= bound
    trust = np.exp(-rate * (total - total.min()))
    np.testing.assert_allclose(values(trace, "trust")[-1], trust / trust.sum(), rtol=1e-9)
    free = {"box": "managers.adaptive_hedge", "with": {"workers": workers}, "shows": dict(shown)}
    trace = run(tmp_path_factory.mktemp("a"), free, inputs)
    trusts, hedged = ada_hedge(np.array(losses))
    np.testing.assert_allclose(values(trace, "trust"), trusts, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(values(trace, "loss")[1:], np.cumsum(hedged), rtol=1e-6)
    assert values(trace, "regret")[-1] <= np.sqrt(ticks * np.log(workers)) + 16 / 3 * np.log(workers) + 2


def test_a_switching_market_of_numbers_follows(tmp_path: Path) -> None:
    """Half of the time one worker is right, then the other one: fixed share turns, a market does not."""
    ticks = 200
    rng = np.random.default_rng(1)
    y = rng.normal(size=ticks)
    right = np.arange(ticks) >= ticks // 2
    x = np.column_stack([np.where(right, y + 1, y), np.where(right, y, y + 1)])
    trace = forecasts(tmp_path, "managers.switching_regression_market", x, y, rate=0.5, share=0.02)
    trust = np.full(2, 0.5)
    for row, truth in zip(x, y, strict=True):
        gained = trust * np.exp(-0.5 * (row - truth) ** 2)
        gained /= gained.sum()
        trust = 0.98 * gained + 0.02 * gained[::-1]
    np.testing.assert_allclose(values(trace, "trust")[-1], trust, rtol=1e-9)
    assert values(trace, "trust")[ticks // 2 + 30, 1] > 0.9
    held = forecasts(tmp_path, "managers.switching_regression_market", x, y, rate=0.5, share=0)
    assert values(held, "trust")[ticks // 2 + 30, 1] < 0.1
    assert values(trace, "loss")[-1] < 0.5 * values(held, "loss")[-1]
