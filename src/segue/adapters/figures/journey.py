"""Figures of a journey: where people go, how many go on, how many are where, how fast they go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from segue.adapters.figures.look import (
    INK,
    band,
    blank,
    colour,
    faded,
    moments,
    shares_on,
    whiskers,
)
from segue.domain.instant import DAY
from segue.insight.arrays import Int64s
from segue.insight.journey import Journey
from segue.insight.survival import Survival

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

POINTS: Final = 200
"""Points of a curve."""
_OTHER: Final = ("On no stage", "Not counted")
_LEFT, _RIGHT = 0.001, 0.999
_GAP: Final = 0.02


def journey_flow(journey: Journey, titles: Sequence[str]) -> Figure:
    """A Sankey diagram: where people were at the start of the period, and where at its end.

    `titles` are those of the stages.
    """
    names = [*titles, *_OTHER]
    before, after = (np.flatnonzero(journey.flow.sum(axis=axis)) for axis in (1, 0))
    rows, columns = np.nonzero(journey.flow)
    places = [*before.tolist(), *after.tolist()]
    colours = [_colour(place, len(names)) for place in places]
    labels = [*names[:-1], "Not there yet"], [*names[:-1], "No longer counted"]
    source = np.searchsorted(before, rows)
    figure = blank(title="From where to where")
    figure.add_sankey(
        node={
            "label": [labels[place >= len(before)][one] for place, one in enumerate(places)],
            "color": colours,
            "x": [_LEFT] * len(before) + [_RIGHT] * len(after),
            "y": [
                *_heights(journey.flow.sum(axis=1)[before]),
                *_heights(journey.flow.sum(axis=0)[after]),
            ],
            "pad": 12,
            "line": {"width": 0},
        },
        arrangement="fixed",
        link={
            "source": source,
            "target": len(before) + np.searchsorted(after, columns),
            "value": journey.flow[rows, columns],
            "color": [faded(colours[one], 0.35) for one in source.tolist()],
        },
        valueformat=",d",
        valuesuffix=" people",
        textfont={"color": INK, "shadow": "none"},
    )
    return figure


def _heights(people: Int64s) -> list[float]:
    """Where the middle of each node lies, 0 to 1 from the top, in their order."""
    shares = people / max(people.sum(), 1) * (1 - _GAP * len(people))
    middles = np.cumsum(shares + _GAP) - shares / 2 - _GAP / 2
    return [float(one) for one in np.clip(middles, _LEFT, _RIGHT)]


def journey_funnel(journey: Journey, titles: Sequence[str]) -> Figure:
    """How many of those who began reached each stage within the window, with intervals."""
    shares = journey.begun.reached
    values = [one.value for one in shares]
    figure = blank(title="Reached, of those who began", x="Share of people")
    figure.add_bar(
        x=values,
        y=list(titles),
        orientation="h",
        error_x=whiskers(values, [one.interval for one in shares]),
        marker={"color": [colour(place) for place in range(len(titles))]},
        customdata=[[one.count, one.of] for one in shares],
        hovertemplate="%{y}: %{x:.1%}, %{customdata[0]:,} of %{customdata[1]:,}<extra></extra>",
    )
    figure.update_yaxes(autorange="reversed")
    return shares_on(figure, "x")


def journey_occupancy(journey: Journey, titles: Sequence[str], zone: str = "UTC") -> Figure:
    """How many people were on each stage over time."""
    figure = blank(title="People on each stage", y="People")
    days = moments(journey.occupancy.instants.tolist(), zone)
    for place, title in enumerate(titles):
        figure.add_scatter(
            x=days,
            y=journey.occupancy.people[:, place],
            name=title,
            mode="lines",
            line={"width": 2, "color": colour(place)},
        )
    figure.update_yaxes(rangemode="tozero")
    return figure


def journey_pace(journey: Journey, titles: Sequence[str]) -> Figure:
    """How long it takes to go on from each stage, with intervals; the last has nowhere to go."""
    figure = blank(title="Gone on by then", x="Days since they came", y="Share of people")
    for place, title in enumerate(titles[:-1]):
        _add_curve(figure, journey.stages[place].next, title, colour(place))
    return shares_on(figure)


def _add_curve(figure: Figure, curve: Survival, name: str, shade: str) -> None:
    """The share to whom it has happened, by days; as steps, with its interval around it."""
    days, share, low, high = _happened(curve)
    band(figure, days, low, high, shade)
    line: dict[str, Any] = {"color": shade, "shape": "hv", "width": 2}
    figure.add_scatter(x=days, y=share, name=name, mode="lines", line=line)


def _happened(curve: Survival) -> tuple[list[float], list[float], list[float], list[float]]:
    after = np.unique(np.linspace(0, curve.followed, POINTS).astype(np.int64)).tolist()
    told = [(at / DAY, one) for at in after if (one := curve.by(at)) is not None]
    return (
        [at for at, _ in told],
        [share for _, (share, _) in told],
        [ends.low for _, (_, ends) in told],
        [ends.high for _, (_, ends) in told],
    )


def _colour(place: int, size: int) -> str:
    """The colour of a stage; being nowhere is grey."""
    return colour(place) if place < size - len(_OTHER) else INK
