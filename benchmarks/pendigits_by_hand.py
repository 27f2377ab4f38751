"""The training step of examples/pendigits.yaml written by hand: forward, backward, clipping and Adam.

Feature-major float32 arrays, made once and written in place; the two kinds of wires are one matrix, and all
that is learned lies in one array. ``ByHand.step`` takes a batch and gives its loss before the update.
"""

from __future__ import annotations

from typing import Any

import numpy as np

ROWS, BOXES, TICKS, STEPS, LENGTH = 5, 20, 8, 4, 0.75
CLIP, BETA1, BETA2, EPSILON = 5.0, 0.9, 0.999, 1e-8
WIDE = 2 * BOXES  # states
TOLD = 2 * ROWS  # states of the left column, and of the right one
SHAPES = {
    "wires": (2 * WIDE, WIDE), "rest": (2 * WIDE, 1), "enter": (2 * TOLD, 2), "weight": (10, TOLD),
    "bias": (10, 1),
}  # fmt: skip

Array = np.ndarray[Any, np.dtype[np.float32]]


def near(reach: int = 1) -> Array:
    """Which state hears which, (2 · 40, 40): the boxes are neighbours on the grid."""
    row, column = np.arange(BOXES) % ROWS, np.arange(BOXES) // ROWS
    steps = np.maximum(abs(row[:, None] - row), abs(column[:, None] - column))
    block = np.kron((steps > 0) & (steps <= reach), np.ones((2, 2)))
    return np.concatenate([block, block]).astype(np.float32)


