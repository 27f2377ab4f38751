"""The engine for small programs: one Python function over single numbers, in place of calls of NumPy."""

from dilsctl.engine.scalar.loop import Store, Turns, column
from dilsctl.engine.scalar.slope import Slope
from dilsctl.engine.scalar.steps import AT_ONCE, Steps
from dilsctl.engine.scalar.suits import suits, supported
from dilsctl.engine.scalar.ticks import Ticks

__all__ = ["AT_ONCE", "Slope", "Steps", "Store", "Ticks", "Turns", "column", "suits", "supported"]
