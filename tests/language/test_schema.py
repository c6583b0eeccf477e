"""The JSON Schema of the project file: up to date, and of one mind with the models."""

from importlib.resources import files
from typing import Any

import jsonschema
import pytest

from segue.language.project import project_from
from segue.language.schema import SCHEMA_FILE, project_schema, schema_text
from segue.language.yaml_source import read_yaml
from tests.language.test_project import WHOLE


def test_the_shipped_file_is_up_to_date() -> None:
    """Write it anew with `python -m segue.language.schema`."""
    shipped = (files("segue.language") / SCHEMA_FILE).read_text(encoding="utf-8")

    assert shipped == schema_text()


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(project_schema())


def test_a_right_project_is_right_by_the_schema() -> None:
    project_from(WHOLE)
    data = {key: value for key, value in read_yaml(WHOLE).data.items() if value is not None}

    jsonschema.validate(data, project_schema())


@pytest.mark.parametrize(
    "wrong",
    [
        {"projct": "acme"},
        {"segments": {"x": {}}},
        {"segments": {"x": {"when": 3}}},
        {"segments": {"x": {"when": "everyone", "titel": "X"}}},
        {"journey": {}},
        {"ladders": {"x": {"levels": []}}},
    ],
)
def test_a_wrong_project_is_wrong_by_the_schema(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, project_schema())
