"""What depends on the data alone is computed beforehand; both halves together compute the whole."""

from __future__ import annotations

import numpy as np

from dilsctl.engine.kernels import Array
from dilsctl.ir import Program
from dilsctl.passes.stage import stage
from dilsctl.verify import verify
from tests.laws.support import Machine, random_array

from .programs import BATCH, Draft, ops


def staged(program: Program) -> tuple[Program, Program]:
    """Both halves, after a run of one after the other."""
    before, rest = stage(program)
    verify(before)
    verify(rest)
    rng = np.random.default_rng(2)
    states = {path: random_array(slot.var.type, rng, whole=False) for path, slot in program.slots.items()}
    given: dict[str, Array] = {}
    for name, var in program.inputs.items():
        given[name] = random_array(var.type, rng, lead=(BATCH,) if var.batched else (), whole=False)
    expected = Machine(program, BATCH, states, seed=3).run(given)
    assert before.inputs.keys() == {name for name, var in program.inputs.items() if var.batched}
    between = Machine(before, BATCH, {}, seed=3).run(given)
    kept = {path: value for path, value in states.items() if path in rest.slots}
    found = Machine(rest, BATCH, kept, seed=3).run({**given, **between})
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-13, err_msg=name)
    return before, rest


def test_what_the_data_alone_decide() -> None:
    """Scaled inputs and one-hot targets; not what reads a state."""
    draft = Draft()
    x = draft.emit("div", draft.input("x", 3), draft.constant(16.0))
    t = draft.emit("one_hot", draft.input("truth", kind="class", classes=4), classes=4)
    logits = draft.emit("contract", draft.state("w", 4, 3), x, spec="ij,j->i")
    loss, _ = draft.builder.emit_all("cross_entropy", (logits, t))
    before, rest = staged(draft.program(loss=loss))
    assert sorted(ops(before)) == ["div", "one_hot"]
    assert ops(rest) == ["contract", "cross_entropy"]
    assert sorted(rest.inputs) == ["staged.0", "staged.1"]
    assert before.states == () and rest.slots.keys() == {"w"}


def test_what_is_read_as_given_crosses_over() -> None:
    draft = Draft()
    x = draft.input("x", 3)
    y = draft.emit("mul", draft.emit("exp", x), draft.emit("mul", draft.state("s", 3), x))
    before, rest = staged(draft.program(y=y, x=x, twice=draft.emit("exp", draft.emit("exp", x))))
    assert set(ops(before)) == {"exp"}
    assert ops(rest) == ["mul", "mul"]
    assert rest.inputs.keys() > {"x"} and rest.outputs["x"] is rest.inputs["x"]


def test_draws_are_made_at_every_step() -> None:
    draft = Draft()
    noise = draft.emit("random_normal", batched=True, key="a", shape=(3,))
    y = draft.emit("add", draft.emit("neg", draft.input("x", 3)), noise)
    before, rest = staged(draft.program(y=y))
    assert ops(before) == ["neg"]
    assert ops(rest) == ["random_normal", "add"]


def test_inputs_for_all_are_given_at_every_step() -> None:
    draft = Draft()
    x, rate = draft.input("x", 3), draft.input("rate", batched=False)
    y = draft.emit("mul", draft.emit("neg", x), draft.emit("exp", rate))
    before, rest = staged(draft.program(y=y))
    assert ops(before) == ["neg"]
    assert rest.inputs["rate"] is rate and ops(rest) == ["exp", "mul"]


def test_means_over_a_batch_are_no_data() -> None:
    draft = Draft()
    x = draft.input("x", 3)
    mean = draft.emit("batch_mean", x, batched=False)
    before, rest = staged(draft.program(y=draft.emit("sub", x, mean)))
    assert ops(before) == []
    assert ops(rest) == ["batch_mean", "sub"]


def test_what_is_much_larger_than_the_data_is_not_kept() -> None:
    """The last value that is small crosses over."""
    draft = Draft()
    small = draft.emit("exp", draft.input("x", 3))
    large = draft.emit("sin", draft.emit("broadcast", small, shape=(100, 3)))
    before, rest = staged(draft.program(y=draft.emit("mul", large, draft.state("s"))))
    assert ops(before) == ["exp"]
    assert ops(rest) == ["broadcast", "sin", "mul"]


def test_what_is_large_between_is_no_matter() -> None:
    draft = Draft()
    large = draft.emit("broadcast", draft.input("x", 3), shape=(100, 3))
    total = draft.emit("sum", draft.emit("sin", large), axes=(-2,))
    before, rest = staged(draft.program(y=draft.emit("mul", total, draft.state("s"))))
    assert ops(before) == ["broadcast", "sin", "sum"]
    assert ops(rest) == ["mul"]


def test_without_data_nothing_is_staged() -> None:
    """Episodes without data have no rows to compute anything of; what each begins with is the program's."""
    draft = Draft()
    begins = draft.emit("broadcast", draft.constant(2.0), batched=True, shape=())
    program = draft.program(y=draft.emit("mul", begins, draft.state("s")))
    before, rest = staged(program)
    assert not before.eqns and not before.outputs
    assert rest is program
