"""The figures of a discovery: what they show is what was measured."""

from __future__ import annotations

import numpy as np
import pytest

import segue
from bench.insight.worlds import Planted, world
from segue.insight.discovery import Discovery, discover

TITLES = [f"did “a{place}”" for place in range(25)]


@pytest.fixture(scope="module")
def found() -> Discovery:
    made = world(
        np.random.default_rng(2),
        people=3_000,
        actions=25,
        base=0.35,
        planted={3: Planted(odds=8.0, share=0.2)},
    )
    return discover(made.question, made.behaviour, made.actions, np.random.default_rng(4))


def test_every_action_stands_with_both_halves_and_their_intervals(found: Discovery) -> None:
    """The best on top; what was not found is faint."""
    figure = segue.figures.discovery_effects(found, TITLES)

    later, earlier = figure.data
    best = found.best[0]
    assert (later.name, earlier.name) == ("started later", "started earlier")
    assert figure.layout.yaxis.ticktext[-1].startswith("did “a3”")
    assert best.earlier.adjusted.value is not None
    assert best.earlier.adjusted.interval is not None
    assert earlier.x[-1] == pytest.approx(100 * best.earlier.adjusted.value)
    assert earlier.x[-1] + earlier.error_x.array[-1] == pytest.approx(
        100 * best.earlier.adjusted.interval.high
    )
    assert earlier.marker.opacity[-1] == 1.0
    assert earlier.marker.opacity[0] < 1.0
    assert figure.layout.xaxis.title.text == "Difference in points"


def test_the_map_of_an_action_leaves_out_what_was_not_tried(found: Discovery) -> None:
    """And frames what was found."""
    figure = segue.figures.discovery_heat(found, 3, "did “a3”")

    heat, frames = figure.data
    values = np.array(heat.z, float)
    assert values.shape == (4, 10)
    assert np.isnan(values).any()
    window, times = (found.best[0].window, found.best[0].times)
    assert found.best[0].earlier.adjusted.value is not None
    place = found.question.windows.index(window)
    assert values[place, times - 1] == pytest.approx(100 * found.best[0].earlier.adjusted.value)
    assert (times, heat.y[place]) in zip(frames.x, frames.y, strict=True)


def test_nothing_tried_is_an_empty_figure() -> None:
    made = world(np.random.default_rng(3), people=30, actions=2)
    nothing = discover(made.question, made.behaviour, made.actions, np.random.default_rng(4))

    assert len(segue.figures.discovery_effects(nothing, TITLES).data[0].x) == 0
    assert np.isnan(
        np.array(segue.figures.discovery_heat(nothing, 0, "none").data[0].z, float)
    ).all()
