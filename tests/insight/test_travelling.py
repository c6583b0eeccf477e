"""What is measured of a journey is what is true, although not everybody was followed to the end."""

from __future__ import annotations

import numpy as np

from segue.insight.journey import measure
from tests.insight.travelling import WINDOW, Travellers


def test_who_is_not_followed_long_enough_does_not_pull_the_share_down() -> None:
    """Neither the share nor the curve; a share of all who came would be far too low."""
    travellers = Travellers(seed=1, people=40_000)
    stage = measure(travellers.scope()).stages[0]
    share, told = stage.onward[0], stage.next.by(WINDOW)

    assert share.of < stage.entrants
    assert travellers.truth in share.interval
    assert travellers.truth in told[1]
    assert share.count / stage.entrants < share.interval.low - 0.02


def test_ranges_hold_the_truth_about_as_often_as_they_say() -> None:
    """`python -m bench.insight.journeys` does it more often."""
    found = np.array([Travellers(seed).covered() for seed in range(300)])

    assert (np.abs(found.mean(axis=0) - 0.95) < 0.03).all()
