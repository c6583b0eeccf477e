"""Insight into a project whose events lie on a cluster: each task counts its people, the counts
add up there, and what they say is told here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
import pyarrow as pa

from segue.adapters.spark.blocks import PeopleBlock, Reads, over_people
from segue.adapters.spark.order import PLACE, with_place
from segue.adapters.spark.quantiles import limits_of
from segue.insight.tallies import Counts, Tally
from segue.language.tree import Definitions, Quantile
from segue.services.insight import journey, measuring
from segue.services.insight.journey import JourneyFound
from segue.services.insight.measuring import Measures
from segue.services.insight.past import Past, past_of, requests_of_past
from segue.services.insight.promising import Promising
from segue.services.summarise import COUNTED, with_counted
from segue.timeline.occurring import Wanted
from segue.timeline.quantiles import Thresholds

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_TALLY: Final = "what STRING, value BIGINT, count BIGINT"
_SCHEMA: Final = pa.schema([("what", pa.string()), ("value", pa.int64()), ("count", pa.int64())])


class Plan(Protocol):
    """What is to be looked at of people."""

    @property
    def definitions(self) -> Definitions:
        """The project's segments."""

    @property
    def at(self) -> int:
        """The instant (ms) as of which it is asked."""

    @property
    def segment_ids(self) -> tuple[str, ...]:
        """The segments whose spans are needed."""

    @property
    def wanted(self) -> Sequence[Wanted]:
        """The occurrences that are needed."""


@dataclass(frozen=True)
class Counting:
    """Counts blocks of people, by their past, with the thresholds of everybody."""

    plan: Plan
    count: Callable[[PeopleBlock, Past], Tally]
    limits: Mapping[Quantile, Thresholds] = field(default_factory=dict)

    def __call__(self, block: PeopleBlock) -> Iterator[pa.Table]:
        """The tally of the block, a row per value."""
        plan, definitions = self.plan, self.plan.definitions
        log = block.read(
            requests_of_past(definitions, plan.segment_ids, plan.wanted),
            at=plan.at,
            timezone=definitions.timezone,
            not_activity=definitions.not_activity,
        )
        past = past_of(
            definitions,
            log,
            block.person_ids,
            at=plan.at,
            segment_ids=plan.segment_ids,
            wanted=plan.wanted,
            limits=self.limits,
        )
        yield _rows(self.count(block, past))


def journey_in(log: DataFrame, plan: journey.Plan, *, partitions: int) -> JourneyFound:
    """The journey of everybody in a log with the columns `tables.LOG`."""
    if not plan.stages:
        return plan.told({})
    return plan.told(_counted(log, plan, partial(_by_journey, plan), partitions=partitions))


def _by_journey(plan: journey.Plan, _: PeopleBlock, past: Past) -> Tally:
    return plan.tallied(past)


def measures_in(
    log: DataFrame, plan: measuring.Plan, promise: Promising, *, partitions: int
) -> Measures:
    """The measures of everybody in a log with the columns `tables.LOG`."""
    placed = with_place(log, plan.at, partitions=partitions)
    count = partial(_by_measures, plan)
    return plan.told(_counted(placed, plan, count, partitions=partitions, more=(PLACE,)), promise)


def _by_measures(plan: measuring.Plan, block: PeopleBlock, past: Past) -> Tally:
    return plan.tallied(past, block.number(PLACE))


def _counted(
    log: DataFrame,
    plan: Plan,
    count: Callable[[PeopleBlock, Past], Tally],
    *,
    partitions: int,
    more: Sequence[str] = (),
) -> dict[str, Counts]:
    """What is counted over everybody. Whole numbers come to this process: as many as the figures
    have, and of waiting times no more than there are minutes."""
    definitions = with_counted(plan.definitions)
    needed = (*plan.segment_ids, COUNTED)
    limits = limits_of(log, definitions, plan.at, needed, partitions=partitions)
    reads = Reads.of(requests_of_past(plan.definitions, plan.segment_ids, plan.wanted))
    find = Counting(plan, count, limits)
    rows = over_people(log, find, _TALLY, reads=reads, partitions=partitions, more=more)
    return _tally(rows.groupBy("what", "value").agg({"count": "sum"}).toArrow())


def event_counts_in(log: DataFrame, at: int) -> dict[str, int]:
    """How many events there are by name up to an instant, most frequent first; equally frequent
    ones by name."""
    rows = log.where(f"occurred_at <= {at}").groupBy("event").count().collect()
    return dict(sorted(((one[0], one[1]) for one in rows), key=lambda one: (-one[1], one[0])))


def _rows(tally: Tally) -> pa.Table:
    what = np.repeat(np.arange(len(tally)), [len(one.values) for one in tally.values()])
    columns = [
        pa.array(list(tally), pa.string()).take(pa.array(what)),
        pa.array(np.concatenate([one.values for one in tally.values()])),
        pa.array(np.concatenate([one.counts for one in tally.values()])),
    ]
    return pa.table(columns, schema=_SCHEMA)


def _tally(rows: pa.Table) -> dict[str, Counts]:
    """The tally of added rows, in no order."""
    rows = rows.rename_columns(_SCHEMA.names).sort_by(
        [("what", "ascending"), ("value", "ascending")]
    )
    names = rows["what"].combine_chunks().dictionary_encode()
    codes = names.indices.to_numpy()
    values, counts = (rows[name].to_numpy() for name in _SCHEMA.names[1:])
    borders = np.searchsorted(codes, np.arange(len(names.dictionary) + 1))
    return {
        what: Counts(values[borders[k] : borders[k + 1]], counts[borders[k] : borders[k + 1]])
        for k, what in enumerate(names.dictionary.to_pylist())
    }
