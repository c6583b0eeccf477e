"""Timers: who is due, up to which instant, and that setting one makes the earlier one void."""

from __future__ import annotations

import random

import numpy as np
import pytest

from segue.domain.instant import FOREVER
from segue.services.live import due as due_module
from segue.services.live.due import Due


def due_of(*timers: tuple[int, int]) -> Due:
    person, instant = zip(*timers, strict=True) if timers else ((), ())
    return Due(np.array(person, np.int32), np.array(instant, np.int64))


def put(due: Due, *timers: tuple[int, int]) -> None:
    person, instant = zip(*timers, strict=True)
    due.set(np.array(person, np.int32), np.array(instant, np.int64))


def who(due: Due, instant: int, most: int = 100) -> tuple[int, list[int]]:
    cut, people = due.until(instant, most)
    return cut, people.tolist()


def test_nobody_is_due_before_their_instant() -> None:
    due = due_of((1, 50), (2, 40), (3, FOREVER))

    assert due.next() == 40
    assert who(due, 39) == (39, [])
    assert who(due, 40) == (40, [2])
    assert who(due, 100) == (100, [1, 2])


def test_people_stay_due_until_their_timers_are_set_anew() -> None:
    """A turn that fails changes nothing: they are due at the next one."""
    due = due_of((1, 50))
    put(due, (2, 45))

    assert who(due, 60) == who(due, 60) == (60, [1, 2])
    put(due, (1, 70), (2, FOREVER))
    assert due.next() == 70
    assert who(due, 60) == (60, [])


@pytest.mark.parametrize("later", [20, FOREVER])
def test_a_timer_set_anew_makes_the_earlier_one_void(later: int) -> None:
    due = due_of((1, 10))
    put(due, (1, later))

    assert due.next() == (20 if later == 20 else None)
    assert who(due, 15) == (15, [])


def test_many_due_people_are_taken_in_turns_at_whole_instants() -> None:
    """The cut is an instant at which everybody who is due by then is among them."""
    due = due_of((1, 10), (2, 20), (3, 20), (4, 30))

    assert who(due, 99, most=2) == (20, [1, 2, 3])
    assert who(due, 99, most=1) == (10, [1])


@pytest.mark.parametrize("merging", [0, 1, 8])
def test_against_a_dictionary(monkeypatch: pytest.MonkeyPatch, merging: int) -> None:
    """Random settings and questions give what a plain dictionary of timers gives."""
    monkeypatch.setattr(due_module, "_MERGING", merging)
    monkeypatch.setattr(due_module, "_STEP", 2)
    rng = random.Random(7)
    for _ in range(200):
        timers = {p: rng.choice((FOREVER, rng.randrange(100))) for p in range(rng.randrange(9))}
        due = due_of(*timers.items())
        for _ in range(20):
            if rng.random() < 0.5:
                person, at = rng.randrange(12), rng.choice((FOREVER, rng.randrange(100)))
                timers[person] = at
                put(due, (person, at))
                assert due.of(np.array([person, 13])).tolist() == [at, FOREVER]
            now, most = rng.randrange(100), rng.choice((1, 2, 3, 100))
            coming = sorted(at for at in timers.values() if at <= now)
            if len(coming) > most:
                now = now if coming[most - 1] == coming[-1] else coming[most - 1]
            expected = sorted(p for p, at in timers.items() if at <= now)
            assert who(due, now, most) == (now, expected)
            assert due.next() == min((at for at in timers.values() if at < FOREVER), default=None)


def test_timers_that_are_put_off_again_and_again_are_not_kept() -> None:
    """Whoever does something every second has one timer, not one for each time."""
    due = due_of((1, 1_000), (2, 2_000), (3, 5))
    for second in range(500):
        put(due, (1, 1_000 + second), (4, 9_000 - second), (5, FOREVER))
        assert len(due) <= 30

    assert due.next() == 5
    assert who(due, 1_499) == (1_499, [1, 3])
    assert who(due, 9_000) == (9_000, [1, 2, 3, 4])
