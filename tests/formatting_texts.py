"""Random diagram texts in odd but legal layouts, with comments: what ``fmt`` must not harm."""

from __future__ import annotations

import re
from random import Random

from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "x", "y", "hidden", "long_name_of_a_port", "w2"])
PLAIN = st.sampled_from(
    ["real", "real 3", "1", "0.5", "1e-3", "0x1F", "true", "~", "-1", "a b", "'it''s'", '"q\\n # no"', "'#'",
     "a#b", '"{x}"', "größe", "出力 中", '"😀"', '"\\\\u2028"', "0.1\t# tab", "'-'",
     "real n = glorot", ".5", "1.50", "no", '"a -> b"']
)  # fmt: skip
WIRES = st.sampled_from(
    ["x -> y", "a.y->b.x", "x   ->  y", "sum(x * 2)  -> y", '"concat(a, [b]) -> y"', "'x[0] -> y[1]'",
     "x[1:] + 0.25 * hidden.y -> long_name_of_a_port", "a", "größe -> 出力", "'😀 -> y'",
     "maximum(0, a_long_name_of_an_input * another_long_name + sum(x * 2)) / (1 + exp(-x)) + bias[0, :] -> y",
     "\"f('->') -> y\"", "-> y", "x ->"]
)  # fmt: skip
COMMENTS = st.sampled_from(["# one", "#two", "#   three # four", "# {", "# a: b", "#"])


@st.composite
def _remark(draw: st.DrawFn, pad: str) -> str:
    """Lines of comments and blank lines, at about this indentation."""
    lines = draw(st.lists(st.sampled_from(["", "c", "c", "deep"]), max_size=3))
    out = ""
    for one in lines:
        text = draw(COMMENTS)
        out += "\n" if one == "" else f"{pad}{'  ' if one == 'deep' else ''}{text}\n"
    return out


def _end(draw: st.DrawFn) -> str:
    return draw(st.sampled_from(["", "", "", " # behind", "   # far", " "])) + "\n"


def _flow(draw: st.DrawFn, depth: int, pad: str) -> str:
    """A collection in brackets, maybe over lines, maybe with comments."""
    brackets = draw(st.sampled_from(["{}", "[]"]))
    number = draw(st.integers(0, 4))
    names = draw(st.lists(NAMES, min_size=number, max_size=number, unique=True))
    parts = []
    for name in names:
        inner = _flow(draw, depth - 1, pad) if depth and draw(st.booleans()) else draw(PLAIN)
        parts.append(f"{name}: {inner}" if brackets == "{}" else inner)
    breaks = draw(st.sampled_from([" ", " ", f"\n{pad}    ", f" # in\n{pad}    "]))
    begin = draw(st.sampled_from(["", "", f"\n{pad}    "]))
    return f"{brackets[0]}{begin}{f',{breaks}'.join(parts)}{brackets[1]}"


def _broken(draw: st.DrawFn, wire: str, pad: str) -> str:
    """A wire, maybe over two or three lines."""
    words = wire.split(" ")
    for _ in range(draw(st.sampled_from([0, 0, 1, 2]))):
        at = draw(st.integers(1, max(1, len(words) - 1)))
        if at < len(words):
            words[at] = f"\n{pad}{' ' * draw(st.integers(1, 4))}{words[at]}"
    return " ".join(words)


def _value(draw: st.DrawFn, depth: int, pad: str, wires: bool = False) -> str:
    """What stands behind ``key:`` or a dash, with its line end."""
    kind = draw(st.sampled_from(["plain", "flow", "map", "list", "text", "lines", "none"]))
    if wires:
        kind = draw(st.sampled_from(["list", "flow", "text"]))
    if depth <= 0 and kind in ("map", "list"):
        kind = "plain"
    inner = pad + "  " * draw(st.integers(1, 2))
    if kind == "plain":
        return f" {draw(PLAIN)}{_end(draw)}"
    if kind == "none":
        return _end(draw)
    if kind == "flow":
        return f" {_flow(draw, 2, pad)}{_end(draw)}"
    if kind == "text":
        style = draw(st.sampled_from(["|", ">", "|-", ">-", "|+", ">+", "| # head", "|2", ">2"]))
        words = st.sampled_from(["x -> y", "words", "words ", "  more", "", "# text", "a: b"])
        lines = draw(st.lists(words, max_size=4))
        base = pad + "  " if "2" in style else inner
        return f" {style}\n" + "".join(f"{base}{one}\n" if one else "\n" for one in lines)
    if kind == "lines":
        opened = draw(st.sampled_from(["", "'", '"']))
        lines = draw(st.lists(st.sampled_from(["more words", "and", "x + 1", ""]), min_size=1, max_size=3))
        middle = "".join(f"\n{inner}{one}" if one else "\n" for one in lines)
        return f" {opened}first{middle}\n{inner}last{opened}\n"
    if kind == "map":
        return _end(draw) + _mapping(draw, depth - 1, inner)
    same = draw(st.booleans())
    items = draw(st.integers(1, 4))
    where = pad if same and pad else inner
    out = _end(draw)
    for _ in range(items):
        out += draw(_remark(where))
        if wires:
            out += f"{where}- {_broken(draw, draw(WIRES), where)}{_end(draw)}"
        else:
            out += f"{where}-{_value(draw, depth - 1, where)}"
    return out + draw(_remark(where))


