"""The live service where something goes wrong in the middle, and after it has run for long."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.errors import InputError, NotFoundError, StoreFullError
from segue.domain.instant import HOUR, SECOND
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.language.tree import Definitions
from segue.services.live.answers import Turned
from segue.services.live.intake import Batch
from segue.services.live.live import Live

PROJECT = """
project: acme
segments:
  buyers:
    title: Buyers
    when: did purchase within 1 hours
  readers:
    title: Readers
    when: distinct(view.path) >= 2
"""
T0 = 1_700_000_000_000


class FailingStore(DuckDBStore):
    """A store whose turns fail where they are told to."""

    fails = 0

    def turn(self):
        if self.fails:
            self.fails -= 1
            raise StoreFullError("No space is left")
        return super().turn()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[FailingStore]:
    """A store on disk."""
    made = FailingStore.open(tmp_path / "segue.duckdb")
    yield made
    made.close()


def begun(store: DuckDBStore, now: int = T0) -> Live:
    return Live.begin(store, resolve(project_from(PROJECT)), now)


def live_definitions() -> Definitions:
    return resolve(project_from(PROJECT))


def batch(*events: tuple[str, str, int], properties: str = "{}", prefix: str = "") -> Batch:
    who, name, at = zip(*events, strict=True)
    ids = [f"{prefix}{one}-{event}-{when}" for one, event, when in events]
    nothing = [None] * len(ids)
    return Batch([*who], [*name], [*at], ids, nothing, [properties] * len(ids), T0)


def segments_of(live: Live, person: str) -> list[str]:
    return [one.segment_id for one in live.standing(person).memberships]


def test_a_full_disk_between_batches_tells_all_who_wait(store: FailingStore) -> None:
    """One batch is wrong, so each has a turn; the disk fills up in between."""
    live = begun(store)
    good, wrong, last = batch(("a", "purchase", T0)), batch(("", "x", T0)), batch(("b", "x", T0))
    for one in (good, wrong, last):
        live.submit(one)
    turns = store.turn
    begins = iter((turns, turns, turns))

    def turn():
        following = next(begins, None)
        if following is None:
            raise StoreFullError("No space is left")
        return following()

    store.turn = turn  # type: ignore[method-assign]
    with pytest.raises(StoreFullError):
        live.turn(T0)
    assert good.stored.result(timeout=0).events == 1
    assert isinstance(wrong.stored.exception(timeout=0), InputError)
    assert isinstance(last.stored.exception(timeout=0), StoreFullError)
    assert not live.health().ready


def test_a_transition_names_its_event(store: FailingStore) -> None:
    """Of a turn with many events only those that caused something are remembered."""
    live = begun(store)
    live.submit(batch(("a", "view", T0), ("b", "purchase", T0), ("c", "view", T0)))
    turned = live.turn(T0)
    assert [(one.person_id, one.event_id) for one in turned.transitions] == [
        ("b", f"b-purchase-{T0}")
    ]


def test_imported_batches_share_a_turn(store: FailingStore) -> None:
    """Many small ones, which anybody with a write key may send, do not hold up what comes live."""
    live = begun(store)
    past = [replace(batch((f"p{n}", "purchase", T0 - n)), imported=True) for n in range(5)]
    told = replace(batch(("q", "purchase", T0)), imported=True, told_of=True)
    lively = [batch((f"r{n}", "purchase", T0)) for n in range(2)]
    for one in (*past, told, *lively):
        live.submit(one)
    assert [live.turn(T0).events for _ in range(4)] == [5, 1, 2, 0]
    receipts = [one.stored.result(timeout=0) for one in (*past, told, *lively)]
    assert [one.appended is None for one in receipts] == [*[True] * 5, False, True, True]
    assert [one.live for one in store.transitions()] == [*[False] * 6, True, True]


def test_an_erasure_whose_evaluation_fails_is_made_up_for(store: FailingStore) -> None:
    """The person is gone; the next turn begins with what could not be done, and all is right."""
    live = begun(store)
    views = ("/a", "/b")
    for path in views:
        live.submit(batch(("a", "view", T0), properties=json.dumps({"path": path}), prefix=path))
    live.submit(batch(("b", "purchase", T0)))
    live.submit(batch(("c", "view", T0), properties=json.dumps({"path": "/b"})))
    live.turn(T0)
    assert (segments_of(live, "a"), segments_of(live, "b")) == (["readers"], ["buyers"])

    done = live.erase("a")
    store.fails = 1
    with pytest.raises(StoreFullError):
        live.turn(T0 + SECOND)
    assert done.result(timeout=0).remaining == 0
    assert not live.health().ready

    again = batch(("c", "view", T0 + 1), properties=json.dumps({"path": "/a"}), prefix="again")
    live.submit(again)
    live.turn(T0 + SECOND)
    assert again.stored.result(timeout=0).events == 1
    assert live.health().ready
    assert (segments_of(live, "b"), segments_of(live, "c")) == (["buyers"], ["readers"])
    with pytest.raises(NotFoundError):
        live.standing("a")
    assert live.next_due() == T0 + HOUR


def test_people_erased_together_are_left_out_together(
    store: FailingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log is read once, however many are erased at a time."""
    live = begun(store)
    live.submit(batch(*((who, "purchase", T0) for who in "abcd")))
    live.turn(T0)
    read, count = store.everything, []
    monkeypatch.setattr(store, "everything", lambda *a, **k: (count.append(1), read(*a, **k))[1])
    done = [live.erase(who) for who in "abc"]
    live.turn(T0 + 1)
    assert [one.result(timeout=0).remaining for one in done] == [0, 0, 0]
    assert (len(count), live.erasures) == (1, 3)
    assert [one.size for one in live.segments()] == [1, 0]
    twice = live.erase("a")
    live.turn(T0 + 2)
    assert isinstance(twice.exception(timeout=0), NotFoundError)


