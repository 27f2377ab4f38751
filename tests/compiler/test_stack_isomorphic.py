"""Equations equal up to names become one with a leading axis; those that differ in anything else do not."""

from __future__ import annotations

from typing import Any

import pytest

from dilsctl.ir import Program, Type, Var
from dilsctl.passes.drop_dead import drop_dead
from dilsctl.passes.stack_isomorphic import stack_isomorphic

from .programs import Draft, index, only, ops, same_results


def stacked(program: Program) -> Program:
    found = drop_dead(stack_isomorphic(program))
    same_results(program, found)
    return found


def together(draft: Draft, parts: list[Var], *, order: list[int] | None = None) -> Var:
    """An array of these, one after the other; ``order``: which is at which place."""
    shape = parts[0].shape
    parts = [parts[k] for k in order or range(len(parts))]
    places = tuple((k, *index(*[None] * len(shape), shape=shape)) for k in range(len(parts)))
    return draft.emit("assemble", *parts, index=places, type=Type("real", (len(parts), *shape)))


def neurons(draft: Draft, x: Var, count: int) -> list[Var]:
    found = []
    for k in range(count):
        weight, bias = draft.state(f"n{k}.w", *x.shape, learn={}), draft.state(f"n{k}.b", learn={})
        product = draft.emit("contract", weight, x, spec="i,i->")
        found.append(draft.emit("tanh", draft.emit("add", product, bias)))
    return found


def test_neurons_over_one_input_are_a_layer() -> None:
    draft = Draft()
    shown = neurons(draft, draft.input("x", 3), 4)
    program = draft.program(y=together(draft, shown))
    found = stacked(program)
    assert ops(found) == ["contract", "add", "tanh"]
    assert sorted(var.shape for var in found.states) == [(4,), (4, 3)]
    assert found.learned.keys() == set(found.states)
    weights, x = only(found, "contract").inputs
    assert weights.shape == (4, 3) and x is program.inputs["x"]
    assert [found.slots[f"n{k}.w"].index for k in range(4)] == [(k,) for k in range(4)]
    assert found.outputs["y"] is only(found, "tanh").outputs[0]


def test_layer_after_layer() -> None:
    draft = Draft()
    hidden = together(draft, neurons(draft, draft.input("x", 3), 4))
    found = stacked(draft.program(y=draft.emit("exp", hidden)))
    assert ops(found) == ["contract", "add", "tanh", "exp"]


def test_other_elements_in_other_orders() -> None:
    """One gather picks the elements that several neurons of the next layer read, each its own."""
    draft = Draft()
    shown = neurons(draft, draft.input("x", 3), 4)
    picked = [together(draft, shown, order=order) for order in ([3, 1, 0], [0, 0, 2])]
    sums = [draft.emit("sum", one, axes=(-1,)) for one in picked]
    found = stacked(draft.program(a=sums[0], b=sums[1]))
    assert only(found, "gather").param("indices") == ((3, 1, 0), (0, 0, 2))
    assert ops(found).count("sum") == 1 and "assemble" not in ops(found)


@pytest.mark.parametrize(("order", "op"), [([1, 2], "slice"), ([2, 0, 3], "gather"), ([1, 3], "gather")])
def test_some_elements(order: list[int], op: str) -> None:
    draft = Draft()
    shown = neurons(draft, draft.input("x", 3), 4)
    found = stacked(draft.program(y=together(draft, shown, order=order)))
    assert ops(found) == ["contract", "add", "tanh", op]


def test_elements_at_places_in_other_orders() -> None:
    draft = Draft()
    a, b = neurons(draft, draft.input("x", 3), 2)
    turned = draft.emit("assemble", a, b, index=((1,), (0,)), type=Type("real", (2,)))
    found = stacked(draft.program(y=turned))
    assert ops(found).count("tanh") == 1 and found.outputs["y"] is not only(found, "tanh").outputs[0]


def test_values_for_all_that_are_wanted_for_each_example() -> None:
    draft = Draft()
    parts = [draft.emit("tanh", draft.state(path)) for path in "ab"]
    y = draft.emit("assemble", *parts, batched=True, index=((0,), (1,)), type=Type("real", (2,)))
    assert stacked(draft.program(y=y)).outputs["y"].batched


def test_elements_of_two_stacks() -> None:
    """Each stack goes on by itself."""
    draft = Draft()
    x = draft.input("x", 2)
    products = [draft.emit("mul", draft.state(path, 2), x) for path in "abcd"]
    lines = [draft.emit("tanh", one) for one in products[:2]] + [
        draft.emit("exp", one) for one in products[2:]
    ]
    found = stacked(draft.program(y=together(draft, [draft.emit("neg", one) for one in lines])))
    assert ops(found).count("neg") == 2


def test_numbers_that_differ_are_stacked_as_one_constant() -> None:
    draft = Draft()
    x = draft.input("x", 2)
    parts = [draft.emit("mul", x, draft.constant(value, 2)) for value in (1.0, (2.0, 3.0), 4.0)]
    found = stacked(draft.program(y=together(draft, parts)))
    assert ops(found) == ["mul"]
    assert only(found, "constant").param("value") == ((1.0, 1.0), (2.0, 3.0), (4.0, 4.0))


