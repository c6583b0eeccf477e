"""Published transitions: versions of segments, ids that only grow, and memberships as a view."""

import datetime as dt

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.adapters.duckdb_store import DuckDBStore, restore
from segue.adapters.duckdb_store.schema import CURRENT, MIGRATIONS
from segue.adapters.duckdb_store.transitions import PUBLISHED
from segue.domain.errors import NotFoundError
from segue.domain.live import (
    Boundary,
    Cause,
    Crossing,
    CrossingsPage,
    Flow,
    Member,
    Membership,
    MembersPage,
    Position,
    SegmentVersion,
    Transition,
)
from segue.services.live.publishing import TRANSITIONS
from tests.adapters.publishing import define, fact, facts, publish
from tests.adapters.stores import event, store_of, table

ANN, BEA, CEM = 0, 1, 2
LEFT = False


@pytest.fixture
def store():
    """A store with three people, ann, bea and cem, and two segments, `a` and `b`."""
    made = store_of(event("ann", "x", 1), event("bea", "x", 2), event("cem", "x", 3))
    define(made, "a", "b")
    yield made
    made.close()


def test_the_store_takes_what_the_loop_publishes():
    """Two modules that must not know each other state the same columns."""
    assert PUBLISHED == TRANSITIONS


# ------------------------------------------------------------------------------------ publishing


def test_a_transition_comes_back_as_it_was_published(store):
    """With the names of segment and person, and the id of the event that caused it."""
    first = publish(store, fact(BEA, 2, ref=1, live=True), known_at=50)
    assert store.transitions() == [
        Transition(
            first,
            "a",
            1,
            "bea",
            Boundary.ENTERED,
            2,
            50,
            Cause.EVENT,
            live=True,
            event_id="bea/x/2",
        )
    ]


@pytest.mark.parametrize("cause", Cause)
@pytest.mark.parametrize("flag", ["retracted", "corrected", "live"])
@pytest.mark.parametrize("entered", [True, False])
def test_every_kind_of_transition(store, cause, flag, entered):
    """Each cause, each mark, each end of a membership; without an event there is no event id."""
    publish(store, fact(CEM, 7, entered, cause=cause, segment=1, **{flag: True}))
    (found,) = store.transitions()
    assert (found.cause, found.boundary) == (cause, "entered" if entered else "left")
    assert {one: getattr(found, one) for one in ("retracted", "corrected", "live")} == {
        "retracted": False,
        "corrected": False,
        "live": False,
        flag: True,
    }
    assert (found.segment_id, found.event_id) == ("b", None)


def test_ids_grow_by_one_and_are_never_given_again(store):
    """Neither after a turn that failed, nor after those people are erased."""
    assert publish(store, fact(ANN, 1), fact(BEA, 2)) == 0
    assert publish(store) == 2
    _fail_in_a_turn(store)
    assert publish(store, fact(CEM, 4)) == 2
    store.erase("cem")
    assert publish(store, fact(ANN, 5)) == 3
    assert [one.id for one in store.transitions()] == [0, 1, 3]
    assert store.count_transitions() == 3


def test_the_position_says_how_far_the_evaluation_went(tmp_path):
    """The last turn, the event after the last that was evaluated; across restarts."""
    path = tmp_path / "segue.duckdb"
    made = DuckDBStore.open(path)
    assert made.position() == Position(None, 0, 0)
    with made.turn() as turn:
        turn.append(table(event("ann", "x", 1), event("ann", "y", 2)), received_at=3)
        turn.define("a", "f", since=0)
        turn.publish(facts(fact(ANN, 1)), known_at=9)
        turn.ticked(9)
    made.append(table(event("ann", "z", 4)), received_at=4)
    made.close()
    again = DuckDBStore.open(path)
    assert again.position() == Position(9, 2, 1)
    again.close()


def test_a_turn_that_fails_leaves_nothing(store):
    """No transition, no version, no position."""
    before = store.position(), store.versions()
    _fail_in_a_turn(store)
    assert (store.position(), store.versions()) == before
    assert store.transitions() == []


