"""Runs in a folder: after each of them everybody's memberships are those of all events so far."""

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

import segue
from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.sources import Layout, read_files
from segue.adapters.spark.events import Source
from segue.adapters.spark.manifest import Manifest, published
from segue.adapters.spark.runs import Asked, run
from segue.domain.errors import BusyError, InputError, UsageError
from segue.domain.instant import DAY
from segue.language.tree import Definitions
from segue.services.memberships import memberships_until
from segue.timeline.evaluate import history, requests_of
from tests.fuzz.stores import table
from tests.fuzz.worlds import random_world
from tests.spark.answers import rows_of
from tests.spark.growing_folder import (
    BEGIN,
    FIRST,
    RANKED,
    SECOND,
    SEGMENTS,
    THIRD,
    Folder,
    latest_of,
    memberships,
    project,
)


@pytest.fixture
def folder(spark: SparkSession, tmp_path: Path) -> Folder:
    """A folder with a first file."""
    found = Folder(spark, tmp_path)
    found.add(FIRST)
    return found


def test_each_run_takes_up_what_is_new(folder: Folder) -> None:
    """Late events, ids that turn out to be one person, events that were there, time that passes:
    the result is that of all events, and only those whom it concerns were evaluated."""
    first = folder.run()
    assert memberships(first) == folder.expected()
    assert first.manifest.counts["evaluated"] == 12

    folder.add(SECOND)
    second = folder.run()
    assert memberships(second) == folder.expected()
    assert second.manifest.previous == first.manifest.run
    assert second.manifest.counts["evaluated"] < second.manifest.counts["people"] == 12

    folder.add(THIRD)
    third = folder.run()
    assert memberships(third) == folder.expected()
    assert memberships(latest_of(folder)) == memberships(third)


def test_nobody_is_evaluated_for_whom_nothing_changed(folder: Folder) -> None:
    """A run without new events, at the instant of the last one."""
    folder.run()

    again = folder.run()

    assert again.manifest.counts["evaluated"] == 0
    assert memberships(again) == folder.expected()


def test_ranks_and_other_definitions_are_about_everybody(folder: Folder) -> None:
    """Whose rank it is depends on all; and a definition that was changed holds for all."""
    folder.run()
    folder.add(SECOND)

    ranked = folder.run(RANKED)

    assert memberships(ranked) == folder.expected(RANKED)
    assert ranked.manifest.counts["evaluated"] == ranked.manifest.counts["people"]


def test_another_zone_reads_the_files_anew(folder: Folder) -> None:
    """Instants without a zone would be others."""
    folder.run()

    again = folder.run(timezone="Europe/Berlin")

    assert again.manifest.log == (again.manifest.run,)
    assert memberships(again) == folder.expected()


def test_events_of_the_future_count_once_it_is_their_time(folder: Folder) -> None:
    """A run of an instant before the last event leaves those after it to a later one."""
    early, late = BEGIN + 3 * DAY, BEGIN + 40 * DAY

    assert memberships(folder.run(at=early)) == folder.expected(at=early)
    assert memberships(folder.run(at=late)) == folder.expected(at=late)


def test_what_the_members_are(folder: Folder) -> None:
    found = rows_of(folder.run().members().toArrow())

    files = sorted(map(str, (folder.place / "events").glob("*.parquet")))
    assert found == rows_of(segue.evaluate(files, project(SEGMENTS)))


def test_runs_go_forward(folder: Folder) -> None:
    folder.run()

    with pytest.raises(UsageError, match="lies before the last run"):
        folder.run(at=BEGIN + DAY)


def test_a_file_that_changed_is_no_new_file(folder: Folder) -> None:
    """What it said is in the log, and nobody knows which of it still holds."""
    folder.run()
    changed = folder.place / "events" / "0.parquet"
    pq.write_table(pq.read_table(changed).slice(1), changed)

    with pytest.raises(InputError, match="gone or have changed"):
        folder.run()


def test_parts_that_are_gone_are_missed(folder: Folder) -> None:
    first = folder.run()
    folder.add(SECOND)
    (folder.place / "runs" / "people" / f"run={first.manifest.run}").rename(folder.place / "away")

    with pytest.raises(InputError, match="has no people of run"):
        folder.run()


def test_of_two_runs_at_once_one_is_told_that_it_lost(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both build on nothing; the one whose id comes first is the one that counts."""
    first = folder.run()
    place = str(folder.place / "runs")
    chain = published(folder.spark, place)
    assert [one.run for one in chain] == [first.manifest.run]

    monkeypatch.setattr("segue.adapters.spark.runs.latest", lambda *_: None)
    monkeypatch.setattr("uuid.uuid4", lambda: type("Last", (), {"hex": "z" * 32}))
    with pytest.raises(BusyError, match="another run was published"):
        folder.run()
    assert published(folder.spark, place) == chain


def test_runs_of_another_form_are_not_gone_on_with() -> None:
    with pytest.raises(InputError, match="version 2 of their form"):
        Manifest.read('{"version": 2}')


def test_a_random_world_that_comes_in_parts(spark: SparkSession, tmp_path: Path) -> None:
    """Its events in any order over three files: after each of them what a store says that had the
    same files imported, one after the other."""
    world = random_world(11)
    asked = world.definitions
    events = [{**one, "received_at": 0} for one in world.events]
    random.Random(11).shuffle(events)
    files, runs = tmp_path / "events", str(tmp_path / "runs")
    files.mkdir()
    store = DuckDBStore.open(None, timezone=asked.timezone)
    ids = tuple(one.id for one in asked.segments)
    for part in range(3):
        file = files / f"{part}.parquet"
        pq.write_table(table(events[part::3]), file)
        layout = Layout(timezone=asked.timezone)
        for batch in read_files([file], layout):
            store.append(batch.events, received_at=part)

        found = run(spark, Source([str(files)], layout), Asked(asked, "", ids), runs)

        assert memberships(found) == stored_history(store, asked, found.manifest.at)
    store.close()


def stored_history(store: DuckDBStore, asked: Definitions, at: int) -> Any:
    """Rows of the history of a store."""
    read = store.read(requests_of(asked), at=at, not_activity=asked.not_activity)
    spans = history(asked, read.log, at)
    return rows_of(memberships_until(spans, pa.array(read.person_ids, pa.string()), at))
