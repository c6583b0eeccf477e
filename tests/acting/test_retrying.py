"""When a channel is tried again, and when a message is a dead letter."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.acting import Outcome
from segue.domain.instant import DAY, HOUR, SECOND
from segue.services.acting.retrying import RETRIES, next_attempt
from tests.acting.making import NOW, campaign, delivery, messaging

CERTAIN = 0.999_999


def tried(attempts, outcome=None, *, now=NOW, chance=CERTAIN, **rules):
    """How long it waits after so many attempts; None where it is a dead letter."""
    one = replace(delivery(campaign()), attempts=attempts)
    at = next_attempt(one, outcome or Outcome("busy"), messaging(**rules), now, chance=chance)
    return None if at is None else at - now


@pytest.mark.parametrize(
    ("attempts", "longest"),
    [(1, 10 * SECOND), (2, 20 * SECOND), (5, 160 * SECOND), (13, 4 * HOUR)],
)
def test_it_waits_longer_each_time_a_random_part(attempts, longest):
    assert tried(attempts) == pytest.approx(longest, abs=100)
    assert tried(attempts, chance=0.5) == pytest.approx(longest / 2)
    assert tried(attempts, chance=0) == 0


def test_after_the_last_attempt_it_is_a_dead_letter():
    assert tried(RETRIES.attempts - 1) is not None
    assert tried(RETRIES.attempts) is None


def test_what_is_refused_for_good_is_not_tried_again():
    assert tried(1, Outcome("no such mailbox", permanent=True)) is None


def test_it_waits_as_long_as_the_other_side_asks():
    assert tried(1, Outcome("slow down", retry_after=HOUR)) == HOUR
    assert tried(9, Outcome("slow down", retry_after=1)) > HOUR / 2


def test_what_would_come_too_late_is_not_tried_again():
    assert tried(1, now=NOW + DAY - 11 * SECOND) is not None
    assert tried(1, now=NOW + DAY - 9 * SECOND) is None
    assert tried(1, Outcome("slow down", retry_after=30 * DAY)) == DAY
    assert tried(1, Outcome("slow down", retry_after=2 * HOUR), held_at_most=HOUR) is None


@given(st.lists(st.floats(0, CERTAIN), min_size=20, max_size=20))
def test_all_attempts_together_take_less_than_what_is_held_may_wait(chances):
    now = NOW
    for attempts, chance in enumerate(chances, 1):
        wait = tried(attempts, now=now, chance=chance, held_at_most=DAY)
        if wait is None:
            break
        now += wait

    assert attempts == RETRIES.attempts
    assert now - NOW < 14 * HOUR
