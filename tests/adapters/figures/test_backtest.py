"""The figures of a backtest: what they show is what was found."""

from __future__ import annotations

import pytest

import segue
from segue.demo import simulate
from segue.services.insight.backtesting import Backtest

PROJECT = {
    "goals": {"paid": {"event": "purchase", "within": "7 days"}},
    "segments": {"visitors": {"when": 'did $pageview where path starts with "/p" within 7 days'}},
}


@pytest.fixture(scope="module")
def found() -> Backtest:
    with segue.Engine.in_memory(PROJECT) as engine:
        engine.record(simulate(people=200))
        return engine.insight().backtest("visitors", days=60)


def test_sizes_day_by_day(found: Backtest) -> None:
    (line,) = segue.figures.backtest_sizes(found.days).data

    assert list(line.y) == [one.size for one in found.days]
    assert len(line.x) == 60


def test_who_leaves_is_drawn_downwards(found: Backtest) -> None:
    figure = segue.figures.backtest_comings(found.days)
    entered, left = figure.data

    assert (entered.name, left.name) == ("entered", "left")
    assert sum(entered.y) == found.entries
    assert list(left.y) == [-one.left for one in found.days]
    assert figure.layout.yaxis.title.text == "People a day"


def test_outcomes_stand_with_their_intervals(found: Backtest) -> None:
    assert found.contrast is not None
    contrast = found.contrast
    (points,) = segue.figures.backtest_outcome(contrast, "paid").data

    assert list(points.x) == [
        contrast.anybody.value,
        contrast.alike.value,
        contrast.compared.value,
    ]
    assert contrast.compared.interval is not None
    assert points.x[2] + points.error_x.array[2] == pytest.approx(contrast.compared.interval.high)
    assert points.x[2] - points.error_x.arrayminus[2] == pytest.approx(
        contrast.compared.interval.low
    )
