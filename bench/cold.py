"""From a Parquet file to memberships, nothing kept from before, beside DuckDB sorting the file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import duckdb
import numpy as np

from bench.generate import World
from bench.measure import Clock, Timing, cores
from bench.own import project
from bench.rules import Rule
from segue.adapters.parquet_log import ParquetLog
from segue.adapters.sources import Layout
from segue.timeline.evaluate import now, requests_of
from segue.timeline.outlook import Outlook


@dataclass(frozen=True)
class Cold:
    """Seconds from the file to memberships, and of DuckDB to read and sort it: into a table, and
    as Arrow."""

    own: Timing
    table: Timing
    arrow: Timing
    file_bytes: int


def cold(world: World, chosen: Sequence[Rule], path: Path, rounds: int) -> Cold:
    """Time all three in turns; the members are compared with a plain SQL count over the file."""
    own, table, arrow = Clock(), Clock(), Clock()
    for turn in range(rounds + 1):
        at = world.end + 61_003 * turn
        found = own.time(partial(memberships, path, chosen, world, at))
        table.time(partial(_sorted_table, path))
        arrow.time(partial(_sorted_arrow, path))
    _compare(path, chosen, world, at, found)
    return Cold(own.timing, table.timing, arrow.timing, path.stat().st_size)


def memberships(
    path: Path, chosen: Sequence[Rule], world: World, at: int
) -> tuple[Sequence[str], dict[str, Outlook]]:
    """Person ids and where each stands in every segment, from the file alone: as `segue evaluate
    --events` reads it."""
    definitions = project(chosen, world)
    requests = requests_of(definitions)
    log = ParquetLog.open([path], Layout())
    assert log is not None
    assert log.answers(requests)
    try:
        read = log.read(requests, at=at)
        return read.person_ids, now(definitions, read.log, at)
    finally:
        log.close()


def _sorted_table(path: Path) -> None:
    with duckdb.connect(config={"threads": cores()}) as connection:
        connection.execute(
            "CREATE TABLE sorted AS FROM read_parquet($path) ORDER BY person_id, occurred_at",
            {"path": str(path)},
        )


def _sorted_arrow(path: Path) -> None:
    with duckdb.connect(config={"threads": cores()}) as connection:
        file = connection.read_parquet(str(path))
        file.order("person_id, occurred_at").to_arrow_table()


def _compare(
    path: Path,
    chosen: Sequence[Rule],
    world: World,
    at: int,
    found: tuple[Sequence[str], dict[str, Outlook]],
) -> None:
    ids = np.asarray(found[0], object)
    with duckdb.connect() as connection:
        for rule in chosen[:: max(1, len(chosen) // 5)]:
            rows = connection.execute(
                "SELECT person_id FROM read_parquet($path) WHERE event = $event "
                "AND epoch_ms(occurred_at) > $low AND epoch_ms(occurred_at) <= $at "
                "GROUP BY person_id HAVING count(*) >= $times ORDER BY person_id",
                {
                    "path": str(path),
                    "event": world.event_names[rule.code],
                    "low": at - rule.window,
                    "at": at,
                    "times": rule.times,
                },
            ).fetchnumpy()
            if not np.array_equal(rows["person_id"], ids[found[1][rule.id].holds]):
                raise AssertionError(f"other members of {rule.id}")
