"""The published JSON Schema of a document, for editors: completion, hover text, and marks under mistakes."""

from __future__ import annotations

import json
from typing import Any

from dilsctl.syntax.document import Document

SCHEMA_ID = "urn:dilsctl:schema:dils-1"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """The schema of a document as plain values."""
    written = _tidy(Document.model_json_schema(by_alias=True))
    written.pop("title", None)
    return {"$schema": DIALECT, "$id": SCHEMA_ID, "title": "A dilsctl diagram, version 1", **written}


def schema_text() -> str:
    """The text of ``schemas/dils-1.schema.json``."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(node: Any, names: bool = False) -> Any:
    """Drop titles made from attribute names, and say anyOf where exactly one is not the point.

    ``names``: the keys of this mapping are names of properties or definitions, not words of JSON Schema.
    """
    if isinstance(node, list):
        return [_tidy(one) for one in node]
    if not isinstance(node, dict):
        return node
    out: dict[str, Any] = {}
    for key, value in node.items():
        if names:
            out[key] = _tidy(value)
            if key not in ("title",) and isinstance(out[key], dict):
                out[key].pop("title", None)
        elif key == "patternProperties" and len(value) == 1:
            ((pattern, inner),) = value.items()
            out["propertyNames"] = {"pattern": pattern}
            out["additionalProperties"] = _tidy(inner)
        elif key == "oneOf":
            out["anyOf"] = _tidy(value)
        elif key in ("default", "examples", "const", "enum"):
            if value is not None:  # null is no value that a file may write
                out[key] = value
        elif key == "anyOf":
            kept = [_tidy(one) for one in value if one != {"type": "null"}]
            out |= kept[0] if len(kept) == 1 else {"anyOf": kept}
        else:
            out[key] = _tidy(value, names=key in ("properties", "$defs"))
    return out
