"""How plots look: one picture for light, dark and paper, by classes and the reader's own setting.

Series differ by dashes as well as by colour, so that they are told apart in print and by all who see colours
in whichever way. The hues are those of diagrams (``dilsctl.render.themes``).
"""

from __future__ import annotations

import re

import numpy as np

from dilsctl.render.svg import FONT
from dilsctl.render.themes import THEMES, Theme
from dilsctl.trace import Array

SERIES = 6
DASHES = ("", "7 2.5", "2.2 2.2", "9 2.5 2 2.5", "14 3", "4 4")
SHADES = 16  # of what was swept
_VIRIDIS = (
    "440154 48186a 472d7b 424086 3b528b 33638d 2c728e 26828e 21918c 1fa088 28ae80 3fbc73 5ec962 84d44b "
    "addc30 d8e219 fde725"
)
_BLUES = "ffffff e4f0fb bddaf3 8bbce6 5398d2 2a78bd 0b5fa5 0a4780 082f57"


def _colours(names: str) -> Array:
    return np.array([[int(one[at : at + 2], 16) for at in (0, 2, 4)] for one in names.split()], float)


_MAPS = {"viridis": _colours(_VIRIDIS), "blues": _colours(_BLUES)}


def shaded(values: Array, name: str) -> Array:
    """Numbers from 0 to 1 as colours (…, 4) of red, green, blue and cover; NaN is not there at all."""
    colours = _MAPS[name]
    places = np.clip(np.nan_to_num(values), 0, 1)
    steps = np.linspace(0, 1, len(colours))
    found = np.empty((*values.shape, 4), np.uint8)
    for channel in range(3):
        found[..., channel] = np.interp(places, steps, colours[:, channel]).round()
    found[..., 3] = np.where(np.isnan(values), 0, 255)
    return found


def _hex(colour: Array) -> str:
    return "#" + "".join(f"{int(one):02x}" for one in colour[:3])


def _series(theme: Theme, more: tuple[str, str]) -> tuple[str, ...]:
    return theme.moving, theme.learned, theme.peer, theme.changing, *more


def _rules(name: str, more: tuple[str, str], shades: tuple[float, float]) -> dict[str, str]:
    """Class → declarations, of one theme."""
    theme = THEMES[name]
    rules = {
        "paper": f"fill:{theme.paper}",
        "ink": f"fill:{theme.ink}",
        "dim": f"fill:{theme.dim}",
        "grid": f"stroke:{theme.dim};stroke-opacity:.22",
        "axis": f"stroke:{theme.frame}",
        "grey": f"stroke:{theme.dim}",
    }
    for at, colour in enumerate(_series(theme, more)):
        rules[f"s{at}"] = f"stroke:{colour}"
        rules[f"m{at}"] = f"fill:{colour}"
    for at, place in enumerate(np.linspace(*shades, SHADES)):
        colour = _hex(shaded(np.array([place]), "viridis")[0])
        rules[f"v{at}"] = f"stroke:{colour}"
        rules[f"w{at}"] = f"fill:{colour}"
    return rules


_THEMES = {
    "": _rules("light", ("#b42318", "#5b6b1f"), (0.0, 0.85)),
    "@media (prefers-color-scheme:dark)": _rules("dark", ("#ff8f80", "#c3d36a"), (0.3, 1.0)),
    "@media print": _rules("print", ("#000000", "#000000"), (0.0, 0.85)),
}
FAMILY = FONT.replace('"', "'")


def style_of(body: str) -> str:
    """The rules that this body needs, of every theme; they hold inside of ``class="plot"`` only."""
    used = {name for names in re.findall(r'class="([^"]*)"', body) for name in names.split()}
    texts = []
    for where, rules in _THEMES.items():
        lines = "".join(f".plot .{name}{{{one}}}" for name, one in rules.items() if name in used)
        texts.append(f"{where}{{{lines}}}" if where else lines)
    if "blues" in used:
        dark = ".plot .blues{filter:invert(.93) hue-rotate(180deg)}"
        texts += [
            f"@media (prefers-color-scheme:dark){{{dark}}}",
            "@media print{.plot .blues{filter:none}}",
        ]
    return "\n".join(texts)
