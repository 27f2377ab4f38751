"""Plots read back: texts, and values by the marks on the axes, as a person with a ruler would."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np

SVG = "{http://www.w3.org/2000/svg}"
_RAISED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def texts_of(svg: str) -> list[str]:
    """All that is written, without what only those see who point at it."""
    root = ElementTree.fromstring(svg)
    return [
        "".join([one.text or "", *(child.tail or "" for child in one)]) for one in root.iter(f"{SVG}text")
    ]


def value_of(words: str) -> float:
    """The number of a mark: 1,000, −0.5, 10⁻⁵, 2×10³."""
    words = words.replace(",", "").replace("−", "-")
    found = re.fullmatch(r"(?:(-?[\d.]+)×)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", words)
    if found:
        return float(found[1] or 1) * 10.0 ** int(found[2].translate(_RAISED))
    return float(words)


def read_back(svg: str) -> dict[str, tuple[list[float], list[float]]]:
    """Of a plot of one panel: each curve by its name, as the values at its points and dots, left to right."""
    root = ElementTree.fromstring(svg)
    marks = [one for one in root.iter(f"{SVG}text") if one.get("class") == "dim"]
    across = [(float(one.get("x", 0)), one.text) for one in marks if one.get("text-anchor") == "middle"]
    up = [(float(one.get("y", 0)) - 4, one.text) for one in marks if one.get("text-anchor") == "end"]
    across = [one for one in across if _is_value(one[1])]
    x = _axis(across[1:-1] if len(across) > 3 else across)  # a mark at the edge may be moved inwards
    y = _axis(up)
    found = {}
    for group in root.iter(f"{SVG}g"):
        if group.get("class") != "line":
            continue
        points: set[tuple[float, float]] = set()
        for path in group.iter(f"{SVG}path"):
            pairs = re.findall(r"(-?[\d.e-]+) (-?[\d.e-]+)", path.get("d", ""))
            points |= {(float(a), float(b)) for a, b in pairs}
        for dot in group.iter(f"{SVG}circle"):
            if not any(abs(float(dot.get("cx", 0)) - a) < 0.02 for a, _ in points):
                points.add((float(dot.get("cx", 0)), float(dot.get("cy", 0))))
        ordered = sorted(points)
        name = group.findtext(f"{SVG}title") or ""
        found[name] = ([x(a) for a, _ in ordered], [y(b) for _, b in ordered])
    return found


def _is_value(words: str | None) -> bool:
    try:
        value_of(words or "")
    except ValueError:
        return False
    return True


def _axis(marks: list[tuple[float, str | None]]) -> Any:
    """From places to values, by a straight line through the outer marks, or one through their logarithms; the
    others must lie on it."""
    marks = sorted(marks, key=lambda one: one[0])
    places = np.array([at for at, _ in marks])
    values = np.array([value_of(words or "") for _, words in marks])
    parts = (places - places[0]) / (places[-1] - places[0])
    with np.errstate(all="ignore"):
        for there, back in ((values / 2, lambda one: 2 * one), (np.log10(values), lambda one: 10**one)):
            first, last = there[0], there[-1]
            if np.allclose(first + parts * (last - first), there, rtol=0.02, atol=0.01 * abs(last - first)):
                step = (last - first) / (places[-1] - places[0])
                return lambda at: float(back(first + step * (at - places[0])))
    raise AssertionError(f"the marks {marks} lie on no line")
