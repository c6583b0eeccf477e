"""The tables of cases and random worlds, on a cluster and on one machine: `python -m
tests.spark.conformance --worlds 200 --record FILE`.

All of them are people of one log, each evaluated by the definitions of their own world, so that a
thousand definitions cost one job.
"""

import argparse
import json
import os
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

from bench.measure import machine
from segue.adapters.spark.blocks import Reads, over_people
from segue.adapters.spark.evaluating import FOUND
from segue.adapters.spark.session import opened
from segue.adapters.spark.tables import LOG
from segue.domain.instant import DAY
from tests.fuzz.worlds import CaseWorld, Worlds, random_world
from tests.oracle.cases import CASES
from tests.spark.answers import rows_of
from tests.spark.cluster import SETTINGS, environment, running
from tests.spark.many_worlds import EachWorld, evaluated_here

AT_ONCE = 400
"""Worlds of one job: their definitions travel with it."""


@dataclass(frozen=True)
class Compared:
    """How much was compared, and how many rows differ."""

    worlds: int
    segments: int
    rows: int
    differences: int


def cases() -> list[CaseWorld]:
    """Every case of the tables of rules, as a world, asked at its last instant."""
    return [
        CaseWorld(one.definitions(), tuple(one.log()), (one.zero + 100 * DAY,)) for one in CASES
    ]


def worlds_of_hypothesis() -> list[CaseWorld]:
    """Worlds whose every choice Hypothesis makes, as for the tests of the local engine."""
    found: list[CaseWorld] = []

    @settings(
        max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
    )
    @given(rng=st.randoms(use_true_random=False))
    def draw(rng: Any) -> None:
        found.append(Worlds(rng).world(segments=2, people=2))

    draw()
    return found


def compared(spark: SparkSession, worlds: Sequence[Any]) -> Compared:
    """Evaluate the worlds, each at one of its instants, on the cluster and here."""
    wanted: Counter[Any] = Counter()
    found: Counter[Any] = Counter()
    for first in range(0, len(worlds), AT_ONCE):
        here = [
            evaluated_here(world, world.ats[i % len(world.ats)])
            for i, world in enumerate(worlds[first : first + AT_ONCE])
        ]
        wanted += _expected(first, here)
        found += Counter((first, row) for row in _on_cluster(spark, here))
    differing = (wanted - found) + (found - wanted)
    segments = sum(len(world.definitions.segments) for world in worlds)
    return Compared(len(worlds), segments, wanted.total(), differing.total())


def _expected(first: int, here: Sequence[Any]) -> Counter[Any]:
    return Counter(
        (first, (segment, f"{i:04}{person}", since, until))
        for i, (_, _, rows) in enumerate(here)
        for segment, person, since, until in rows
    )


def _on_cluster(spark: SparkSession, here: Sequence[Any]) -> list[Any]:
    rows = pa.concat_tables([_numbered(i, rows) for i, (_, rows, _) in enumerate(here)])
    each = EachWorld(tuple(evaluating for evaluating, _, _ in here))
    log = spark.createDataFrame(rows.to_pylist(), LOG)
    return rows_of(over_people(log, each, FOUND, reads=Reads(None, None), partitions=5).toArrow())


def _numbered(world: int, rows: pa.Table) -> pa.Table:
    ids = pc.binary_join_element_wise(f"{world:04}", rows["person_id"], "")
    return rows.set_column(0, "person_id", ids)


def main() -> int:
    """Compare, print and record; 1 where anything differs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--record", type=Path)
    wish = parser.parse_args()
    os.environ.update(environment())
    seeds = range(wish.seed, wish.seed + wish.worlds)
    drawn = worlds_of_hypothesis()
    every = [*cases(), *drawn, *map(random_world, seeds)]
    with running() as cluster, opened(cluster.master, SETTINGS) as spark:
        found = compared(spark, every)
    said = {
        "command": f"python -m tests.spark.conformance --worlds {wish.worlds} --seed {wish.seed}",
        "machine": str(machine()),
        "cluster": "one master, two workers of one core, processes of their own",
        "cases": len(CASES),
        "worlds_of_hypothesis": len(drawn),
        "random_worlds": wish.worlds,
        **asdict(found),
    }
    print(json.dumps(said, indent=2))
    if wish.record is not None:
        wish.record.write_text(json.dumps(said, indent=2) + "\n")
    return 1 if found.differences else 0


if __name__ == "__main__":
    sys.exit(main())
