"""Values as YAML text, in the style of the language: block style, expressions without quotes where they can
stand so, lists of numbers on one line."""

from __future__ import annotations

import math
import re
import textwrap
from collections.abc import Iterator
from typing import Any

from dilsctl.scalars import resolve

WIDTH = 100

_INDICATORS = "-?:,[]{}#&*!|>'\"%@`"
_HIDDEN = r"[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
_ODD = re.compile(rf"{_HIDDEN}|^\s|\s$")
_ESCAPED = re.compile(rf'{_HIDDEN}|["\\]')
_NAMED = {'"': '"', "\\": "\\", "\n": "n", "\t": "t", "\r": "r"}
_FLOW = frozenset("{}[],")
_IN_LINE = frozenset({"in", "out", "params", "use", "drawn"})


def dump(value: Any) -> str:
    """A document: a mapping, with blank lines between its parts, and between the boxes that it defines."""
    lines: list[str] = []
    for key, one in value.items():
        if lines and (isinstance(one, dict | list) or key == "main"):
            lines.append("")
        if key != "define":
            lines += _mapping({key: one}, 0)
            continue
        lines.append("define:")
        for number, (name, body) in enumerate(one.items()):
            lines += [*([""] if number else []), *_mapping({name: body}, 1)]
    return "\n".join(lines) + "\n"


def scalar(value: Any, flow: bool = False) -> str:
    """One value that is no collection. ``flow``: it stands inside of brackets."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        if not math.isfinite(value):
            return ".nan" if value != value else ".inf" if value > 0 else "-.inf"
        return repr(value)
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return text if _plain(text, flow) else _quoted(text)


def _plain(text: str, flow: bool) -> bool:
    if not text or resolve(text) is not text or _ODD.search(text) or ": " in text or " #" in text:
        return False
    if text[0] in _INDICATORS and not (text[0] == "-" and len(text) > 1 and text[1] not in " ,[]{}"):
        return False
    if flow and (_FLOW & set(text) or text.count("(") != text.count(")")):
        return False
    return not text.endswith(":") and not text.startswith(("---", "..."))


def _quoted(text: str) -> str:
    if "'" not in text and not _ODD.search(text):
        return f"'{text}'"
    return quoted(text)


def quoted(text: str) -> str:
    """A text in double quotes, on one line."""
    return f'"{_ESCAPED.sub(_escape, text)}"'


def _escape(found: re.Match[str]) -> str:
    one = found.group()
    if one in _NAMED:
        return f"\\{_NAMED[one]}"
    return f"\\x{ord(one):02x}" if one < "\x80" else f"\\u{ord(one):04x}"


def _short(value: Any, room: int) -> str | None:
    """A collection on one line, where that is how one would write it; None where it is not."""
    if isinstance(value, list) and any(isinstance(one, dict) for one in value):
        return None
    text = in_line(value)
    if isinstance(value, list) and not any(isinstance(one, str) for one in value):
        return text  # numbers, however many
    return text if len(text) <= room else None


def in_line(value: Any) -> str:
    """A value on one line, in brackets."""
    if isinstance(value, list):
        return f"[{', '.join(map(in_line, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{scalar(key, True)}: {in_line(one)}' for key, one in value.items())}}}"
    return scalar(value, True)


def _mapping(value: dict[str, Any], depth: int) -> Iterator[str]:
    blank = "  " * depth
    for key, one in value.items():
        name = f"{blank}{scalar(key)}:"
        if isinstance(one, dict | list):
            short = _short(one, WIDTH - len(name)) if not one or _may_be_short(key, one) else None
            if short is not None:
                yield f"{name} {short}"
                continue
            yield name
            yield from _mapping(one, depth + 1) if isinstance(one, dict) else _sequence(one, depth + 1)
        elif isinstance(one, str) and (key == "doc" or "\n" in one.strip("\n")):
            yield from _text(name, one, depth + 1, exact=key != "doc")
        else:
            yield f"{name} {scalar(one)}"


def _may_be_short(key: str, value: Any) -> bool:
    """Are they ports, parameters, lists of names or numbers, a use of a box, options of a state? Expressions
    stand each on a line of their own."""
    if isinstance(value, list):
        return key not in ("wires", "loss", "potential", "next")
    if isinstance(value.get("box"), str):
        given = value.get("with")
        given = given if isinstance(given, dict) else {}
        return not any(
            isinstance(one, dict) and not isinstance(one.get("box"), str) for one in given.values()
        )
    return key in _IN_LINE or isinstance(value.get("type"), str)


def _sequence(value: list[Any], depth: int) -> Iterator[str]:
    blank = "  " * depth
    for one in value:
        if isinstance(one, dict) and one:
            lines = list(_mapping(one, depth + 1))
            yield f"{blank}- {lines[0].lstrip()}"
            yield from lines[1:]
        elif isinstance(one, dict | list):
            yield f"{blank}- {in_line(one)}"
        else:
            yield f"{blank}- {scalar(one)}"


def _text(name: str, text: str, depth: int, exact: bool) -> Iterator[str]:
    """Words: on one line, folded, or as they are. exact: the blanks around and at the ends of lines count."""
    body = text.strip("\n")
    lines = body.split("\n")
    if len(lines) == 1 and len(name) + len(body) < WIDTH:
        yield f"{name} {scalar(body)}"
    elif len(lines) == 1 and "  " not in body and not _ODD.search(body):
        yield f"{name} >"
        blank = "  " * depth
        yield from textwrap.wrap(
            body, WIDTH, initial_indent=blank, subsequent_indent=blank, break_on_hyphens=False,
            break_long_words=False,
        )  # fmt: skip
    elif (
        re.search(_HIDDEN, "".join(lines))
        or body.startswith((" ", "\t"))
        or (exact and (body not in (text, text[:-1]) or any(one != one.rstrip() for one in lines)))
    ):
        yield f"{name} {quoted(text)}"
    else:
        yield f"{name} |{'-' if exact and text == body else ''}"
        for line in lines:
            yield f"{'  ' * depth}{line}".rstrip()
