"""Text that comes from files, shown without harm: names and values may hold anything.

Control characters could make a terminal hide or forge what is said; characters that reorder text could make a
reader see another text; a name of a file that is not UTF-8 has signs that no output can hold. All of them are
shown as escapes (``\\x1b``, ``\\u202e``, ``\\xff``).
"""

from __future__ import annotations

import json
import re
from typing import Any

_ODD = "\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff"
_HIDDEN = re.compile(f"[{_ODD}]")
_HIDDEN_IN_A_LINE = re.compile(f"[{_ODD}\t\n]")
# The colours that we write ourselves, and nothing else that a terminal obeys.
_PAINTED = re.compile(f"\x1b\\[(?:[0-2]|[39][0-7]|1;3[0-7]|38;5;[0-9]{{1,3}})m|[{_ODD}]")
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def visible(text: str, painted: bool = False) -> str:
    """A text of lines with what can't be seen as escapes. ``painted``: it may have colours."""
    return (_PAINTED if painted else _HIDDEN).sub(_escape, text)


def in_a_line(text: str) -> str:
    """The same, of a name or value that must stay in its line."""
    return _HIDDEN_IN_A_LINE.sub(_escape, text)


def file_name(name: object) -> str:
    """The same, of a file's name that begins a line: none is a command of a build server's."""
    shown = in_a_line(str(name))
    return f"./{shown}" if shown.startswith("::") else shown


def masked(text: str, sign: str) -> str:
    """A line with one sign in place of each that can't be seen."""
    return _HIDDEN_IN_A_LINE.sub(sign, text)


def json_text(value: Any, indent: int | None = 2) -> str:
    """A value as JSON that any program can read and any terminal show."""
    return _HIDDEN.sub(_escape_in_json, json.dumps(value, indent=indent, ensure_ascii=False))


def _escape(found: re.Match[str]) -> str:
    sign = found[0]
    if len(sign) > 1:
        return sign
    code = ord(sign)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as Python reads names of files
        code -= 0xDC00
    return _SHORT.get(sign) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")


def _escape_in_json(found: re.Match[str]) -> str:
    code = ord(found[0])
    return "\\" + _escape(found) if 0xD800 <= code <= 0xDFFF else f"\\u{code:04x}"
