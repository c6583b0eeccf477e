"""The types of fields of `segue.yaml`: text in the file, trees and milliseconds in the model."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any, TypeAlias, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from segue.domain.errors import DefinitionError
from segue.domain.instant import format_duration
from segue.language.canonical import shallow
from segue.language.lexicon import KEYWORDS, has_bare_characters, quote
from segue.language.parse import parse_condition, parse_duration, parse_pattern
from segue.language.text import to_text
from segue.language.tree import Condition, EventPattern


def _reader(parse: Callable[[str], Any], called: str, *nodes: type) -> Callable[[Any], Any]:
    """A validator that reads text with `parse`, and takes nodes of those types as they are."""

    def read(value: Any) -> Any:
        node = getattr(value, "node", value)  # what the builder makes
        if not isinstance(node, (str, *nodes)):
            raise PydanticCustomError("text", "{called} is written as text", {"called": called})
        try:
            return parse(node) if isinstance(node, str) else _shallow(node)
        except DefinitionError as error:
            raise PydanticCustomError(
                "condition", "{message}", {"message": str(error), "problems": error.problems}
            ) from None

    return read


def _named_pattern(text: str) -> EventPattern:
    """An event pattern; a name whose quotes YAML took away gets them back in the suggestion."""
    try:
        return parse_pattern(text)
    except DefinitionError as error:
        if not _ONE_NAME.fullmatch(text):
            raise
        message = "an event name with spaces or dots needs its own quotes"
        meant = replace(
            error.problems[0], message=message, expected=(), suggestion=f"'{quote(text)}'"
        )
        raise DefinitionError([meant]) from None


_ONE_NAME = re.compile(r"(?!any\b)[\w$\-/:]+(?:[ .]+[\w$\-/:]+){1,4}")


def _shallow(node: Any) -> Any:
    return node if isinstance(node, EventPattern) else shallow(node)


def _schema(description: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "description": description, "examples": [example]})


ConditionText: TypeAlias = Annotated[
    Condition,
    PlainValidator(_reader(parse_condition, "a condition", *get_args(Condition))),
    PlainSerializer(to_text, return_type=str),
    _schema("A condition of the segment language.", "did purchase at least 3 times within 30 days"),
]
PatternText: TypeAlias = Annotated[
    EventPattern,
    PlainValidator(_reader(_named_pattern, "an event pattern", EventPattern)),
    PlainSerializer(to_text, return_type=str),
    _schema("An event pattern.", 'any of ($pageview, "Page Viewed") where path = "/pricing"'),
]
DurationText: TypeAlias = Annotated[
    int,
    PlainValidator(_reader(parse_duration, "a duration")),
    PlainSerializer(format_duration, return_type=str),
    _schema("A duration in seconds, minutes, hours, days or weeks.", "14 days"),
]


def _bare(name: str) -> str:
    if not has_bare_characters(name):
        raise PydanticCustomError("name", "a name has letters, digits, _ $ - / and : only")
    return name


def _no_keyword(name: str) -> str:
    if name.lower() in KEYWORDS:
        raise PydanticCustomError("name", "this is a word of the language; choose another name")
    return name


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise PydanticCustomError(
            "zone", "no such time zone (write it as `Europe/Berlin`)"
        ) from None
    return name


Id: TypeAlias = Annotated[
    str,
    AfterValidator(_bare),
    WithJsonSchema({"type": "string", "description": "Letters, digits, _ $ - / and : only."}),
]
"""A name that needs no quotes."""
ActionId: TypeAlias = Annotated[Id, AfterValidator(_no_keyword)]
"""An id that is no word of the language, since actions stand bare in conditions."""
Zone: TypeAlias = Annotated[str, AfterValidator(_zone)]
"""An IANA time zone."""
