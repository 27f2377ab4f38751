"""The same training step written by hand for other engines, to measure dilsctl against.

Every peer trains the same network (tanh between dense layers, cross entropy, Adam) in float32 on the same
data, in the same order, from the same initial weights, and computes the loss at every step. A step is:
gather a batch by index, forward, loss, backward, Adam. ``step.py --check`` shows that they agree.

A peer is a function ``(problem) -> run``; ``run(epochs)`` goes on training and returns the mean loss of the
last epoch. A peer whose engine is not installed raises ImportError.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

Run = Callable[[int], float]

RATE, BETA1, BETA2, EPSILON = 1e-3, 0.9, 0.999, 1e-8


@dataclass(frozen=True)
class Size:
    """A network's layer widths, the batch, and how many batches make one epoch."""

    layers: tuple[int, ...]
    batch: int
    batches: int

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.layers))}, batch {self.batch}"


SIZES = {
    "small": Size((64, 64, 10), 32, 64),
    "middle": Size((784, 256, 128, 10), 64, 32),
    "large": Size((784, 1024, 1024, 10), 128, 24),
}


@dataclass(frozen=True)
class Problem:
    """Data and initial weights, made once and given to every peer. Weights are (inputs, outputs)."""

    size: Size
    inputs: np.ndarray  # (examples, width), float32
    labels: np.ndarray  # (examples,), int64
    order: np.ndarray  # (batches, batch), a permutation of the examples
    weights: tuple[np.ndarray, ...]
    biases: tuple[np.ndarray, ...]


def make_problem(size: Size, seed: int = 0) -> Problem:
    """Random inputs labelled by a random linear teacher; Glorot weights."""
    random = np.random.default_rng(seed)
    examples = size.batch * size.batches
    inputs = random.random((examples, size.layers[0]), dtype=np.float32)
    teacher = random.standard_normal((size.layers[0], size.layers[-1]), dtype=np.float32)
    weights, biases = [], []
    for fan_in, fan_out in zip(size.layers, size.layers[1:], strict=False):
        bound = np.sqrt(6 / (fan_in + fan_out))
        weights.append(random.uniform(-bound, bound, (fan_in, fan_out)).astype(np.float32))
        biases.append(np.zeros(fan_out, np.float32))
    return Problem(
        size,
        inputs,
        np.argmax((inputs - 0.5) @ teacher, axis=1),
        random.permutation(examples).reshape(size.batches, size.batch),
        tuple(weights),
        tuple(biases),
    )


def numpy_plain(problem: Problem) -> Run:
    """NumPy as it is usually written well: batch-first, a new array for each result."""
    weights = [each.copy() for each in problem.weights]
    biases = [each.copy() for each in problem.biases]
    parameters = [*weights, *biases]
    first = [np.zeros_like(each) for each in parameters]
    second = [np.zeros_like(each) for each in parameters]
    rows = np.arange(problem.size.batch)
    step = 0

    def train_step(x: np.ndarray, labels: np.ndarray) -> float:
        nonlocal step
        step += 1
        activations = [x]
        for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
            activations.append(np.tanh(activations[-1] @ weight + bias))
        logits = activations[-1] @ weights[-1] + biases[-1]
        logits -= logits.max(axis=1, keepdims=True)
        exponents = np.exp(logits)
        totals = exponents.sum(axis=1, keepdims=True)
        loss = float(np.mean(np.log(totals[:, 0]) - logits[rows, labels]))

        delta = exponents / totals
        delta[rows, labels] -= 1
        delta /= len(x)
        weight_gradients: list[Any] = [None] * len(weights)
        bias_gradients: list[Any] = [None] * len(weights)
        for layer in reversed(range(len(weights))):
            weight_gradients[layer] = activations[layer].T @ delta
            bias_gradients[layer] = delta.sum(axis=0)
            if layer:
                delta = (delta @ weights[layer].T) * (1 - activations[layer] ** 2)

        # The two bias corrections as scalars, so that each array is passed over as rarely as can be.
        correction = np.float32(np.sqrt(1 - BETA2**step))
        scale = np.float32(RATE / (1 - BETA1**step)) * correction
        for parameter, gradient, m, v in zip(
            parameters, [*weight_gradients, *bias_gradients], first, second, strict=True
        ):
            m *= BETA1
            m += (1 - BETA1) * gradient
            v *= BETA2
            v += (1 - BETA2) * gradient * gradient
            parameter -= scale * m / (np.sqrt(v) + np.float32(EPSILON) * correction)
        return loss

    def run(epochs: int) -> float:
        total = 0.0
        for _ in range(epochs):
            total = 0.0
            for batch in problem.order:
                total += train_step(problem.inputs[batch], problem.labels[batch])
        return total / len(problem.order)

    return run


