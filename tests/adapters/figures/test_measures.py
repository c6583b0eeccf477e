"""The figures of measures: what they show is what was measured."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

import segue
from segue.insight.growth import Growth
from segue.insight.retention import Cell, Return
from segue.insight.shares import Share
from segue.insight.standing import Standing


def _standing(count: int, of: int, rest: tuple[int, int] | None = (10, 100)) -> Standing:
    return Standing.measured(
        Share.measured(count, of), None if rest is None else Share.measured(*rest), None
    )


def test_segments_stand_by_their_conversion_with_intervals() -> None:
    """The highest at the top; who nobody entered is left out."""
    standings = {"A": _standing(30, 100), "B": _standing(50, 100, None), "C": _standing(0, 0)}

    they, rest = segue.figures.conversion_by_segment(standings).data

    assert list(zip(they.y, they.x, strict=True)) == [("A", 0.3), ("B", 0.5)]
    assert np.array(they.error_x.array) + they.x == pytest.approx([0.396, 0.596], abs=0.001)
    assert list(rest.y) == ["A"]


@pytest.mark.parametrize("kind", [Return.ON, Return.FROM])
def test_who_comes_back_is_drawn_by_days(kind: Return) -> None:
    cells = {Cell(kind, day, day): _standing(40 - day, 100) for day in (1, 7, 14)}
    cells[Cell(kind, 28, 28)] = _standing(0, 0)
    cells[Cell(Return.WITHIN, 1, 7)] = _standing(1, 2)

    lines = [one for one in segue.figures.retention_curve(cells, kind).data if one.name]

    assert [one.name for one in lines] == ["They", "Everybody else"]
    assert list(lines[0].x) == [1, 7, 14]
    assert list(lines[0].y) == pytest.approx([0.39, 0.33, 0.26])


def test_growth_adds_up_in_the_figure() -> None:
    weeks = [Growth(10, 3, 1, 2, 12), Growth(12, 0, 2, 5, 9)]

    *parts, there = segue.figures.growth_by_week(weeks).data

    change = np.sum([one.y for one in parts], axis=0)
    assert change.tolist() == [2, -3]
    assert list(there.y) == [12, 9]


def test_sizes_have_a_line_for_each_segment() -> None:
    days = [dt.date(2026, 5, day) for day in (1, 2)]

    one, other = segue.figures.sizes_over_time(days, {"A": [1, 2], "B": [3, 3]}).data

    assert (one.name, list(one.y), list(other.y)) == ("A", [1, 2], [3, 3])
