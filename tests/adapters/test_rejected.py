"""Rejected events: the latest are kept, and never too many or too long."""

import pytest

from segue.domain.rejected import LONGEST_EXCERPT, MOST_REJECTED, RejectedEvent
from tests.adapters.stores import event, store_of

BAD = RejectedEvent(5, "no event name", "m1", "posthog-js 1.2", "site", '{"distinct_id": "ann"}')


@pytest.fixture
def store():
    """A store with two people."""
    made = store_of(event("ann", "x", 1), event("bea", "x", 2))
    yield made
    made.close()


def test_the_latest_come_first(store):
    """As they were noted, at most so many as are asked for."""
    later = RejectedEvent(6, "too old")
    store.note_rejected([BAD, later])
    store.note_rejected([])
    assert store.rejected_events() == [later, BAD]
    assert store.rejected_events(1) == [later]


def test_older_ones_make_room(store):
    """However many come, at once or one by one."""
    store.note_rejected([RejectedEvent(at, "bad") for at in range(MOST_REJECTED + 7)])
    store.note_rejected([RejectedEvent(-1, "bad"), RejectedEvent(-2, "bad")])
    kept = [one.received_at for one in store.rejected_events(2 * MOST_REJECTED)]
    assert kept == [-2, -1, *range(MOST_REJECTED + 6, 8, -1)]


def test_what_was_sent_is_cut_and_cleaned(store):
    """Any text can come in, and none is longer than an excerpt."""
    store.note_rejected([RejectedEvent(1, "r" * 5000, "\ud800m", "\x00", "", "😀" * 5000)])
    (kept,) = store.rejected_events()
    assert len(kept.reason) == len(kept.excerpt) == LONGEST_EXCERPT
    assert (kept.message_id, kept.sdk) == ("?m", "\x00")


@pytest.mark.parametrize(
    ("person", "excerpt"),
    [
        ("ann", '{"distinct_id": "ann"}'),
        ('a "quoted" id', '{"id": "a \\"quoted\\" id"}'),
        ("zoë", '{"id": "zo\\u00eb"}'),
        ("zoë", '{"id": "zoë"}'),
    ],
)
def test_erasing_a_person_removes_what_names_them(person, excerpt):
    """As it is or as JSON writes it; what names others stays."""
    store = store_of(event(person, "x", 1), event("bea", "x", 2))
    other = RejectedEvent(1, "bad", excerpt='{"id": "bea"}')
    by_id = RejectedEvent(3, "bad", message_id=f"of {person}")
    store.note_rejected([other, RejectedEvent(2, "bad", excerpt=excerpt), by_id])
    assert store.erase(person).remaining == 0
    assert store.rejected_events() == [other]
    store.close()
