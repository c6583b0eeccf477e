"""SQL text with bound parameters.

A `Binder` hands out a placeholder for every value and keeps the value beside the text; equal values
share one placeholder, so equal expressions have equal text and DuckDB computes them once. No name,
key or value of a user ever becomes part of SQL text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

Bindable: TypeAlias = str | int | float | list[int] | list[str]


class Binder:
    """The parameters of one statement."""

    def __init__(self) -> None:
        self.values: dict[str, Bindable] = {}
        self._placeholders: dict[tuple[type, str], str] = {}

    def bind(self, value: Bindable) -> str:
        """A placeholder that stands for the value."""
        key = (type(value), repr(value))
        if key not in self._placeholders:
            name = f"p{len(self.values)}"
            self.values[name] = value
            self._placeholders[key] = f"${name}"
        return self._placeholders[key]

    def among(self, expression: str, values: Iterable[int]) -> str:
        """`expression IN (…)` of the values; false where there are none."""
        marks = ", ".join(f"{self.bind(value)}::BIGINT" for value in sorted(values))
        return f"{expression} IN ({marks})" if marks else "false"


def all_of(conditions: Iterable[str]) -> str:
    """The conditions joined by AND; true where there are none."""
    return " AND ".join(f"({condition})" for condition in conditions) or "true"


def any_of(conditions: Iterable[str]) -> str:
    """The conditions joined by OR; false where there are none."""
    return " OR ".join(f"({condition})" for condition in conditions) or "false"


_MARKED: Final = re.compile("«([^«»]*)»")
"""An expression that is marked, without others in it. No text of a user is ever part of a
statement, so what looks like a mark is one."""
_MARKS: Final = str.maketrans("", "", "«»")


def once(expression: str) -> str:
    """Mark an expression that others need too, for `inlined` or `lifted` to take the mark off."""
    return f"«{expression}»"


def inlined(text: str) -> str:
    """A text with what is marked written out wherever it is needed."""
    return text.translate(_MARKS)


def lifted(text: str, source: str) -> tuple[str, str]:
    """A text with names in place of what is marked, and the source with columns of these names.

    Every mention of an expression is parsed, bound and planned on its own. Of few rows that takes
    longest.
    """
    count = 0
    while marked := dict.fromkeys(_MARKED.findall(text)):
        names = {one: f"shared_{n}" for n, one in enumerate(marked, count)}
        count += len(names)
        columns = ", ".join(f"{one} AS {name}" for one, name in names.items())
        source = f"(SELECT *, {columns} FROM {source})"
        for one, name in names.items():
            text = text.replace(once(one), name)
    return text, source


def let(name: str, value: str, body: str) -> str:
    """`body` with `name` standing for `value`, which is written, planned and computed once."""
    return f"list_transform([{value}], lambda {name}: {body})[1]"
