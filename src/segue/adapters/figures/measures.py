"""Figures of measures: conversion of segments, who comes back, sizes over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from segue.adapters.figures.look import INK, band, blank, colour, shares_on, whiskers
from segue.insight.growth import Growth
from segue.insight.retention import Cell, Return
from segue.insight.shares import Interval, Share
from segue.insight.standing import Standing

if TYPE_CHECKING:
    from plotly.graph_objects import Figure


def conversion_by_segment(standings: Mapping[str, Standing], title: str = "Conversion") -> Figure:
    """The conversion of segments by title, the highest first, with intervals; a hollow mark is that
    of everybody else."""
    known = {name: one for name, one in standings.items() if one.now.value is not None}
    names = sorted(known, key=lambda name: known[name].now.value or 0.0)
    figure = blank(title=title, x="Share of those who entered")
    rest = {name: one.rest.b for name in names if (one := known[name]).rest is not None}
    _points(figure, {name: known[name].now for name in names}, "They", colour(0), "circle")
    _points(figure, rest, "Everybody else", INK, "circle-open")
    figure.update_layout(height=max(240, 90 + 34 * len(names)))
    return shares_on(figure, "x")


def _points(
    figure: Figure, shares: Mapping[str, Share], name: str, hexadecimal: str, symbol: str
) -> None:
    values = [one.value for one in shares.values()]
    figure.add_scatter(
        x=values,
        y=list(shares),
        name=name,
        mode="markers",
        marker={"color": hexadecimal, "symbol": symbol, "size": 9},
        error_x=whiskers(values, [one.interval for one in shares.values()]),
        customdata=[[one.count, one.of] for one in shares.values()],
        hovertemplate="%{y}: %{x:.1%}, %{customdata[0]:,} of %{customdata[1]:,}<extra></extra>",
    )


def retention_curve(retention: Mapping[Cell, Standing], kind: Return = Return.ON) -> Figure:
    """Who comes back on (or from) which day after entering, with the interval, beside everybody
    else; `kind` is ON or FROM."""
    said = "or later" if kind is Return.FROM else ""
    figure = blank(title="Who comes back", x=f"Days after entering {said}".strip(), y="Share")
    cells = [cell for cell in retention if cell.kind is kind]
    _curve(figure, [(cell.first, retention[cell].now) for cell in cells], "They", 0)
    rest = [(cell.first, one.b) for cell in cells if (one := retention[cell].rest) is not None]
    _curve(figure, rest, "Everybody else", 1)
    figure.update_xaxes(tickvals=[cell.first for cell in cells])
    return shares_on(figure)


def _curve(figure: Figure, points: Sequence[tuple[int, Share]], name: str, place: int) -> None:
    known = [(day, one) for day, one in points if one.interval is not None]
    days, shares = [day for day, _ in known], [one for _, one in known]
    ends = [one.interval or Interval(0.0, 0.0) for one in shares]
    band(figure, days, [one.low for one in ends], [one.high for one in ends], colour(place))
    figure.add_scatter(
        x=days,
        y=[one.value for one in shares],
        name=name,
        mode="lines+markers",
        line={"color": colour(place)},
        customdata=[[one.count, one.of] for one in shares],
        hovertemplate="Day %{x}: %{y:.1%}, %{customdata[0]:,} of %{customdata[1]:,}<extra></extra>",
    )


def sizes_over_time(dates: Sequence[dt.date], sizes: Mapping[str, Sequence[int]]) -> Figure:
    """How many people were in each segment, by title, at the end of each day."""
    figure = blank(title="Size", y="People")
    for place, (name, values) in enumerate(sizes.items()):
        line = {"color": colour(place), "shape": "hv"}
        figure.add_scatter(x=list(dates), y=list(values), name=name, mode="lines", line=line)
    figure.update_yaxes(rangemode="tozero")
    return figure


def growth_by_week(growth: Sequence[Growth]) -> Figure:
    """Week by week: who is new, who came back, who went, and how many there are."""
    weeks = list(range(1 - len(growth), 1))
    figure = blank(title="Growth", x="Weeks before", y="People")
    parts = {
        "New": [one.new for one in growth],
        "Came back": [one.returned for one in growth],
        "Went": [-one.gone for one in growth],
    }
    for place, (name, values) in enumerate(parts.items()):
        figure.add_bar(x=weeks, y=values, name=name, marker={"color": colour((2, 5, 3)[place])})
    figure.add_scatter(
        x=weeks, y=[one.now for one in growth], name="There", line={"color": INK}, mode="lines"
    )
    figure.update_layout(barmode="relative")
    return figure
