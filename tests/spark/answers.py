"""What Spark answers, in the form of the answers of one machine, to compare the two."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from segue.adapters.sources import Layout
from segue.adapters.spark.evaluating import Evaluating, evaluated, spans_in
from segue.adapters.spark.events import Source, read_events
from segue.adapters.spark.identity import links_of, persons_of, with_persons
from segue.adapters.spark.quantiles import limits_of
from segue.language.tree import Definitions
from segue.services.memberships import INSTANT

PARTITIONS = 3


def log_of(spark: SparkSession, files: Sequence[Path], layout: Layout) -> DataFrame:
    """The events of files with their persons, kept until the session ends."""
    source = Source([str(file) for file in files], layout)
    events = read_events(spark, source, partitions=PARTITIONS).events.persist()
    return with_persons(events, persons_of(links_of(events))).persist()


def history_of(
    log: DataFrame, definitions: Definitions, at: int, segment_ids: Collection[str] = ()
) -> list[tuple[str, str, int, int | None]]:
    """Rows of `segue.history`, sorted."""
    ids = tuple(segment_ids) or tuple(one.id for one in definitions.segments)
    limits = limits_of(log, definitions, at, ids, partitions=PARTITIONS)
    found = evaluated(log, Evaluating(definitions, ids, at, limits), partitions=PARTITIONS)
    began = spans_in(found).where(f"entered_at <= {at}")
    ended = began.selectExpr(
        "segment_id", "person_id", "entered_at", f"IF(left_at <= {at}, left_at, NULL) AS left_at"
    )
    return rows_of(ended.toArrow())


def rows_of(table: pa.Table) -> list[tuple[str, str, int, int | None]]:
    """The rows of a table of memberships or members, sorted, instants as numbers."""
    columns = [
        column.cast(INSTANT).cast(pa.int64()) if pa.types.is_timestamp(column.type) else column
        for column in table.columns
    ]
    rows = zip(*(column.to_pylist() for column in columns), strict=True)
    return sorted(rows, key=lambda row: tuple((one is None, one) for one in row))
