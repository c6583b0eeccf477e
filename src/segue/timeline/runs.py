"""Rows that came after the base of a growing log: of all requests together, by distinct id."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from segue.domain.instant import FOREVER
from segue.timeline.log import (
    Answer,
    Bools,
    Int8s,
    Int32s,
    Int64s,
    Request,
    TraitRequest,
    TraitWrites,
)
from segue.timeline.parts import Part

S = TypeVar("S", bound=np.generic)

UNTIED: Final = 2
"""The order key of what shares its instant with nothing else."""
_MERGING: Final = 8
"""A run that is not this many times as long as the next one is merged with it."""
_AT_ONCE: Final = 100_000
"""Rows of runs that are merged when one joins: that takes some milliseconds. What is longer is left
for whoever has the time; see `loose`."""


@dataclass(frozen=True, slots=True)
class Rows:
    """N occurrences and writes, each the answer to the request with the number `request` int32[N],
    of the distinct id `who` int32[N].

    The other columns are those of `Occurrences` and `TraitWrites`, with values that stand for
    nothing where an answer has none. `origin` int32[N] numbers the reading that a row came with:
    order keys of one distinct id compare within it.
    """

    request: Int32s
    who: Int32s
    origin: Int32s
    at: Int64s
    order: Int32s
    value: Int64s
    known: Bools
    source: Int64s
    kind: Int8s

    def __len__(self) -> int:
        return len(self.at)

    def taken(self, places: Int64s | Bools | slice) -> Self:
        """The rows at these places."""
        return self._each(lambda column: column[places])

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts (there is at least one), one after the other."""
        columns = zip(*(part.columns for part in parts), strict=True)
        return cls(*map(np.concatenate, columns))

    @property
    def columns(self) -> tuple[NDArray[Any], ...]:
        """The columns in the order of the fields."""
        return tuple(getattr(self, one.name) for one in fields(self))

    def _each(self, change: Callable[[NDArray[Any]], NDArray[Any]]) -> Self:
        return type(self)(*map(change, self.columns))


NO_ROWS: Final = Rows(
    request=np.empty(0, np.int32),
    who=np.empty(0, np.int32),
    origin=np.empty(0, np.int32),
    at=np.empty(0, np.int64),
    order=np.empty(0, np.int32),
    value=np.empty(0, np.int64),
    known=np.empty(0, np.bool_),
    source=np.empty(0, np.int64),
    kind=np.empty(0, np.int8),
)


def rows_of(number: int, answer: Answer, whos: Int32s, origin: int) -> Rows:
    """An answer about the distinct ids `whos` as rows of the request with this number."""
    one = answer.writes if isinstance(answer, TraitWrites) else answer
    size = len(one)
    return Rows(
        np.full(size, number, np.int32),
        np.repeat(whos, np.diff(one.offsets)),
        np.full(size, origin, np.int32),
        one.at,
        _or(one.order, size, UNTIED, np.int32),
        _or(one.value, size, 0, np.int64),
        _or(one.known, size, True, np.bool_),
        _or(one.source, size, -1, np.int64),
        _or(answer.kind if isinstance(answer, TraitWrites) else None, size, 0, np.int8),
    )


@dataclass(frozen=True, slots=True)
class Run:
    """Rows by distinct id: those of `whos[i]` (int32[U], ascending) are
    `offsets[i]:offsets[i + 1]`, earlier readings first; `first_seen` int64[U]."""

    whos: Int32s
    first_seen: Int64s
    offsets: Int64s
    rows: Rows

    def __len__(self) -> int:
        return len(self.rows)

    def without(self, whos: Int32s) -> Run:
        """What is left without these distinct ids."""
        kept = ~np.isin(self.whos, whos)
        rows = self.rows.taken(np.repeat(kept, np.diff(self.offsets)))
        return _run(self.whos[kept], self.first_seen[kept], rows)

    def forgetting(self, numbers: Sequence[int]) -> Run:
        """What is left without the answers to the requests with these numbers."""
        rows = self.rows.taken(~np.isin(self.rows.request, numbers))
        return _run(self.whos, self.first_seen, rows)

    def since(self, origin: int, base: Part, gone: Int32s) -> Run:
        """What came with this reading or later ones, where `base` holds everything earlier, but of
        the distinct ids `gone`."""
        rows = self.rows.taken(self.rows.origin >= origin)
        seen = base.log.first_seen < FOREVER
        whos, known = base.whos[seen], base.log.first_seen[seen]
        place = np.searchsorted(whos, self.whos)
        there = place < len(whos)
        there[there] = known[place[there]] <= self.first_seen[there]
        there[there] = whos[place[there]] == self.whos[there]
        there &= ~np.isin(self.whos, gone)
        kept = ~there | np.isin(self.whos, rows.who)
        return _run(self.whos[kept], self.first_seen[kept], rows)


