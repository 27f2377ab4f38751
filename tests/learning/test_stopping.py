import math

from dilsctl.learning.stopping import Best, Watch


def follow(watch, values):
    best = Best()
    for epoch, value in enumerate(values, 1):
        best = best.after(watch, epoch, value)
        if best.is_time(watch):
            return best, epoch
    return best, None


def test_less_is_better():
    best, stopped = follow(Watch("m", True, 2), [3, 1, 2, 1, 0])
    assert (best.epoch, best.value, stopped) == (2, 1, 4)


def test_more_is_better():
    best, stopped = follow(Watch("m", False, 3), [1, 3, 2, 2, 4, 1])
    assert (best.epoch, best.value, best.stale, stopped) == (5, 4, 1, None)


def test_without_patience_it_never_stops():
    assert follow(Watch("m"), [1] * 50) == (Best(1, 1, 49), None)


def test_nan_is_never_better():
    assert follow(Watch("m", True, 9), [math.nan, 2, math.nan])[0] == Best(2, 2, 1)
    assert follow(Watch("m", True, 2), [math.nan] * 3)[1] == 2