class ByHand:
    """The grid with its parameters ``p`` by name, views of one array."""

    def __init__(self, states: dict[str, Array], batch: int) -> None:
        """``states``: those of dilsctl's learner, by path."""
        flat = np.concatenate([one.ravel() for one in _given(states)]).astype(np.float32)
        self.flat, self.gradient = flat, np.zeros_like(flat)
        self.p, self.g = _views(flat), _views(self.gradient)
        self.first, self.second = np.zeros_like(flat), np.zeros_like(flat)
        self.spare = np.zeros_like(flat), np.zeros_like(flat)
        self.near, self.done = near(), 0

        def made(*shape: int) -> Array:
            return np.zeros((*shape, batch), np.float32)

        self.told = made(TICKS, 2 * WIDE)
        self.s, self.force = made(TICKS * STEPS + 1, WIDE), made(TICKS * STEPS, WIDE)
        self.gate, self.way = made(TICKS * STEPS, WIDE), made(TICKS * STEPS, WIDE)
        self.z, self.back, self.some = made(2 * WIDE), made(WIDE), made(WIDE)
        self.step_back, self.tick_back = made(WIDE), made(2 * WIDE)
        self.logits = made(10)
        self.w = np.zeros_like(self.p["wires"])
        self.one_w = np.zeros_like(self.w)
        self.examples = np.arange(batch)

    def forward(self, pen: Array) -> None:
        """``pen``: (8 ticks, 2, batch). Leaves what the right column is read as in ``logits``."""
        p, w = self.p, self.w
        np.multiply(p["wires"], self.near, out=w)
        self.s[0] = 0
        at = 0
        for tick in range(TICKS):
            told = self.told[tick]
            told[...] = p["rest"]
            told[:TOLD] += p["enter"][:TOLD] @ pen[tick]
            told[WIDE : WIDE + TOLD] += p["enter"][TOLD:] @ pen[tick]
            for _ in range(STEPS):
                s, z, force, gate, way = self.s[at], self.z, self.force[at], self.gate[at], self.way[at]
                np.dot(w, s, out=z)
                z += told
                np.tanh(z[:WIDE], out=force)
                np.negative(z[WIDE:], out=gate)
                np.exp(gate, out=gate)
                gate += 1
                np.reciprocal(gate, out=gate)
                np.subtract(force, s, out=way)
                at += 1
                np.multiply(way, gate, out=self.s[at])
                self.s[at] *= LENGTH
                self.s[at] += s
        np.dot(p["weight"], self.s[at][-TOLD:], out=self.logits)
        self.logits += p["bias"]

    def loss_and_gradient(self, pen: Array, truth: Array) -> float:
        """The mean cross entropy; ``g`` has its gradient."""
        self.forward(pen)
        p, g, logits, batch = self.p, self.g, self.logits, len(truth)
        logits -= logits.max(axis=0)
        chosen = logits[truth, self.examples].copy()
        np.exp(logits, out=logits)
        total = logits.sum(axis=0)
        loss = float(np.mean(np.log(total) - chosen))
        logits /= total
        logits[truth, self.examples] -= 1
        logits /= batch
        self.gradient[...] = 0
        end = self.s[TICKS * STEPS][-TOLD:]
        np.dot(logits, end.T, out=g["weight"])
        g["bias"][...] = logits.sum(axis=1, keepdims=True)
        back, some, z, ahead = self.back, self.some, self.z, self.step_back
        back[...] = 0
        np.dot(p["weight"].T, logits, out=back[-TOLD:])
        for tick in reversed(range(TICKS)):
            self.tick_back[...] = 0
            for at in reversed(range(tick * STEPS, tick * STEPS + STEPS)):
                s, force, gate, way = self.s[at], self.force[at], self.gate[at], self.way[at]
                np.multiply(back, LENGTH, out=ahead)
                np.multiply(ahead, way, out=z[WIDE:])  # to the gate, through the sigmoid
                z[WIDE:] *= gate
                np.subtract(1, gate, out=some)
                z[WIDE:] *= some
                ahead *= gate  # to where it is pushed, through tanh
                np.square(force, out=some)
                np.subtract(1, some, out=some)
                np.multiply(ahead, some, out=z[:WIDE])
                np.dot(z, s.T, out=self.one_w)
                g["wires"] += self.one_w
                self.tick_back += z
                back -= ahead
                np.dot(self.w.T, z, out=some)
                back += some
            g["rest"] += self.tick_back.sum(axis=1, keepdims=True)
            g["enter"][:TOLD] += self.tick_back[:TOLD] @ pen[tick].T
            g["enter"][TOLD:] += self.tick_back[WIDE : WIDE + TOLD] @ pen[tick].T
        g["wires"] *= self.near
        return loss

    def step(self, pen: Array, truth: Array, rate: float) -> float:
        """One step of Adam; the loss before it."""
        loss = self.loss_and_gradient(pen, truth)
        gradient, (a, b) = self.gradient, self.spare
        self.done += 1
        norm = float(np.sqrt(np.dot(gradient, gradient)))
        gradient *= np.float32(CLIP / max(norm, CLIP))
        self.first *= np.float32(BETA1)
        np.multiply(gradient, np.float32(1 - BETA1), out=a)
        self.first += a
        self.second *= np.float32(BETA2)
        np.square(gradient, out=a)
        a *= np.float32(1 - BETA2)
        self.second += a
        np.multiply(self.first, np.float32(rate / (1 - BETA1**self.done)), out=a)
        np.multiply(self.second, np.float32(1 / (1 - BETA2**self.done)), out=b)
        np.sqrt(b, out=b)
        b += np.float32(EPSILON)
        a /= b
        self.flat -= a
        return loss


def _given(states: dict[str, Array]) -> list[Array]:
    """dilsctl's arrays in the order and shape of ``SHAPES``."""
    pushes, paces = (states[name].reshape(WIDE, WIDE) for name in ("coupling", "pacing"))
    rest = np.concatenate([states["cell.rest"].ravel(), states["cell.speed"].ravel()])
    enter = np.concatenate([states[name].reshape(TOLD, 2) for name in ("enter", "hurry")])
    return [np.concatenate([pushes, paces]), rest, enter, states["weight"], states["bias"]]


def _views(flat: Array) -> dict[str, Array]:
    found, at = {}, 0
    for name, shape in SHAPES.items():
        size = int(np.prod(shape))
        found[name] = flat[at : at + size].reshape(shape)
        at += size
    return found
