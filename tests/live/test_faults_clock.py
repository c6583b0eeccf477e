"""A clock that is set back while events arrive: nothing published is wrong, nothing spins."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.loop import Loop
from segue.domain.instant import DAY, HOUR, SECOND, parse_instant
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.services.live.feed import Feed
from segue.services.live.intake import Batch
from segue.services.live.live import Live
from tests.live.driver import Drive

NOON = parse_instant("2026-05-03T12:00:00Z")
PROJECT = """\
project: clocks
segments:
  looking: {when: did look within 10 seconds}
"""


class SetBack(Drive):
    """A world whose clock is set back now and then, and is right again only much later."""

    def arrive(self, events) -> None:
        if self.rng.random() < 0.3:
            self.now -= self.rng.choice((1, SECOND, HOUR, HOUR, 30 * DAY))
        super().arrive(events)

    def pass_time_to(self, then: int) -> None:
        if then > self.live.ticked_at > self.now and self.rng.random() < 0.7:
            self.turn()
        else:
            super().pass_time_to(then)


@pytest.mark.parametrize("seed", range(12))
def test_what_is_published_is_still_the_history(seed: int, tmp_path: Path) -> None:
    drive = SetBack(seed, tmp_path / "set_back.duckdb", quantiles=seed % 2 == 0)
    try:
        drive.run()
    finally:
        drive.end()


class Clock:
    """A clock that a test sets; it counts how often it is asked."""

    def __init__(self) -> None:
        self.now, self.asked = NOON, 0

    def __call__(self) -> int:
        self.asked += 1
        return self.now


@contextmanager
def _turning(path: Path, clock: Clock) -> Iterator[tuple[Live, DuckDBStore, threading.Event]]:
    """A loop at work by that clock; the event is set at each turn."""
    store = DuckDBStore.open(path)
    live, turned = Live.begin(store, resolve(project_from(PROJECT)), clock()), threading.Event()
    loop = Loop(live, clock, Feed(0), turned=lambda _: turned.set())
    loop.start()
    try:
        yield live, store, turned
    finally:
        loop.stop()
        store.close()


def _look(live: Live, number: int, now: int) -> None:
    """Somebody looks now; waits until that is durable."""
    batch = Batch(["ana"], ["look"], [now], [f"e{number}"], [None], ["{}"], now)
    assert live.submit(batch).result(timeout=60).events == 1


def test_the_loop_goes_on_by_the_later_time(tmp_path: Path) -> None:
    """An event of the hour that comes again is stored and evaluated at the last turn's instant."""
    clock = Clock()
    with _turning(tmp_path / "segue.duckdb", clock) as (live, store, _):
        _look(live, 1, clock.now)
        clock.now -= HOUR
        _look(live, 2, clock.now)

        assert live.ticked_at == NOON
        assert live.health().ready
        found = [(one.boundary, one.at, one.known_at) for one in store.transitions()]
    # What happened in the hour that came again is in the past of the last turn: a correction.
    assert found == [
        ("entered", NOON, NOON),
        ("entered", NOON - HOUR, NOON),
        ("left", NOON - HOUR + 10 * SECOND, NOON),
    ]


def test_the_loop_sleeps_while_the_clock_is_behind(tmp_path: Path) -> None:
    """Somebody is due, but not yet by the clock: it waits, and does not ask again and again."""
    clock = Clock()
    with _turning(tmp_path / "segue.duckdb", clock) as (live, _, _):
        _look(live, 1, clock.now)
        clock.now -= HOUR
        _look(live, 2, clock.now)
        asked = clock.asked
        for number in range(3, 13):
            _look(live, number, clock.now)

        assert live.next_due() == NOON + 10 * SECOND
        assert clock.asked - asked <= 60


def test_who_is_due_leaves_when_the_clock_is_there_again(tmp_path: Path) -> None:
    clock = Clock()
    with _turning(tmp_path / "segue.duckdb", clock) as (live, store, turned):
        _look(live, 1, clock.now)
        clock.now -= HOUR
        _look(live, 2, clock.now)
        clock.now = NOON + 10 * SECOND
        live.intake.woken()

        while live.ticked_at < clock.now:  # the turn before may be told of only now
            assert turned.wait(60)
            turned.clear()
        assert store.transitions()[-1].at == NOON + 10 * SECOND
        assert not live.standing("ana").memberships


def test_a_service_that_starts_with_a_clock_set_back(tmp_path: Path) -> None:
    """It takes up where the last turn ended, and publishes nothing before it."""
    clock = Clock()
    with _turning(tmp_path / "segue.duckdb", clock) as (live, _, _):
        _look(live, 1, clock.now)
    clock.now -= HOUR
    with _turning(tmp_path / "segue.duckdb", clock) as (live, store, _):
        _look(live, 2, clock.now)

        assert live.ticked_at == NOON
        assert {one.known_at for one in store.transitions()} == {NOON}
