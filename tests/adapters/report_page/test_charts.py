"""The shapes of small charts: within their box, in proportion."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.adapters.report_page import charts


def share(value, low=None, high=None):
    return {"share": value, "range": None if low is None else [low, high]}


@pytest.mark.parametrize(
    ("highest", "expected"),
    [(0.04, 0.05), (0.12, 0.15), (0.25, 0.25), (0.31, 0.4), (0.9, 0.9), (0.93, 1.0), (1.0, 1.0)],
)
def test_a_scale_ends_at_a_round_share(highest: float, expected: float) -> None:
    found = charts.scale([share(0.01, 0.0, highest), share(None), None])

    assert found == pytest.approx(expected)
    assert charts.scale([]) == 1.0


def test_an_interval_lies_on_its_scale() -> None:
    drawn = charts.whisker(share(0.2, 0.1, 0.3), 0.4, share(0.4, 0.3, 0.5))

    inner = charts.WIDTH - 2 * charts.MARGIN
    assert drawn.low == charts.MARGIN + inner / 4
    assert drawn.dot == pytest.approx(charts.MARGIN + inner / 2)
    assert drawn.mark == pytest.approx(charts.WIDTH - charts.MARGIN)


@pytest.mark.parametrize("one", [None, share(None), share(0.2)])
def test_what_cannot_be_told_is_not_drawn(one) -> None:
    assert charts.whisker(one, 0.4) is None


@given(st.lists(st.integers(0, 10_000), min_size=2, max_size=80))
def test_a_line_stays_in_its_box(values: list[int]) -> None:
    drawn = charts.line(values)

    points = [tuple(map(float, one.split(","))) for one in drawn.points.split()]
    assert len(points) == len(values)
    assert all(0 <= x <= charts.WIDTH and 0 <= y <= charts.HEIGHT for x, y in points)
    assert (drawn.x, drawn.y) == pytest.approx(points[-1], abs=0.06)
    assert min(y for _, y in points) == points[values.index(max(values))][1]


def test_one_value_is_no_line() -> None:
    assert charts.line([3]) is None


places = st.tuples(st.integers(0, 5), st.integers(0, 5))


@given(st.dictionaries(places, st.integers(1, 10_000), min_size=1, max_size=20))
def test_a_flow_conserves_people_and_fits(links: dict[tuple[int, int], int]) -> None:
    names = [f"n{place}" for place in range(6)]
    drawn = charts.flow([(*pair, people) for pair, people in links.items()], names, names)

    people = sum(links.values())
    for column in (drawn.before, drawn.after):
        assert sum(node.people for node in column) == people
        assert column[-1].y + column[-1].height <= charts.FLOW_HEIGHT + 1e-6
        for above, below in pairwise(column):
            assert above.y + above.height < below.y
    assert len(drawn.streams) == len(links)
    numbers = [float(one) for stream in drawn.streams for one in re.findall(r"[\d.]+", stream.path)]
    assert max(numbers) <= charts.FLOW_WIDTH


def test_nobody_flows_nowhere() -> None:
    assert charts.flow([], ["a"], ["a"]) == charts.Flow((), (), ())
