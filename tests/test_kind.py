"""DNN, IDS or DILS: the systems of the literature are what they are called, and the evidence says why."""

from __future__ import annotations

from pathlib import Path

import pytest

from dilsctl import api
from dilsctl.kind import Kind, kind_of
from dilsctl.kind_text import kind_json, kind_lines

from .laws.support import diagram_of

ROOT = Path(__file__).resolve().parent.parent


def kind(text: str) -> Kind:
    return kind_of(diagram_of("dils: 1\n" + text))


MLP = """
use: {nn: std/nn}
define:
  net:
    in: {x: real 4}
    out: {y: real 2}
    boxes: {first: {box: nn.dense, with: {units: 8}}, last: {box: nn.dense, with: {units: 2}}}
    wires: [x -> first.x, first.y -> last.x, last.y -> y]
main: net
"""

UNFOLDED = """
define:
  worker:
    in: {dy: {type: real, feedback: y}, %s}
    out: {y: real, %s}
    state: {guess: {type: real = 1, keep: true}}
    next: {guess: guess - 0.1 * (dy + %s)}
    wires: [guess -> y, %s]
  manager:
    in: {truth: real}
    out: {p: real}
    boxes: {left: worker, right: worker}
    state: {scale: {type: real = 1, keep: true}}
    wires:
      - scale * (left.y + right.y) -> p
      - scale * (left.y + right.y - truth) -> left.dy
      - scale * (left.y + right.y - truth) -> right.dy
%s
    next: {scale: scale - 0.1 * (left.y + right.y - truth) * (left.y + right.y)}
main: manager
"""


def test_feedback_is_no_peer_wire() -> None:
    found = kind(UNFOLDED % ("told: real", "shown: real", "told", "guess -> shown", PEERS))
    assert found.name == "DILS"
    assert {(one.source, one.target) for one in found.peers} == {
        ("left.shown", "right.told"), ("right.shown", "left.told")
    }  # fmt: skip
    text = UNFOLDED.replace(", %s}\n    out", "}\n    out").replace(", %s}\n    state", "}\n    state")
    text = text.replace(", %s]", "]").replace(" + %s", "").replace("%s\n", "")
    alone = kind(text)
    assert alone.name == "DNN" and not alone.peers and not alone.layers


PEERS = "      - right.shown -> left.told\n      - left.shown -> right.told"

CNN = """
use: {nn: std/nn}
define:
  net:
    in: {x: real 1 8 8}
    out: {y: real 3}
    boxes:
      filters: {box: nn.conv2d, with: {filters: 2, activation: relu}}
      pool: nn.max_pool
      flat: nn.flatten
      last: {box: nn.dense, with: {units: 3}}
    wires: [x -> filters.x, filters.y -> pool.x, pool.y -> flat.x, flat.y -> last.x, last.y -> y]
main: net
"""

RNN = """
use: {nn: std/nn}
define:
  cell:
    in: {x: real n}
    out: {h: real 5}
    state: {h: real 5, inner: real 5 5 = glorot, outer: real 5 n = glorot}
    learn: [inner, outer]
    next: {h: tanh(inner @ h + outer @ x)}
  net:
    in: {x: real 3}
    out: {y: real 2}
    boxes: {cell: cell, last: {box: nn.dense, with: {units: 2}}}
    wires: [x -> cell.x, cell.h -> last.x, last.y -> y]
main: net
"""

ATTENTION = """
define:
  attention:
    in: {x: real 6 4}
    out: {y: real 6 4}
    state: {ask: real 4 4 = glorot, offer: real 4 4 = glorot, give: real 4 4 = glorot}
    learn: [ask, offer, give]
    let: {weights: softmax((x @ ask) @ transpose(x @ offer))}
    wires: [weights @ (x @ give) -> y]
main: attention
"""

DEEP_ARRAY = """
define:
  layer:
    in: {x: real 3}
    out: {y: real 3}
    state: {w: real 3 3 = glorot}
    learn: [w]
    wires: [tanh(w @ x) -> y]
  net:
    in: {x: real 3}
    out: {y: real 3}
    boxes: {layer: {box: layer, count: 5}}
    wires: ["x -> layer[0].x", "layer[:-1].y -> layer[1:].x", "layer[-1].y -> y"]
main: net
"""

