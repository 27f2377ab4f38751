"""Local rewrites: each where it holds, and where it would not."""

from __future__ import annotations

from typing import Any

import pytest

from dilsctl.ir import Program, Type, Var
from dilsctl.passes.drop_dead import drop_dead
from dilsctl.passes.simplify import simplify

from .programs import Draft, Share, index, only, ops, same_results


def simplified(program: Program) -> Program:
    found = drop_dead(simplify(program))
    same_results(program, found)
    return found


def assemble(draft: Draft, pieces: list[Var], places: list[Any], *shape: int) -> Var:
    return draft.emit("assemble", *pieces, index=tuple(places), type=Type("real", shape))


# -- what moves values about without need -----------------------------------------------------------


def test_what_changes_nothing_goes() -> None:
    draft = Draft()
    x, s = draft.input("x", 2, 3), draft.state("s", 2, 3)
    a = draft.emit("copy", draft.emit("reshape", x, shape=(2, 3)))
    b = draft.emit("transpose", draft.emit("broadcast", a, shape=(2, 3)), perm=(-2, -1))
    c = draft.emit("slice", b, index=index(None, None, shape=(2, 3)))
    d = draft.emit("contract", c, spec="ij->ij")
    found = simplified(draft.program({s: draft.emit("copy", s)}, y=d))
    assert ops(found) == []
    assert found.outputs["y"] is x
    assert found.updates == {s: s}


def test_reshaped_twice_is_reshaped_once() -> None:
    draft = Draft()
    x = draft.input("x", 2, 6)
    a = draft.emit("reshape", x, shape=(12,))
    b = draft.emit("reshape", a, shape=(3, 4))
    back = draft.emit("reshape", b, shape=(2, 6))
    found = simplified(draft.program(b=b, back=back))
    assert ops(found) == ["reshape"]
    assert found.eqns[0].inputs == (x,) and found.outputs["back"] is x


def test_a_broadcast_over_the_batch_stays() -> None:
    draft = Draft()
    s = draft.state("s", 2)
    y = draft.emit("broadcast", s, shape=(2,), batched=True)
    assert ops(simplified(draft.program(y=y))) == ["broadcast"]


def test_two_transpositions_are_one_or_none() -> None:
    draft = Draft()
    x = draft.input("x", 2, 3, 4)
    a = draft.emit("transpose", x, perm=(-1, -3, -2))
    turned = draft.emit("transpose", a, perm=(-3, -1, -2))
    back = draft.emit("transpose", a, perm=(-2, -1, -3))
    found = simplified(draft.program(turned=turned, back=back))
    assert ops(found) == ["transpose"]
    assert found.outputs["turned"].shape == (4, 3, 2) and found.outputs["back"] is x


def test_transpositions_of_other_axes_are_left() -> None:
    draft = Draft()
    a = draft.emit("transpose", draft.input("x", 2, 3, 4), perm=(-1, -3, -2))
    y = draft.emit("transpose", a, perm=(-1, -2))
    assert ops(simplified(draft.program(y=y))) == ["transpose", "transpose"]


# -- parts ------------------------------------------------------------------------------------------


def test_a_part_just_written_is_the_piece() -> None:
    draft = Draft()
    x, y = draft.input("x", 2), draft.input("y", 3)
    whole = assemble(draft, [x, y], [((0, 2, 1),), ((2, 5, 1),)], 5)
    found = simplified(draft.program(y=draft.emit("slice", whole, index=((2, 5, 1),))))
    assert ops(found) == [] and found.outputs["y"] is y


@pytest.mark.parametrize("part", [(1, 3, 1), (0, 1, 1), (2, 5, 2)])
def test_other_parts_are_taken(part: Share) -> None:
    draft = Draft()
    x, y = draft.input("x", 2), draft.input("y", 3)
    whole = assemble(draft, [x, y], [((0, 2, 1),), ((2, 5, 1),)], 5)
    found = simplified(draft.program(y=draft.emit("slice", whole, index=(part,))))
    assert ops(found) == ["assemble", "slice"]


def test_a_piece_for_all_is_not_its_part_for_each_example() -> None:
    draft = Draft()
    x, s = draft.input("x", 2), draft.state("s", 3)
    whole = assemble(draft, [x, s], [((0, 2, 1),), ((2, 5, 1),)], 5)
    found = simplified(draft.program(y=draft.emit("slice", whole, index=((2, 5, 1),))))
    assert found.outputs["y"].batched and ops(found) == ["assemble", "slice"]


SHARES: list[Share] = [(0, 7, 1), (1, 6, 2), (0, 6, 3), (2, 5, 1)]
PARTS: list[int | Share] = [0, 1, (0, 2, 1), (1, 2, 1), (1, 1, 1), (0, 2, 2)]
PAIRS = [(3, None), *((share, part) for share in SHARES for part in PARTS)]


@pytest.mark.parametrize(("first", "then"), PAIRS)
def test_a_part_of_a_part_is_a_part(first: int | Share, then: int | Share | None) -> None:
    draft = Draft()
    x = draft.input("x", 7, 4)
    part = draft.emit("slice", x, index=(first, (1, 4, 1)))
    outer = () if then is None else (then,)
    found = simplified(draft.program(y=draft.emit("slice", part, index=(*outer, (0, 3, 2)))))
    assert ops(found) == ["slice"] and found.eqns[0].inputs == (x,)


