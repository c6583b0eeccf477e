"""The simulated business: the same for the same seed, and as varied as a real one."""

import hashlib
import itertools
import json
import subprocess
import sys
from collections import Counter, defaultdict

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.ipc
import pytest

from segue.demo import SCHEMA, kinds, simulate, stream
from segue.demo.calendar import busyness
from segue.demo.kinds import KINDS
from segue.domain.instant import DAY, parse_instant

SMALL = {"people": 250, "days": 60, "seed": 3}
START = parse_instant("2026-03-02")

DIGEST = """
import hashlib
from segue.demo import simulate
table = simulate(people=250, days=60, seed=3)
print(hashlib.sha256(repr(table.to_pylist()).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def world() -> pa.Table:
    return simulate()


@pytest.fixture(scope="module")
def small() -> pa.Table:
    return simulate(**SMALL)


def _bytes(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def test_the_same_seed_gives_the_same_bytes(small: pa.Table) -> None:
    """Nothing but the arguments decides what happens."""
    assert _bytes(simulate(**SMALL)) == _bytes(small)


def test_no_hash_seed_and_no_earlier_run_leaks_in(small: pa.Table) -> None:
    """Another process with another hash seed makes the same world."""
    printed = subprocess.run(
        [sys.executable, "-c", DIGEST],
        check=True,
        capture_output=True,
        text=True,
        env={"PYTHONHASHSEED": "12345", "PYTHONPATH": ":".join(filter(None, sys.path))},
    ).stdout.strip()

    assert printed == hashlib.sha256(repr(small.to_pylist()).encode()).hexdigest()


def test_another_seed_gives_another_world(small: pa.Table) -> None:
    """The seed matters."""
    assert not simulate(**(SMALL | {"seed": 4})).equals(small)


def test_the_table_is_an_event_log_in_time_order(world: pa.Table) -> None:
    """Its columns are those that Segue reads; ids are unique; instants lie in the period."""
    instants = world["occurred_at"].cast(pa.int64()).to_pylist()

    assert world.schema.equals(SCHEMA)
    assert world.num_rows > 80_000
    assert instants == sorted(instants)
    assert START <= instants[0] < START + DAY
    assert START + 119 * DAY < instants[-1] < START + 120 * DAY
    assert len(set(world["event_id"].to_pylist())) == world.num_rows
    assert all(isinstance(json.loads(text), dict) for text in world["properties"].to_pylist())


def test_event_ids_keep_the_order_of_what_one_person_does(small: pa.Table) -> None:
    """Where instants tie, the event order of the language is the order in which it happened."""
    seen: defaultdict[str, list[tuple[object, str]]] = defaultdict(list)
    for row in small.to_pylist():
        seen[row["event_id"].split("-")[0]].append((row["occurred_at"], row["event_id"]))

    assert all(events == sorted(events) for events in seen.values())


def test_the_stream_begins_as_the_table_and_goes_on(small: pa.Table) -> None:
    """A live demo continues the very lives whose past was imported."""
    streamed = list(itertools.islice(stream(**SMALL), small.num_rows + 2_000))
    rows = small.to_pylist()

    assert [one.event_id for one in streamed[: len(rows)]] == [row["event_id"] for row in rows]
    assert [one.properties for one in streamed[: len(rows)]] == [row["properties"] for row in rows]
    assert [one.occurred_at for one in streamed] == sorted(one.occurred_at for one in streamed)
    assert len({one.event_id for one in streamed}) == len(streamed)


def test_the_stream_can_begin_after_what_is_known(small: pa.Table) -> None:
    """`after` leaves out what the table holds, and nothing else."""
    end = START + 60 * DAY
    known = set(small["event_id"].to_pylist())

    later = list(itertools.islice(stream(**SMALL, after=end - 1), 500))

    assert not known & {one.event_id for one in later}
    assert end <= later[0].occurred_at < end + DAY


@pytest.mark.parametrize(("people", "days"), [(0, 10), (10, 0), (-1, 10)])
def test_an_empty_world_is_refused(people: int, days: int) -> None:
    """At least one person and one day."""
    with pytest.raises(ValueError, match="at least 1"):
        simulate(people=people, days=days)


def test_the_smallest_world() -> None:
    """One person on one day does something."""
    assert simulate(people=1, days=1).num_rows >= 1


def test_people_sign_up_as_the_ones_they_were(world: pa.Table) -> None:
    """Everybody who signs up is identified right then, with the anonymous id they had and traits."""
    rows = world.to_pylist()
    before: set[str] = set()
    identified: dict[str, dict[str, object]] = {}
    for row in rows:
        if row["event"] == "$identify":
            properties = json.loads(row["properties"])
            if "$anon_distinct_id" in properties:
                assert properties["$anon_distinct_id"] in before
                identified.setdefault(row["person_id"], properties)
        before.add(row["person_id"])
    signed_up = {row["person_id"] for row in rows if row["event"] == "user_created"}

    assert set(identified) == signed_up
    assert all({"email", "plan", "company_size", "is_test"} <= set(p) for p in identified.values())
    assert any(str(p["email"]).endswith("@acme.com") for p in identified.values())
    assert any(p["is_test"] for p in identified.values())


def test_some_devices_are_shared(world: pa.Table) -> None:
    """A few anonymous ids are claimed by two people; identity must refuse the second."""
    claims = Counter(
        json.loads(row["properties"]).get("$anon_distinct_id")
        for row in world.filter(pc.equal(world["event"], "$identify")).to_pylist()
    )
    claims.pop(None, None)

    assert 0 < sum(count == 2 for count in claims.values()) < 20


def test_the_week_and_the_year_have_a_shape(world: pa.Table) -> None:
    """Weekends are quiet, and so is August."""
    by_day = Counter(when.weekday() for when in world["occurred_at"].to_pylist())
    workday, weekend = sum(by_day[day] for day in range(5)) / 5, (by_day[5] + by_day[6]) / 2

    assert 0.1 * workday < weekend < 0.6 * workday
    assert busyness(parse_instant("2026-08-12")) < 0.8 * busyness(parse_instant("2026-06-10"))


def test_people_live_in_different_time_zones(world: pa.Table) -> None:
    """There is no hour of the day at which nobody does anything."""
    by_hour = Counter(when.hour for when in world["occurred_at"].to_pylist())

    assert min(by_hour[hour] for hour in range(24)) > 0.005 * world.num_rows
    assert max(by_hour.values()) > 3 * min(by_hour.values())


def test_every_kind_of_person_is_there() -> None:
    """The latent kinds come in about their shares, and the shares add up."""
    found = Counter(kinds().values())

    assert sum(kind.share for kind in KINDS) == pytest.approx(1.0)
    for kind in KINDS:
        assert found[kind.name] / found.total() == pytest.approx(kind.share, abs=0.04)


def test_visits_hold_together(world: pa.Table) -> None:
    """Most page views follow another within half an hour: there are sessions to speak of."""
    gaps = duckdb.sql(
        "select avg((gap < 1800000)::int) from (select epoch_ms(occurred_at) - epoch_ms(lag("
        "occurred_at) over (partition by person_id order by occurred_at)) gap from world)"
    ).fetchall()[0]

    assert gaps[0] > 0.7
