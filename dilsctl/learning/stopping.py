"""Which epoch was the best, and when to stop looking for a better one."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched after each epoch.

    patience: epochs without a better value before it is time to stop; None: never.
    """

    metric: str
    minimise: bool = True
    patience: int | None = None


@dataclass(frozen=True, slots=True)
class Best:
    """The best epoch so far and its value, and how many epochs went by since."""

    epoch: int | None = None
    value: float | None = None
    stale: int = 0

    def after(self, watch: Watch, epoch: int, value: float) -> Best:
        """What is known after one more epoch. Only a strictly better value counts; NaN never does."""
        if self.value is None:
            better = not math.isnan(value)
        else:
            better = value < self.value if watch.minimise else value > self.value
        return Best(epoch, value, 0) if better else Best(self.epoch, self.value, self.stale + 1)

    def is_time(self, watch: Watch) -> bool:
        """Whether to stop."""
        return watch.patience is not None and self.stale >= watch.patience
