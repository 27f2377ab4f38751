"""Mutations of good files: a few tokens or lines changed, dropped, doubled or moved."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random

ROOT = Path(__file__).resolve().parent.parent.parent
FILES = [
    one
    for folder in ("examples", "dilsctl/library")
    for one in sorted((ROOT / folder).rglob("*.yaml"))
    if one.stat().st_size < 20_000
]
TEXTS = [one.read_text(encoding="utf-8") for one in FILES]
TOKEN = re.compile(r"[A-Za-z_]\w*|\d+(?:\.\d+)?|->|\*\*|//|[^\w\s]|\n *| +")
WORDS = sorted({token for text in TEXTS for token in TOKEN.findall(text) if token.strip()})
ODD = [
    "", "0", "-1", "2.5", "1e12", "10**12", "99999999999999999999", "null", "true", "[]", "{}", "[1, [2]]",
    "~", "*x", "&x", "!x", "'", '"', "{", "[", "(", ":", ": ", "#", "|", "\t", "\0", "é", "𝒙",
    "index", "t", "n", "real", "bool 3", "class n", "simplex 3", "nan", ".inf", "lambda", "if", "a.b.c",
    "x[5]", "x[-1:0]", "[None]", "...", "nn.dense", "nn.residual", "std/nn", "->", "x -> y", "y -> x",
    "{box: nn.dense, count: 3}", "{box: main, with: {x: 1}}", "{in: {x: real}, out: {y: real}}",
    "1e-300", "1e308", "-0.0", "9**9**9", "1/0", "0/0", "x / 0", "2**-1", "x[None, ...]", "pool(x)",
    "normal(shape=[3])", "{to: x, every: 0}", "{to: x, when: x > 0}", "std/logic", "\r", "\u2028", "\ufeff",
]  # fmt: skip
ACTS = ("drop", "double", "swap", "word", "odd", "odd", "indent", "number", "graft")


def mutant(random: Random) -> str:
    """A mutated file."""
    text = random.choice(TEXTS)
    for _ in range(random.randint(1, 4)):
        text = _mutate(random, text)
    return text


def _mutate(random: Random, text: str) -> str:
    by_line = random.random() < 0.5
    parts = text.splitlines(keepends=True) if by_line else TOKEN.findall(text)
    if not parts:
        return text
    at, other = random.randrange(len(parts)), random.randrange(len(parts))
    act = random.choice(ACTS)
    if act == "drop":
        del parts[at]
    elif act == "double":
        parts.insert(other, parts[at])
    elif act == "swap":
        parts[at], parts[other] = parts[other], parts[at]
    elif act == "indent" and by_line:
        parts[at] = random.choice(["  ", "    "]) + parts[at]
    elif act == "graft" and by_line:
        parts.insert(at, random.choice(random.choice(TEXTS).splitlines(keepends=True) or ["\n"]))
    elif act == "number":
        numbers = [number for number, one in enumerate(parts) if one.strip().isdigit()]
        if numbers:
            value = random.choice(["0", "1", "-1", "2", "3", "1.5", "1e9", "1e-9", "7", "100000", ".nan"])
            parts[random.choice(numbers)] = value
    elif not by_line:
        parts[at] = random.choice(WORDS if act == "word" else ODD)
    return "".join(parts)
