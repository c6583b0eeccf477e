"""A turn is one write transaction: events in, who they belong to before and after, all or nothing."""

import json
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.errors import InputError
from segue.timeline.log import ACTIVITY, Request
from segue.timeline.parts import Codebook
from tests.adapters.stores import event, store_of, table
from tests.oracle.people import fold


def named(store, groups):
    """Groups as the ids of people and of their distinct ids."""
    found = {}
    for index, person in enumerate(store.person_ids(groups.person)):
        whos = groups.whos[groups.offsets[index] : groups.offsets[index + 1]]
        assert person not in found
        found[person] = set(store.person_ids(whos))
    assert groups.person.tolist() == sorted(groups.person.tolist())
    assert len(groups.offsets) == len(groups) + 1
    return found


def everybody(store):
    return named(store, store.everybody())


def appended(store, *events, received_at=0):
    """What one turn with one batch did."""
    with store.turn() as turn:
        return turn.append(table(*events), received_at=received_at)


@pytest.fixture
def store():
    store = DuckDBStore.open(None)
    yield store
    store.close()


# ------------------------------------------------------------------------------------- who arrived


def test_what_arrived_is_told_by_row():
    """Stored rows only: whose, when, their references and where they stood in the batch."""
    store = store_of(event("ann", "x", 5, id="one"))
    batch = (event("ann", "x", 5, id="one"), event("bea", "y", 7), event("ann", "y", 6))
    arrived = appended(store, *batch)
    assert store.person_ids(arrived.who) == ["bea", "ann"]
    assert arrived.at.tolist() == [7, 6]
    assert arrived.row.tolist() == [1, 2]
    assert [one.event for one in store.events(arrived.ref.tolist())] == ["y", "y"]
    assert named(store, arrived.before) == {"ann": {"ann"}}
    assert named(store, arrived.after) == {"ann": {"ann"}, "bea": {"bea"}}
    assert arrived.appended.stored == 2
    assert arrived.appended.duplicates == 1
    assert store.next_ref() == 3
    store.close()


def test_what_a_turn_is_writing_is_not_counted():
    """The next reference goes as far as a reader sees: what is remembered by it is never too old."""
    store = store_of(event("ann", "x", 5))
    with store.turn() as turn:
        turn.append(table(event("ann", "y", 6)), received_at=7)
        assert [one.event for one in store.events(range(store.next_ref()))] == ["x"]
    assert [one.event for one in store.events(range(store.next_ref()))] == ["x", "y"]
    store.close()


def test_nothing_arrives_in_an_empty_batch(store):
    """A turn that only time drives appends no row."""
    arrived = appended(store)
    assert len(arrived.who) == len(arrived.row) == len(arrived.before) == len(arrived.after) == 0


LINKS = [
    (
        "one joins another",
        [event("anon", "x", 1), event("ann", "x", 2), event("bea", "x", 2)],
        [event("ann", "$identify", 3, {"$anon_distinct_id": "anon"})],
        {"anon": {"anon"}, "ann": {"ann"}},
        {"ann": {"ann", "anon"}},
    ),
    (
        "an alias that no event carries names the person",
        [event("b", "x", 1)],
        [event("b", "$create_alias", 2, {"alias": "a"})],
        {"b": {"b"}},
        {"a": {"a", "b"}},
    ),
    (
        "a late link takes an id away from somebody",
        [
            event("anon", "x", 1),
            event("ann", "x", 1),
            event("bea", "$identify", 5, {"$anon_distinct_id": "anon"}),
        ],
        [event("ann", "$identify", 4, {"$anon_distinct_id": "anon"})],
        {"ann": {"ann"}, "bea": {"bea", "anon"}},
        {"ann": {"ann", "anon"}, "bea": {"bea"}},
    ),
    (
        "who identifies later does not rename",
        [event("ann", "$identify", 1, {"$anon_distinct_id": "anon"})],
        [event("ann", "$identify", 2, {"$anon_distinct_id": "other"})],
        {"ann": {"ann", "anon"}},
        {"ann": {"ann", "anon", "other"}},
    ),
    (
        "a refused link touches only the person of its event",
        [event("ann", "$identify", 1), event("bea", "$identify", 2)],
        [event("ann", "$identify", 3, {"$anon_distinct_id": "bea"})],
        {"ann": {"ann"}},
        {"ann": {"ann"}},
    ),
    (
        "an id that is nobody's links nobody",
        [event("ann", "x", 1)],
        [event("ann", "$create_alias", 3, {"alias": "null"})],
        {"ann": {"ann"}},
        {"ann": {"ann"}},
    ),
]


