"""Optimisers against textbook NumPy, written independently of the equations."""

import math

import numpy as np
import pytest

from dilsctl.diagnostics import Problem
from dilsctl.ir import REAL, Type, Var
from dilsctl.learning.methods import Method, method_of
from dilsctl.learning.optimisers import OPTIMISERS, emit_clip, emit_decay
from dilsctl.operations import OPERATIONS, Builder

STEPS = 50
SIZE = 7

KERNELS = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "sqrt": np.sqrt,
    "square": np.square,
    "maximum": np.maximum,
}


def evaluate(eqns, values):
    """Run equations on arrays: a dict from Var to array, which is filled."""
    for eqn in eqns:
        ins = [values[one] for one in eqn.inputs]
        if eqn.op == "constant":
            out = np.float64(eqn.param("value"))
        elif eqn.op == "contract":
            out = np.einsum(eqn.param("spec"), *ins)
        else:
            out = KERNELS[eqn.op](*ins)
        assert np.shape(out) == eqn.outputs[0].shape
        values[eqn.outputs[0]] = out
    return values


def gradient_of(x, step):
    """Something curved, different for each element and step."""
    scale = np.linspace(0.1, 3.0, SIZE)
    return scale * x + np.sin(3 * x + step)


def run(method: Method, rate=0.03, steps=STEPS):
    vector = Type("real", (SIZE,))
    x, g = Var(vector), Var(vector)
    moments = {name: Var(vector) for name in method.moments}
    scalars = {name: Var(REAL) for name in method.scalar_names}
    builder = Builder([])
    new_x, new_moments = method.emit(builder, x, g, moments, scalars)
    assert set(new_moments) == set(moments)
    value = np.linspace(-1.0, 1.5, SIZE)
    kept = {name: np.zeros(SIZE) for name in moments}
    path = []
    for step in range(1, steps + 1):
        numbers = method.scalars(rate, step)
        assert set(numbers) == set(scalars)
        values = {x: value, g: gradient_of(value, step)}
        values |= {moments[name]: kept[name] for name in moments}
        values |= {scalars[name]: np.float64(numbers[name]) for name in scalars}
        evaluate(builder.eqns, values)
        value = values[new_x]
        kept = {name: values[var] for name, var in new_moments.items()}
        path.append(value)
    return np.array(path)


def textbook(name, o, rate=0.03, steps=STEPS, l2=0.0):
    x = np.linspace(-1.0, 1.5, SIZE)
    v = np.zeros(SIZE)
    m = np.zeros(SIZE)
    path = []
    for t in range(1, steps + 1):
        g = gradient_of(x, t) + l2 * x
        if name == "sgd":
            x = x - rate * g
        elif name == "momentum":
            v = g.copy() if t == 1 else o["momentum"] * v + g
            x = x - rate * v
        elif name == "nesterov":
            v = g.copy() if t == 1 else o["momentum"] * v + g
            x = x - rate * (g + o["momentum"] * v)
        elif name == "adagrad":
            v = v + g * g
            x = x - rate * g / (np.sqrt(v) + o["epsilon"])
        elif name == "rmsprop":
            v = o["smoothing"] * v + (1 - o["smoothing"]) * g * g
            x = x - rate * g / (np.sqrt(v) + o["epsilon"])
        else:
            if name == "adamw":
                x = x - rate * o["decay"] * x
            m = o["beta1"] * m + (1 - o["beta1"]) * g
            v = o["beta2"] * v + (1 - o["beta2"]) * g * g
            mhat = m / (1 - o["beta1"] ** t)
            vhat = v / (1 - o["beta2"] ** t)
            x = x - rate * mhat / (np.sqrt(vhat) + o["epsilon"])
        path.append(x)
    return np.array(path)


OTHER = {
    "sgd": {},
    "momentum": {"momentum": 0.5},
    "nesterov": {"momentum": 0.7},
    "adagrad": {"epsilon": 0.1},
    "rmsprop": {"smoothing": 0.8, "epsilon": 0.05},
    "adam": {"beta1": 0.0, "beta2": 0.9, "epsilon": 0.2},
    "adamw": {"beta1": 0.8, "beta2": 0.99, "epsilon": 1e-3, "decay": 0.3},
}


@pytest.mark.parametrize("name", OPTIMISERS)
@pytest.mark.parametrize("given", ["defaults", "others"])
def test_equals_the_textbook(name, given):
    options = OTHER[name] if given == "others" else {}
    defaults = {key: one.default for key, one in OPTIMISERS[name].options.items()}
    found = run(method_of({name: options}))
    wanted = textbook(name, defaults | options)
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in OPTIMISERS if name != "adamw"])
def test_l2_decay_adds_to_the_gradient(name):
    defaults = {key: one.default for key, one in OPTIMISERS[name].options.items()}
    found = run(method_of(name, decay=0.25))
    np.testing.assert_allclose(found, textbook(name, defaults, l2=0.25), rtol=1e-12, atol=1e-12)


