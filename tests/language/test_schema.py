"""The JSON Schema of the project file: up to date, and of one mind with the models."""

from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from segue.language.project import project_from
from segue.language.schema import SCHEMA_FILE, project_schema, schema_text
from segue.language.yaml_source import read_yaml
from tests.language.test_acting import ACTING
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


def test_campaigns_that_are_right_are_right_by_the_schema() -> None:
    """As an editor reads the file: YAML 1.2, where a date is text."""
    data = YAML(typ="safe", pure=True).load(ACTING.replace("2026-11-01", '"2026-11-01"'))

    jsonschema.validate(data, project_schema())


@pytest.mark.parametrize(
    "wrong",
    [
        {"segment": "x", "when": "sometimes", "channel": "email"},
        {"segment": "x", "when": {"schedule": 3}, "channel": "email"},
        {"segment": "x", "when": "entering", "channel": "pigeon"},
        {"segment": "x", "when": "entering", "channel": "in_app", "show": {"on": [{"click": "x"}]}},
        {"when": "entering", "channel": "email"},
    ],
)
def test_a_wrong_campaign_is_wrong_by_the_schema(wrong: dict[str, Any]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"campaigns": {"one": wrong}}, project_schema())
