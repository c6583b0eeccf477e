"""Whom the segments of a project miss, treat alike, or are too many for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from segue.domain.instant import DAY
from segue.insight.arrays import Bools, holds
from segue.insight.portfolio.facts import ENOUGH, MONTH, Portfolio
from segue.insight.portfolio.findings import LintFinding, Mistake
from segue.insight.portfolio.memberships import ALL
from segue.language.tree import Age, Comparison, Did, Not, Which, Within
from segue.language.walk import nodes

MISSED: Final = 0.3
"""From this share of people in no segment on, the segments miss somebody."""
TOO_MANY: Final = 10
"""Segments of one person from which on nobody can tell what they are meant to be told."""
CROWDED: Final = 0.1
QUIET: Final = 0.25
AFTER: Final = 7 * DAY
"""How long after they came newcomers are looked at."""


def in_no_segment(project: Portfolio) -> Iterator[LintFinding]:
    """People whom no segment holds but those that hold everybody."""
    counted = project.who(project.counted)
    held = _narrow(project).any(axis=0) & counted
    missed = project.people - int(np.count_nonzero(held))
    if project.people >= ENOUGH and project.segments and missed >= MISSED * project.people:
        yield LintFinding(
            Mistake.IN_NO_SEGMENT,
            f"{missed:,} of {project.people:,} people ({100 * missed / project.people:.0f} %) are "
            "in no segment: nothing that they do is answered.",
            "Look at what they did last (`segue journey`), and give them a segment.",
        )


def in_too_many(project: Portfolio) -> Iterator[LintFinding]:
    """People in so many segments that nothing says which one counts."""
    number = _narrow(project).sum(axis=0)
    crowded = int(np.count_nonzero(number >= TOO_MANY))
    if crowded >= max(ENOUGH, CROWDED * project.people):
        yield LintFinding(
            Mistake.IN_TOO_MANY,
            f"{crowded:,} of {project.people:,} people ({100 * crowded / project.people:.0f} %) "
            f"are in {TOO_MANY} segments or more at once, up to {int(number.max())}.",
            "Give the campaigns priorities, and remove segments that are not acted on.",
        )


def all_alike_after_signup(project: Portfolio) -> Iterator[LintFinding]:
    """Newcomers who, a week after they came, are all in the same segments."""
    seen = project.first_seen
    new = np.flatnonzero((seen > project.at - 2 * MONTH - AFTER) & (seen <= project.at - AFTER))
    when = seen[new] + AFTER
    new, when = (a[holds(project.counted, new, when)] for a in (new, when))
    if len(new) < ENOUGH or not project.segments:
        return
    inside = np.array([holds(project.spans[one.id], new, when) for one in project.segments])
    kinds, sizes = np.unique(inside, axis=1, return_counts=True)
    largest = int(sizes.argmax())
    if sizes[largest] < ALL * len(new):
        return
    ids = tuple(
        one.id for one, is_in in zip(project.segments, kinds[:, largest], strict=True) if is_in
    )
    where = f"only in {', '.join(ids)}" if ids else "in no segment"
    yield LintFinding(
        Mistake.ALL_ALIKE_AFTER_SIGNUP,
        f"Of {len(new):,} people who came in the last two months, {sizes[largest]:,} "
        f"({100 * sizes[largest] / len(new):.0f} %) are {where} a week later: all are "
        "treated the same.",
        "Tell them apart by what they do in their first days.",
        ids,
    )


def inactivity_unwatched(project: Portfolio) -> Iterator[LintFinding]:
    """No segment notices when somebody falls silent."""
    quiet = int(np.count_nonzero(project.who(project.quiet) & project.who(project.counted)))
    if project.people < ENOUGH or quiet < QUIET * project.people:
        return
    if not any(_watches(node) for one in project.definitions.segments for node in nodes(one)):
        yield LintFinding(
            Mistake.INACTIVITY_UNWATCHED,
            f"{quiet:,} of {project.people:,} people ({100 * quiet / project.people:.0f} %) did "
            "nothing for 30 days, and no segment watches for silence.",
            "Add a segment such as `inactive for 14 days`.",
        )


def stage_without_segment(project: Portfolio) -> Iterator[LintFinding]:
    """Stages of the journey that no segment belongs to."""
    stages = [
        one.id.removeprefix("journey.")
        for one in project.definitions.segments
        if one.id.startswith("journey.")
    ]
    covered = {one.stage for one in project.segments}
    for stage in stages:
        if stage not in covered:
            yield LintFinding(
                Mistake.STAGE_WITHOUT_SEGMENT,
                f"No segment belongs to the stage {stage}: people there get nothing of their own.",
                f"Add one with `stage: {stage}`.",
                (f"journey.{stage}",),
            )


def _narrow(project: Portfolio) -> Bools:
    """Who is in each of the segments that do not hold everybody, bool[S, P]."""
    size = project.overlaps.size
    return project.members[size < ALL * max(project.people, 1)]


def _watches(node: Any) -> bool:
    """Whether a part of a condition begins to hold when somebody does nothing."""
    match node:
        case Age(Which.LAST, _, Comparison.GE | Comparison.GT, _):
            return True
        case Did(_, Comparison.LE, _, _, Within()):
            return True
        case Not(Did(_, Comparison.GE, _, _, Within())):
            return True
        case _:
            return False
