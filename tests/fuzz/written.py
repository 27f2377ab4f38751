"""Random documents from the models of the language: keys that are right, values that are often right."""

from __future__ import annotations

from random import Random
from typing import Any, Literal, get_args, get_origin

from dilsctl.dump import dump
from dilsctl.operations.functions.table import FUNCTIONS
from dilsctl.syntax.document import Document
from dilsctl.syntax.findings import branches, hints

NAMES = ["x", "y", "a", "b", "w", "s", "inner", "first"]
TYPES = ["real", "real 3", "real n", "bool", "int", "class 3", "simplex 3", "real 2 n", "bool 3", "real n m"]
INITS = ["", "", " = 0", " = 1", " = glorot", " = uniform", " = [1, 2, 3]", " = k", " = normal"]
FUNCTION_NAMES = sorted(FUNCTIONS)
WORDS = [
    "adam",
    "sgd",
    "rk4",
    "euler",
    "dopri5",
    "cosine",
    "all",
    "data",
    "last 3",
    "d.csv",
    "std/nn",
    "near",
]
ODD = [None, True, -1, 0, 2.5, 1e12, "", [], {}, [[1], [2, 3]], "a b", "->", 10**30, float("nan"), "é"]


def document(random: Random) -> str:
    """The text of a random document."""
    root = _model(random, Document, 0)
    root["dils"] = 1
    boxes = {name: _box(random, level) for level, name in enumerate(["leaf", "pair", "top"])}
    root["define"] = boxes
    if random.random() < 0.8:
        root["main"] = random.choice(["leaf", "pair", "top"])
    if random.random() < 0.6:
        root["time"] = {
            "dt": random.choice([0.1, 1, 0.01]),
            "method": random.choice(["rk4", "euler", "dopri5"]),
        }
    return dump(root)


def _box(random: Random, level: int) -> dict[str, Any]:
    """A box that is nearly good: it wires what it has."""
    kinds = random.choice([["real"], ["real 3"], ["real n", "real n"], ["bool"], ["real", "real 3"], ["int"]])
    inputs = dict(zip(["x", "a"], kinds, strict=False))
    outputs = dict(zip(["y", "b"], kinds, strict=False))
    box: dict[str, Any] = {"in": inputs, "out": outputs}
    readable = list(inputs)
    wires: list[str] = []
    if level and random.random() < 0.8:
        used = ["leaf", "pair", "top"][level - 1]
        count = random.choice([None, None, 2, 3, "k"])
        box["boxes"] = {"c": used if count is None else {"box": used, "count": count}}
        readable += ["c.y"]
        wires += [f"{_expression(random, list(inputs))} -> c.{port}" for port in ("x", "a")[: len(inputs)]]
    if random.random() < 0.6:
        box["state"] = {"s": random.choice(kinds) + random.choice(INITS)}
        readable.append("s")
        law = random.choice(["next", "rate", "learn", "conserve", "none"])
        if law == "learn":
            box["learn"] = random.choice([["s"], {"s": {"rate": 0.1}}, {"s": {"step": 0.1}}])
        elif law == "conserve":
            box["conserve"] = {"s": random.choice([1, "2.0", "k"])}
            box["potential"] = f"sum({_expression(random, readable)})"
        elif law == "next" and random.random() < 0.5:
            when = f"{_expression(random, readable)} > 0"
            box["next"] = {"s": {"to": _expression(random, readable), random.choice(["when", "every"]): when}}
        elif law != "none":
            box[law] = {"s": _expression(random, readable)}
    if random.random() < 0.3:
        box["let"] = {"l": _expression(random, readable)}
        readable.append("l")
    if random.random() < 0.5:
        box["params"] = {"k": random.choice([1, 2, 0.5, [1, 2, 3], "tanh"])}
        readable.append("k")
    if random.random() < 0.1:
        box["modes"] = {"on": "s > 0", "off": "otherwise"}
    if random.random() < 0.15:
        box["loss"] = f"sum({_expression(random, readable)})"
    wires += [f"{_expression(random, readable)} -> {port}" for port in outputs]
    box["wires"] = wires
    return box


def _expression(random: Random, names: list[str], depth: int = 3) -> str:
    choice = random.randrange(12) if depth else random.randrange(3)
    inner = lambda: _expression(random, names, depth - 1)  # noqa: E731
    if choice < 2:
        return random.choice([*names, random.choice(names), "t", "dt", "index"])
    if choice == 2:
        return random.choice(["0", "1", "2", "0.5", "-1", "3", "1e-3", "true", "1e30", "10"])
    if choice < 6:
        return f"({inner()} {random.choice(['+', '-', '*', '/', '//', '%', '**', '@'])} {inner()})"
    if choice == 6:
        return f"({inner()} {random.choice(['<', '>=', '==', '!=', 'and', 'or'])} {inner()})"
    if choice == 7:
        return f"({inner()} if {inner()} else {inner()})"
    if choice == 8:
        return f"{inner()}[{random.choice(['0', '-1', ':', '1:', '::-1', ':, None', 'None', '5', inner()])}]"
    if choice == 9:
        return f"[{inner()}, {inner()}]"
    arguments = ", ".join(inner() for _ in range(random.choice([0, 1, 1, 1, 2, 2, 3])))
    return f"{random.choice(FUNCTION_NAMES)}({arguments})"


def _model(random: Random, model: type, depth: int) -> dict[str, Any]:
    out = {}
    for name, field in model.model_fields.items():  # type: ignore[attr-defined]
        if field.is_required() or random.random() < 0.3:
            out[field.alias or name] = _value(random, hints(model)[name], depth + 1)
    return out


def _value(random: Random, annotation: Any, depth: int) -> Any:
    if random.random() < 0.04:
        return random.choice(ODD)
    kind = random.choice(branches(annotation))[1]
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Literal:
        return random.choice(arguments)
    if origin is dict:
        names = random.sample(NAMES, random.randint(0, 3 if depth < 6 else 1))
        return {name: _value(random, arguments[1], depth + 1) for name in names}
    if origin is list:
        return [
            _value(random, arguments[0], depth + 1) for _ in range(random.randint(0, 3 if depth < 6 else 1))
        ]
    if isinstance(kind, type) and hasattr(kind, "model_fields"):
        return _model(random, kind, depth) if depth < 8 else {}
    if kind is bool:
        return random.random() < 0.5
    if kind is int:
        return random.choice([0, 1, 2, 3, 10])
    if kind is float:
        return random.choice([0.1, 0.5, 1.0, 2.0, 1e-9])
    if kind is type(None):
        return None
    pool = [random.choice(TYPES) + random.choice(INITS), _expression(random, NAMES), random.choice(WORDS),
            f"{_expression(random, NAMES)} -> {random.choice(['y', 'c.x', 'c[0].x', 'inner.x'])}",
            random.choice(NAMES), random.choice(["leaf", "pair", "nn.dense"]), 1, [1, 2, 3]]  # fmt: skip
    return random.choice(pool)
