"""Exact integer arithmetic on arrays: 64 bits where they suffice, Python integers elsewhere.

Money and thresholds meet at equality all the time, so nothing here ever rounds: where a bound on
the magnitude shows that 64 bits hold the result, NumPy computes it; otherwise the same operation
runs on arrays of Python integers (dtype object), slower and as exact.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from segue.language.tree import Comparison
from segue.timeline.log import Bools, Int64s

Integers: TypeAlias = NDArray[Any]
"""int64, or object holding Python integers where 64 bits do not suffice."""

_SAFE: Final = 2.0**62
_OPERATORS: Final[dict[Comparison, Callable[[Any, Any], Any]]] = {
    Comparison.EQ: operator.eq,
    Comparison.NE: operator.ne,
    Comparison.LT: operator.lt,
    Comparison.LE: operator.le,
    Comparison.GT: operator.gt,
    Comparison.GE: operator.ge,
}


def compare(left: Integers, comparison: Comparison, right: Integers | int) -> Bools:
    """Compare elementwise."""
    return np.asarray(_OPERATORS[comparison](left, right), np.bool_)


def product(factors: Sequence[Integers | int]) -> Integers:
    """Multiply arrays and numbers elementwise, exactly."""
    bound = 1.0
    for factor in factors:
        bound *= max(1.0, _magnitude(factor))
    exact: Any = np.int64(1) if bound < _SAFE else 1
    for factor in factors:
        exact = exact * (factor if bound < _SAFE else _as_objects(factor))
    return np.asarray(exact)


def prefix_sums(values: Int64s) -> Integers:
    """Sums of the first i values for i = 0 … N, dtype as exactness demands."""
    if float(np.abs(values.astype(np.float64)).sum()) < _SAFE:
        return np.concatenate(([np.int64(0)], np.cumsum(values)))
    sums = np.zeros(len(values) + 1, object)
    np.add.accumulate(values.astype(object), out=sums[1:])
    return sums


def _magnitude(factor: Integers | int) -> float:
    if isinstance(factor, int):
        return float(abs(factor))
    if not len(factor):
        return 0.0
    if factor.dtype == object:
        return float(max(abs(int(factor.max())), abs(int(factor.min()))))
    return max(abs(float(factor.max())), abs(float(factor.min())))


def _as_objects(factor: Integers | int) -> Integers | int:
    return factor if isinstance(factor, int) else factor.astype(object)
