"""A document: the keys of a diagram file, and reading one."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator
from pydantic_core import ValidationError

from dilsctl.diagnostics import Report, SourceFile
from dilsctl.source import Mapping, Value, parse_yaml
from dilsctl.syntax.ablate import Ablate
from dilsctl.syntax.box import Box, MainValue
from dilsctl.syntax.checks import Check
from dilsctl.syntax.live import Live
from dilsctl.syntax.model import DefinitionName, JsonSchema, Model, document_name, refuse
from dilsctl.syntax.simulate import Simulate, Time
from dilsctl.syntax.train import Train


def _version(value: Any) -> int:
    if type(value) is not int or value != 1:
        raise refuse("bad-version", "the version of the language is 1", "write dils: 1")
    return value


class Document(Model):
    """A diagram file of the language dilsctl, version 1."""

    dils: Annotated[Literal[1], PlainValidator(_version), JsonSchema({"const": 1, "type": "integer"})] = (
        Field(description="The version of the language: 1.", examples=[1])
    )
    name: Annotated[
        str,
        AfterValidator(document_name),
        JsonSchema({"type": "string", "pattern": "^[A-Za-z0-9][A-Za-z0-9_.-]*$"}),
    ] = Field(default="", description="The diagram's name; run folders carry it.", examples=["or-gate"])
    doc: str = Field(default="", description="What it is, in words.")
    use: dict[DefinitionName, str] = Field(
        default_factory=dict,
        description="Other documents, by alias: a path relative to this file, or std/… of the library.",
        examples=[{"nn": "std/nn"}],
    )
    define: dict[DefinitionName, Box] = Field(
        default_factory=dict, description="Boxes by name, to be used in other boxes and as main."
    )
    main: MainValue | None = Field(
        default=None,
        description="The box that is run: a definition's name, {box: NAME, with: …}, or a box in place.",
    )
    time: Time = Field(
        default_factory=Time, description="How time goes on.", examples=[{"dt": 0.01, "method": "rk4"}]
    )
    train: Train | None = Field(default=None, description="How the main box is trained.")
    ablate: Ablate = Field(
        default_factory=Ablate,
        description="What an ablation holds the pattern at, and what is heard over a wire that is cut.",
        examples=[{"frozen": {"coupling": 1}}],
    )
    simulate: Simulate = Field(
        default_factory=Simulate,
        description="How long the main box runs, what it is told and what is recorded.",
        examples=[{"until": 100, "record": ["rabbits"]}],
    )
    live: Live | None = Field(
        default=None,
        description="How the main box lives on a stream: it predicts, is told, learns, and goes on.",
        examples=[{"predict": "p", "truth": "outcome"}],
    )
    checks: list[Check] = Field(
        default_factory=list, description="What must be true; `dilsctl test` verifies it."
    )


def read_document(file: SourceFile) -> tuple[Document | None, Value, Report]:
    """Parse and validate one file, without its imports.

    Returns the document (None if there are errors), the value with its places, and what was found.
    """
    report = Report()
    root = parse_yaml(file, report)
    return validate_document(file, root, report), root, report


def validate_document(file: SourceFile, root: Value, report: Report) -> Document | None:
    """The document that a parsed value holds, or None; findings go into ``report``."""
    from dilsctl.syntax.findings import report_errors

    fatal = {"yaml-syntax", "not-text", "too-deep", "too-large"}
    if any(one.code in fatal for one in report.found):
        return None
    if not isinstance(root, Mapping):
        report_errors(file, root, [], report, Document)
        return None
    try:
        document = Document.model_validate(root)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=True)
        report_errors(file, root, found, report, Document)
        return None
    return document if report.ok else None
