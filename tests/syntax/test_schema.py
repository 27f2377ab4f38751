"""The published schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from dilsctl.diagnostics import SourceFile
from dilsctl.source import parse_yaml
from dilsctl.syntax.document import Document, read_document
from dilsctl.syntax.schema import schema, schema_text

ROOT = Path(__file__).resolve().parents[2]
STORED = ROOT / "schemas" / "dils-1.schema.json"

OR_GATE = """\
# yaml-language-server: $schema=../schemas/dils-1.schema.json
dils: 1
name: or-gate
doc: Logical OR from NAND gates (Figure 5).
use:                     # other documents, by alias; relative paths or std/…
  nn: std/nn
define:
  nand:
    in:  {a: bool, b: bool}
    out: {y: bool}
    wires: [not (a and b) -> y]
  not:
    in:  {a: bool}
    out: {y: bool}
    boxes: {gate: nand}
    wires: [a -> gate.a, a -> gate.b, gate.y -> y]
  or:
    in:  {a: bool, b: bool}
    out: {y: bool}
    boxes: {left: not, right: not, join: nand}
    wires:
      - a -> left.a
      - b -> right.a
      - left.y -> join.a
      - right.y -> join.b
      - join.y -> y
main: or
checks:
  - given:  {a: [0, 0, 1, 1], b: [0, 1, 0, 1]}
    expect: {y: [0, 1, 1, 1]}
"""


def value(text: str) -> Any:
    return parse_yaml(SourceFile("f.yaml", text))


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(schema())
    return jsonschema.Draft202012Validator(schema())


def test_the_stored_schema_is_the_generated_one() -> None:
    assert STORED.read_text(encoding="utf-8") == schema_text(), (
        "write it anew: dilsctl schema --out schemas/dils-1.schema.json"
    )


def test_it_accepts_the_example(validator: jsonschema.Draft202012Validator) -> None:
    assert validator.is_valid(value(OR_GATE))


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda path: path.name)
def test_it_accepts_the_examples(path: Path, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(value(path.read_text(encoding="utf-8")))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("define:", "defne:"),
        ("    out: {y: bool}", "    uot: {y: bool}"),
        ("dils: 1", "dils: 2"),
        ("dils: 1", "dils: '1'"),
        ("name: or-gate", "name: or gate"),
        ("boxes: {gate: nand}", "boxes: {gate: {box: nand, conut: 3}}"),
        ("boxes: {gate: nand}", "boxes: {gate: 3}"),
        ("in:  {a: bool}", "in:  {a-b: bool}"),
        ("main: or", "main: {box: or, count: 3}"),
        ("main: or", "train: {optimiser: adm}"),
        ("main: or", "train: {optimiser: {adam: {rate: {cosin: 1}}}}"),
        ("main: or", "train: {data: {split: {test: last}}}"),
    ],
)
def test_it_refuses_what_the_models_refuse(
    old: str, new: str, validator: jsonschema.Draft202012Validator
) -> None:
    text = OR_GATE.replace(old, new, 1)
    assert not validator.is_valid(value(text))
    assert not read_document(SourceFile("f.yaml", text))[2].ok


def _properties(node: Any) -> list[tuple[str, Any]]:
    found = []
    if isinstance(node, dict):
        if "properties" in node and "additionalProperties" in node:
            found += list(node["properties"].items())
        for one in node.values():
            found += _properties(one)
    elif isinstance(node, list):
        for one in node:
            found += _properties(one)
    return found


def test_every_key_has_a_description() -> None:
    properties = _properties(schema())
    assert len(properties) > 60
    assert [name for name, one in properties if not one.get("description")] == []


def test_examples_are_valid() -> None:
    written = schema()
    for name, definition in [*written["$defs"].items(), ("Document", written)]:
        for key, one in definition["properties"].items():
            for example in one.get("examples", []):
                part = {**one, "$defs": written["$defs"]}
                jsonschema.Draft202012Validator(part).validate(example), f"{name}.{key}"


def test_it_says_nothing_twice() -> None:
    assert json.loads(schema_text()) == schema()
    assert set(schema()["properties"]) == {
        field.alias or name for name, field in Document.model_fields.items()
    }
