"""Facts about this machine that matter to dilsctl: what is installed, how fast, where one may write."""

from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
import os
import platform
import re
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dilsctl import __version__

PACKAGES = ("click", "numpy", "pydantic", "pyyaml", "rich", "safetensors", "scipy", "uniplot")
MODULES = {"pyyaml": "yaml"}
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
LEAST_PYTHON = (3, 11)
LEAST_DISK = 100 * 2**20


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's: what was looked at, what was found, and what to do if it is not well."""

    name: str
    value: str
    verdict: Literal["good", "warning", "bad"] = "good"
    advice: str = ""


def examine(folder: Path | None = None) -> list[Finding]:
    """Look at everything. Never raises: what cannot be found out is a finding."""
    found = [*_python(), *_packages()]
    found += _arrays() if _importable("numpy") else []
    return [*found, *_terminal(), *_folder(folder or Path.cwd())]


def _python() -> list[Finding]:
    version = platform.python_version()
    where = f"{version} ({platform.python_implementation()}, {sys.executable})"
    old = sys.version_info < LEAST_PYTHON
    verdict: Literal["good", "bad"] = "bad" if old else "good"
    return [
        Finding("dilsctl", f"{__version__} ({Path(__file__).parent})"),
        Finding("python", where, verdict, "Python 3.11 or later is needed" if old else ""),
        Finding("system", f"{platform.system()} {platform.release()} {platform.machine()}"),
    ]


def _packages() -> list[Finding]:
    found = []
    for name in PACKAGES:
        try:
            version = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found.append(Finding(name, "not installed", "bad", f"pip install {name}"))
            continue
        if _importable(name):
            found.append(Finding(name, version))
        else:
            advice = f"it is installed but does not import; pip install --force-reinstall {name}"
            found.append(Finding(name, version, "bad", advice))
    return found


def _importable(name: str) -> bool:
    try:
        importlib.import_module(MODULES.get(name, name))
    except Exception:
        return False
    return True


def _arrays() -> list[Finding]:
    """The linear algebra library under NumPy, its threads, and its speed measured."""
    import numpy as np

    config: Any = np.show_config(mode="dicts")
    blas = (config or {}).get("Build Dependencies", {}).get("blas", {})
    library = " ".join(str(blas.get(key, "")) for key in ("name", "version")).strip() or "unknown"
    slow = library in ("unknown", "none", "unavailable")
    advice = "matrix products will be slow; install a NumPy built with OpenBLAS, MKL or Accelerate"
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    threads = _openblas_threads()
    told = [f"{key}={os.environ[key]}" for key in THREAD_VARIABLES if key in os.environ]
    words = [f"{threads} used" if threads else "not known", f"{cores} cores here", *told]
    many = bool(threads and threads > cores)
    return [
        Finding("blas", library, "warning" if slow else "good", advice if slow else ""),
        Finding(
            "blas threads",
            ", ".join(words),
            "warning" if many else "good",
            f"more threads than cores slow each other down; set OMP_NUM_THREADS={cores}" if many else "",
        ),
        Finding("matrix product", f"{_speed():.0f} GFLOP/s (512 × 512, float32)"),
    ]


def _openblas_threads() -> int | None:
    """Ask the OpenBLAS that is loaded in this process (Linux; other systems: not known)."""
    try:
        maps = Path("/proc/self/maps").read_text()
        path = re.search(r"/\S*openblas\S*\.so\S*", maps)
        if path is None:
            return None
        library = ctypes.CDLL(path.group())
        for name in (
            "scipy_openblas_get_num_threads64_",
            "openblas_get_num_threads64_",
            "openblas_get_num_threads",
        ):
            if hasattr(library, name):
                return int(getattr(library, name)())
    except (OSError, ValueError):
        return None
    return None


def _speed(size: int = 512, seconds: float = 0.05) -> float:
    import numpy as np

    left = np.ones((size, size), np.float32)
    out = np.empty_like(left)
    np.dot(left, left, out)
    best = float("inf")
    end = time.perf_counter() + seconds
    while True:
        begin = time.perf_counter()
        np.dot(left, left, out)
        now = time.perf_counter()
        best = min(best, now - begin)
        if now > end:
            return 2 * size**3 / best / 1e9


def _terminal() -> list[Finding]:
    size = shutil.get_terminal_size((0, 0))
    kind = "a terminal" if sys.stdout.isatty() else "not a terminal: plain lines, no colour"
    wide = f", {size.columns} columns" if sys.stdout.isatty() and size.columns else ""
    encoding = (sys.stdout.encoding or "").lower()
    poor = encoding.replace("-", "") != "utf8"
    told = [
        f"{key}={os.environ[key]}" for key in ("TERM", "NO_COLOR", "FORCE_COLOR", "CI") if key in os.environ
    ]
    return [
        Finding("output", ", ".join([kind + wide, *told])),
        Finding(
            "encoding",
            encoding or "unknown",
            "warning" if poor else "good",
            "some signs will not show; set PYTHONIOENCODING=utf-8" if poor else "",
        ),
    ]


def _folder(folder: Path) -> list[Finding]:
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(b"dilsctl")
    except OSError as error:
        advice = "run folders cannot be written here; use --out"
        return [Finding("folder", f"{folder}: {error.strerror}", "warning", advice)]
    free = shutil.disk_usage(folder).free
    little = free < LEAST_DISK
    return [
        Finding(
            "folder",
            f"{folder} can be written, {free / 2**30:.1f} GiB free",
            "warning" if little else "good",
            "there is little room for run folders" if little else "",
        )
    ]
