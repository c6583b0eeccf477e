"""One store, one file: one id is one event, batches are whole, and nothing is lost."""

import itertools
import json
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pyarrow as pa
import pytest

from segue.adapters.duckdb_store import DuckDBStore, erasing, maintenance, restore
from segue.domain.errors import (
    InputError,
    NotFoundError,
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreLockedError,
    StoreTooNewError,
    UsageError,
)
from segue.domain.ports import Appended, CommonValue, EventSummary, Extent
from segue.timeline.log import ACTIVITY, Request
from tests.adapters.stores import event, store_of, table

BASE = event("ann", "x", 5, {"n": 1}, id="one")


def contents(store):
    """What is stored, whatever the order of arrival; nobody is known without an event."""
    request = Request(ACTIVITY)
    found = store.read([request], sources=True).log.answers[request]
    people = {store.person_of(one.distinct_id) for one in store.events(found.source.tolist())}
    assert set(store.read([]).person_ids) == people
    return sorted(
        (
            one.event_id,
            one.distinct_id,
            one.event,
            one.occurred_at,
            one.received_at,
            one.sequence,
            one.properties,
        )
        for one in store.events(found.source.tolist())
    )


# ------------------------------------------------------------------------------- one id, one event


def test_an_id_that_is_known_is_not_stored_again():
    """Neither from another batch nor from the same one; the order of keys is no content."""
    store = store_of(BASE, BASE)
    assert store.extent().events == 1
    again = table({**BASE, "properties": '{ "n" : 1 }'}, event("ann", "x", 6, id="two"))
    assert store.append(again, received_at=9) == Appended(stored=1, duplicates=1)
    assert [row[0] for row in contents(store)] == ["one", "two"]
    store.close()


DIFFERENT = [
    {**BASE, "properties": '{"n":2}'},
    {**BASE, "properties": '{"n":1.0}'},
    {**BASE, "properties": '{"n":"1"}'},
    {**BASE, "occurred_at": 6},
    {**BASE, "event": "y"},
    {**BASE, "distinct_id": "bea"},
    {**BASE, "sequence": 0},
]


@pytest.mark.parametrize("other", DIFFERENT)
def test_of_several_contents_the_first_received_counts(other):
    """In one batch, in two, in either order of arrival; the conflict is reported once."""
    early = store_of(BASE, received_at=1)
    assert early.append(table(other), received_at=2) == Appended(
        conflicts=1, conflicting_ids=("one",)
    )
    late = store_of(other, received_at=2)
    assert late.append(table(BASE), received_at=1) == Appended(
        conflicts=1, conflicting_ids=("one",)
    )
    assert contents(early) == contents(late)
    assert contents(early)[0][4] == 1
    early.close()
    late.close()


@pytest.mark.parametrize("other", DIFFERENT)
def test_of_contents_received_together_one_counts_whatever_the_order(other):
    """The smallest content hash: a matter of what they say, not of how they came."""
    stores = [store_of(BASE, other), store_of(other, BASE), store_of(other), store_of(BASE)]
    stores[2].append(table(BASE), received_at=0)
    stores[3].append(table(other, BASE, other), received_at=0)
    found = [contents(store) for store in stores]
    for store in stores:
        store.close()
    assert found[0] == found[1] == found[2] == found[3]
    assert len(found[0]) == 1


def test_every_order_of_arrival_stores_the_same():
    """Three contents of an id at three instants of receipt, in all orders."""
    arrivals = [(BASE, 3), (DIFFERENT[0], 2), (DIFFERENT[3], 2), (BASE, 1)]
    found = []
    for order in itertools.permutations(arrivals):
        store = DuckDBStore.open(None)
        for one, received_at in order:
            store.append(table(one), received_at=received_at)
        found.append(contents(store))
        store.close()
    assert all(one == found[0] for one in found)
    assert found[0][0][4:] == (1, None, '{"n":1}')


