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
    """The text of a random document: two of three are calm, and mostly good; the others are wild."""
    if random.random() < 0.67:
        return dump(_calm(random))
    root = _model(random, Document, 0)
    root["dils"] = 1
    root["define"] = {name: _box(random, level) for level, name in enumerate(["leaf", "pair", "top"])}
    if random.random() < 0.8:
        root["main"] = random.choice(["leaf", "pair", "top"])
    if random.random() < 0.6:
        method = random.choice(["rk4", "euler", "dopri5"])
        root["time"] = {"dt": random.choice([0.1, 1, 0.01]), "method": method}
    return dump(root)


def _calm(random: Random) -> dict[str, Any]:
    """Boxes of one kind of value, that do to it what any function of elements may."""
    kind = random.choice(["real", "real 3", "real 2 2"])
    wild = random.choice([0.0, 0.0, 0.05])
    define: dict[str, Any] = {}
    for level, name in enumerate(["leaf", "pair", "top"][: random.randint(1, 3)]):
        define[name] = _calm_box(random, kind, level, wild)
    main = list(define)[-1]
    root: dict[str, Any] = {"dils": 1, "define": define, "main": main}
    method = random.choice(["rk4", "euler", "midpoint", "dopri5", "leapfrog", "symplectic"])
    if random.random() < 0.7:
        root["time"] = {"dt": random.choice([0.1, 0.5]), "method": method}
    if random.random() < 0.7:
        root["train"] = {
            "epochs": 1,
            "ticks": random.choice([1, 1, 2, 3]),
            "optimiser": random.choice(METHODS),
        }
        root["train"]["loss"] = random.choice(["sum(y * y)", "mean(y)", "sum(abs(y - 1))"])
    given = {"real": [1], "real 3": [[1, 2, 3]], "real 2 2": [[[1, 2], [3, 4]]]}[kind]
    root["simulate"] = {"until": 1, "inputs": {"x": random.choice(["t", "sin(t)", 1])}}
    if random.random() < 0.7:
        root["checks"] = [{"given": {"x": given}, "expect": {"y": [None]}}]
    return root


METHODS = [
    "sgd",
    "adam",
    "rmsprop",
    {"momentum": {"rate": 0.1}},
    {"adamw": {"rate": {"cosine": {"start": 0.1}}}},
]
ONE = ["sin", "cos", "tanh", "exp", "abs", "relu", "sigmoid", "sqrt", "log", "sign", "floor", "softplus"]
TWO = ["maximum", "minimum", "arctan2"]


def _calm_box(random: Random, kind: str, level: int, wild: float) -> dict[str, Any]:
    names = ["x"]
    box: dict[str, Any] = {"in": {"x": kind}, "out": {"y": kind}}
    wires: list[str] = []

    def some(depth: int = 3) -> str:
        return (
            _expression(random, names) if random.random() < wild else _calm_expression(random, names, depth)
        )

    if level:
        used = ["leaf", "pair"][level - 1]
        loop = random.random() < 0.4
        count = random.choice([None, None, 1, 2, 3])
        box["boxes"] = {"c": used if count is None else {"box": used, "count": count}}
        told = "c.y" if loop and count is None else some(2)
        wires.append(f"{told} -> c.x")
        names.append("c.y" if count is None else f"c[{random.randrange(count)}].y")
    law = random.choice(["next", "rate", "learn", "conserve", "pooled", "triggered", "none"])
    if law != "none":
        init = random.choice(["0", "1", "0.5", "normal", "uniform(-1, 1)"])
        box["state"] = {"s": f"{kind} = {init}"}
        names.append("s")
    if law == "learn":
        box["learn"] = random.choice([["s"], {"s": {"rate": 0.1}}])
    elif law == "conserve":
        box["conserve"] = {"s": random.choice([1, 2])}
        box["potential"] = f"sum(({_calm_expression(random, ['s'], 2)}) ** 2)"
    elif law == "pooled":
        box["state"] = {"s": {"type": kind, "init": 0, "keep": True}}
        box["next"] = {"s": f"pool({some(2)})"}
    elif law == "triggered":
        box["rate"] = {"s": some(2)}
        box["next"] = {"s": {"to": some(1), "when": f"{some(1)} > {some(1)}"}}
    elif law in ("next", "rate"):
        box[law] = {"s": some()}
    if random.random() < 0.4:
        box["let"] = {"l": some()}
        names.append("l")
    if random.random() < 0.4:
        box["params"] = {"k": random.choice([1, 2, 0.5])}
        names.append("k")
    if random.random() < 0.15 and law in ("next", "rate"):
        box["modes"] = {"on": f"{'s' if kind == 'real' else 'sum(s)'} > 0", "off": "otherwise"}
        names.append("(1 if on else 2)")
    if random.random() < 0.3:
        box["loss"] = f"sum({some()})"
    box["wires"] = [*wires, f"{some() if random.random() < 0.7 else names[-1]} + 0 * x -> y"]
    return box


def _calm_expression(random: Random, names: list[str], depth: int) -> str:
    if depth <= 0 or random.random() < 0.25:
        return random.choice([*names, *names, "0.5", "2", "t", "-1"])
    left, right = (_calm_expression(random, names, depth - 1) for _ in range(2))
    choice = random.randrange(8)
    if choice < 4:
        return f"({left} {random.choice('+-*/+-*')} {right})"
    if choice == 4:
        return f"({left} if {right} > 0 else {left} - 1)"
    if choice == 5:
        return f"{random.choice(TWO)}({left}, {right})"
    return f"{random.choice(ONE)}({left})"


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
