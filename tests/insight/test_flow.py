"""Comings and goings, and how late somebody is who looks now and then."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.instant import FOREVER
from segue.insight.flow import Flow
from segue.insight.lateness import Lateness
from segue.timeline.spans import Spans


def _spans(*people: list[tuple[int, int]]) -> Spans:
    counts = np.cumsum([0, *map(len, people)])
    every = [span for spans in people for span in spans]
    return Spans(
        counts.astype(np.int64),
        np.array([start for start, _ in every], np.int64),
        np.array([end for _, end in every], np.int64),
    )


STAYS = st.lists(
    st.lists(st.integers(0, 40), max_size=6, unique=True).map(
        lambda cuts: list(zip(*[iter(sorted(cuts))] * 2, strict=False))
    ),
    max_size=5,
)


@given(STAYS, st.lists(st.integers(0, 45), min_size=2, max_size=6, unique=True).map(sorted))
def test_a_flow_counts_what_a_reader_of_the_spans_would(
    people: list[list[tuple[int, int]]], limits: list[int]
) -> None:
    """Starts and ends in `(limits[i], limits[i + 1]]`, and who is inside at the end of each."""
    flow = Flow.measured(_spans(*people), np.array(limits, np.int64))
    every = [span for spans in people for span in spans]

    for place, (low, high) in enumerate(pairwise(limits)):
        assert flow.entered[place] == sum(low < start <= high for start, _ in every)
        assert flow.left[place] == sum(low < end <= high for _, end in every)
        assert flow.size[place] == sum(start <= high < end for start, end in every)
    assert flow.before == sum(start <= limits[0] < end for start, end in every)


def test_what_comes_and_goes_adds_up() -> None:
    """The size grows by who enters and shrinks by who leaves."""
    spans = _spans([(1, 5), (7, FOREVER)], [(2, 3)], [])

    flow = Flow.measured(spans, np.array([0, 2, 4, 8], np.int64))

    assert flow.before + np.cumsum(flow.entered - flow.left) == pytest.approx(flow.size)


LOOKS = np.array([10, 20, 30], np.int64)
CASES = [
    ("at the very look", [(10, 12)], (0, 1), 0, 0),
    ("before it", [(7, 12)], (0, 1), 3, 3),
    ("over before the look", [(11, 20)], (1, 1), None, None),
    ("over just after", [(11, 21)], (0, 1), 9, 9),
    ("after the last look: nobody knows yet", [(31, 90)], (0, 0), None, None),
    ("several", [(11, 90), (15, 90), (19, 90), (12, 13)], (1, 4), 5, 9),
]


@pytest.mark.parametrize(
    ("stays", "never", "median", "slow"), [c[1:] for c in CASES], ids=[c[0] for c in CASES]
)
def test_a_job_knows_what_is_still_there_when_it_looks(
    stays: list[tuple[int, int]], never: tuple[int, int], median: int | None, slow: int | None
) -> None:
    """The first look that is not before the entry counts."""
    start, end = (np.array(side, np.int64) for side in zip(*stays, strict=True))

    found = Lateness.measured(start, end, LOOKS)

    assert (found.never.count, found.never.of) == never
    assert (found.median, found.slow) == (median, slow)


def test_nobody_entered() -> None:
    """Nothing can be said of nothing."""
    none = np.empty(0, np.int64)

    assert Lateness.measured(none, none, LOOKS).never.value is None