@pytest.mark.parametrize("then", [(0, 3, 2), (3, 3, 1)])
def test_steps_of_steps_end_within_the_array(then: Share) -> None:
    draft = Draft()
    x = draft.input("x", 5)
    part = draft.emit("slice", x, index=((0, 5, 2),))
    found = simplified(draft.program(y=draft.emit("slice", part, index=(then,))))
    assert ops(found) == ["slice"] and found.eqns[0].inputs == (x,)


def test_an_array_of_all_its_parts_is_the_array() -> None:
    draft = Draft()
    x = draft.input("x", 4, 2)
    places: list[Any] = [((0, 3, 1), (0, 2, 1)), ((3, 4, 1), (0, 2, 1))]
    parts = [draft.emit("slice", x, index=place) for place in places]
    found = simplified(draft.program(y=assemble(draft, parts, places, 4, 2)))
    assert ops(found) == [] and found.outputs["y"] is x


def test_parts_at_other_places_or_of_two_arrays_are_put_together() -> None:
    draft = Draft()
    x, y = draft.input("x", 2), draft.input("y", 2)
    places: list[Any] = [(0,), (1,)]
    a, b = (draft.emit("slice", x, index=place) for place in places)
    c = draft.emit("slice", y, index=(1,))
    turned, mixed = assemble(draft, [b, a], places, 2), assemble(draft, [a, c], places, 2)
    assert ops(simplified(draft.program(turned=turned, mixed=mixed))).count("assemble") == 2


def test_some_parts_of_an_array_are_not_the_array() -> None:
    draft = Draft()
    x = draft.input("x", 3)
    places: list[Any] = [(0,), (1,)]
    parts = [draft.emit("slice", x, index=place) for place in places]
    assert ops(simplified(draft.program(y=assemble(draft, parts, places, 2))))[-1] == "assemble"


# -- products ---------------------------------------------------------------------------------------


def product(draft: Draft) -> Var:
    return draft.emit("contract", draft.state("w", 4, 3), draft.input("x", 3), spec="ij,j->i")


def test_a_part_of_a_product_is_a_product_of_parts() -> None:
    draft = Draft()
    y = draft.emit("slice", product(draft), index=((1, 3, 1),))
    found = simplified(draft.program(y=y))
    assert ops(found) == ["slice", "contract"]
    assert only(found, "slice").inputs == (found.slots["w"].var,)


def test_a_product_that_is_read_whole_is_computed_once() -> None:
    draft = Draft()
    whole = product(draft)
    y = draft.emit("slice", whole, index=((1, 3, 1),))
    assert ops(simplified(draft.program(y=y, whole=whole))) == ["contract", "slice"]


def test_an_element_of_a_product_is_left() -> None:
    draft = Draft()
    y = draft.emit("slice", product(draft), index=(2,))
    assert ops(simplified(draft.program(y=y))) == ["contract", "slice"]


def test_a_part_of_a_sum_over_the_batch_is_such_a_sum() -> None:
    draft = Draft()
    x, z = draft.input("x", 3), draft.input("z", 4)
    whole = draft.emit("contract", x, z, batched=False, spec="i,j->ij")
    y = draft.emit("slice", whole, index=((1, 3, 1), (0, 4, 1)))
    found = simplified(draft.program(y=y))
    assert ops(found) == ["slice", "contract"] and not found.outputs["y"].batched


def test_letters_of_products_are_those_of_the_alphabet() -> None:
    draft = Draft()
    w, x = draft.state("w", 4, 3), draft.input("x", 3)
    a = draft.emit("contract", w, x, spec="ij,j->i")
    b = draft.emit("contract", w, x, spec="xy,y->x")
    found = simplified(draft.program(a=a, b=b))
    assert [eqn.param("spec") for eqn in found.eqns] == ["ab,b->a"] * 2


def test_sums_over_the_batch_stay_so() -> None:
    draft = Draft()
    x = draft.input("x", 3)
    total = draft.emit("contract", x, batched=False, spec="i->i")
    outer = draft.emit("contract", x, x, batched=False, spec="i,j->ij")
    found = simplified(draft.program(total=total, outer=outer))
    assert ops(found) == ["contract", "contract"]
    assert not any(one.batched for one in found.outputs.values())


# -- neutral numbers --------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize(("op", "number"), [("mul", 1.0), ("add", 0.0)])
def test_neutral_numbers(op: str, number: float, turned: bool) -> None:
    draft = Draft()
    x = draft.input("x", 2)
    pair = (x, draft.constant(number))
    found = simplified(draft.program(y=draft.emit(op, *(pair[::-1] if turned else pair))))
    assert ops(found) == [] and found.outputs["y"] is x


@pytest.mark.parametrize(("op", "number"), [("mul", 0.0), ("mul", -1.0), ("add", 1.0), ("sub", 0.0)])
def test_other_numbers(op: str, number: float) -> None:
    draft = Draft()
    y = draft.emit(op, draft.constant(number), draft.input("x", 2))
    assert ops(simplified(draft.program(y=y))) == [op]


def test_numbers_that_repeat_or_widen_are_not_neutral() -> None:
    draft = Draft()
    ones = draft.emit("mul", draft.input("x"), draft.constant(1.0, 3))
    real = draft.emit("add", draft.input("n", 2, kind="int"), draft.constant(0.0))
    found = simplified(draft.program(ones=ones, real=real))
    assert ops(found) == ["mul", "add"]
    assert found.outputs["real"].type.kind == "real"
