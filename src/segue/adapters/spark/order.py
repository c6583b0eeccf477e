"""Everybody in one order, over all tasks: the place of each person among all.

A sample of the ids, sorted, cuts them into stretches; within each Spark numbers the people, and how
many stand in the stretches before is added. The driver sees the sample and the sizes.
"""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

PLACE: Final = "place"
"""The column of the place."""
_SAMPLE: Final = 10_000
"""About how many ids are looked at to cut all of them into stretches."""


def with_place(log: DataFrame, at: int, *, partitions: int) -> DataFrame:
    """The log (columns `tables.LOG`) with one column more, `PLACE`: that of the person among all
    who are seen by the instant (ms), in the order of the bytes of their ids, from 1 on; null for
    who is not seen by then."""
    seen = log.where(f"occurred_at <= {at}").select("person_id").distinct().persist()
    return log.join(_placed(seen, partitions), "person_id", "left")


def _placed(people: DataFrame, stretches: int) -> DataFrame:
    """Each of the people with their place."""
    from pyspark.sql import Window
    from pyspark.sql import functions as f

    cut = people.withColumn("stretch", _stretch(_borders(people, stretches)))
    sizes = {row["stretch"]: row["count"] for row in cut.groupBy("stretch").count().collect()}
    before = [0, *accumulate(sizes.get(one, 0) for one in range(stretches))]
    offsets = f.array(*[f.lit(one).cast("bigint") for one in before])
    within = f.row_number().over(Window.partitionBy("stretch").orderBy("person_id"))
    place = (f.element_at(offsets, f.col("stretch") + 1) + within).alias(PLACE)
    return cut.select("person_id", place)


def _borders(people: DataFrame, stretches: int) -> list[str]:
    """Ids that cut the people into at most so many stretches of about as many."""
    from pyspark.sql import functions as f

    every = max(people.count() // _SAMPLE, 1)
    drawn = people.where(f.pmod(f.xxhash64("person_id"), f.lit(every)) == 0).collect()
    ids = sorted((row["person_id"] for row in drawn), key=str.encode)
    return [ids[len(ids) * one // stretches] for one in range(1, stretches)] if ids else []


def _stretch(borders: list[str]) -> Column:
    """How many of the borders are no later than the id."""
    from pyspark.sql import functions as f

    if not borders:
        return f.lit(0)
    listed = f.array(*map(f.lit, borders))
    return f.size(f.filter(listed, lambda border: border <= f.col("person_id")))
