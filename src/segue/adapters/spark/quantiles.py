"""Thresholds of quantiles over everybody: exact, in two passes over how people are ranked.

Every block of people says how its own are ranked at every midnight of the grid. Then, midnight by
midnight, samples of all blocks bracket the threshold, and what lies inside the bracket decides (see
`segue.timeline.order_statistics`). The driver gets the brackets and the thresholds, nothing of
people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from segue.adapters.spark.arrow import in_workers
from segue.adapters.spark.blocks import PeopleBlock, Reads, over_people, whole_people
from segue.domain.instant import FOREVER
from segue.language.tree import Definitions, Quantile
from segue.timeline.evaluate import quantiles_of, ranking_of, requests_of_ranking
from segue.timeline.exact import Integers
from segue.timeline.log import Int64s
from segue.timeline.order_statistics import (
    Amounts,
    Bracket,
    Inside,
    bracket,
    chosen,
    in_order,
    inside,
    sampled,
)
from segue.timeline.quantiles import (
    Ranking,
    Thresholds,
    amounts_over_time,
    grid_of,
    place_among,
    together,
)

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_RANKS: Final = (
    "person_id STRING, place BIGINT, high BIGINT, low BIGINT, denominator BIGINT, ranked BOOLEAN"
)
"""From a place of the grid on, somebody's amount: `(high * 2^62 + low) / denominator`."""
_RANKS_SCHEMA: Final = pa.schema(
    [
        ("person_id", pa.string()),
        ("place", pa.int64()),
        ("high", pa.int64()),
        ("low", pa.int64()),
        ("denominator", pa.int64()),
        ("ranked", pa.bool_()),
    ]
)
_PART: Final = (
    "place BIGINT, below BIGINT, high ARRAY<BIGINT>, low ARRAY<BIGINT>,"
    " denominator ARRAY<BIGINT>, upto ARRAY<BIGINT>"
)
"""Amounts of a block at a place of the grid, and how many more there are below them."""
_LISTS: Final = ("high", "low", "denominator", "upto")
_PART_SCHEMA: Final = pa.schema(
    [
        ("place", pa.int64()),
        ("below", pa.int64()),
        *((name, pa.list_(pa.int64())) for name in _LISTS),
    ]
)
_BRACKET: Final = "place BIGINT, rank BIGINT, above STRING, upto STRING"
_BRACKET_SCHEMA: Final = pa.schema(
    [("place", pa.int64()), ("rank", pa.int64()), ("above", pa.string()), ("upto", pa.string())]
)
_CHOSEN: Final = "place BIGINT, amount STRING"
_CHOSEN_SCHEMA: Final = pa.schema([("place", pa.int64()), ("amount", pa.string())])
_LOW: Final = 62
_MASK: Final = (1 << _LOW) - 1


def limits_of(
    log: DataFrame,
    definitions: Definitions,
    at: int,
    segment_ids: Sequence[str],
    *,
    partitions: int,
) -> dict[Quantile, Thresholds]:
    """The thresholds, up to `at`, of the quantiles that these segments rest on, of everybody in a
    log with the columns `tables.LOG`: what `segue.timeline.evaluate.thresholds_of` gives."""
    found: dict[Quantile, Thresholds] = {}
    quantiles = list(quantiles_of(definitions, segment_ids))
    if not quantiles:
        return found
    grid = _grid(log, at, definitions.timezone)
    for quantile, everybody in quantiles:
        ranking = RankingPeople(definitions, at, quantile, everybody, dict(found), grid)
        found[quantile] = _thresholds(log, ranking, partitions)
    return found


@dataclass(frozen=True)
class RankingPeople:
    """Ranks a block of people by a quantile at the instants of the grid."""

    definitions: Definitions
    at: int
    quantile: Quantile
    everybody: bool
    limits: Mapping[Quantile, Thresholds]
    grid: Int64s

    @property
    def reads(self) -> Reads:
        """The columns that it looks at."""
        return Reads.of(requests_of_ranking(self.definitions, self.quantile, self.everybody))

    def __call__(self, block: PeopleBlock) -> Iterator[pa.Table]:
        """Rows with the columns `_RANKS`, by person, then place."""
        log = block.read(
            requests_of_ranking(self.definitions, self.quantile, self.everybody),
            at=self.at,
            timezone=self.definitions.timezone,
            not_activity=self.definitions.not_activity,
        )
        ranking = ranking_of(
            self.definitions,
            log,
            self.at,
            quantile=self.quantile,
            everybody=self.everybody,
            limits=self.limits,
            grid=self.grid,
        )
        yield _rank_rows(ranking, block.person_ids)


def _grid(log: DataFrame, at: int, zone: str) -> Int64s:
    row = log.where(f"occurred_at <= {at}").agg({"occurred_at": "min"}).first()
    first = None if row is None else row[0]
    return grid_of(np.array([FOREVER if first is None else first], np.int64), at, zone)


def _thresholds(log: DataFrame, ranking: RankingPeople, partitions: int) -> Thresholds:
    places = len(ranking.grid)
    if not places:
        return _as_thresholds(ranking.grid, {})
    ranks = over_people(log, ranking, _RANKS, reads=ranking.reads, partitions=partitions).persist()
    try:
        samples = in_workers(ranks, partial(_samples, places), _PART)
        side, percent = ranking.quantile.side, ranking.quantile.percent
        brackets = _by_place(samples, partial(_bracketed, side, percent), _BRACKET)
        found = {row["place"]: _bracket(row) for row in brackets.collect()}
        parts = in_workers(ranks, partial(_insides, places, found), _PART)
        amounts = _by_place(parts, partial(_chosen, found), _CHOSEN).collect()
        return _as_thresholds(
            ranking.grid, {row["place"]: Fraction(row["amount"]) for row in amounts}
        )
    finally:
        ranks.unpersist()


