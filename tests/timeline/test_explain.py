"""Explanations through a real store: for each form what is told, and that it is what then happens.

Day 0 is Monday 2025-06-02 in UTC; events are written as in the table of rules, `name@time{json}`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from segue.domain.instant import DAY
from segue.language import tree as n
from segue.language.tree import EventPattern, Name, SinceAnchor, Which
from segue.timeline.evaluate import now, requests_of, thresholds_of
from segue.timeline.explain import EXPLAINERS, explain, requests_to_explain
from segue.timeline.explainer import moves
from segue.timeline.explanation import Because, Explanation, SegmentExplanation
from tests.fuzz.stores import store_of
from tests.oracle.cases import Case, duration

EVENTS, ABSENCE, PARTS = Because.EVENTS, Because.ABSENCE, Because.PARTS
TIME, NOTHING = Because.TIME, Because.NOTHING


@dataclass(frozen=True)
class Told:
    """A condition, a person's events, an instant, and what is then told."""

    condition: str
    events: str
    at: str
    because: Because
    """NOTHING where it does not hold."""
    value: float | None = None
    threshold: float | None = None
    evidence: tuple[int, ...] = ()
    """The places of the events that are the evidence."""
    missing: str = ""
    """What would flip it: how many, of what unit, where; `amount` where it must bring one."""
    flips: str = ""
    """When it changes if nothing more happens."""
    segments: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        """The case in which it is told."""
        return Case("", self.condition, self.events, "", self.segments, self.options)

    @property
    def instant(self) -> int:
        """The instant at which it is told."""
        return self.case.zero + duration(self.at)


