"""Figures of groups of people: what marks them, buyers by RFM, and what foretells a goal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Protocol

from segue.adapters.figures.look import blank, colour, whiskers
from segue.insight.predicting import Foretold

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

_SCALE: Final = [[0.0, "#0072B2"], [0.5, "rgba(118, 118, 118, 0.05)"], [1.0, "#D55E00"]]
_FAR: Final = 2.0
_GUESSING: Final = 0.5


class Marked(Protocol):
    """What a group has of one feature: how far from everybody, and how much in words."""

    @property
    def name(self) -> str:
        """The feature."""

    @property
    def distance(self) -> float:
        """Standard deviations from everybody."""

    @property
    def typical(self) -> str:
        """What is typical of the group, in words."""


class Profiled(Protocol):
    """A group with its title and its marks, the same features for every group."""

    @property
    def title(self) -> str:
        """What the group is called."""

    @property
    def marks(self) -> Sequence[Marked]:
        """What marks it."""


def pattern_profile(patterns: Sequence[Profiled]) -> Figure:
    """What marks each group: a heat map of groups by features, in standard deviations from
    everybody; each cell says what is typical. `Patterns.patterns` are such groups."""
    figure = blank(title="What marks each group", y="Group")
    if not patterns:
        return figure
    names = [one.name for one in patterns[0].marks]
    figure.add_heatmap(
        x=names,
        y=[one.title for one in patterns],
        z=[[mark.distance for mark in one.marks] for one in patterns],
        text=[[mark.typical for mark in one.marks] for one in patterns],
        texttemplate="%{text}",
        hovertemplate="%{y}<br>%{x}: %{text}<br>%{z:+.1f} sd<extra></extra>",
        colorscale=_SCALE,
        zmin=-_FAR,
        zmax=_FAR,
        colorbar={"title": {"text": "sd from everybody"}},
    )
    figure.update_yaxes(autorange="reversed")
    return figure


def rfm_grid(grid: Sequence[Sequence[int]]) -> Figure:
    """How many buyers have which grade of recency (rows) and frequency (columns), grade 1 first:
    `Buyers.grid`."""
    figure = blank(title="Buyers by recency and frequency", x="Frequency", y="Recency")
    grades = [str(place + 1) for place in range(len(grid))]
    figure.add_heatmap(
        x=grades,
        y=grades,
        z=[list(row) for row in grid],
        texttemplate="%{z:,}",
        hovertemplate="recency %{y}, frequency %{x}: %{z:,} people<extra></extra>",
        colorscale=[[0.0, "rgba(0, 114, 178, 0.04)"], [1.0, "#0072B2"]],
        colorbar={"title": {"text": "people"}},
    )
    for update in (figure.update_xaxes, figure.update_yaxes):
        update(type="category")
    return figure


def identity_models(found: Foretold) -> Figure:
    """How well traits, behaviour and both foretell a goal: AUC with its interval; the line is
    guessing."""
    figure = blank(title="What foretells the goal", x="Known", y="AUC")
    names = list(found.models)
    aucs = [one.auc for one in found.models.values()]
    values = [one.value for one in aucs]
    figure.add_bar(
        x=names,
        y=values,
        error_y=whiskers(values, [one.interval for one in aucs]),
        marker_color=[colour(place) for place in range(len(names))],
        hovertemplate="%{x}: %{y:.2f}<extra></extra>",
    )
    figure.add_hline(y=_GUESSING, line_dash="dot")
    figure.update_yaxes(range=[0, 1])
    return figure
