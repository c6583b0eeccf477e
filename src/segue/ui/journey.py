"""The pages of the journey: where people go, where they stop, how long it takes, and who they are.

Everything is worked out in the background, figures included, and kept for a while.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final
from urllib.parse import quote, urlencode

import numpy as np
from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from segue.adapters.figures import (
    journey_flow,
    journey_funnel,
    journey_occupancy,
    journey_pace,
)
from segue.bootstrap.insight import Insight
from segue.domain.errors import NotFoundError
from segue.domain.instant import DAY, local_date
from segue.insight.journey import Beginnings, Journey
from segue.language.resolve import JOURNEY
from segue.services.insight.journey import EXAMPLE, JourneyFound, Stop, pace_words
from segue.services.insight.journey_people import ELSEWHERE, NO_STAGE, Which
from segue.services.insight.wording import length_words, median_words, share_words
from segue.services.live.lately import last_done
from segue.services.view import known_segment
from segue.services.words import people as people_words
from segue.ui.board import Tick
from segue.ui.members import end_of
from segue.ui.pages import Page
from segue.ui.plots import Plot, plot
from segue.ui.signing import SignedIn

SHOWN_PEOPLE: Final = 50
LAST: Final = 5
"""Things that people did last which are listed for each stage."""
STALE: Final = 7 * DAY
"""After how long without an event a page offers to look at the time before."""
TABLED_DAYS: Final = 30
"""Rows of the table of stages over time, about."""

router = APIRouter()


class Asked(BaseModel):
    """What is looked at: so many days up to the end of a day ("": up to now), a segment's people
    ("": everybody), and of those who began only one week's (the day it began; "": all)."""

    days: int = Field(default=90, ge=7, le=730)
    until: str = Field(default="", max_length=10)
    segment: str = Field(default="", max_length=200)
    week: str = Field(default="", max_length=10)

    @property
    def query(self) -> str:
        """As part of an address."""
        return urlencode(
            self.model_dump(include={"days", "until", "segment"}, exclude_defaults=True)
        )

    def end(self, page: Page) -> int | None:
        """When the period ends (ms); None: now. Raises `UsageError` where that is no past day."""
        return end_of(self.until, page) if self.until else None


class AskedPeople(Asked):
    """Which people of the journey are looked at, and from which on."""

    before: str = Field(default="", max_length=200)
    after: str = Field(default="", max_length=200)
    stopped: bool = False
    page: int = Field(default=1, ge=1, le=100)


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage: how many are on it, how many came to it, who went on, how long they stayed and how
    long it took until they went on, in words; and where its people are listed."""

    title: str
    people: int
    entrants: int
    onward: str
    stay: str
    next: str
    address: str


@dataclass(frozen=True, slots=True)
class StopRow:
    """Where people stop: how many of how many, in words, and what they did last against those who
    went on; and where they are listed."""

    title: str
    count: int
    share: str
    last: tuple[tuple[str, str, str, bool], ...]
    address: str


@dataclass(frozen=True, slots=True)
class ReachedRow:
    """How many of those who began reached a stage: of everybody in the period, and of one week."""

    title: str
    reached: str
    count: int
    of: int
    address: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A journey with its figures, and by the week in which people began how many reached what."""

    found: JourneyFound
    journey: Journey
    flow: Plot
    occupancy: Plot
    pace: Plot
    funnels: dict[str, tuple[Beginnings, Plot]]

    @property
    def has_people(self) -> bool:
        """Whether anybody was on the journey in the period."""
        return bool(self.journey.flow.any())