TIED = """
define:
  layer:
    in: {x: real}
    out: {y: real}
    share: {w: real = 1}
    learn: [w]
    wires: [w * x -> y]
  net:
    in: {x: real}
    out: {y: real}
    boxes: {a: layer, b: layer}
    join: {w: [a.w, b.w]}
    wires: [x -> a.x, a.y -> b.x, b.y -> y]
main: net
"""

MARKET = """
define:
  worker:
    params: {prior: 0.5}
    in: {outcome: class 2}
    out: {p: simplex 2}
    state: {seen: real 2 = 1}
    next: {seen: seen + one_hot(outcome)}
    wires: [normalise(seen + prior) -> p]
  market:
    in: {outcome: class 2}
    out: {p: simplex 2}
    boxes: {worker: {box: worker, count: 3}}
    state: {trust: simplex 3}
    next: {trust: "normalise(trust * worker.p[:, outcome])"}
    wires: [trust @ worker.p -> p, outcome -> worker.outcome]
main: market
"""


@pytest.mark.parametrize("text", [MLP, CNN, RNN, ATTENTION, DEEP_ARRAY, TIED, MARKET])
def test_networks(text: str) -> None:
    found = kind(text)
    assert (found.name, found.peers, found.links) == ("DNN", [], [])
    assert found.changeable


LATCH = """
define:
  nor: {in: {a: bool, b: bool}, out: {y: bool}, wires: [not (a or b) -> y]}
  delay: {in: {x: bool}, out: {y: bool}, state: {y: bool}, next: {y: x}}
  latch:
    in: {set: bool, reset: bool}
    out: {q: bool}
    boxes: {up: nor, down: nor, back: delay}
    wires: [reset -> up.a, back.y -> up.b, set -> down.a, up.y -> down.b, down.y -> back.x, up.y -> q]
main: latch
"""

SHARING = """
define:
  growth: {share: {u: real}, rate: {u: 0.3 * u}}
  eats:
    share: {prey: real, pred: real}
    rate: {prey: -0.015 * prey * pred, pred: 0.015 * prey * pred}
  decline: {share: {u: real}, rate: {u: -0.7 * u}}
  ecosystem:
    share: {rabbits: real = 10, foxes: real = 100}
    out: {rabbits: real, foxes: real}
    boxes: {growth: growth, eats: eats, decline: decline}
    join:
      rabbits: [growth.u, eats.prey]
      foxes: [eats.pred, decline.u]
main: ecosystem
"""

DIRECTED = """
define:
  prey:
    in: {foxes: real}
    out: {u: real}
    state: {u: real = 10}
    rate: {u: 0.3 * u - 0.015 * u * foxes}
  hunters:
    in: {rabbits: real}
    out: {u: real}
    state: {u: real = 100}
    rate: {u: 0.015 * rabbits * u - 0.7 * u}
  ecosystem:
    out: {rabbits: real}
    boxes: {prey: prey, hunters: hunters}
    wires: [prey.u -> hunters.rabbits, hunters.u -> prey.foxes, prey.u -> rabbits]
main: ecosystem
"""


@pytest.mark.parametrize("text", [LATCH, SHARING, DIRECTED])
def test_interacting_systems(text: str) -> None:
    found = kind(text)
    assert found.name == "IDS" and not found.layers and not found.changeable


CHOIR = """
define:
  singer:
    params: {speed: 1}
    in: {drive: real}
    out: {phase: real}
    state: {phase: real}
    rate: {phase: speed + drive}
  choir:
    out: {phase: real 10}
    boxes: {singer: {box: singer, count: 10}}
    state: {coupling: real 10 10 = 0}
    learn: [coupling]
    loss: sum(coupling * coupling)
    wires:
      - sum(coupling * sin(singer.phase[None, :] - singer.phase[:, None]), axis=1) -> singer.drive
      - singer.phase -> phase
main: choir
"""

LOOPED = """
define:
  half:
    in: {x: real 3}
    out: {y: real 3}
    state: {y: real 3, w: real 3 3 = glorot}
    learn: [w]
    next: {y: tanh(w @ x)}
  net:
    in: {u: real 3}
    out: {y: real 3}
    boxes: {a: half, b: half}
    wires: [u + b.y -> a.x, a.y -> b.x, b.y -> y]
main: net
"""

