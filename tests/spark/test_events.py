"""Events and persons on a cluster are those of an import of the same files on one machine."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import DataFrame, SparkSession

from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.sources import Layout, read_files
from segue.adapters.spark.events import Read, Source, read_events
from segue.adapters.spark.identity import links_of, persons_of
from segue.domain.errors import InputError
from tests.fuzz.stores import SCHEMA, table
from tests.fuzz.worlds import random_world

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAIN = {"person_id": ["a", "b"], "event": ["x", "y"], "occurred_at": [NOON, NOON]}


def read(spark: SparkSession, place: Path | str, layout: Layout = Layout()) -> Read:  # noqa: B008
    return read_events(spark, Source([str(place)], layout), partitions=3)


def rows(events: DataFrame) -> Counter[tuple[Any, ...]]:
    """The events on the cluster, each with how often it is there."""
    found = events.select(*SCHEMA.names).toArrow()
    return Counter(map(_comparable, found.to_pylist()))


def imported(place: Path, layout: Layout = Layout()) -> DuckDBStore:  # noqa: B008
    """A store that imported a file, or all files of a folder."""
    store = DuckDBStore.open(None, timezone=layout.timezone)
    files = [place] if place.is_file() else sorted(place.rglob("*.parquet"))
    for batch in read_files(files, layout):
        store.append(batch.events, received_at=1)
    return store


def rows_here(store: DuckDBStore) -> Counter[tuple[Any, ...]]:
    refs = store._db.sql("SELECT ref FROM events").fetchnumpy()["ref"]
    found = store.events(refs.tolist())
    return Counter(_comparable({n: getattr(one, n) for n in SCHEMA.names}) for one in found)


def _comparable(row: dict[str, Any]) -> tuple[Any, ...]:
    properties = json.dumps(json.loads(row["properties"]), sort_keys=True)
    return (*(row[name] for name in SCHEMA.names if name != "properties"), properties)


def assert_same(spark: SparkSession, place: Path, layout: Layout = Layout()) -> None:  # noqa: B008
    assert rows(read(spark, place, layout).events) == rows_here(imported(place, layout))


def test_events_and_persons_of_many_worlds(spark: SparkSession, tmp_path: Path) -> None:
    """Ids that came twice with other contents, ids that are nobody's, links of every kind, refused
    ones too, in any order: the same events, and the same persons."""
    file = tmp_path / "events.parquet"
    worlds = [random_world(seed).events for seed in range(60)]
    parts = [_prefixed(i, table(events).to_pylist()) for i, events in enumerate(worlds)]
    whole = pa.Table.from_pylist([row for part in parts for row in part], schema=SCHEMA)
    when = whole["occurred_at"].cast(pa.timestamp("ms", "UTC"))
    pq.write_table(whole.set_column(2, "occurred_at", when), file)
    store = imported(file)

    events = read(spark, file).events.persist()
    assert rows(events) == rows_here(store)

    persons = persons_of(links_of(events)).toArrow().to_pylist()
    found = {one["distinct_id"]: one["person_id"] for one in persons}
    ids = {row["distinct_id"] for part in parts for row in part}
    assert {one: found.get(one, one) for one in ids} == {one: store.person_of(one) for one in ids}
    assert len(found) > 50


def _prefixed(world: int, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows of a world, with ids that no other world has."""

    def named(one: Any) -> Any:
        return f"{one}-{world}" if isinstance(one, str) and len(one) < 10 else one

    for row in rows:
        properties = json.loads(row["properties"])
        for key in ("$anon_distinct_id", "alias"):
            if key in properties:
                properties[key] = named(properties[key])
        row |= {
            "distinct_id": named(row["distinct_id"]),
            "event_id": f"{row['event_id']}-{world}",
            "properties": json.dumps(properties, ensure_ascii=False),
        }
    return rows