@router.get("/journey")
def journey(request: Request, session: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
    """Where people go, where they stop and how long it takes."""
    del session
    page = Page.of(request)
    definitions = page.serving.live.definitions
    if asked.segment:
        known_segment(definitions, asked.segment)
    end = asked.end(page)
    looked = page.looked(
        ("journey", asked.query),
        lambda insight, tick: worked_out(insight, tick, asked, end),
    )
    drawn = looked.result
    values = {
        "asked": asked,
        "looked": looked,
        "drawn": drawn,
        "has_journey": bool(page.serving.project.project.journey),
        "example": EXAMPLE,
        "latest": "" if asked.until else long_ago(page.serving.store.extent().last_at, page),
        "segments": [(one.id, one.title) for one in definitions.segments if "." not in one.id],
    }
    if drawn is not None and drawn.has_people:
        values |= _told(drawn, asked)
    return page.shown("journey", values, title="Journey")


@router.get("/journey/people")
def journey_people(
    request: Request, session: SignedIn, asked: Annotated[AskedPeople, Query()]
) -> Response:
    """Who the people of a stage, of a way, or those who stopped are, and what they did last."""
    del session
    page = Page.of(request)
    which = Which(asked.before, asked.after, asked.stopped)
    segments = (asked.segment,) if asked.segment else ()
    if asked.segment:
        known_segment(page.serving.live.definitions, asked.segment)
    end = asked.end(page)
    looked = page.looked(
        ("journey people", asked.query, which),
        lambda insight, _: insight.journey_people(
            which, days=asked.days, until=end, segments=segments
        ),
    )
    first = (asked.page - 1) * SHOWN_PEOPLE
    listed = looked.result.people if looked.result else ()
    met = listed[first : first + SHOWN_PEOPLE]
    quiet = page.serving.live.definitions.not_activity
    done = last_done(page.serving.store, [one.person_id for one in met], quiet) if met else {}
    rest = asked.model_dump(exclude_defaults=True, exclude={"page"})
    values = {
        "asked": asked,
        "looked": looked,
        "who": _who(page, which),
        "rows": [(one, done.get(one.person_id)) for one in met],
        "listed": len(listed),
        "more": f"?{urlencode(rest | {'page': asked.page + 1})}",
        "has_more": first + SHOWN_PEOPLE < len(listed),
        "back": f"/studio/journey?{asked.query}",
    }
    return page.shown("journey_people", values, title="People of the journey")


# ----------------------------------------------------------------------------------- in background


def worked_out(insight: Insight, tick: Tick, asked: Asked, end: int | None) -> Drawn | None:
    """The journey with its figures; None where the project has none."""
    segments = (asked.segment,) if asked.segment else ()
    found = insight.journey(days=asked.days, until=end, segments=segments, by_week=True)
    if found.everybody is None:
        return None
    tick("drawing")
    shown = found.segments[0].journey if found.segments else found.everybody
    titles, zone = found.titles, insight.definitions.timezone
    weeks = {local_date(one.start, zone).isoformat(): one for one in shown.weeks if one.people}
    return Drawn(
        found,
        shown,
        plot(
            journey_flow(shown, titles),
            "journey-flow",
            caption="Where people were at the start of the period, and where at its end.",
            said=f"From where to where: {_flow_said(shown, titles)}",
            links=_flow_links(shown, found, asked),
        ),
        plot(
            journey_occupancy(shown, titles, zone),
            "journey-occupancy",
            caption="How many people were on each stage.",
            said="People on each stage over time; at the end "
            + ", ".join(
                f"{title} {row.people:,}" for title, row in zip(titles, shown.stages, strict=True)
            ),
            links=_day_links(shown, found, zone),
        ),
        plot(
            journey_pace(shown, titles),
            "journey-pace",
            caption="How many had gone on to a later stage, by the days since they came, "
            "with intervals.",
            said=" ".join(
                f"{title}: {pace_words(row)}"
                for title, row in zip(titles[:-1], shown.stages, strict=False)
                if row.next.people
            )
            or "Nobody came to a stage in this time.",
        ),
        {
            key: (one, _funnel(shown, one, found, asked))
            for key, one in {"": shown.begun, **weeks}.items()
        },
    )


def _funnel(shown: Journey, begun: Beginnings, found: JourneyFound, asked: Asked) -> Plot:
    titles = found.titles
    return plot(
        journey_funnel(replace(shown, begun=begun), titles),
        "journey-funnel",
        caption=f"How many of those who began had reached each stage, or a later one, within "
        f"{length_words(shown.window)}, with intervals.",
        said="; ".join(
            f"{title}: {share_words(one)}" for title, one in zip(titles, begun.reached, strict=True)
        ),
        links={"0": [_people(asked, after=one.id) for one in found.stages]},
    )


def _people(asked: Asked, *, before: str = "", after: str = "", stopped: bool = False) -> str:
    """Where the people are listed who were here before, are there now, and stopped."""
    given = {"before": before, "after": after} | ({"stopped": "true"} if stopped else {})
    query = urlencode({key: value for key, value in given.items() if value})
    return f"/studio/journey/people?{query}&{asked.query}"


def _places(found: JourneyFound) -> list[str]:
    return [*(one.id for one in found.stages), NO_STAGE, ELSEWHERE]


def _flow_links(shown: Journey, found: JourneyFound, asked: Asked) -> dict[str, list[str]]:
    """Addresses of the nodes and links of the Sankey diagram, in the order of `journey_flow`."""
    ids = _places(found)
    before, after = (np.flatnonzero(shown.flow.sum(axis=axis)) for axis in (1, 0))
    rows, columns = np.nonzero(shown.flow)
    pairs = zip(rows.tolist(), columns.tolist(), strict=True)
    return {
        "node": [
            *(_people(asked, before=ids[one]) for one in before.tolist()),
            *(_people(asked, after=ids[one]) for one in after.tolist()),
        ],
        "link": [_people(asked, before=ids[one], after=ids[other]) for one, other in pairs],
    }


def _day_links(shown: Journey, found: JourneyFound, zone: str) -> dict[str, list[str]]:
    """Of each point of each stage's line the page of its segment on that day."""
    days = [local_date(one, zone).isoformat() for one in shown.occupancy.instants.tolist()]
    return {
        str(place): [f"/studio/segments/{quote(f'{JOURNEY}.{stage.id}')}?on={day}" for day in days]
        for place, stage in enumerate(found.stages)
    }


def _flow_said(shown: Journey, titles: Sequence[str]) -> str:
    names = place_titles(titles)
    rows, columns = np.nonzero(shown.flow)
    order = np.argsort(-shown.flow[rows, columns])[:8]
    told = ((int(rows[one]), int(columns[one])) for one in order)
    return "; ".join(
        f"{names[0][one]} to {names[1][other]}, {people_words(int(shown.flow[one, other]))}"
        for one, other in told
    )


def place_titles(titles: Sequence[str]) -> tuple[list[str], list[str]]:
    """What places are called at the start of the period, and at its end."""
    return (
        [*titles, "On no stage", "Not there yet"],
        [*titles, "On no stage", "No longer counted"],
    )


# -------------------------------------------------------------------------------------- in a page


def _told(drawn: Drawn, asked: Asked) -> dict[str, object]:
    found, shown = drawn.found, drawn.journey
    if asked.week not in drawn.funnels:
        hint = f"choose one of {', '.join(one for one in drawn.funnels if one)}"
        raise NotFoundError(f"Nobody began in a week of {asked.week!r}", hint=hint)
    begun, funnel = drawn.funnels[asked.week]
    return {
        "words": found.words,
        "stages": _stages(drawn, asked),
        "stops": [] if asked.segment else _stops(found, asked),
        "silence": length_words(found.asked.silence),
        "window": length_words(found.asked.window),
        "begun": begun,
        "funnel": funnel,
        "reached": [
            ReachedRow(
                one.title, share_words(share), share.count, share.of, _people(asked, after=one.id)
            )
            for one, share in zip(found.stages, begun.reached, strict=True)
        ],
        "weeks": [(key, one.people) for key, (one, _) in drawn.funnels.items() if key],
        "flow": _flow(shown, found, asked),
        "moves": _moves(shown, found.titles),
        "occupancy": _occupancy(shown, found),
    }


def _stages(drawn: Drawn, asked: Asked) -> list[StageRow]:
    stages, last = drawn.found.stages, len(drawn.found.stages) - 1
    return [
        StageRow(
            stage.title,
            figures.people,
            figures.entrants,
            share_words(figures.onward[0]) if figures.onward else "–",
            median_words(figures.stay),
            median_words(figures.next) if place < last else "–",
            _people(asked, after=stage.id),
        )
        for place, (stage, figures) in enumerate(zip(stages, drawn.journey.stages, strict=True))
    ]


def _stops(found: JourneyFound, asked: Asked) -> list[StopRow]:
    return [
        StopRow(
            stage.title,
            stop.stopped.share.count,
            f"{share_words(stop.stopped.share)} of {stop.stopped.share.of:,}"
            if stop.stopped.share.of
            else "nobody is there",
            tuple(_last(stop)),
            _people(asked, after=stage.id, stopped=True),
        )
        for stage, stop in zip(found.stages, found.stops, strict=False)
    ]


def _last(stop: Stop) -> Iterable[tuple[str, str, str, bool]]:
    for one in stop.last[:LAST]:
        yield one.event, share_words(one.difference.a), share_words(one.difference.b), one.is_told


def _flow(shown: Journey, found: JourneyFound, asked: Asked) -> list[tuple[str, str, int, str]]:
    """The ways, most people first: from, to, how many, where they are listed."""
    ids = _places(found)
    before, after = place_titles(found.titles)
    rows, columns = np.nonzero(shown.flow)
    ways = [
        (
            before[one],
            after[other],
            int(shown.flow[one, other]),
            _people(asked, before=ids[one], after=ids[other]),
        )
        for one, other in zip(rows.tolist(), columns.tolist(), strict=True)
    ]
    return sorted(ways, key=lambda way: -way[2])


def _moves(shown: Journey, titles: Sequence[str]) -> list[tuple[str, list[tuple[int, str]]]]:
    """Steps from each stage to each, each with whether it goes on or back."""
    names = [*titles, "On no stage"]
    nowhere = len(titles)

    def kind(one: int, other: int) -> str:
        if nowhere in (one, other) or one == other:
            return ""
        return "on" if other > one else "back"

    return [
        (name, [(int(count), kind(one, other)) for other, count in enumerate(shown.moves[one])])
        for one, name in enumerate(names)
    ]


def _occupancy(shown: Journey, found: JourneyFound) -> list[tuple[dt.date, list[int]]]:
    instants = shown.occupancy.instants
    step = max(1, -(-len(instants) // TABLED_DAYS))
    places = range(len(instants) - 1, -1, -step)
    return [
        (local_date(int(instants[one]), found.zone), shown.occupancy.people[one, :-1].tolist())
        for one in places
    ]


def long_ago(last: int | None, page: Page) -> str:
    """The day of the latest event (ms), where that is long ago; else empty."""
    if last is None or page.now - last < STALE:
        return ""
    return local_date(last, page.zone).isoformat()


def _who(page: Page, which: Which) -> str:
    """Who they are, in words."""
    titles = {
        one.stage: page.serving.live.definitions.segment(f"{JOURNEY}.{one.stage}").title
        for one in page.serving.project.project.journey
    }
    before = titles | {NO_STAGE: "no stage", ELSEWHERE: "not there yet"}
    after = titles | {NO_STAGE: "no stage", ELSEWHERE: "no longer counted"}
    for known, place in ((before, which.before), (after, which.after)):
        if place and place not in known:
            raise NotFoundError(
                f"There is no stage {place!r}", hint=f"there are {', '.join(titles)}"
            )
    said = []
    if which.before:
        said.append(f"were at {before[which.before]} when the period began")
    if which.after:
        said.append(f"are at {after[which.after]} now")
    if which.stopped:
        said.append("stopped there")
    return " and ".join(said) or "are on the journey"
