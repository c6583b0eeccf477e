"""A first project file for somebody's events: what the actions are, and what follows from them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap

from segue.domain.ports import EventSummary
from segue.language.templates import (
    Guess,
    catalogue,
    guess_actions,
    guess_not_activity,
    guess_parameters,
    standard_actions,
    starter,
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What a project would be: its name, zone, the guessed actions, the events that are no activity
    and the names of the properties that templates ask for."""

    name: str
    timezone: str
    actions: Mapping[str, Guess]
    not_activity: tuple[str, ...]
    parameters: Mapping[str, str]

    def corrected(self, name: str, actions: Mapping[str, Guess]) -> Draft:
        """The draft under another name and with these actions."""
        return replace(self, name=name, actions=dict(actions))

    def mapping(self) -> dict[str, Any]:
        """The project file as a mapping, templates filled."""
        patterns = {name: guess.pattern for name, guess in self.actions.items()}
        head: dict[str, Any] = {"project": self.name, "timezone": self.timezone}
        if self.not_activity:
            head["not_activity"] = list(self.not_activity)
        if patterns:
            head["actions"] = patterns
        return head | starter(patterns, self.parameters)

    def text(self) -> str:
        """The project file as YAML with a comment on every action and every segment."""
        document = _commented(self.mapping())
        document.yaml_set_start_comment(_INTRODUCTION)
        if "actions" in document:
            _explain(document["actions"], self._reasons())
        purposes = {one.id: one.purpose for one in catalogue()}
        for section in ("goals", "ladders", "segments"):
            if section in document:
                _explain(document[section], purposes)
        stream = StringIO()
        _writer().dump(document, stream)
        return _SECTION.sub(r"\n\1", stream.getvalue())

    def _reasons(self) -> dict[str, str]:
        means = standard_actions()
        return {
            name: f"{means.get(name, name)}; {guess.reason}" for name, guess in self.actions.items()
        }


_SECTION: Final = re.compile(
    r"^((?:not_activity|actions|goals|journey|ladders|segments):)", re.MULTILINE
)

_INTRODUCTION: Final = """\
The segments of this project. `segue check` says whether the file is right,
`segue evaluate` who is in them. The actions below were guessed from the names of your events:
correct what is wrong, and bind what is missing.
"""


def draft(name: str, timezone: str, summaries: Sequence[EventSummary]) -> Draft:
    """Guess a first project from what the log knows of its events, most frequent first."""
    names = [one.event for one in summaries if not one.event.startswith("$") or _is_known(one)]
    properties = {one.event: one.properties for one in summaries}
    actions = guess_actions(names, properties)
    return Draft(
        name,
        timezone,
        actions,
        tuple(guess_not_activity(names, actions)),
        guess_parameters(actions, properties),
    )


def _is_known(summary: EventSummary) -> bool:
    """Whether an event of a reserved name is something that a person does: `$pageview`."""
    return summary.event in {"$pageview", "$screen"}


def _commented(value: Any) -> Any:
    """The value with mappings that can carry comments."""
    if isinstance(value, Mapping):
        return CommentedMap((key, _commented(one)) for key, one in value.items())
    if isinstance(value, list):
        return [_commented(one) for one in value]
    return value


def _explain(section: CommentedMap, comments: Mapping[str, str]) -> None:
    for key in section:
        if key in comments:
            section.yaml_set_comment_before_after_key(key, before=comments[key], indent=2)


def _writer() -> YAML:
    yaml = YAML()
    yaml.width = 1 << 16
    yaml.indent(mapping=2, sequence=4, offset=2)
    return yaml
