"""Everybody's spans in segments, and when they next change, out of every partition."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np
import pyarrow as pa

from segue.adapters.spark.blocks import PeopleBlock, Reads, over_people
from segue.adapters.spark.tables import PEOPLE, SPANS
from segue.domain.instant import FOREVER
from segue.language.tree import Definitions, Quantile
from segue.timeline.evaluate import histories, requests_of
from segue.timeline.log import Int64s, Request, TraitRequest
from segue.timeline.quantiles import Thresholds
from segue.timeline.spans import ManySpans

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

FOUND: Final = SPANS
"""What a block gives: its spans, and a row without a segment per person, whose instants are those
of `PEOPLE`. One pass over the events gives both."""
_FOUND: Final = pa.schema(
    [
        ("segment_id", pa.string()),
        ("person_id", pa.string()),
        ("entered_at", pa.int64()),
        ("left_at", pa.int64()),
    ]
)


@dataclass(frozen=True)
class Evaluating:
    """Evaluates these segments over a block of people, of the log cut at `at`, with the thresholds
    of the population."""

    definitions: Definitions
    segment_ids: tuple[str, ...]
    at: int
    limits: Mapping[Quantile, Thresholds] = field(default_factory=dict)

    @cached_property
    def requests(self) -> Collection[Request | TraitRequest]:
        """What has to be read."""
        return requests_of(self.definitions, self.segment_ids)

    def __call__(self, block: PeopleBlock) -> Iterator[pa.Table]:
        """The rows of a block; see `FOUND`."""
        log = block.read(
            self.requests,
            at=self.at,
            timezone=self.definitions.timezone,
            not_activity=self.definitions.not_activity,
        )
        found = histories(self.definitions, log, self.at, self.segment_ids, self.limits)
        ids = block.person_ids
        yield _span_rows(found, self.segment_ids, ids)
        yield _person_rows(found, block, self.at)


def evaluated(log: DataFrame, evaluating: Evaluating, *, partitions: int) -> DataFrame:
    """The rows `FOUND` of everybody in a log with the columns `tables.LOG`."""
    reads = Reads.of(evaluating.requests)
    return over_people(log, evaluating, FOUND, reads=reads, partitions=partitions)


def spans_in(found: DataFrame) -> DataFrame:
    """The spans, columns `tables.SPANS`, among the rows of `evaluated`."""
    return found.where("segment_id IS NOT NULL")


def people_in(found: DataFrame) -> DataFrame:
    """The people, columns `tables.PEOPLE`, among the rows of `evaluated`."""
    names = [column.split()[0] for column in PEOPLE.split(", ")]
    return found.where("segment_id IS NULL").selectExpr(
        f"person_id AS {names[0]}", f"entered_at AS {names[1]}", f"left_at AS {names[2]}"
    )


def _span_rows(found: ManySpans, segment_ids: Collection[str], ids: pa.Array) -> pa.Table:
    segments = pa.array(segment_ids, pa.string())
    of = np.repeat(np.arange(len(segments)), found.count)
    return pa.table(
        [
            segments.take(pa.array(of)),
            ids.take(pa.array(found.person)),
            pa.array(found.start),
            _instants(found.end),
        ],
        schema=_FOUND,
    )


def _person_rows(found: ManySpans, block: PeopleBlock, at: int) -> pa.Table:
    """A row per person, those who come later included."""
    ids = block.person_ids
    return pa.table(
        [
            pa.nulls(len(ids), pa.string()),
            ids,
            pa.array(block.first_after()),
            _instants(_next_changes(found, block.first_after(at), at)),
        ],
        schema=_FOUND,
    )


def _next_changes(found: ManySpans, next_event: Int64s, at: int) -> Int64s:
    """The first instant after `at` at which a span of each person begins or ends, or an event of
    theirs that lies in the future occurs, int64[people]; FOREVER where none does."""
    soonest = next_event.copy()
    for instants in (found.start, found.end):
        later = instants > at
        np.minimum.at(soonest, found.person[later], instants[later])
    return soonest


def _instants(instants: Int64s) -> pa.Array:
    return pa.array(instants, mask=instants >= FOREVER)
