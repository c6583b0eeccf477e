"""Discovery of groups: people who behave alike, ready-made groups, and whether what people do or
who they say they are foretells a goal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from segue.domain.users import Role
from segue.insight.predicting import Foretold, Measured
from segue.services.insight.identity import Compared, measured_words
from segue.services.insight.past import goals_of
from segue.services.insight.patterns import FoundPattern, Mark, Patterns, View, Wish
from segue.services.insight.ready import Group, Ready
from segue.services.insight.wording import share_words
from segue.services.view import known_segment
from segue.ui.board import Looked
from segue.ui.charts import Bar, Chart, Unit, estimates
from segue.ui.discover import Idea, idea, ideas, starts_of
from segue.ui.intervals import Axis, Whisker
from segue.ui.pages import Page
from segue.ui.signing import SignedIn

MARKS: Final = 4
TELLING: Final = 0.5
"""What distinguishes a group by fewer standard deviations is not told."""
_AUC: Final = Unit(lambda value: f"{value:.2f}", lambda value: f"{value:g}")

router = APIRouter()


class Wished(BaseModel):
    """Which groups: alike in what people do or in how, of which segment's members (empty: of all),
    and how many (0: as many as are stable)."""

    by: View = View.WHAT
    segment: str = Field(default="", max_length=200)
    groups: int = Field(default=0, ge=0, le=20)

    @property
    def wish(self) -> Wish:
        """The same, as the service asks it. Raises `UsageError` for one group."""
        return Wish(self.by, segment_id=self.segment or None, number=self.groups or None)


class Foretelling(BaseModel):
    """What is to be foretold (empty: the project's first goal), of whom (empty: of everybody)."""

    goal: str = Field(default="", max_length=200)
    entering: str = Field(default="", max_length=200)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A group with what marks it most, and the segment that its rule makes."""

    found: FoundPattern
    marks: tuple[Mark, ...]
    idea: Idea


@dataclass(frozen=True, slots=True)
class ReadyRow:
    """A ready-made group: its name, how many are in it, its share in words and drawn, its part of
    the revenue (None: not said), and the segment it makes."""

    name: str
    people: int
    share: str
    whisker: Whisker | None
    revenue: float | None
    idea: Idea


@router.get("/discover/groups")
def groups(request: Request, session: SignedIn, wished: Annotated[Wished, Query()]) -> Response:
    """Groups of people who behave alike, where there are any, each with a rule that names it."""
    page = Page.of(request)
    if wished.segment:
        known_segment(page.serving.live.definitions, wished.segment)
    wish = wished.wish
    looked: Looked[Patterns] = page.looked(
        ("patterns", wish), lambda insight, tick: insight.patterns(wish, tick=tick)
    )
    found = looked.result
    values = {
        "wished": wished,
        "looked": looked,
        "starts": starts_of(page),
        "patterns": [_pattern(page, one) for one in found.patterns] if found else [],
        "share_words": share_words,
        "may_change": session.user.role.may(Role.EDITOR),
        "part": "groups",
    }
    return page.shown("discover_groups", values, title="Groups of people who behave alike")


@router.get("/discover/identity")
def identity(
    request: Request, session: SignedIn, asked: Annotated[Foretelling, Query()]
) -> Response:
    """Whether what people do, or who they say they are, foretells a goal better."""
    del session
    page = Page.of(request)
    goals = [one.id for one in goals_of(page.serving.live.definitions)]
    if asked.entering:
        known_segment(page.serving.live.definitions, asked.entering)
    looked: Looked[Compared] = _compared(page, asked) if goals else Looked(None)
    found = looked.result
    foretold = found.result if found and isinstance(found.result, Foretold) else None
    values = {
        "asked": asked,
        "goals": goals,
        "starts": starts_of(page),
        "looked": looked,
        "foretold": foretold,
        "chart": _models(foretold) if foretold else None,
        "measured_words": measured_words,
        "left_out": [one for one in found.traits if one.left_out] if found else [],
        "part": "identity",
    }
    return page.shown("discover_identity", values, title="Behaviour or identity")


@router.get("/discover/ready")
def ready(request: Request, session: SignedIn) -> Response:
    """Ready-made groups: everybody's lifecycle, and buyers by recency, frequency and money."""
    page = Page.of(request)
    looked: Looked[Ready] = page.looked("ready", lambda insight, tick: insight.ready(tick=tick))
    found = looked.result
    buyers = found.buyers if found else None
    values = {
        "looked": looked,
        "lifecycle": _rows(page, found.lifecycle) if found else [],
        "buyers": buyers,
        "rfm": _rows(page, buyers.groups) if buyers else [],
        "may_change": session.user.role.may(Role.EDITOR),
        "part": "ready",
    }
    return page.shown("discover_ready", values, title="Ready-made groups")


def _pattern(page: Page, one: FoundPattern) -> Pattern:
    telling = sorted(one.marks, key=lambda mark: -abs(mark.distance))
    marks = tuple(mark for mark in telling if abs(mark.distance) >= TELLING)[:MARKS]
    return Pattern(one, marks, idea(page, one.proposal))


def _compared(page: Page, asked: Foretelling) -> Looked[Compared]:
    return page.looked(
        ("identity", asked.goal, asked.entering),
        lambda insight, tick: insight.identity(
            asked.goal or None, entering=asked.entering or None, tick=tick
        ),
    )


def _models(found: Foretold) -> Chart:
    """How well each kind of knowledge foretells, beside guessing (0.5)."""
    rows = [_model(name.capitalize(), one.auc) for name, one in found.models.items()]
    return estimates(rows, unit=_AUC, nothing=0.5, names="Known", value="AUC")


def _model(name: str, one: Measured) -> Bar:
    return Bar(name, one.value, one.interval.low, one.interval.high)


def _rows(page: Page, found: tuple[Group, ...]) -> list[ReadyRow]:
    axis = Axis.of(one.people for one in found)
    proposals = [one.proposal for one in found]
    return [
        ReadyRow(
            one.proposal.title.partition(": ")[2] or one.proposal.title,
            one.people.count,
            share_words(one.people),
            axis.whisker(one.people),
            one.revenue,
            made,
        )
        for one, made in zip(found, ideas(page, proposals), strict=True)
    ]
