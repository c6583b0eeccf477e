"""How Segue's own times grow with events, people and segments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

from bench.generate import World, index
from bench.measure import Clock, Timing, instants
from bench.own import log_of, occurrences_in, project
from bench.rules import rules
from segue.language.tree import Definitions
from segue.timeline.evaluate import history, now
from segue.timeline.log import Log


@dataclass(frozen=True)
class Point:
    """One size of the problem, and what it costs."""

    events: int
    people: int
    segments: int
    occurrences: int
    refresh: Timing
    history: Timing


@dataclass
class _Subject:
    """A log and a project to measure on it."""

    world: World
    log: Log
    definitions: Definitions
    refresh: Clock = field(default_factory=Clock)
    history: Clock = field(default_factory=Clock)

    def point(self) -> Point:
        """What was measured."""
        world, size = self.world, len(self.definitions.segments)
        timings = self.refresh.timing, self.history.timing
        return Point(world.events, world.people, size, occurrences_in(self.log), *timings)


def growth(
    base: World, codes: range, rounds: int, tell: Callable[[str], None], *, large: int = 0
) -> list[Point]:
    """Vary one size at a time around the base; `large` events at the base's people, where given.

    All sizes are made first and then measured in turns, so that what else the machine does falls
    on all of them alike. Only the index of each log is kept.
    """
    events = [n for n in (base.events // 10, large) if n >= base.people]
    people = (base.people // 4, base.people * 4)
    worlds = [base, *(replace(base, events=n) for n in events)]
    worlds += [replace(base, people=n) for n in people if n <= base.events]
    subjects = []
    for world in worlds:
        tell(f"making {world.events:,} events of {world.people:,} people")
        log = log_of(index(world, codes), world)
        for size in (50,) if world != base else (10, 50, 100, 200, 400):
            subjects.append(_Subject(world, log, project(rules(size, codes), world)))  # noqa: PERF401
    tell("growth, all sizes in turns")
    for at in instants(base.end, rounds):
        for subject in subjects:
            subject.refresh.time(partial(now, subject.definitions, subject.log, at))
    for at in instants(base.end, 2):
        for subject in subjects:
            subject.history.time(partial(history, subject.definitions, subject.log, at))
    return [subject.point() for subject in subjects]
