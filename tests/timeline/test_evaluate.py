"""Evaluating a population: blocks, cutting, the two evaluations."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest

from segue.domain.instant import DAY, FOREVER, HOUR
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
from segue.timeline.block import stand_ins_for
from segue.timeline.evaluate import asked_by, history, now, requests_of
from segue.timeline.log import Code, Log, Number, Request
from tests.timeline.world import event, log_of

A, B = event("a"), event("b")
START = 1_700_000_000_000
CONDITIONS: dict[str, Condition] = {
    "often": Did(A, Comparison.GE, 3, when=Within(7 * DAY)),
    "quiet": Did(A, Comparison.LE, 0, when=Within(2 * DAY)),
    "exactly": Did(B, Comparison.EQ, 2, when=Within(5 * DAY)),
    "fewer than none": Did(A, Comparison.LE, -1, when=Within(7 * DAY)),
    "none or more": Did(A, Comparison.GE, 0, when=Within(7 * DAY)),
    "before": Did(A, when=Between(6 * DAY, DAY)),
    "days": Did(A, Comparison.GE, 2, Unit.DAYS, Within(4 * DAY)),
    "dormant": Age(Which.LAST, A, Comparison.GE, 3 * DAY),
    "chain": Did(Chain(A, (Step(B, DAY),)), when=Within(3 * DAY)),
    "stalled": Did(Chain(A, (Step(B, 12 * HOUR, absent=True),))),
    "anchored": Did(B, when=SinceAnchor(Which.LAST, A)),
    "regular": Did(A, when=Periods(2, 4, DAY)),
    "top": Quantile(Side.TOP, Decimal(30), Amount(Measure.COUNT, A), Within(10 * DAY)),
    "both": And((InSegment("often"), Not(InSegment("chain")))),
    "either": Or((InSegment("quiet"), InSegment("exactly"))),
    "steady": ForAtLeast(InSegment("often"), 12 * HOUR),
    "returned": Did(Crossing("entered", "often"), Comparison.GE, 2),
}
DEFINITIONS = Definitions(
    tuple(Segment(name, name, condition) for name, condition in CONDITIONS.items()),
    exclude=Did(event("staff")),
)


@pytest.fixture(scope="module")
def log() -> Log:
    """A few hundred people with clustered events on whole hours."""
    rng = np.random.default_rng(7)
    people = []
    for person in range(300):
        events = {
            name: sorted({START + int(h) * HOUR for h in rng.integers(0, 20 * 24, rng.poisson(8))})
            for name in ("a", "b")
        }
        if person % 17 == 0:
            events["staff"] = [START + 5 * DAY]
        people.append(events)
    return log_of(people)


@pytest.fixture
def tiny_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of seven people, evaluated by several threads."""
    monkeypatch.setattr(evaluate, "_block_size", lambda people: 7)


INSTANTS = [START, START + 3 * DAY, START + 9 * DAY + 1, START + 20 * DAY, START + 60 * DAY]


@pytest.mark.parametrize("at", INSTANTS)
@pytest.mark.usefixtures("tiny_blocks")
def test_blocks_do_not_matter(log: Log, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same people in many small blocks or in one: byte-identical results."""
    small, small_now = history(DEFINITIONS, log, at), now(DEFINITIONS, log, at)
    monkeypatch.undo()
    whole, whole_now = history(DEFINITIONS, log, at), now(DEFINITIONS, log, at)
    for name in CONDITIONS:
        assert small[name].offsets.tobytes() == whole[name].offsets.tobytes()
        assert small[name].start.tobytes() == whole[name].start.tobytes()
        assert small[name].end.tobytes() == whole[name].end.tobytes()
        assert small_now[name].until.tobytes() == whole_now[name].until.tobytes()


@pytest.mark.parametrize("name", CONDITIONS)
@pytest.mark.parametrize("at", INSTANTS)
def test_now_is_the_span_at_the_instant(log: Log, name: str, at: int) -> None:
    """`now` says what the history of the log cut at the instant says there."""
    spans = history(DEFINITIONS, log, at, [name])[name]
    outlook = now(DEFINITIONS, log, at, [name])[name]
    assert outlook.holds.tolist() == spans.holds(at).tolist()
    for person in range(log.people):
        rows = slice(spans.offsets[person], spans.offsets[person + 1])
        changes = sorted([*spans.start[rows].tolist(), *spans.end[rows].tolist()])
        expected = next((change for change in changes if change > at), FOREVER)
        assert outlook.until[person] == expected


@pytest.mark.parametrize("name", CONDITIONS)
def test_the_past_does_not_change(log: Log, name: str) -> None:
    """Truth at an instant is the same in the log cut there and in the whole log."""
    whole = history(DEFINITIONS, log, START + 60 * DAY, [name])[name]
    for at in INSTANTS:
        cut = history(DEFINITIONS, log, at, [name])[name]
        assert cut.holds(at).tolist() == whole.holds(at).tolist()


def test_the_excluded_are_in_nothing(log: Log) -> None:
    """From the instant on at which `exclude` holds, a person is in no segment."""
    for spans in history(DEFINITIONS, log, START + 60 * DAY).values():
        staff = np.arange(0, log.people, 17)
        late = (spans.end > START + 5 * DAY) & np.isin(spans.person, staff)
        assert not late.any()


def test_spans_that_have_begun(log: Log) -> None:
    """`until` leaves out the future that nobody knows; `at` keeps one span per person at most."""
    at = START + 9 * DAY
    spans = history(DEFINITIONS, log, at, ["quiet"])["quiet"]
    begun = spans.until(at)
    assert (begun.start <= at).all()
    assert len(begun) < len(spans)
    assert (np.diff(spans.at(at).offsets) <= 1).all()


def test_requests_name_what_is_read() -> None:
    """Only the events that the chosen segments rest on are asked for."""
    names = {request.pattern.names[0].text for request in requests_of(DEFINITIONS, ["exactly"])}
    assert names == {"b", "staff"}


def test_an_unknown_segment_is_an_error(log: Log) -> None:
    """A segment that does not exist raises KeyError, it is never empty."""
    with pytest.raises(KeyError):
        history(DEFINITIONS, log, START, ["nope"])


def test_nobody(log: Log) -> None:
    """A log without people gives segments without spans."""
    spans = history(DEFINITIONS, log_of([]), START)
    assert {name: len(found) for name, found in spans.items()} == dict.fromkeys(CONDITIONS, 0)


def test_what_another_request_answers_as_well_is_not_read() -> None:
    """The same events in event order, or read further, stand in for them; never fewer readings."""
    plain, ordered = Request(A), Request(A, ordered=True)
    price, path = Request(A, Number(("price",))), Request(A, Code(("path",)), ordered=True)

    assert stand_ins_for([plain, ordered, Request(B)]) == {plain: ordered}
    assert stand_ins_for([plain, price]) == {plain: price}
    assert stand_ins_for([plain, ordered, price, path]) == {plain: path, ordered: path}
    assert stand_ins_for([ordered, price]) == {}


def test_what_stands_in_is_the_same_for_all_segments_of_a_project() -> None:
    """A part of the segments reads what all of them read, but for what it does not ask."""
    some = requests_of(DEFINITIONS, ["often", "days"])

    assert some < requests_of(DEFINITIONS)
    assert {one.ordered for one in some if one.pattern == A} == {True}
    assert asked_by(DEFINITIONS, ["often", "days"]) - some == {Request(A)}