BOUGHT = 'buy@1d{"v":40} buy@2d{"v":20}'
TOLD = [
    Told("everyone", "a@1d", "2d", TIME),
    # Counting
    Told("did a", "x@0d", "2d", NOTHING, 0, 1, missing="1 times 2d"),
    Told("did a", "a@1d", "2d", EVENTS, 1, 1, (0,)),
    Told(
        "did a at least 3 times within 7 days",
        "a@1d a@3d",
        "4d",
        NOTHING,
        2,
        3,
        (0, 1),
        "1 times 4d",
    ),
    Told(
        "did a at least 2 times within 7 days", "a@1d a@3d", "4d", EVENTS, 2, 2, (0, 1), flips="8d"
    ),
    Told("did a at most 1 times within 7 days", "a@1d", "4d", ABSENCE, 1, 1, (0,), "1 times 4d"),
    Told(
        "did a at most 1 times within 7 days", "a@1d a@3d", "4d", NOTHING, 2, 1, (0, 1), flips="8d"
    ),
    Told("did not a within 7 days", "x@0d", "4d", ABSENCE, 0, 0, (), "1 times 4d"),
    Told("did not a within 7 days", "a@1d", "4d", NOTHING, 1, 0, (0,), flips="8d"),
    Told("did a exactly 2 times", "a@1d a@3d", "4d", EVENTS, 2, 2, (0, 1), "1 times 4d"),
    Told("did a between 3 days and 1 day ago", "x@0d", "4d", NOTHING, 0, 1, (), "1 times 3d"),
    Told("did a between 3 days and 1 day ago", "a@2d", "4d", EVENTS, 1, 1, (0,), flips="5d"),
    Told("did a before 2025-06-03", "x@0d", "4d", NOTHING, 0, 1, (), "1 times 1d-1ms"),
    Told("did not a since 2025-06-05", "x@0d", "1d", TIME, 0, 0),
    Told("did not a since 2025-06-05", "x@0d", "4d", ABSENCE, 0, 0, (), "1 times 4d"),
    Told(
        "did a on at least 2 days within 7 days",
        "a@1d a@1d+1h",
        "2d",
        NOTHING,
        1,
        2,
        (0, 1),
        "1 days 2d",
    ),
    Told("did at least 2 of (a, b, c)", "a@1d b@2d", "2d", EVENTS, 2, 2, (0, 1)),
    Told("did at least 3 of (a, b, c)", "a@1d b@2d", "2d", NOTHING, 2, 3, (0, 1), "1 patterns 2d"),
    Told(
        "did a in at least 2 of the last 3 days",
        "a@0d+1h a@1d+2h",
        "2d",
        EVENTS,
        2,
        2,
        (0, 1),
        flips="3d+1h",
    ),
    Told(
        "did a in at least 2 of the last 3 days",
        "a@0d+1h",
        "2d",
        NOTHING,
        1,
        2,
        (0,),
        "1 periods 2d",
    ),
    # Anchors
    Told("did a since last b", "b@1d a@2d", "3d", EVENTS, 1, 1, (1,)),
    Told("did not a since last b", "b@1d", "3d", ABSENCE, 0, 0, (), "1 times 3d"),
    Told("did not a since last b", "x@1d", "3d", NOTHING, missing="1 times 3d"),
    Told("did a since last b", "x@1d", "3d", NOTHING),
    Told("did a since last a", "a@1d", "3d", NOTHING, 0, 1),
    Told("did not a since last a", "a@1d", "3d", TIME, 0, 0),
    Told("did not a before first a", "a@1d", "3d", TIME, 0, 0),
    Told("did a since first a", "a@1d", "3d", NOTHING, 0, 1, (), "1 times 3d"),
    Told("did not a before last b", "b@1d", "3d", ABSENCE, 0, 0, (), "1 times 1d-1ms"),
    Told("did not a within 1 day after last b", "b@1d", "3d", ABSENCE, 0, 0, (), "1 times 2d"),
    # Happenings
    Told("did (a then b within 1 day)", "a@1d x@1d b@1d+1h b@5d", "6d", EVENTS, 1, 1, (0, 2)),
    Told("did (a then not b within 1 day)", "a@1d x@2d", "3d", EVENTS, 1, 1, (0,)),
    Told('did "$session_ended"', "a@1d b@1d+10m c@3d", "2d", EVENTS, 1, 1, (0, 1)),
    Told(
        "entered s at least 2 times",
        "a@1d a@5d",
        "6d",
        EVENTS,
        2,
        2,
        (0, 1),
        segments={"s": "did a within 2 days"},
    ),
    Told("left s", "a@1d", "6d", EVENTS, 1, 1, (0,), segments={"s": "did a within 2 days"}),
    Told("entered s", "x@1d", "6d", TIME, 1, 1, segments={"s": "not did a"}),
    # Ages, the latest and the first one
    Told("last a more than 2 days ago", "a@1d", "4d", EVENTS, 3 * DAY, 2 * DAY, (0,), "1 times 4d"),
    Told("last a more than 2 days ago", "a@1d", "2d", NOTHING, DAY, 2 * DAY, (0,), flips="3d"),
    Told("last a more than 2 days ago", "x@0d", "4d", NOTHING, missing="1 times 2d"),
    Told("first a within 2 days", "a@1d", "2d", EVENTS, DAY, 2 * DAY, (0,), flips="3d"),
    Told("first a within 2 days", "a@1d", "4d", NOTHING, 3 * DAY, 2 * DAY, (0,)),
    Told("time since first a > 1 day", "x@0d", "4d", NOTHING, missing="1 times 3d-1ms"),
    Told(
        'last a has plan = "pro"',
        'a@1d{"plan":"free"} a@2d{"plan":"pro"}',
        "3d",
        EVENTS,
        evidence=(1,),
    ),
    Told(
        'last a has plan = "pro"',
        'a@1d{"plan":"free"}',
        "3d",
        NOTHING,
        evidence=(0,),
        missing="1 times 3d",
    ),
    Told('first a has plan = "pro"', 'a@1d{"plan":"free"}', "3d", NOTHING, evidence=(0,)),
    # Traits
    Told('trait plan = "pro"', '$set@1d{"plan":"pro"}', "2d", EVENTS, evidence=(0,)),
    Told(
        'trait plan = "pro"',
        '$set@1d{"plan":"free"}',
        "2d",
        NOTHING,
        evidence=(0,),
        missing="1 times 2d",
    ),
    Told('trait plan != "pro"', "x@0d", "2d", ABSENCE, missing="1 times 2d"),
    Told("trait plan is not set", '$set@1d{"plan":"pro"}', "2d", NOTHING, evidence=(0,)),
    # Amounts, in millionths
    Told("sum(buy.v) >= 50", BOUGHT, "3d", EVENTS, 60e6, 50e6, (0, 1), "1 times 3d amount"),
    Told(
        "sum(buy.v) >= 70 within 7 days",
        BOUGHT,
        "3d",
        NOTHING,
        60e6,
        70e6,
        (0, 1),
        "1 times 3d amount",
    ),
    Told(
        "sum(buy.v) < 70 within 7 days",
        BOUGHT,
        "3d",
        ABSENCE,
        60e6,
        70e6,
        (0, 1),
        "1 times 3d amount",
    ),
    Told("avg(buy.v) >= 30", BOUGHT, "3d", EVENTS, 30e6, 30e6, (0, 1)),
    Told("max(buy.v) >= 50", BOUGHT, "3d", NOTHING, 40e6, 50e6, (0, 1)),
    Told("min(buy.v) < 50", "x@0d", "3d", NOTHING, None, 50e6, missing="1 times 3d"),
    Told("distinct(buy.v) >= 4", BOUGHT, "3d", NOTHING, 2e6, 4e6, (0, 1), "2 values 3d"),
    Told("count(buy) >= 2.5", BOUGHT, "3d", NOTHING, 2e6, 2.5e6, (0, 1), "1 times 3d"),
    Told(
        "sum(buy.v) within 2 days < 50% of sum(buy.v)", BOUGHT, "3d+12h", EVENTS, 20e6, 30e6, (0, 1)
    ),
    # Quantiles: this person's amount against the threshold of the last midnight
    Told("top 50% by sum(buy.v)", 'buy@1h{"v":5} o:buy@1h{"v":3}', "1d+1h", EVENTS, 5e6, 5e6, (0,)),
    Told(
        "top 50% by sum(buy.v)", 'buy@1h{"v":2} o:buy@1h{"v":3}', "1d+1h", NOTHING, 2e6, 3e6, (0,)
    ),
    Told(
        "bottom 50% by time since last buy",
        "buy@3h o:buy@1h",
        "1d+1h",
        EVENTS,
        22 * DAY / 24,
        22 * DAY / 24,
        (0,),
    ),
    # Combinations: the parts decide
    Told("did a and not did b", "a@1d", "2d", PARTS, evidence=(0,)),
    Told("did a or did b", "b@1d", "2d", PARTS, evidence=(0,)),
    Told("not did b since last a", "a@1d", "2d", PARTS),
    Told("did a for at least 1 day", "a@1d", "3d", PARTS, 2 * DAY, DAY, (0,)),
    Told("did a for at least 1 day", "a@1d", "1d+1h", NOTHING, DAY / 24, DAY, (0,), flips="2d"),
    Told("in s", "a@1d", "3d", PARTS, evidence=(0,), segments={"s": "did a"}),
    Told(
        "in s",
        'a@1d $set@2d{"staff":true}',
        "3d",
        NOTHING,
        evidence=(0,),
        segments={"s": "did a"},
        options={"exclude": "trait staff is true"},
    ),
]
ids = [f"{told.condition} | {told.events} | {told.at}" for told in TOLD]


