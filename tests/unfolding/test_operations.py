"""Every function of the language in a network that is unfolded: its derivative is written out, and right."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from dilsctl.operations.functions import FUNCTIONS

from .support import COLUMNS, worst, written

NETWORK = f"""dils: 1
define:
  part:
    in: {{x: real 4}}
    out: {{y: real 4}}
    state:
      w: real 4 4 = glorot
      v: real 4 = normal(0, 0.5)
      m: real 4 4 = normal(0, 0.5)
    learn: [w, v, m]
    let:
      z: w @ x / 4
    wires:
      - %s + 0.1 * (v + m[0]) -> y
  last:
    in: {{x: real 4}}
    out: {{y: real 3}}
    state: {{w: real 3 4 = glorot}}
    learn: [w]
    wires: [w @ x -> y]
  net:
    in: {{m: real 4}}
    out: {{p: real 3}}
    boxes: {{part: part, output: last}}
    wires: [m -> part.x, part.y + m -> output.x, output.y -> p]
main: net
train:
  data: {{file: iris.csv, inputs: {{m: {COLUMNS}}}, targets: {{truth: species}}, standardise: true}}
  loss: cross_entropy(p, truth)
  optimiser: {{sgd: {{rate: 0.05}}}}
  batch: 8
"""

TERMS = {
    "smooth": [
        "exp(z)", "log(1 + z ** 2)", "log1p(z ** 2)", "sqrt(1 + z ** 2)", "square(z)", "tanh(z)",
        "sigmoid(z)", "softplus(z)", "sin(z)", "cos(z)", "tan(z / 9)", "arctan(z)", "arctan2(z, 1 + v)",
        "silu(z)",
    ],
    "gelu": ["gelu(z)", "gelu(relu(z))"],
    "with kinks": [
        "relu(z)", "abs(z)", "z * sign(z)", "z * floor(z)", "z * ceil(z)", "z * round(z)", "minimum(z, 0.3)",
        "maximum(z, v)", "leaky_relu(z)", "clip(z, -1, 1)", "where(z > 0, z, v)", "identity(z)",
    ],
    "no gradient": ["z * stop(z)", "z * real(z > 0)", "z * int(z)", "z * (any(z > 0) and not all(v > 0))"],
    "operators": [
        "(1 + z ** 2) ** v", "z ** 3", "z % 2", "z + z // 2", "z / (2 + v ** 2)", "(z if v > 0 else -z)",
    ],
    "reductions": [
        "z * sum(z)", "z * mean(z)", "z * max(z)", "max(m * z, axis=1)", "z * min(z)", "z * logsumexp(z)",
        "logsumexp(m * z, axis=0)", "z * norm(z)", "z * var(z)", "z * std(z)",
        "z * one_hot(argmax(z), 4)", "z * one_hot(argmin(z), 4)",
    ],
    "prod": ["z * prod(1 + z)", "prod(m, axis=0) * z", "prod(1 + m * z, axis=1)"],
    "prod of all, of zeros": ["z * prod(1 + m * z)", "z * prod(relu(z) * v)"],
    "losses": [
        "z * mse(z, v)", "z * mae(z, v)", "z * huber(z, v)", "z * cross_entropy(z, argmax(v))",
        "z * cross_entropy(z, softmax(v))", "z * cross_entropy(softmax(z), argmax(v))",
        "z * binary_cross_entropy(z[0], v[1] > 0)",
    ],
    "sort": ["sort(z)", "sort(m * z, axis=0)[0]", "sort(m * z, axis=1)[:, 1]", "z * real(argsort(z) == 0)"],
    "top k": ["z * sum(top_k(z, 2))", "top_k(m * z, 2, axis=0)[1]", "where(in_top_k(z, 2), z, 0)"],
    "probability": [
        "(softmax(z) + 0)", "softmax(m * z, axis=0)[1]", "log_softmax(z)", "(normalise(exp(z)) + 0)",
    ],
    "products": [
        "m @ z", "matmul(m, z)", "z * dot(z, v)", "outer(z, v) @ v", "solve(m * z + 3 * eye(4), z)",
        "einsum('ij,j,i->i', m, z, v)",
    ],
    "shapes": [
        "concat(z[0:2], v[2:4])", "sum(stack(z, v), axis=0)", "reshape(transpose(reshape(z, 2, 2)), 4)",
        "roll(z, 1)", "sum_at(z, [0, 1, 1, 3], 4)", "sum(broadcast(z, 3, 4), axis=0)",
        "concat(z[::2], z[1::2])",
        "(z + zeros(4) * ones(4))", "z * arange(4)", "z * linspace(0, 1, 4)",
    ],
    "places": ["z[[2, 0, 1, 1]]", "m[:, [3, 1, 0, 0]] @ z", "z * take(z, [1, 1, 0, 0])"],
    "places found as it runs": [
        "z * z[argmax(v)]", "z * m[argmax(v)]", "z * m[:, argmax(v)]", "z * take(z, argsort(v))",
        "z * z[int(9 * v[0])]", "sum(sum(take(m[:, :, None] * z, argsort(v), axis=1), axis=0), axis=0) * z",
    ],
    "convolution": [
        "reshape(conv(reshape(z, 1, 4), reshape(m, 4, 1, 4)), 4)",
        "reshape(conv(reshape(z, 1, 4), reshape(m[0:1, 0:3], 1, 1, 3), padding=1), 4)",
        "reshape(conv(reshape(z, 1, 4), reshape(m[0:2, 0:2], 2, 1, 2), stride=2), 4)",
    ],
    "convolution in a plane": [
        "reshape(conv(reshape(m * z, 1, 4, 4), reshape(m, 1, 1, 4, 4), padding='same'), 4, 4)[1]",
        "reshape(conv(reshape(m * z, 1, 4, 4), reshape(m, 4, 1, 2, 2), stride=2), 4, 4)[1]",
        "reshape(conv(reshape(m * z, 2, 2, 4), reshape(m, 2, 2, 2, 2)), 6)[1:5]",
    ],
    "pooling": [
        "z * max_pool(reshape(z, 1, 4), 2)[0, 0]", "z * max_pool(reshape(m * z, 1, 4, 4), [2, 2])[0, 0, 1]",
        "z * max_pool(reshape(z, 1, 4), 2, stride=1)[0, 1]",
        "z * max_pool(reshape(z, 1, 4) - 5, 2, padding=1)[0, 0]",
        "z * max_pool(reshape(relu(z), 1, 4), 4)[0, 0]", "z * mean_pool(reshape(z, 1, 4), 2)[0, 0]",
        "z * mean_pool(reshape(z, 1, 4), 2, stride=1)[0, 0]",
    ],
}  # fmt: skip

DRAWN = {"normal", "uniform", "bernoulli", "pool"}  # what has no place in an unfolded diagram
OTHER_NAMES = {f"{name}{rank}d" for name in ("conv", "max_pool", "avg_pool") for rank in (1, 2)}


@pytest.mark.parametrize("name", TERMS)
def test_it_learns_as_the_original(tmp_path: Path, name: str) -> None:
    path = written(tmp_path, NETWORK % " + ".join(f"0.2 * {term}" for term in TERMS[name]))
    assert worst(path, 4) <= 1e-10


def test_every_function_is_there() -> None:
    trees = [ast.parse(term) for terms in TERMS.values() for term in terms]
    calls = {node.func for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert {one.id for one in calls if isinstance(one, ast.Name)} | DRAWN | OTHER_NAMES == {*FUNCTIONS}
