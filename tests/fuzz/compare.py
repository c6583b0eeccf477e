"""Compare the engine with the oracle on one world: history at every breakpoint, and now at several
instants."""

from __future__ import annotations

from dataclasses import dataclass

from segue.domain.instant import FOREVER
from segue.timeline.evaluate import history, now, requests_of
from tests.oracle import World
from tests.oracle.arrays import PlainStore


@dataclass(frozen=True)
class Mismatch:
    """A person and segment on which the two disagree; `question` says about what."""

    question: str
    at: int
    person_id: str
    segment_id: str
    engine: object
    oracle: object


def rows(spans, i):
    """Person i's spans as pairs."""
    low, high = spans.offsets[i], spans.offsets[i + 1]
    return [
        (int(s), int(e)) for s, e in zip(spans.start[low:high], spans.end[low:high], strict=True)
    ]


def plain_log(case):
    """The person ids and the log of a world, by the oracle's own reading."""
    store = PlainStore(case.definitions, case.events)
    return store.person_ids, store.log(requests_of(case.definitions))


def compare(case, read=plain_log):
    """Every mismatch between engine and oracle; `read` gives the person ids and the log."""
    person_ids, log = read(case)
    return [found for at in case.ats for found in compare_at(case, person_ids, log, at)]


def compare_at(case, person_ids, log, at):
    """The mismatches of histories and outlooks at one instant."""
    world = World(case.definitions, case.events, at)
    histories = history(case.definitions, log, at)
    outlooks = now(case.definitions, log, at)
    unknown = set(world.people) - set(person_ids)
    found = [Mismatch("people", at, one, "", None, one) for one in sorted(unknown)]
    for segment in case.definitions.segments:
        for i, person_id in enumerate(person_ids):
            person = world.people.get(person_id)
            spans = [] if person is None else world.segment_spans(person, segment.id)
            got = rows(histories[segment.id], i)
            if got != spans:
                found.append(Mismatch("history", at, person_id, segment.id, got, spans))
            outlook = outlooks[segment.id]
            stands = bool(outlook.holds[i]), int(outlook.until[i])
            if stands != standing(spans, at):
                standing_ = standing(spans, at)
                found.append(Mismatch("now", at, person_id, segment.id, stands, standing_))
    return found


def standing(spans, t):
    """Truth at t, and the instant at which it changes."""
    for start, end in spans:
        if t < start:
            return False, start
        if t < end:
            return True, end
    return False, FOREVER
