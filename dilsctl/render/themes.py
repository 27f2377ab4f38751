"""Colours and strokes. Nothing is told by colour alone: looks also differ by width, dashes or marks. Hues are
near those of Okabe and Ito, which colour-blind readers tell apart, darkened until they can be read on their
ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Name = Literal["light", "dark", "print"]


@dataclass(frozen=True, slots=True)
class Style:
    """How a shape is painted. ``dash``: lengths of strokes and gaps."""

    fill: str = "none"
    stroke: str = "none"
    width: float = 1.0
    dash: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Theme:
    """The colours of a picture."""

    paper: str
    ink: str
    dim: str
    frame: str
    grounds: tuple[str, str]  # of frames, in turns
    learned_ground: str  # of frames of boxes that learn
    box: str
    border: str
    plain: str
    learned: str
    learned_fill: str
    moving: str
    moving_fill: str
    changing: str
    changing_fill: str
    peer: str
    backward: str
    positive: str  # weights of a run
    negative: str


THEMES: dict[str, Theme] = {
    "light": Theme(
        paper="#ffffff", ink="#16202b", dim="#55616d", frame="#8b98a5", grounds=("#f5f7f9", "#ffffff"),
        learned_ground="#fffaf0",
        box="#ffffff", border="#3f4c59", plain="#3f4c59", learned="#b45309", learned_fill="#fff1d6",
        moving="#0b5fa5", moving_fill="#e4f0fb", changing="#9b2c7f", changing_fill="#fbe8f5", peer="#00735a",
        backward="#b42318", positive="#0064a8", negative="#c44100",
    ),
    "dark": Theme(
        paper="#12181f", ink="#e8edf2", dim="#9fadba", frame="#5d6b79", grounds=("#18212a", "#1f2a35"),
        learned_ground="#221f1b",
        box="#26323e", border="#aebac6", plain="#b7c3ce", learned="#f5a742", learned_fill="#46351a",
        moving="#62b3f5", moving_fill="#1b3a57", changing="#e58bcb", changing_fill="#472740", peer="#3fcfa6",
        backward="#ff8f80", positive="#6cb8f7", negative="#ff8d5c",
    ),
    "print": Theme(
        paper="#ffffff", ink="#000000", dim="#333333", frame="#666666", grounds=("#ffffff", "#ffffff"),
        learned_ground="#f3f3f3",
        box="#ffffff", border="#000000", plain="#000000", learned="#000000", learned_fill="#e2e2e2",
        moving="#000000", moving_fill="#ffffff", changing="#000000", changing_fill="#f0f0f0", peer="#000000",
        backward="#555555", positive="#000000", negative="#000000",
    ),
}  # fmt: skip


def box_style(theme: Theme, looks: frozenset[str]) -> Style:
    """The front of a box that is drawn without its interior."""
    if "hole" in looks:
        return Style("none", theme.border, 1.4, (5, 4))
    if "learned" in looks:
        return Style(theme.learned_fill, theme.learned, 1.4)
    if "stateful" in looks:
        return Style(theme.moving_fill, theme.moving, 1.4)
    return Style(theme.box, theme.border, 1.2)


def frame_style(theme: Theme, looks: frozenset[str], depth: int) -> Style:
    """The ground of a box that is drawn with its interior."""
    ground = theme.learned_ground if "learned" in looks else theme.grounds[depth % 2]
    return Style(ground, theme.frame, 1.1)


def function_style(theme: Theme, looks: frozenset[str]) -> Style:
    """A small function."""
    if "learned" in looks:
        return Style(theme.learned_fill, theme.learned, 1.2)
    if "changing" in looks:
        return Style(theme.changing_fill, theme.changing, 1.2)
    return Style(theme.box, theme.dim, 1.0)


def wire_style(theme: Theme, looks: frozenset[str]) -> Style:
    """A wire. Each look has something of its own, so that several can be seen on one wire. Learned: thick.
    Changing: dash and dot. Late, so that it acts at the next tick: an open head, and dashes. Backward: thin.
    Between peers: a ring where it begins."""
    width = 2.2 if "learned" in looks else 1.3
    if "backward" in looks:
        width -= 0.3
    order = ("backward", "learned", "changing", "peer")
    colour = next((getattr(theme, one) for one in order if one in looks), theme.plain)
    dash: tuple[float, ...] = (8, 3, 1.5, 3) if "changing" in looks else (6, 4) if "late" in looks else ()
    return Style("none", colour, width, dash)
