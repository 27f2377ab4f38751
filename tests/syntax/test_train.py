"""The train block."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from dilsctl.syntax.optimiser import Adam, Adamw, Cosine, Schedule, Sgd, Warmup, optimiser_of
from dilsctl.syntax.train import Train


def test_defaults() -> None:
    train = Train.model_validate({})
    assert optimiser_of(train.optimiser) == ("adam", Adam())
    assert (train.batch, train.epochs, train.seed, train.precision, train.shuffle) == (
        32,
        10,
        0,
        "float32",
        True,
    )


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw"])
def test_an_optimiser_by_name_has_its_defaults(name: str) -> None:
    short = Train.model_validate({"optimiser": name}).optimiser
    long = Train.model_validate({"optimiser": {name: {}}}).optimiser
    assert optimiser_of(short) == optimiser_of(long)


def test_options_and_schedules() -> None:
    rate = {"warmup": {"epochs": 0.5, "then": {"cosine": {"start": 0.1}}}}
    train = Train.model_validate({"optimiser": {"sgd": {"rate": rate}}})
    name, options = optimiser_of(train.optimiser)
    assert name == "sgd"
    assert isinstance(options, Sgd)
    assert isinstance(options.rate, Schedule)
    kind, warmup = options.rate.choice
    assert kind == "warmup"
    assert isinstance(warmup, Warmup)
    assert isinstance(warmup.then, Schedule)
    assert warmup.then.choice == ("cosine", Cosine(start=0.1, end=0.0))


def test_adamw_has_a_decay_of_its_own() -> None:
    assert Adamw.model_validate({"decay": 0.1}).decay == 0.1
    with pytest.raises(ValidationError):
        Adam.model_validate({"decay": 0.1})


@pytest.mark.parametrize("columns", ["label", "p0..p63", ["a", "b"], 0, [0, 1]])
def test_columns(columns: object) -> None:
    train = Train.model_validate({"data": {"file": "f", "inputs": {"x": columns}}})
    assert train.data is not None
    assert train.data.inputs == {"x": columns}


@pytest.mark.parametrize("part", [0.2, "last 3498", "first 10"])
def test_parts(part: object) -> None:
    train = Train.model_validate({"data": {"split": {"test": part, "validation": 0.1}}})
    assert train.data is not None
    assert train.data.split.test == part


def test_values_are_frozen() -> None:
    train = Train.model_validate({})
    with pytest.raises(ValidationError):
        train.epochs = 3
