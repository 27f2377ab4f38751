"""Which letters a font has: its table ``cmap``, as TrueType fonts lay it out (formats 4 and 12)."""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from dilsctl.render.shapes import Shape, Text


def without_glyph(shapes: Iterable[Shape], font: Path) -> str:
    """The letters of some shapes that a font does not have, each once, in order."""
    known = letters_of(font)
    texts = (shape.text for shape in shapes if isinstance(shape, Text))
    found = dict.fromkeys(one for text in texts for one in text if ord(one) not in known)
    return "".join(one for one in found if unicodedata.category(one) not in ("Cc", "Cf", "Cs"))


@cache
def letters_of(font: Path) -> frozenset[int]:
    """The code points that a font has a glyph for."""
    data = font.read_bytes()
    (tables,) = struct.unpack_from(">H", data, 4)
    starts = {}
    for number in range(tables):
        tag, _, start, _ = struct.unpack_from(">4sIII", data, 12 + 16 * number)
        starts[tag] = start
    cmap = starts[b"cmap"]
    (count,) = struct.unpack_from(">H", data, cmap + 2)
    found: set[int] = set()
    for number in range(count):
        platform, encoding, offset = struct.unpack_from(">HHI", data, cmap + 4 + 8 * number)
        if platform == 0 or (platform == 3 and encoding in (1, 10)):
            found |= _subtable(data, cmap + offset)
    return frozenset(found)


def _subtable(data: bytes, at: int) -> set[int]:
    (format,) = struct.unpack_from(">H", data, at)
    if format == 12:
        (groups,) = struct.unpack_from(">I", data, at + 12)
        ranges = (struct.unpack_from(">III", data, at + 16 + 12 * number) for number in range(groups))
        return {code for first, last, _ in ranges for code in range(first, last + 1)}
    return _segments(data, at) if format == 4 else set()


def _segments(data: bytes, at: int) -> set[int]:
    """Segments of code points; a glyph is their sum with a delta, or stands in a list."""
    (double,) = struct.unpack_from(">H", data, at + 6)
    many = double // 2
    ends, starts, deltas, offsets = (
        struct.unpack_from(f">{many}H", data, at + 14 + part * double + (2 if part else 0))
        for part in range(4)
    )
    found = set()
    for number in range(many):
        place = at + 16 + 3 * double + 2 * number  # of the segment's offset, which counts from there
        for code in range(starts[number], min(ends[number], 0xFFFE) + 1):
            glyph = code
            if offsets[number]:
                (glyph,) = struct.unpack_from(
                    ">H", data, place + offsets[number] + 2 * (code - starts[number])
                )
            if (glyph and offsets[number]) or (not offsets[number] and (code + deltas[number]) & 0xFFFF):
                found.add(code)
    return found
