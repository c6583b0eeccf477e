"""A dry run of a campaign on the past, worked out in the background, and drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from segue.adapters.message_templates import MessageTemplates
from segue.domain.campaigns import Acting, Because, Campaign
from segue.domain.errors import Problem
from segue.domain.instant import DAY, HOUR
from segue.language.models import Project
from segue.services.acting.checking import Events, doubtful_traits
from segue.services.acting.hindsight import rehearsed
from segue.services.acting.simulate import Fate, Simulation, Would
from segue.ui.board import Looked
from segue.ui.campaign_words import BECAUSE
from segue.ui.pages import Page

FIRST: Final = 20
"""How many of those who would have been messaged are named."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What a campaign would have done, and what members of its segment lack for it."""

    simulation: Simulation
    lacking: tuple[Problem, ...]

    @property
    def messaged(self) -> int:
        """How many messages there would have been."""
        return self.simulation.count(Fate.MESSAGED)

    @property
    def waiting(self) -> int:
        """How many would still be to come."""
        return self.simulation.count(Fate.WAITING)

    @property
    def latest(self) -> list[Would]:
        """The latest who would have been messaged."""
        found = [one for one in self.simulation.moments if one.fate is Fate.MESSAGED]
        return found[-FIRST:][::-1]

    @property
    def reasons(self) -> list[tuple[Because, str, int]]:
        """Why others would not have been messaged, the most frequent first."""
        found = self.simulation.reasons.items()
        return [(why, BECAUSE.get(why, why.value), number) for why, number in found]

    @property
    def jobs(self) -> list[tuple[str, int, int, int | None]]:
        """What would have become of them with a job: how often it looks, too late, never, and by
        how much it is late in the middle (ms)."""
        often = {DAY: "every day", HOUR: "every hour"}
        found = self.simulation.jobs
        return [(often[one.every], one.too_late, one.missed, one.lateness) for one in found]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A dry run as far as it is."""

    looked: Looked[Rehearsed]
    days: int


def rehearsal(
    page: Page, acting: Acting, campaign: Campaign, days: int, project: Project | None = None
) -> Rehearsal:
    """The dry run of a campaign over so many days; `project` is the one that it stands in."""
    store, definitions = page.serving.store, page.serving.live.definitions
    stands_in = project or page.serving.project.project

    def work(*_: object) -> Rehearsed:
        found = rehearsed(store, definitions, acting, campaign.id, end=page.now, days=days)
        known = Events(store, store.trait_names(), page.now)
        doubts = doubtful_traits(stands_in, MessageTemplates(), known)
        own = tuple(one for one in doubts if campaign.id in one.where.split("."))
        return Rehearsed(found, own)

    return Rehearsal(page.looked(("dry", campaign.fingerprint, days), work), days)
