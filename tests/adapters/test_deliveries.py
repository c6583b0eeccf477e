"""Deliveries in a real file: what an `ActingStore` promises."""

from __future__ import annotations

import dataclasses
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.acting import ActingStore, Contact, Count, Past
from segue.domain.campaigns import (
    Because,
    Channel,
    Delivery,
    Occasion,
    State,
    Suppressed,
    Suppression,
)
from segue.services.acting.caps import contacts_of
from segue.services.in_app.eligible import is_offered
from tests.adapters.deliveries import delivery
from tests.adapters.stores import event, table


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    opened = DuckDBStore.open(tmp_path / "segue.duckdb")
    yield opened
    opened.close()


def ids(found: list[Delivery]) -> list[str]:
    return [one.id for one in found]


def test_a_store_is_an_acting_store(store: DuckDBStore) -> None:
    """Also for whoever checks types."""
    port: ActingStore = store
    assert port.acting_cursor() == port.facts_cursor() == port.goals_cursor() == -1


# -------------------------------------------------------------------------------------- deliveries

FULL = delivery(
    state=State.CONVERTED,
    because=Because.CAPPED,
    detail="had 3 messages in the last 7 days; the cap is 3",
    transactional=True,
    attempts=2,
    approved=True,
    handed_at=1,
    delivered_at=2,
    shown_at=3,
    clicked_at=4,
    dismissed_at=5,
    converted_at=6,
    ended_at=7,
    segments=("buyers", 'odd "name"'),
)


@pytest.mark.parametrize("one", [delivery(), FULL, delivery(tags=(), approved=False)])
def test_a_delivery_comes_back_as_it_was_kept(store: DuckDBStore, one: Delivery) -> None:
    """Every field of it, also from the file."""
    store.save_deliveries(made=[one])
    assert store.delivery("d0") == one
    assert store.delivery("d1") is None


def test_what_was_made_is_not_made_again(store: DuckDBStore) -> None:
    """The first one stays, and whoever makes it hears that it was there."""
    first, other = delivery(), delivery(id="d1")
    assert store.save_deliveries(made=[first]) == set()
    again = delivery(state=State.REFUSED)
    assert store.save_deliveries(made=[again, other, other]) == {"d0"}
    assert store.deliveries() == [first, other]


def test_what_was_made_before_a_restart_is_not_made_again(tmp_path: Path) -> None:
    for _ in range(2):
        store = DuckDBStore.open(tmp_path / "segue.duckdb")
        store.save_deliveries(made=[delivery()])
        assert len(store.deliveries()) == 1
        store.close()


def test_a_change_replaces_what_is_there_and_makes_nothing(store: DuckDBStore) -> None:
    store.save_deliveries(made=[delivery(), delivery(id="d1", known_at=9_000)])
    sent = delivery(state=State.SENDING, handed_at=5, attempts=1)
    store.save_deliveries(changed=[sent, delivery(id="gone", known_at=2_000)])
    assert store.deliveries() == [sent, delivery(id="d1", known_at=9_000)]


def test_cursors_and_launches_move_with_the_deliveries(store: DuckDBStore) -> None:
    store.save_deliveries(made=[delivery()], cursor=5, launched={"nudge": 77})
    store.save_deliveries(facts_cursor=6)
    store.save_deliveries(goals_cursor=7)
    assert (store.acting_cursor(), store.facts_cursor(), store.goals_cursor()) == (5, 6, 7)
    assert store.controls().launched == {"nudge": 77}


WAITS = {"state": State.DUE, "not_before": 10}


