"""What ``dilsctl init`` writes: a small diagram with comments, and data for it to learn from."""

from __future__ import annotations

import json
import math
import random
import re

POINTS = 300

DIAGRAM = """\
# A first dilsctl diagram: two layers that learn to tell two half moons apart.
#
#   dilsctl validate {file}        look for mistakes
#   dilsctl train {file}           train it; writes a run folder
#   dilsctl train {file} --set train.epochs=100 --set params.hidden=32
#   dilsctl test {file}            run the checks at the end of this file

dils: 1
name: {name}
doc: Tells two half moons of points apart.

# Boxes are drawn once, under a name, and used wherever that name stands.
define:

  # A box has an interface: `in` is what it is told, `out` is what it shows. A type is a kind (real, bool,
  # int, class K, simplex K) and a shape. `n` is free: it becomes what is wired to the port.
  layer:
    doc: "A fully connected layer: activation(weight @ x + bias)."
    params: {{units: 8, activation: identity}}
    in: {{x: real n}}
    out: {{y: real units}}
    # State lives on from one tick to the next. It is written TYPE = INITIAL VALUE.
    state:
      weight: real units n = glorot
      bias: real units = 0
    # Learned state moves down the gradient of the loss.
    learn: [weight, bias]
    # A wire is EXPRESSION -> TARGET. Every output and every interior input has exactly one.
    wires:
      - activation(weight @ x + bias) -> y

  network:
    params: {{hidden: 16}}
    in: {{point: real 2}}
    out: {{logits: real 2}}
    # Interior boxes. `with` sets the parameters of a definition for this use of it.
    boxes:
      first: {{box: layer, with: {{units: hidden, activation: tanh}}}}
      last: {{box: layer, with: {{units: 2}}}}
    wires:
      - point   -> first.x
      - first.y -> last.x
      - last.y  -> logits

# The box that is run.
main: network

train:
  data:
    file: {data}
    inputs: {{point: [x, y]}}  # port: columns
    targets: {{truth: moon}}   # a name for expressions: column
    split: {{test: 0.2}}       # a fifth of the rows is kept apart, to be tested on
  loss: cross_entropy(logits, truth)
  metrics: {{accuracy: mean(argmax(logits) == truth)}}
  optimiser: {{adam: {{rate: 0.02}}}}
  batch: 16
  epochs: 40
  seed: 0

# What must be true of the main box, or of another one (`box: NAME`).
checks:
  - name: a layer begins with bias 0
    box: layer
    given: {{x: [[0, 0, 0]]}}
    expect: {{y: [[0, 0, 0, 0, 0, 0, 0, 0]]}}
  - name: learns the moons
    train: {{epochs: 40}}
    expect: {{test.accuracy: {{at_least: 0.95}}}}
"""


def diagram(name: str, file: str, data: str) -> str:
    """The text of a diagram called ``name``, as file ``file``, that trains on the table ``data``."""
    plain = re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", data)
    return DIAGRAM.format(name=name, file=file, data=data if plain else json.dumps(data))


def table(points: int = POINTS, seed: int = 0) -> str:
    """The two half moons as a CSV text with columns x, y and moon (upper, lower)."""
    draw = random.Random(seed)
    lines = ["x,y,moon"]
    for at in range(points):
        angle = math.pi * draw.random()
        x, y = math.cos(angle), math.sin(angle)
        upper = at % 2 == 0
        if not upper:
            x, y = 1 - x, 0.5 - y
        x += 0.12 * draw.gauss(0, 1)
        y += 0.12 * draw.gauss(0, 1)
        lines.append(f"{x:.3f},{y:.3f},{'upper' if upper else 'lower'}")
    return "\n".join(lines) + "\n"
