"""The figures of a journey: what they show is what was measured."""

from __future__ import annotations

import numpy as np
import pytest

import segue
from segue.domain.instant import DAY, FOREVER
from segue.insight.journey import Journey, Scope, measure
from segue.insight.ways import Period, Ways
from tests.insight.test_ways import rows

TITLES = ["Visitor", "Trial", "Customer"]


@pytest.fixture(scope="module")
def journey() -> Journey:
    """Ten begin on day 1; six try on day 2, three of them buy on day 4; one goes back."""
    ends = [2] * 6 + [FOREVER] * 4
    visitor = rows([[(DAY, FOREVER if end == FOREVER else end * DAY)] for end in ends])
    trial = rows([[(2 * DAY, 4 * DAY)]] * 3 + [[(2 * DAY, FOREVER)]] * 3 + [[]] * 4)
    customer = rows([[(4 * DAY, FOREVER)]] * 3 + [[]] * 7)
    ways = Ways.joined([visitor, trial, customer], rows([[(0, FOREVER)]] * 10), 9 * DAY)
    return measure(Scope(ways, Period(0, 9 * DAY), 5 * DAY))


def test_everybody_flows_from_where_they_were_to_where_they_are(journey: Journey) -> None:
    (flow,) = segue.figures.journey_flow(journey, TITLES).data

    labels = flow.node.label
    links = {
        (labels[source], labels[target]): value
        for source, target, value in zip(
            flow.link.source, flow.link.target, flow.link.value, strict=True
        )
    }
    assert links == {
        ("On no stage", "Visitor"): 4,
        ("On no stage", "Trial"): 3,
        ("On no stage", "Customer"): 3,
    }


def test_the_funnel_has_its_intervals(journey: Journey) -> None:
    (bars,) = segue.figures.journey_funnel(journey, TITLES).data

    assert list(bars.x) == [1.0, 0.6, 0.3]
    assert (np.array(bars.error_x.array) + bars.error_x.arrayminus > 0.2).all()


def test_a_line_for_each_stage(journey: Journey) -> None:
    lines = segue.figures.journey_occupancy(journey, TITLES, "Europe/Berlin").data

    assert [one.name for one in lines] == TITLES
    assert [int(one.y[-1]) for one in lines] == [4, 3, 3]


def test_curves_rise_with_their_bands(journey: Journey) -> None:
    figure = segue.figures.journey_pace(journey, TITLES)

    lines = [one for one in figure.data if one.name]
    assert [one.name for one in lines] == TITLES[:2]
    assert max(lines[0].y) == pytest.approx(0.6)
    assert len(figure.data) == 3 * len(lines)
    assert figure.layout.xaxis.title.text == "Days since they came"
