"""The models of the project file, `segue.yaml`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final, Literal

from pydantic import Field, PrivateAttr

from segue.domain.errors import Problem
from segue.language.campaign_models import (
    CampaignDefinition,
    MessagingDefinition,
    SurveyDefinition,
)
from segue.language.fields import ActionId, ConditionText, DurationText, Id, PatternText, Zone
from segue.language.lexicon import quote
from segue.language.section import Section
from segue.language.yaml_source import Loc, YamlSource, dotted

PAGE_EVENTS: Final = (
    "$pageview",
    "$screen",
    "page",
    "screen",
    "pageview",
    "page_view",
    "screen_view",
    "Page Viewed",
    "Screen Viewed",
    "Loaded a Page",
)
"""Events that are views of a page or screen, as common trackers name them."""
CAMPAIGN_KEYS: Final = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "gclid",
    "fbclid",
    "msclkid",
)
"""Properties that say which campaign a session came from."""


class SegmentDefinition(Section):
    """A segment: people for whom a condition holds."""

    title: str = Field("", description="Name for people; by default made from the id.")
    kind: str = Field(
        "",
        description="engagement, purchase, usage, content, intent, lifecycle, or your own.",
    )
    stage: str = Field("", description="The journey stage that this segment belongs to.")
    when: ConditionText


class Stage(Section):
    """A stage of the journey; people are on the last stage whose condition holds."""

    stage: Id
    title: str = ""
    when: ConditionText


class Level(Section):
    """A level of a ladder; people are on the last level whose condition holds."""

    level: Id
    title: str = ""
    when: ConditionText


class Ladder(Section):
    """Ordered, mutually exclusive levels; each is a segment called `ladder.level`."""

    title: str = ""
    kind: str = ""
    levels: list[Level] = Field(min_length=1)


class Goal(Section):
    """What counts as success."""

    event: PatternText
    within: DurationText | None = None
    value: float | None = Field(
        None, ge=0, description="What one success is worth, in your currency; ranks segments."
    )


class Privacy(Section):
    """What is kept of the events that SDKs send, and whose are dropped."""

    store_ip: bool = Field(default=False, description="Whether IP addresses are stored.")
    require_consent: list[str] = Field(
        default=[], description="Consent categories: events that lack one of them are dropped."
    )
    honour_gpc: bool = Field(
        default=False,
        description="Whether requests with Global Privacy Control (Sec-GPC: 1) are dropped.",
    )


class IdentityRules(Section):
    """How sure the ids of known people must be."""

    proof: Literal["off", "warn", "enforce"] = Field(
        default="off",
        description="What happens to an event of a known person without a signed proof.",
    )


class ThemeDefinition(Section):
    """Something that people speak of when they are asked in open text."""

    title: str = Field("", description="Name for people; by default made from the id.")
    words: list[str] = Field([], description="Words and phrases that speak of it, in any form.")
    examples: list[str] = Field(
        [], description="Answers that somebody confirmed; from five on they teach what to look for."
    )


class Project(Section):
    """A `segue.yaml`: everything that Segue knows about your product and your segments."""

    project: str = Field("", description="The name of the project.")
    timezone: Zone = Field("UTC", description="The zone of calendar days: an IANA name.")
    exclude: ConditionText | None = Field(
        None, description="People for whom this holds are in no segment."
    )
    not_activity: list[str] = Field([], description="Events that `any` leaves out.")
    page_events: list[str] = Field(
        list(PAGE_EVENTS), description="Events that are views of a page or screen."
    )
    campaign_keys: list[str] = Field(
        list(CAMPAIGN_KEYS), description="Properties that a visit takes over from its first event."
    )
    actions: dict[ActionId, PatternText] = Field(
        {}, description="Your event names, bound once; usable wherever an event is."
    )
    goals: dict[Id, Goal] = Field({}, description="What counts as success.")
    engaging: PatternText | None = Field(
        None, description="What counts as engaging with the product; by default any activity."
    )
    journey: list[Stage] = Field(
        [], description="Ordered stages; people are on the last one that holds."
    )
    ladders: dict[Id, Ladder] = Field({}, description="Graded levels, such as engagement.")
    segments: dict[Id, SegmentDefinition] = Field({}, description="The segments, by id.")
    messaging: MessagingDefinition = Field(
        default=MessagingDefinition(), description="The rules of all campaigns."
    )
    campaigns: dict[Id, CampaignDefinition] = Field(
        {}, description="What is said to whom, when and how, by id."
    )
    surveys: dict[Id, SurveyDefinition] = Field({}, description="What is asked whom, by id.")
    themes: dict[Id, ThemeDefinition] = Field(
        {}, description="The codebook of open answers, by id; by default one for software."
    )

    privacy: Privacy = Field(
        default=Privacy(),
        description="What is kept of the events that SDKs send, and whose are dropped.",
    )
    identity: IdentityRules = Field(
        default=IdentityRules(), description="How sure the ids of known people must be."
    )

    _yaml: YamlSource | None = PrivateAttr(None)

    def __eq__(self, other: object) -> bool:
        """Whether they say the same, wherever they were read from."""
        return isinstance(other, Project) and dict(self) == dict(other)

    __hash__ = None  # type: ignore[assignment]

    def placed(self, problem: Problem, loc: Loc, *, in_text: bool = False) -> Problem:
        """The problem with its place in the file, where the project came from one.

        `loc` is the path to the key that is wrong; `in_text`: line and column of the problem are
        those within the text at `loc`.
        """
        placed = replace(problem, where=problem.where or dotted(loc))
        if self._yaml is None:
            return placed
        return self._yaml.placed_in_text(placed, loc) if in_text else self._yaml.placed(placed, loc)

    def placed_at_name(self, problem: Problem, loc: Loc, name: str) -> Problem:
        """The problem at the first place of the name within the text at `loc`."""
        text = self._yaml.text_at(loc) if self._yaml else None
        if text is None:
            return self.placed(problem, loc)
        bare = rf"(?<![\w$\-/:]){re.escape(name)}(?![\w$\-/:])"
        found = re.search(f"{re.escape(quote(name))}|{bare}", text)
        before = text[: found.start()] if found else ""
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        return self.placed(replace(problem, line=line, column=column), loc, in_text=True)

    def from_file(self, yaml: YamlSource) -> Project:
        """The same project, knowing the file that it was read from."""
        self._yaml = yaml
        return self
