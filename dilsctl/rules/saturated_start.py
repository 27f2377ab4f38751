"""A learned state that begins where the function it feeds is flat."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dilsctl.diagnostics import Diagnostic, Label
from dilsctl.diagram import State
from dilsctl.ir import Eqn, Var
from dilsctl.rules.guesses import LINEAR, Guess, begin, guess, usual
from dilsctl.rules.rule import Rule, Subject, warning
from dilsctl.rules.whole import Whole

FLAT = {"tanh": 5.0, "sigmoid": 10.0}  # beyond, less than 1/5000 of a gradient is left
SPREAD = 4.0  # how many times that a drawn value must spread for most of it to lie there
RARE = 3.0  # so many deviations below 0, relu is 0 for all but one in a thousand


def check(subject: Subject) -> Iterator[Diagnostic]:
    """What goes into tanh, sigmoid and relu at the beginning, if inputs are about 1 in size."""
    told: set[tuple[str, object]] = set()
    for whole in subject.wholes:
        for eqn, found, state in _flat(whole):
            place = state.span if subject.own(state.span) else None
            if place is None or (eqn.op, place) in told:
                continue
            told.add((eqn.op, place))
            related = [Label(eqn.span, f"{eqn.op} is flat there")] if eqn.span is not None else []
            what = f"begins at about {found[0]:.3g}"
            if eqn.op in FLAT and abs(found[0]) - 2 * found[1] <= FLAT[eqn.op]:
                what = f"begins anywhere between {-found[1]:.2g} and {found[1]:.2g}"
            message = f"what '{state.name}' makes for {eqn.op} {what}, where {eqn.op} passes no gradient"
            help = "begin nearer to 0: glorot and he scale with the number of inputs"
            if eqn.op == "relu":
                help = "begin where some of it is above 0: a bias at 0, weights drawn by he"
            yield from warning(RULE.code, message, place, related=related, help=help)


def _flat(whole: Whole) -> Iterator[tuple[Eqn, Guess, State]]:
    """The functions that begin flat, what they are given, and the state to blame."""
    learned = {one.var: one.state for one in whole.flat.states if one.state.learn is not None}
    if not learned:
        return
    moving = {*whole.program.updates, *whole.program.rates, *whole.flat.answers}
    known: dict[Var, Guess | None] = {
        one.var: usual(one.var.type) if one.var in moving or one.state.source else begin(one.state)
        for one in whole.flat.states
    }
    known |= {var: usual(var.type) for var in whole.program.inputs.values() if var not in known}
    blamed: dict[Var, Var] = {var: var for var in learned}
    for eqn in whole.program.eqns:
        found = guess(eqn, known)
        behind = [blamed[one] for one in eqn.inputs if one in blamed]
        for out in eqn.outputs:
            known[out] = found
            if behind and eqn.op in LINEAR:
                blamed[out] = max(behind, key=lambda one: _size(known[one]))
        given = known.get(eqn.inputs[0]) if eqn.inputs else None
        if not behind or given is None or not _is_flat(eqn.op, given):
            continue
        state = blamed[eqn.inputs[0]]
        if _is_own_fault(whole, eqn, state, known):
            yield eqn, given, learned[state]


def _size(found: Guess | None) -> Guess:
    return (abs(found[0]), found[1]) if found is not None else (0.0, 0.0)


def _is_flat(op: str, found: Guess) -> bool:
    mean, spread = found
    if op == "relu":
        return mean + RARE * spread < 0 or mean == spread == 0
    limit = FLAT.get(op)
    return limit is not None and (abs(mean) - 2 * spread > limit or spread > SPREAD * limit)


def _is_own_fault(whole: Whole, eqn: Eqn, state: Var, known: Mapping[Var, Guess | None]) -> bool:
    """Would the function not be flat if the state began near 0? What is flat at 0 exactly is its fault."""
    start = known[state]
    if eqn.op == "relu" and known[eqn.inputs[0]] == (0.0, 0.0):
        return start == (0.0, 0.0)
    cone: list[Eqn] = []
    wanted, seen = [eqn.inputs[0]], set[Var]()
    while wanted:
        var = wanted.pop()
        producer = whole.producers.get(var)
        if var not in seen and producer is not None and producer.op in LINEAR:
            cone.append(producer)
            wanted += producer.inputs
        seen.add(var)
    order = {one: number for number, one in enumerate(whole.program.eqns)}
    calm: dict[Var, Guess | None] = {**known, state: (0.0, min(start[1], 0.1) if start is not None else 0.0)}
    for one in sorted(cone, key=order.__getitem__):
        calm.update(dict.fromkeys(one.outputs, guess(one, calm)))
    given = calm[eqn.inputs[0]]
    return given is None or not _is_flat(eqn.op, given) or given == (0.0, 0.0)


RULE = Rule(
    code="saturated-start",
    title="an initial value at which nothing can be learned",
    why="tanh and sigmoid are flat far from 0, relu below it. A learned state that begins so large that they "
    "are flat at once gets no gradient, and stays where it is. It is reckoned with inputs of about 1 in "
    "size.",
    topic="Learning",
    bad="""\
dils: 1
main:
  in: {x: real 400}
  out: {y: real 10}
  state:
    weight: real 10 400 = normal(0, 2)
  learn: [weight]
  wires:
    - tanh(weight @ x) -> y
""",
    good="""\
dils: 1
main:
  in: {x: real 400}
  out: {y: real 10}
  state:
    weight: real 10 400 = normal(0, 0.05)
  learn: [weight]
  wires:
    - tanh(weight @ x) -> y
""",
    check=check,
)
