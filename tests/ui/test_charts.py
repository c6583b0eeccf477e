"""Where the parts of a chart stand, and the table that says the same."""

import datetime as dt

import pytest

from segue.domain.instant import HOUR
from segue.ui.charts import (
    COUNT,
    DIFFERENCE,
    SHARE,
    Bar,
    Series,
    bars,
    columns,
    estimates,
    over_days,
    over_time,
)
from segue.ui.pages import prepare


def days(count: int) -> list[dt.date]:
    return [dt.date(2026, 11, 22) - dt.timedelta(days=back) for back in range(count - 1, -1, -1)]


def ticks(chart: object) -> list[str]:
    """What stands below the axis."""
    return [one.text for one in chart.texts if one.y > 200]  # type: ignore[attr-defined]


@pytest.mark.parametrize("count", [1, 2, 7, 28, 90, 366])
def test_days_have_few_names_below(count: int) -> None:
    """At most seven, so that they fit on a phone; every day is a row of the table, latest first."""
    chart = over_days(days(count), [Series("People", list(range(count)))])

    assert len(ticks(chart)) <= 7
    assert len(chart.rows) == chart.steps == count
    assert chart.rows[0] == ("2026-11-22", f"{count - 1}")
    assert all(0 <= one.x <= 100 for one in chart.texts)


def test_hours_are_those_of_the_zone_also_when_clocks_change() -> None:
    """On the night of 25 October 2026 Berlin had one hour twice."""
    first = int(dt.datetime(2026, 10, 24, 22, tzinfo=dt.UTC).timestamp() * 1000)
    chart = over_time([first, first + 24 * HOUR], [Series("Events", [1, 2])], zone="Europe/Berlin")

    assert ticks(chart)[0] == "25 Oct"
    assert chart.rows[1][0] == "Sun 25 Oct 2026, 00:00"


def test_what_is_not_known_is_a_gap() -> None:
    """In the line and in its band; a value without neighbours is a dot."""
    gap = Series(
        "Rate", [0.1, None, 0.3, 0.4], lows=[0, None, 0.2, 0.3], highs=[0.2, None, 0.4, 0.5]
    )
    chart = over_days(days(4), [gap], unit=SHARE)
    band, line = chart.paths

    assert (band.d.count("M"), line.d.count("M")) == (2, 2)
    assert len(chart.dots) == 1
    assert chart.head == ("When", "Rate", "from", "to")
    assert chart.rows[2] == ("2026-11-20", "–", "–", "–")
    assert chart.rows[0] == ("2026-11-22", "40 %", "30 %", "50 %")


def test_columns_stand_upon_each_other_and_hang_below() -> None:
    chart = columns(
        days(1), [Series("New", [3]), Series("Back", [2]), Series("Left", [-4])], unit=COUNT
    )
    new, back, left = chart.rects

    assert back.y + back.height == pytest.approx(new.y)
    assert left.y == pytest.approx(new.y + new.height)
    assert left.says == "2026-11-22: Left −4"
    assert [name for _, name in chart.legend] == ["New", "Back", "Left"]


@pytest.mark.parametrize(
    ("low", "high", "mark"), [(0.1, 0.2, "better"), (-0.2, -0.1, "worse"), (-0.1, 0.1, "open")]
)
def test_an_estimate_is_coloured_only_where_nothing_lies_outside(
    low: float, high: float, mark: str
) -> None:
    chart = estimates([Bar("One", (low + high) / 2, low, high)], unit=DIFFERENCE)

    assert chart.dots[0].mark == mark
    assert min(one.x1 for one in chart.rules) >= 0
    assert max(one.x2 for one in chart.rules) <= 100


def test_a_bar_that_cannot_be_told_says_why() -> None:
    chart = bars([Bar("Paying", 12), Bar("Gone", None, note="cannot tell yet")], names="Stage")

    assert [one.mark for one in chart.rects] == ["track", "s1"]
    assert chart.rows == (("Paying", "12", ""), ("Gone", "–", "cannot tell yet"))


def test_every_template_compiles() -> None:
    prepare()
