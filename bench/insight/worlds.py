"""Made-up worlds of people whose truth is known: what discovery must find, and what it must not.

Activity drives everything, as it does in real products: some people do much of everything and reach
goals more often, in visits rather than evenly, and kinds of people prefer different things. What an
action does to the goal beyond that is planted, or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.domain.instant import DAY, FOREVER, WEEK
from segue.insight.discovery import Behaviour, Question
from segue.insight.landmarks import Starts
from segue.timeline.log import Int64s, Occurrences
from segue.timeline.spans import Spans

BEGINS: Final = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""
WINDOWS: Final = (DAY, 3 * DAY, WEEK, 2 * WEEK)
HORIZON: Final = 2 * WEEK
_KINDS: Final = 5
_AGAIN: Final = 0.5
_STARTING: Final = 90 * DAY
_WATCHED: Final = 60 * DAY


@dataclass(frozen=True, slots=True)
class Planted:
    """An action that does something: done at least once in the first three days, it multiplies the
    odds of the goal from then on by `odds`; done by about `share` of people in that time."""

    odds: float
    share: float = 0.1


@dataclass(frozen=True, slots=True)
class World:
    """People, what they did, and the question asked of them."""

    question: Question
    behaviour: Behaviour
    actions: list[Occurrences]
    planted: Mapping[int, Planted] = field(default_factory=dict)


def world(
    rng: np.random.Generator,
    *,
    people: int = 2_000,
    actions: int = 100,
    base: float = 0.25,
    planted: Mapping[int, Planted] | None = None,
    trap: str = "",
) -> World:
    """A world of so many people and actions.

    `trap` plants what only looks like an effect of the first action: "immortal": people do it all
    the time that they stay, and only who stays for long can reach the goal; "reverse": reaching the
    goal makes them do it.
    """
    planted = planted or {}
    start = np.sort(BEGINS + rng.integers(0, _STARTING, people))
    vigour = rng.gamma(1.2, 1 / 1.2, people)
    stays = rng.exponential(_WATCHED / 3, people)
    if trap == "immortal":  # nobody leaves before the last landmark
        stays = WINDOWS[-1] + stays
    person, at = _events(rng, start, vigour, stays)
    what = _what(rng, rng.integers(0, _KINDS, people)[person], actions)
    for action, one in planted.items():
        person, at, what = _sown(rng, start, person, at, what, action, one.share)
    if trap == "immortal":
        reached = _renewed(rng, start, stays)
    else:
        odds = _odds(start, person, at, what, planted)
        reached = _reached(rng, start, vigour, stays, base, odds)
    if trap:
        person, at, what = _trapped(rng, trap, start, stays, reached, person, at, what)
    return _made(start, reached, person, at, what, actions, planted)


def _events(
    rng: np.random.Generator, start: Int64s, vigour: NDArray[np.float64], stays: NDArray[np.float64]
) -> tuple[Int64s, Int64s]:
    """Visits of several events, the more the more vigorous the person, as long as they stay."""
    visits = 1 + rng.poisson(vigour * 12)
    who = np.repeat(np.arange(len(start)), visits)
    begun = rng.uniform(0, _WATCHED, len(who))
    begun[np.cumsum(visits) - visits] = 0
    kept = begun <= stays[who]
    who, begun = who[kept], begun[kept].astype(np.int64)
    events = 1 + rng.geometric(0.35, len(who))
    person = np.repeat(who, events)
    at = start[person] + np.repeat(begun, events)
    return person, at + rng.integers(0, 1_200_000, len(person))


def _what(rng: np.random.Generator, kind: Int64s, actions: int) -> Int64s:
    """Which action each event is: a heavy tail, kinds of people prefer different ones, and who does
    something often does it again."""
    weights = rng.permutation(1 / np.arange(3, actions + 3) ** 1.1)
    tastes = weights * rng.gamma(1.0, 1.0, (_KINDS, actions))
    limits = np.cumsum(tastes / tastes.sum(axis=1, keepdims=True), axis=1)
    limits[:, -1] = 1.0
    draw = rng.random(len(kind))
    drawn = np.zeros(len(kind), np.int64)
    for each in range(_KINDS):
        theirs = kind == each
        drawn[theirs] = np.searchsorted(limits[each], draw[theirs])
    again = rng.random(len(kind)) < _AGAIN
    again[:1] = False
    return drawn[np.maximum.accumulate(np.where(again, 0, np.arange(len(kind))))]


def _sown(
    rng: np.random.Generator,
    start: Int64s,
    person: Int64s,
    at: Int64s,
    what: Int64s,
    action: int,
    share: float,
) -> tuple[Int64s, Int64s, Int64s]:
    """The action, done by so many people on the first three days and by nobody else: it takes the
    place of something else that they did, so that it tells nothing of how active they are."""
    kept = what != action
    person, at, what = person[kept], at[kept], what[kept].copy()
    early = np.flatnonzero(at <= start[person] + 3 * DAY)
    early = early[rng.permutation(len(early))]
    _, first = np.unique(person[early], return_index=True)
    chosen = early[first]
    does = rng.random(len(chosen)) < share
    what[chosen[does]] = action
    return person, at, what


def _odds(
    start: Int64s, person: Int64s, at: Int64s, what: Int64s, planted: Mapping[int, Planted]
) -> NDArray[np.float64]:
    """By how much the odds of each person are multiplied."""
    odds = np.ones(len(start))
    for action, one in planted.items():
        did = np.unique(person[(what == action) & (at <= start[person] + 3 * DAY)])
        odds[did] *= one.odds
    return odds


def _reached(
    rng: np.random.Generator,
    start: Int64s,
    vigour: NDArray[np.float64],
    stays: NDArray[np.float64],
    base: float,
    odds: NDArray[np.float64],
) -> Int64s:
    """When each reaches the goal while they stay, FOREVER for who does not."""
    chance = base * vigour / (1 + 0.25 * vigour) * 1.25
    chance = np.clip(chance, 0.001, 0.9)
    raised = chance * odds / (1 - chance + chance * odds)
    after = rng.uniform(3 * DAY, 30 * DAY, len(start))
    does = (rng.random(len(start)) < raised) & (after <= stays + 14 * DAY)
    return np.where(does, start + after.astype(np.int64), FOREVER)


def _renewed(rng: np.random.Generator, start: Int64s, stays: NDArray[np.float64]) -> Int64s:
    """A goal that half of those reach who are still there after the second week."""
    after = rng.uniform(WINDOWS[-1], 4 * WEEK, len(start))
    does = (rng.random(len(start)) < 0.5) & (after <= stays)
    return np.where(does, start + after.astype(np.int64), FOREVER)


def _trapped(
    rng: np.random.Generator,
    trap: str,
    start: Int64s,
    stays: NDArray[np.float64],
    reached: Int64s,
    person: Int64s,
    at: Int64s,
    what: Int64s,
) -> tuple[Int64s, Int64s, Int64s]:
    """Action 0 as something that follows from staying, or from having reached the goal."""
    kept = what != 0
    people = np.arange(len(start))
    length = np.minimum(stays, _WATCHED) if trap == "immortal" else np.full(len(start), 30.0 * DAY)
    often = rng.poisson(length / (5 * DAY if trap == "immortal" else 60 * DAY))
    who = np.repeat(people, often)
    when = start[who] + (rng.random(len(who)) * length[who]).astype(np.int64) + 1
    if trap == "reverse":
        after = np.repeat(people, np.where(reached < FOREVER, rng.poisson(4.0, len(start)), 0))
        who = np.concatenate([who, after])
        soon = (rng.random(len(after)) * 3 * DAY).astype(np.int64) + 1
        when = np.concatenate([when, reached[after] + soon])
    return (
        np.concatenate([person[kept], who]),
        np.concatenate([at[kept], when]),
        np.concatenate([what[kept], np.zeros(len(who), np.int64)]),
    )


def _made(
    start: Int64s,
    reached: Int64s,
    person: Int64s,
    at: Int64s,
    what: Int64s,
    actions: int,
    planted: Mapping[int, Planted],
) -> World:
    people = len(start)
    end = BEGINS + _STARTING + _WATCHED
    order = np.lexsort((at, person))
    person, at, what = person[order], at[order], what[order]
    done = [_rows(person[what == one], at[what == one], people) for one in range(actions)]
    does = np.flatnonzero(reached < FOREVER)
    counted = Spans(np.arange(people + 1), start, np.full(people, FOREVER))
    behaviour = Behaviour(
        Starts(start, start), _rows(person, at, people), _rows(does, reached[does], people), counted
    )
    return World(Question(WINDOWS, 10, HORIZON, end), behaviour, done, planted)


def _rows(person: Int64s, at: Int64s, people: int) -> Occurrences:
    """Rows that are sorted by person and instant."""
    offsets = np.zeros(people + 1, np.int64)
    np.cumsum(np.bincount(person, minlength=people), out=offsets[1:])
    return Occurrences(offsets, at)