def _by_place(parts: DataFrame, find: Callable[[pa.Table], pa.Table], schema: str) -> DataFrame:
    """What `find` gives for all parts of each place of the grid."""
    together = parts.repartition("place").sortWithinPartitions("place")
    return in_workers(together, partial(_each_place, find), schema)


def _as_thresholds(grid: Int64s, found: Mapping[int, Fraction]) -> Thresholds:
    amounts = [found.get(place) for place in range(len(grid))]
    numerators = [0 if one is None else one.numerator for one in amounts]
    fits = all(abs(n) < FOREVER << 16 for n in numerators)
    return Thresholds(
        grid,
        np.array(numerators, np.int64 if fits else object),
        np.array([1 if one is None else one.denominator for one in amounts], np.int64),
        np.array([one is not None for one in amounts], np.bool_),
    )


# --------------------------------------------------------------------------------- in the workers


def _each_place(
    find: Callable[[pa.Table], pa.Table], batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for parts in whole_people(batches, persons=1, key="place"):
        yield from find(parts).to_batches()


def _samples(places: int, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for block in whole_people(batches):
        parts = [(at, 0, sampled(amounts)) for at, amounts in _in_force(block, places)]
        yield from _part_rows(parts).to_batches()


def _bracketed(side: Any, percent: Any, parts: pa.Table) -> pa.Table:
    samples = [amounts for _, amounts in _parts(parts)]
    size = sum(one.size for one in samples)
    if not size:
        return _BRACKET_SCHEMA.empty_table()
    found = bracket(samples, place_among(side, percent, size))
    row = {
        "place": parts["place"][0].as_py(),
        "rank": found.place,
        "above": None if found.above is None else str(found.above),
        "upto": str(found.upto),
    }
    return pa.Table.from_pylist([row], schema=_BRACKET_SCHEMA)


def _bracket(row: Any) -> Bracket:
    above = None if row["above"] is None else Fraction(row["above"])
    return Bracket(above, Fraction(row["upto"]), row["rank"])


def _insides(
    places: int, found: Mapping[int, Bracket], batches: Iterator[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    for block in whole_people(batches):
        parts = [
            (at, part.below, part.amounts)
            for at, amounts in _in_force(block, places)
            if at in found
            for part in [inside(amounts, found[at])]
        ]
        yield from _part_rows(parts).to_batches()


def _chosen(found: Mapping[int, Bracket], parts: pa.Table) -> pa.Table:
    place = parts["place"][0].as_py()
    amount = chosen(found[place], [Inside(below, amounts) for below, amounts in _parts(parts)])
    row = {"place": place, "amount": str(amount)}
    return pa.Table.from_pylist([row], schema=_CHOSEN_SCHEMA)


def _in_force(block: pa.Table, places: int) -> Iterator[tuple[int, Amounts]]:
    """The amounts of a block's people that are ranked, at each place of the grid."""
    ranking = together([_ranking(block)])
    amounts = in_order(np.empty(0, np.int64), np.empty(0, np.int64))
    for place, changed in enumerate(amounts_over_time(ranking, places)):
        if changed is not None:
            amounts = in_order(*changed)
        if amounts.size:
            yield place, amounts


# ------------------------------------------------------------------------------------------- rows


def _rank_rows(ranking: Ranking, person_ids: pa.Array) -> pa.Table:
    order = np.lexsort((ranking.place, ranking.person))
    high, low = _halves(ranking.numerator[order])
    return pa.table(
        [
            person_ids.take(pa.array(ranking.person[order])),
            pa.array(ranking.place[order]),
            pa.array(high),
            pa.array(low),
            pa.array(ranking.denominator[order]),
            pa.array(ranking.ranked[order]),
        ],
        schema=_RANKS_SCHEMA,
    )


def _ranking(block: pa.Table) -> Ranking:
    persons = block["person_id"].combine_chunks().dictionary_encode()
    return Ranking(
        len(persons.dictionary),
        block["place"].to_numpy(),
        persons.indices.to_numpy().astype(np.int64),
        _whole(block["high"].to_numpy(), block["low"].to_numpy()),
        block["denominator"].to_numpy(),
        np.asarray(block["ranked"].to_numpy()),
    )


def _part_rows(parts: Sequence[tuple[int, int, Amounts]]) -> pa.Table:
    rows = []
    for place, below, amounts in parts:
        high, low = _halves(amounts.numerator)
        lists = (high, low, amounts.denominator, amounts.upto)
        rows.append({"place": place, "below": below, **dict(zip(_LISTS, lists, strict=True))})
    return pa.Table.from_pylist(rows, schema=_PART_SCHEMA)


def _parts(table: pa.Table) -> list[tuple[int, Amounts]]:
    """Of each part, how many amounts lie below, and the amounts."""
    found = []
    for row in table.to_pylist():
        high, low, denominator, upto = (np.array(row[name], np.int64) for name in _LISTS)
        found.append((row["below"], Amounts(_whole(high, low), denominator, upto)))
    return found


def _halves(numerators: Integers) -> tuple[Int64s, Int64s]:
    """Whole numbers of up to 125 bits as two of 64."""
    high, low = numerators >> _LOW, numerators & _MASK
    return high.astype(np.int64), low.astype(np.int64)


def _whole(high: Int64s, low: Int64s) -> Integers:
    """The numbers of `_halves`, as 64-bit ones where all of them are."""
    small = bool(((high == 0) | (high == -1)).all())
    whole: Integers = high if small else high.astype(object)
    return np.asarray((whole << _LOW) + (low if small else low.astype(object)))
