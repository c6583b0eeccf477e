"""What a template is: the text of a definition with holes, over the standard actions.

A template's forms say the same thing with different actions; the first that a project can use is
filled. The result is a piece of `segue.yaml`, ready to be written.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from segue.domain.errors import UsageError

Piece: TypeAlias = dict[str, object] | list[dict[str, object]]
"""A piece of a project file: a segment, a ladder or a goal is a mapping, a journey is a list."""


class Shape(StrEnum):
    """Which part of a project file a template writes."""

    SEGMENT = "segment"
    LADDER = "ladder"
    JOURNEY = "journey"
    GOAL = "goal"


_DURATION: Final = re.compile(r"[1-9]\d* (second|minute|hour|day|week)s?")
_KEY: Final = r"([A-Za-z_$][A-Za-z0-9_$]*|\"[^\"\\\x00-\x1f]+\")"
_PATH: Final = re.compile(rf"{_KEY}(\.{_KEY})*")
_VALID: Final = {
    "duration": (_DURATION, "a duration such as 14 days"),
    "count": (re.compile(r"[1-9]\d{0,8}"), "a whole number from 1"),
    "percent": (re.compile(r"(?!0+(\.0+)?$)(100|\d{1,2}(\.\d{1,6})?)"), "a number up to 100"),
    "property": (re.compile(r"[^\"\\\x00-\x1f]*|" + _PATH.pattern), "the name of a property"),
}
_HOLE: Final = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number or name that one may tune. `kind` is duration, count, percent or property; an empty
    property is one that the events do not have; dots lead into nested ones, unless quoted."""

    name: str
    kind: str
    default: str
    means: str

    def text(self, value: object) -> str:
        """The value as it stands in a condition; `UsageError` where it is of another kind."""
        written = str(value)
        pattern, expected = _VALID[self.kind]
        if pattern.fullmatch(written) is None:
            raise UsageError(f"{self.name} is {expected}, not {written!r}")
        if self.kind == "property" and written and _PATH.fullmatch(written) is None:
            return f'"{written}"'
        return written


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a ladder, or one stage of a journey."""

    level: str
    when: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Form:
    """One way to say it: the actions it needs, the parameters that must be given, and, by shape,
    the condition, the levels or the event of the goal."""

    needs: tuple[str, ...]
    given: tuple[str, ...] = ()
    when: str = ""
    levels: tuple[Level, ...] = ()
    event: str = ""

    def usable(self, actions: Collection[str], values: Mapping[str, str]) -> bool:
        """Whether all the actions exist and the parameters that it must be given are not empty."""
        return all(action in actions for action in self.needs) and all(
            values[name] for name in self.given
        )


@dataclass(frozen=True, slots=True)
class Template:
    """A definition that many projects need. `purpose` says what to do with the people."""

    id: str
    shape: Shape
    title: str
    kind: str
    stage: str
    purpose: str
    parameters: tuple[Parameter, ...]
    forms: tuple[Form, ...]

    @property
    def needs(self) -> tuple[str, ...]:
        """The actions that its best form needs."""
        return self.forms[0].needs

    def values(self, parameters: Mapping[str, object]) -> dict[str, str]:
        """The text of every parameter: the given values, else the defaults.

        Raises `UsageError` on a value that is not of its kind; names it does not have are ignored,
        so that one mapping serves many templates.
        """
        return {p.name: p.text(parameters.get(p.name, p.default)) for p in self.parameters}


def put(text: str, values: Mapping[str, str]) -> str:
    """The text with every `{name}` replaced by its value."""
    return _HOLE.sub(lambda hole: values[hole.group(1)], text)
