"""Large and odd logs: everybody is counted, and time and memory stay in bounds."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from decimal import Decimal

import numpy as np
import pytest

from segue.domain.instant import DAY, HOUR
from segue.language.tree import (
    Age,
    Amount,
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
    Measure,
    Not,
    Or,
    Periods,
    Quantile,
    Segment,
    Side,
    SinceAnchor,
    Step,
    Unit,
    Which,
    Within,
)
from segue.language.tree import Sequence as Chain
from segue.timeline import evaluate
from segue.timeline.evaluate import history, now, requests_of, thresholds_of
from segue.timeline.intervals import BLOCK
from segue.timeline.log import Log, Number, Occurrences, Request
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


RANKED = Quantile(Side.TOP, Decimal(10), Amount(Measure.COUNT, A), Within(90 * DAY))


def test_quantiles_of_many_people_over_years_in_bounded_memory() -> None:
    """A thousand midnights of thousands of people are never in memory together."""
    log = same_people(5_000, {A: [START + i * 100 * DAY for i in range(10)]})
    definitions = Definitions((Segment("top", "", RANKED),))
    at = START + 3 * 365 * DAY
    assert peak_of(lambda: history(definitions, log, at)) < 350 << 20
    spans = history(definitions, log, at)["top"]
    # Everybody ties, so everybody is in from the first midnight on while they have the amount.
    assert np.diff(spans.offsets).tolist() == [10] * 5_000


@pytest.mark.parametrize("link", LINKS)
def test_now_looks_at_past_thresholds_only_where_the_past_matters(link: str) -> None:
    """What rests on a quantile stands now where its whole history says."""
    segments = (Segment("top", "", RANKED), Segment("x", "", LINKS[link]("top")))
    definitions = Definitions(segments)
    log = same_people(3, {A: [START, START + DAY], B: [START]})
    for at in (START + HOUR, START + DAY, START + 30 * DAY, START + 91 * DAY, START + 99 * DAY):
        spans, outlook = history(definitions, log, at)["x"], now(definitions, log, at)["x"]
        assert outlook.holds.tolist() == spans.holds(at).tolist()


def test_one_event_in_1970_does_not_cost_years() -> None:
    """A grid of 20,000 midnights on which nothing changes is passed over."""
    log = same_people(2_000, {A: [0, START]})
    definitions = Definitions((Segment("top", "", RANKED),))
    assert now(definitions, log, START + 2 * DAY)["top"].holds.all()
    assert thresholds_of(definitions, log, START + 2 * DAY)[RANKED].exists.sum() < 200


@pytest.mark.parametrize("values", [[2**63 - 1] * 3, [-(2**63)] * 3, [2**62, 5, -1]])
def test_quantiles_of_amounts_near_the_64_bit_limits(values: list[int]) -> None:
    """Sums and averages beyond 64 bits rank exactly."""
    at = np.array([START + i for i in range(3)] * 2, np.int64)
    value = np.array([*values, *(v - (v > 0) for v in values)], np.int64)
    answer = Occurrences(np.array([0, 3, 6]), at, np.full(6, 2, np.int32), value)
    for measure in (Measure.SUM, Measure.AVG, Measure.MAX):
        amount = Amount(measure, A, ("v",))
        log = Log(np.full(2, START), {Request(A, Number(("v",))): answer})
        top = Quantile(Side.TOP, Decimal(50), amount)
        definitions = Definitions((Segment("top", "", top),))
        first, second = now(definitions, log, START + DAY)["top"].holds.tolist()
        assert first
        assert second == (values[0] < 0)


class ReadOnly(Same):
    """The same answers, in arrays that nobody can write to."""

    def __missing__(self, request: Request) -> Occurrences:
        self[request] = found = super().__missing__(request)
        for array in (found.offsets, found.at, found.order):
            assert array is not None
            array.flags.writeable = False
        return found


SHARED = (
    Did(A, when=Within(DAY)),
    Did(Chain(A, (Step(B, DAY),))),
    Did(Crossing("left", "0")),
    Did(A, Comparison.GE, 2, Unit.DAYS, Within(7 * DAY)),
    Did(B, when=SinceAnchor(Which.LAST, A)),
    Did(event("$session_ended")),
    Did(A, when=Periods(1, 2, DAY)),
    Age(Which.LAST, A, Comparison.GE, DAY),
    RANKED,
)


def test_threads_share_only_what_nobody_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks are evaluated side by side over arrays that are read-only, again and again the same."""
    monkeypatch.setattr(evaluate, "_block_size", lambda people: 100)
    monkeypatch.setattr(evaluate, "_HISTORY_BLOCK", 100)
    log = Log(
        np.full(3_000, START),
        ReadOnly(3_000, {A: [START, START + DAY], B: [START + HOUR], EventPattern(): [START]}),
    )
    segments = tuple(Segment(str(i), "", condition) for i, condition in enumerate(SHARED))
    definitions = Definitions(segments)
    at = START + 3 * DAY
    first, first_now = history(definitions, log, at), now(definitions, log, at)
    for _ in range(3):
        again, again_now = history(definitions, log, at), now(definitions, log, at)
        for name, spans in first.items():
            assert spans.start.tobytes() == again[name].start.tobytes()
            assert spans.end.tobytes() == again[name].end.tobytes()
            assert first_now[name].until.tobytes() == again_now[name].until.tobytes()


def test_an_error_in_a_thread_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails in one block fails the evaluation."""
    monkeypatch.setattr(evaluate, "_block_size", lambda people: 100)
    log = same_people(300, {A: [START]})  # B was never read
    definitions = Definitions((Segment("x", "", Did(B)),))
    with pytest.raises(KeyError):
        now(definitions, log, START)
    with pytest.raises(KeyError):
        history(definitions, log, START)