@pytest.mark.parametrize(
    ("fields", "is_due"),
    [
        (WAITS, True),
        (WAITS | {"state": State.SENDING}, True),
        (WAITS | {"not_before": 11}, False),
        (WAITS | {"approved": False}, False),
        (WAITS | {"approved": True}, True),
        *((WAITS | {"state": state}, False) for state in State if state not in ("due", "sending")),
    ],
)
def test_what_is_due(store: DuckDBStore, fields: dict[str, object], is_due: bool) -> None:
    """What waits, for no approval, up to now; when that will be is known beforehand."""
    store.save_deliveries(made=[delivery(**fields)])
    assert ids(store.due_deliveries(10, 5)) == ["d0"] * is_due
    waits = fields["state"] in ("due", "sending") and fields.get("approved") is not False
    assert store.next_delivery_at() == (fields["not_before"] if waits else None)


def test_what_is_due_of_some_channels(store: DuckDBStore) -> None:
    """So that one with much to do does not stand before another."""
    mail, hook = delivery(not_before=2), delivery(id="d1", channel=Channel.WEBHOOK, not_before=1)
    store.save_deliveries(made=[mail, hook])
    assert store.due_deliveries(9, 9, [Channel.EMAIL]) == [mail]
    assert store.due_deliveries(9, 9, []) == []
    assert store.next_delivery_at([Channel.EMAIL]) == 2
    assert store.next_delivery_at([Channel.WEBHOOK, Channel.EMAIL]) == 1
    assert store.next_delivery_at([]) is None


def test_the_earliest_are_due_first(store: DuckDBStore) -> None:
    store.save_deliveries(made=[delivery(id=f"d{n}", not_before=9 - n) for n in range(4)])
    assert ids(store.due_deliveries(9, 3)) == ["d3", "d2", "d1"]


@pytest.mark.parametrize(
    ("fields", "offered"),
    [
        ({"state": State.OFFERED}, True),
        ({"state": State.HELD_OUT}, True),
        ({"state": State.HELD_OUT, "shown_at": 5}, False),
        ({"state": State.SHOWN}, False),
        ({"state": State.OFFERED, "channel": Channel.EMAIL}, False),
        ({"state": State.OFFERED, "person": 3}, False),
    ],
)
def test_what_a_page_is_told_of(
    store: DuckDBStore, fields: dict[str, object], offered: bool
) -> None:
    store.save_deliveries(made=[delivery(**({"channel": Channel.IN_APP} | fields))])
    assert ids(store.offers([0, 1])) == ["d0"] * offered
    in_app = [one for one in store.theirs([0, 1]) if one.channel is Channel.IN_APP]
    assert [is_offered(one) for one in in_app] == [offered] * len(in_app)
    assert store.offers([]) == []


@pytest.mark.parametrize(
    ("fields", "at"),
    [
        ({"state": State.SENDING, "handed_at": 60}, 60),
        ({"state": State.DELIVERED, "handed_at": 60, "delivered_at": 70}, 60),
        ({"state": State.CONVERTED, "handed_at": 60}, 60),
        ({"state": State.DELIVERED, "handed_at": 50}, None),
        ({"state": State.FAILED, "handed_at": 60}, None),
        ({"state": State.REFUSED}, None),
        ({"state": State.DUE, "handed_at": 60, "attempts": 1}, 60),  # it is tried again
        ({"state": State.DUE}, None),
        ({"channel": Channel.IN_APP, "state": State.OFFERED, "handed_at": 60}, None),
        ({"channel": Channel.IN_APP, "state": State.SHOWN, "handed_at": 1, "shown_at": 60}, 60),
        ({"state": State.DELIVERED, "handed_at": 60, "person": 2}, None),
    ],
)
def test_whom_a_cap_counts(store: DuckDBStore, fields: dict[str, object], at: int | None) -> None:
    """Who was reached after the instant."""
    one = delivery(**fields)
    store.save_deliveries(made=[one])
    contact = Contact(0, "nudge", one.channel, one.tags, at or 0, False)
    assert store.contacts([0, 1], since=50) == ([] if at is None else [contact])
    assert contacts_of(store.theirs([0, 1]), since=50) == store.contacts([0, 1], since=50)


