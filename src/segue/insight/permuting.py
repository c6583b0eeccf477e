"""How large the largest of many deviations gets by chance alone.

The outcome is dealt out anew among people of the same stratum, again and again, and every test is
made on each dealing; a deviation counts only against the largest of all of them (max-T, Westfall
and Young 1993). So it holds whatever the tests have to do with each other. The successes of a
stratum stay as many, and what each test expects stays; all that changes is how many who did it
are among the successes: a product of sparse matrices.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from segue.insight.arrays import Bools, Floats, Int64s
from segue.insight.landmarks import Done

LEAST_ROUNDS: Final = 199
MOST_ROUNDS: Final = 999

_WORK: Final = 400_000_000
"""About so many people and deeds are dealt with in all; more people get fewer rounds."""
_AT_ONCE: Final = 2_000_000
_MANY: Final = 300
_WORKERS: Final = 4


@dataclass(frozen=True, slots=True)
class Dealing:
    """Tests of one population of N people in S strata: K actions, each at least 1 … C times.

    stratum: int64[N]; reached: bool[N]; done: of each action who did it, as places in the
    population. expected, spread: float64[K, C] the successes among those who did it that chance
    alone gives, and their standard deviation; tried: bool[K, C] the tests that are made.
    """

    stratum: Int64s
    reached: Bools
    done: Sequence[Done]
    expected: Floats
    spread: Floats
    tried: Bools


def rounds_for(dealings: Sequence[Dealing]) -> int:
    """How often dealing anew is affordable: `LEAST_ROUNDS` to `MOST_ROUNDS`."""
    work = sum(len(one.stratum) + sum(len(d.people) for d in one.done) for one in dealings)
    return int(np.clip(_WORK // max(work, 1), LEAST_ROUNDS, MOST_ROUNDS))


def largest_by_chance(dealings: Sequence[Dealing], rounds: int, chance: Generator) -> Floats:
    """The largest absolute deviation over all tests, in standard errors, of each round, float64.

    Populations are dealt independently of each other; as their tests go along with each other, that
    makes the largest rather too large than too small.
    """
    own = chance.spawn(len(dealings))
    with ThreadPoolExecutor(_WORKERS) as pool:
        found = pool.map(lambda one, its: _largest(one, rounds, its), dealings, own)
        return np.asarray(np.max([np.zeros(rounds), *found], axis=0))


def _largest(one: Dealing, rounds: int, chance: Generator) -> Floats:
    actions, most = one.tried.shape
    if not one.tried.any():
        return np.zeros(rounds)
    did = _matrix(one, most)
    # Successes are dealt where they are the fewer, else failures: they deviate the other way round.
    chosen = one.reached if one.reached.mean() <= 0.5 else ~one.reached
    expected = one.expected if one.reached.mean() <= 0.5 else _total(did, most) - one.expected
    tried = np.flatnonzero(one.tried)
    middle, spread = expected.ravel()[tried], one.spread.ravel()[tried]
    found = []
    for dealt in _dealt(one.stratum, chosen, rounds, chance):
        exactly = (dealt @ did).toarray().reshape(-1, actions, most)
        at_least = np.cumsum(exactly[:, :, ::-1], axis=2)[:, :, ::-1].reshape(len(exactly), -1)
        found.append(np.abs((at_least[:, tried] - middle) / spread).max(axis=1))
    return np.concatenate(found)


def _matrix(one: Dealing, most: int) -> Any:
    """A sparse matrix of people, those of a stratum side by side, by (action, how often exactly, at
    the end the most and beyond)."""
    from scipy.sparse import csr_array

    sizes = [len(d.people) for d in one.done]
    column = np.repeat(np.arange(len(sizes), dtype=np.int32) * most, sizes)
    none = [np.empty(0, np.int32)]
    column += np.minimum(np.concatenate([*none, *(d.times for d in one.done)]), most) - 1
    place = np.empty(len(one.stratum), np.int32)
    place[np.argsort(one.stratum, kind="stable")] = np.arange(len(place), dtype=np.int32)
    row = place[np.concatenate([*none, *(d.people for d in one.done)])]
    shape = (len(place), len(sizes) * most)
    return csr_array((np.ones(len(row), np.float32), (row, column)), shape=shape)


def _total(did: Any, most: int) -> Floats:
    """How many did it at least so often, [K, C]."""
    exactly = np.asarray(did.sum(axis=0, dtype=np.float64)).reshape(-1, most)
    return np.asarray(np.cumsum(exactly[:, ::-1], axis=1)[:, ::-1])


def _dealt(stratum: Int64s, chosen: Bools, rounds: int, chance: Generator) -> Iterator[Any]:
    """Who is chosen instead, of each stratum as many as are chosen: sparse matrices of rounds by
    people (as in `_matrix`), together so many rounds."""
    from scipy.sparse import csr_array

    sizes = np.bincount(stratum)
    begins = np.cumsum(sizes) - sizes
    numbers = np.bincount(stratum, weights=chosen).astype(np.int64)
    each = int(numbers.sum())
    at_once = int(np.clip(_AT_ONCE // max(each, 1), 1, rounds))
    for first in range(0, rounds, at_once):
        several = min(at_once, rounds - first)
        drawn = [
            begin + _draws(int(size), int(number), several, chance)
            for begin, size, number in zip(begins, sizes, numbers, strict=True)
        ]
        people = np.concatenate(drawn, axis=1, dtype=np.int32).ravel()
        starts = np.arange(several + 1, dtype=np.int32) * each
        ones = np.ones(len(people), np.float32)
        yield csr_array((ones, people, starts), shape=(several, len(stratum)))


def _draws(size: int, number: int, rounds: int, chance: Generator) -> NDArray[np.integer]:
    """So many of 0 … size - 1, drawn anew in each round, [rounds, number]."""
    if number in (0, size):
        return np.tile(np.arange(number), (rounds, 1))
    if size > _MANY:  # then whole shuffles cost more than single draws
        each = [chance.choice(size, number, replace=False, shuffle=False) for _ in range(rounds)]
        return np.stack(each)
    return chance.permuted(np.tile(np.arange(size), (rounds, 1)), axis=1)[:, :number]
