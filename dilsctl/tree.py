"""Validate many files: what was found before comes from the cache, the rest is shared out among processes."""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dilsctl.cache import Cache, cache_folder, key_of
from dilsctl.choice import Choice, choices
from dilsctl.diagnostics import Report, SourceFile
from dilsctl.garbage import collection_off
from dilsctl.records import Stale, decode, encode, text_digest
from dilsctl.source import MOST_BYTES, limit_of

WORTH = 100_000  # bytes of files that are worth a second process
MOST_JOBS = 16
BETWEEN = 100  # files between two collections of garbage


@dataclass(frozen=True, slots=True)
class Job:
    """A file to validate. ``key``: the name of its entry in the cache, empty if none is to be kept, if its
    text has the digest ``text`` when it is read; ``folder``: that of the cache."""

    path: Path
    settings: tuple[str, ...]
    choice: Choice
    key: str = ""
    text: str = ""
    folder: str = ""


def validate_tree(
    files: Sequence[Path],
    text: str | None = None,
    settings: Sequence[str] = (),
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    *,
    jobs: int | None = None,
    cached: bool = False,
) -> Report:
    """The findings of all files, in their order. ``text`` stands for the content of the only one.

    jobs: how many processes may work; by default as many as there are processors, if there is enough to do.
    cached: take what was found before, and keep what is found. Raises Problem: bad-project.
    """
    whole = Report()
    wanted = choices(files, select, ignore)
    if text is not None:
        from dilsctl.validation import validate_file

        return validate_file(files[0], text, settings, wanted[0])
    folder = cache_folder()
    cache = Cache(folder) if cached else None
    found: list[Report | None] = [None] * len(files)
    left: list[int] = []
    todo: list[Job] = []
    size = 0
    for number, (path, choice) in enumerate(zip(files, wanted, strict=True)):
        job = Job(path, tuple(settings), choice)
        data = _data(path)
        source = _source(path, data) if data is not None else None
        if cache is not None and data is not None and source is not None:
            facts = json.dumps([list(settings), choice.select, choice.ignore, limit_of(path, len(data))])
            key = key_of(path, data, [facts])
            job = Job(path, tuple(settings), choice, key, text_digest(source), str(folder))
            entry = cache.get(key)
            if entry is not None:
                try:
                    found[number] = decode(entry, source, check=True)
                    continue
                except Stale:
                    pass
        size += len(data or b"")
        left.append(number)
        todo.append(job)
    for number, report in zip(left, _run(todo, size, jobs), strict=True):
        found[number] = report
    for one in found:
        whole.extend(one or ())
    if cache is not None and todo:
        cache.sweep()
    return whole


def _data(path: Path) -> bytes | None:
    """The bytes of a regular file, None where it is for the loader to say what is wrong."""
    try:
        small = path.is_file() and path.stat().st_size <= MOST_BYTES
        return path.read_bytes() if small else None  # what is too large is told where it is read
    except OSError:
        return None


def _source(path: Path, data: bytes) -> SourceFile | None:
    try:
        return SourceFile(str(path), data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None


def _run(todo: Sequence[Job], size: int, jobs: int | None) -> list[Report]:
    """The findings of what is left to do."""
    if jobs is None:
        jobs = _processors() if size >= WORTH else 1
    jobs = min(jobs, len(todo), MOST_JOBS)
    if jobs > 1:
        records = _shared_out(todo, jobs)
        if records is not None:
            try:
                return [
                    decode(record, _source(job.path, _data(job.path) or b""), check=False)
                    for job, record in zip(todo, records, strict=True)
                ]
            except Stale:
                pass  # a file changed while it was looked at
    return [report for report, _ in _each(todo)]


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _one(job: Job) -> tuple[Report, bytes]:
    """Validate a file, and keep what is found, if it holds as long as the files are what they are."""
    from dilsctl.loaded import read
    from dilsctl.validation import validated

    library = read(job.path, settings=job.settings)
    report = validated(library, job.choice)
    main = library.files[0] if library.files else None
    record = encode(report, main, library.imported, library.absent)
    if job.key and main is not None and library.complete and text_digest(main) == job.text:
        Cache(Path(job.folder)).put(job.key, record)
    return report, record


def _share(todo: Sequence[Job]) -> list[bytes]:
    """What one process does."""
    return [record for _, record in _each(todo)]


def _each(todo: Sequence[Job]) -> Iterator[tuple[Report, bytes]]:
    """Validate one file after the other."""
    with collection_off():  # diagrams are full of circles; to look for them all the time takes a fifth of it
        for number, job in enumerate(todo):
            if number and number % BETWEEN == 0:
                gc.collect()
            yield _one(job)


def _shared_out(todo: Sequence[Job], jobs: int) -> list[bytes] | None:
    """The records of all jobs, by several processes; None where that can't be done."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor
    from concurrent.futures.process import BrokenProcessPool

    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    first = _share(todo[:1])  # so that what every file needs is there before processes are forked
    gc.freeze()
    rest = todo[1:]
    shares = [list(rest[at::jobs]) for at in range(jobs)]
    try:
        # Processes that end when their share is done collect only as they go on.
        with ProcessPoolExecutor(jobs, mp_context=context, initializer=gc.disable) as pool:
            done = list(pool.map(_share, shares))
    except (BrokenProcessPool, OSError, PermissionError):
        return None
    finally:
        gc.unfreeze()
    records: list[bytes] = [b""] * len(rest)
    for at, share in enumerate(done):
        records[at::jobs] = share
    return first + records
