"""What nothing needs goes away; what outputs and updates need stays."""

from __future__ import annotations

from dilsctl.passes.drop_dead import drop_dead

from .programs import Draft, ops, same_results


def test_unread_equations_go_with_all_that_only_they_read() -> None:
    draft = Draft()
    x = draft.input("x", 2)
    y = draft.emit("tanh", x)
    draft.emit("exp", draft.emit("neg", y))
    draft.input("unread")
    program = draft.program(y=y)
    found = drop_dead(program)
    assert ops(found) == ["tanh"]
    assert found.inputs == program.inputs
    same_results(program, found)


def test_updates_are_needed() -> None:
    draft = Draft()
    s = draft.state("s", 2)
    program = draft.program({s: draft.emit("mul", s, draft.emit("tanh", s))})
    found = drop_dead(program, keep_states=False)
    assert ops(found) == ["tanh", "mul"]
    assert found.states == (s,)
    same_results(program, found)


def test_an_equation_stays_for_any_of_its_outputs() -> None:
    draft = Draft()
    z, t = draft.input("z", 3), draft.input("t", 3, kind="simplex", classes=3)
    _, p = draft.builder.emit_all("cross_entropy", (z, t))
    found = drop_dead(draft.program(p=p))
    assert ops(found) == ["cross_entropy"]


def test_states_stay_unless_told_otherwise() -> None:
    draft = Draft()
    used = draft.state("used", 2, learn={"rate": 1.0})
    dead = draft.state("dead", 2, learn={})
    draft.emit("tanh", dead)
    moved = draft.state("moved", 2)
    y = draft.emit("exp", used)
    program = draft.program({moved: y}, y=y)
    kept, found = drop_dead(program), drop_dead(program, keep_states=False)
    assert (kept.states, kept.slots, kept.learned) == (program.states, program.slots, program.learned)
    assert found.states == (used, moved)
    assert found.slots.keys() == {"used", "moved"}
    assert found.learned == {used: program.learned[used]}
    assert ops(kept) == ops(found) == ["exp"]
    same_results(program, found)


def test_an_output_may_be_an_input_or_a_state() -> None:
    draft = Draft()
    x, s = draft.input("x"), draft.state("s", 2)
    program = draft.program(x=x, s=s)
    found = drop_dead(program, keep_states=False)
    assert found.states == (s,)
    same_results(program, found)
