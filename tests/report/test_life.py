"""Rows of a life as text."""

import csv
import io
import json

import numpy as np
import pytest

from dilsctl.data.tables import Table
from dilsctl.ir import Type
from dilsctl.report.life import Answers

NAMES = ["a,b", 'say "so"', "two\nlines\x9b"]


@pytest.mark.parametrize("as_json", [True, False])
def test_names_of_classes_may_hold_anything(as_json: bool) -> None:
    written: list[str] = []
    table = Table("t.csv", {"id": np.array(["x,y", "z", "\u202e"])}, 3)
    answers = Answers(Type("class", (), 3), written.append, NAMES, "id", as_json)
    answers.answers(0, np.array([0, 1, 2]), np.array([2, 1, 0]), table)
    text = "\n".join(written) + "\n"
    rows = (
        [json.loads(line) for line in text.splitlines()]
        if as_json
        else list(csv.DictReader(io.StringIO(text, newline="")))
    )
    assert [one["predicted"] for one in rows] == NAMES
    assert [one["truth"] for one in rows] == NAMES[::-1]
    assert [one["id"] for one in rows] == ["x,y", "z", "\u202e"]
    assert not as_json or ("\x9b" not in text and "\u202e" not in text)
