"""What must not matter: the order in which events arrive, how often, in which batches, under which
distinct ids, and what happens later."""

from __future__ import annotations

import random

import pytest

from segue.domain.instant import LATEST
from segue.timeline.evaluate import history, requests_of
from tests.fuzz.compare import rows
from tests.fuzz.identity import renamed
from tests.fuzz.stores import by_batch, store_of
from tests.fuzz.worlds import random_world
from tests.oracle.people import unique

SEEDS = range(50_000, 50_006)


def small(seed):
    """A world that is quick to store several times."""
    return random_world(seed, segments=6, people=4)


def read(case, events, at=None):
    """Person ids and log of the events, received in the order given."""
    store = store_of(events, case.definitions.timezone)
    try:
        found = store.read(
            requests_of(case.definitions), at=at, not_activity=case.definitions.not_activity
        )
    finally:
        store.close()
    return found.person_ids, found.log


def as_bytes(case, events, at=LATEST):
    """The whole history as bytes: everybody's ids and spans in every segment."""
    person_ids, log = read(case, events)
    spans = history(case.definitions, log, at)
    arrays = [x.tobytes() for one in spans.values() for x in (one.offsets, one.start, one.end)]
    return list(person_ids), arrays


def spans_by_person(case, person_ids, log, at):
    """segment -> person -> spans, of people who are in it at some time."""
    return {
        segment_id: {
            person_id: found for i, person_id in enumerate(person_ids) if (found := rows(spans, i))
        }
        for segment_id, spans in history(case.definitions, log, at).items()
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_order_and_batches_of_arrival_do_not_matter(seed):
    """Shuffled arrival, in batches of any size, gives byte-identical history."""
    case, rng = small(seed), random.Random(seed)
    shuffled = list(case.events)
    rng.shuffle(shuffled)
    assert as_bytes(case, shuffled) == as_bytes(case, by_batch(case.events))


@pytest.mark.parametrize("seed", SEEDS)
def test_duplicates_do_not_matter(seed):
    """Any events sent again, together or later, give byte-identical history."""
    case, rng = small(seed), random.Random(seed)
    again = rng.choices(case.events, k=len(case.events))
    late = [dict(event, received_at=event["received_at"] + 1000) for event in again]
    once = as_bytes(case, by_batch(case.events))
    assert as_bytes(case, by_batch([*case.events, *again])) == once
    assert as_bytes(case, [*by_batch(case.events), *late]) == once


@pytest.mark.parametrize("seed", SEEDS)
def test_merged_people_equal_one_from_the_start(seed):
    """Renaming every distinct id to the person's id beforehand changes no membership."""
    case = small(seed)
    person_ids, log = read(case, by_batch(case.events))
    renamed_ids, renamed_log = read(case, by_batch(renamed(case.events)))
    merged = spans_by_person(case, person_ids, log, LATEST)
    assert merged == spans_by_person(case, renamed_ids, renamed_log, LATEST)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_future_does_not_matter(seed):
    """Evaluating at T equals evaluating the log cut at T, identity links kept."""
    case = small(seed)
    person_ids, whole = read(case, by_batch(case.events))
    for at in case.ats[1:]:
        known = spans_by_person(case, person_ids, whole, at)
        assert known == spans_by_person(case, *read(case, by_batch(case.events), at), at)
        past = [event for event in unique(renamed(case.events)) if event["occurred_at"] <= at]
        assert known == spans_by_person(case, *read(case, by_batch(past)), at)
