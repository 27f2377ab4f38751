"""The processor of examples/cpu.yaml against an emulator that knows its instructions, not its gates."""

import json
import random
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from dilsctl import api

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
    shown = list(islice(emulate(program), check["ticks"]))
    assert check["expect"]["pc"] == [one.pc for one in shown]
    assert check["expect"]["accumulator"] == [one.accumulator for one in shown]
    assert shown[-1].halted


def bits(number: int, width: int) -> list[int]:
    """A number as bits, the ones first."""
    return [number >> place & 1 for place in range(width)]


def test_random_programs_side_by_side(tmp_path: Path) -> None:
    draw = random.Random(3)
    programs = [[draw.randrange(16, 0xB0) for _ in range(16)] for _ in range(20)]
    ticks = 50
    traces = [list(islice(emulate(program), ticks)) for program in programs]
    main = {
        "out": {"pc": "bool 20 4", "accumulator": "bool 20 8", "halted": "bool 20"},
        "boxes": {"cpu": {"box": "cpu.cpu", "count": 20, "each": {"program": programs}}},
        "wires": [f"cpu.{port} -> {port}" for port in ("pc", "accumulator", "halted")],
    }
    expect = {
        "pc": [[bits(trace[tick].pc, 4) for trace in traces] for tick in range(ticks)],
        "accumulator": [[bits(trace[tick].accumulator, 8) for trace in traces] for tick in range(ticks)],
        "halted": [[trace[tick].halted for trace in traces] for tick in range(ticks)],
    }
    checks = [{"ticks": ticks, "expect": expect}]
    document = {"dils": 1, "use": {"cpu": "cpu.yaml"}, "define": {"main": main}, "main": "main"}
    shutil.copy(CPU, tmp_path)
    path = tmp_path / "programs.yaml"
    path.write_text(json.dumps({**document, "checks": checks}), encoding="utf-8")
    (result,) = api.test(path)
    assert result.passed, result.facts()
