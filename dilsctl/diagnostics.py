"""What is wrong with a file, and where: one object, every output format.

A ``Diagnostic`` has a stable kebab-case code, a message, a primary span, related spans and help. A
``Report`` collects them. ``Problem`` is the exception that carries diagnostics to whoever reports them.
"""

from __future__ import annotations

import bisect
import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

STDIN = "<stdin>"  # the name of a text that is given to "-"


@dataclass(eq=False)
class SourceFile:
    """A text with a name. Offsets count characters from 0; lines and columns from 1."""

    name: str
    text: str
    _starts: list[int] = field(default_factory=list, repr=False)

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column (both from 1) of a character offset."""
        if not self._starts:
            self._starts.append(0)
            found = self.text.find("\n")
            while found >= 0:
                self._starts.append(found + 1)
                found = self.text.find("\n", found + 1)
        line = bisect.bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    def offset(self, line: int) -> int:
        """The offset at which a line (from 1) begins."""
        self.position(0)
        return self._starts[line - 1]

    def line(self, number: int) -> str:
        """The text of a line (from 1), without its line break."""
        self.position(0)
        start = self._starts[number - 1]
        end = self._starts[number] - 1 if number < len(self._starts) else len(self.text)
        return self.text[start:end].rstrip("\r")


@dataclass(
    slots=True, unsafe_hash=True
)  # never changed once made; frozen ones take three times as long to make
class SourceSpan:
    """The characters ``start`` to ``end`` (not included) of a file."""

    file: SourceFile
    start: int
    end: int

    @property
    def line(self) -> int:
        return self.file.position(self.start)[0]

    @property
    def column(self) -> int:
        return self.file.position(self.start)[1]

    @property
    def end_line(self) -> int:
        return self.file.position(self.end)[0]

    @property
    def end_column(self) -> int:
        return self.file.position(self.end)[1]

    def __str__(self) -> str:
        return f"{self.file.name}:{self.line}:{self.column}"


class Severity(Enum):
    """How bad it is. Only errors make a file invalid."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Label:
    """A span and what to say about it."""

    span: SourceSpan
    text: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """A text in place of the characters of a span; an empty span is a place to insert at."""

    span: SourceSpan
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """How to mend a finding. ``safe``: what the diagram means stays as it is."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool = False


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. ``primary`` is None only where there is no text to point at (a file that is missing)."""

    code: str
    message: str
    primary: Label | None = None
    related: tuple[Label, ...] = ()
    help: str = ""
    severity: Severity = Severity.ERROR
    file: str = ""  # where primary is None: the name of the file
    fix: Fix | None = None

    @property
    def where(self) -> tuple[str, int]:
        """Sort key: file name and offset."""
        if self.primary is None:
            return self.file, 0
        return self.primary.span.file.name, self.primary.span.start


@dataclass
class Report:
    """A collection of diagnostics. Iterates in source order, each finding once."""

    found: list[Diagnostic] = field(default_factory=list)

    def add(self, diagnostic: Diagnostic) -> None:
        self.found.append(diagnostic)

    def error(
        self,
        code: str,
        message: str,
        span: SourceSpan | None = None,
        *,
        label: str = "",
        related: Iterable[Label] = (),
        help: str = "",
        fix: Fix | None = None,
    ) -> None:
        primary = Label(span, label) if span is not None else None
        self.add(Diagnostic(code, message, primary, tuple(related), help, fix=fix))

    def warn(
        self,
        code: str,
        message: str,
        span: SourceSpan | None,
        *,
        label: str = "",
        related: Iterable[Label] = (),
        help: str = "",
        fix: Fix | None = None,
    ) -> None:
        primary = Label(span, label) if span is not None else None
        self.add(Diagnostic(code, message, primary, tuple(related), help, Severity.WARNING, fix=fix))

    def extend(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.found.extend(diagnostics)

    @property
    def ok(self) -> bool:
        """No errors (warnings are allowed)."""
        return not any(one.severity is Severity.ERROR for one in self.found)

    def __iter__(self) -> Iterator[Diagnostic]:
        unique = {(one.code, one.message, one.where): one for one in self.found}
        return iter(sorted(unique.values(), key=lambda one: one.where))

    def __len__(self) -> int:
        return len(self.found)

    def raise_errors(self) -> None:
        """Raise ``Problem`` if there is any error."""
        if not self.ok:
            raise Problem(list(self))


class Problem(Exception):
    """Diagnostics on their way to the user. Never shown as a traceback."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("; ".join(map(_in_words, self.diagnostics)))

    @classmethod
    def of(
        cls, code: str, message: str, span: SourceSpan | None = None, *, help: str = "", file: str = ""
    ) -> Problem:
        """A problem with one error."""
        primary = Label(span) if span is not None else None
        return cls([Diagnostic(code, message, primary, help=help, file=file)])


def _in_words(one: Diagnostic) -> str:
    """What a program of Python's is told: place, message, help."""
    place = str(one.primary.span) if one.primary is not None else one.file
    return (f"{place}: " if place else "") + one.message + (f" ({one.help})" if one.help else "")


MOST_LABELS = 20  # of one finding that could have any number
_MOST_SHOWN = 100
_MOST_COMPARED = 60


def shown_circle(names: Sequence[str]) -> str:
    """``a -> b -> a``; of a very long circle the names in the middle are counted."""
    shown = [*names, names[0]]
    if len(shown) > _MOST_SHOWN:
        middle = f"({len(shown) - _MOST_SHOWN} more)"
        shown = [*shown[: _MOST_SHOWN // 2], middle, *shown[-_MOST_SHOWN // 2 :]]
    return " -> ".join(shown)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean 'x'?`` for the known word nearest to ``word``, or an empty string."""
    words = list(known)
    if len(words) > _MOST_COMPARED:  # of very many, those beside it in the alphabet
        if len(words) > 100 * _MOST_COMPARED:
            return ""
        words.sort()
        at = bisect.bisect_left(words, word)
        words = words[max(at - _MOST_COMPARED // 2, 0) : at + _MOST_COMPARED // 2]
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    return f"did you mean '{near[0]}'?" if near else ""
