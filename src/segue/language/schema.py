"""The JSON Schema of `segue.yaml`, with which editors complete and check the file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from segue.language.models import Project

SCHEMA_FILE: Final = "segue.schema.json"
"""The generated file that ships beside this module."""


def project_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `segue.yaml`, generated from the models."""
    schema = Project.model_json_schema(mode="validation")
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "segue.yaml"}
    return {**head, **{key: value for key, value in schema.items() if key not in head}}


def schema_text() -> str:
    """The schema as it stands in the shipped file."""
    return json.dumps(project_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(__file__).with_name(SCHEMA_FILE).write_text(schema_text(), encoding="utf-8")