def in_store(case: Case, events: list[dict[str, Any]], at: int, *, sources: bool) -> Any:
    """What a store that received the events gives: thresholds of everybody, and of person u the log
    and the event ids behind references."""
    definitions = case.definitions()
    store = store_of(events, definitions.timezone)
    try:
        asked = requests_of(definitions, ["asked"])
        requests = requests_to_explain(definitions, "asked") if sources else asked
        limits = thresholds_of(definitions, store.read(asked, at=at).log, at, ["asked"])
        one = store.read(requests, at=at, people=["u"], sources=sources)
        rows = store.events(range(len(events)))
    finally:
        store.close()
    return limits, one.log, [row.event_id for row in rows]


def explained(told: Told) -> tuple[SegmentExplanation, set[str]]:
    """The explanation, and the ids of the events that are its evidence."""
    limits, log, names = in_store(told.case, told.case.log(), told.instant, sources=True)
    found = explain(told.case.definitions(), log, "asked", told.instant, limits)
    return found, {names[source] for source in found.condition.evidence}


def holds(told: Told, events: list[dict[str, Any]], at: int | None = None) -> bool:
    """Whether person u, where there still is one, is in the segment by these events."""
    instant = told.instant if at is None else at
    if not any(event["distinct_id"] == "u" for event in events):
        return False
    definitions = told.case.definitions()
    store = store_of(events, definitions.timezone)
    try:
        read = store.read(requests_of(definitions), at=instant)
    finally:
        store.close()
    outlook = now(definitions, read.log, instant, ["asked"])["asked"]
    return bool(outlook.holds[list(read.person_ids).index("u")])


@pytest.mark.parametrize("told", TOLD, ids=ids)
def test_what_is_told(told: Told) -> None:
    """Truth, reason, value, threshold, evidence, what is missing and the next flip."""
    found, evidence = explained(told)
    one = found.condition
    assert one.because is told.because
    assert one.holds == (told.because is not NOTHING)
    assert one.value == told.value
    assert one.threshold == told.threshold
    assert evidence == {f"e{place:02}" for place in told.evidence}
    assert written(one, told.case.zero) == told.missing
    assert one.flips_at == (told.case.zero + duration(told.flips) if told.flips else None)


def written(one: Explanation, zero: int) -> str:
    """What is missing, as the table writes it."""
    missing = one.missing
    if missing is None:
        return ""
    days, rest = divmod(missing.at - zero + 1, DAY)
    at = f"{days}d-1ms" if rest == 0 else f"{(missing.at - zero) // DAY}d"
    return f"{missing.times} {missing.unit} {at}{'' if missing.amount is None else ' amount'}"


