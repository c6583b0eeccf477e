"""Events out of files and tables that Spark reads, as an import on one machine reads them.

Spark brings the rows. What they say, which of them are no events, what ids those without one get:
that is worked out inside the tasks, by the code of `adapters.sources`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import duckdb
import numpy as np
import pyarrow as pa

from segue.adapters.connecting import connected
from segue.adapters.sources import EVENTS, Layout
from segue.adapters.sources.batch import Raw
from segue.adapters.sources.normalise import normalise
from segue.adapters.sources.shapes import SegmentMessages, shaped
from segue.adapters.sources.utf8 import only_utf8
from segue.adapters.spark.arrow import in_workers
from segue.adapters.spark.files import listed, patterns
from segue.adapters.spark.one_each import KEYED, KEYED_SCHEMA, keyed, one_each
from segue.domain.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_COLUMNAR: Final = ("parquet", "orc", "delta", "iceberg")
_SOURCE: Final = "the events"


@dataclass(frozen=True, slots=True)
class Source:
    """Where events lie: paths that Spark reads (files, folders, patterns) or, for the formats that
    have them, names of tables; how their columns are meant; their format, and options for it."""

    paths: Sequence[str]
    layout: Layout = Layout()  # noqa: RUF009
    format: str = "parquet"
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read: `rows` with the columns `tables.READ`."""

    rows: DataFrame

    @property
    def events(self) -> DataFrame:
        """The events, each id once: columns `tables.EVENTS`."""
        return events_in(self.rows)

    @property
    def rejected(self) -> DataFrame:
        """The rows that are no events: columns `reason` and `row`."""
        return self.rows.where("reason IS NOT NULL").select("reason", "row")


def read_events(spark: SparkSession, source: Source, *, partitions: int) -> Read:
    """Read the source as one import.

    Raises `InputError` where it cannot be read or a needed column is missing.
    """
    frames = [_normalised(frame, source.layout) for frame in raw_frames(spark, source)]
    rows = frames[0]
    for frame in frames[1:]:
        rows = rows.unionByName(frame)
    return Read(one_each(rows, partitions=partitions))


def events_in(rows: DataFrame) -> DataFrame:
    """The events, columns `tables.EVENTS`, among rows with the columns `tables.READ`."""
    return rows.where("reason IS NULL").drop("reason", "row")


def raw_frames(spark: SparkSession, source: Source) -> list[DataFrame]:
    """The rows as they lie there: one frame where their files agree about the columns, else one for
    each shape that a file has."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException

    if source.format not in _COLUMNAR:
        raise InputError(
            f"Spark reads no events from {source.format} files",
            hint=f"Use {', '.join(_COLUMNAR)}: they say of which type a column is.",
        )
    try:
        try:
            return [_loaded(spark, source, source.paths, merge=True)]
        except (PySparkException, Py4JJavaError) as error:
            if "CANNOT_MERGE" not in str(error):
                raise
        return _by_shape(spark, source)
    except PySparkException as error:
        raise InputError(
            f"{', '.join(source.paths)} cannot be read: {str(error).splitlines()[0]}",
            hint="Check the path, and that the cluster may read it.",
        ) from error


def _loaded(spark: SparkSession, source: Source, paths: Sequence[str], *, merge: bool) -> DataFrame:
    options = {"recursiveFileLookup": "true", "mergeSchema": str(merge).lower(), **source.options}
    reader = spark.read.format(source.format).options(**options)
    frame = reader.load(list(paths) if len(paths) > 1 else paths[0])
    _ = frame.schema  # Connect looks only now whether there is such a path
    return frame


def _by_shape(spark: SparkSession, source: Source) -> list[DataFrame]:
    """A frame for all files of one shape each."""
    shapes: dict[str, list[str]] = {}
    for file in patterns(listed(spark, source.paths)):
        shapes.setdefault(_loaded(spark, source, [file], merge=False).schema.json(), []).append(
            file
        )
    return [_loaded(spark, source, some, merge=False) for some in shapes.values()]


def _normalised(frame: DataFrame, layout: Layout) -> DataFrame:
    _check(frame, layout)
    return in_workers(frame, partial(normalised, layout), KEYED)


def _check(frame: DataFrame, layout: Layout) -> None:
    """Raise `InputError` here, and not in a task, where a needed column is missing."""
    empty = pa.table({name: pa.array([], pa.string()) for name in frame.columns})
    shaped(Raw(empty, []), layout, _SOURCE, SegmentMessages())


def normalised(layout: Layout, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Rows of one partition as events, and as rejected rows."""
    db = connected()
    db.execute("SET threads = 1")
    messages = SegmentMessages()
    try:
        for batch in batches:
            table = pa.Table.from_batches([batch])
            raw = shaped(
                only_utf8(Raw(table, range(1, len(table) + 1)), _SOURCE), layout, _SOURCE, messages
            )
            found = normalise(db, raw.table, raw.roles, layout)
            yield from _with_reasons(db, found, raw).combine_chunks().to_batches()
    finally:
        db.close()


def _with_reasons(db: duckdb.DuckDBPyConnection, found: pa.Table, raw: Raw) -> pa.Table:
    reasons = found["reason"]
    texts: list[Any] = [None] * len(found)
    for place in np.flatnonzero(reasons.is_valid()).tolist():
        texts[place] = raw.text(place)
    whole = keyed(db, found.select(EVENTS.names).cast(EVENTS))
    whole = whole.append_column("reason", reasons).append_column(
        "row", pa.array(texts, pa.string())
    )
    refused = [{"reason": one.reason, "row": one.raw} for one in raw.rejected]
    more = pa.Table.from_pylist(refused, schema=KEYED_SCHEMA)
    return pa.concat_tables([whole.select(KEYED_SCHEMA.names), more])