def test_a_tied_state_stays_one_state() -> None:
    """One state read by two members of three."""
    draft = Draft()
    x = draft.input("x", 2)
    a, b = draft.state("a", 2, learn={}), draft.state("b", 2, learn={})
    parts = [draft.emit("mul", one, x) for one in (a, b, a)]
    found = stacked(draft.program(y=together(draft, parts)))
    assert ops(found) == ["assemble", "mul"]
    assert set(found.states) == {a, b}


def test_a_state_that_is_also_read_alone() -> None:
    """Before and after it is stacked with others."""
    draft = Draft()
    x = draft.input("x", 2)
    a, b = draft.state("a", 2), draft.state("b", 2)
    before = draft.emit("exp", a)
    parts = [draft.emit("mul", one, x) for one in (a, b)]
    after = draft.emit("neg", draft.emit("tanh", draft.emit("add", b, parts[0])))
    later = draft.emit("sub", a, parts[1])
    shown = {"before": before, "after": after, "later": later, "b": b}
    found = stacked(draft.program(**shown, y=together(draft, parts)))
    assert [var.shape for var in found.states] == [(2, 2)]
    assert ops(found).count("mul") == 1


def test_two_outputs_each() -> None:
    draft = Draft()
    x, t = draft.input("x", 3), draft.input("t", 3, kind="simplex", classes=3)
    logits = [draft.emit("mul", draft.state(path, 3), x) for path in "ab"]
    outs = [draft.builder.emit_all("cross_entropy", (one, t)) for one in logits]
    found = stacked(draft.program(losses=together(draft, [one for one, _ in outs]), p=outs[1][1]))
    assert ops(found).count("cross_entropy") == 1


# -- what stays apart -------------------------------------------------------------------------------


def pair(draft: Draft, kind: str) -> list[Var]:
    """Two equations that look alike."""
    x = draft.input("x", 2, 3)
    if kind == "operations":
        return [draft.emit("tanh", x), draft.emit("exp", x)]
    if kind == "params":
        return [draft.emit("softmax", x, axis=-1), draft.emit("softmax", x, axis=-2)]
    if kind == "shapes":
        return [draft.emit("tanh", x), draft.emit("tanh", draft.input("y", 3))]
    if kind == "shapes of states":
        return [draft.emit("mul", draft.state(f"s{k}", *([2, 3][k:])), x) for k in range(2)]
    if kind == "inputs":
        return [draft.emit("tanh", x), draft.emit("tanh", draft.input("y", 2, 3))]
    if kind == "coins of one key":
        return [draft.emit("random_bernoulli", draft.state(path, 3), batched=True, key="a") for path in "pq"]
    if kind == "kinds":
        return [draft.emit("neg", x), draft.emit("neg", draft.input("n", 2, 3, kind="int"))]
    if kind == "one for each example, one for all":
        return [draft.emit("tanh", x), draft.emit("tanh", draft.input("y", 2, 3, batched=False))]
    if kind == "levels":
        return [one := draft.emit("tanh", x), draft.emit("tanh", one)]
    if kind == "draws":
        return [draft.emit("random_normal", batched=True, key=key, shape=(2, 3)) for key in "ab"]
    options: list[dict[str, Any] | None] = [{"rate": 0.1}, {"rate": 0.2}]
    if kind == "learned and not":
        options[1] = None
    return [draft.emit("mul", draft.state(f"s{k}", 2, 3, learn=options[k]), x) for k in range(2)]


@pytest.mark.parametrize(
    "kind",
    [
        *("operations", "params", "shapes", "kinds", "one for each example, one for all", "levels"),
        *("draws", "coins of one key", "learned and not", "options", "shapes of states", "inputs"),
    ],
)
def test_apart(kind: str) -> None:
    draft = Draft()
    a, b = pair(draft, kind)
    program = draft.program(a=a, b=b)
    found = stacked(program)
    assert found.eqns == program.eqns
    assert found.states == program.states and found.learned == program.learned


def test_updates_are_read_from_the_stack() -> None:
    draft = Draft()
    x = draft.input("x", 2, batched=False)
    s = draft.state("s", 2)
    a, b = (draft.emit("mul", draft.state(path, 2), x) for path in "pq")
    found = stacked(draft.program({s: b}, y=a))
    assert ops(found).count("mul") == 1
    assert found.updates.keys() == {s}


def test_states_that_move_alike_take_their_laws_along() -> None:
    draft = Draft()
    x = draft.input("x", 2, batched=False)
    states = [draft.state(path, 2) for path in "abc"]
    parts = [draft.emit("mul", one, x) for one in states]
    laws = dict(zip(states, parts[1::-1], strict=False))
    found = stacked(draft.program(laws, y=together(draft, parts[:2]), c=parts[2]))
    assert sorted(var.shape for var in found.states) == [(2,), (2, 2)]
    assert len(found.updates) == 1 and found.slots["c"].index == ()