@pytest.mark.parametrize("prepared", [False, True])
def test_known_ids_are_known_after_reopening(tmp_path, prepared):
    """The set of known ids is rebuilt from the file, when it is needed or before."""
    path = tmp_path / "segue.duckdb"
    store = DuckDBStore.open(path)
    store.append(table(*(event("ann", "x", at) for at in range(2000))), received_at=1)
    store.close()
    store = DuckDBStore.open(path)
    if prepared:
        store.prepare()
    same = table(*(event("ann", "x", at) for at in range(1000, 3000)))
    assert store.append(same, received_at=2) == Appended(stored=1000, duplicates=1000)
    assert store.append(same, received_at=3) == Appended(duplicates=2000)
    assert store.extent() == Extent(3000, 1, 0, 2999)
    store.close()


def test_an_empty_batch():
    """Nothing stored, nothing wrong."""
    store = store_of()
    assert store.append(table(), received_at=1) == Appended()
    assert store.extent() == Extent(0, 0, None, None)
    store.close()


def test_an_event_of_nobody_is_refused():
    """The empty text is no distinct id."""
    store = store_of()
    with pytest.raises(InputError, match="no distinct id"):
        store.append(table(event("", "x", 1)), received_at=1)
    store.close()


@pytest.mark.parametrize(
    ("properties", "count"),
    [
        ('{"n": 9223372036854.775807}', 0),
        ('{"n": 9223372036854.775808}', 1),
        ('{"n": -9223372036854.775808, "ms": 1777629600123}', 0),
        ('{"n": [1e13, {"m": 12345678901234567890}, 1E+400]}', 3),
        ('{"id": "12345678901234567890", "f": 0.12345678901234567, "e": 1e-20, "x": "1e30"}', 0),
    ],
)
def test_numbers_that_do_not_fit_are_reported(properties, count):
    """64-bit fixed point with six decimals holds up to 9,223,372,036,854.775807."""
    store = store_of()
    report = store.append(table(event("ann", "x", 1, properties)), received_at=1)
    assert report.unreadable_numbers == count
    store.close()


def test_large_and_odd_properties():
    """A property of a megabyte, ten thousand properties, NUL bytes and deep nesting come back."""
    deep = 1
    for _ in range(200):
        deep = {"a": [deep]}
    odd = [
        {"big": "x" * 2**20},
        {f"key {i}": i for i in range(10_000)},
        {"nul\x00": "\x00a\x00"},
        {"deep": deep},
        {"'; DROP TABLE events; --": '"; DROP TABLE events; --'},
        {"i": 2**64 - 1, "j": -(2**63), "f": 0.1, "e": 1e-300, "n": None, "emoji": "😀"},
    ]
    store = store_of(*(event("ann", "x", at, one) for at, one in enumerate(odd)))
    assert [json.loads(row[6]) for row in sorted(contents(store), key=lambda row: row[3])] == odd
    store.close()


def test_a_batch_that_fails_changes_nothing():
    """Properties that are no JSON fail the batch, and what came before and comes after is intact."""
    store = store_of(event("ann", "x", 1))
    with pytest.raises(InputError, match="JSON"):
        store.append(table(event("new", "y", 2), event("bea", "z", 3, "{no")), received_at=2)
    assert store.append(table(event("bea", "y", 2)), received_at=2).stored == 1
    assert [one.event for one in store.summaries()] == ["x", "y"]
    assert list(store.read([]).person_ids) == ["ann", "bea"]
    store.close()


# ------------------------------------------------------------------------------------ what it holds


def test_summaries_extent_and_traits():
    """Counts, people after identity, instants, properties by frequency; trait names."""
    store = store_of(
        event("anon", "view", 1, {"path": "/", "ref": "a"}),
        event("ann", "view", 5, {"path": "/"}),
        event("bea", "view", 3, {"path": "/", "a, b": 1}),
        event("ann", "$identify", 4, {"$anon_distinct_id": "anon", "plan": "pro"}),
        event("bea", "$set_once", 4, {"since": 1}),
        event("bea", "$unset", 4, {"never": 1}),
        event("ann", "buy", 6),
    )
    summaries = {one.event: one for one in store.summaries()}
    assert list(store.event_counts(at=6).items()) == [
        (one, summaries[one].count) for one in summaries
    ]
    cut = [("view", 2), ("$identify", 1), ("$set_once", 1), ("$unset", 1)]
    assert list(store.event_counts(at=4).items()) == cut
    assert summaries["view"] == EventSummary("view", 3, 2, 1, 5, ("path", "a, b", "ref"))
    assert next(iter(summaries)) == "view"
    assert summaries["buy"].properties == ()
    assert store.extent() == Extent(7, 2, 1, 6)
    assert store.trait_names() == ["plan", "since"]
    assert [refusal.link.kind for refusal in store.refused_links()] == []
    store.close()