TALKING_MARKET = """
define:
  worker:
    in: {heard: real}
    out: {p: real}
    state: {p: real = 0.5}
    next: {p: 0.5 * (p + heard)}
  market:
    out: {p: real}
    boxes: {a: worker, b: worker}
    state: {trust: real = 0.5}
    next: {trust: trust * a.p}
    wires: [a.p -> b.heard, b.p -> a.heard, trust * a.p + b.p -> p]
main: market
"""


@pytest.mark.parametrize("text", [CHOIR, LOOPED, TALKING_MARKET])
def test_deeply_interacting_learning_systems(text: str) -> None:
    found = kind(text)
    assert found.name == "DILS" and found.peers and found.changeable


AROUND = """
define:
  half:
    in: {x: real 3}
    out: {y: real 3}
    state: {y: real 3, w: real 3 3 = glorot}
    learn: [w]
    next: {y: tanh(w @ x)}
  pair:
    in: {x: real 3}
    out: {y: real 3}
    boxes: {a: half, b: half}
    wires: [x -> a.x, a.y -> b.x, b.y -> y]
  net:
    in: {u: real 3}
    out: {y: real 3}
    boxes: {pair: pair}
    wires: [BACK -> pair.x, pair.y -> y]
main: net
"""


def test_a_cycle_may_close_outside_of_the_box_that_holds_the_wire() -> None:
    found = kind(AROUND.replace("BACK", "u + pair.y"))
    assert found.name == "DILS"
    assert [(one.source, one.target, one.why) for one in found.peers] == [
        ("a.y", "b.x", "it lies on a cycle")
    ]
    through = kind(AROUND.replace("BACK", "u"))
    assert through.name == "DNN" and [one.source for one in through.layers] == ["a.y"]


def test_what_a_box_tells_itself_is_no_peer_wire() -> None:
    body = """
define:
  cell: {in: {x: real}, out: {y: real}, state: {y: real = 1}, rate: {y: x - y}}
  cells:
    out: {y: real 4}
    boxes: {cell: {box: cell, count: 4}}
    wires: ["WIRE -> cell.x", cell.y -> y]
main: cells
"""
    assert kind(body.replace("WIRE", "2 * cell.y")).name == "neither"
    assert kind(body.replace("WIRE", "cell.y[::-1]")).name == "IDS"
    assert kind(body.replace("WIRE", "sum(cell.y)")).name == "IDS"


def test_a_choice_by_what_is_wired_is_changeable_and_a_conversion_is_not() -> None:
    body = """
define:
  bit: {in: {x: bool}, out: {y: bool}, state: {y: bool}, next: {y: not x}}
  pair:
    in: {u: real}
    out: {z: real}
    boxes: {a: bit, b: bit}
    wires: [a.y -> b.x, b.y -> a.x, "CHOICE -> z"]
main: pair
"""
    assert kind(body.replace("CHOICE", "1 if a.y else 0")).name == "IDS"
    found = kind(body.replace("CHOICE", "u if a.y else 0"))
    assert found.name == "DILS" and [one.rule for one in found.changeable] == ["b"]


def test_copies_of_a_box_that_share_one_variable_meet() -> None:
    body = """
define:
  cell: {share: {v: real = 1}, rate: {v: -v}}
  main:
    share: {v: real WIDE= 1}
    out: {v: real WIDE}
    boxes: {cell: {box: cell, count: 3}}
    join: {v: [cell.v]}
main: main
"""
    assert kind(body.replace("WIDE", "")).name == "IDS"
    assert kind(body.replace("WIDE", "3 ")).name == "neither"


def test_holes_leave_it_open() -> None:
    hole = MLP.replace("last: {box: nn.dense, with: {units: 2}}", "last: {in: {x: real 8}, out: {y: real 2}}")
    assert kind(hole).name == "open"


