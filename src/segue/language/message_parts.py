"""Which parts a message has by channel: what it needs, what it may have, where its links lead."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from segue.domain.campaigns import Channel, Content, Look
from segue.language.campaign_models import Parts, StepDefinition
from segue.language.links import linked, template_link_problem


@dataclass(frozen=True, slots=True)
class Shape:
    """The parts of a message: those that must be there, and those that may."""

    called: str
    needed: tuple[str, ...] = ()
    allowed: tuple[str, ...] = ()

    @property
    def known(self) -> tuple[str, ...]:
        """Every part that there can be."""
        return (*self.needed, *self.allowed)


_DRAWN: Final = ("heading", "button", "url")
SHAPES: Final[Mapping[Channel, Shape]] = {
    Channel.EMAIL: Shape("an e-mail", ("subject", "text"), ("html",)),
    Channel.WEBHOOK: Shape("a webhook", (), ("payload",)),
    Channel.APPRISE: Shape("an Apprise message", ("body",), ("heading",)),
    Channel.CONSOLE: Shape("a line of the console", ("body",)),
}
"""The parts of every channel but in-app, where they depend on the look."""
LOOKS: Final[Mapping[Look, Shape]] = {
    Look.BANNER: Shape("a banner", ("body",), _DRAWN),
    Look.CARD: Shape("a card", ("body",), _DRAWN),
    Look.MODAL: Shape("a modal", ("body",), _DRAWN),
    Look.TOOLTIP: Shape("a tooltip", ("body",), _DRAWN),
    Look.CHECKLIST: Shape("a checklist", ("steps",), ("heading", "body")),
    Look.SLOT: Shape("a slot", ("payload",)),
}
"""The parts of in-app messages by look."""
SURVEY_SHAPE: Final = Shape("a survey in the product", (), ("heading", "body"))
"""What stands around the questions of a survey in the product."""


def shape_of(channel: Channel, look: Look, *, survey: bool = False) -> Shape:
    """The parts that a message of the channel has; `look` counts in-app only."""
    if channel is not Channel.IN_APP:
        return SHAPES[channel]
    return SURVEY_SHAPE if survey else LOOKS[look]


def part_problems(shape: Shape, parts: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The part and what is wrong with it: missing (of an empty name), unknown, or a bad link."""
    for name in shape.needed:
        if not parts.get(name, "").strip():
            yield ("", f"{shape.called} needs `{name}`")
    for name in parts:
        if name not in shape.known:
            known = ", ".join(f"`{one}`" for one in shape.known)
            yield (name, f"{shape.called} has no `{name}`: it has {known}")
    if "url" in parts and "button" not in parts and "button" in shape.known:
        yield ("url", "a `url` needs a `button` that leads to it")
    if "url" in parts and (problem := template_link_problem(parts["url"])):
        yield ("url", problem)
    for step in steps_of(parts):
        if (link := step.get("url")) and (problem := template_link_problem(link)):
            yield ("steps", problem)
    for link in linked(parts.get("html", "")):
        if problem := template_link_problem(link, relative=False):
            yield ("html", problem)


def steps_of(parts: Mapping[str, str]) -> list[dict[str, Any]]:
    """The steps of a checklist, of the parts of a message."""
    steps: list[dict[str, Any]] = json.loads(parts.get("steps", "[]"))
    return steps


def content_of(*given: Parts) -> Content:
    """The parts that are written, by name; what stands in a later one replaces an earlier."""
    parts: dict[str, str] = {}
    for name in Parts.model_fields:
        written = [value for one in given if (value := getattr(one, name)) is not None]
        if written:
            parts[name] = _part(written[-1])
    return Content(parts)


def _part(value: str | Sequence[StepDefinition]) -> str:
    if isinstance(value, str):
        return value
    steps = [step.model_dump(exclude_defaults=True) for step in value]
    return json.dumps(steps, ensure_ascii=False)
