"""Figures of patterns: every group, every grade, every model, with its interval."""

from dataclasses import dataclass

import pytest

from segue.adapters.figures.patterns import identity_models, pattern_profile, rfm_grid
from segue.insight.predicting import Foretold, Measured, Model
from segue.insight.shares import Interval


@dataclass
class _Mark:
    name: str
    distance: float
    typical: str


@dataclass
class _Group:
    title: str
    marks: list[_Mark]


def test_a_profile_shows_every_group_and_feature() -> None:
    """Words in the cells, colours for how far from everybody."""
    groups = [
        _Group("Readers", [_Mark("/blog", 1.4, "52 %"), _Mark("/pricing", -0.7, "0 %")]),
        _Group("Shoppers", [_Mark("/blog", -0.6, "1 %"), _Mark("/pricing", 0.9, "38 %")]),
    ]

    (heat,) = pattern_profile(groups).data

    assert list(heat.x) == ["/blog", "/pricing"]
    assert list(heat.y) == ["Readers", "Shoppers"]
    assert heat.text[0][0] == "52 %"
    assert heat.z[1][1] == 0.9


def test_no_groups_make_an_empty_figure() -> None:
    """With its axes."""
    assert len(pattern_profile([]).data) == 0


def test_the_grid_of_buyers_is_shown_as_it_is() -> None:
    """Recency up, frequency to the right."""
    (heat,) = rfm_grid([[3, 1], [0, 9]]).data

    assert [list(row) for row in heat.z] == [[3, 1], [0, 9]]
    assert list(heat.x) == ["1", "2"]


def test_models_have_their_intervals() -> None:
    """And guessing is drawn."""
    measured = Measured(0.7, Interval(0.65, 0.76))
    found = Foretold(90, 40, 80, 30, 5, 0.6, {"traits": Model(measured, measured)}, {})

    figure = identity_models(found)

    assert list(figure.data[0].y) == [0.7]
    assert list(figure.data[0].error_y.array) == pytest.approx([0.06])
    assert figure.layout.shapes[0].y0 == 0.5
