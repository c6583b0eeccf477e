"""Ranking by odds ratio, as PostHog's correlation analysis does, on what discovery looks at.

For each action: of the people who reached the goal in a window after their start, how many did it
between start and goal; of the others, how many did it before the window's end. One is added to each
cell, actions of fewer than min(25, 2 %) of people are left out, and the largest ratios are shown.
There is no interval, no landmark and no account of how much was tried.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from bench.insight.worlds import World
from segue.domain.instant import DAY, FOREVER
from segue.insight.arrays import count_within, first_from

WINDOW = 28 * DAY
PRIOR = 1
FEWEST, LEAST = 25, 0.02


def odds_ratios(world: World) -> NDArray[np.float64]:
    """The ratio of each action; NaN where too few did it."""
    start, goal = world.behaviour.starts.at, world.behaviour.goal
    people = np.flatnonzero((start < FOREVER) & (start + WINDOW <= world.question.at))
    begun = start[people]
    reached = first_from(goal, people, begun)
    success = reached <= begun + WINDOW
    until = np.where(success, reached - 1, begun + WINDOW)
    found = []
    for action in world.actions:
        did = count_within(action, people, begun - 1, until) > 0
        both, only = int((did & success).sum()), int((did & ~success).sum())
        if both + only < min(FEWEST, LEAST * len(people)):
            found.append(np.nan)
            continue
        missed = int(success.sum()) - both + PRIOR
        neither = int((~success).sum()) - only + PRIOR
        found.append((both + PRIOR) * neither / (missed * (only + PRIOR)))
    return np.array(found)