@pytest.mark.parametrize(("before", "batch", "was", "became"), [case[1:] for case in LINKS], ids=[case[0] for case in LINKS])  # fmt: skip
def test_links_touch_people(before, batch, was, became):
    """The people of a batch, as they were and as they are."""
    store = store_of(*before)
    arrived = appended(store, *batch)
    assert named(store, arrived.before) == was
    assert named(store, arrived.after) == became
    store.close()


def test_an_event_that_is_replaced_touches_whose_it_was():
    """By an earlier receipt of another content under the same id; a link is undone with it."""
    link = event("ann", "$identify", 3, {"$anon_distinct_id": "anon"}, id="link")
    store = store_of(event("anon", "x", 1), event("ann", "x", 1), link, received_at=5)
    arrived = appended(store, event("bea", "x", 2, id="link"), received_at=4)
    assert store.person_ids(arrived.replaced) == ["ann"]
    assert named(store, arrived.before) == {"ann": {"ann", "anon"}}
    assert named(store, arrived.after) == {"ann": {"ann"}, "anon": {"anon"}, "bea": {"bea"}}
    store.close()


def test_who_lost_their_only_event_is_gone():
    """With the aliases that only that event knew; their codes are not given again."""
    link = event("ann", "$create_alias", 3, {"alias": "also"}, id="link")
    store = store_of(link, received_at=5)
    codes = {store.person_code(one) for one in ("ann", "also")}
    arrived = appended(store, event("bea", "x", 2, id="link"), received_at=4)
    assert len(arrived.before) == 1
    assert everybody(store) == {"bea": {"bea"}}
    assert store.person_of("ann") is store.person_of("also") is None
    assert set(store.person_ids(np.array(sorted(codes)))) == {"also"}
    arrived = appended(store, event("ann", "x", 9))
    assert not codes & set(arrived.who.tolist())
    store.close()


def test_aliases_of_an_older_store_get_codes_when_it_is_opened():
    """It had codes for the ids of events only; nobody more is counted."""
    store = store_of(event("b", "$create_alias", 1, {"alias": "a"}), event("b", "x", 2))
    store._db.execute("DELETE FROM distinct_ids WHERE distinct_id = 'a'")
    store._begin(store._db)
    assert everybody(store) == {"a": {"a", "b"}}
    assert store.extent().people == 1
    assert store._db.execute("SELECT count(*) FROM distinct_ids").fetchall() == [(2,)]
    store.close()


def test_nobody_is_left_who_only_tried_to_link_somebody_erased():
    """Their only event goes with the person; whoever has another event or a link stays."""
    tries = {"$anon_distinct_id": "ann"}
    store = store_of(
        event("ann", "$identify", 1),
        event("bea", "$identify", 2, tries),
        event("cai", "$identify", 2, tries),
        event("cai", "x", 3),
        event("dan", "$merge_dangerously", 4, {"alias": "cai"}),
    )
    store.erase("ann")
    assert everybody(store) == {"cai": {"cai", "dan"}}
    assert store.extent().people == 1
    store.close()


# --------------------------------------------------------------------------------- all or nothing


class StoppedError(Exception):
    """Somebody stopped a turn."""


def test_a_turn_that_fails_leaves_nothing():
    """Neither in the file nor in memory: the same batches can come again."""
    store = store_of(event("ann", "x", 1), event("anon", "x", 1), event("b", "x", 1, id="old"), received_at=5)  # fmt: skip
    first = table(
        event("new", "fresh", 2),
        event("ann", "$identify", 3, {"$anon_distinct_id": "anon"}),
        event("c", "y", 1, id="old"),
    )
    second = table(event("ann", "$create_alias", 4, {"alias": "also"}), event("b", "z", 7))
    state = (store.next_ref(), everybody(store), store.extent(), store.summaries())

    def stopped():
        with store.turn() as turn:
            found = [turn.append(batch, received_at=4) for batch in (first, second)]
            assert set(everybody(store)) == {"ann", "b", "c", "new"}
            raise StoppedError(found)

    with pytest.raises(StoppedError) as caught:
        stopped()
    assert (store.next_ref(), everybody(store), store.extent(), store.summaries()) == state
    assert store.person_of("new") is store.person_of("also") is None
    with store.turn() as turn:
        again = [turn.append(batch, received_at=4) for batch in (first, second)]
    for one, other in zip(caught.value.args[0], again, strict=True):
        assert one.appended == other.appended
        assert one.who.tolist() == other.who.tolist()
        assert one.ref.tolist() == other.ref.tolist()
        assert one.after.whos.tolist() == other.after.whos.tolist()
    assert everybody(store) == {
        "ann": {"ann", "anon", "also"},
        "b": {"b"},
        "c": {"c"},
        "new": {"new"},
    }
    store.close()


