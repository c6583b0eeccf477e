"""Segue itself, as the benchmark calls it."""

from __future__ import annotations

from collections.abc import Sequence

from bench.generate import Index, World
from bench.rules import Rule, definitions
from segue.language.tree import Definitions, EventPattern, Name
from segue.timeline.log import Log, Occurrences, Request


def log_of(index: Index, world: World) -> Log:
    """The log that evaluation reads: one answer per event that was indexed."""
    return Log(
        index.first_seen,
        {
            Request(EventPattern((Name(world.event_names[code], quoted=True),))): Occurrences(
                offsets, at
            )
            for code, (offsets, at) in index.by_code.items()
        },
        until=world.end,
    )


def project(rules: Sequence[Rule], world: World) -> Definitions:
    """The rules as a project over the world's events."""
    return definitions(rules, world.event_names)


def occurrences_in(log: Log) -> int:
    """How many occurrences the log indexes, over all answers."""
    return sum(len(answer) for answer in log.answers.values() if isinstance(answer, Occurrences))