@pytest.mark.parametrize(
    "told", [t for t in TOLD if t.because is EVENTS], ids=lambda t: t.condition
)
def test_without_its_evidence_it_does_not_hold(told: Told) -> None:
    """Where it holds because of events, removing them makes it false."""
    _, evidence = explained(told)
    assert evidence
    kept = [event for event in told.case.log() if event["event_id"] not in evidence]
    assert holds(told, told.case.log())
    assert not holds(told, kept)


def fitting(told: Told) -> list[dict[str, Any]] | None:
    """The missing events, where one event name and one property say what they are."""
    missing = explained(told)[0].condition.missing
    if missing is None or isinstance(missing.happening, str):
        return None
    pattern = missing.happening
    if not isinstance(pattern, n.EventPattern) or missing.unit not in ("times", "values"):
        return None
    condition = told.case.definitions().segment("asked").condition
    properties: dict[str, Any] = {"plan": "pro"} if pattern.where else {}
    if missing.unit == "values":
        properties = {"v": "new"}
    elif isinstance(condition, n.AmountIs):
        properties = {"v": 10 if missing.amount is None else float(missing.amount) / 1e6}
    return [
        {
            "distinct_id": "u",
            "event": pattern.names[0].text,
            "occurred_at": missing.at,
            "event_id": f"z{i}",
            "sequence": 9,
            "received_at": told.case.zero,
            "properties": {key: f"{v} {i}" if v == "new" else v for key, v in properties.items()},
        }
        for i in range(missing.times)
    ]


@pytest.mark.parametrize(
    "told",
    [t for t in TOLD if t.missing and "-1" not in t.missing and t.because in (ABSENCE, NOTHING)],
    ids=lambda t: f"{t.condition} | {t.events}",
)
def test_the_missing_events_flip_it(told: Told) -> None:
    """Inserting what is missing ends what holds by absence, and makes true what does not hold."""
    added = fitting(told)
    if added is not None:
        assert holds(told, told.case.log() + added) == (told.because is NOTHING)


@pytest.mark.parametrize("told", TOLD, ids=ids)
def test_the_next_flip_is_what_then_happens(told: Told) -> None:
    """Until the stated instant nothing changes, at it the truth does."""
    one = explained(told)[0].condition
    if one.flips_at is None:
        assert holds(told, told.case.log(), told.instant + 3650 * DAY) == one.holds
        return
    known = [e for e in told.case.log() if e["occurred_at"] <= told.instant]
    assert holds(told, known, one.flips_at - 1) == one.holds
    assert holds(told, known, one.flips_at) != one.holds


def test_every_form_is_in_the_table() -> None:
    """Each type of condition is told of, and each reason given."""
    kinds = {type(told.case.definitions().segment("asked").condition) for told in TOLD}
    assert kinds == set(EXPLAINERS)
    assert {told.because for told in TOLD} == set(Because)


def test_a_person_who_is_excluded() -> None:
    """The condition holds, and the exclusion says why the person is not in."""
    told = Told(
        "did a",
        'a@1d $set@2d{"staff":true}',
        "3d",
        EVENTS,
        options={"exclude": "trait staff is true"},
    )
    found, _ = explained(told)
    assert not found.holds
    assert found.condition.holds
    assert found.excluded is not None
    assert found.excluded.because is EVENTS


def test_segments_that_refer_to_each_other_many_times_are_told_once() -> None:
    """The parts of a segment with very many parts are left to its own explanation."""
    segments = {"s0": "did a", "s1": "did a"}
    segments |= {f"s{i}": f"in s{i - 1} and in s{i - 2}" for i in range(2, 60)}
    told = Told("in s59", "a@1d", "2d", PARTS, segments=segments)
    found, evidence = explained(told)
    assert found.holds
    assert found.condition.size < 1_000
    assert evidence == {"e00"}


def test_a_long_chain_of_segments_is_told() -> None:
    """A thousand segments, each of which refers to the one before."""
    segments = {"s0": "did a"} | {f"s{i}": f"in s{i - 1} and did b" for i in range(1, 1000)}
    found, evidence = explained(Told("in s999", "a@1d b@1d", "2d", PARTS, segments=segments))
    assert found.holds
    assert evidence == {"e00", "e01"}


def test_nothing_is_missing_that_would_move_its_own_window() -> None:
    """`since last any`: whatever is done next is the anchor itself, so no event can end it."""
    either = EventPattern((Name("a", quoted=True), Name("Page*", quoted=True)))
    assert moves(SinceAnchor(Which.LAST, EventPattern()), either)
    assert not moves(SinceAnchor(Which.FIRST, EventPattern()), either)
