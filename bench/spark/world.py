"""The events that Spark and one machine are given, and what they are asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.generate import Columns, World, blocks
from bench.rules import rules
from segue.domain.instant import DAY

SEGMENTS: Final = 20
_PER_PERSON: Final = 90
_PER_FILE: Final = 2_000_000
_PEOPLE: Final = "p%07d"


@dataclass(frozen=True)
class Given:
    """Files of events, definitions as a mapping, and the instant that is asked about."""

    files: tuple[str, ...]
    definitions: dict[str, Any]
    at: int


def world_of(events: int) -> World:
    """A log of so many events; people have as many each, whatever the size."""
    return World(events=events, people=max(events // _PER_PERSON, 100))


def asked(world: World, *, properties: bool) -> dict[str, Any]:
    """Counts of events within windows; where properties are looked at, only of large amounts."""
    test = " where amount >= 500" if properties else ""
    segments = {
        rule.id: {
            "when": f'did "{world.event_names[rule.code]}"{test}'
            f" at least {rule.times} times within {rule.days} days"
        }
        for rule in rules(SEGMENTS, range(10))
    }
    return {"project": "bench", "segments": segments}


def written(world: World, folder: Path) -> Given:
    """The world in files of some million events each, made block by block, with properties."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, log in enumerate(_portions(world)):
        path = folder / f"events-{number:04}.parquet"
        write_log(world, log, path)
        files.append(str(path))
    return Given(tuple(files), asked(world, properties=False), world.end)


def _portions(world: World) -> Iterator[Columns]:
    """Blocks of people together, a file's worth at a time."""
    waiting: list[Columns] = []
    for block in blocks(world):
        waiting.append(block)
        if sum(map(len, waiting)) >= _PER_FILE:
            yield _joined(waiting)
            waiting = []
    if waiting:
        yield _joined(waiting)


def _joined(parts: Sequence[Columns]) -> Columns:
    return Columns(
        np.concatenate([one.person for one in parts]),
        np.concatenate([one.event for one in parts]),
        np.concatenate([one.at for one in parts]),
    )


def write_log(world: World, log: Columns, path: Path) -> None:
    """In order of time, as a file would come; properties as the text of an object."""
    with duckdb.connect() as connection:
        connection.register("log", pa.table({"who": log.person, "what": log.event, "ts": log.at}))
        codes = np.arange(world.names, dtype=np.int8)
        connection.register("names", pa.table({"what": codes, "name": world.event_names}))
        connection.execute(
            f"""
            COPY (
                SELECT printf('{_PEOPLE}', who) AS person_id, name AS event,
                    make_timestamp_ms(ts) AS occurred_at,
                    printf('{{"amount":%d,"plan":"plan-%d"}}', ts % 1000, who % 5) AS properties
                FROM log JOIN names USING (what) ORDER BY ts, who
            ) TO $path (FORMAT parquet, COMPRESSION zstd)
            """,
            {"path": str(path)},
        )


def grown(given: Given, world: World, share: float, path: Path) -> Given:
    """An hour later: one more event of this share of the people."""
    at = given.at + DAY // 24
    people = np.arange(0, world.people, max(round(1 / share), 1), dtype=np.int32)
    size = len(people)
    write_log(world, Columns(people, np.zeros(size, np.int8), np.full(size, at - 1)), path)
    return replace(given, files=(*given.files, str(path)), at=at)


def later(given: Given) -> Given:
    """A day later, and nothing happened."""
    return replace(given, at=given.at + DAY)


def size_of(files: Sequence[str]) -> tuple[int, int]:
    """Bytes of the files, and about those of their rows as plain columns in memory."""
    packed = sum(Path(one).stat().st_size for one in files)
    return packed, sum(map(_plain_size, files))


def _plain_size(path: str) -> int:
    """By the first rows of the file; the others are like them."""
    with pq.ParquetFile(path) as file:
        first = next(file.iter_batches(batch_size=10_000))
        return int(file.metadata.num_rows * first.nbytes / len(first))