def numpy_tuned(problem: Problem) -> Run:
    """NumPy with every result in an array made beforehand, and all parameters in one flat array."""
    size = problem.size
    layers, batch = size.layers, size.batch
    shapes = [each.shape for each in (*problem.weights, *problem.biases)]
    sizes = [int(np.prod(shape)) for shape in shapes]
    cuts = np.cumsum([0, *sizes])

    def views(flat: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        parts = [
            flat[start : start + length].reshape(shape)
            for start, length, shape in zip(cuts, sizes, shapes, strict=False)
        ]
        return parts[: len(problem.weights)], parts[len(problem.weights) :]

    values = np.concatenate([each.ravel() for each in (*problem.weights, *problem.biases)])
    gradients, first, second, scratch = (np.zeros_like(values) for _ in range(4))
    weights, biases = views(values)
    weight_gradients, bias_gradients = views(gradients)
    activations = [np.empty((batch, width), np.float32) for width in layers]
    deltas = [np.empty((batch, width), np.float32) for width in layers]
    column = np.empty((batch, 1), np.float32)
    labels = np.empty(batch, problem.labels.dtype)
    rows = np.arange(batch)
    last = len(weights) - 1
    step = 0

    def train_step(indices: np.ndarray) -> float:
        nonlocal step
        step += 1
        np.take(problem.inputs, indices, axis=0, out=activations[0], mode="clip")
        np.take(problem.labels, indices, out=labels, mode="clip")
        for layer in range(last + 1):
            z = activations[layer + 1]
            np.dot(activations[layer], weights[layer], out=z)
            z += biases[layer]
            if layer < last:
                np.tanh(z, out=z)
        logits, delta = activations[-1], deltas[-1]
        np.amax(logits, axis=1, keepdims=True, out=column)
        logits -= column
        np.exp(logits, out=delta)
        np.sum(delta, axis=1, keepdims=True, out=column)
        delta /= column
        loss = float(np.log(column).mean() - logits[rows, labels].mean())
        delta[rows, labels] -= 1
        delta *= np.float32(1 / batch)
        for layer in range(last, -1, -1):
            np.dot(activations[layer].T, deltas[layer + 1], out=weight_gradients[layer])
            np.sum(deltas[layer + 1], axis=0, out=bias_gradients[layer])
            if layer:
                np.dot(deltas[layer + 1], weights[layer].T, out=deltas[layer])
                slope = activations[layer]
                np.multiply(slope, slope, out=slope)
                np.subtract(1, slope, out=slope)
                deltas[layer] *= slope
        correction = float(np.sqrt(1 - BETA2**step))
        np.multiply(first, BETA1, out=first)
        np.multiply(gradients, 1 - BETA1, out=scratch)
        np.add(first, scratch, out=first)
        np.multiply(gradients, gradients, out=gradients)
        np.multiply(gradients, 1 - BETA2, out=gradients)
        np.multiply(second, BETA2, out=second)
        np.add(second, gradients, out=second)
        np.sqrt(second, out=scratch)
        np.add(scratch, EPSILON * correction, out=scratch)
        np.divide(first, scratch, out=scratch)
        np.multiply(scratch, RATE / (1 - BETA1**step) * correction, out=scratch)
        np.subtract(values, scratch, out=values)
        return loss

    def run(epochs: int) -> float:
        total = 0.0
        for _ in range(epochs):
            total = 0.0
            for indices in problem.order:
                total += train_step(indices)
        return total / len(problem.order)

    return run


def torch_eager(problem: Problem) -> Run:
    """PyTorch as its tutorials write it: nn.Sequential, cross_entropy, optim.Adam."""
    import torch

    modules: list[Any] = []
    for layer, (weight, bias) in enumerate(zip(problem.weights, problem.biases, strict=True)):
        linear = torch.nn.Linear(*weight.shape)
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(weight.T.copy()))
            linear.bias.copy_(torch.from_numpy(bias))
        modules += [linear, torch.nn.Tanh()] if layer < len(problem.weights) - 1 else [linear]
    model = torch.nn.Sequential(*modules)
    optimiser = torch.optim.Adam(model.parameters(), lr=RATE, betas=(BETA1, BETA2), eps=EPSILON)
    inputs, labels = torch.from_numpy(problem.inputs), torch.from_numpy(problem.labels)
    order = list(torch.from_numpy(problem.order))

    def run(epochs: int) -> float:
        total = 0.0
        for _ in range(epochs):
            total = 0.0
            for batch in order:
                optimiser.zero_grad()
                loss = torch.nn.functional.cross_entropy(model(inputs[batch]), labels[batch])
                loss.backward()
                optimiser.step()
                total += loss.item()
        return total / len(order)

    return run