def test_what_came_before(store: DuckDBStore) -> None:
    """Neither what was refused nor what failed, of these campaigns and people only."""
    states = [State.DUE, State.HELD_OUT, State.REFUSED, State.FAILED, State.CLICKED]
    store.save_deliveries(
        made=[
            *(delivery(id=f"d{place}", state=one) for place, one in enumerate(states)),
            delivery(id="other", campaign_id="other"),
            delivery(id="ben", person=4),
        ]
    )
    found = {(one.person, one.state) for one in store.past(["nudge"], [0])}
    assert found == {(0, State.DUE), (0, State.HELD_OUT), (0, State.CLICKED)}
    assert store.past(["other"], [0, 4]) == [Past(0, "other", State.DUE, 1_000)]


def test_what_may_still_convert(store: DuckDBStore) -> None:
    store.save_deliveries(
        made=[
            delivery(id="sent", state=State.DELIVERED),
            delivery(id="held", state=State.HELD_OUT),
            delivery(id="done", state=State.CONVERTED, converted_at=4),
            delivery(id="refused", state=State.REFUSED),
            delivery(id="old", state=State.DELIVERED, due_at=10),
            delivery(id="ben", state=State.DELIVERED, person=4),
        ]
    )
    assert ids(store.unconverted([0, 1], since=10)) == ["held", "refused", "sent"]


def test_counts_by_campaign_channel_state_and_reason(store: DuckDBStore) -> None:
    capped = {"state": State.REFUSED, "because": Because.CAPPED}
    store.save_deliveries(
        made=[delivery(), *(delivery(id=f"r{n}", **capped) for n in range(2))],
    )
    assert store.counts() == [
        Count("nudge", Channel.EMAIL, State.DUE, None, 1),
        Count("nudge", Channel.EMAIL, State.REFUSED, Because.CAPPED, 2),
    ]


def test_approvals_are_counted(store: DuckDBStore) -> None:
    store.save_deliveries(
        made=[delivery(id=str(n), approved=yes) for n, yes in enumerate([True, True, False, None])]
    )
    assert store.approved_counts(["nudge", "other"]) == {"nudge": 2}


ROWS = st.lists(
    st.builds(
        lambda known, person, state, campaign: {
            "known_at": known,
            "person": person,
            "state": state,
            "campaign_id": campaign,
        },
        st.integers(0, 3),
        st.integers(0, 2),
        st.sampled_from([State.DUE, State.REFUSED]),
        st.sampled_from(["nudge", "win_back"]),
    ),
    max_size=12,
)


@settings(max_examples=25, deadline=None)
@given(
    ROWS,
    st.none() | st.just("nudge"),
    st.sets(st.integers(0, 2)),
    st.sets(st.sampled_from([State.DUE, State.REFUSED])),
    st.booleans(),
    st.integers(1, 5),
)
def test_pages_together_are_the_list(
    rows: list[dict[str, object]],
    campaign: str | None,
    people: set[int],
    states: set[State],
    latest: bool,
    limit: int,
) -> None:
    """In order, without gaps, against filtering a list."""
    store = DuckDBStore.open(None)
    made = [delivery(id=f"d{place}", **row) for place, row in enumerate(rows)]
    store.save_deliveries(made=made)
    wanted = [
        one
        for one in sorted(made, key=lambda one: (one.known_at, one.id), reverse=latest)
        if (campaign is None or one.campaign_id == campaign)
        and (not people or one.person in people)
        and (not states or one.state in states)
    ]
    found: list[Delivery] = []
    while page := store.deliveries(
        campaign_id=campaign,
        people=people,
        states=states,
        after=found[-1].id if found else None,
        limit=limit,
        latest_first=latest,
    ):
        found += page
    store.close()
    assert found == wanted


