"""The engine's history and outlook equal the oracle's on generated worlds, at every breakpoint and
1 ms to either side of it."""

from __future__ import annotations

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.coverage import Coverage
from tests.fuzz.report import assert_agrees
from tests.fuzz.stores import stored_log
from tests.fuzz.worlds import Worlds, random_world

CHUNKS, PER_CHUNK = 24, 30
AT_LEAST = 20_000


def seeds(chunk):
    """The seeds of one chunk of the fixed worlds."""
    return range(chunk * PER_CHUNK, (chunk + 1) * PER_CHUNK)


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_the_engine_agrees_with_the_oracle(chunk):
    """Every segment of every person of every world: spans, truth now, and until when."""
    for seed in seeds(chunk):
        # Every third world goes through the event store; the others reach the timeline directly.
        case = random_world(seed)
        if seed % 3 == 0:
            assert_agrees(case, stored_log, seed)
        else:
            assert_agrees(case, seed=seed)


def test_the_engine_agrees_on_worlds_never_seen_before():
    """A few worlds of a fresh seed every time; the message names it."""
    fresh = random.SystemRandom().randrange(10**9, 10**12)
    for seed in range(fresh, fresh + 10):
        assert_agrees(random_world(seed), stored_log, seed)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(rng=st.randoms(use_true_random=False))
def test_the_engine_agrees_where_hypothesis_looks(rng):
    """Small worlds whose every choice Hypothesis makes, and shrinks."""
    assert_agrees(Worlds(rng).world(segments=2, people=2))


def test_the_worlds_exercise_the_whole_language():
    """Over 20,000 pairs of condition and person; every form was true of somebody and false of
    somebody."""
    coverage = Coverage()
    for chunk in range(CHUNKS):
        for seed in seeds(chunk):
            coverage.add(random_world(seed))
    assert coverage.pairs >= AT_LEAST
    assert coverage.missing() == []