def _fail_in_a_turn(store):
    def wrong():
        with store.turn() as turn:
            turn.define("a", "other", since=5)
            turn.retire("b", until=5)
            turn.publish(facts(fact(ANN, 3)), known_at=1)
            turn.ticked(6)
            turn.publish(pa.table({"segment": [0]}), known_at=1)

    with pytest.raises(KeyError):
        wrong()


# -------------------------------------------------------------------------------------- versions


def test_a_segment_has_one_version_in_force_at_a_time(store):
    """Defining it anew ends the one before; retiring ends it without a next one."""
    with store.turn() as turn:
        anew = turn.define("a", "other", since=10)
        turn.retire("b", until=11)
        turn.retire("nothing", until=11)
    assert anew == SegmentVersion(2, "a", 2, "other", 10)
    assert store.versions() == [anew]
    assert store.segment_versions("a") == [
        SegmentVersion(0, "a", 1, "fingerprint of a", 0, 10),
        anew,
    ]
    assert store.segment_versions("b") == [SegmentVersion(1, "b", 1, "fingerprint of b", 0, 11)]
    assert store.published_segments() == {"a", "b"}
    (code,) = define(store, "b", since=20)
    assert [one.version for one in store.segment_versions("b")] == [1, 2]
    assert code == 3


def test_memberships_are_those_of_versions_in_force(store):
    """What was published of an earlier version stays published, and is no membership."""
    publish(store, fact(ANN, 1), fact(BEA, 2, segment=1))
    (code,) = define(store, "a", since=10)
    publish(store, fact(CEM, 3, segment=code, cause=Cause.DEFINITION))
    assert [one.version for one in store.transitions(segment_id="a")] == [1, 2]
    assert store.members("a", at=50).members == (Member("cem", 3, None),)
    assert store.memberships_of("ann") == []
    with store.turn() as turn:
        turn.retire("b", until=20)
    assert store.members("b", at=50) == MembersPage((), None)
    assert store.flows("b", [0, 50]) == [Flow(0, 0, 0)]


# --------------------------------------------------------------------------------------- reading


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ({}, [0, 1, 2, 3, 4]),
        ({"after": 1}, [2, 3, 4]),
        ({"after": 1, "limit": 2}, [2, 3]),
        ({"after": 4}, []),
        ({"segment_id": "b"}, [2, 4]),
        ({"segment_id": "unknown"}, []),
        ({"person_id": "bea"}, [1, 2]),
        ({"person_id": "unknown"}, []),
        ({"only_live": True}, [0, 4]),
        ({"only_live": True, "segment_id": "b", "person_id": "cem"}, [4]),
        ({"limit": 0}, []),
    ],
)
def test_pages_of_transitions(store, how, expected):
    """By ascending id beyond a cursor, of one segment, one person, or live ones only."""
    publish(
        store,
        fact(ANN, 1, live=True),
        fact(BEA, 1),
        fact(BEA, 2, segment=1),
        fact(CEM, 3),
        fact(CEM, 3, segment=1, live=True),
    )
    assert [one.id for one in store.transitions(**how)] == expected


def test_members_as_of_any_instant(store):
    """In from the instant they entered, out at the instant they left."""
    publish(store, fact(ANN, 10), fact(BEA, 20), fact(ANN, 30, LEFT), fact(ANN, 40))
    in_at = {
        at: [one.person_id for one in store.members("a", at=at).members] for at in range(5, 46, 5)
    }
    both = ["ann", "bea"]
    assert in_at == {
        5: [],
        10: ["ann"],
        15: ["ann"],
        20: both,
        25: both,
        30: ["bea"],
        35: ["bea"],
        40: both,
        45: both,
    }
    assert store.members("a", at=20).members == (Member("ann", 10, 30), Member("bea", 20, None))


