"""Thresholds that a cluster finds are exactly those of one machine."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Any

import pytest
from pyspark.sql import SparkSession

from segue.adapters.spark.quantiles import limits_of
from segue.adapters.spark.tables import LOG
from segue.bootstrap.definitions import ProjectFile
from segue.domain.instant import DAY
from segue.language.tree import Definitions, Quantile
from segue.timeline.evaluate import quantiles_of, requests_of, thresholds_of
from segue.timeline.quantiles import Thresholds
from tests.fuzz.stores import by_batch, store_of
from tests.fuzz.worlds import random_world
from tests.spark.many_worlds import log_rows

BEGIN = 1_767_225_600_000
ZONE = "Europe/Berlin"
RANKED = {
    "often": "top 10% by count(buy) within 7 days",
    "rarely": "bottom 33.3% by count(buy)",
    "spent": "top 0.01% by sum(buy.amount)",
    "large": "bottom 50% by sum(buy.huge)",
    "mean": "top 25% by avg(buy.amount) within 3 days",
    "kinds": "top 40% by distinct(buy.kind)",
    "most": "bottom 20% by max(buy.amount) within 2 days",
    "recent": "top 30% by time since last buy",
    "oldest": "bottom 60% by time since first buy",
    "nobody": "top 10% by count(never)",
    "mixed": "in often and not in rarely and top 5% by count(look)",
}


@pytest.mark.parametrize("exclude", [None, "top 2% by count(look)", "did look exactly 1 times"])
def test_every_kind_of_amount(spark: SparkSession, exclude: str | None) -> None:
    """Ties, fractions, sums beyond 64 bits, instants, ranks that rest on ranks, people who are in
    no rank; late comers, and a grid over the change of the clocks."""
    _compare(spark, _asked(RANKED, exclude), list(_events(random.Random(7), people=60)))


def test_nobody_and_before_the_first_midnight(spark: SparkSession) -> None:
    """No event by the instant, none at all, and a day that has no midnight yet."""
    asked = _asked({"often": RANKED["often"]}, None)
    events = [_event("p", BEGIN + 2 * DAY + 7_200_000, 1)]
    for rows, at in ((events, BEGIN), ([], BEGIN), (events, BEGIN + 2 * DAY + 7_200_001)):
        found = _compare(spark, asked, rows, at=at)
        assert not any(limits.exists.any() for limits in found.values())


def test_the_ranks_of_random_worlds(spark: SparkSession) -> None:
    """Random amounts, windows and filters, each over the people of its own world."""
    worlds = [random_world(seed) for seed in range(3000, 3100)]
    ranked = [(w, _ranks(w.definitions)) for w in worlds]
    some = sorted((w for w in ranked if 1 <= w[1] <= 3), key=lambda w: -w[1])[:4]
    assert sum(count for _, count in some) >= 8
    for world, _ in some:
        found = _compare(spark, world.definitions, world.events, at=max(world.ats))
        assert found


def _compare(
    spark: SparkSession, asked: Definitions, events: Any, *, at: int = BEGIN + 120 * DAY
) -> dict[Quantile, Thresholds]:
    store = store_of(by_batch(events), asked.timezone)
    try:
        log = store.read(requests_of(asked), not_activity=asked.not_activity).log
        rows = log_rows(store)
    finally:
        store.close()
    wanted = thresholds_of(asked, log, at)
    ids = [one.id for one in asked.segments]
    frame = spark.createDataFrame(rows.to_pylist(), LOG)
    found = limits_of(frame, asked, at, ids, partitions=3)
    assert _plain(found) == _plain(wanted)
    return found


def _plain(limits: Mapping[Quantile, Thresholds]) -> dict[Quantile, list[Any]]:
    """Thresholds midnight by midnight; None where there is none."""
    return {quantile: list(_each(one)) for quantile, one in limits.items()}


def _each(limits: Thresholds) -> Iterator[tuple[int, Fraction | None]]:
    columns = (limits.grid, limits.numerator, limits.denominator, limits.exists)
    for at, n, d, there in zip(*(one.tolist() for one in columns), strict=True):
        yield at, Fraction(n, d) if there else None


def _ranks(asked: Definitions) -> int:
    return len(list(quantiles_of(asked, [one.id for one in asked.segments])))


def _asked(segments: Mapping[str, str], exclude: str | None) -> Definitions:
    project = {"timezone": ZONE, "segments": {name: {"when": w} for name, w in segments.items()}}
    return ProjectFile(project | ({} if exclude is None else {"exclude": exclude})).definitions


def _events(rng: random.Random, people: int) -> Iterator[dict[str, Any]]:
    """Few midnights with much going on, many with nothing, over the end of March."""
    for i in range(people):
        first = rng.choice((0, 0, 1, 85, 86))
        for _ in range(rng.choice((1, 1, 2, 5, 9))):
            at = BEGIN + int((first + rng.choice((0, 0.5, 1, 3.25)) + rng.random()) * DAY)
            yield _event(f"p{i}", at, rng.randrange(10**6), name=rng.choice(("buy", "buy", "look")))


def _event(person: str, at: int, serial: int, name: str = "buy") -> dict[str, Any]:
    return {
        "distinct_id": person,
        "event": name,
        "occurred_at": at,
        "event_id": f"{person}-{at}-{serial}",
        "sequence": None,
        "received_at": BEGIN,
        "properties": {
            "amount": serial % 7 / 4,
            "huge": 9_000_000_000_000 - serial % 3,
            "kind": serial % 5,
        },
    }
