"""Texts that try to break the front end: each must be refused, or accepted, at once and without a traceback.

``python -m tests.hostile MIB`` validates them all, with so much memory, and prints a line of JSON for each.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator


def box(body: str) -> str:
    return f"dils: 1\ndefine:\n  a:\n{body}main: a\n"


def wired(out: str, wires: str) -> str:
    return box(f"    out: {{y: {out}}}\n    wires:\n{wires}")


def expression(source: str, inputs: str = "x: real 3") -> str:
    return (
        "dils: 1\ndefine:\n  a:\n"
        f'    in: {{{inputs}}}\n    out: {{y: real}}\n    wires:\n      - "{source} -> y"\nmain: a\n'
    )


def typed(text: str) -> str:
    return box(f"    in: {{x: '{text}'}}\n    out: {{y: real}}\n    wires: [1 -> y]\n")


def lets(*rows: str) -> str:
    body = "".join(f"      {row}\n" for row in rows)
    return (
        "dils: 1\ndefine:\n  a:\n    in: {x: real}\n    out: {y: real}\n"
        f"    let:\n{body}    wires:\n      - sum(last) -> y\nmain: a\n"
    )


def counted(count: str, more: str = "") -> str:
    return (
        "dils: 1\ndefine:\n  cell:\n    params: {k: 1}\n    in: {x: real}\n    out: {y: real}\n"
        "    state: {w: real = 0}\n    wires:\n      - k * w * x -> y\n"
        "  a:\n    in: {x: real}\n    out: {y: real}\n"
        f"    boxes: {{c: {{box: cell, count: {count}{more}}}}}\n"
        "    wires:\n      - x -> c.x\n      - sum(c.y) -> y\nmain: a\n"
    )


def tower(levels: int, use: str, wires: str) -> str:
    """Definitions that use the one before in a way of their own."""
    rows = ["dils: 1", "define:", "  d0: {in: {x: real}, out: {y: real}, wires: [x + 1 -> y]}"]
    for level in range(1, levels + 1):
        rows += [f"  d{level}:", "    in: {x: real}", "    out: {y: real}"]
        rows += [f"    boxes: {{{use.format(n=level - 1)}}}", "    wires:"]
        rows += [f"      - {one}" for one in wires.split("; ")]
    return "\n".join([*rows, f"main: d{levels}", ""])


def chain(boxes: int, wire: str, backwards: bool) -> str:
    """Boxes whose free dimension goes from one to the next."""
    wires = ["x -> b0.x", *(wire.format(a=i, b=i + 1) for i in range(boxes - 1)), f"b{boxes - 1}.y -> y"]
    if backwards:
        wires.reverse()
    names = "".join(f"      b{i}: same\n" for i in range(boxes))
    return (
        "dils: 1\ndefine:\n  same: {in: {x: real n}, out: {y: real n}, wires: [2 * x -> y]}\n"
        "  a:\n    in: {x: real 3}\n    out: {y: real 3}\n"
        f"    boxes:\n{names}    wires:\n" + "".join(f"      - {one}\n" for one in wires) + "main: a\n"
    )


def modes(number: int, reads: str, more: str = "") -> str:
    """A box of so many modes, and one that reads a port of it under a condition."""
    rows = [f"      m{i}: k == {i}" for i in range(number - 1)] + [f"      m{number - 1}: otherwise"]
    return (
        "dils: 1\ndefine:\n  p:\n    state: {k: real = 0}\n    out: {c: {type: real, when: m0}}\n"
        "    next: {k: k + 1}\n    wires: [1 -> c]\n    modes:\n"
        + "\n".join(rows)
        + "\n  a:\n    boxes: {p: p}\n"
        f"    out: {{y: real}}\n{more}    wires:\n      - p.c if {reads} else 0 -> y\nmain: a\n"
    )


def doubled(name: str, first: str, next: str, steps: int = 60) -> str:
    """Lets of which each has the one before it twice. ``next``: how, with {0} for the one before."""
    rows = [f"    {name}{i}: {next.format(f'{name}{i - 1}')}\n" for i in range(1, steps)]
    return f"    {name}0: {first}\n" + "".join(rows)


def learner(lets: str, wire: str, law: str = "trust", modes: str = "otherwise") -> str:
    """A box with lets, a trust, a state that moves, and one that is learned from far away."""
    rows = "".join(f"    m{number}: {one}\n" for number, one in enumerate(modes.split(", ")))
    return (
        "dils: 1\nmain:\n  in: {x: real 3}\n  out: {y: real 3}\n"
        "  state: {trust: simplex 3, place: real = 0, gain: 'real = normal(0, 1e9)'}\n  learn: [gain]\n"
        f"  modes:\n{rows}  let:\n{lets}  wires:\n    - {wire} -> y\n"
        f"  next:\n    place: place + x[0]\n    trust: {law}\n"
    )


def carry(count: int) -> str:
    return (
        "dils: 1\ndefine:\n  cell: {in: {x: real}, out: {y: real}, wires: [x + 1 -> y]}\n"
        "  a:\n    in: {x: real}\n    out: {y: real}\n"
        f"    boxes: {{c: {{box: cell, count: {count}}}}}\n"
        "    wires:\n      - x -> c[0].x\n      - c[:-1].y -> c[1:].x\n      - c[-1].y -> y\nmain: a\n"
    )


def misspelt(number: int) -> str:
    inputs = ", ".join(f"input{i}: real" for i in range(number))
    wires = "".join(f"      - inptu{i} -> y\n" for i in range(number))
    return f"dils: 1\ndefine:\n  a:\n    in: {{{inputs}}}\n    out: {{y: real}}\n    wires:\n{wires}main: a\n"


def texts() -> Iterator[tuple[str, str]]:
    """(name, text)."""
    # nesting
    yield "flow lists", "dils: 1\ndoc: " + "[" * 10_000
    yield "flow mappings", "dils: 1\ndoc: " + "{a: " * 10_000
    yield "block lists", "dils: 1\ndoc:\n  " + "- " * 10_000 + "x\n"
    yield "question marks", "? " * 10_000
    yield "brackets", expression("(" * 9_000 + "x[0]" + ")" * 9_000)
    yield "indices", expression("x[" * 9_000 + "0" + "]" * 9_000)
    yield "calls", expression("sin(" * 4_000 + "x[0]" + ")" * 4_000)
    yield "minus", expression("-" * 10_000 + "x[0]")
    yield "not", expression("not " * 4_000 + "x[0]")
    yield "choices", expression("x[0] if x[0] > 0 else " * 800 + "x[0]")
    yield "powers", expression("x[0] ** " * 2_000 + "2")
    yield "sums", expression("x[0] + " * 2_500 + "x[0]")
    yield "comparisons", expression("0 < " * 4_000 + "x[0]")
    yield "ands", expression("x[0] > 0 and " * 1_500 + "x[0] > 0")
    yield "mode ands", modes(2, " and ".join(["p.m0"] * 2_000))
    yield "mode choices", modes(2, "p.m0 else 0 if " * 100 + "p.m0")
    both = "".join(f"      l{i}: l{i - 1} and l{i - 1}\n" for i in range(1, 3_000))
    yield "mode lets", modes(2, "l2999", f"    let:\n      l0: p.m0\n{both}")
    yield "modes", modes(100, " and ".join(f"not p.m{i}" for i in range(1, 100)))
    squares, rises = "{0} * {0} + place * {0}", "{0} * tanh({0})"
    rows = doubled("p", "place", squares) + doubled("q", "place + 1", squares)
    yield (
        "modes of doubled lets",
        learner(rows, "gain * x", modes="p59 < q58, q59 < p58, p59 == 3, otherwise"),
    )
    rows = doubled("p", "x * x", rises, 22) + doubled("q", "x * x", rises, 22)
    yield "softmax of doubled lets", learner(rows, "gain * softmax(exp(p21) / sum(exp(q21)))")
    rows = doubled("p", "x * x", "{0} * {0}") + doubled("q", "x * x", "maximum({0}, 0.5 + {0})")
    yield "trust of doubled lets", learner(rows, "gain * trust", "normalise(p59 * trust * q59)")
    rows = "    p0: trust\n" + "".join(f"    p{i}: p{i - 1} * x\n" for i in range(1, 3_000))
    yield "trust of many factors", learner(rows, "gain * trust", "normalise(p2999)")
    yield "squares of large starts", learner(doubled("p", "gain", "{0} * {0} * gain"), "tanh(p59 * x)")
    yield "too many modes", modes(20_000, "p.m0")
    yield "attributes", expression("x" + ".y" * 9_000)
    yield "lists", expression("[" * 9_000 + "1" + "]" * 9_000)
    yield "dimensions", typed("real " + "n+" * 10_000 + "n")
    yield "dimension brackets", typed("real " + "(" * 10_000 + "n" + ")" * 10_000)
    yield "axes", typed("real" + " 2" * 10_000)
    yield (
        "boxes in place",
        ("dils: 1\nmain: " + "{in: {x: real}, out: {y: real}, boxes: {a: " * 3_000 + "b" + "}}" * 3_000),
    )
    # numbers
    yield "power tower", expression("x[0] * 9**9**9**9")
    yield "large index", expression("x[10**100]")
    yield "larger index", expression("x[10**18]")
    yield "large step", expression("sum(x[::10**17])")
    yield "large numbers", expression("10**18 * 10**18 * x[0]")
    yield "digits", expression("9" * 15_000)
    yield "real overflow", expression("1e308 * 10 * x[0]")
    yield "exponent", expression("exp(10**6) * x[0]")
    yield "yaml digits", "dils: 1\ntrain: {seed: " + "9" * 100_000 + "}\n"
    yield "dimension digits", typed("real " + "9" * 10_000)
    yield "dimension product", typed("real 999999*999999*999999*999999")
    yield "minus dimension", typed("real 3-5")
    # sizes
    yield "shape", typed("real 1000000 1000000")
    yield "classes", typed("simplex 999999999999")
    yield "zeros", expression("sum(zeros(10**9, 10**9))")
    yield "outer", expression("sum(outer(outer(ones(10**4), ones(10**4)), ones(10**4)))")
    yield "arange", expression("sum(arange(10**17))")
    yield "many aranges", expression("sum(stack(" + ", ".join(["arange(1000000)"] * 1_000) + "))")
    yield "many eyes", expression("sum(stack(" + ", ".join(["eye(1000)"] * 1_500) + "))")
    yield "one hot", expression("sum(one_hot(int(x[0]), 10**12))")
    yield "padding", expression("sum(mean_pool(x[None], 1, 1, 10**9))")
    yield "pool padding", expression("sum(mean_pool(x[None, None], 1, 1, 10**5))")
    yield "conv padding", expression("sum(conv(x[None], ones(1, 1, 3), padding=10**12))")
    yield "draws", expression("sum(normal(shape=[10**6, 10**6]))")
    yield "repeats", expression("sum(broadcast(x, 10**12, 3))")
    yield "new axes", expression("sum(x[" + "None, " * 3_000 + ":])")
    yield "einsum", expression("einsum('" + "a" * 10_000 + "->', x)")
    for count in ("1e12", "10**12", "1000000000000", "9" * 300, "9**9**9**9", "-5", "10000000", "0.5", "[3]"):
        yield f"count {count[:12]}", counted(count)
    yield "index list", counted("9999999", ", with: {k: index * 2}")
    yield "long each", counted("3", ", each: {k: [" + ", ".join(map(str, range(20_000))) + "]}")
    yield "deep each", counted("3", ", each: {k: " + "[" * 90 + "]" * 90 + "}")
    yield "counts in counts", tower(8, "a: {{box: d{n}, count: 9999999}}", "x -> a.x; sum(a.y) -> y")
    many = counted("10000000").replace("k * w", "k * sum(w)")
    yield "state in counts", many.replace("w: real", "w: real 1000 1000")
    yield "doubling boxes", tower(60, "a: d{n}, b: d{n}", "x -> a.x; a.y -> b.x; b.y -> y")
    yield "nested boxes", tower(300, "a: d{n}", "x -> a.x; a.y -> y")
    calls = "sin(" * 190 + "x" + ")" * 190
    deep = tower(98, "a: d{n}", "x -> a.x; a.y -> y")
    yield "deep calls in deep boxes", deep.replace("[x + 1 -> y]", f"['{calls} -> y']")
    yield "carry", carry(1_000_000)
    yield "long ring", carry(3_000).replace("x -> c[0].x", "c[-1].y + x -> c[0].x")
    # what grows by reference
    bomb = [f"a{i}: '[{', '.join([f'a{i - 1}'] * 10)}]'" for i in range(1, 12)]
    yield "lists of lists", lets("a0: '[x, x]'", *bomb, "last: a11")
    yield "static lists", lets("a0: '[1, 1]'", *bomb, "last: a11")
    yield (
        "parameter lists",
        lets("last: k11").replace(
            "    let:",
            "    params:\n      k0: [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
            + "".join(f"      k{i}: [{', '.join([f'k{i - 1}'] * 10)}]\n" for i in range(1, 12))
            + "    let:",
        ),
    )
    yield "let chain", lets(*(f"a{i}: a{i + 1} + 1" for i in range(5_000)), "a5000: x", "last: '[a0]'")
    yield "let circle", lets(*(f"a{i}: a{i + 1} + 1" for i in range(5_000)), "a5000: a0", "last: a0")
    squares = [f"a{i}: a{i - 1} * a{i - 1}" for i in range(1, 99)]
    yield "growing numbers", lets("a0: 3", *squares, "last: '[a98]'")
    outers = [f"a{i}: outer(a{i - 1}, a{i - 1})" for i in range(1, 40)]
    yield "growing arrays", lets("a0: '[x, x]'", *outers, "last: a39")
    # what takes time
    yield "chain", chain(800, "b{a}.y -> b{b}.x", False)
    yield "chain backwards", chain(800, "b{a}.y -> b{b}.x", True)
    yield "expressions backwards", chain(800, "2 * b{a}.y -> b{b}.x", True)
    yield "misspelt names", misspelt(400)
    yield "many wires", wired("real", "      - 1 -> y\n" * 5_000)
    steps = [f'      - "ones(1000000)[::{i}] -> y[::{i}, {i - 1}]"\n' for i in range(1, 9)]
    yield "slices", wired("real 1000000 8", "".join(steps))
    steps = [f'      - "zeros(500, 500, 2) -> y[:, {i}, :, :]"\n' for i in range(7)]
    yield "more slices", wired("real 500 8 500 2", "".join(steps))
    yield "backtracking", expression("a" * 9_000 + "[" + "1" * 9_000)
    yield "arrows", wired("real", '      - "' + "->" * 9_000 + '"\n')
    yield "blanks", expression(" " * 15_000 + "x[0]" + " " * 3_000)
    # odd texts
    yield "nothing", ""
    yield "blank", "\n\n \n"
    yield "a word", "hello"
    yield "a mark", "\ufeffdils: 1\n"
    yield "a null", "dils: 1\nname: a\0b\n"
    yield "line ends", wired("real", "      - z -> y\n").replace("\n", "\r\n")
    yield "other line ends", "dils: 1\u2028name: a\x85doc: b\u2029main: c\n"
    yield "letters", expression("größe + ﬁ + 变量 + x[0]")
    yield "bidirectional", expression("x[0] \u202e+ 1")
    yield "astral", expression("𝒙[0]")
    yield "merge", "dils: 1\ndefine:\n  a: {<<: {in: {x: real}}}\n"
    yield "laughs", "dils: 1\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n"
    yield "self alias", "dils: 1\ndefine: &a\n  b: *a\n"
    yield "tags", "dils: 1\nname: !!python/object/apply:os.system ['true']\n"
    yield "import of itself", "dils: 1\nuse: {a: hostile}\n"
    yield "import of a device", "dils: 1\nuse: {a: /dev/zero, b: ../../../../../dev/zero, c: 'a\\0b'}\n"
    yield "import of a long name", "dils: 1\nuse: {d: '" + "a" * 5_000 + "'}\n"


def main(mib: int) -> None:
    """Validate all texts, one after the other."""
    from dilsctl import api
    from dilsctl.report.text import render_text

    resource.setrlimit(resource.RLIMIT_DATA, (mib << 20, mib << 20))
    for name, text in texts():
        start = time.process_time()
        facts: dict[str, object] = {"name": name}
        try:
            found = api.validate("hostile.yaml", text=text)
            facts["shown"] = render_text(found)
            facts["codes"] = [one.code for one in found]
        except BaseException as error:  # nothing may get here
            facts["raised"] = f"{type(error).__name__}: {str(error)[:200]}"
        facts["seconds"] = time.process_time() - start
        print(json.dumps(facts), flush=True)
    print(json.dumps({"name": "", "numpy": "numpy" in sys.modules}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
