"""Features of behaviour against a naive count, and thresholds that people can read."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.instant import DAY, FOREVER, HOUR, WEEK
from segue.insight.features import (
    Asked,
    Deed,
    active_days,
    active_weeks,
    breadth,
    frequency,
    opposite,
    part,
    recency,
    roundest,
    stage,
    total,
)
from segue.language.text import to_text
from segue.language.tree import EventPattern, Name
from segue.timeline.log import Occurrences

ANY = EventPattern()
AT = 100 * DAY
WINDOW = 5 * WEEK

instants = st.lists(st.integers(0, 120 * DAY), max_size=12).map(sorted)
logs = st.lists(instants, min_size=1, max_size=5)


def _rows(log: list[list[int]], values: list[int] | None = None) -> Occurrences:
    offsets = np.concatenate(([0], np.cumsum([len(one) for one in log])))
    at = np.array([t for one in log for t in one], np.int64)
    return Occurrences(offsets, at, value=None if values is None else np.array(values, np.int64))


def _asked(log: list[list[int]]) -> Asked:
    return Asked(np.arange(len(log)), np.full(len(log), AT), WINDOW)


def _inside(one: list[int]) -> list[int]:
    return [t for t in one if AT - WINDOW < t <= AT]


@given(logs)
def test_features_count_what_lies_in_the_window(log: list[list[int]]) -> None:
    """After `at - window`, up to `at`; nothing later."""
    asked, deed = _asked(log), Deed("x", ANY, _rows(log))
    day = deed.occurred.at // DAY

    assert frequency(asked, deed).top.tolist() == [len(_inside(one)) for one in log]
    assert active_days(asked, deed, day).top.tolist() == [
        len({t // DAY for t in _inside(one)}) for one in log
    ]
    assert active_weeks(asked, deed).top.tolist() == [
        len({(AT - t) // WEEK for t in _inside(one)}) for one in log
    ]
    assert recency(asked, deed).top.tolist() == [
        max((t for t in one if t <= AT), default=AT - FOREVER) - AT for one in log
    ]


@given(logs, logs)
def test_breadth_counts_different_things(one: list[list[int]], other: list[list[int]]) -> None:
    """Each thing once, however often it was done."""
    people = min(len(one), len(other))
    one, other = one[:people], other[:people]
    found = breadth(_asked(one), [Deed("x", ANY, _rows(one)), Deed("y", ANY, _rows(other))])

    assert found.top.tolist() == [
        bool(_inside(a)) + bool(_inside(b)) for a, b in zip(one, other, strict=True)
    ]


@given(logs)
def test_sums_are_exact(log: list[list[int]]) -> None:
    """Of the values in the window, in millionths."""
    rows = _rows(log, [7 * place for place in range(sum(map(len, log)))])
    found = total(_asked(log), Deed("x", ANY, rows), ("price",), rows)
    values = iter(range(0, 7 * len(rows.at), 7))
    expected = [
        sum(v for t in one if (v := next(values)) >= 0 and t in _inside(one)) for one in log
    ]

    assert found.top.tolist() == expected


def test_a_part_of_nothing_has_no_value() -> None:
    """Who did nothing has no mix."""
    with pytest.raises(ValueError, match="part of nothing"):
        part(_asked([[]]), Deed("x", ANY, _rows([[]])), Deed("all", ANY, _rows([[]])))


ROUND = [
    (3.0, 9.0, 1, "5"),
    (3.0, 4.0, 1, "4"),
    (17.0, 23.0, 1, "20"),
    (1234.0, 1300.0, 1, "1300"),
    (26.4, 27.3, 1, "27"),
    (26.4, 26.6, 1, "26"),
    (0.2, 0.24, 0.1, "0.2"),
    (-1.0, 0.4, 1, "0"),
]


@pytest.mark.parametrize(("low", "high", "finest", "expected"), ROUND)
def test_thresholds_are_round(low: float, high: float, finest: float, expected: str) -> None:
    """Between the two where something round is, else the nearest to their middle."""
    assert roundest(low, high, finest) == Decimal(expected)


def _name(name: str) -> EventPattern:
    return EventPattern((Name(name, True),))


def test_features_are_written_in_the_language() -> None:
    """Each with its opposite, both readable."""
    log = [[AT - 3 * DAY, AT - HOUR]]
    asked, deed = _asked(log), Deed("look", _name("look"), _rows(log))
    whole = Deed("activity", ANY, _rows(log))
    written = {
        frequency(asked, deed): (4, '"look" at least 4 times within 35 days'),
        active_days(asked, deed, deed.occurred.at // DAY): (
            2,
            '"look" on at least 2 days within 35 days',
        ),
        active_weeks(asked, whole): (3, "any in at least 3 of the last 5 weeks"),
        recency(asked, whole): (1 - 2 * DAY, "any within 2 days"),
        breadth(asked, [deed, whole]): (2, 'at least 2 of ("look", any) within 35 days'),
        part(asked, deed, whole): (
            40,
            'count("look") within 35 days >= 40% of count(any) within 35 days',
        ),
        stage(np.zeros(1, np.int64), ["journey.a", "journey.b"]): (1, "in journey.b"),
    }

    for feature, (threshold, text) in written.items():
        said = to_text(feature.writing.condition(Decimal(threshold)))
        assert said.removeprefix("did ").replace("active on", "any on") == text
        assert to_text(opposite(feature.writing.condition(Decimal(threshold)))) != said
