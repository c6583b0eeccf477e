"""Numbers, instants and lengths of time as they are said."""

import pytest

from segue.domain.instant import DAY, HOUR, MINUTE, SECOND, parse_instant
from segue.services import words

T = parse_instant("2026-06-30T21:30:05Z")


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.people(1), "1 person"),
        (words.people(12_345), "12,345 people"),
        (words.counted(1, "row"), "1 row"),
        (words.counted(0, "row"), "0 rows"),
        *(
            (words.per_cent(share), said)
            for share, said in (
                (0, "0 %"),
                (0.0004, "<0.1 %"),
                (0.004, "0.4 %"),
                (0.123, "12.3 %"),
                (0.4, "40 %"),
                (1 / 3, "33.3 %"),
                (0.39996, "40 %"),
                (0.9996, ">99.9 %"),
                (1, "100 %"),
                (1.6667, "166.7 %"),
            )
        ),
        (words.percent(0), "0.0%"),
        (words.percent(0.0004), "<0.1%"),
        (words.percent(0.123), "12.3%"),
        (words.percent(0.9996), ">99.9%"),
        (words.percent(1), "100.0%"),
        (words.moment(T, "UTC"), "Tue 30 Jun 2026, 21:30"),
        (words.moment(T, "Europe/Berlin"), "Tue 30 Jun 2026, 23:30"),
        (words.day(T, "Pacific/Auckland"), "1 Jul 2026"),
        (words.duration(0), "less than a second"),
        (words.duration(59 * SECOND), "59 seconds"),
        (words.duration(2 * HOUR + 3 * MINUTE + 59 * SECOND), "2 hours 3 minutes"),
        (words.duration(3 * DAY + 5 * MINUTE), "3 days"),
        (words.duration(DAY + HOUR), "1 day 1 hour"),
        (words.horizon(DAY), "24 hours"),
        (words.horizon(7 * DAY), "7 days"),
        (words.distance(T, T), "now"),
        (words.distance(T + HOUR, T), "in 1 hour"),
        (words.distance(T - DAY, T), "1 day ago"),
        (words.sparkline((0, 0, 0)), "▁▁▁"),
        (words.sparkline((0, 7, 14)), "▁▅█"),
        (words.bar(0, 8), ""),
        (words.bar(0.5, 8), "████"),
        (words.bar(1, 8), "████████"),
        (words.bar(0.00001, 8), "▏"),
        (words.listed(("a", "b"), 2), "a, b"),
        (words.listed(("a", "b", "c"), 2), "a, b and 1 more"),
    ],
)
def test_said(said: str, expected: str) -> None:
    """Rounded down, never to nothing, never past what it is."""
    assert said == expected
