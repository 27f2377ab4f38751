"""Managers of the library that are no markets, against NumPy and SciPy."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from dilsctl import api

Array = np.ndarray[Any, Any]


def load(folder: Path, main: dict[str, Any], **rest: Any) -> Any:
    """A diagram of boxes of the library."""
    define = {"main": main, **rest.pop("define", {})}
    document = {"dils": 1, "use": {"managers": "std/managers"}, "define": define, "main": "main", **rest}
    path = folder / "managers.yaml"
    path.write_text(json.dumps(document), encoding="utf-8")
    return api.load(path)


def told(folder: Path, x: Array) -> dict[str, Any]:
    """The block that runs a table, a row a tick."""
    np.savetxt(
        folder / "x.csv", x, delimiter=",", header=",".join(f"x{k}" for k in range(x.shape[1])), comments=""
    )
    columns = f"x0..x{x.shape[1] - 1}"
    return {"until": len(x), "data": {"file": "x.csv", "inputs": {"x": columns}}}


def samples(rng: np.random.Generator, ticks: int) -> Array:
    """Draws of mean 0 with one direction wider than the others."""
    turned = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    found: Array = rng.normal(size=(ticks, 4)) * [2.0, 1.0, 0.5, 0.3] @ turned.T
    return found - found.mean(axis=0)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_oja_and_sanger_find_principal_components(tmp_path: Path, seed: int) -> None:
    x = samples(np.random.default_rng(seed), 20_000)
    start = [[0.1] * 4, [0.1, 0, 0, 0]]
    main = {
        "in": {"x": "real 4"},
        "out": {"one": "real 4", "two": "real 2 4"},
        "boxes": {
            "oja": {"box": "managers.oja", "with": {"rate": 0.001}},
            "sanger": {
                "box": "managers.sanger",
                "with": {"rate": 0.002, "start": start},
            },
        },
        "wires": ["x -> oja.x", "x -> sanger.x", "oja.weight -> one", "sanger.weight -> two"],
    }
    simulate = {**told(tmp_path, x), "every": 1000}
    values = load(tmp_path, main, simulate=simulate).simulate().values
    directions = np.linalg.eigh(np.cov(x.T))[1][:, ::-1].T
    one, two = values["one"][-1, :, 0], values["two"][-1, :, :, 0]
    assert abs(np.linalg.norm(one) - 1) < 0.05
    for found, wanted in ((one, directions[0]), (two[0], directions[0]), (two[1], directions[1])):
        assert abs(found @ wanted) / np.linalg.norm(found) > 0.99


def test_hopfield_recalls_patterns_with_flipped_bits(tmp_path: Path) -> None:
    rng, n = np.random.default_rng(4), 60
    patterns = rng.choice([-1, 1], size=(4, n))
    rows, store, hear = [*patterns], [1] * 4, [0] * 4
    cues = []
    for one in patterns:
        cue = one.copy()
        cue[rng.choice(n, 8, replace=False)] *= -1
        cues.append(cue)
        rows += [cue, *[np.zeros(n)] * (2 * n)]
        store += [0] * (2 * n + 1)
        hear += [1] + [0] * (2 * n)
    table = np.column_stack([np.array(rows), store, hear])
    simulate = told(tmp_path, table)
    simulate["data"]["inputs"] = {"x": f"x0..x{n - 1}", "store": f"x{n}", "hear": f"x{n + 1}"}
    main = {
        "in": {"x": f"real {n}", "store": "real", "hear": "real"},
        "out": {"y": f"real {n}", "energy": "real"},
        "boxes": {"memory": {"box": "managers.hopfield", "with": {"n": n}}},
        "wires": ["x -> memory.x", "store > 0 -> memory.store", "hear > 0 -> memory.hear",
                  "memory.y -> y", "memory.energy -> energy"],
    }  # fmt: skip
    values = load(tmp_path, main, simulate=simulate).simulate().values
    weight = patterns.T @ patterns / n
    np.fill_diagonal(weight, 0)
    starts = np.flatnonzero(table[:, -1]) + 1
    for start, cue, pattern in zip(starts, cues, patterns, strict=True):
        during = slice(start, start + 2 * n + 1)
        y, energy = values["y"][during, :, 0], values["energy"][during, 0]
        np.testing.assert_array_equal(y[0], cue)
        np.testing.assert_array_equal(y[-1], pattern)
        np.testing.assert_allclose(energy, [-0.5 * one @ weight @ one for one in y], rtol=1e-12)
        assert (np.diff(energy) <= 1e-12).all()


@pytest.mark.parametrize("kinds", [2, 3, 5])
def test_replicator_agrees_with_solve_ivp(tmp_path: Path, kinds: int) -> None:
    rng = np.random.default_rng(kinds)
    payoff, start = rng.normal(size=(kinds, kinds)), rng.normal(size=kinds)
    share = np.exp(start) / np.exp(start).sum()

    def rate(t: float, x: Array) -> Array:
        found: Array = x * (payoff @ x - x @ payoff @ x)
        return found

    wanted = solve_ivp(rate, (0, 10), share, method="DOP853", rtol=1e-12, atol=1e-14).y[:, -1]
    main = {
        "out": {"share": f"simplex {kinds}"},
        "boxes": {
            "game": {
                "box": "managers.game",
                "with": {"kinds": kinds, "payoff": payoff.tolist(), "start": start.tolist()},
            }
        },
        "wires": ["game.share -> share"],
    }
    trace = load(tmp_path, main, time={"dt": 0.02}, simulate={"until": 10}).simulate()
    np.testing.assert_allclose(trace.values["share"][-1, :, 0], wanted, atol=1e-7)


@pytest.mark.parametrize("memory", [1.0, 0.95])
def test_least_squares_is_the_weighted_ridge_of_all_rows(tmp_path: Path, memory: float) -> None:
    rng, ticks = np.random.default_rng(0), 60
    x, ridge = rng.normal(size=(ticks, 3)), 0.5
    y = x @ [1.0, -2.0, 0.5] + 3 + rng.normal(size=ticks)
    options = {"ridge": ridge, "memory": memory}
    main = {
        "in": {"x": "real 4"},
        "out": {"forecast": "real", "z": "real 3"},
        "boxes": {
            "fit": {"box": "managers.least_squares", "with": options},
            "scale": "managers.standardise",
        },
        "wires": ["x[:3] -> fit.x", "x[:3] -> scale.x", "x[3] -> fit.y", "fit.forecast -> forecast",
                  "scale.z -> z"],
    }  # fmt: skip
    table = np.column_stack([x, y])
    values = load(tmp_path, main, simulate=told(tmp_path, table)).simulate().values
    rows = np.column_stack([x, np.ones(ticks)])
    for t in range(2, ticks):
        weight = memory ** np.arange(t - 1, -1, -1)
        square = (rows[:t].T * weight) @ rows[:t] + memory**t * ridge * np.eye(4)
        line = np.linalg.solve(square, (rows[:t].T * weight) @ y[:t])
        np.testing.assert_allclose(values["forecast"][t, 0], rows[t] @ line, rtol=1e-8)
        scaled = (x[t] - x[:t].mean(axis=0)) / x[:t].std(axis=0)
        np.testing.assert_allclose(values["z"][t, :, 0], scaled, rtol=1e-9)


@pytest.mark.parametrize("listen", [None, 1, 2])
def test_attention_between_boxes(tmp_path: Path, listen: int | None) -> None:
    """What each of five boxes hears at each tick, against a loop in NumPy."""
    rng, speakers, ticks = np.random.default_rng(2), 5, 6
    asked, named, start = (rng.normal(size=(speakers, 2)) for _ in range(3))
    seats = [
        {"box": "managers.listener", "with": {"wanted": a.tolist(), "named": n.tolist(), "start": s.tolist()}}
        for a, n, s in zip(asked, named, start, strict=True)
    ]
    main = {
        "out": {"said": f"real {speakers} 2", "attention": f"simplex {speakers} {speakers}"},
        "boxes": {"talk": {"box": "managers.attention", "with": {"speakers": speakers, "speaker": seats}}},
        "wires": ["talk.said -> said", "talk.attention -> attention"],
    }
    if listen:
        main["boxes"]["talk"]["box"] = "managers.sparse_attention"
        main["boxes"]["talk"]["with"]["listen"] = listen
    values = load(tmp_path, main, simulate={"until": ticks}).simulate().values
    score = asked @ named.T / np.sqrt(2)
    if listen:
        score[score < np.sort(score)[:, [-listen]]] = -np.inf
    weight = np.exp(score) / np.exp(score).sum(axis=1, keepdims=True)
    said = start
    for t in range(ticks + 1):
        np.testing.assert_allclose(values["said"][t, :, :, 0], said, rtol=1e-12)
        np.testing.assert_allclose(values["attention"][t, :, :, 0], weight, rtol=1e-12)
        said = weight @ said


def test_wires_grow_and_die(tmp_path: Path) -> None:
    """Against a loop in NumPy; groups of cells that are told the same get wired, and others do not."""
    rng, cells, ticks = np.random.default_rng(0), 6, 400
    group = np.repeat([0, 1, 2], 2)
    x = rng.normal(size=(ticks, 3))[:, group] + 0.3 * rng.normal(size=(ticks, cells))
    cell = {"box": "managers.unit", "with": {"function": "tanh"}}
    options = {"rate": 0.05, "grow": 0.4, "prune": 0.2, "gain": 0.3}
    main = {
        "in": {"x": f"real {cells}"},
        "out": {"weight": f"real {cells} {cells}", "wires": "int"},
        "boxes": {
            "net": {
                "box": "managers.growing",
                "with": {
                    "cells": cells,
                    "cell": cell,
                    **options,
                },
            }
        },
        "wires": ["x -> net.x", "net.weight -> weight", "net.wires -> wires"],
    }
    values = load(tmp_path, main, simulate=told(tmp_path, x)).simulate().values
    y, product, alive = np.zeros(cells), np.zeros((cells, cells)), np.zeros((cells, cells), bool)
    for t in range(ticks + 1):
        weight = np.where(alive, 0.3 * product, 0)
        np.testing.assert_allclose(values["weight"][t, :, :, 0], weight, atol=1e-9)
        assert values["wires"][t, 0] == alive.sum()
        if t < ticks:
            product = product + 0.05 * (np.outer(y, y) - product)
            alive = ~np.eye(cells, dtype=bool) & (
                (np.abs(product) > 0.4) | (alive & (np.abs(product) >= 0.2))
            )
            y = np.tanh(weight @ y + x[t])
    np.testing.assert_array_equal(alive, (group[:, None] == group) & ~np.eye(cells, dtype=bool))


def test_experts_that_are_not_chosen_are_not_heard(tmp_path: Path) -> None:
    expert = {
        "in": {"x": "real n"},
        "out": {"y": "real 1"},
        "state": {"weight": "real n = normal(0, 1)"},
        "learn": ["weight"],
        "wires": ["dot(weight, x) -> y[0]"],
    }
    main = {
        "in": {"x": "real 3"},
        "out": {"y": "real 1", "gate": "simplex 5"},
        "boxes": {
            "mixture": {
                "box": "managers.mixture_of_experts",
                "with": {"experts": 5, "chosen": 2, "spread": 1, "expert": "expert"},
            }
        },
        "wires": ["x -> mixture.x", "mixture.y -> y", "mixture.gate -> gate"],
    }
    x = np.random.default_rng(0).normal(size=(40, 3))
    truth = np.where(x[:, 0] > 0, x[:, 1], -x[:, 2])[:, None]
    train = {
        "data": {"file": "none.csv", "inputs": {"x": "x"}, "targets": {"truth": "truth"}},
        "loss": "mse(y, truth)",
        "optimiser": {"adam": {"rate": 0.02}},
        "epochs": 200,
        "batch": 40,
        "precision": "float64",
    }
    diagram = load(tmp_path, main, define={"expert": expert}, train=train)
    gate = diagram.predict({"x": x})["gate"]
    assert ((gate > 0).sum(axis=1) == 2).all()
    np.testing.assert_allclose(gate.sum(axis=1), 1, rtol=1e-12)
    before = diagram.eval({"x": x, "truth": truth}, part="all")["all.loss"]
    run = diagram.train(data={"x": x, "truth": truth})
    assert run.values["train.loss"] < 0.5 * before


def test_a_worker_that_learns_by_descent_is_one_that_is_written_by_hand(tmp_path: Path) -> None:
    """Two seats of a market on a stream: `logistic` of the library, and learned weights under plain descent
    with the same rate. They say the same at every row, so that neither gains trust: the loss of the stream is
    that of the one, and what is added for trust that is not even is 0."""
    learner = {
        "params": {"outcomes": 2},
        "in": {"x": "real n", "outcome": "class outcomes"},
        "out": {"p": "simplex outcomes"},
        "state": {"weight": "real outcomes n = 0", "bias": "real outcomes = 0"},
        "learn": ["weight", "bias"],
        "let": {"score": "weight @ x + bias"},
        "wires": ["softmax(score) -> p"],
        "loss": "cross_entropy(score, outcome)",
    }
    by_hand = {"box": "managers.logistic", "with": {"rate": 0.1, "scale": False}}
    main = {
        "in": {"x": "real 3", "outcome": "class 2"},
        "out": {"p": "simplex 2", "trust": "simplex 2", "loss": "real"},
        "boxes": {"market": {"box": "managers.informed_market", "with": {"worker": ["learner", by_hand]}}},
        "wires": ["x -> market.x", "outcome -> market.outcome", "market.p -> p", "market.trust -> trust",
                  "market.loss -> loss"],
    }  # fmt: skip
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3))
    outcome = (x[:, 0] + 0.5 * rng.normal(size=200) > 0).astype(int)
    data = {"file": "none.csv", "inputs": {"x": "x", "outcome": "outcome"}, "episode": "all"}
    train = {"data": data, "optimiser": {"sgd": {"rate": 0.1}}, "batch": 1, "epochs": 1}
    apart = {"loss": "stop(sum(abs(trust - 0.5)))", "precision": "float64"}
    diagram = load(tmp_path, main, define={"learner": learner}, train={**train, **apart})
    (epoch,) = diagram.train(data={"x": x, "outcome": outcome}).history
    weight, bias, lost = np.zeros((2, 3)), np.zeros(2), []
    for row, truth in zip(x, outcome, strict=True):
        p = np.exp(weight @ row + bias)
        p /= p.sum()
        lost.append(-np.log(p[truth]))
        wrong = np.eye(2)[truth] - p
        weight, bias = weight + 0.1 * np.outer(wrong, row), bias + 0.1 * wrong
    assert abs(epoch["train.loss"] - np.mean(lost)) < 1e-12
