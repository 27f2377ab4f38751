"""How wide text is, so that boxes fit around it: the widths of DejaVu Sans, which is wider than what most
systems have in its place."""

from __future__ import annotations

# Hundredths of the font size, from the space to the tilde.
_WIDTHS = (
    32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64,
    64, 34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79,
    69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28,
    58, 28, 97, 63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84,
)  # fmt: skip
_BOLD = 1.12


def width(text: str, size: float, bold: bool = False) -> int:
    """The width of a line of text, rounded up. Wide signs, such as those of East Asia, count as one and a
    half."""
    total = 0.0
    for sign in text:
        code = ord(sign)
        if 32 <= code < 127:
            total += _WIDTHS[code - 32]
        else:
            total += 32 if sign == "·" else 150 if code >= 0x1100 else 70 if code < 0x2000 else 100
    return int(total * size * (_BOLD if bold else 1) / 100 + 0.999)


def cut_path(text: str, longest: int) -> str:
    """The text, or an ellipsis and its end where it is a path: that is what tells boxes apart."""
    if len(text) <= longest or "." not in text or " " in text:
        return cut(text, longest)
    return f"…{text[len(text) - longest + 1 :]}"


def cut(text: str, longest: int) -> str:
    """The text, or its beginning and an ellipsis."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
