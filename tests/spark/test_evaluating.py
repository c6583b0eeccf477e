"""Everybody's spans on a cluster are those of one machine."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

import segue
from segue.adapters.sources import Layout
from segue.bootstrap.definitions import ProjectFile
from segue.demo import definitions, simulate
from tests.fuzz.worlds import random_world
from tests.spark.answers import history_of, log_of, rows_of
from tests.spark.conformance import cases, compared


def test_every_case_and_random_worlds(spark: SparkSession) -> None:
    """Every rule of the tables, and random segments over random people, each world at an instant of
    its own, some before its last events: the spans of one machine, and when each person has to be
    looked at again."""
    found = compared(spark, [*cases(), *map(random_world, range(1000, 1050))])

    assert found.differences == 0
    assert found.worlds > 200
    assert found.rows > 1500


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
