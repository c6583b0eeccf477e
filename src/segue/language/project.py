"""The project file, `segue.yaml`: reading it, with all problems at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from segue.domain.errors import DefinitionError, InputError, NotFoundError, Problem
from segue.language.campaign_models import (
    CampaignDefinition,
    CapDefinition,
    HoursDefinition,
    MessagingDefinition,
    QuestionDefinition,
    SenderDefinition,
    ShowDefinition,
    StepDefinition,
    SurveyDefinition,
    VariantDefinition,
)
from segue.language.models import (
    Goal,
    IdentityRules,
    Ladder,
    Level,
    Privacy,
    Project,
    SegmentDefinition,
    Stage,
)
from segue.language.resolve import resolve
from segue.language.yaml_source import Loc, YamlSource, dotted, read_yaml

__all__ = ["Project", "load_project", "project_from", "resolve"]


def load_project(path: Path | str) -> Project:
    """Read a `segue.yaml`.

    Raises `NotFoundError` where there is no such file, `InputError` where it cannot be read, and
    `DefinitionError` with every problem of the file: YAML, unknown and missing keys, conditions.
    """
    file = Path(path)
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise NotFoundError(
            f"there is no file {file}", hint="name a segue.yaml, or make one with `segue init`"
        ) from None
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        problem = Problem(f"not UTF-8 text (byte {error.start})", source=str(file))
        raise DefinitionError([problem]) from None
    return project_from(text, source=str(file))


def project_from(definitions: Mapping[str, Any] | str, *, source: str = "segue.yaml") -> Project:
    """Read a project from the text of a `segue.yaml`, or from a mapping of its shape.

    In a mapping, conditions may be text, trees, or made with `segue.language.build`.
    Raises `DefinitionError` with every problem.
    """
    yaml = read_yaml(definitions, source) if isinstance(definitions, str) else None
    data = definitions if yaml is None else yaml.data
    if data is None:
        data = {}
    if not isinstance(data, Mapping):
        raise DefinitionError([Problem("a project is a mapping of keys to values", source=source)])
    repeated = yaml.problems if yaml else ()
    try:
        project = Project.model_validate(data)
    except ValidationError as error:
        found = [*repeated, *_problems(error, yaml, source)]
        raise DefinitionError(sorted(found, key=_place)) from None
    if repeated:
        raise DefinitionError(repeated)
    return project if yaml is None else project.from_file(yaml)


# ---------------------------------------------------------------------------------------- problems


def _problems(error: ValidationError, yaml: YamlSource | None, source: str) -> list[Problem]:
    place = source if yaml else ""
    return [problem for details in error.errors() for problem in _problems_of(details, yaml, place)]


def _place(problem: Problem) -> tuple[int, int]:
    return problem.line, problem.column


def _problems_of(details: ErrorDetails, yaml: YamlSource | None, source: str) -> list[Problem]:
    loc: Loc = tuple(part for part in details["loc"] if part != "[key]")
    inner = details.get("ctx", {}).get("problems")
    if inner is not None:
        named = [replace(problem, where=dotted(loc), source=source) for problem in inner]
        return [yaml.placed_in_text(problem, loc) if yaml else problem for problem in named]
    problem = replace(_problem(details, loc), where=dotted(loc), source=source)
    at_key = details["type"] == "extra_forbidden" or "[key]" in details["loc"]
    return [yaml.placed(problem, loc, at_key=at_key) if yaml else problem]


def _problem(details: ErrorDetails, loc: Loc) -> Problem:
    match details["type"]:
        case "missing":
            return Problem(f"`{loc[-1]}` is missing")
        case "extra_forbidden":
            known = _keys_at(loc[:-1])
            close = difflib.get_close_matches(str(loc[-1]), known, n=1)
            expected = () if close else tuple(known)
            return Problem(
                f"there is no key `{loc[-1]}` here", expected=expected, suggestion="".join(close)
            )
        case kind if kind in _SHAPES:
            return Problem(f"{_SHAPES[kind]} is expected here")
        case kind if kind in _BOUNDS:
            bound = next(iter(details["ctx"].values()))
            return Problem(f"{_BOUNDS[kind]} {bound} is expected here")
        case "enum" | "literal_error":
            return _none_of(details)
        case _:
            return Problem(details["msg"])


def _none_of(details: ErrorDetails) -> Problem:
    known = re.findall("'([^']*)'", str(details["ctx"]["expected"]))
    close = difflib.get_close_matches(str(details["input"]), known, n=1)
    expected = () if close else tuple(one for one in known if one)
    message = f"`{details['input']}` is not known here"
    return Problem(message, expected=expected, suggestion="".join(close))


_SHAPES: Final = {
    "dict_type": "a mapping of keys to values",
    "model_type": "a mapping of keys to values",
    "list_type": "a list",
    "string_type": "text",
    "string_too_short": "text",
    "too_short": "at least one",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
}
_BOUNDS: Final = {
    "greater_than_equal": "a number of at least",
    "less_than_equal": "a number of at most",
}


def _messages(where: str, model: type[BaseModel]) -> dict[tuple[str, ...], type[BaseModel]]:
    """The models of campaigns or surveys, and of what is below them."""
    return {
        (where, "*"): model,
        (where, "*", "window"): HoursDefinition,
        (where, "*", "show"): ShowDefinition,
        (where, "*", "caps", "*"): CapDefinition,
        (where, "*", "steps", "*"): StepDefinition,
        (where, "*", "variants", "*"): VariantDefinition,
    }


_MODELS: Final[dict[tuple[str, ...], type[BaseModel]]] = {
    (): Project,
    ("segments", "*"): SegmentDefinition,
    ("journey", "*"): Stage,
    ("ladders", "*"): Ladder,
    ("ladders", "*", "levels", "*"): Level,
    ("goals", "*"): Goal,
    ("privacy",): Privacy,
    ("identity",): IdentityRules,
    ("messaging",): MessagingDefinition,
    ("messaging", "sender"): SenderDefinition,
    ("messaging", "quiet_hours"): HoursDefinition,
    ("messaging", "caps", "*"): CapDefinition,
    **_messages("campaigns", CampaignDefinition),
    **_messages("surveys", SurveyDefinition),
    ("surveys", "*", "questions", "*"): QuestionDefinition,
}


def _keys_at(loc: Loc) -> list[str]:
    """The keys that stand at a place; a part of its path that may be anything is `*`."""
    for shape, model in _MODELS.items():
        if len(shape) == len(loc) and all(
            one in ("*", part) for one, part in zip(shape, loc, strict=True)
        ):
            return [field.alias or name for name, field in model.model_fields.items()]
    return []