def test_members_in_pages():
    """By the bytes of their ids; the cursor is the last id, and none where nothing follows."""
    names = ["Zoë", "ann", "zoe", "żaba", "😀", "ä"]
    made = store_of(*(event(name, "x", at) for at, name in enumerate(names)))
    define(made, "a")
    publish(made, *(fact(person, 1) for person in range(len(names))))
    found, cursor, pages = [], None, 0
    while pages == 0 or cursor is not None:
        page = made.members("a", at=5, after=cursor, limit=2)
        found += [one.person_id for one in page.members]
        cursor, pages = page.cursor, pages + 1
    assert found == sorted(names, key=str.encode)
    assert pages == 3
    made.close()


def test_a_retraction_takes_back_one_boundary(store):
    """And what is published again after it counts again."""
    publish(store, fact(ANN, 10), fact(ANN, 30, LEFT))
    publish(store, fact(ANN, 30, LEFT, retracted=True), fact(ANN, 35, LEFT, corrected=True))
    assert store.memberships_of("ann") == [Membership("a", 10, 35)]
    publish(store, fact(ANN, 35, LEFT, retracted=True), fact(ANN, 30, LEFT, corrected=True))
    assert store.memberships_of("ann") == [Membership("a", 10, 30)]
    publish(store, fact(ANN, 30, LEFT, retracted=True), fact(ANN, 10, retracted=True))
    assert store.memberships_of("ann") == []
    assert store.count_transitions() == 8


def test_memberships_of_one_person(store):
    """In all segments or in one; of nobody none."""
    publish(
        store,
        fact(BEA, 1),
        fact(ANN, 5, segment=1),
        fact(ANN, 2),
        fact(ANN, 3, LEFT),
        fact(ANN, 7),
    )
    in_a = [Membership("a", 2, 3), Membership("a", 7, None)]
    assert store.memberships_of("ann") == [*in_a, Membership("b", 5, None)]
    assert store.memberships_of("ann", "a") == in_a
    assert store.memberships_of("nobody") == []


def test_flows_of_a_segment(store):
    """Each stretch holds its last instant and not its first; sizes count who came before."""
    publish(store, fact(ANN, 10), fact(BEA, 20), fact(ANN, 20, LEFT), fact(CEM, 31))
    assert store.flows("a", [10, 20, 30, 40]) == [Flow(1, 1, 1), Flow(0, 0, 1), Flow(1, 0, 2)]
    assert store.flows("a", [0, 40]) == [Flow(3, 1, 2)]
    for limits in ([10, 20, 30, 40], [0, 10, 20, 30, 33], [0, 7, 21, 22, 40], [0, 40]):
        each = [(one.entered, one.left) for one in store.flows("a", limits)]
        assert store.changes(limits)["a"] == each
    assert store.flows("a", [40]) == store.flows("a", []) == store.flows("unknown", []) == []


def test_those_whom_flows_counts(store):
    """The latest first, of the same instant too, page by page and each once; nobody of what was
    taken back."""
    publish(store, *(fact(one, 10) for one in (ANN, BEA, CEM)), fact(ANN, 20, LEFT), fact(ANN, 30))
    publish(store, fact(BEA, 10, retracted=True), fact(BEA, 40))
    stretch = {"after": 9, "until": 40}
    pages, before = [], None
    while True:
        page = store.crossings("a", Boundary.ENTERED, **stretch, before=before, limit=1)
        pages.append([(one.person_id, one.at) for one in page.crossings])
        assert page.total == 4
        if (before := page.cursor) is None:
            break

    assert pages == [[("bea", 40)], [("ann", 30)], [("cem", 10)], [("ann", 10)]]
    left = store.crossings("a", Boundary.LEFT, after=0, until=99)
    assert left == CrossingsPage((Crossing("ann", 20),), 1)
    for segment in ("b", "unknown"):
        assert store.crossings(segment, Boundary.ENTERED, after=0, until=99).total == 0


SPANS = st.lists(st.integers(1, 60), unique=True, max_size=8).map(sorted)
"""The boundaries of one person in one segment: entered, left, entered, …"""


