"""Discovery: what people do early that goes along with reaching a goal, and what becomes of it: a
segment, or a campaign that tests it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from segue.domain.errors import DefinitionError, UsageError
from segue.domain.instant import DAY
from segue.domain.users import Role
from segue.insight.discovery import Estimate, Finding
from segue.language.parse import parse_condition, parse_duration
from segue.language.resolve import JOURNEY
from segue.language.text import to_text
from segue.services.insight.as_segment import Proposal, added, id_from, proposed
from segue.services.insight.discovering import WINDOWS, Discovered
from segue.services.insight.discovering_words import (
    briefly,
    definition,
    finding_words,
    needs_more,
    proposal,
    short_points,
    summary_words,
    verdict_words,
)
from segue.services.insight.past import goals_of
from segue.services.insight.wording import NOT_CAUSE, length_words, share_words
from segue.services.view import known_segment
from segue.services.words import per_cent
from segue.ui.board import Looked
from segue.ui.charts import Bar, Chart, Unit, estimates
from segue.ui.pages import Page
from segue.ui.segments import sentence, titles_of
from segue.ui.signing import Sending, SignedIn, needs
from segue.ui.undo import changed

STRETCHES: Final = ("1,3,7,14", "6 hours,1,3", "7,14,28")
"""The windows that are offered, in days; any others stand in the address."""
DRAWN: Final = 10
TOLD: Final = 3
"""So many findings are drawn, and told in full before anybody asks."""
_POINTS: Final = Unit(
    lambda value: f"{100 * value:+.0f} points".replace("-", "−"),
    lambda value: f"{100 * value:+g}".replace("-", "−"),
)

router = APIRouter()


class Asked(BaseModel):
    """What is looked for: which goal (empty: the project's first), of people who begin with the
    first thing they do or by entering a segment, within which first days."""

    goal: str = Field(default="", max_length=200)
    entering: str = Field(default="", max_length=200)
    within: str = Field(default=STRETCHES[0], max_length=200)

    @property
    def windows(self) -> list[int]:
        """The windows (ms). Raises `UsageError` where one is no length of time."""
        return [_length(part.strip()) for part in self.within.split(",") if part.strip()]


@dataclass(frozen=True, slots=True)
class Idea:
    """A segment that was found: where it can be looked at and changed, what it means, and its
    condition as text."""

    proposal: Proposal
    builder: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Told:
    """A finding: its number, what people did, in words, its figures, and the segment it makes."""

    number: int
    name: str
    words: str
    figures: tuple[str, ...]
    idea: Idea


@dataclass(frozen=True, slots=True)
class LookedAt:
    """What was tried and is no finding: what people did, its figures, why not, and how many more
    people it would take to tell (None: not known)."""

    name: str
    reached: str
    others: str
    why: str
    needs: int | None


@router.get("/discover")
def discover(request: Request, session: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
    """What people do early that goes along with reaching a goal."""
    page = Page.of(request)
    goals = [one.id for one in goals_of(page.serving.live.definitions)]
    if asked.entering:
        known_segment(page.serving.live.definitions, asked.entering)
    looked: Looked[Discovered] = _looked(page, asked) if goals else Looked(None)
    found = looked.result
    values = {
        "asked": asked,
        "goals": goals,
        "starts": starts_of(page),
        "stretches": STRETCHES,
        "looked": looked,
        "summary": summary_words(found) if found else "",
        "definition": definition(found) if found else "",
        "found": [_told(page, found, *one) for one in found.distinct] if found else [],
        "forest": forest(found) if found and found.distinct else None,
        "in_vain": [_in_vain(found, one) for one in found.outcome.looked_at] if found else [],
        "populations": found.outcome.populations if found else (),
        "share_words": share_words,
        "length_words": length_words,
        "not_cause": NOT_CAUSE,
        "may_change": session.user.role.may(Role.EDITOR),
        "told_first": TOLD,
        "drawn": DRAWN,
        "part": "discover",
    }
    return page.shown("discover", values, title="Discover")


@router.post("/discover/test")
def begin_campaign(
    request: Request,
    session: Sending,
    title: Annotated[str, Form(max_length=500)],
    when: Annotated[str, Form(max_length=20_000)],
    kind: Annotated[str, Form(max_length=100)] = "",
) -> Response:
    """Save a segment that was found, and begin a campaign on it."""
    needs(session, Role.EDITOR)
    page = Page.of(request)
    written = to_text(parse_condition(when))
    segment_id = _there_already(page, written)
    address = {}
    if segment_id is None:
        project = page.serving.project.project
        taken = [*titles_of(page), *project.ladders]
        one = proposed(title.strip() or "Found", written, taken, kind=kind.strip())
        segment_id = one.id
        change = partial(added, proposals=[one])
        address["undo"] = changed(request, page, change, f"“{one.title}” is a segment now.")
    query = urlencode({"segment": segment_id, **address})
    return RedirectResponse(f"/studio/campaigns/new?{query}", 303)


def _there_already(page: Page, when: str) -> str | None:
    """The segment that has this condition, where there is one."""
    segments = page.serving.project.project.segments.items()
    return next((id_ for id_, one in segments if to_text(one.when) == when), None)


def _looked(page: Page, asked: Asked) -> Looked[Discovered]:
    windows = asked.windows or list(WINDOWS)
    key = ("discover", asked.goal, asked.entering, tuple(windows))
    return page.looked(
        key,
        lambda insight, tick: insight.discover(
            asked.goal or None, segment=asked.entering or None, windows=windows, tick=tick
        ),
    )


def starts_of(page: Page) -> list[tuple[str, list[tuple[str, str]]]]:
    """From where on people can be looked at: stages of the journey, and segments, by id and title,
    each kind under its heading."""
    titles = titles_of(page)
    stages = [(id_, title) for id_, title in titles.items() if id_.startswith(f"{JOURNEY}.")]
    others = [(id_, title) for id_, title in titles.items() if not id_.startswith(f"{JOURNEY}.")]
    return [(name, some) for name, some in (("Stages", stages), ("Segments", others)) if some]


def _length(text: str) -> int:
    """A length of time (ms); a bare number is days."""
    try:
        length = int(text) * DAY if text.isdecimal() else parse_duration(text)
    except DefinitionError:
        length = 0
    if length <= 0:
        raise UsageError(f"{text!r} is no length of time", hint="for example 3, or 6 hours")
    return length


# ---------------------------------------------------------------------------------- what was found


def idea(page: Page, one: Proposal) -> Idea:
    """A proposed segment, as a page shows it."""
    given = {"title": one.title, "kind": one.kind, "stage": one.stage, "when": one.when}
    query = urlencode({key: value for key, value in given.items() if value})
    return Idea(one, f"/studio/builder?{query}", _meaning(page, one.when))


def _meaning(page: Page, when: str) -> str:
    try:
        return sentence(parse_condition(when), titles_of(page))
    except DefinitionError:  # a name that only the project's actions explain
        return ""


def _told(page: Page, found: Discovered, number: int, one: Finding) -> Told:
    return Told(
        number,
        briefly(found, one),
        finding_words(found, one),
        (
            share_words(one.earlier.did),
            share_words(one.earlier.others),
            per_cent(one.earlier.coverage),
            short_points(one.earlier.adjusted),
            short_points(one.later.adjusted),
        ),
        idea(page, proposal(found, number)),
    )


def _in_vain(found: Discovered, one: Finding) -> LookedAt:
    return LookedAt(
        briefly(found, one),
        share_words(one.earlier.did),
        share_words(one.earlier.others),
        verdict_words(one),
        needs_more(one),
    )


def forest(found: Discovered) -> Chart:
    """The findings below each other, each as first seen and as seen again."""
    rows: list[Bar] = []
    for number, one in found.distinct[:DRAWN]:
        rows += [
            _estimated(f"{number}. {briefly(found, one)}", one.earlier.adjusted),
            _estimated("among people who came later", one.later.adjusted),
        ]
    return estimates(rows, unit=_POINTS, names="Who did this", value="Difference")


def _estimated(name: str, one: Estimate) -> Bar:
    within = one.interval
    return Bar(name, one.value, within.low if within else None, within.high if within else None)


def ideas(page: Page, proposals: Sequence[Proposal]) -> list[Idea]:
    """Proposed segments, each with an id that is free."""
    taken = list(titles_of(page))
    found = []
    for one in proposals:
        free = Proposal(id_from(one.title, taken), one.title, one.when, one.kind, one.stage)
        taken.append(free.id)
        found.append(idea(page, free))
    return found
