"""Deeply interacting learning systems, described in YAML: check, compile, train, run.

>>> import dilsctl
>>> diagram = dilsctl.load("examples/or-gate.yaml")

Importing the package loads nothing else: names of the Python interface are fetched when first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dilsctl.api import load

__all__ = ["__version__", "load"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "load":
        from dilsctl.api import load

        return load
    raise AttributeError(f"module 'dilsctl' has no attribute '{name}'")
