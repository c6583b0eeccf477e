"""The common look of figures: on light and dark, for everybody's eyes, with intervals."""

from __future__ import annotations

import subprocess
import sys

import pytest

from segue.adapters.figures import look
from segue.domain.instant import parse_instant
from segue.insight.shares import Interval


def _luminance(hexadecimal: str) -> float:
    """As WCAG 2 defines it."""
    parts = [int(hexadecimal[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("ground", ["#ffffff", "#000000"])
def test_words_can_be_read_on_light_and_dark(ground: str) -> None:
    assert _contrast(look.INK, ground) >= 4.5


def test_figures_stand_on_the_page_s_own_ground() -> None:
    layout = look.template().layout

    assert (layout.paper_bgcolor, layout.plot_bgcolor) == (look.CLEAR, look.CLEAR)
    assert len(set(look.COLOURS)) == 6
    assert look.colour(6) == look.colour(0)


def test_axes_have_names_and_shares_are_percentages() -> None:
    figure = look.shares_on(look.blank(title="T", x="Week", y="Share"))

    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("Week", "Share")
    assert (figure.layout.yaxis.tickformat, figure.layout.yaxis.rangemode) == (".0%", "tozero")


def test_an_interval_is_a_band_in_the_colour_of_its_line() -> None:
    figure = look.band(look.blank(), [1, 2], [0.1, 0.2], [0.3, 0.4], look.COLOURS[0])

    low, high = figure.data
    assert list(low.y) == [0.1, 0.2]
    assert list(high.y) == [0.3, 0.4]
    assert (high.fill, high.fillcolor) == ("tonexty", "rgba(0, 114, 178, 0.18)")


def test_whiskers_reach_to_the_ends_of_the_interval() -> None:
    bars = look.whiskers([0.2, None, 0.5], [Interval(0.1, 0.4), None, None])

    assert bars["array"] == pytest.approx([0.2, 0, 0])
    assert bars["arrayminus"] == pytest.approx([0.1, 0, 0])


def test_instants_are_shown_as_the_clock_of_the_zone_shows_them() -> None:
    instant = parse_instant("2026-07-01T22:30:00Z")

    assert look.moments([instant], "Europe/Berlin")[0].isoformat() == "2026-07-02T00:30:00"


def test_plotly_waits_until_a_figure_is_made() -> None:
    """It costs a third of a second, which no other command should pay."""
    code = "import segue.adapters.figures.look, segue.cli, sys; sys.exit('plotly' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
