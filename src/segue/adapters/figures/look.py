"""How all figures look: sober, on no background of their own, so that light and dark pages serve.

The colours are those of Okabe and Ito (2008), which people who are colour-blind tell apart. Texts
and lines are of a grey that has a contrast of 4.5 on white and on black. Intervals are drawn
wherever there are any; axes name their unit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from segue.domain.instant import SECOND
from segue.insight.shares import Interval

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

COLOURS: Final = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9")
"""The colours of series, in their order."""
INK: Final = "#767676"
"""The colour of words and axes."""
GRID: Final = "rgba(118, 118, 118, 0.25)"
"""The colour of grid lines."""
CLEAR: Final = "rgba(0, 0, 0, 0)"
"""No colour at all."""
FONT: Final = "system-ui, -apple-system, 'Segoe UI', sans-serif"
"""The typeface: the reader's own."""
_BAND: Final = 0.18


def blank(*, title: str = "", x: str = "", y: str = "") -> Figure:
    """An empty figure in the common look, with the names of its axes."""
    from plotly.graph_objects import Figure

    figure = Figure()
    figure.update_layout(template=template(), title_text=title)
    figure.update_xaxes(title_text=x)
    figure.update_yaxes(title_text=y)
    return figure


@cache
def template() -> Any:
    """The common look, as a template of Plotly."""
    from plotly.graph_objects import layout

    axis = {
        "automargin": True,
        "gridcolor": GRID,
        "linecolor": GRID,
        "zerolinecolor": GRID,
        "title": {"font": {"size": 12}},
    }
    return layout.Template(
        layout={
            "colorway": COLOURS,
            "font": {"family": FONT, "color": INK, "size": 13},
            "title": {"font": {"size": 16}, "x": 0, "xref": "paper"},
            "paper_bgcolor": CLEAR,
            "plot_bgcolor": CLEAR,
            "margin": {"l": 48, "r": 16, "t": 48, "b": 48},
            "hovermode": "closest",
            "legend": {"orientation": "h", "y": -0.2},
            "xaxis": axis,
            "yaxis": axis,
        }
    )


def colour(place: int) -> str:
    """The colour of the series at a place; after the last the first again."""
    return COLOURS[place % len(COLOURS)]


def faded(hexadecimal: str, opacity: float = _BAND) -> str:
    """A colour (`#0072B2`) with this opacity, 0 to 1."""
    red, green, blue = (int(hexadecimal[place : place + 2], 16) for place in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity:g})"


def shares_on(figure: Figure, axis: str = "y") -> Figure:
    """Let an axis (`x` or `y`) tell shares, 0 to 1, as whole percentages from zero on."""
    update = figure.update_yaxes if axis == "y" else figure.update_xaxes
    update(tickformat=".0%", rangemode="tozero")
    return figure


def band(
    figure: Figure, x: Sequence[Any], low: Sequence[float], high: Sequence[float], hexadecimal: str
) -> Figure:
    """Draw the interval around a line, in its colour, behind it; without a place in the legend."""
    edge = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=x, y=low, **edge)
    figure.add_scatter(x=x, y=high, fill="tonexty", fillcolor=faded(hexadecimal), **edge)
    return figure


def whiskers(values: Sequence[float | None], intervals: Iterable[Interval | None]) -> Any:
    """The error bars of points or bars: their intervals, none where there is none."""
    up, down = [], []
    for value, interval in zip(values, intervals, strict=True):
        known = value is not None and interval is not None
        up.append(interval.high - value if known else 0.0)  # type: ignore[operator, union-attr]
        down.append(value - interval.low if known else 0.0)  # type: ignore[operator, union-attr]
    return {
        "type": "data",
        "symmetric": False,
        "array": up,
        "arrayminus": down,
        "color": INK,
        "thickness": 1.2,
        "width": 3,
    }


def moments(instants: Iterable[int], zone: str) -> list[dt.datetime]:
    """Instants (ms) as the clock of the zone shows them, as an axis of time takes them."""
    place = ZoneInfo(zone)
    return [
        dt.datetime.fromtimestamp(one / SECOND, dt.UTC).astimezone(place).replace(tzinfo=None)
        for one in map(int, instants)
    ]
