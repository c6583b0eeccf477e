"""The generated log: a heavy tail of event names and of people, the same for the same parameters.

People come in blocks, each with its own random stream, so that a block can be made alone: a log of
any size needs the memory of what is kept of it and of one block per thread. Within a block the
events stand sorted by person and instant without ever being sorted: sorted uniform numbers are the
normalised sums of exponential gaps.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, TypeAlias

import duckdb
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from segue.domain.instant import DAY

Int8s: TypeAlias = NDArray[np.int8]
Int32s: TypeAlias = NDArray[np.int32]
Int64s: TypeAlias = NDArray[np.int64]

BEGIN: Final = 1_767_225_600_000
"""The first instant of every generated log: 2026-01-01T00:00:00Z."""
BLOCK: Final = 10_000
"""People per block."""
_PER_MILLE_ALWAYS: Final = 0.55
"""Share of people who are there from the first day on."""


@dataclass(frozen=True)
class World:
    """The parameters of a log. Equal parameters make equal logs, whatever the machine."""

    events: int = 20_000_000
    people: int = 220_000
    names: int = 46
    zipf: float = 1.0
    """Exponent of the popularity of event names: the r-th is done `r ** -zipf` as often."""
    spread: float = 1.2
    """Sigma of the log-normal activity of people."""
    days: int = 90
    seed: int = 2026

    @property
    def end(self) -> int:
        """The instant at which the log ends; every event is before it."""
        return BEGIN + self.days * DAY

    @property
    def event_names(self) -> tuple[str, ...]:
        """Names of the events, by code, most frequent first."""
        return tuple(f"event_{code:02}" for code in range(self.names))

    @cached_property
    def counts(self) -> Int64s:
        """int64[people]: how many events each person has, at least one each, `events` in all."""
        rng = np.random.default_rng([self.seed, 0])
        weight = np.cumsum(rng.lognormal(sigma=self.spread, size=self.people))
        extra = np.rint(weight / weight[-1] * (self.events - self.people)).astype(np.int64)
        return 1 + np.diff(extra, prepend=0)

    @cached_property
    def code_table(self) -> Int8s:
        """int8[65536]: the event code of a uniform 16-bit number."""
        share = 1.0 / np.arange(1, self.names + 1) ** self.zipf
        upper = np.rint(np.cumsum(share) / share.sum() * 65536).astype(np.int64)
        return np.repeat(np.arange(self.names, dtype=np.int8), np.diff(upper, prepend=0))


@dataclass(frozen=True)
class Columns:
    """Events sorted by person and instant: person int32[N], event code int8[N], at int64[N] ms."""

    person: Int32s
    event: Int8s
    at: Int64s

    def __len__(self) -> int:
        return len(self.at)


def blocks(world: World, threads: int | None = None) -> Iterator[Columns]:
    """The blocks of a log in order of people, made by several threads at once."""
    world.counts, world.code_table  # noqa: B018  (fill the caches before the threads share them)
    starts = range(0, world.people, BLOCK)
    threads = threads or os.cpu_count() or 1
    with ThreadPoolExecutor(threads) as pool:
        for wave in range(0, len(starts), threads):
            yield from pool.map(lambda first: _block(world, first), starts[wave : wave + threads])


def columns(world: World) -> Columns:
    """The whole log."""
    parts = list(blocks(world))
    return Columns(
        np.concatenate([part.person for part in parts]),
        np.concatenate([part.event for part in parts]),
        np.concatenate([part.at for part in parts]),
    )


def _block(world: World, first: int) -> Columns:
    counts = world.counts[first : first + BLOCK]
    rng = np.random.default_rng([world.seed, 1, first])
    begin, length = _lifetimes(world, rng, len(counts))
    total = int(counts.sum())
    # One gap more than events per person: the last is the distance to the end of the lifetime.
    ends = np.cumsum(counts + 1)
    walk = np.cumsum(rng.standard_exponential(total + len(counts)))
    base = np.concatenate(([0.0], walk[ends[:-1] - 1]))
    scale = length / (walk[ends - 1] - base)
    inner = np.ones(len(walk), dtype=np.bool_)
    inner[ends - 1] = False
    at = (walk[inner] - np.repeat(base, counts)) * np.repeat(scale, counts)
    return Columns(
        np.repeat(np.arange(first, first + len(counts), dtype=np.int32), counts),
        world.code_table[rng.integers(0, 65536, total, dtype=np.uint16)],
        np.repeat(begin, counts) + at.astype(np.int64),
    )


def _lifetimes(
    world: World, rng: np.random.Generator, people: int
) -> tuple[Int64s, NDArray[np.float64]]:
    """When each person is first active (ms), and for how long: some come late, some go early."""
    horizon = world.days * DAY
    come = np.where(rng.random(people) < _PER_MILLE_ALWAYS, 0.0, rng.random(people) * 0.98)
    stay = np.where(rng.random(people) < _PER_MILLE_ALWAYS, 1.0, 0.02 + rng.random(people) * 0.98)
    begin = BEGIN + (come * horizon).astype(np.int64)
    return begin, (1.0 - come) * stay * (horizon - 1)


# ------------------------------------------------------------------------------------------ index


@dataclass(frozen=True)
class Index:
    """What Segue keeps warm: per event code `(offsets int64[P + 1], at int64[n])`, and the first
    instant of each person (int64[P])."""

    first_seen: Int64s
    by_code: dict[int, tuple[Int64s, Int64s]]

    @property
    def occurrences(self) -> int:
        """How many instants are indexed, over all codes."""
        return sum(len(at) for _, at in self.by_code.values())


def index(world: World, codes: Sequence[int]) -> Index:
    """The occurrences of some events, straight from the generator, block by block."""
    counts: dict[int, list[Int64s]] = {code: [] for code in codes}
    instants: dict[int, list[Int64s]] = {code: [] for code in codes}
    first_seen = []
    for block in blocks(world):
        first = int(block.person[0])
        size = int(block.person[-1]) - first + 1
        edges = np.flatnonzero(np.diff(block.person, prepend=-1))
        first_seen.append(block.at[edges])
        for code in codes:
            here = np.flatnonzero(block.event == code)
            instants[code].append(block.at[here])
            counts[code].append(np.bincount(block.person[here] - first, minlength=size))
    return Index(np.concatenate(first_seen), {c: _csr(counts[c], instants.pop(c)) for c in codes})


def _csr(counts: list[Int64s], instants: list[Int64s]) -> tuple[Int64s, Int64s]:
    return np.concatenate(([0], np.cumsum(np.concatenate(counts)))), np.concatenate(instants)


# ---------------------------------------------------------------------------------------- parquet


def write_parquet(world: World, log: Columns, path: Path) -> None:
    """Write the log as a file would come: person ids and event names as text, in order of time."""
    connection = duckdb.connect()
    connection.register("log", pa.table({"who": log.person, "what": log.event, "ts": log.at}))
    codes = np.arange(world.names, dtype=np.int8)
    connection.register("names", pa.table({"what": codes, "name": world.event_names}))
    connection.execute(
        """
        COPY (
            SELECT printf('p%07d', who) AS person_id, name AS event,
                make_timestamp_ms(ts) AS occurred_at
            FROM log JOIN names USING (what) ORDER BY ts, who
        ) TO $path (FORMAT parquet, COMPRESSION zstd)
        """,
        {"path": str(path)},
    )
    connection.close()