EXAMPLES = {
    "phone-and-towers": "DILS",
    "supplier-change": "DILS",
    "or-gate": "IDS", "digits": "DNN", "digits-neurons": "DNN", "digits-listed": "DNN", "digits-conv": "DNN",
    "iris": "DNN", "linear-regression": "DNN", "skip": "DNN", "attention": "DNN", "experts": "DNN",
    "carry": "IDS", "population": "neither", "clock": "IDS", "fibonacci": "IDS", "market": "DNN",
    "kuramoto": "IDS", "control-loop": "IDS", "chain": "IDS", "cpu": "IDS",
    "nested-markets": "DNN", "phishing-market": "DNN", "chicks": "DNN", "forecasters": "DILS",
    "hopfield": "DILS",
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples(name: str) -> None:
    assert kind_of(api.load(ROOT / "examples" / f"{name}.yaml").diagram).name == EXAMPLES[name]


PHONES = """
define:
  phone:
    in: {push: real, reply: {type: real, when: near}}
    out: {place: real, call: {type: real, when: near}}
    state: {place: real}
    modes: {near: place < 1, away: otherwise}
    next: {place: place + push + (reply if near else 0)}
    wires: [place -> call]
  tower: {in: {heard: real}, out: {says: real}, state: {says: real}, next: {says: heard}}
  town:
    in: {push: real}
    out: {place: real}
    boxes: {phone: phone, tower: tower}
    wires: [push -> phone.push, phone.place -> place, HEARD -> tower.heard, tower.says -> phone.reply]
main: town
"""


@pytest.mark.parametrize(
    ("heard", "name", "what"),
    [
        ("phone.place", "IDS", ""),
        ("real(phone.near)", "DILS", "the wire to tower.heard reads the mode phone.near"),
        (
            "phone.call if not phone.away else 0",
            "DILS",
            "the wire to tower.heard reads the mode phone.away and phone.call, which exists in some modes "
            "only",
        ),
    ],
)
def test_a_wire_that_reads_a_mode_is_changeable(heard: str, name: str, what: str) -> None:
    """It is what the wires of the box around read that counts, not that a box has modes."""
    found = kind(PHONES.replace("HEARD", heard))
    assert found.name == name
    assert [(one.rule, one.what) for one in found.changeable] == ([("a", what)] if what else [])


def test_the_evidence_has_places() -> None:
    found = kind_of(api.load(ROOT / "examples" / "or-gate.yaml").diagram)
    lines = kind_lines(found)
    assert lines[0] == "kind: IDS, an interacting dynamical system: peer wires, no changeable pattern"
    assert (
        "or: left.y -> join.a (nothing is listed under 'learn', so no wire is a layer's)" in lines[2]
        and "or-gate.yaml:" in lines[2]
    )
    told = kind_json(found)
    assert told["name"] == "IDS" and told["peers"][0]["from"] == "left.y" and told["peers"][0]["line"] > 0


BODIES = """
define:
  body:
    in: {told: real}
    out: {shown: real}
    state: {q: real = 1}
    LAW
    potential: (q - told) ** 2 / 2
    wires: [q -> shown]
  pair:
    in: {x: real}
    out: {y: real}
    state: {w: real = 0.5}
    learn: [w]
    boxes: {a: body, b: body}
    wires: [WIRE -> a.told, a.shown -> b.told, w * b.shown -> y]
main: pair
"""


@pytest.mark.parametrize(
    "law", ["conserve: {q: 2}", "learn: {q: {step: 0.1}}", "conserve: {q: 1 + told ** 2}"]
)
def test_bodies_that_a_potential_moves_talk(law: str) -> None:
    """What a body is told moves it, and its energy pushes back at who tells it: even a row is a cycle."""
    circle = kind(BODIES.replace("LAW", law).replace("WIRE", "b.shown"))
    assert circle.name == "DILS"
    assert {one.why for one in circle.peers} == {"it lies on a cycle"} and len(circle.peers) == 2
    row = BODIES.replace("LAW", law).replace("WIRE", "x")
    assert [(one.source, one.target) for one in kind(row).peers] == [("a.shown", "b.told")]
    row = kind(row.replace("told) **", "stop(told)) **").replace("1 + told", "1 + stop(told)"))
    assert [(one.source, one.target) for one in row.layers] == [("a.shown", "b.told")] and not row.peers


@pytest.mark.parametrize("law", ["conserve: {x: 2}", "learn: {x: {step: 0.1}}"])
def test_heat_and_waves_are_interacting_systems(law: str) -> None:
    found = kind(
        """
define:
  node: {share: {x: real}, LAW}
  spring: {share: {a: real, b: real}, potential: (a - b) ** 2}
  chain:
    share: {x: real 5}
    boxes: {node: {box: node, count: 5}, spring: {box: spring, count: 4}}
    join: {x: [node.x], "x[:-1]": [spring.a], "x[1:]": [spring.b]}
main: chain
""".replace("LAW", law)
    )
    assert found.name == "IDS"
    assert [one.variable for one in found.links] == ["x"]
