"""A bias becomes a column of its weights, where nothing else reads either."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dilsctl.ir import Program, Slot, Var
from dilsctl.passes.fold_bias import fold_bias

from .programs import Draft, only, ops, same_results


def folded(program: Program) -> Program:
    found = fold_bias(program)
    same_results(program, found)
    return found


def layer(
    draft: Draft, x: Var, *shape: int, name: str = "", spec: str = "ij,j->i", options: Any = None
) -> tuple[Var, Var, Var]:
    """(weights, bias, product)."""
    weights = draft.state(f"{name}w", *shape, learn={})
    bias = draft.state(f"{name}b", *shape[:-1], learn=options or {})
    return weights, bias, draft.emit("contract", weights, x, spec=spec)


@pytest.mark.parametrize("turned", [False, True])
def test_layers(turned: bool) -> None:
    """The product may come first or second in the sum, the weights first or second in the product."""
    draft = Draft()
    x = draft.input("x", 3)
    _, b, product = layer(draft, x, 4, 3, name="1.")
    hidden = draft.emit("tanh", draft.emit("add", *((b, product) if turned else (product, b))))
    w, b = draft.state("2.w", 2, 4, learn={}), draft.state("2.b", 2, learn={})
    operands, spec = ((hidden, w), "j,ij->i") if turned else ((w, hidden), "ij,j->i")
    product = draft.emit("contract", *operands, spec=spec)
    found = folded(draft.program(y=draft.emit("add", product, b)))
    assert ops(found) == ["assemble", "contract", "tanh", "assemble", "contract"]
    assert [var.shape for var in found.states] == [(4, 4), (2, 5)]
    assert found.learned.keys() == set(found.states)
    first = found.states[0]
    assert found.slots["1.w"] == Slot(first, ((0, 4, 1), (0, 3, 1)))
    assert found.slots["1.b"] == Slot(first, ((0, 4, 1), 3))


def test_a_stack_of_layers_of_which_each_has_a_path() -> None:
    draft = Draft()
    x = draft.input("x", 2, 3)
    w, b, product = layer(draft, x, 2, 4, 3, spec="gij,gj->gi")
    program = draft.program(y=draft.emit("add", product, b))
    slots = {f"{k}.w": Slot(w, (k,)) for k in range(2)} | {f"{k}.b": Slot(b, (k,)) for k in range(2)}
    found = folded(replace(program, slots=slots))
    assert ops(found) == ["assemble", "contract"]
    assert found.slots["1.w"].index == (1, (0, 4, 1), (0, 3, 1))
    assert found.slots["1.b"].index == (1, (0, 4, 1), 3)


def test_single_neurons() -> None:
    draft = Draft()
    _, b, product = layer(draft, draft.input("x", 3), 3, spec="i,i->")
    found = folded(draft.program(y=draft.emit("add", product, b)))
    assert ops(found) == ["assemble", "contract"]
    assert found.slots["b"].index == (3,)


def test_one_array_for_all_that_read_the_same() -> None:
    draft = Draft()
    x = draft.input("x", 3)
    outs = {}
    for name in "pq":
        _, b, product = layer(draft, x, 4, 3, name=name)
        outs[name] = draft.emit("add", product, b)
    assert ops(folded(draft.program(**outs))) == ["assemble", "contract", "contract"]


def test_what_reads_the_sum_goes_on() -> None:
    draft = Draft()
    s = draft.state("s")
    _, b, product = layer(draft, draft.input("x", 3), 2, 3)
    y = draft.emit("add", product, b)
    new = draft.emit("batch_mean", draft.emit("sum", y, axes=(-1,)), batched=False)
    found = folded(draft.program({s: new}, y=y, loss=draft.emit("sum", y, axes=(-1,))))
    assert ops(found) == ["assemble", "contract", "sum", "batch_mean", "sum"]
    assert found.outputs["y"] is only(found, "contract").outputs[0]


# -- where it does not fit --------------------------------------------------------------------------


def unfit(draft: Draft, what: str) -> dict[str, Var]:
    """The outputs of a program like a layer."""
    x = draft.input("x", 3)
    shared = draft.state("shared", 4, learn={})
    if what == "no batch":
        _, b, product = layer(draft, draft.input("z", 3, batched=False), 4, 3)
        return {"y": draft.emit("add", product, b)}
    if what == "other options":
        _, b, product = layer(draft, x, 4, 3, options={"rate": 0.1})
        return {"y": draft.emit("add", product, b)}
    if what == "another axis":
        w = draft.state("t", 3, 4, learn={})
        return {"y": draft.emit("add", draft.emit("contract", w, x, spec="ji,j->i"), shared)}
    if what == "two axes":
        w = draft.state("t", 4, 3, 3, learn={})
        outer = draft.emit("contract", x, x, spec="j,k->jk")
        return {"y": draft.emit("add", draft.emit("contract", w, outer, spec="ijk,jk->i"), shared)}
    if what == "an axis of the input":
        w, b = draft.state("t", 4, 3, learn={}), draft.state("c", 4, learn={})
        many = draft.emit("contract", w, draft.input("z", 4, 3), spec="ij,kj->ik")
        return {"y": draft.emit("add", many, b)}
    if what == "the input's first axis":
        w = draft.state("t", 4, 3, learn={})
        return {
            "y": draft.emit("add", draft.emit("contract", w, draft.input("z", 3, 4), spec="ij,ji->i"), shared)
        }
    if what == "three factors":
        w = draft.state("t", 4, 3, learn={})
        return {"y": draft.emit("add", draft.emit("contract", w, x, x, spec="ij,j,j->i"), shared)}
    if what == "two products":
        sums = [draft.emit("add", layer(draft, x, 4, 3, name=name)[2], shared) for name in "pq"]
        return dict(zip("pq", sums, strict=True))
    w, b, product = layer(draft, x, 4, 3)
    if what == "a bias that depends":
        return {"y": draft.emit("add", product, draft.emit("tanh", b))}
    if what == "one bias for all":
        return {"y": draft.emit("add", product, draft.state("one", learn={}))}
    if what == "a bias for many":
        return {"y": draft.emit("add", product, draft.state("many", 2, 4, learn={}))}
    y = draft.emit("add", product, b)
    return {"y": y, what: {"the weights": w, "the bias": b, "the product": product}[what]}


@pytest.mark.parametrize(
    "what",
    [
        *("no batch", "other options", "another axis", "two axes", "two products", "a bias that depends"),
        *("an axis of the input", "the input's first axis", "three factors"),
        *("one bias for all", "a bias for many", "the weights", "the bias", "the product"),
    ],
)
def test_unfit(what: str) -> None:
    draft = Draft()
    program = draft.program(**unfit(draft, what))
    assert folded(program) is program


@pytest.mark.parametrize("moving", ["w", "b"])
def test_states_that_move_by_laws_of_their_own(moving: str) -> None:
    draft = Draft()
    _, b, product = layer(draft, draft.input("x", 3), 4, 3)
    state = draft.slots[moving].var
    new = draft.emit("tanh", draft.state("other", *state.shape))
    program = draft.program({state: new}, y=draft.emit("add", product, b))
    assert folded(program) is program


def test_a_sum_over_an_axis_of_the_input_alone() -> None:
    draft = Draft()
    w, b = draft.state("w", 4, 3, learn={}), draft.state("b", 4, learn={})
    product = draft.emit("contract", w, draft.input("x", 2, 3), spec="ij,kj->i")
    program = draft.program(y=draft.emit("add", product, b))
    assert folded(program) is program


@pytest.mark.parametrize("held", ["w", "b"])
def test_states_that_are_kept_without_a_law(held: str) -> None:
    """What a kept state holds is no number of the diagram, though no law moves it and nothing learns it."""
    draft = Draft()
    w, b = draft.state("w", 4, 3), draft.state("b", 4)
    product = draft.emit("contract", w, draft.input("x", 3), spec="ij,j->i")
    program = draft.program(y=draft.emit("add", product, b))
    program = replace(program, kept=frozenset({draft.slots[held].var}))
    assert folded(program) is program