def test_properties_that_are_no_json_end_the_turn():
    """Nothing of it is kept, and the next turn is as if it had not been."""
    store = store_of(event("ann", "x", 1))

    def spoilt():
        with store.turn() as turn:
            turn.append(table(event("bea", "x", 2)), received_at=1)
            turn.append(table(event("cai", "x", 3, "no json")), received_at=1)

    with pytest.raises(InputError, match="no JSON"):
        spoilt()
    assert everybody(store) == {"ann": {"ann"}}
    assert appended(store, event("bea", "x", 2)).ref.tolist() == [1]
    store.close()


def test_batches_of_one_turn_know_each_other(store):
    """An id that an earlier batch brought is known, and the person whom it removed is gone."""
    with store.turn() as turn:
        first = turn.append(table(event("ann", "x", 1, id="one")), received_at=5)
        same = turn.append(table(event("ann", "x", 1, id="one")), received_at=6)
        other = turn.append(table(event("bea", "x", 1, id="one")), received_at=4)
        back = turn.append(table(event("ann", "x", 2)), received_at=7)
    assert (first.appended.stored, same.appended.duplicates) == (1, 1)
    assert other.appended.conflicts == 1
    assert other.replaced.tolist() == first.who.tolist()
    assert back.who.tolist() != first.who.tolist()
    assert everybody(store) == {"ann": {"ann"}, "bea": {"bea"}}
    assert store.extent().events == 2


def test_a_turn_reads_what_it_wrote():
    """What the batches answer, what some ids did, and the order of ties: before the commit."""
    store = store_of(event("ann", "x", 1), event("bea", "x", 1))
    request, codebook = Request(ACTIVITY), Codebook()
    with store.turn() as turn:
        first = turn.append(table(event("ann", "x", 4, id="b", sequence=2)), received_at=1)
        second = turn.append(table(event("ann", "x", 4, id="a", sequence=2)), received_at=1)
        delta = turn.delta([request], codebook)
        assert store.person_ids(delta.whos) == ["ann"]
        assert delta.log.answers[request].at.tolist() == [4, 4]
        whole = turn.reread(first.who, [request], codebook)
        assert whole.log.answers[request].at.tolist() == [1, 4, 4]
        refs = np.concatenate((first.ref, second.ref))
        assert turn.ranks(refs).tolist() == [1, 0]
        assert store.extent().events == 2
    assert store.ranks(refs).tolist() == [1, 0]
    assert store.extent().events == 4
    assert len(store.everything([request], codebook, since=2).log.answers[request].at) == 2
    store.close()


def test_turns_publish_and_say_how_far_they_went(store):
    """Versions of segments, transitions and the position, in the same commit."""
    with store.turn() as turn:
        turn.append(table(event("ann", "x", 1)), received_at=1)
        version = turn.define("active", "f1", since=10)
        turn.ticked(10)
    assert store.versions() == [version]
    assert (store.position().ticked_at, store.position().next_ref) == (10, 1)
    with store.turn() as turn:
        turn.retire("active", until=20)
    assert store.versions() == []


def test_looking_up_a_person_does_not_wait_for_a_turn(store):
    """The HTTP server asks at every request."""
    store.append(table(event("ann", "x", 1)), received_at=1)
    found = []

    def look():
        code = store.person_code("ann")
        codes = np.array([code], np.int32)
        found.append((store.person_ids(codes), len(store.groups(codes)), store.distinct_ids("ann")))

    with store.turn() as turn:
        turn.append(table(event("bea", "x", 1)), received_at=1)
        reader = threading.Thread(target=look)
        reader.start()
        reader.join(60)
    assert found == [(["ann"], 1, ("ann",))]