def test_a_thousand_changes_in_a_large_table_take_no_time(store: DuckDBStore) -> None:
    """What was known long ago is not read: far below what reading the whole table takes."""
    for part in range(4):
        first = part * 50_000
        store.save_deliveries(
            made=[
                delivery(id=f"{first + n:032d}", known_at=first + n, state=State.DELIVERED)
                for n in range(50_000)
            ]
        )
    latest = [delivery(id=f"new{n}", known_at=300_000 + n) for n in range(1_000)]
    store.save_deliveries(made=latest)
    began = time.process_time()
    store.save_deliveries(changed=[dataclasses.replace(one, attempts=1) for one in latest])
    assert time.process_time() - began < 1
    assert all(one.attempts == 1 for one in store.due_deliveries(1_000, 2_000))


# ------------------------------------------------------------------------------------------- facts


def test_facts_are_events_about_messages(store: DuckDBStore) -> None:
    """In the order of storing, from the cursor, with how far the store goes."""
    store.append(
        table(
            event("ana", "$message_shown", 5, {"delivery_id": "d0"}),
            event("ana", "buy", 6),
            event("ben", "$survey_answered", 7, {"delivery_id": "d1", "answer": [1]}),
            event("ben", "look", 8),
        ),
        received_at=9,
    )
    found = store.facts(-1, 10)
    assert [(one.ref, one.event, one.person, one.at) for one in found.facts] == [
        (0, "$message_shown", store.person_code("ana"), 5),
        (2, "$survey_answered", store.person_code("ben"), 7),
    ]
    assert found.facts[1].properties == {"delivery_id": "d1", "answer": [1]}
    assert found.upto == 3
    assert store.facts(-1, 1).upto == 0
    assert [one.ref for one in store.facts(0, 1).facts] == [2]
    assert store.facts(3, 5) == dataclasses.replace(found, facts=(), upto=3)


def test_a_store_without_messages_is_passed_over(store: DuckDBStore) -> None:
    assert store.facts(-1, 5).upto == -1
    store.append(table(event("ana", "buy", 6)), received_at=9)
    assert store.facts(-1, 5).upto == 0


# ------------------------------------------------------------------------------------ suppressions


def suppressed(address: str, purpose: str = "", since: int = 1) -> Suppressed:
    return Suppressed(address, Channel.EMAIL, purpose, Suppression.UNSUBSCRIBED, since)


def test_addresses_are_compared_in_lower_case(store: DuckDBStore) -> None:
    assert store.suppress([suppressed("Ana@Shop.test"), suppressed("ana@shop.TEST")]) == 1
    assert store.suppress([suppressed("ana@shop.test", since=9)]) == 0
    assert store.suppressed(["ANA@shop.test", "ben@shop.test"], Channel.EMAIL) == [
        suppressed("ana@shop.test")
    ]
    assert store.suppressed(["ana@shop.test"], Channel.WEBHOOK) == []
    assert store.unsuppress("aNa@shop.test", Channel.EMAIL)
    assert not store.unsuppress("ana@shop.test", Channel.EMAIL)
    assert store.suppressed(["ana@shop.test"], Channel.EMAIL) == []


def test_one_purpose_is_not_another(store: DuckDBStore) -> None:
    both = [suppressed("a@x", "news"), suppressed("a@x", "tips")]
    assert store.suppress(both) == 2
    assert store.unsuppress("a@x", Channel.EMAIL, "news")
    assert store.suppressed(["a@x"], Channel.EMAIL) == [both[1]]


def test_the_list_is_paged_by_address(store: DuckDBStore) -> None:
    rows = [suppressed("a@x", "news"), suppressed("a@x", "tips"), suppressed("b@x")]
    store.suppress(rows)
    assert store.suppressions(limit=1) == rows[:2]
    assert store.suppressions(after="a@x", limit=1) == rows[2:]
    assert store.suppressions(after="b@x") == []


# ---------------------------------------------------------------------------------------- switches


def test_switches_last(tmp_path: Path) -> None:
    store = DuckDBStore.open(tmp_path / "segue.duckdb")
    store.set_stopped(True)
    store.set_paused("nudge", "harm: too many unsubscribed")
    store.set_launched("nudge", 5)
    store.set_paused("other", "by hand")
    store.set_paused("other", None)
    store.close()
    store = DuckDBStore.open(tmp_path / "segue.duckdb")
    found = store.controls()
    store.close()
    assert found.stopped
    assert found.paused == {"nudge": "harm: too many unsubscribed"}
    assert found.launched == {"nudge": 5}


