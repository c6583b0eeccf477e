"""Small logs for tests of the timeline: events of a few people as plain lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from segue.domain.instant import FOREVER
from segue.language.tree import EventPattern, Name
from segue.timeline.log import Int64s, Log, Nothing, Occurrences, Request

People = Sequence[Mapping[str, Sequence[int]]]
"""Per person, per event name, the ascending instants."""


def event(name: str) -> EventPattern:
    """The pattern of one event."""
    return EventPattern((Name(name, quoted=True),))


class _Answers(dict[Request, Occurrences]):
    """Answers requests for one plain event name from the lists, ordered by instant."""

    def __init__(self, people: People) -> None:
        super().__init__()
        self.people = people

    def __missing__(self, request: Request) -> Occurrences:
        assert isinstance(request.reading, Nothing)
        assert isinstance(request.pattern, EventPattern)
        (name,) = request.pattern.names
        rows = [list(person.get(name.text, ())) for person in self.people]
        at = np.array([instant for row in rows for instant in row], np.int64)
        order = np.full(len(at), 2, np.int32) if request.ordered else None
        return Occurrences(offsets([len(row) for row in rows]), at, order)


def offsets(counts: Sequence[int]) -> Int64s:
    """Row offsets of so many rows each."""
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64)


def log_of(people: People) -> Log:
    """A log of people whose events carry no properties and never share an instant."""
    seen = [
        min((i for instants in person.values() for i in instants), default=FOREVER)
        for person in people
    ]
    return Log(np.array(seen, np.int64), _Answers(people))
