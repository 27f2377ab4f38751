"""A softmax or an array with more room than what flows there can use, or with room for one thing only."""

from __future__ import annotations

from collections.abc import Iterator

from dilsctl.diagnostics import Diagnostic
from dilsctl.ir import Eqn
from dilsctl.rules.mending import fewer_arguments
from dilsctl.rules.rule import Rule, Subject, warning


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Softmax over one alternative, one_hot wider than its class, tables with rows that no class names."""
    for box in subject.own_boxes:
        states = {one.var: name for name, one in box.states.items()}
        for eqn in box.eqns:
            if not subject.own(eqn.span):
                continue
            if eqn.op in ("softmax", "log_softmax") and _length(eqn) == 1:
                always = "1" if eqn.op == "softmax" else "0"
                message = f"a {eqn.op} over one alternative is always {always}"
                help = "of one number, sigmoid(…) makes a probability"
                yield from warning(RULE.code, message, eqn.span, help=help)
            elif eqn.op == "one_hot":
                classes, wide = eqn.inputs[0].type.classes, eqn.param("classes")
                if classes is not None and wide > classes:
                    fix = fewer_arguments(eqn.span, "one_hot")
                    message = f"this one_hot has {wide} places, but what it is given has {classes} classes"
                    yield from warning(RULE.code, message, eqn.span, help="leave the number out", fix=fix)
            elif eqn.op == "take" and eqn.inputs[0] in states:
                table, index = eqn.inputs[:2]
                axis, classes = eqn.param("axis", 0), index.type.classes
                axis = axis if isinstance(axis, int) else 0
                if index.type.kind == "class" and classes is not None and table.shape[axis] > classes:
                    rows, name = table.shape[axis], states[table]
                    message = f"'{name}' has {rows} rows, but the class that picks one has {classes}"
                    help = f"the last {rows - classes} are never used"
                    yield from warning(RULE.code, message, eqn.span, help=help)


def _length(eqn: Eqn) -> int:
    """Over how many alternatives a softmax goes."""
    return int(eqn.inputs[0].shape[eqn.param("axis", -1)])


RULE = Rule(
    code="too-wide",
    title="a softmax or an array that does not fit what flows",
    why="A softmax over one alternative is 1, whatever it is given, and has no gradient. A one-hot vector, "
    "or a table, with more places than there are classes has some that are never used: usually a number was "
    "changed in one place and not in another.",
    topic="Learning",
    bad="""\
dils: 1
main:
  in: {word: class 20, x: real 4}
  out: {y: real 8, p: simplex 1}
  state:
    table: real 30 8 = normal
    weight: real 1 4 = glorot
  wires:
    - table[word] -> y
    - softmax(weight @ x) -> p
""",
    good="""\
dils: 1
main:
  in: {word: class 20, x: real 4}
  out: {y: real 8, p: real}
  state:
    table: real 20 8 = normal
    weight: real 4 = glorot
  wires:
    - table[word] -> y
    - sigmoid(weight @ x) -> p
""",
    check=check,
)
