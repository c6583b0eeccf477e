"""Everybody's spans on a cluster are those of one machine."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

import segue
from segue.adapters.sources import Layout
from segue.adapters.spark.blocks import Reads, over_people
from segue.adapters.spark.evaluating import FOUND
from segue.adapters.spark.tables import LOG
from segue.bootstrap.definitions import ProjectFile
from segue.demo import definitions, simulate
from tests.fuzz.worlds import random_world
from tests.spark.answers import history_of, log_of, rows_of
from tests.spark.many_worlds import EachWorld, evaluated_here


def test_spans_and_people_of_many_worlds(spark: SparkSession) -> None:
    """Random segments over random people, each world at an instant of its own, some before its last
    events: the spans of one machine, and when each person has to be looked at again."""
    worlds = [random_world(seed) for seed in range(1000, 1050)]
    here = [evaluated_here(world, world.ats[i % len(world.ats)]) for i, world in enumerate(worlds)]
    rows = pa.concat_tables([_numbered(i, rows) for i, (_, rows, _) in enumerate(here)])
    each = EachWorld(tuple(evaluating for evaluating, _, _ in here))
    log = spark.createDataFrame(rows.to_pylist(), LOG)
    found = over_people(log, each, FOUND, reads=Reads(None, None), partitions=5)

    wanted = [
        (segment, f"{i:04}{person}", since, until)
        for i, (_, _, expected) in enumerate(here)
        for segment, person, since, until in expected
    ]
    assert rows_of(found.toArrow()) == sorted(wanted, key=lambda row: [(x is None, x) for x in row])
    assert len(wanted) > 1000


def _numbered(world: int, rows: pa.Table) -> pa.Table:
    ids = pc.binary_join_element_wise(f"{world:04}", rows["person_id"], "")
    return rows.set_column(0, "person_id", ids)


def test_the_history_of_the_demo(spark: SparkSession, tmp_path: Path) -> None:
    """Three thousand people, every kind of condition, ladders, a rank among them."""
    events, project = tmp_path / "events.parquet", tmp_path / "segue.yaml"
    table = pa.table(simulate())
    pq.write_table(table, events)
    project.write_text(definitions())
    asked = ProjectFile(project).definitions
    at = pc.max(table["occurred_at"].cast(pa.int64())).as_py()

    found = history_of(log_of(spark, [events], Layout(timezone=asked.timezone)), asked, at)

    assert found == rows_of(segue.history(str(events), project))
    assert len(found) > 10_000
