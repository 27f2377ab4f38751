"""What the outermost manager shows the mean of: the loss and the metrics of the train block."""

from __future__ import annotations

from collections.abc import Iterable

from dilsctl.diagnostics import SourceSpan
from dilsctl.ir import Eqn, Var
from dilsctl.order import reached_from
from dilsctl.siblings import WirePlaces
from dilsctl.unfolding.nested import Level, refuse
from dilsctl.unfolding.texts import Texts
from dilsctl.unfolding.write import RESERVED
from dilsctl.written_values import named


def is_mean(root: Level, var: Var) -> bool:
    """Is it a mean over the batch, or a multiple of one, moved by a number?"""
    eqn = root.producer.get(var)
    if eqn is None or eqn.op == "batch_mean":
        return eqn is not None
    means = [one for one in eqn.inputs if is_mean(root, one)]
    rest = [one for one in eqn.inputs if one not in means]
    if len(means) != 1 or not all(_is_number(root, one) for one in rest):
        return False
    first = eqn.inputs[0] in means
    return eqn.op in ("mul", "add", "sub", "neg", "cast") or (eqn.op == "div" and first)


def check_plain(root: Level, plain: dict[str, Var]) -> None:
    """What is no mean must be what a network shows. Raises Problem: not-folded."""
    for name, var in plain.items():
        pools = any(one.op == "batch_mean" for one in needed(root, [var]))
        if pools or reads_target(root, var):
            what = "reads what is pooled" if pools else "reads a target"
            message = f"'{name}' {what}, and is no mean over the batch, nor a multiple of one"
            help = "show pool(…), or a number times that, or take the output out"
            raise refuse(message, _shown_at(root, name), help)


def _shown_at(root: Level, name: str) -> SourceSpan | None:
    """Where the wire to an output of the outermost box is written."""
    wires = WirePlaces(root.box).wires.get((None, name), [])
    return wires[0].span if wires else root.box.outputs[name].span


def terms_of(root: Level, loss: Var) -> list[Var]:
    """The terms of a sum."""
    eqn = root.producer.get(loss)
    if eqn is None or eqn.op != "add" or any(one.rank for one in eqn.inputs):
        return [loss]
    return [term for one in eqn.inputs for term in terms_of(root, one)]


def reads_target(root: Level, var: Var) -> bool:
    """Does a variable depend on an input of the outermost box?"""
    targets = {port.var for port in root.box.inputs.values()}
    return any(leaf in targets for leaf in root.leaves([var]))


def of_outputs(root: Level, var: Var, plain: dict[str, Var]) -> bool:
    """Is a term computed from outputs and targets alone?"""
    allowed = {*_shown(root, plain), *(port.var for port in root.box.inputs.values())}
    return all(leaf in allowed for leaf in root.leaves([var], allowed))


def outside(root: Level, name: str, var: Var, plain: dict[str, Var]) -> str:
    """An expression of the train block, of outputs and targets: what ``name`` shows the mean of."""
    values = {one: named(shown, one.type) for one, shown in _shown(root, plain).items()}
    values |= {port.var: named(told, port.type) for told, port in root.box.inputs.items()}
    if not of_outputs(root, var, plain):
        hidden = next(one for one in root.leaves([var], values) if one not in values)
        place = root.shown.get(hidden)
        what = f"what '{'.'.join(place)}' shows" if place is not None else f"'{hidden.name}'"
        message = f"'{name}' is of a target and of {what}, which no output of '{root.box.name}' shows"
        help = "a train block reads targets and outputs alone: show it as an output too"
        raise refuse(message, _shown_at(root, name), help)
    texts = Texts(values, set(RESERVED), {}, inline=True)
    eqns = [
        Eqn("copy", one.inputs, one.outputs, (), one.span) if one.op == "batch_mean" else one
        for one in needed(root, [var], values)
    ]
    texts.write(eqns, [var], {})
    return texts.text(var)


def _shown(root: Level, plain: dict[str, Var]) -> dict[Var, str]:
    """The variables that outputs show, and those that are made alike: a let is made at every use."""
    same: dict[Var, Var] = {}
    seen: dict[tuple[object, ...], Eqn] = {}
    for eqn in root.box.eqns:
        first = seen.setdefault(
            (eqn.op, tuple(same.get(one, one) for one in eqn.inputs), repr(eqn.params)), eqn
        )
        same |= dict(zip(eqn.outputs, first.outputs, strict=True))
    names = {same.get(var, var): name for name, var in plain.items()}
    return {
        **{var: names[one] for var, one in same.items() if one in names},
        **{var: name for name, var in plain.items()},
    }


def _is_number(level: Level, var: Var) -> bool:
    eqn = level.producer.get(var)
    while eqn is not None and eqn.op in ("cast", "broadcast", "reshape"):
        eqn = level.producer.get(eqn.inputs[0])
    return eqn is not None and eqn.op == "constant"


def needed(level: Level, ends: list[Var], stop: Iterable[Var] = ()) -> list[Eqn]:
    """The equations of some variables, in order, down to others."""
    halt = set(stop)
    kept = [eqn for eqn in level.box.eqns if not any(out in halt for out in eqn.outputs)]
    return reached_from(ends, kept)
