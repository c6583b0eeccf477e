"""What is taken in, for whoever watches: nothing is kept while nobody does."""

import pyarrow as pa
import pytest

from segue.domain.live import Boundary, Cause, Transition
from segue.services.live.tap import RATED, RECENT, Seen, Tap, Wanted
from segue.services.live.told import Told

EVERYTHING = Wanted()


def events(*rows: tuple[str, str], at: int = 0) -> pa.Table:
    """Events of people, by id and name."""
    return pa.table(
        {
            "distinct_id": [who for who, _ in rows],
            "event": [what for _, what in rows],
            "occurred_at": pa.array([at + place for place in range(len(rows))], pa.int64()),
            "properties": ["{}"] * len(rows),
        }
    )


def test_the_latest_come_first_and_the_rest_is_counted() -> None:
    tap = Tap()
    with tap.watched() as upto:
        tap.took(events(("a", "look"), ("b", "look")), 0)
        tap.took(events(("c", "buy"), at=10), 0)
        came = tap.since(upto, EVERYTHING, 2)
        assert came.events == (Seen("c", "buy", 10, "{}"), Seen("b", "look", 1, "{}"))
        assert came.count == 3
        assert tap.since(came.upto, EVERYTHING, 2).count == 0


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(names=("buy",)), ["c", "a"]),
        (Wanted(ids=("a", "b")), ["a", "b", "a"]),
        (Wanted(names=("buy",), ids=("a",)), ["a"]),
        (Wanted(names=("sleep",)), []),
    ],
)
def test_only_what_is_wanted(wanted: Wanted, found: list[str]) -> None:
    tap = Tap()
    with tap.watched() as upto:
        tap.took(events(("a", "look"), ("b", "look"), ("a", "buy")), 0)
        tap.took(events(("c", "buy")), 0)
        came = tap.since(upto, wanted, 10)
    assert [one.distinct_id for one in came.events] == found
    assert came.count == len(found)


def test_nothing_is_kept_while_nobody_watches() -> None:
    tap = Tap()
    tap.took(events(("a", "look")), 0)
    with tap.watched() as upto:
        assert upto == 1
        tap.took(events(("b", "look")), 0)
    assert tap.since(0, EVERYTHING, 10).events == ()
    assert tap.total == 2


def test_who_is_erased_is_forgotten() -> None:
    tap = Tap()
    with tap.watched() as upto:
        tap.took(events(("a", "look")), 0)
        tap.forget()
        assert tap.since(upto, EVERYTHING, 10).events == ()


def test_only_so_many_are_kept_and_all_are_counted() -> None:
    tap = Tap()
    many = events(*[("a", "look")] * 1_000)
    with tap.watched() as upto:
        for _ in range(3 * RECENT // 1_000):
            tap.took(many, 0)
        assert tap.since(upto, EVERYTHING, 5).count == 3 * RECENT
        assert tap.since(upto, Wanted(names=("look",)), 5).count == RECENT


def test_a_rate_is_that_of_the_last_whole_seconds() -> None:
    tap = Tap()
    for second in range(5):
        tap.took(events(*[("a", "look")] * 20), 1_000 * second)
    assert tap.rate(5_000) == 100 / RATED
    assert tap.rate(1_000_000) == 0


def test_transitions_are_made_only_as_far_as_somebody_looks() -> None:
    asked: list[tuple[int, int]] = []

    def make(start: int, stop: int) -> list[Transition]:
        asked.append((start, stop))
        return [
            Transition(one, "s", 1, "a", Boundary.ENTERED, 0, 0, Cause.EVENT)
            for one in range(start, stop)
        ]

    told = Told(10, make)
    assert [one.id for one in told[8:]] == [8, 9]
    assert [one.id for one in told[-1:12]] == [9]
    assert [one.id for one in told[::5]] == [0, 5]
    assert told[3].id == 3
    assert asked == [(8, 10), (9, 10), (0, 10)]
