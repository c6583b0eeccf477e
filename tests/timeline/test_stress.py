"""Large and odd logs: everybody is counted, and time and memory stay in bounds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest

from segue.domain.instant import DAY, HOUR
from segue.language.tree import (
    And,
    Between,
    Comparison,
    Condition,
    Crossing,
    Definitions,
    Did,
    EventPattern,
    ForAtLeast,
    InSegment,
    Not,
    Or,
    Periods,
    Segment,
    Step,
    Within,
)
from segue.language.tree import Sequence as Chain
from segue.timeline import evaluate
from segue.timeline.evaluate import history, now, requests_of
from segue.timeline.intervals import BLOCK
from segue.timeline.log import Log, Occurrences, Request
from tests.timeline.world import event

A, B = event("a"), event("b")
START = 1_700_000_000_000


class Same(dict[Request, Occurrences]):
    """Answers in which everybody did each event so many times, at the same instants."""

    def __init__(self, people: int, instants: dict[EventPattern, list[int]]) -> None:
        super().__init__()
        self.people, self.instants = people, instants

    def __missing__(self, request: Request) -> Occurrences:
        assert isinstance(request.pattern, EventPattern)
        times = np.array(self.instants[request.pattern], np.int64)
        offsets = np.arange(self.people + 1) * len(times)
        order = np.full(int(offsets[-1]), 2, np.int32)
        return Occurrences(offsets, np.tile(times, self.people), order)


def same_people(people: int, instants: dict[EventPattern, list[int]]) -> Log:
    """A log of people who all did the same."""
    first = min(instant for times in instants.values() for instant in times)
    return Log(np.full(people, first, np.int64), Same(people, instants))


def peak_of(work: Callable[[], object]) -> int:
    """The most bytes that the work had in memory at once, NumPy's arrays included."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "condition",
    [
        Did(Chain(A, (Step(B, DAY),))),
        Did(Crossing("entered", "seen")),
        Not(Did(A, Comparison.EQ, 3, when=Within(DAY))),
        Did(event("$session_ended")),
    ],
)
def test_the_last_person_of_a_full_block_counts(
    condition: Condition, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A block of as many people as fit: the last one is evaluated like the first."""
    monkeypatch.setattr(evaluate, "_block_size", lambda people: BLOCK)
    log = same_people(BLOCK + 5, {A: [START], B: [START + HOUR], EventPattern(): [START]})
    definitions = Definitions((Segment("seen", "", Did(B)), Segment("x", "", condition)))
    at = START + DAY - 1
    assert history(definitions, log, at, ["x"])["x"].holds(at).all()
    assert now(definitions, log, at, ["x"])["x"].holds.all()


LINKS = {
    "plain": lambda before: And((InSegment(before), Did(B))),
    "negated": lambda before: Not(InSegment(before)),
    "held": lambda before: ForAtLeast(InSegment(before), 1),
    "entered": lambda before: Did(Crossing("entered", before)),
}


@pytest.mark.parametrize("link", LINKS)
def test_a_chain_of_2000_segments(link: str) -> None:
    """Each segment refers to the one before; asking for the last alone needs no deep recursion."""
    segments = [Segment("0", "", Did(A))]
    segments += [Segment(str(i), "", LINKS[link](str(i - 1))) for i in range(1, 2000)]
    definitions = Definitions(tuple(segments))
    log = same_people(2, {A: [START], B: [START + HOUR]})
    at = START + DAY
    assert requests_of(definitions, ["1999"])
    spans = history(definitions, log, at, ["1999"])["1999"]
    outlook = now(definitions, log, at, ["1999"])["1999"]
    assert outlook.holds.tolist() == spans.holds(at).tolist()


def test_conditions_of_10000_terms() -> None:
    """Very wide combinations are one pass, not one per term."""
    counts = [Did(A, when=Between(2 * DAY + i, DAY)) for i in range(10_000)]
    definitions = Definitions(
        (
            Segment("all", "", And(tuple(counts))),
            Segment("one", "", Or(tuple(map(Not, counts)))),
        )
    )
    log = same_people(2, {A: [START]})
    at = START + DAY
    assert history(definitions, log, at, ["all"])["all"].holds(at).all()
    assert now(definitions, log, at)["all"].until.tolist() == [START + 2 * DAY] * 2
    assert now(definitions, log, at)["one"].until.tolist() == [START + 2 * DAY] * 2


def test_100_of_365_days_in_bounded_memory() -> None:
    """Only people who can reach the number are looked at day by day, some at a time."""
    log = same_people(50_000, {A: [START + i * 7 * DAY for i in range(20)]})
    definitions = Definitions((Segment("x", "", Did(A, when=Periods(100, 365, DAY))),))
    assert peak_of(lambda: history(definitions, log, START + 400 * DAY)) < 300 << 20
    often = same_people(300, {A: [START + i * 2 * DAY for i in range(110)]})
    spans = history(definitions, often, START + 400 * DAY)["x"]
    assert spans.start.tolist() == [START + 99 * 2 * DAY] * 300
