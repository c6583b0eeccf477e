"""A slow turn is said in the log, with what it spent its time on; not every one where all are."""

from __future__ import annotations

import pytest

from segue.bootstrap.slow_turns import APART, SLOW, SlowTurns
from segue.services.live.answers import Turned


def _turn(**seconds: float) -> Turned:
    return Turned(0, 0, events=2, people=3, seconds=seconds, processor=0.1, waited=40)


def test_a_slow_turn_says_where_its_time_went(caplog: pytest.LogCaptureFixture) -> None:
    SlowTurns().look(_turn(evaluate=0.05, commit=0.7))

    (record,) = caplog.records
    assert record.getMessage() == "a slow turn"
    wanted = {
        "ms": 750,
        "processor_ms": 100,
        "waited_ms": 40,
        "events": 2,
        "people": 3,
        "transitions": 0,
        "evaluate_ms": 50,
        "commit_ms": 700,
        "others": 0,
    }
    assert record.__dict__ | wanted == record.__dict__


def test_a_turn_that_is_not_slow_says_nothing(caplog: pytest.LogCaptureFixture) -> None:
    SlowTurns().look(_turn(evaluate=SLOW / 2, commit=SLOW / 3))

    assert not caplog.records


def test_where_all_are_slow_one_line_in_a_while_says_so(caplog: pytest.LogCaptureFixture) -> None:
    clock = iter((100.0, 101.0, 102.0, 100.0 + APART))
    turns = SlowTurns(lambda: next(clock))
    for _ in range(4):
        turns.look(_turn(commit=1.0))

    assert [record.__dict__["others"] for record in caplog.records] == [0, 2]
