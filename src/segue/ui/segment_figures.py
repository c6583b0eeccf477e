"""What is shown of one segment's figures: its shares beside others', and whom it shares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from segue.insight.standing import Standing
from segue.services.daily import Day
from segue.services.insight.linting import Linted
from segue.services.insight.measures_words import segment_words, standings, times
from segue.services.insight.measuring import Measures, SegmentMeasures
from segue.services.insight.wording import share_words
from segue.ui.charts import Chart, Rule, Series, columns, over_days
from segue.ui.intervals import Axis, Whisker

MOST_OVERLAPS: Final = 12


@dataclass(frozen=True, slots=True)
class Figure:
    """A share of the members: what they do, the share in words and drawn, beside everybody else
    and the period before. `against` says how they compare; `mark` is `up`, `down` or empty where
    that cannot be told."""

    name: str
    they: str
    others: str
    before: str
    against: str
    mark: str
    whisker: Whisker | None
    other: Whisker | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The measures of a segment: in sentences, and as a table."""

    words: tuple[str, ...]
    rows: tuple[Figure, ...]
    found: Measures
    measured: SegmentMeasures


@dataclass(frozen=True, slots=True)
class Shared:
    """How much a segment shares with another one: people in both, what part of this one's and of
    that one's people they are, and of all in either (Jaccard)."""

    id: str
    title: str
    both: int
    of_this: float
    of_that: float
    alike: float


def figures(found: Measures, segment_id: str) -> Figures | None:
    """The measures of a segment; None where it is not among those measured."""
    try:
        one = found.of(segment_id)
    except KeyError:
        return None
    named = list(standings(found, one))
    axis = Axis.of(
        share
        for _, standing in named
        for share in (standing.now, standing.rest.b if standing.rest else None)
    )
    rows = tuple(figure(name, standing, axis) for name, standing in named)
    return Figures(tuple(segment_words(found, one)), rows, found, one)


def figure(name: str, one: Standing, axis: Axis) -> Figure:
    """One share of the members, beside everybody else and the period before."""
    rest = None if one.rest is None else one.rest.b
    return Figure(
        name,
        share_words(one.now) if one.now.of else "–",
        "–" if rest is None else share_words(rest),
        "–" if one.before is None else f"{share_words(one.before.b)}{_since(one)}",
        _against(one),
        _mark(one),
        axis.whisker(one.now),
        axis.whisker(rest),
    )


def _since(one: Standing) -> str:
    if one.before is None or not one.changed:
        return ""
    return ", up since" if (one.before.value or 0.0) > 0 else ", down since"


def _mark(one: Standing) -> str:
    if one.rest is None or not one.differs:
        return ""
    return "up" if (one.rest.value or 0.0) > 0 else "down"


def _against(one: Standing) -> str:
    """How the members compare with everybody else, shortly."""
    if one.rest is None:
        return "–"
    if one.differs:
        ratio = one.rest.ratio
        return "surely differ" if ratio is None else f"{times(ratio)} times"
    if one.rest.needs is not None:
        return f"cannot tell yet: needs {one.rest.needs:,} more"
    return "cannot tell yet"


def overlaps(found: Linted, segment_id: str, titles: dict[str, str]) -> list[Shared]:
    """The segments with which one shares most, those most alike first."""
    if segment_id not in found.segments:
        return []
    here = found.segments.index(segment_id)
    measured = found.overlaps
    shared = [
        Shared(
            other,
            titles.get(other, other),
            int(measured.both[here, there]),
            float(measured.containment[here, there]),
            float(measured.containment[there, here]),
            float(measured.jaccard[here, there]),
        )
        for there, other in enumerate(found.segments)
        if there != here and measured.both[here, there]
    ]
    return sorted(shared, key=lambda one: -one.alike)[:MOST_OVERLAPS]


def size_chart(history: Sequence[Day], place: int | None = None) -> Chart:
    """How many were in at the end of each day, with a mark at the day that is looked at."""
    days, sizes = [one.day for one in history], [one.size for one in history]
    chart = over_days(days, [Series("People", sizes)])
    if place is None:
        return chart
    x = 100 * place / max(len(days) - 1, 1)
    mark = Rule(x, chart.top, x, chart.top + chart.tall, "zero")
    return replace(chart, rules=(*chart.rules, mark))


def flow_chart(history: Sequence[Day]) -> Chart:
    """Who entered and who left on each day, the latter below the axis."""
    return columns(
        [one.day for one in history],
        [
            Series("Entered", [one.entered for one in history]),
            Series("Left", [-one.left for one in history]),
        ],
    )
