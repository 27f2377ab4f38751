"""The processor of examples/cpu.yaml against an emulator that knows its instructions, not its gates."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

CPU = Path(__file__).parents[1] / "examples" / "cpu.yaml"


class Shown(NamedTuple):
    """What the processor shows in one tick."""

    pc: int
    accumulator: int
    halted: bool


def emulate(program: Sequence[int]) -> Iterator[Shown]:
    """What the processor shows, tick by tick, for ever."""
    pc = accumulator = 0
    carry = False
    memory = [0] * 16
    while True:
        code, place = divmod(program[pc], 16)
        yield Shown(pc, accumulator, code == 0)
        following = (pc + (code != 0)) % 16
        if code == 1:
            accumulator = memory[place]
        elif code == 2:
            memory[place] = accumulator
        elif code == 3:
            carry, accumulator = accumulator + memory[place] > 255, (accumulator + memory[place]) % 256
        elif code == 4:
            carry, accumulator = accumulator >= memory[place], (accumulator - memory[place]) % 256
        elif code == 5:
            accumulator &= memory[place]
        elif code == 6:
            accumulator ^= memory[place]
        elif code == 7:
            accumulator = place
        elif code == 8 or (code == 9 and carry) or (code == 10 and accumulator == 0):
            following = place
        pc = following


DOCUMENT = yaml.safe_load(CPU.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", ["fibonacci", "product"])
def test_the_expected_trace_is_that_of_the_emulator(name: str) -> None:
    program = DOCUMENT["define"][name]["boxes"]["cpu"]["with"]["program"]
    (check,) = [one for one in DOCUMENT["checks"] if one.get("box", "fibonacci") == name and "ticks" in one]
    shown = [one for one, _ in zip(emulate(program), range(check["ticks"]), strict=False)]
    assert check["expect"]["pc"] == [one.pc for one in shown]
    assert check["expect"]["accumulator"] == [one.accumulator for one in shown]
    assert shown[-1].halted
