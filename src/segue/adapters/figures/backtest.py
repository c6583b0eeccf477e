"""Figures of a backtest: how large a segment was, who came and went, and what entrants did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from segue.adapters.figures.look import blank, colour, faded, shares_on, whiskers
from segue.insight.backtest import Contrast

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


class Day(Protocol):
    """A calendar day: how many entered and left, and how many were in at its end."""

    @property
    def day(self) -> dt.date:
        """The day itself."""

    @property
    def entered(self) -> int:
        """How many entered on it."""

    @property
    def left(self) -> int:
        """How many left on it."""

    @property
    def size(self) -> int:
        """How many were in at its end."""


def backtest_sizes(days: Sequence[Day]) -> Figure:
    """How many people were in at the end of each day (`Backtest.days`)."""
    figure = blank(title="In the segment", y="People")
    figure.add_scatter(
        x=[one.day for one in days],
        y=[one.size for one in days],
        mode="lines",
        line={"shape": "hv", "color": colour(0)},
        fill="tozeroy",
        fillcolor=faded(colour(0)),
        hovertemplate="%{x|%d %b %Y}: %{y:,}<extra></extra>",
    )
    figure.update_yaxes(rangemode="tozero")
    return figure


def backtest_comings(days: Sequence[Day]) -> Figure:
    """How often somebody entered on each day, upwards, and left, downwards (`Backtest.days`)."""
    figure = blank(title="Entered and left", y="People a day")
    for name, sign, place in (("entered", 1, 0), ("left", -1, 3)):
        counts = [getattr(one, name) for one in days]
        figure.add_bar(
            x=[one.day for one in days],
            y=[sign * count for count in counts],
            name=name,
            marker={"color": colour(place)},
            customdata=counts,
            hovertemplate="%{x|%d %b %Y}: %{customdata:,} " + name + "<extra></extra>",
        )
    figure.update_layout(barmode="relative")
    return figure


def backtest_outcome(contrast: Contrast, goal: str = "") -> Figure:
    """The share of entrants who reached the goal, of people like them and of anybody, with
    intervals (`Backtest.contrast`)."""
    rows = {
        "anybody who was not in": contrast.anybody,
        "people like them, not in": contrast.alike,
        "who entered": contrast.compared,
    }
    values = [one.value for one in rows.values()]
    title = f"Reached {goal} afterwards" if goal else "Reached the goal afterwards"
    figure = blank(title=title, x="Share of people")
    figure.add_scatter(
        x=values,
        y=list(rows),
        mode="markers",
        marker={"size": 11, "color": [colour(place) for place in (5, 1, 0)]},
        error_x=whiskers(values, [one.interval for one in rows.values()]),
        customdata=[one.people for one in rows.values()],
        hovertemplate="%{y}: %{x:.1%} of %{customdata:,} people<extra></extra>",
        showlegend=False,
    )
    return shares_on(figure, "x")
