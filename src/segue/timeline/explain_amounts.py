"""Explaining amounts: what they are, what they are measured against, and what they lack."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Final

import numpy as np

from segue.language.tree import (
    AgeAmount,
    Amount,
    AmountIs,
    AmountVersus,
    Measure,
    Quantile,
    When,
)
from segue.timeline.evidence import References
from segue.timeline.explainer import Explainer, compares, moves
from segue.timeline.explanation import Because, Explanation, Missing
from segue.timeline.measures import MILLION, Steps


def amount_is(x: Explainer, node: AmountIs) -> Explanation:
    """An amount against a number."""
    value = _amount(x, node.amount, node.when)
    nothing = None if node.amount.measure in _VALUELESS else Fraction(0)
    evidence = _amount_evidence(x, node.amount, node.when)
    otherwise = nothing is not None and compares(0, node.comparison, node.value)
    place = None if moves(node.when, node.amount.happening) else x.place(node.when)
    missing = None if place is None else _lacking(node, value, place)
    because = Because.ABSENCE if otherwise else Because.EVENTS
    if otherwise and missing is None:
        because = Because.TIME
    return x.told(
        node,
        because,
        value=value,
        threshold=Fraction(node.value),
        unit="millionths",
        evidence=evidence,
        missing=missing,
        note="" if value is not None else "the amount has no value",
    )


def _lacking(node: AmountIs, value: Fraction | None, place: int) -> Missing | None:
    """What would flip the comparison of an amount; None where no single kind of event does."""
    happening, measure = node.amount.happening, node.amount.measure
    if value is None:
        return Missing(happening, 1, place) if measure in _VALUELESS else None
    if measure is Measure.SUM:
        return Missing(happening, 1, place, amount=node.value - value)
    if measure in _VALUELESS:
        return None
    holds = compares(value, node.comparison, node.value)
    short = (node.value - value) / MILLION
    for times in (math.ceil(short), math.floor(short) + 1):
        if times > 0 and compares(value + times * MILLION, node.comparison, node.value) != holds:
            unit = "values" if measure is Measure.DISTINCT else "times"
            return Missing(happening, times, place, unit)
    return None


_VALUELESS: Final = (Measure.AVG, Measure.MIN, Measure.MAX)


def amount_versus(x: Explainer, node: AmountVersus) -> Explanation:
    """An amount against a share of another."""
    left = _amount(x, node.left, node.left_when)
    right = _amount(x, node.right, node.right_when)
    share = Fraction(node.percent) / 100
    evidence = _amount_evidence(x, node.left, node.left_when) | _amount_evidence(
        x, node.right, node.right_when
    )
    valued = not {node.left.measure, node.right.measure} & set(_VALUELESS)
    otherwise = valued and compares(0, node.comparison, 0)
    return x.told(
        node,
        Because.TIME if otherwise else Because.EVENTS,
        value=left,
        threshold=None if right is None else right * share,
        unit="millionths",
        evidence=evidence,
    )


def quantile(x: Explainer, node: Quantile) -> Explanation:
    """An amount against the threshold of the latest grid instant."""
    limits = x.e.thresholds[node]
    index = int(np.searchsorted(limits.grid, x.at, "right")) - 1
    limit = None
    if index >= 0 and limits.exists[index]:
        limit = Fraction(int(limits.numerator[index]), int(limits.denominator[index]))
    age = isinstance(node.amount, AgeAmount)
    value = _amount(x, node.amount, node.when)
    return x.told(
        node,
        Because.EVENTS,
        # An age amount is a negated instant: as ages now, both are milliseconds.
        value=value + x.at if age and value is not None else value,
        threshold=limit + x.at if age and limit is not None else limit,
        unit="milliseconds" if age else "millionths",
        evidence=_amount_evidence(x, node.amount, node.when),
        note="" if limit is not None else "there is no threshold yet",
    )


def _amount(x: Explainer, amount: Amount | AgeAmount, when: When) -> Fraction | None:
    steps: Steps = x.e.amount(amount, when)
    index = int(np.searchsorted(steps.at, x.at, "right")) - 1
    if index < 0 or not steps.has[index]:
        return None
    return Fraction(int(steps.numerator[index]), int(steps.denominator[index]))


def _amount_evidence(x: Explainer, amount: Amount | AgeAmount, when: When) -> References:
    if isinstance(amount, AgeAmount):
        points = x.e.happenings(amount.happening, ordered=True)
        return x.behind(amount.happening, points, points.key <= x.at)
    points = x.e.measured(amount, ordered=True)
    inside = x.inside(points, when)
    return frozenset() if inside is None else x.behind(amount.happening, points, inside)
