"""What SVG is made of: texts, lines through points, images of cells."""

from __future__ import annotations

import base64
import struct
import zlib
from collections.abc import Iterator
from xml.sax.saxutils import escape

import numpy as np

from dilsctl.render.letters import width
from dilsctl.render.svg import clean, number
from dilsctl.trace import Array

SIZE = 12  # of letters


def text(
    x: float,
    y: float,
    words: str,
    *,
    look: str = "ink",
    anchor: str = "start",
    size: float = SIZE,
    bold: bool = False,
    full: str = "",
    turned: bool = False,
) -> str:
    """A line of text whose base line is at ``y``. full: what it says to those who point at it."""
    extra = "" if anchor == "start" else f' text-anchor="{anchor}"'
    extra += ' font-weight="600"' if bold else ""
    extra += f' font-size="{number(size)}"' if size != SIZE else ""
    extra += f' transform="rotate(-90 {number(x)} {number(y)})"' if turned else ""
    told = f"<title>{escape(clean(full))}</title>" if full and full != words else ""
    return (
        f'<text class="{look}" x="{number(x)}" y="{number(y)}"{extra}>{told}{escape(clean(words))}</text>\n'
    )


def fitted(words: str, room: float, size: float = SIZE) -> str:
    """The text, or its end after an ellipsis: the end of a path tells more than its beginning."""
    if width(words, size) <= room:
        return words
    kept = words
    while kept and width("…" + kept, size) > room:
        kept = kept[max(1, len(kept) // 12) :]
    return "…" + kept


def pieces(xs: Array, ys: Array) -> Iterator[tuple[Array, Array]]:
    """The parts of a line (N,) between what is not finite."""
    there = np.isfinite(xs) & np.isfinite(ys)
    if there.all():
        if len(xs):
            yield xs, ys
        return
    bounds = np.flatnonzero(np.diff(np.concatenate([[False], there, [False]]).astype(int)))
    for start, end in zip(bounds[::2], bounds[1::2], strict=True):
        yield xs[start:end], ys[start:end]


def path_data(xs: Array, ys: Array) -> str:
    """Points in order, without those that lie where the one before does."""
    xs, ys = np.round(xs, 2), np.round(ys, 2)
    if len(xs) > 2:
        same = (np.diff(xs) == 0) & (np.diff(ys) == 0)
        kept = np.concatenate([[True], ~same])
        xs, ys = xs[kept], ys[kept]
    return "M" + "L".join(f"{x:g} {y:g}" for x, y in zip(xs.tolist(), ys.tolist(), strict=True))


def line(x1: float, y1: float, x2: float, y2: float, look: str, wide: float = 1) -> str:
    """A straight line."""
    return (
        f'<path class="{look}" d="M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}" '
        f'stroke-width="{number(wide)}" fill="none"/>\n'
    )


def png(pixels: Array) -> bytes:
    """Colours (rows, columns, 4) of bytes as PNG."""
    high, wide = pixels.shape[:2]
    rows = np.concatenate([np.zeros((high, 1), np.uint8), pixels.reshape(high, wide * 4)], axis=1)

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    head = struct.pack(">IIBBBBB", wide, high, 8, 6, 0, 0, 0)
    body = zlib.compress(rows.tobytes(), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def image(x: float, y: float, wide: float, high: float, pixels: Array, look: str = "") -> str:
    """Cells of colour, each with sharp edges."""
    data = base64.b64encode(png(pixels)).decode()
    named = f' class="{look}"' if look else ""
    return (
        f'<image{named} x="{number(x)}" y="{number(y)}" width="{number(wide)}" height="{number(high)}" '
        f'preserveAspectRatio="none" image-rendering="pixelated" style="image-rendering:pixelated" '
        f'href="data:image/png;base64,{data}"/>\n'
    )