# ----------------------------------------------------------------------------------------- erasing


def test_nothing_of_an_erased_person_is_left(tmp_path: Path) -> None:
    """No delivery, no address; but who may not be written to is still known."""
    path = tmp_path / "segue.duckdb"
    store = DuckDBStore.open(path)
    store.append(
        table(
            event("anon", "look", 1),
            event("ana", "$identify", 2, {"$anon_distinct_id": "anon", "email": "Ana@Shop.test"}),
            event("ben", "look", 3),
        ),
        received_at=9,
    )
    codes = {who: store._ids.code(who) for who in ("anon", "ana", "ben")}
    store.save_deliveries(
        made=[
            delivery(id=who, person=code, person_id=who, detail=f"about {who}")
            for who, code in codes.items()
        ]
    )
    store.suppress([suppressed("ana@shop.test"), suppressed("ben@shop.test")])
    assert store.erase("ana").remaining == 0
    assert ids(store.deliveries()) == ["ben"]
    assert [one.address for one in store.suppressed(["ana@shop.test"], Channel.EMAIL)] == [
        "ana@shop.test"
    ]
    assert all("ana@" not in one.address for one in store.suppressions())
    store.save_deliveries(changed=[delivery(id="ana", person_id="ana")])
    assert ids(store.deliveries()) == ["ben"]
    store.save_deliveries(made=[delivery(id="ben"), delivery(id="new")])
    assert sorted(ids(store.deliveries())) == ["ben", "new"]
    store.close()
    assert b"ana@shop.test" not in path.read_bytes().lower()
    assert b"about ana" not in path.read_bytes()


# ----------------------------------------------------------------------------------------- crashes

WRITER = """
import dataclasses, sys
from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.campaigns import State
from tests.adapters.deliveries import delivery
store = DuckDBStore.open(sys.argv[1])
batch = store.acting_cursor() + 1
while True:
    made = [delivery(id=f"{batch}/{n}", known_at=batch, state=State.SENDING) for n in range(40)]
    store.save_deliveries(made=made, cursor=batch)
    store.save_deliveries(changed=[dataclasses.replace(one, state=State.DELIVERED) for one in made])
    print(batch, flush=True)
    batch += 1
"""


def test_a_process_that_is_killed_leaves_whole_batches(tmp_path: Path, repository: Path) -> None:
    """Rows are there exactly up to the cursor, however often it dies; what was said is kept."""
    path = tmp_path / "segue.duckdb"
    last: set[int] = set()
    for round_ in range(4):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(
            command, cwd=repository, stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            for _ in range(1 + round_):
                said = int(process.stdout.readline())
            time.sleep(0.004 * round_)
            process.send_signal(signal.SIGKILL)
        store = DuckDBStore.open(path)
        cursor, rows = store.acting_cursor(), store.deliveries(limit=100_000)
        store.close()
        assert cursor >= said
        assert len(rows) == 40 * (cursor + 1)
        states = {batch: set[State]() for batch in range(cursor + 1)}
        for one in rows:
            states[one.known_at].add(one.state)
        # It may have died between the two commits of the last batch of an earlier round.
        done = set(range(said + 1)) - last
        assert all(states[batch] == {State.DELIVERED} for batch in done)
        last.add(cursor)
        assert all(len(found) == 1 for found in states.values())


@pytest.mark.parametrize("occasion", Occasion)
@pytest.mark.parametrize("channel", Channel)
def test_every_kind_comes_back(store: DuckDBStore, channel: Channel, occasion: Occasion) -> None:
    one = delivery(channel=channel, occasion=occasion)
    store.save_deliveries(made=[one])
    assert store.deliveries() == [one]
