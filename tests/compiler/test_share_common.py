"""Equal equations are computed once; what only looks equal is not."""

from __future__ import annotations

from dilsctl.ir import Program
from dilsctl.passes.share_common import share_common

from .programs import Draft, ops, same_results


def shared(program: Program) -> Program:
    found = share_common(program)
    same_results(program, found)
    return found


def test_equal_equations_become_one() -> None:
    draft = Draft()
    x = draft.input("x", 2)
    a = draft.emit("exp", draft.emit("tanh", x))
    b = draft.emit("exp", draft.emit("tanh", x))
    found = shared(draft.program(a=a, b=b, both=draft.emit("add", a, b)))
    assert ops(found) == ["tanh", "exp", "add"]
    assert found.outputs["a"] is found.outputs["b"]
    assert found.eqns[-1].inputs == (found.outputs["a"],) * 2


def test_updates_follow() -> None:
    draft = Draft()
    s, r = draft.state("s", 2), draft.state("r", 2)
    a, b = draft.emit("tanh", s), draft.emit("tanh", s)
    found = shared(draft.program({s: b, r: a}, y=b))
    assert ops(found) == ["tanh"]
    assert found.updates == {s: found.outputs["y"], r: found.outputs["y"]}


def test_every_output_of_an_equation_follows() -> None:
    draft = Draft()
    z, t = draft.input("z", 3), draft.input("t", 3, kind="simplex", classes=3)
    loss, _ = draft.builder.emit_all("cross_entropy", (z, t))
    _, p = draft.builder.emit_all("cross_entropy", (z, t))
    found = shared(draft.program(loss=loss, p=p))
    assert ops(found) == ["cross_entropy"]
    assert tuple(found.outputs.values()) == found.eqns[0].outputs


def test_other_order_params_or_operands_are_not_equal() -> None:
    draft = Draft()
    x, y = draft.input("x", 2, 3), draft.input("y", 2, 3)
    s, r = draft.state("s", 2, 3), draft.state("r", 2, 3)
    found = [draft.emit("sub", x, y), draft.emit("sub", y, x)]
    found += [draft.emit("sum", x, axes=(-1,)), draft.emit("sum", x, axes=(-2,))]
    found += [draft.emit("tanh", s), draft.emit("tanh", r)]
    found += [draft.emit("add", x, draft.constant(1.0)), draft.emit("add", x, draft.constant(2.0))]
    program = draft.program(**{f"y{k}": one for k, one in enumerate(found)})
    assert len(shared(program).eqns) == len(program.eqns)


def test_a_value_for_all_is_not_one_for_each_example() -> None:
    draft = Draft()
    s = draft.state("s", 2)
    once = draft.emit("broadcast", s, shape=(4, 2))
    each = draft.emit("broadcast", s, shape=(4, 2), batched=True)
    found = shared(draft.program(once=once, each=each))
    assert ops(found) == ["broadcast", "broadcast"]
    assert not found.outputs["once"].batched and found.outputs["each"].batched


def test_draws_are_told_apart_by_their_keys() -> None:
    draft = Draft()
    keys = ["a", "b", "a"]
    draws = [draft.emit("random_normal", batched=True, key=key, shape=(4,)) for key in keys]
    found = shared(draft.program(**{f"y{k}": one for k, one in enumerate(draws)}))
    assert ops(found) == ["random_normal", "random_normal"]
    assert found.outputs["y0"] is found.outputs["y2"] is not found.outputs["y1"]


def test_coins_of_other_chances_are_other_draws() -> None:
    draft = Draft()
    chances = [draft.input("p"), draft.input("q")]
    coins = [draft.emit("random_bernoulli", one, key="a") for one in chances]
    assert ops(shared(draft.program(a=coins[0], b=coins[1]))) == ["random_bernoulli"] * 2