@given(
    st.lists(
        st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 1)), SPANS, max_size=6),
        min_size=1,
        max_size=4,
    )
)
def test_published_minus_retracted_is_the_latest_history(histories):
    """Whatever was said before: histories of three people in two segments, each the correction of
    the one before it, answered by every way of reading."""
    store = store_of(event("ann", "x", 1), event("bea", "x", 2), event("cem", "x", 3))
    define(store, "a", "b")
    said = set()
    for history in histories:
        true = {
            (segment, person, at, index % 2 == 0)
            for (person, segment), instants in history.items()
            for index, at in enumerate(instants)
        }
        taken = [fact(p, at, e, segment=s, retracted=True) for s, p, at, e in sorted(said - true)]
        new = [fact(p, at, e, segment=s) for s, p, at, e in sorted(true - said)]
        publish(store, *taken, *new)
        said = true
    net = store.net_boundaries()
    assert net.schema == pa.schema(
        [
            ("segment", pa.int32()),
            ("person", pa.int32()),
            ("at", pa.int64()),
            ("entered", pa.bool_()),
        ]
    )
    assert list(zip(*net.to_pydict().values(), strict=True)) == sorted(said)
    for at in (0, 15, 30, 60):
        for code, segment in enumerate("ab"):
            inside = {
                name: last
                for person, name in enumerate(("ann", "bea", "cem"))
                if (last := _since(said, code, person, at)) is not None
            }
            page = store.members(segment, at=at)
            assert {one.person_id: one.since for one in page.members} == inside
            (flow,) = store.flows(segment, [-1, at])
            assert flow.size == len(inside)
            for entered, count in ((True, flow.entered), (False, flow.left)):
                boundary = Boundary.ENTERED if entered else Boundary.LEFT
                crossed = store.crossings(segment, boundary, after=-1, until=at)
                assert crossed.total == len(crossed.crossings) == count
                assert {(one.person_id, one.at) for one in crossed.crossings} == {
                    (("ann", "bea", "cem")[who], when)
                    for s, who, when, e in said
                    if (s, e) == (code, entered) and when <= at
                }
    store.close()


def _since(boundaries, segment, person, at):
    """Since when the person is in at the instant; None where they are not."""
    upto = sorted((b[2], b[3]) for b in boundaries if b[:2] == (segment, person) and b[2] <= at)
    return upto[-1][0] if upto and upto[-1][1] else None


# ------------------------------------------------------------------------- whoever opens the file


def test_the_file_is_readable_without_segue(tmp_path):
    """Two views say with names and timestamps what was published and who is in what."""
    path = tmp_path / "segue.duckdb"
    store = DuckDBStore.open(path)
    store.append(table(event("ann", "x", 1000), event("bea", "x", 2000)), received_at=1)
    define(store, "a")
    publish(store, fact(ANN, 1000, ref=0, live=True), known_at=1001)
    publish(store, fact(ANN, 3000, LEFT, cause=Cause.TIME), fact(BEA, 2000), known_at=3000)
    publish(store, fact(BEA, 2000, retracted=True, cause=Cause.CORRECTION), known_at=4000)
    store.close()

    def second(seconds):
        return dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds)

    with duckdb.connect(str(path), read_only=True) as db:
        rows = db.execute(
            "SELECT id, segment_id, version, person_id, kind, true_at, known_at, cause, live,"
            " event_id FROM transitions_named ORDER BY id"
        ).fetchall()
        assert rows[0] == (
            *(0, "a", 1, "ann", "entered"),
            *(second(1), second(1.001), "event", True, "ann/x/1000"),
        )
        assert [row[3:5] + row[7:] for row in rows[1:]] == [
            ("ann", "left", "time", False, None),
            ("bea", "entered", "event", False, None),
            ("bea", "retracted", "correction", False, None),
        ]
        assert db.execute("SELECT * FROM memberships").fetchall() == [
            ("a", "ann", second(1), second(3))
        ]


