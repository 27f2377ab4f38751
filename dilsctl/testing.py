"""Run the checks of many files, in several processes; results come in the order of files and checks.

NumPy is not loaded here: a process without threads can be copied, which starts the others at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dilsctl.checked_box import title_of
from dilsctl.diagnostics import Diagnostic, Problem, Severity
from dilsctl.words import phrases, words

if TYPE_CHECKING:
    from dilsctl.checks import Result
    from dilsctl.loaded import LoadedDiagram

FEW = 3  # checks that are not worth a second process
MOST_JOBS = 64
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True, slots=True)
class Wanted:
    """A check that is to run: number ``number`` of a file; None: a file without checks, which must be
    valid."""

    file: Path
    number: int | None
    title: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a check went; of a file that is not valid, ``title`` is empty and ``result`` says why."""

    file: Path
    title: str
    result: Result

    @property
    def passed(self) -> bool:
        return self.result.passed


def collect(files: Sequence[Path], expression: str = "") -> list[Wanted | Outcome]:
    """The checks of files whose file and title fit an expression; files that can't be read as outcomes.

    The expression is one of ``words``, about ``FILE: TITLE``. Raises WordsError.
    """
    from dilsctl.documents import load_documents

    fits = words(expression)
    found: list[Wanted | Outcome] = []
    for file in files:
        library = load_documents(file)
        if library.main is None or not library.report.ok:
            found.append(_refused(file, list(library.report)))
            continue
        if not library.main.document.checks and not expression:
            found.append(Wanted(file, None, ""))
        for number, check in enumerate(library.main.document.checks):
            title = title_of(check, number)
            if fits(f"{file}: {title}"):
                found.append(Wanted(file, number, title))
    return found


def near_names(files: Sequence[Path], expression: str) -> list[str]:
    """Names of checks and files that the phrases of an expression may mean."""
    from dilsctl.documents import load_documents

    known: dict[str, None] = {}
    for file in files:
        main = load_documents(file).main
        for number, check in enumerate(main.document.checks if main is not None else ()):
            title = title_of(check, number)
            known |= dict.fromkeys((title, *title.split()))
        known[file.name] = known[file.stem] = None
    lower = {one.lower(): one for one in known}
    unknown = [phrase for phrase in phrases(expression) if not any(phrase in one for one in lower)]
    near = [one for phrase in unknown for one in get_close_matches(phrase, lower, 1)]
    return [lower[one] for one in dict.fromkeys(near)]


def _refused(file: Path, findings: Sequence[Diagnostic]) -> Outcome:
    from dilsctl.checks import Result

    errors = tuple(one for one in findings if one.severity is Severity.ERROR)
    return Outcome(file, "", Result("", 0.0, problems=errors))


@lru_cache(maxsize=2)
def _loaded(file: Path) -> LoadedDiagram | tuple[Diagnostic, ...]:
    """A file with checks of it running one after another; what is wrong with it, if it is not valid."""
    from dilsctl.loaded import load_diagram

    try:
        return load_diagram(file, (), file.parent)
    except Problem as problem:
        return problem.diagnostics


def run_one(wanted: Wanted) -> Outcome:
    """Run one check."""
    from dilsctl.check_engine import engine_for
    from dilsctl.checks import Result, run_check

    loaded = _loaded(wanted.file)
    if isinstance(loaded, tuple):
        return _refused(wanted.file, loaded)
    if wanted.number is None:
        return Outcome(wanted.file, "", Result("", 0.0))
    result = run_check(loaded.document, loaded.main, engine_for(loaded), wanted.number)
    return Outcome(wanted.file, wanted.title, result)


def run(checks: Sequence[Wanted | Outcome], jobs: int | None = None) -> Iterator[Outcome]:
    """The outcomes, in order, each as soon as those before it are there. A file that is not valid comes once.

    jobs: how many processes; by default as many as there are processors, if there is enough to do. Several
    have one thread each.
    """
    todo = [one for one in checks if isinstance(one, Wanted)]
    if jobs is None:
        jobs = _processors() if len(todo) > FEW else 1
    jobs = min(jobs, len(todo), MOST_JOBS)
    refused: set[Path] = set()
    for one in _outcomes(checks, jobs):
        if not one.title:
            if one.file in refused or one.passed:
                continue
            refused.add(one.file)
        yield one
    _loaded.cache_clear()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _outcomes(checks: Sequence[Wanted | Outcome], jobs: int) -> Iterator[Outcome]:
    if jobs < 2:
        for one in checks:
            yield run_one(one) if isinstance(one, Wanted) else one
        return
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    alone = sys.platform == "linux" and "numpy" not in sys.modules  # no threads yet: it may be copied
    context: Any = multiprocessing.get_context("fork" if alone else "spawn")
    with ProcessPoolExecutor(jobs, mp_context=context, initializer=_one_thread) as pool:
        futures = [pool.submit(run_one, one) if isinstance(one, Wanted) else None for one in checks]
        try:
            for one, future in zip(checks, futures, strict=True):
                if isinstance(one, Outcome):
                    yield one
                elif future is not None:
                    try:
                        yield future.result()
                    except BrokenProcessPool:
                        yield Outcome(one.file, one.title, _ended(one))
        finally:  # they must be gone before this process ends, or they hold its output open
            pool.shutdown(wait=True, cancel_futures=True)


def _one_thread() -> None:
    """Several processes with several threads each would get in each other's way."""
    for name in _THREADS:
        os.environ.setdefault(name, "1")


def _ended(wanted: Wanted) -> Result:
    from dilsctl.checks import Result

    message = "the process that ran this check ended before it was done; there may not be enough memory"
    help = "run it alone: -j 1"
    return Result(
        wanted.title, 0.0, problems=(Diagnostic("process-ended", message, help=help, file=str(wanted.file)),)
    )
