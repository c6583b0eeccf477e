"""Which questions are put to whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.peers.asking import CHANGE, HISTORY, REFRESH, Task

NAMES: Final = {
    "segue": "Segue",
    "chdb each": "chDB, one query per segment",
    "chdb fused": "chDB, fused",
    "duckdb each": "DuckDB, one query per segment",
    "duckdb fused": "DuckDB, fused",
    "pandas each": "pandas, one mask per segment",
    "pandas fused": "pandas, fused",
    "polars each": "Polars, one query per segment",
    "polars fused": "Polars, fused",
    "spark each": "Spark SQL, one query per segment",
    "spark fused": "Spark SQL, fused",
}
"""Every peer, with how it is asked."""

HISTORIANS: Final = tuple(name for name in NAMES if name == "segue" or name.endswith(" each"))
"""Who can be asked for every span: one query per segment, with window functions."""


@dataclass(frozen=True)
class Sizes:
    """How large everything is; `base` segments where events vary."""

    events: tuple[int, ...]
    people: int
    segments: tuple[int, ...]
    base: int
    rounds: int
    limit: float
    memory: str

    @property
    def most(self) -> int:
        """Events where segments vary."""
        return max(self.events)


FULL: Final = Sizes(
    events=(1_000_000, 3_000_000, 10_000_000),
    people=110_000,
    segments=(1, 10, 50, 200),
    base=50,
    rounds=3,
    limit=60.0,
    memory="8g",
)
QUICK: Final = Sizes(
    events=(50_000, 200_000),
    people=20_000,
    segments=(1, 10),
    base=10,
    rounds=1,
    limit=60.0,
    memory="1g",
)


def sizes_of(*, quick: bool) -> Sizes:
    """Those of a whole run, or of a quick one."""
    return QUICK if quick else FULL


def tasks(sizes: Sizes, without: Sequence[str]) -> list[Task]:
    """Every question, once; peers take turns, so that what else the machine does falls on all."""
    peers = [name for name in NAMES if name.split()[0] not in without]
    return list(dict.fromkeys(_every(sizes, peers)))


def _every(sizes: Sizes, peers: Sequence[str]) -> Iterator[Task]:
    def each(ask: str, events: int, segments: int, who: Sequence[str]) -> Iterator[Task]:
        for peer in who:
            yield Task(peer, ask, events, sizes.people, segments, sizes.rounds)

    for segments in sizes.segments:
        yield from each(REFRESH, sizes.most, segments, peers)
    for events in sizes.events:
        yield from each(REFRESH, events, sizes.base, peers)
        historians = [peer for peer in peers if peer in HISTORIANS]
        yield from each(HISTORY, events, sizes.base, historians)
        yield from each(CHANGE, events, sizes.base, peers)