def _mapping(draw: st.DrawFn, depth: int, pad: str, keys: st.SearchStrategy[str] = NAMES) -> str:
    names = draw(st.lists(keys, min_size=1, max_size=4, unique=True))
    out = ""
    for name in names:
        out += draw(_remark(pad))
        out += f"{pad}{name}:{_value(draw, depth, pad, name == 'wires')}"
    return out + draw(_remark(pad))


BOX_KEYS = st.sampled_from(["doc", "in", "out", "state", "wires", "let", "learn", "boxes", "params", "odd"])


@st.composite
def documents(draw: st.DrawFn) -> str:
    """A text that is nearly a diagram."""
    out = draw(_remark(""))
    if draw(st.integers(0, 9)) == 0:
        return out + _flow(draw, 3, "") + "\n" + draw(_remark(""))
    order = draw(st.permutations(["dils", "name", "define", "main", "checks", "train"]))
    for key in order[: draw(st.integers(1, 6))]:
        out += draw(_remark(""))
        if key == "dils":
            out += f"dils: 1{_end(draw)}"
        elif key == "define":
            out += f"define:{_end(draw)}"
            for name in draw(st.lists(NAMES, min_size=1, max_size=3, unique=True)):
                out += f"{draw(_remark('  '))}  {name}:{_end(draw)}{_mapping(draw, 2, '    ', BOX_KEYS)}"
        else:
            out += f"{key}:{_value(draw, 3, '')}"
    return out + draw(_remark(""))


ACTS = (
    "behind", "above", "blank", "break", "break", "arrow", "tail", "quote", "tab", "mark", "tight", "lines",
    "end",
)  # fmt: skip


def perturbed(text: str, random: Random) -> str:
    """The text of a good file in another layout; now and then no YAML any more."""
    lines = text.split("\n")
    for _ in range(random.randint(1, 12)):
        at = random.randrange(len(lines))
        line, act = lines[at], random.choice(ACTS)
        pad = " " * random.choice([0, len(line) - len(line.lstrip()), 3])
        blanks = [found.start() for found in re.finditer(r"(?<=\S) (?=\S)", line)]
        if act == "behind" and line.strip():
            lines[at] = f"{line}  # behind {at}"
        elif act == "above":
            lines.insert(at, f"{pad}# above {at}")
        elif act == "blank":
            lines[at:at] = [random.choice(["", "  ", "\t"])] * random.randint(1, 3)
        elif act == "break" and blanks:
            where = random.choice(blanks)
            lines[at] = f"{line[:where]}\n{' ' * (len(line) - len(line.lstrip()) + 4)}{line[where + 1 :]}"
        elif act == "arrow":
            lines[at] = line.replace(" -> ", random.choice(["->", "   -> ", " ->  "]))
        elif act == "tail" and line:
            lines[at] = line + random.choice([" ", "\t", "   "])
        elif act == "quote":
            lines[at] = re.sub(r"- ([^'\"\[{|>]*->.*)$", random.choice([r"- '\1'", r'- "\1"']), line)
        elif act == "tab":
            lines[at] = line.replace("  #", "\t#").replace(": ", ":\t", 1)
        elif act == "mark":
            lines[0] = random.choice(["\ufeff", "---\n", "# top\n---\n", "%YAML 1.1\n---\n"]) + lines[0]
        elif act == "tight":
            lines[at] = line.replace(", ", random.choice([",  ", " , "])).replace("{", "{ ")
        elif act == "lines":
            text = "\n".join(lines)
            return text.replace("\n", random.choice(["\r\n", "\r"]))
        elif act == "end":
            while lines and not lines[-1]:
                lines.pop()
            lines = lines or [""]
    return "\n".join(lines)
