"""One landmark, every action at every number of times: the tables and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from segue.insight.arrays import Bools, Floats, Int64s
from segue.insight.landmarks import Done, Landmark, Starts
from segue.insight.tables import Estimates, Stratified, Tables

WORKERS: Final = 4
"""How many actions are worked on side by side."""

_MOST_STRATA: Final = 100
_PER_STRATUM: Final = 40
_FIGURES: Final = 14
EARLIER_PART: Final = 0
LATER_PART: Final = 1


@dataclass(frozen=True, slots=True)
class Compared:
    """The N people of a landmark, laid out for comparing: `stratum` int64[N] of people equally
    active in all, `later` bool[N] who started later; `place` int32[P] is where each person stands,
    -1 for who is not compared. `people`, `successes`: int64[2, S], the earlier and the later."""

    landmark: Landmark
    stratum: Int64s
    later: Bools
    place: NDArray[np.int32]
    people: Int64s
    successes: Int64s

    @classmethod
    def made(cls, mark: Landmark, starts: Starts, overall: Done, split: int) -> Compared:
        """Out of a landmark and how much each did in all by then."""
        place = np.full(len(starts.at), -1, np.int32)
        place[mark.people] = np.arange(len(mark.people), dtype=np.int32)
        active = np.zeros(len(starts.at), np.int32)
        active[overall.people] = overall.times
        stratum = strata_of(active[mark.people])
        later = starts.at[mark.people] >= split
        shape = (2, int(stratum.max(initial=0)) + 1)
        cell = later * shape[1] + stratum
        return cls(
            mark,
            stratum,
            later,
            place,
            _counted(cell, shape),
            _counted(cell[mark.reached], shape),
        )

    def of(self, done: Done) -> Done:
        """Who of them did it, by their places."""
        place = self.place[done.people]
        here = place >= 0
        return Done(place[here], done.times[here])

    def tables(self, did: Done, most: int) -> Tables:
        """Those who did it at least 1 … `most` times against the others, of the earlier and the
        later, by stratum: int64[2, most, S]."""
        parts, strata = self.people.shape
        cell = (self.later[did.people] * strata + self.stratum[did.people]) * (most + 1)
        cell += np.minimum(did.times, most)
        shape = (parts, strata, most + 1)
        exposed = _at_least(_counted(cell, shape))
        both = _at_least(_counted(cell[self.landmark.reached[did.people]], shape))
        return Tables.counted(exposed, both, self.people[:, None], self.successes[:, None])


def strata_of(active: NDArray[np.integer]) -> Int64s:
    """Strata of about equally active people, int64[N] from 0 on: as many as there are people for,
    and people who did equally much are in one."""
    strata = int(np.clip(len(active) // _PER_STRATUM, 1, _MOST_STRATA))
    limits = np.unique(np.quantile(active, np.arange(1, strata) / strata, method="higher"))
    found = np.searchsorted(limits, active, "right") if len(active) else np.zeros(0, np.int64)
    return np.asarray(np.unique(found, return_inverse=True)[1], np.int64)


def _counted(cell: Int64s, shape: tuple[int, ...]) -> Int64s:
    return np.bincount(cell, minlength=int(np.prod(shape))).reshape(shape)


def _at_least(exactly: Int64s) -> Int64s:
    """From [parts, strata, 0 … most times exactly] to [parts, 1 … most times at least, strata]."""
    at_least = np.cumsum(exactly[:, :, :0:-1], axis=2)[:, :, ::-1]
    return np.ascontiguousarray(at_least.transpose(0, 2, 1))


@dataclass(frozen=True, slots=True)
class Tried:
    """The tests of K actions at one landmark, arrays [2, K, C] of the earlier and the later:
    `tables` as they are, `adjusted` differences and `odds` among people equally active, what chance
    gives (`expected`, `spread`), the `deviation` from it and the `room` it has."""

    tables: Tables
    adjusted: Estimates
    odds: Estimates
    expected: Floats
    spread: Floats
    deviation: Floats
    room: Floats


def tried(compared: Compared, done: Sequence[Done], most: int) -> Tried:
    """Make every test; `done` are places among those compared."""

    def one(did: Done) -> tuple[Floats, ...]:
        return _figures(compared.tables(did, most))

    if not done:
        return _together([np.zeros((2, 0, most))] * _FIGURES)
    with ThreadPoolExecutor(WORKERS) as pool:
        found = list(pool.map(one, done))
    return _together([np.stack(column, axis=1) for column in zip(*found, strict=True)])


def stacked(windows: Sequence[Tried]) -> Tried:
    """The tests of several landmarks in one: arrays [2, W, K, C]."""
    rows = [(*one.tables.cells, *_parts(one)) for one in windows]
    columns = [np.stack(column, axis=1) for column in zip(*rows, strict=True)]
    return _together(columns)


def _parts(one: Tried) -> tuple[Floats, ...]:
    a, o = one.adjusted, one.odds
    estimates = (a.value, a.low, a.high, o.value, o.low, o.high)
    return (*estimates, one.expected, one.spread, one.deviation, one.room)


def _together(columns: Sequence[Floats]) -> Tried:
    counts = [column.astype(np.int64) for column in columns[:4]]
    return Tried(
        Tables(*counts), Estimates(*columns[4:7]), Estimates(*columns[7:10]), *columns[10:]
    )


def _figures(tables: Tables) -> tuple[Floats, ...]:
    strata = Stratified(tables)
    adjusted, odds = strata.risk_difference(), strata.odds_ratio()
    expected, spread = strata.by_chance()
    return (
        *(np.asarray(cell.sum(-1), np.float64) for cell in tables.cells),
        *(adjusted.value, adjusted.low, adjusted.high),
        *(odds.value, odds.low, odds.high),
        *(expected, spread, strata.deviation(), strata.room()),
    )
