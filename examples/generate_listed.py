"""Writes digits-listed.yaml: the network of digits.yaml with every neuron and every wire listed one by one.

    python examples/generate_listed.py > examples/digits-listed.yaml

Nothing in the file is an array of boxes or a matrix. The compiler finds the layers again.
"""

from __future__ import annotations

from collections.abc import Iterator

PIXELS, HIDDEN, CLASSES = 64, 64, 10

HEAD = """\
# yaml-language-server: $schema=../schemas/dils-1.schema.json
# Written by generate_listed.py.
dils: 1
name: digits-listed
doc: >
  The network of digits.yaml with every neuron a box of its own and every wire listed one by one. It compiles
  to the same matrix products as the network drawn by layers.

define:
  tanh_unit:
    doc: A neuron of the hidden layer.
    in: {x: real %(pixels)d}
    out: {y: real}
    state:
      weight: real %(pixels)d = glorot
      bias: real = 0
    learn: [weight, bias]
    wires:
      - tanh(weight @ x + bias) -> y

  linear_unit:
    doc: A neuron of the output layer.
    in: {x: real %(hidden)d}
    out: {y: real}
    state:
      weight: real %(hidden)d = glorot
      bias: real = 0
    learn: [weight, bias]
    wires:
      - weight @ x + bias -> y

  network:
    in: {pixels: real %(pixels)d}
    out: {logits: real %(classes)d}
    boxes:
"""

TAIL = """\

main: network

train:
  data:
    file: data/digits.csv.gz
    inputs: {pixels: p0..p63}
    targets: {truth: label}
    scale: {pixels: 0.0625}
    split: {test: 0.2}
  loss: cross_entropy(logits, truth)
  metrics: {accuracy: mean(argmax(logits) == truth)}
  optimiser: {adam: {rate: {cosine: {start: 0.01}}}}
  batch: 32
  epochs: 20
  seed: 0

checks:
  - name: learns
    train: {epochs: 20}
    expect: {test.accuracy: {at_least: 0.96}}
"""


def lines(pixels: int = PIXELS, hidden: int = HIDDEN, classes: int = CLASSES) -> Iterator[str]:
    """The file, in parts."""
    yield HEAD % {"pixels": pixels, "hidden": hidden, "classes": classes}
    for unit in range(hidden):
        yield f"      h{unit}: tanh_unit\n"
    for unit in range(classes):
        yield f"      o{unit}: linear_unit\n"
    yield "    wires:\n"
    wide = max(len(f"pixels[{pixels - 1}]"), len(f"h{hidden - 1}.y"), len(f"o{classes - 1}.y"))
    for unit in range(hidden):
        for place in range(pixels):
            yield f"      - {f'pixels[{place}]':<{wide}} -> h{unit}.x[{place}]\n"
    for unit in range(classes):
        for place in range(hidden):
            yield f"      - {f'h{place}.y':<{wide}} -> o{unit}.x[{place}]\n"
    for unit in range(classes):
        yield f"      - {f'o{unit}.y':<{wide}} -> logits[{unit}]\n"
    yield TAIL


if __name__ == "__main__":
    print("".join(lines()), end="")
