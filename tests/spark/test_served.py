"""A run that Spark published, taken over by a server: who is in what is what the run says."""

import dataclasses
from pathlib import Path

from pyspark.sql import SparkSession

from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.sources import Layout
from segue.adapters.spark.events import Source
from segue.adapters.spark.runs import Asked, Run, run
from segue.bootstrap.runs_watch import RunsWatch
from segue.domain.instant import DAY
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.services.live.adopted import AdoptedLive
from segue.services.summarise import with_counted
from tests.live.test_adopted import turning
from tests.spark.growing_folder import BEGIN, FIRST, SECOND, THIRD, Folder

TEXT = """\
project: shop
segments:
  buyers: {when: did purchase at least 2 times within 30 days}
  carts: {when: did cart within 7 days}
"""


def published(folder: Folder) -> Run:
    definitions = with_counted(resolve(project_from(TEXT)))
    asked = Asked(definitions, TEXT, tuple(one.id for one in definitions.segments))
    source = Source([str(folder.place / "events")], Layout())
    return run(folder.spark, source, asked, str(folder.place / "runs"))


def test_runs_of_spark_are_taken_over_one_after_the_other(
    spark: SparkSession, tmp_path: Path
) -> None:
    """New events, people who become one, time that passes: members and past stays are the run's."""
    folder, store = Folder(spark, tmp_path), DuckDBStore.open(None)
    definitions = resolve(project_from(TEXT))
    live = AdoptedLive.resume(store, definitions, BEGIN)
    now = BEGIN + 30 * DAY
    watch = RunsWatch(tmp_path / "runs", live, lambda: now)
    for rows in (FIRST, SECOND, THIRD):
        folder.add(rows)
        found = published(folder)
        with turning(live, found.manifest.at):
            assert watch.look(), live.runs_trouble
        said = {
            (one["segment_id"], one["person_id"])
            for one in found.members().toArrow().to_pylist()
            if one["segment_id"] in ("buyers", "carts")
        }
        assert said == {
            (segment, one.person_id)
            for segment in ("buyers", "carts")
            for one in live.in_segments([segment], limit=1_000).members
        }
    assert dataclasses.asdict(live.health())["runs_trouble"] == ""
    store.close()