def _jax_step(problem: Problem) -> tuple[Any, Any, Any]:
    """The step as a pure function (state, indices) -> (state, loss), the first state, the order."""
    import jax
    import jax.numpy as jnp

    inputs, labels = jnp.asarray(problem.inputs), jnp.asarray(problem.labels)
    parameters = [
        (jnp.asarray(w), jnp.asarray(b)) for w, b in zip(problem.weights, problem.biases, strict=True)
    ]
    zeros = jax.tree.map(jnp.zeros_like, parameters)

    def loss_of(parameters: Any, x: Any, y: Any) -> Any:
        for weight, bias in parameters[:-1]:
            x = jnp.tanh(x @ weight + bias)
        logits = jax.nn.log_softmax(x @ parameters[-1][0] + parameters[-1][1])
        return -jnp.mean(jnp.take_along_axis(logits, y[:, None], axis=1))

    def step(state: Any, indices: Any) -> Any:
        parameters, first, second, count = state
        count = count + 1
        loss, gradients = jax.value_and_grad(loss_of)(parameters, inputs[indices], labels[indices])
        first = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, first, gradients)
        second = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, second, gradients)
        correction = jnp.sqrt(1 - BETA2**count)
        scale = RATE / (1 - BETA1**count) * correction
        parameters = jax.tree.map(
            lambda p, m, v: p - scale * m / (jnp.sqrt(v) + EPSILON * correction), parameters, first, second
        )
        return (parameters, first, second, count), loss

    return step, (parameters, zeros, zeros, jnp.float32(0)), jnp.asarray(problem.order)


def jax_step(problem: Problem) -> Run:
    """JAX, the step compiled by jit and called from Python. Losses are fetched once an epoch."""
    import jax

    step, state, order = _jax_step(problem)
    compiled = jax.jit(step)
    rows = list(order)

    def run(epochs: int) -> float:
        nonlocal state
        losses: list[Any] = []
        for _ in range(epochs):
            losses = []
            for indices in rows:
                state, loss = compiled(state, indices)
                losses.append(loss)
            jax.block_until_ready(state)
        return float(np.mean([float(loss) for loss in losses]))

    return run


def jax_scan(problem: Problem) -> Run:
    """JAX, a whole epoch compiled: jit over lax.scan."""
    import jax

    step, state, order = _jax_step(problem)
    epoch = jax.jit(lambda state, order: jax.lax.scan(step, state, order))

    def run(epochs: int) -> float:
        nonlocal state
        losses: Any = None
        for _ in range(epochs):
            state, losses = epoch(state, order)
            jax.block_until_ready(state)
        return float(losses.mean())

    return run


def matrix_products(problem: Problem) -> Run:
    """Only the step's matrix products: the floor under any engine that uses this BLAS."""
    batch, layers = problem.size.batch, problem.size.layers
    calls: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    activations = [np.ones((batch, width), np.float32) for width in layers]
    for layer, weight in enumerate(problem.weights):
        x, y = activations[layer], activations[layer + 1]
        calls.append((x, weight, np.empty_like(y)))
        calls.append((x.T, y, np.empty_like(weight)))
        if layer:
            calls.append((y, weight.T, np.empty_like(x)))

    def run(epochs: int) -> float:
        for _ in range(epochs * problem.size.batches):
            for left, right, out in calls:
                np.dot(left, right, out=out)
        return float("nan")

    return run


PEERS: dict[str, Callable[[Problem], Run]] = {
    "numpy": numpy_plain,
    "numpy tuned": numpy_tuned,
    "torch eager": torch_eager,
    "jax step": jax_step,
    "jax scan": jax_scan,
    "products only": matrix_products,
}
