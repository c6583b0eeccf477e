"""The page of all segments: how large they are, how they go, what they come to, what to mend."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Final, Literal, TypeAlias
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from segue.domain.instant import DAY, local_date
from segue.domain.users import Role
from segue.insight.portfolio.findings import LintFinding
from segue.insight.standing import Standing
from segue.language.describe import describe
from segue.language.models import Project
from segue.language.resolve import JOURNEY
from segue.language.tree import Condition, Segment
from segue.services.daily import Day
from segue.services.insight.lint_words import HEADINGS, by_mistake, severity, worst
from segue.services.insight.linting import Linted
from segue.services.insight.measures_words import conversion_words, window_words
from segue.services.insight.measuring import Measures
from segue.services.insight.past import goals_of
from segue.services.insight.wording import share_words
from segue.services.live.answers import SegmentStanding
from segue.services.live.segment_history import days_between, recent_days
from segue.ui import analyses
from segue.ui.analyses import RECENT, Quick
from segue.ui.board import Looked
from segue.ui.charts import Line, line
from segue.ui.intervals import Axis, Whisker
from segue.ui.moved import moved_address
from segue.ui.pages import Page
from segue.ui.signing import SignedIn
from segue.ui.undo import undoable

MONTH: Final = 28
WEEK: Final = 7

Order: TypeAlias = Literal["given", "size", "change", "conversion"]

router = APIRouter()


class Wish(BaseModel):
    """What is shown: segments whose name holds `q`, by stage or by kind, in which order, and the
    goal whose conversion is shown (empty: the project's first)."""

    q: str = Field(default="", max_length=200)
    by: Literal["stage", "kind"] = "stage"
    sort: Order = "given"
    goal: str = Field(default="", max_length=200)

    def with_(self, **changes: str) -> str:
        """The address of the same page with something else in it."""
        values = {**self.model_dump(), **changes}
        defaults = type(self)().model_dump()
        return "?" + urlencode({key: one for key, one in values.items() if one != defaults[key]})


@dataclass(frozen=True, slots=True)
class Converted:
    """How those who entered a segment reach the goal: as measured, in words, and drawn."""

    standing: Standing
    words: str
    whisker: Whisker | None


@dataclass(frozen=True, slots=True)
class Badge:
    """What lint has to say of a segment: how many findings, how much the worst of them matters, and
    the number of the first one on the page."""

    count: int
    severity: str
    first: int


@dataclass(frozen=True, slots=True)
class Row:
    """One segment in the list: its size and share, what came and went in seven days and changed in
    28, its sizes of 28 days as a line (None: it has no history), how many leave within a day by
    themselves, and in words what it means. `conversion` and `badge` are None where nothing is known
    of them."""

    id: str
    title: str
    kind: str
    stage: str
    sentence: str
    size: int
    share: float
    entered: int
    left: int
    change: int
    leaving: int
    spark: Line | None
    conversion: Converted | None = None
    badge: Badge | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """A finding of lint with its number on the page, and where its proposal can be looked at."""

    number: int
    finding: LintFinding
    segments: tuple[tuple[str, str], ...]
    builder: str


@router.get("/segments")
def all_segments(request: Request, session: SignedIn, wish: Annotated[Wish, Query()]) -> Response:
    """Every segment with its size and how it goes, by stage or by kind, and what to mend."""
    page = Page.of(request)
    measures = analyses.measures(page, wish.goal or None)
    lint = analyses.lint(page)
    recent = _recent(page, Quick.of(request, page))
    rows = [
        one
        for one in rows_of(page, recent.result or Recent({}, {}))
        if wish.q.casefold() in f"{one.title} {one.id}".casefold()
    ]
    rows = _converted(rows, measures.result)
    rows = _badged(rows, lint.result)
    rows = _sorted(rows, wish.sort)
    groups: dict[str, list[Row]] = {}
    for one in rows:
        groups.setdefault(one.stage if wish.by == "stage" else one.kind, []).append(one)
    found = measures.result
    values = {
        "groups": groups,
        "wish": wish,
        "shown": len(rows),
        "measures": measures,
        "lint": lint,
        "recent": recent,
        "moved": moved_address,
        "week": (_days_ago(page, WEEK - 1), _days_ago(page, 0)),
        "mistakes": [] if lint.result is None else _told(page, lint.result, _named(rows, wish)),
        "goals": [one.id for one in goals_of(page.serving.live.definitions)],
        "goal": found.goal if found else None,
        "window": window_words(found.goal) if found and found.goal else "",
        "share_words": share_words,
        "may_change": session.user.role.may(Role.EDITOR),
        "undoing": undoable(request),
    }
    return page.shown("segments", values, title="Segments")


# ------------------------------------------------------------------------------------- the segments


@dataclass(frozen=True, slots=True)
class Recent:
    """By segment: its last days, and how many leave within a day by themselves."""

    days: Mapping[str, Sequence[Day]]
    leaving: Mapping[str, int]


def _recent(page: Page, quick: Quick) -> Looked[Recent]:
    """How every segment goes; of very many people that takes a moment to count."""
    live, store = page.serving.live, page.serving.store
    calendar = days_between(page.now - (MONTH - 1) * DAY, page.now, page.now, page.zone)

    def work() -> Recent:
        sizes = {one.segment_id: one.size for one in live.segments()}
        return Recent(recent_days(store, calendar, sizes), live.leaving(DAY))

    return quick.look("recent days", work, fresh=RECENT)


def _days_ago(page: Page, days: int) -> str:
    return (local_date(page.now, page.zone) - dt.timedelta(days=days)).isoformat()


def rows_of(page: Page, recent: Recent) -> list[Row]:
    """Every segment as it is now, with how it goes where that is known, in the order of the
    project."""
    live = page.serving.live
    segments = {one.id: one for one in live.definitions.segments}
    titles, written = titles_of(page), written_of(page)
    standings = [one for one in live.segments() if one.segment_id in segments]
    people = live.health().people
    found = []
    for one in standings:
        segment = segments[one.segment_id]
        means = sentence(written.get(segment.id, segment.condition), titles)
        row = _row(segment, one, recent.days.get(segment.id, ()), means)
        found.append(
            replace(
                row,
                share=one.size / people if people else 0.0,
                leaving=recent.leaving.get(segment.id, 0),
            )
        )
    return found


def _row(segment: Segment, standing: SegmentStanding, history: Sequence[Day], means: str) -> Row:
    sizes = [day.size for day in history]
    week = history[-WEEK:]
    return Row(
        segment.id,
        segment.title,
        segment.kind or "other",
        segment.stage or segment.id.partition(".")[0] * ("." in segment.id) or "other",
        means,
        standing.size,
        0.0,
        sum(day.entered for day in week),
        sum(day.left for day in week),
        sum(day.entered - day.left for day in history),
        0,
        line(sizes, 96, 24) if sizes else None,
    )


def _converted(rows: Sequence[Row], found: Measures | None) -> list[Row]:
    """The rows with the conversion to the main goal, all drawn on one scale."""
    if found is None or found.goal is None:
        return list(rows)
    known = {one.segment.id: one.conversion[found.goal.id] for one in found.segments}
    axis = Axis.of(one.now for one in known.values())
    return [
        replace(
            row,
            conversion=Converted(
                known[row.id],
                conversion_words(found.goal, known[row.id]),
                axis.whisker(known[row.id].now),
            )
            if row.id in known
            else None,
        )
        for row in rows
    ]


def _badged(rows: Sequence[Row], found: Linted | None) -> list[Row]:
    if found is None:
        return list(rows)
    numbered = list(enumerate(_in_order(found), 1))
    badges = {}
    for row in rows:
        mine = [(number, one) for number, one in numbered if row.id in one.segments]
        most = worst(one for _, one in mine)
        if most is not None:
            first = next(number for number, one in mine if severity(one.mistake) == most)
            badges[row.id] = Badge(len(mine), most.name.lower(), first)
    return [replace(row, badge=badges.get(row.id)) for row in rows]


def _sorted(rows: list[Row], order: Order) -> list[Row]:
    if order == "size":
        return sorted(rows, key=lambda one: -one.size)
    if order == "change":
        return sorted(rows, key=lambda one: -abs(one.change))
    if order == "conversion":
        return sorted(rows, key=_conversion, reverse=True)
    return rows


def _conversion(row: Row) -> float:
    value = None if row.conversion is None else row.conversion.standing.now.value
    return -1.0 if value is None else value


# ----------------------------------------------------------------------------------- what to mend


def _in_order(found: Linted) -> list[LintFinding]:
    return [one for same in by_mistake(found.findings).values() for one in same]


def _named(rows: Sequence[Row], wish: Wish) -> set[str] | None:
    """The segments that a filter leaves; None where there is no filter."""
    return {one.id for one in rows} if wish.q else None


def _told(page: Page, found: Linted, only: set[str] | None) -> list[tuple[str, str, list[Told]]]:
    """Each mistake by its name, how much it matters, and where it was found; only of segments among
    these, where some are given."""
    titles = titles_of(page)
    number, told = 0, []
    for mistake, same in by_mistake(found.findings).items():
        ones = []
        for one in same:
            number += 1
            segments = tuple((id_, titles[id_]) for id_ in one.segments if id_ in titles)
            if only is None or only & {id_ for id_, _ in segments}:
                ones.append(Told(number, one, segments, _proposal(one)))
        if ones:
            told.append((HEADINGS[mistake], severity(mistake).name.lower(), ones))
    return told


def _proposal(one: LintFinding) -> str:
    """The builder, filled in with the condition that is proposed."""
    if not one.edit or not one.segments:
        return ""
    return "/studio/builder?" + urlencode({"segment": one.segments[0], "when": one.edit})


# -------------------------------------------------------------------------------------- in words


def titles_of(page: Page) -> dict[str, str]:
    """The titles of all segments by id."""
    return {one.id: one.title for one in page.serving.live.definitions.segments}


def written_of(page: Page) -> Mapping[str, Condition]:
    """The conditions of all segments as the project file has them."""
    return conditions_of(page.serving.project.project)


def conditions_of(project: Project) -> Mapping[str, Condition]:
    """The conditions as a project file has them, in the words of its actions, by segment; of a
    level or a stage its own, not that it is none of the higher ones."""
    stages = {f"{JOURNEY}.{one.stage}": one.when for one in project.journey}
    levels = {
        f"{name}.{one.level}": one.when
        for name, ladder in project.ladders.items()
        for one in ladder.levels
    }
    return stages | levels | {id_: one.when for id_, one in project.segments.items()}


def sentence(condition: Condition, titles: Mapping[str, str]) -> str:
    """What a condition means, as a sentence."""
    text = describe(condition, titles=titles)
    first = 1 if text.startswith("(") else 0
    return f"{text[:first]}{text[first : first + 1].upper()}{text[first + 1 :]}."