def test_a_checkpoint_moves_the_log_into_the_file(tmp_path):
    """Where it is worth it, also while somebody reads; nothing is lost."""
    path = tmp_path / "segue.duckdb"
    store = DuckDBStore.open(path)
    assert not store.checkpoint()
    for batch in range(6):
        rows = (event(f"p{row}", "x", batch, {"text": f"{row}" * 60}) for row in range(6000))
        store.append(table(*rows), received_at=1)
    with store._reading():
        assert store.checkpoint()
    assert not store.checkpoint()
    assert store.extent().events == 36_000
    store.close()


# ----------------------------------------------------------------------- who is who, step by step

IDS = ("a", "b", "c", "d", "e", "f", "null")
KEYS = {"$identify": "$anon_distinct_id", "$create_alias": "alias", "$merge_dangerously": "alias"}


@st.composite
def arrivals(draw):
    """Links, repeated ones too, and other events; ids of events collide."""
    kind = draw(st.sampled_from([*KEYS, "$identify", "x"]))
    other = draw(st.sampled_from([*IDS, "also", "Also", None]))
    return event(
        draw(st.sampled_from(IDS)),
        kind,
        draw(st.integers(0, 3)),
        {} if other is None else {KEYS.get(kind, "other"): other},
        id=str(draw(st.integers(0, 30))),
        sequence=draw(st.sampled_from([None, None, 0, 1])),
    )


def folded(store):
    """The people of all stored events by the plain fold over everything, in event order."""
    rows = store._db.execute(
        "SELECT distinct_id, names.name, properties::JSON::VARCHAR FROM events"
        " JOIN names ON names.code = events.name"
        " JOIN distinct_ids ON distinct_ids.code = events.who"
        " ORDER BY occurred_at, sequence NULLS FIRST, event_id"
    ).fetchall()
    events = [
        {"distinct_id": who, "event": name, "properties": json.loads(text)}
        for who, name, text in rows
    ]
    people = {}
    for distinct_id, person in fold(events).items():
        people.setdefault(person, set()).add(distinct_id)
    # An id that is nobody's is somebody where events carry it.
    carried = {one["distinct_id"] for one in events}
    return {person: ids for person, ids in people.items() if ids & carried}


def stopped(store, batch, received_at):
    with store.turn() as turn:
        turn.append(table(*batch), received_at=received_at)
        raise StoppedError


def check_touched(store, arrived, was, now):
    """All who changed, and everybody of whom an event came or went, as they were and are."""
    before, after = sets_of(arrived.before), sets_of(arrived.after)
    codes = store._ids.texts
    after = {codes[person]: {codes[who] for who in whos} for person, whos in after.items()}
    assert all(now[person] == ids for person, ids in after.items())
    touched = {store.person_of(one) for one in store.person_ids(arrived.who)}
    changed = {person for person in was.keys() | now.keys() if was.get(person) != now.get(person)}
    assert (touched | changed) & now.keys() == after.keys() & (touched | changed) & now.keys()
    assert (touched | changed) & now.keys() <= after.keys()
    lasting = {codes[person]: len(whos) for person, whos in before.items() if codes[person]}
    assert all(len(was[person]) == size for person, size in lasting.items())
    assert {
        person for person in changed & was.keys() if store._ids.code(person) is not None
    } <= lasting.keys()
    assert len(before) >= len(changed & was.keys())


def sets_of(groups):
    return {
        person: set(groups.whos[groups.offsets[index] : groups.offsets[index + 1]].tolist())
        for index, person in enumerate(groups.person.tolist())
    }


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.lists(arrivals(), max_size=6), st.integers(0, 3), st.sampled_from("kkku")),
        max_size=6,
    )
)
def test_every_turn_leaves_who_the_whole_fold_says(turns):
    """Whatever arrives, in whatever batches and order, repeated, replaced or rolled back."""
    store = DuckDBStore.open(None)
    for batch, received_at, ending in turns:
        was = folded(store)
        if ending == "u":
            with pytest.raises(StoppedError):
                stopped(store, batch, received_at)
            assert everybody(store) == was
        arrived = appended(store, *batch, received_at=received_at)
        now = folded(store)
        assert everybody(store) == now
        check_touched(store, arrived, was, now)
        assert store.extent().people == len(now)
        assert set(store.read([]).person_ids) == set(now)
    store._begin(store._db)
    assert everybody(store) == folded(store)
    store.close()
