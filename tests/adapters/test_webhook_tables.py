"""Webhook endpoints, dead letters and what is not delivered yet, as the store keeps them."""

from dataclasses import replace

import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.webhooks import DeadLetter, Endpoint, Stretch
from tests.adapters.publishing import define, fact, publish
from tests.adapters.stores import event, store_of

ANN, BEA, CEM = 0, 1, 2
ONE = Endpoint("e1", "https://example.com/a", "whsec_1", -1, 5)
TWO = Endpoint(
    "e2", "https://example.com/b", "whsec_2", 3, 4, live_only=False, segments=("a", "it's"),
    kinds=("entered", "left"), description="the CRM", disabled="switched off",
)  # fmt: skip


@pytest.fixture
def store():
    """A store in which three people entered segment `a`, and ann left it and entered `b`."""
    made = store_of(*(event(name, "x", at) for at, name in enumerate(("ann", "bea", "cem"))))
    define(made, "a", "b")
    publish(
        made,
        fact(ANN, 1, live=True),
        fact(BEA, 2),
        fact(CEM, 3, live=True),
        fact(ANN, 4, entered=False, live=True),
        fact(ANN, 5, segment=1, live=True),
        fact(BEA, 2, retracted=True),
    )
    yield made
    made.close()


def letters(store, endpoint="e1", **how):
    return [one.transition.id for one in store.dead_letters(endpoint, **how)]


def bury(store, *transitions, endpoint="e1"):
    """Give up these transitions, by id."""
    for one in store.transitions():
        if one.id in transitions:
            store.bury(DeadLetter(endpoint, one, 9, 50 + one.id, "HTTP 500"))


def test_endpoints_are_kept_as_they_are(store, tmp_path):
    """Oldest first; saving one again replaces it; a copy of the store has them."""
    store.save_endpoint(ONE)
    store.save_endpoint(TWO)
    assert store.endpoints() == [TWO, ONE]
    changed = replace(ONE, url="https://example.com/c", disabled="too many failures")
    store.save_endpoint(changed)
    assert store.endpoints() == [TWO, changed]
    store.backup(tmp_path / "copy.duckdb")
    copy = DuckDBStore.open(tmp_path / "copy.duckdb")
    assert copy.endpoints() == [TWO, changed]
    copy.close()


def test_cursors_go_forwards_only(store):
    """Of one endpoint at a time; of one that is gone none."""
    store.save_endpoint(ONE)
    store.save_endpoint(TWO)
    for endpoint, cursor in (("e1", 4), ("e1", 2), ("e2", 3), ("e3", 9)):
        store.advance(endpoint, cursor)
    assert {one.id: one.cursor for one in store.endpoints()} == {"e1": 4, "e2": 3}


def test_dead_letters(store):
    """By transition, in pages, of one endpoint; burying again replaces, exhuming forgets."""
    bury(store, 4, 0, 2)
    bury(store, 1, endpoint="e2")
    assert letters(store) == [0, 2, 4]
    assert letters(store, after=0, limit=1) == [2]
    first = store.dead_letters("e1")[0]
    assert first == DeadLetter("e1", store.transitions()[0], 9, 50, "HTTP 500")
    store.bury(replace(first, attempts=12, error="timed out"))
    assert [one.attempts for one in store.dead_letters("e1")] == [12, 9, 9]
    assert store.exhume("e1", [0, 1, 4]) == 2
    assert store.exhume("e1", []) == 0
    assert letters(store) == [2]
    assert letters(store, "e2") == [1]


def test_deleting_an_endpoint_forgets_its_letters(store):
    """And nobody else's."""
    store.save_endpoint(ONE)
    store.save_endpoint(TWO)
    bury(store, 0)
    bury(store, 0, endpoint="e2")
    store.delete_endpoint("e1")
    assert store.endpoints() == [TWO]
    assert letters(store) == []
    assert letters(store, "e2") == [0]


@pytest.mark.parametrize(
    ("how", "found", "upto"),
    [
        ({}, [0, 1, 2, 3, 4, 5], 5),
        ({"after": 3}, [4, 5], 5),
        ({"after": 5}, [], 5),
        ({"after": 9}, [], 9),
        ({"limit": 2}, [0, 1], 1),
        ({"live_only": True}, [0, 2, 3, 4], 5),
        ({"live_only": True, "limit": 2}, [0, 2], 2),
        ({"segments": ["b", "unknown"]}, [4], 5),
        ({"segments": {"a"}, "kinds": {"left", "retracted"}}, [3, 5], 5),
        ({"kinds": ["entered"], "limit": 4}, [0, 1, 2, 4], 4),
        ({"kinds": ["retracted"], "live_only": True}, [], 5),
    ],
)
def test_what_is_not_delivered(store, how, found, upto):
    """What is wanted beyond the cursor; what is not wanted is passed over up to the last."""
    stretch = store.undelivered(**{"after": -1, "limit": 100, **how})
    assert [one.id for one in stretch.transitions] == found
    assert stretch.upto == upto


def test_nothing_was_published():
    """The cursor stays where it is."""
    store = store_of()
    assert store.undelivered(after=-1, limit=10) == Stretch((), -1)
    store.close()


def test_erasing_a_person_removes_their_letters(store):
    """The transition and the dead letter go together; the endpoint goes on after them."""
    store.save_endpoint(ONE)
    bury(store, 0, 1, 4)
    assert store.erase("ann").remaining == 0
    assert letters(store) == [1]
    assert store.endpoints() == [ONE]
    assert [one.id for one in store.undelivered(after=-1, limit=9).transitions] == [1, 2, 5]


def test_couriers_do_not_wait_for_a_turn(store):
    """Cursors move while a turn is under way, and stay where they moved if it fails."""
    store.save_endpoint(ONE)

    def failing():
        with store.turn() as turn:
            turn.ticked(7)
            store.advance("e1", 3)
            bury(store, 3)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing()
    assert [one.cursor for one in store.endpoints()] == [3]
    assert letters(store) == [3]
