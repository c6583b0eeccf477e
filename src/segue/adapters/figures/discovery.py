"""Figures of a discovery: what makes a difference, and at how many times within how long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from segue.adapters.figures.look import COLOURS, INK, blank, whiskers
from segue.domain.instant import format_duration
from segue.insight.discovery import Discovery, Finding, Verdict

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

MOST: Final = 20
"""So many actions are drawn at most."""
_POINTS: Final = 100.0


def discovery_effects(found: Discovery, titles: Sequence[str]) -> Figure:
    """A forest plot: of each action its difference among people who are as active, in points, where
    it was looked for and where it was looked at again, with ranges at 95 %.

    `titles` are those of the actions, by their places. What was not found is drawn faint.
    """
    shown = found.best[:MOST][::-1]
    figure = blank(title="What goes along with the goal", x="Difference in points")
    labels = [_label(one, titles) for one in shown]
    for name, shift, colour, side in (
        ("started later", -0.15, COLOURS[1], "later"),
        ("started earlier", 0.15, COLOURS[0], "earlier"),
    ):
        estimates = [getattr(one, side).adjusted for one in shown]
        known = [place for place, one in enumerate(estimates) if one.interval is not None]
        bars = whiskers([e.value for e in estimates], [e.interval for e in estimates])
        figure.add_scatter(
            x=[_POINTS * estimates[place].value for place in known],
            y=[place + shift for place in known],
            mode="markers",
            name=name,
            marker={
                "color": colour,
                "size": 8,
                "opacity": [1.0 if shown[place].is_found else 0.35 for place in known],
            },
            error_x={
                **bars,
                "array": [_POINTS * bars["array"][place] for place in known],
                "arrayminus": [_POINTS * bars["arrayminus"][place] for place in known],
            },
            text=[labels[place] for place in known],
            hovertemplate="%{text}<br>%{x:.1f} points<extra></extra>",
        )
    figure.add_vline(x=0, line={"color": INK, "width": 1})
    figure.update_yaxes(
        tickvals=list(range(len(shown))), ticktext=labels, showgrid=False, zeroline=False
    )
    figure.update_layout(
        height=160 + 34 * len(shown), legend={"yref": "container", "y": 0, "itemsizing": "constant"}
    )
    return figure


def discovery_heat(found: Discovery, action: int, title: str) -> Figure:
    """A heat map of one action: the difference among people who are as active, in points, by number
    of times and window; what was found is framed, what was not tried is empty."""
    grid = found.grid
    tried = grid.verdict[:, action] > Verdict.TOO_FEW
    values = np.where(tried, _POINTS * grid.difference[:, action], np.nan)
    most = float(np.nanmax(np.abs(values))) if tried.any() else 1.0
    windows = [format_duration(one) for one in found.question.windows]
    times = list(range(1, found.question.most + 1))
    figure = blank(title=title, x="At least so many times", y="Within the first")
    figure.add_heatmap(
        x=times,
        y=windows,
        z=values,
        zmin=-most,
        zmax=most,
        colorscale=[(0.0, COLOURS[3]), (0.5, "#F2F2F2"), (1.0, COLOURS[0])],
        colorbar={"title": {"text": "points"}},
        hoverongaps=False,
        hovertemplate="%{x} times within %{y}: %{z:.1f} points<extra></extra>",
    )
    window, many = np.nonzero(grid.verdict[:, action] == Verdict.FOUND)
    figure.add_scatter(
        x=[times[place] for place in many],
        y=[windows[place] for place in window],
        mode="markers",
        name="found",
        hoverinfo="skip",
        marker={"symbol": "square-open", "size": 18, "color": INK, "line": {"width": 2}},
    )
    figure.update_xaxes(dtick=1, showgrid=False)
    figure.update_yaxes(showgrid=False)
    return figure


def _label(one: Finding, titles: Sequence[str]) -> str:
    often = "" if one.times == 1 else f" {one.times}+ times"
    return f"{titles[one.action]}{often}, {format_duration(one.window)}"
