"""How Segue's own times grow with events, people and segments."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial

from bench.generate import World, index
from bench.measure import Clock, Timing, instants
from bench.own import log_of, occurrences_in, project
from bench.rules import rules
from segue.timeline.evaluate import history, now


@dataclass(frozen=True)
class Point:
    """One size of the problem, and what it costs."""

    events: int
    people: int
    segments: int
    occurrences: int
    refresh: Timing
    history: Timing | None


def growth(
    base: World, codes: range, rounds: int, tell: Callable[[str], None], *, large: int = 0
) -> list[Point]:
    """Vary one size at a time around the base; `large` events at the base's people, where given."""
    points = []
    for events in (base.events // 100, base.events // 10, base.events, large):
        if events >= base.people:
            tell(f"{events:,} events")
            points += measure(replace(base, events=events), codes, (50,), rounds)
    for people in (base.people // 4, base.people * 4):
        tell(f"{people:,} people")
        points += measure(replace(base, people=people), codes, (50,), rounds)
    tell("more segments")
    points += measure(base, codes, (10, 100, 200, 400), rounds)
    return points


def measure(world: World, codes: range, sizes: Iterable[int], rounds: int) -> list[Point]:
    """Refresh and history for several numbers of segments, in turns. Keeps only the index."""
    log = log_of(index(world, codes), world)
    projects = {size: project(rules(size, codes), world) for size in sizes}
    refreshes = {size: Clock() for size in projects}
    histories = {size: Clock() for size in projects}
    for at in instants(world.end, rounds):
        for size, clock in refreshes.items():
            clock.time(partial(now, projects[size], log, at))
    for at in instants(world.end, 2):
        for size, clock in histories.items():
            clock.time(partial(history, projects[size], log, at))
    return [
        Point(
            world.events,
            world.people,
            size,
            occurrences_in(log),
            refreshes[size].timing,
            histories[size].timing,
        )
        for size in projects
    ]