def test_people_who_are_gone_break_no_view(store):
    """An erased person leaves no transition; one whose only event was replaced keeps the name
    under which things were published."""
    store.append(table(event("dan", "x", 9, id="contested")), received_at=9)
    publish(store, fact(ANN, 1), fact(BEA, 2), fact(3, 9, ref=3))
    store.append(table(event("cem", "x", 9, id="contested")), received_at=1)
    assert store.person_of("dan") is None
    assert store.erase("ann").remaining == 0
    assert [one.person_id for one in store.transitions()] == ["bea", "dan"]
    assert [one.person_id for one in store.members("a", at=10).members] == ["bea", "dan"]
    assert len(store._db.execute("SELECT * FROM transitions_named").fetchall()) == 2
    assert store.erase("dan").remaining == 0
    for gone in ("ann", "dan", ""):
        with pytest.raises(NotFoundError):
            store.erase(gone)
    assert [one.person_id for one in store.transitions()] == ["bea"]


def test_codes_of_people_who_are_gone_are_not_given_again(tmp_path):
    """Whoever comes next, before a restart or after it, is somebody else."""
    path = tmp_path / "segue.duckdb"
    store = DuckDBStore.open(path)
    store.append(table(event("ann", "x", 1), event("bea", "x", 2)), received_at=1)
    code = store.person_code("bea")
    store.erase("bea")
    store.append(table(event("cem", "x", 1)), received_at=1)
    assert store.person_code("cem") > code
    latest = store.person_code("cem")
    store.erase("cem")
    store.close()
    store = DuckDBStore.open(path)
    store.append(table(event("cem", "x", 1)), received_at=1)
    assert store.person_code("cem") > latest
    store.close()


# --------------------------------------------------------------------------- upgrades and copies


@pytest.fixture
def first_version(tmp_path):
    """A store as the first version of the schema wrote it."""
    path = tmp_path / "old.duckdb"
    with duckdb.connect(str(path)) as db:
        db.execute(MIGRATIONS[0])
        db.execute("INSERT INTO segue_meta VALUES ('schema_version', '1')")
        db.execute("INSERT INTO names VALUES (0, 'x')")
        db.execute("INSERT INTO distinct_ids VALUES (0, 'ann')")
        db.execute("INSERT INTO events VALUES (0, 0, 0, 5, 6, NULL, 'one', '{}'::JSON::VARIANT)")
        db.execute("INSERT INTO definitions VALUES (1, 7, 'project: acme')")
    return path


def test_a_store_of_the_first_version_is_upgraded_in_place(first_version):
    """What it holds is there, and nothing of it was evaluated yet."""
    for _ in range(2):
        store = DuckDBStore.open(first_version)
        assert store.position() == Position(None, 0, 0)
        assert store.adopted_run() is None
        assert len(store.adopted_spans()) == 0
        assert store.person_of("ann") == "ann"
        assert [one.text for one in store.definition_versions()] == ["project: acme"]
        store.close()
    store = DuckDBStore.open(first_version)
    define(store, "a")
    publish(store, fact(ANN, 5, ref=0))
    assert [one.event_id for one in store.transitions()] == ["one"]
    store.close()
    with duckdb.connect(str(first_version)) as db:
        query = "SELECT value FROM segue_meta WHERE key = 'schema_version'"
        assert db.execute(query).fetchall() == [(str(CURRENT),)]


def test_a_backup_of_the_first_version_can_be_restored(first_version, tmp_path):
    """As it is; it is upgraded when it is opened."""
    restore(first_version, tmp_path / "new.duckdb")
    store = DuckDBStore.open(tmp_path / "new.duckdb")
    assert store.extent().events == 1
    store.close()


def test_a_copy_holds_what_was_published(store, tmp_path):
    """Transitions, versions, how far they go, and the views."""
    publish(store, fact(ANN, 1, live=True), fact(BEA, 2))
    with store.turn() as turn:
        turn.ticked(9)
    store.backup(tmp_path / "copy.duckdb")
    copy = DuckDBStore.open(tmp_path / "copy.duckdb")
    assert copy.transitions() == store.transitions()
    assert copy.versions() == store.versions()
    assert copy.position() == store.position()
    assert copy.members("a", at=9) == store.members("a", at=9)
    copy.close()