def test_definition_versions(tmp_path):
    """A text makes a version unless it is the latest already."""
    store = DuckDBStore.open(tmp_path / "segue.duckdb")
    for known_at, text in ((1, "a"), (2, "a"), (3, "b"), (4, "a")):
        store.save_definitions(text, known_at=known_at)
    store.close()
    store = DuckDBStore.open(tmp_path / "segue.duckdb")
    versions = [(one.version, one.known_at, one.text) for one in store.definition_versions()]
    assert versions == [(1, 1, "a"), (2, 3, "b"), (3, 4, "a")]
    store.close()


def test_thresholds_are_kept_as_long_as_they_hold():
    """An event drops those from its instant on, a link or an erasure drops all."""
    store = store_of(event("ann", "x", 1), event("bea", "x", 1))
    store.keep_thresholds("top 10% by count(x)", {10: 5, 20: None, 30: 7})
    store.keep_thresholds("top 10% by count(x)", {30: 8})
    assert store.thresholds("top 10% by count(x)") == {10: 5, 20: None, 30: 8}
    assert store.thresholds("another") == {}
    store.append(table(event("ann", "x", 15)), received_at=1)
    assert store.thresholds("top 10% by count(x)") == {10: 5}
    store.append(table(event("ann", "$identify", 40, {"$anon_distinct_id": "q"})), received_at=1)
    assert store.thresholds("top 10% by count(x)") == {}
    store.keep_thresholds("q", {10: 5})
    store.erase("bea")
    assert store.thresholds("q") == {}
    store.close()


def test_events_that_are_gone_are_said_to_be():
    """A reference to nothing raises, and does not give another event."""
    store = store_of(event("ann", "x", 1))
    with pytest.raises(NotFoundError, match="no longer stored"):
        store.events([12345])
    store.close()


def test_readers_see_whole_batches_while_batches_are_written():
    """Every read sees all events of a batch or none."""
    store = store_of(*(event("ann", "x", at) for at in range(10)))
    request = Request(ACTIVITY)

    def size(_):
        return len(store.read([request]).log.answers[request])

    with ThreadPoolExecutor(2) as pool:
        sizes = pool.map(size, range(30))
        for batch in range(1, 15):
            rows = [event(f"p{batch}", "x", at + 10 * batch) for at in range(10)]
            store.append(table(*rows), received_at=batch)
        assert all(one % 10 == 0 for one in sizes)
    store.close()


# ------------------------------------------------------------------------------- files and failures


@pytest.fixture
def path(tmp_path):
    """The file of a store with two people."""
    place = tmp_path / "segue.duckdb"
    store = DuckDBStore.open(place)
    store.append(
        table(
            event("ann", "x", 1, {"note": "kept-value"}),
            event("secret-id", "secret-event", 2, {"secret-key": "secret-value"}, id="secret-uuid"),
            event("secret-anon", "x", 2, {"note": "secret-text"}),
            event(
                "secret-id",
                "$identify",
                3,
                {"$anon_distinct_id": "secret-anon", "mail": "secret@mail"},
            ),
            event("ann", "$create_alias", 4, {"alias": "secret-id"}),
        ),
        received_at=1,
    )
    store.close()
    return place


def test_a_file_that_is_no_database(tmp_path):
    """Text, an empty file, a folder."""
    text = tmp_path / "text.duckdb"
    text.write_bytes(b"person_id,event\n" * 1000)
    empty = tmp_path / "empty.duckdb"
    empty.touch()
    for place in (text, empty):
        with pytest.raises(
            StoreDamagedError, match="is not a Segue store, or it is damaged"
        ) as caught:
            DuckDBStore.open(place)
        assert caught.value.hint
    with pytest.raises(StoreError):
        DuckDBStore.open(tmp_path)
    assert text.read_bytes() == b"person_id,event\n" * 1000