def run_of(part: Part, numbers: Mapping[Request | TraitRequest, int], origin: int) -> Run:
    """A part as a run. Raises `KeyError` where it leaves a numbered request without answer."""
    found = [(number, part.log.answers[request]) for request, number in numbers.items()]
    rows = [rows_of(number, answer, part.whos, origin) for number, answer in found if _size(answer)]
    seen = part.log.first_seen < FOREVER
    whos, first_seen = part.whos[seen], part.log.first_seen[seen]
    return _sorted_by_who(whos, first_seen, Rows.joined([NO_ROWS, *rows]))


def with_run(runs: tuple[Run, ...], run: Run) -> tuple[Run, ...]:
    """The runs with one more, the last ones merged so that they are few, as far as that is quick:
    see `loose` for the others."""
    while runs and _are_alike(runs[-1], run) and len(runs[-1]) + len(run) <= _AT_ONCE:
        run = merged((runs[-1], run))
        runs = runs[:-1]
    return (*runs, run)


def loose(runs: tuple[Run, ...]) -> tuple[Run, ...]:
    """Neighbours among the runs that would better be one, as each is to be much longer than the
    next; none where all are. The last run is left alone: it grows."""
    for last in range(len(runs) - 2, 0, -1):
        first, size = last, len(runs[last])
        while first > 0 and len(runs[first - 1]) <= _MERGING * size:
            first -= 1
            size += len(runs[first])
        if first < last:
            return runs[first : last + 1]
    return ()


def tidied(runs: tuple[Run, ...], neighbours: tuple[Run, ...], one: Run) -> tuple[Run, ...]:
    """The runs with one in place of these neighbours, where they still stand there."""
    for place in range(len(runs) - len(neighbours) + 1):
        there = runs[place : place + len(neighbours)]
        if all(is_there is was for is_there, was in zip(there, neighbours, strict=True)):
            return (*runs[:place], one, *runs[place + len(neighbours) :])
    return runs


def merged(runs: Sequence[Run]) -> Run:
    """Runs (at least one), the earlier ones first, as one."""
    every = np.concatenate([run.whos for run in runs])
    whos, place = np.unique(every, return_inverse=True)
    first_seen = np.full(len(whos), FOREVER, np.int64)
    np.minimum.at(first_seen, place, np.concatenate([run.first_seen for run in runs]))
    return _sorted_by_who(whos, first_seen, Rows.joined([run.rows for run in runs]))


def _are_alike(earlier: Run, later: Run) -> bool:
    return len(earlier) <= _MERGING * len(later)


def _sorted_by_who(whos: Int32s, first_seen: Int64s, rows: Rows) -> Run:
    return _run(whos, first_seen, rows.taken(np.argsort(rows.who, kind="stable")))


def _run(whos: Int32s, first_seen: Int64s, rows: Rows) -> Run:
    """A run of rows that are sorted by distinct id."""
    offsets = np.searchsorted(rows.who, whos, "left")
    return Run(whos, first_seen, np.append(offsets, len(rows)), rows)


def _size(answer: Answer) -> int:
    return len(answer.writes if isinstance(answer, TraitWrites) else answer)


def _or(column: NDArray[S] | None, size: int, default: int | bool, kind: type[S]) -> NDArray[S]:
    """A column, or one of the default where there is none."""
    return np.full(size, default, kind) if column is None else column