@pytest.mark.parametrize("by", ["1", "2"])
def test_what_another_version_published_is_compared(store: FailingStore, by: str) -> None:
    """Where it was wrong it is taken back; the same version is trusted, and starts sooner."""
    live = Live.begin(store, live_definitions(), T0, version="1")
    live.submit(batch(("a", "purchase", T0), ("b", "purchase", T0)))
    live.turn(T0)
    store._db.execute("UPDATE transitions SET true_at = true_at - 7 WHERE person = 0")

    Live.begin(store, live_definitions(), T0 + SECOND, version=by)
    found = [(one.kind, one.at - T0, one.cause.value, one.live) for one in store.transitions()]
    corrections = [
        ("retracted", -7, "correction", False),
        ("entered", 0, "correction", False),
    ]
    assert found[2:] == (corrections if by == "2" else [])
    assert store.position().evaluated_by == by


def test_thresholds_that_somebody_erased_had_moved_are_corrected(tmp_path: Path) -> None:
    """The erasure was done while nobody served."""
    ranking = """
segments:
  top:
    when: top 50% by sum(purchase.amount)
"""
    definitions = resolve(project_from(ranking))
    store = DuckDBStore.open(tmp_path / "ranks.duckdb")
    try:
        live = Live.begin(store, definitions, T0, version="1")
        for amount, who in enumerate("abc", 1):
            live.submit(batch((who, "purchase", T0), properties=json.dumps({"amount": amount})))
        live.turn(T0)
        live.turn(T0 + 24 * HOUR)
        assert [one.size for one in live.segments()] == [2]
        store.erase("c")
        again = Live.begin(store, definitions, T0 + 24 * HOUR, version="1")
        assert segments_of(again, "b") == ["top"]
        kinds = [(one.person_id, one.kind) for one in store.transitions()]
        assert kinds == [("b", "entered")]
        store.erase("b")
        again = Live.begin(store, definitions, T0 + 24 * HOUR, version="1")
        assert segments_of(again, "a") == ["top"]
        assert [(one.person_id, one.kind) for one in store.transitions()] == [("a", "entered")]
    finally:
        store.close()


def test_the_log_is_read_anew_while_it_grows(
    store: FailingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events that come, and are replaced, while it is read are in it as they should be."""
    monkeypatch.setattr("segue.services.live.live.MOST_LATER", 3)
    live = begun(store)
    assert not live.renew()
    for n in range(6):
        live.submit(batch((f"p{n % 3}", "view", T0 + n), properties=json.dumps({"path": f"/{n}"})))
        live.turn(T0 + n)
    read = store.everything

    def interrupted(*asked, **how):
        part = read(*asked, **how)
        live.submit(batch(("p0", "purchase", T0 + 9), ("new", "purchase", T0 + 9)))
        live.turn(T0 + 9)
        return part

    monkeypatch.setattr(store, "everything", interrupted)
    renewing = threading.Thread(target=live.renew)
    before = live.index.log.events_since_base
    renewing.start()
    while renewing.is_alive():
        live.turn(T0 + 9)
    renewing.join()
    log = live.index.log
    assert log.events_since_base < before
    assert sorted(segments_of(live, "p0")) == ["buyers", "readers"]
    live.turn(T0 + 9 + HOUR)
    assert segments_of(live, "p0") == ["readers"]
    assert segments_of(live, "new") == []
    assert [one.kind for one in store.transitions(person_id="new")] == ["entered", "left"]


def test_the_log_is_tidied_while_it_grows(
    store: FailingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What came in parts is put together beside the turns; nobody's segments change by that."""
    monkeypatch.setattr("segue.timeline.runs._AT_ONCE", 2)
    live = begun(store)
    for n in range(12):
        live.submit(batch((f"p{n % 3}", "view", T0 + n), properties=json.dumps({"path": f"/{n}"})))
        live.turn(T0 + n)
    before = live.index.log
    tidying = threading.Thread(target=live.tidy)
    tidying.start()
    while tidying.is_alive():
        live.turn(T0 + 12)
    tidying.join()
    after = live.index.log
    assert len(after.runs) < len(before.runs)
    assert after.events_since_base == before.events_since_base
    assert segments_of(live, "p0") == ["readers"]
    live.submit(batch(("p0", "purchase", T0 + 20)))
    live.turn(T0 + 20)
    assert segments_of(live, "p0") == ["buyers", "readers"]


def test_who_listens_is_told_before_those_who_sent(store: FailingStore) -> None:
    """A turn stores the events of hundreds of senders: whoever waits for what they caused comes
    first. It is durable by then, and it is told where the turn waited."""
    live = begun(store)
    one, other = batch(("a", "purchase", T0)), batch(("b", "purchase", T0))
    told = []

    def tell(turned: Turned) -> None:
        who = [transition.person_id for transition in turned.transitions]
        stored = [transition.person_id for transition in store.transitions()]
        told.append((who, stored, one.stored.done() or other.stored.done(), turned.waited))

    live.published = tell
    for each in (one, other):
        live.submit(each)
    turned = live.turn(T0 + 250)

    assert told == [(["a", "b"], ["a", "b"], False, 250)]
    assert one.stored.done()
    assert other.stored.done()
    assert turned.processor > 0
    assert [*turned.seconds] == [
        *("append", "extract", "evaluate", "publish", "commit", "accept", "tell")
    ]
