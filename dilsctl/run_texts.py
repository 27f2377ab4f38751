"""What stands in the files of a run folder, as text: JSON for programs, YAML for people."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any


def log_lines(text: bytes, epoch: int) -> list[dict[str, Any]]:
    """The lines of the first ``epoch`` epochs, without any that is not whole."""
    kept: list[dict[str, Any]] = []
    for line in text.split(b"\n")[:-1]:
        try:
            one = json.loads(line)
            if one["epoch"] <= epoch:
                kept.append(one)
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
    return kept


def as_json(value: Mapping[str, Any], indent: int | None = None) -> bytes:
    """A line of JSON, or several with ``indent``."""
    return (json.dumps(_plain(value), indent=indent, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _plain(value: Any) -> Any:
    """A value as JSON has it: what is not finite is null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return _plain(value.tolist()) if hasattr(value, "tolist") else value


def as_yaml(config: Mapping[str, Any]) -> str:
    """YAML without anchors."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return True

    return str(yaml.dump(_plain(config), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=100))