def test_a_database_that_is_no_store(tmp_path):
    """Another program's tables are left alone."""
    with duckdb.connect(str(tmp_path / "other.duckdb")) as db:
        db.execute("CREATE TABLE events (id INTEGER)")
    with pytest.raises(StoreDamagedError, match="not a Segue store"):
        DuckDBStore.open(tmp_path / "other.duckdb")


@pytest.mark.parametrize("place", [0, 12, 4096, 8192])
def test_a_damaged_file(path, place):
    """A header that lies, or is not there."""
    data = bytearray(path.read_bytes())
    data[place : place + 32] = b"\xff" * 32
    path.write_bytes(data)
    with pytest.raises(StoreError) as caught:
        DuckDBStore.open(path)
    assert caught.value.hint
    assert path.read_bytes() == bytes(data)


def test_half_a_file(path):
    """A copy that was cut off."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(StoreError):
        DuckDBStore.open(path).read([Request(ACTIVITY)])


def test_a_store_of_a_newer_segue(path):
    """Is not touched, and the hint says to upgrade."""
    with duckdb.connect(str(path)) as db:
        db.execute("UPDATE segue_meta SET value = '999' WHERE key = 'schema_version'")
    with pytest.raises(StoreTooNewError, match="999") as caught:
        DuckDBStore.open(path)
    assert "Upgrade" in caught.value.hint


def test_a_folder_that_is_not_there(tmp_path):
    """Nothing is made."""
    with pytest.raises(StoreError, match="cannot be opened"):
        DuckDBStore.open(tmp_path / "no" / "segue.duckdb")


def test_open_twice(path):
    """The second is refused, in this process as in any other."""
    store = DuckDBStore.open(path)
    with pytest.raises(StoreLockedError, match="open already"):
        DuckDBStore.open(path)
    store.close()
    store.close()
    DuckDBStore.open(path).close()


def test_backup_and_restore(path, tmp_path):
    """A hot copy holds the same, and restoring it gives a store that works."""
    store = DuckDBStore.open(path)
    store.save_definitions("x", known_at=1)
    before = contents(store)
    store.backup(tmp_path / "copies" / "backup.duckdb")
    store.append(table(event("cem", "x", 9)), received_at=1)
    with pytest.raises(UsageError, match="there already"):
        store.backup(tmp_path / "copies" / "backup.duckdb")
    store.close()
    restored = tmp_path / "restored.duckdb"
    restore(tmp_path / "copies" / "backup.duckdb", restored)
    again = DuckDBStore.open(restored)
    assert contents(again) == before
    assert [one.text for one in again.definition_versions()] == ["x"]
    assert (
        again.append(table(event("ann", "x", 1, {"note": "kept-value"})), received_at=1).duplicates
        == 1
    )
    again.close()
    assert sorted(one.name for one in (tmp_path / "copies").iterdir()) == ["backup.duckdb"]


def test_restoring_what_is_no_backup(path, tmp_path):
    """Nothing appears at the target, and nothing is written over."""
    target = tmp_path / "target.duckdb"
    with pytest.raises(NotFoundError):
        restore(tmp_path / "nowhere.duckdb", target)
    (tmp_path / "text").write_text("text" * 5000)
    with pytest.raises(StoreDamagedError):
        restore(tmp_path / "text", target)
    assert not target.exists()
    with pytest.raises(UsageError, match="there already"):
        restore(path, path)


def test_erasing_a_person_leaves_no_byte_of_them(path):
    """No id, no event name of theirs alone, no property key and no value is in the file."""
    assert b"secret" in path.read_bytes()
    store = DuckDBStore.open(path)
    erased = store.erase("secret-id")
    assert (erased.person_id, erased.distinct_ids) == ("secret-id", ("secret-anon", "secret-id"))
    assert (erased.events, erased.remaining) == (4, 0)
    files = [one for one in path.parent.iterdir() if one.is_file()]
    assert [one.name for one in files] == ["segue.duckdb"]
    assert b"secret" not in path.read_bytes()
    assert store.person_of("secret-id") is None
    assert store.person_of("secret-anon") is None
    assert list(store.read([]).person_ids) == ["ann"]
    assert [row[1] for row in contents(store)] == ["ann"]
    assert store.append(table(event("new", "fresh", 9)), received_at=2).stored == 1
    assert list(store.read([]).person_ids) == ["ann", "new"]
    store.close()
    assert b"secret" not in path.read_bytes()
    assert b"kept-value" in path.read_bytes()
    again = DuckDBStore.open(path)
    assert {one.event for one in again.summaries()} == {"x", "fresh"}
    assert list(again.read([]).person_ids) == ["ann", "new"]
    again.close()


def test_erasing_somebody_who_is_not_there():
    """Is an error that says so."""
    store = store_of(event("ann", "x", 1))
    with pytest.raises(NotFoundError, match="nobody is 'bea'"):
        store.erase("bea")
    store.close()


def test_columns_may_be_of_any_width():
    """Large strings and small integers are taken too."""
    rows = table(event("ann", "x", 1))
    wide = rows.cast(
        pa.schema(
            [
                (f.name, pa.large_string() if f.type == pa.string() else pa.int32())
                for f in rows.schema
            ]
        )
    )
    store = DuckDBStore.open(None)
    assert store.append(wide, received_at=1).stored == 1
    store.close()


def test_paths_with_quotes_dots_and_spaces(tmp_path):
    """A path is a path, whatever it looks like to SQL."""
    folder = tmp_path / 'it\'s; a "folder".v1'
    folder.mkdir()
    store = DuckDBStore.open(folder / "my 'data'.v2.duckdb")
    store.append(table(event("ann", "x", 1), event("bea", "x", 1)), received_at=1)
    store.backup(folder / "a 'copy'.duckdb")
    assert store.erase("bea").remaining == 0
    store.close()
    restore(folder / "a 'copy'.duckdb", folder / "select 1;.duckdb")
    again = DuckDBStore.open(folder / "select 1;.duckdb")
    assert again.extent().people == 2
    again.close()


@pytest.mark.parametrize("failing", ["copy_whole", "replace", "delete"])
def test_an_erasure_that_fails_leaves_a_store_that_works(tmp_path, monkeypatch, failing):
    """A full disk: whoever was erased and comes back is somebody, and can be erased."""
    store = DuckDBStore.open(tmp_path / "store.duckdb")
    store.append(table(event("ann", "x", 1), event("bea", "x", 2)), received_at=9)
    room = erasing if failing == "delete" else maintenance

    def full(*_):
        if failing == "delete":
            store._db.begin()
        raise StoreFullError("No space is left")

    with monkeypatch.context() as patched:
        patched.setattr(room, failing, full)
        with pytest.raises(StoreFullError):
            store.erase("ann")
    erased = failing != "delete"
    assert store.extent().people == (1 if erased else 2)
    store.append(table(event("ann", "y", 3)), received_at=9)
    assert store.person_of("ann") == "ann"
    assert len(contents(store)) == (2 if erased else 3)
    assert store.erase("ann").events == (1 if erased else 2)
    assert [row[1] for row in contents(store)] == ["bea"]
    store.close()


def test_common_values_are_texts_that_many_people_carry():
    """Integers and truth by their JSON text; no later events, no texts without end, no nesting."""
    store = store_of(
        *(
            event(f"p{one}", "look", one, {"path": "/a", "n": one, "in": {"x": 1}})
            for one in range(4)
        ),
        *(event(f"p{one}", "look", one + 2, {"path": "/b", "paid": True}) for one in range(2)),
        event("p9", "look", 9, {"path": "/b", "text": "y" * 200}),
        event("p9", "buy", 9, {"size": 10}),
    )
    try:
        found = store.common_values(["look", "none"], at=3, least=2, most=9)
        both = store.common_values(["buy", "look"], at=9, least=1, most=3)
    finally:
        store.close()

    assert found == [
        CommonValue("look", "path", "/a", 4),
        CommonValue("look", "paid", "true", 2),
        CommonValue("look", "path", "/b", 2),
    ]
    assert [(one.event, one.value, one.people) for one in both] == [
        ("look", "/a", 4),
        ("look", "/b", 3),
        ("look", "true", 2),
    ]
