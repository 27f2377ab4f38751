import math

import pytest

from dilsctl.diagnostics import Problem
from dilsctl.learning.schedules import Rates, rate_function, rate_of

PER_EPOCH = 10


def at(value, passed, epochs=20):
    """The rate of the step that begins after so many epochs."""
    return rate_function(rate_of(value), PER_EPOCH, epochs)(round(passed * PER_EPOCH) + 1)


def test_a_number_is_constant():
    assert [at(0.25, passed) for passed in (0, 3.7, 19.9)] == [0.25] * 3


def test_cosine():
    given = {"cosine": {"start": 0.4, "end": 0.1}}
    assert at(given, 0) == 0.4
    assert at(given, 10) == pytest.approx(0.25)
    assert at(given, 5) == pytest.approx(0.1 + 0.3 * (1 + math.sqrt(0.5)) / 2)
    assert at(given, 20) == pytest.approx(0.1)
    assert at(given, 25) == pytest.approx(0.1)
    assert at({"cosine": {"start": 0.4}}, 20) == pytest.approx(0, abs=1e-15)


def test_linear():
    given = {"linear": {"start": 0.4, "end": 0.2}}
    assert at(given, 0) == 0.4
    assert at(given, 5) == pytest.approx(0.35)
    assert at(given, 20) == pytest.approx(0.2)
    assert at(given, 30) == pytest.approx(0.2)


def test_step_falls_at_whole_epochs():
    given = {"step": {"start": 1.0, "factor": 0.5, "every": 3}}
    rate = rate_function(rate_of(given), 7, 20)
    for step in range(1, 20 * 7 + 1):
        assert rate(step) == 0.5 ** ((step - 1) // 7 // 3)


def test_exponential():
    given = {"exponential": {"start": 0.1, "factor": 0.9}}
    assert at(given, 0) == 0.1
    assert at(given, 4) == pytest.approx(0.1 * 0.9**4)
    assert at(given, 0.5) == pytest.approx(0.1 * 0.9**0.5)


def test_warmup_rises_to_the_rate_that_follows():
    rate = rate_function(rate_of({"warmup": {"epochs": 0.5, "then": 0.6}}), PER_EPOCH, 20)
    assert [rate(step) for step in range(1, 8)] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.6])


def test_what_follows_a_warmup_begins_after_it_and_ends_with_the_run():
    given = {"warmup": {"epochs": 2, "then": {"linear": {"start": 1.0, "end": 0.0}}}}
    assert at(given, 2) == pytest.approx(1.0)
    assert at(given, 11) == pytest.approx(0.5)
    assert at(given, 20) == pytest.approx(0.0)
    assert at(given, 0) == pytest.approx(1 / 21)


def test_a_run_of_no_epochs_has_a_rate():
    assert at({"cosine": {"start": 0.4}}, 0, epochs=0) == pytest.approx(0)


def test_rates_also_gives_those_of_other_states():
    rates = Rates(rate_of(0.1), PER_EPOCH, 20)
    assert rates(5) == 0.1
    other = rates.of(rate_of({"linear": {"start": 1.0}}))
    assert other(101) == pytest.approx(0.5)
    assert rates.of(0.3)(1) == 0.3


def test_models_are_read():
    pydantic = pytest.importorskip("pydantic")
    from dilsctl.learning.methods import method_of
    from dilsctl.syntax.train import Optimiser

    text = {"sgd": {"rate": {"warmup": {"epochs": 1, "then": {"cosine": {"start": 0.5}}}}}}
    model = pydantic.TypeAdapter(Optimiser).validate_python(text)
    assert method_of(model) == method_of(text)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"cosin": {"start": 1}}, "did you mean 'cosine'?"),
        ({"cosine": {"begin": 1}}, "has no 'begin'"),
        ({"cosine": {}}, "needs 'start'"),
        ({"step": {"start": 1.0}}, "needs 'every'"),
        ({"warmup": {"epochs": 1}}, "needs 'then'"),
        (-0.1, "not be negative"),
        (True, "neither a number nor a schedule"),
        (None, "neither a number nor a schedule"),
        (math.inf, "finite"),
    ],
)
def test_mistakes_are_told(given, says):
    with pytest.raises(Problem) as caught:
        rate_of(given)
    (found,) = caught.value.diagnostics
    assert found.code == "bad-rate"
    assert says in found.message + found.help
