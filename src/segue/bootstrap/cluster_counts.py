"""Counts over spans that lie on a cluster: each task counts its own, and the counts add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from segue.adapters.spark.arrow import in_workers
from segue.domain.instant import FOREVER
from segue.language.tree import Segment
from segue.services.stays import Stays
from segue.services.summarise import NOTHING, Tally, added_up, tally

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TALLIES: Final = (
    "segment_id STRING, began ARRAY<BIGINT>, ended ARRAY<BIGINT>, leaving ARRAY<BIGINT>,"
    " first_at BIGINT"
)
_SCHEMA: Final = pa.schema(
    [
        ("segment_id", pa.string()),
        *((name, pa.list_(pa.int64())) for name in ("began", "ended", "leaving")),
        ("first_at", pa.int64()),
    ]
)


def tallies_in(spans: DataFrame, segment_ids: Sequence[str], at: int) -> dict[str, Tally]:
    """The tally of each of these segments, given spans with the columns `tables.SPANS`."""
    rows = in_workers(spans, partial(tallied, at), _TALLIES).toArrow().to_pylist()
    return added_up([*((one, NOTHING) for one in segment_ids), *map(_tally, rows)])


def tallied(at: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The tallies of the spans of one partition, a row per segment."""
    found = added_up(one for batch in batches for one in _tallies(batch, at))
    rows = [
        {
            "segment_id": segment_id,
            "began": one.began,
            "ended": one.ended,
            "leaving": one.leaving,
            "first_at": one.first_at,
        }
        for segment_id, one in found.items()
    ]
    yield from pa.Table.from_pylist(rows, schema=_SCHEMA).to_batches()


def _tallies(batch: pa.RecordBatch, at: int) -> Iterator[tuple[str, Tally]]:
    segments = batch.column("segment_id").dictionary_encode()
    start = batch.column("entered_at").to_numpy(zero_copy_only=False)
    end = pc.fill_null(batch.column("left_at"), FOREVER).to_numpy(zero_copy_only=False)
    codes = segments.indices.to_numpy(zero_copy_only=False)
    for code, segment_id in enumerate(segments.dictionary.to_pylist()):
        mine = codes == code
        yield segment_id, tally(start[mine], end[mine], at)


def _tally(row: dict[str, Any]) -> tuple[str, Tally]:
    began, ended, leaving = (np.array(row[name], np.int64) for name in _SCHEMA.names[1:4])
    return row["segment_id"], Tally(began, ended, leaving, row["first_at"])


def stays_in(spans: DataFrame, segments: Sequence[Segment], at: int) -> tuple[Stays, ...]:
    """What `services.stays.stays` counts, given spans with the columns `tables.SPANS`; what is in
    the middle of all lengths is looked for on the cluster."""
    begun = spans.where(f"entered_at <= {at}")
    length = f"CASE WHEN left_at <= {at} THEN left_at - entered_at END"
    found = (
        begun.selectExpr("segment_id", "person_id", f"{length} AS length")
        .groupBy("segment_id")
        .agg(*_counts())
        .collect()
    )
    rows = {row["segment_id"]: row for row in found}
    return tuple(_stays(one, rows.get(one.id)) for one in segments)


def _counts() -> list[Any]:
    from pyspark.sql import functions as f

    return [
        f.count("*").alias("memberships"),
        f.count_distinct("person_id").alias("people"),
        f.count("length").alias("ended"),
        f.percentile("length", 0.5).alias("median"),
    ]


def _stays(segment: Segment, row: Any) -> Stays:
    if row is None:
        return Stays(segment.id, segment.title, segment.kind, 0, 0, 0, None)
    return Stays(
        segment.id,
        segment.title,
        segment.kind,
        memberships=row["memberships"],
        people=row["people"],
        still_in=row["memberships"] - row["ended"],
        median_stay=None if row["median"] is None else int(row["median"]),
    )
