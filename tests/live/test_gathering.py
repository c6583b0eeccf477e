"""What comes at the same time goes into the same turn; what comes alone does not wait."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from segue.bootstrap.loop import Loop
from segue.services.live.answers import Turned
from segue.services.live.feed import Feed
from segue.services.live.intake import Batch, Intake, Receipt
from segue.services.live.live import Live

TURN = 1.0
"""Seconds: long against what a busy machine takes for handing over a few batches."""


class Slow:
    """A live service whose turns take their time and do nothing."""

    def __init__(self) -> None:
        self.intake, self.ticked_at, self.turns = Intake(), 0, list[int]()

    def turn(self, now: int) -> Turned:
        batches = self.intake.take()
        if batches:
            time.sleep(TURN)
            self.turns.append(len(batches))
        for one in batches:
            one.stored.set_result(Receipt(len(one)))
        return Turned(now, 0)

    def next_due(self) -> int | None:
        return None

    @property
    def has_work(self) -> bool:
        return self.intake.waiting > 0


@contextmanager
def _turning() -> Iterator[Slow]:
    slow = Slow()
    live: Live = slow  # type: ignore[assignment]
    loop = Loop(live, lambda: 0, Feed(0))
    loop.start()
    try:
        yield slow
    finally:
        loop.stop()


def _batch() -> Batch:
    return Batch(["ana"], ["look"], [0], ["e"], [None], ["{}"], 0)


def test_what_comes_one_upon_the_other_goes_together() -> None:
    with _turning() as slow:
        slow.intake.offer(_batch()).result(timeout=60)
        stored = []
        for _ in range(30):
            stored.append(slow.intake.offer(_batch()))
            time.sleep(0.0005)
        for one in stored:
            one.result(timeout=60)
        assert slow.turns[0] == 1
        assert len(slow.turns) <= 4  # two, on a machine that has nothing else to do
        assert sum(slow.turns) == 31


def test_what_comes_all_the_time_is_not_waited_for_without_end() -> None:
    with _turning() as slow:
        slow.intake.offer(_batch()).result(timeout=60)
        began, first = time.monotonic(), slow.intake.offer(_batch())
        while not first.done():
            slow.intake.offer(_batch())
            time.sleep(0.0005)
            assert time.monotonic() - began < 20 * TURN
        assert sum(slow.turns) >= 2


def test_nothing_that_was_offered_is_left_when_it_stops() -> None:
    with _turning() as slow:
        slow.intake.offer(_batch()).result(timeout=60)
        stored = [slow.intake.offer(_batch()) for _ in range(5)]
    assert all(one.done() for one in stored)