def test_known_first_steps_of_adam():
    # Whatever the gradient, the first step of Adam is the rate times its sign (but for epsilon).
    x = np.linspace(-1.0, 1.5, SIZE)
    first = run(method_of("adam"), rate=0.01, steps=1)[0]
    np.testing.assert_allclose(x - first, 0.01 * np.sign(gradient_of(x, 1)), rtol=1e-6)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_all_equations_are_elementwise_and_few(name):
    method = method_of(name)
    vector = Type("real", (SIZE,))
    builder = Builder([])
    method.emit(
        builder,
        Var(vector),
        Var(vector),
        {one: Var(vector) for one in method.moments},
        {one: Var(REAL) for one in method.scalar_names},
    )
    work = [eqn for eqn in builder.eqns if eqn.op != "constant"]
    assert all(OPERATIONS[eqn.op].elementwise for eqn in work)
    most = {"sgd": 2, "momentum": 4, "nesterov": 6, "adagrad": 7, "rmsprop": 8, "adam": 10, "adamw": 11}
    assert len(work) == most[name]


def test_the_two_means_of_adam_have_one_form():
    vector = Type("real", (SIZE,))
    builder = Builder([])
    method = method_of("adam")
    moments = {one: Var(vector) for one in method.moments}
    scalars = {one: Var(REAL) for one in method.scalar_names}
    _, new = method.emit(builder, Var(vector), Var(vector), moments, scalars)
    made = {eqn.outputs[0]: eqn for eqn in builder.eqns}
    for name, var in new.items():
        add = made[var]
        assert add.op == "add"
        product = made[add.inputs[0]]
        assert product.op == "mul"
        assert made[product.inputs[0]].op == "constant"
        assert product.inputs[1] is moments[name]


def clipped(gradient, limit):
    g = Var(Type("real", gradient.shape))
    builder = Builder([])
    out = emit_clip(builder, g, limit)
    return evaluate(builder.eqns, {g: gradient})[out]


def test_clip_by_global_norm():
    gradient = np.array([3.0, 4.0, 12.0])  # norm 13
    np.testing.assert_allclose(clipped(gradient, 6.5), gradient / 2, rtol=1e-15)
    assert np.array_equal(clipped(gradient, 13.5), gradient)
    assert np.array_equal(clipped(np.zeros(3), 1.0), np.zeros(3))


def test_no_decay_is_no_equation():
    builder = Builder([])
    x, g = Var(REAL), Var(REAL)
    assert emit_decay(builder, x, g, 0.0) is g
    assert builder.eqns == []


def test_a_state_may_have_a_method_of_its_own():
    base = {"adam": {"rate": 0.003, "beta1": 0.8}}
    assert method_of(base, 0.1) == Method(
        "adam", (("beta1", 0.8), ("beta2", 0.999), ("epsilon", 1e-8)), 0.003, 0.1
    )
    assert method_of(base, 0.1, {"rate": 0.5, "decay": 0.0}).rate == 0.5
    assert method_of(base, 0.1, {"decay": 0.0}).decay == 0.0
    assert method_of(base, 0.1, {"optimiser": "sgd"}) == Method("sgd", (), 0.1, 0.1)
    assert dict(method_of("adamw", 0.2).options)["decay"] == 0.2
    assert dict(method_of("adamw").options)["decay"] == 0.01
    assert method_of("adamw", 0.2).decay == 0.0
    assert dict(method_of("adamw", 0.2, {"decay": 0.0}).options)["decay"] == 0.0
    assert len({method_of("adam"), method_of({"adam": {}}), method_of("sgd")}) == 2


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ("adamm", "unknown-optimiser", "did you mean 'adam'?"),
        ({"adam": {"beta_1": 0.5}}, "bad-option", "did you mean 'beta1'?"),
        ({"adam": {"beta1": 1.0}}, "bad-option", "less than 1"),
        ({"momentum": {"momentum": -0.1}}, "bad-option", "less than 1"),
        ({"adam": {"epsilon": math.nan}}, "bad-option", "not negative"),
        ({"adam": {"rate": -1}}, "bad-rate", "not be negative"),
        ({"adam": {}, "sgd": {}}, "unknown-optimiser", "name"),
        (3, "unknown-optimiser", "name"),
    ],
)
def test_mistakes_are_told(given, code, says):
    with pytest.raises(Problem) as caught:
        method_of(given)
    (found,) = caught.value.diagnostics
    assert found.code == code
    assert says in found.message + found.help