def test_large_groups_of_ids_are_found_by_joins(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A chain of links, a star and pairs, more than fit one task: as when they do."""
    links = [(f"c{i}", f"c{i + 1}") for i in range(40)] + [("s", f"t{i}") for i in range(30)]
    links += [(f"u{i}", f"v{i}") for i in range(50)]
    file = tmp_path / "events.parquet"
    pq.write_table(
        pa.table(
            {
                "person_id": [one for one, _ in links],
                "event": ["$create_alias" if i % 3 else "$identify" for i in range(len(links))],
                "occurred_at": [NOON] * len(links),
                "event_id": [f"e{(i * 37) % 1000:04}" for i in range(len(links))],
                "properties": [
                    json.dumps({"alias" if i % 3 else "$anon_distinct_id": other})
                    for i, (_, other) in enumerate(links)
                ],
            }
        ),
        file,
    )
    store = imported(file)
    monkeypatch.setattr("segue.adapters.spark.identity._FEW", 10)

    persons = persons_of(links_of(read(spark, file).events)).toArrow().to_pylist()

    found = {one["distinct_id"]: one["person_id"] for one in persons}
    ids = {one for link in links for one in link}
    known = {one for one, _ in links}
    assert {one: found.get(one, one) for one in known} == {
        one: store.person_of(one) for one in known
    }
    assert ids >= set(found)


SHAPES: dict[str, list[dict[str, Any]]] = {
    "a column that one file lacks": [{**PLAIN, "path": ["/", None]}, PLAIN],
    "columns that differ in capitals": [{**PLAIN, "Plan": ["a", "b"], "plan": ["c", "d"]}],
    "a number that is a fraction elsewhere": [
        {**PLAIN, "amount": [1, 2]},
        {**PLAIN, "amount": [1.5, 2.0]},
    ],
    "a number that is text elsewhere": [
        {**PLAIN, "amount": [1, 2]},
        {**PLAIN, "amount": ["1", "x"]},
    ],
    "equal rows": [{key: [value[0]] * 3 for key, value in PLAIN.items()}, PLAIN],
    "properties of every type": [
        {
            **PLAIN,
            "yes": [True, None],
            "day": [date(2026, 1, 2), None],
            "at": [NOON, None],
            "money": [Decimal("1.10"), Decimal("2.00")],
            "nested": [{"a": 1, "b": [1, 2]}, None],
            "bytes": [b"text", b""],
        }
    ],
    "a property that holds traits": [
        {**PLAIN, "properties": ['{"$set": {"plan": "pro"}}', '{"$set_once": {"x": 1}}']}
    ],
    "the shape of PostHog": [
        {
            "event": ["$pageview"],
            "distinct_id": ["a"],
            "timestamp": [NOON],
            "uuid": ["u1"],
            "properties": ['{"$current_url": "https://x.example/p", "$set": {"plan": "pro"}}'],
        }
    ],
}


@pytest.mark.parametrize("files", SHAPES.values(), ids=SHAPES)
def test_files_of_every_shape(
    files: list[dict[str, Any]], spark: SparkSession, tmp_path: Path
) -> None:
    """In folders below too: each row says what it says to an import."""
    for i, columns in enumerate(files):
        place = tmp_path / f"part={i}"
        place.mkdir()
        pq.write_table(pa.table(columns), place / "a [1].parquet")
    assert_same(spark, tmp_path)


@pytest.mark.parametrize("unit", ["s", "ms", "us"])
@pytest.mark.parametrize("zone", ["UTC", None])
def test_instants_of_every_unit(
    unit: str, zone: str | None, spark: SparkSession, tmp_path: Path
) -> None:
    """Those without a zone are of the layout's."""
    times = pa.array([NOON, datetime(2026, 7, 1, 1, 30, tzinfo=UTC)], pa.timestamp(unit, zone))
    pq.write_table(pa.table({**PLAIN, "occurred_at": times}), tmp_path / "a.parquet")
    assert_same(spark, tmp_path, Layout(timezone="Europe/Berlin"))


def test_nanoseconds_are_refused(spark: SparkSession, tmp_path: Path) -> None:
    """Spark has no type for them; taken for numbers they would say something else."""
    times = pa.array([NOON, NOON], pa.timestamp("ns", "UTC"))
    pq.write_table(pa.table({**PLAIN, "occurred_at": times}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="cannot be read"):
        read(spark, tmp_path)


def test_columns_have_the_roles_that_are_said(spark: SparkSession, tmp_path: Path) -> None:
    columns = {"who": ["a"], "what": ["x"], "ts": ["2026-03-01 10:00"], "n": [3], "plan": ["pro"]}
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    roles = {"person_id": "who", "event": "what", "occurred_at": "ts", "sequence": "n"}
    assert_same(spark, tmp_path, Layout(roles, "America/New_York"))


def test_rows_that_are_no_events_are_told_with_the_reason(
    spark: SparkSession, tmp_path: Path
) -> None:
    columns = {
        "person_id": ["a", "", "c", "d"],
        "event": ["x", "x", "$session_started", "x"],
        "occurred_at": ["2026-03-01", "2026-03-01", "2026-03-01", "soon"],
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")

    found = read(spark, tmp_path)

    assert found.events.count() == 1
    told = {row["reason"]: json.loads(row["row"]) for row in found.rejected.collect()}
    assert set(told) == {
        "no person_id",
        "derived events are computed, never stored",
        "occurred_at is no instant",
    }
    assert told["occurred_at is no instant"]["person_id"] == "d"


def test_a_needed_column_is_missed_before_anything_runs(
    spark: SparkSession, tmp_path: Path
) -> None:
    pq.write_table(pa.table({"user": ["a"], "event": ["x"]}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match="no column person_id and no occurred_at"):
        read(spark, tmp_path)


def test_a_place_without_events_is_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere cannot be read"):
        read(spark, tmp_path / "nowhere")


def test_files_whose_columns_have_no_types_are_refused(spark: SparkSession) -> None:
    with pytest.raises(InputError, match="reads no events from csv files"):
        read_events(spark, Source(["a.csv"], format="csv"), partitions=1)
