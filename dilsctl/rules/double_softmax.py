"""A softmax in front of a loss, or of another softmax, that makes its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dilsctl.diagnostics import Diagnostic, Label
from dilsctl.ir import Eqn, Var
from dilsctl.rules.mending import first_argument
from dilsctl.rules.rule import Rule, Subject, warning
from dilsctl.rules.shared import MOVES, moved, same

_OWN = {
    "cross_entropy": ("softmax", "cross_entropy takes logits and makes its own softmax"),
    "softmax": ("softmax", "a softmax of a softmax is flat: no share is more than e times another"),
    "log_softmax": ("softmax", "log_softmax takes logits"),
    "sigmoid_cross_entropy": ("sigmoid", "binary_cross_entropy takes the logit and makes its own sigmoid"),
}

_MIXES = frozenset(("add", "mul", "mean", "contract"))


def check(subject: Subject) -> Iterator[Diagnostic]:
    """Looks at everything at once: the softmax may be in a box deep inside, or written out."""
    told = set()
    for whole in subject.wholes:
        for eqn in whole.program.eqns:
            if eqn.op not in _OWN:
                continue
            op, why = _OWN[eqn.op]
            for inner in _made_of(eqn.inputs[0], op, whole.producers):
                spans = [one for one in (eqn.span, inner.span) if subject.own(one)]
                if not spans or (spans[0], op) in told:
                    continue
                told.add((spans[0], op))
                related = [Label(inner.span, f"the {op}")] if inner.span and inner.span != spans[0] else []
                message = f"what is given here went through a {op} already: {why}"
                help = f"give it what the {op} is taken of"
                if eqn.op == "cross_entropy":
                    help += (
                        ", or declare the port 'simplex': cross_entropy then takes probabilities as they are"
                    )
                alone = inner.op == op and moved(eqn.inputs[0], whole.producers) is inner.outputs[0]
                fix = first_argument(inner.span, op) if alone and subject.own(inner.span) else None
                yield from warning(RULE.code, message, spans[0], related=related, help=help, fix=fix)


def _made_of(var: Var, op: str, producers: Mapping[Var, Eqn]) -> list[Eqn]:
    """The equations of one kind that a value is a mixture of; empty if it is made of anything else as
    well. A probability vector may weigh them."""
    found: list[Eqn] = []
    seen: set[Var] = set()
    stack = [var]
    while stack:
        one = stack.pop()
        if one in seen:
            continue
        seen.add(one)
        eqn = producers.get(one)
        if eqn is not None and (eqn.op == op or _written_out(eqn, op, producers)):
            found.append(eqn)
        elif eqn is not None and (eqn.op in MOVES or eqn.op in _MIXES):
            stack += eqn.inputs
        elif eqn is not None and eqn.op in ("where", "take"):
            stack += eqn.inputs[1:] if eqn.op == "where" else eqn.inputs[:1]
        elif one.type.kind != "simplex" and (eqn is None or eqn.op != "constant"):
            return []
    return found


def _written_out(eqn: Eqn, op: str, producers: Mapping[Var, Eqn]) -> bool:
    """Is it exp(x) / sum(exp(x)), or 1 / (1 + exp(-x))?"""
    if eqn.op not in ("div", "reciprocal"):
        return False
    below = producers.get(moved(eqn.inputs[-1], producers))
    if below is None:
        return False
    if op == "softmax":
        above = moved(eqn.inputs[0], producers)
        return (
            eqn.op == "div"
            and below.op == "sum"
            and len(below.param("axes")) == 1
            and _op(above, producers) == "exp"
            and same(above, moved(below.inputs[0], producers), producers)
        )
    ones = [one for one in below.inputs if _is_one(one, producers)] if below.op == "add" else []
    powers = [one for one in below.inputs if _op(moved(one, producers), producers) == "exp"]
    above_one = eqn.op == "reciprocal" or _is_one(eqn.inputs[0], producers)
    return above_one and below.op == "add" and len(ones) == len(powers) == 1


def _op(var: Var, producers: Mapping[Var, Eqn]) -> str:
    eqn = producers.get(var)
    return "" if eqn is None else eqn.op


def _is_one(var: Var, producers: Mapping[Var, Eqn]) -> bool:
    eqn = producers.get(moved(var, producers))
    return eqn is not None and eqn.op == "constant" and eqn.param("value") == 1


RULE = Rule(
    code="double-softmax",
    title="a softmax, or a sigmoid, before what makes its own",
    why="cross_entropy(logits, truth) takes numbers of any size and makes probabilities of them itself. "
    "Given probabilities that were declared as real numbers, it makes a softmax of a softmax: the loss "
    "can't come near 0, the gradients are small, and training seems to work, slowly and badly.",
    topic="Learning",
    bad="""\
dils: 1
use: {nn: std/nn}
define:
  network:
    in: {x: real 4}
    out: {p: real 3}
    boxes: {layer: {box: nn.dense, with: {units: 3}}}
    wires:
      - x -> layer.x
      - 0.9 * softmax(layer.y) + 0.1 / 3 -> p
main: network
train:
  data: {file: a.csv, inputs: {x: a..d}, targets: {truth: kind}}
  loss: cross_entropy(p, truth)
""",
    good="""\
dils: 1
use: {nn: std/nn}
define:
  network:
    in: {x: real 4}
    out: {p: simplex 3}
    boxes: {layer: {box: nn.dense, with: {units: 3}}}
    wires:
      - x -> layer.x
      - normalise(0.9 * softmax(layer.y) + 0.1 / 3) -> p
main: network
train:
  data: {file: a.csv, inputs: {x: a..d}, targets: {truth: kind}}
  loss: cross_entropy(p, truth)
""",
    check=check,
)
