"""What an explanation says is what then happens: evidence, what is missing, margins, flips."""

from __future__ import annotations

import random

import pytest

from segue.domain.instant import FOREVER
from segue.language import tree as n
from segue.timeline.evaluate import requests_of, thresholds_of
from segue.timeline.explain import Because, explain
from tests.fuzz.identity import renamed
from tests.fuzz.worlds import random_world
from tests.oracle import World
from tests.oracle.arrays import PlainStore
from tests.oracle.people import Occurrence
from tests.oracle.values import COMPARE, calendar_day

SEEDS = range(70_000, 70_016)
DERIVED = ("$session_started", "$session_ended", "$page_left")


def explained(case, at):
    """(world, person, explanation node, evidence as event ids) of everybody in every segment."""
    store = PlainStore(case.definitions, case.events)
    world = World(case.definitions, case.events, at)
    asked = set(requests_of(case.definitions))
    everybody = store.log(asked)
    for segment in case.definitions.segments:
        limits = thresholds_of(case.definitions, everybody, at, [segment.id])
        for person_id, person in world.people.items():
            told = one(case.definitions, store, asked, person_id, segment.id, at, limits)
            for node in nodes_of(told.condition):
                yield world, person, node, {store.sources[ref] for ref in node.evidence}


def one(definitions, store, asked, person_id, segment_id, at, limits):
    """The explanation of one person, reading what it asks for."""
    while True:
        try:
            return explain(definitions, store.log(asked, person_id), segment_id, at, limits)
        except KeyError as missing:
            asked.add(missing.args[0])


def nodes_of(explanation):
    """The explanation and those of its parts."""
    yield explanation
    for child in explanation.children:
        yield from nodes_of(child)


def single(seed):
    """A world in which every person has one distinct id, so that no event is an identity."""
    case = random_world(seed, segments=10, people=3)
    return type(case)(case.definitions, tuple(renamed(case.events)), case.ats)


@pytest.mark.parametrize("seed", SEEDS)
def test_state_and_next_flip_are_what_happens(seed):
    """Whether, since when and until when are those of the oracle's spans."""
    case = single(seed)
    for at in case.ats:
        for world, person, node, _ in explained(case, at):
            spans = world.spans(person, node.condition)
            edges = sorted({edge for span in spans for edge in span} - {FOREVER})
            later = [edge for edge in edges if edge > at]
            assert node.holds == any(s <= at < e for s, e in spans), node
            assert node.flips_at == (later[0] if later else None), node
            assert node.since == max([person.first_seen, *(e for e in edges if e <= at)]), node


@pytest.mark.parametrize("seed", SEEDS)
def test_without_its_evidence_it_does_not_hold(seed):
    """Where a condition holds because of events, removing all that it names makes it false."""
    case = single(seed)
    at = case.ats[0]
    for _, person, node, evidence in explained(case, at):
        if node.because is not Because.EVENTS:
            continue
        assert node.holds
        kept = [event for event in case.events if event["event_id"] not in evidence]
        world = World(case.definitions, kept, at)
        left = world.people.get(person.id)
        assert left is None or not world.holds(left, node.condition, at), (node, evidence)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_missing_events_end_what_holds_by_absence(seed):
    """Where it holds because something is absent, inserting what it names makes it false."""
    case = single(seed)
    at = case.ats[0]
    for world, person, node, _ in explained(case, at):
        if node.because is not Because.ABSENCE:
            continue
        assert node.missing is not None, node
        added = events_for(world, person, node)
        if added is None:
            continue
        changed = World(case.definitions, [*case.events, *added], at)
        assert not changed.holds(changed.people[person.id], node.condition, at), (node, added)


@pytest.mark.parametrize("seed", SEEDS)
def test_value_against_threshold_is_the_truth(seed):
    """A count or an amount compares with its threshold as the condition says."""
    case = single(seed)
    at = case.ats[0]
    for _, _, node, _ in explained(case, at):
        if node.value is None or node.threshold is None:
            continue
        if isinstance(node.condition, n.Did | n.DidSomeOf | n.Age | n.AmountIs | n.AmountVersus):
            comparison = node.condition.comparison
            if isinstance(getattr(node.condition, "when", None), n.Periods):
                comparison = n.Comparison.GE
            assert node.holds == COMPARE[comparison.value](node.value, node.threshold), node
            assert node.margin == node.value - node.threshold


def events_for(world, person, node):
    """Events that are what the explanation says is missing; None where it takes more than one
    plain event name to say (a sequence, a derived event, a filter)."""
    missing, pattern = node.missing, node.missing.happening
    if not isinstance(pattern, n.EventPattern) or pattern.where is not None:
        return None
    names = [name.text for name in pattern.names if not name.is_prefix and name.text not in DERIVED]
    names = names or (["a"] if pattern.is_any else [])
    if not names or names[0] in ("$create_alias", "$identify", "$merge_dangerously"):
        return None
    if missing.unit == "values" and len(node.condition.amount.path) != 1:
        return None
    if missing.unit == "days" and (missing.times > 1 or _has_day(world, person, pattern, missing)):
        return None
    properties = {}
    if missing.amount is not None:
        properties = _bringing(world, person, node)
        if properties is None:
            return None
    if _moves(world, node, names[0]):
        return None
    return [
        {
            "distinct_id": person.id,
            "event": names[0],
            "occurred_at": missing.at,
            "event_id": f"zzz{i}",
            "sequence": 10**6,
            "received_at": 0,
            "properties": _different(node, i) if missing.unit == "values" else properties,
        }
        for i in range(missing.times)
    ]


def _moves(world, node, name):
    """Whether an event of that name would itself be the anchor of the window, and move it."""
    anchor = getattr(node.condition.when, "anchor", None)
    return anchor is not None and world.matches(anchor, Occurrence((node.missing.at,), name))


def _has_day(world, person, pattern, missing):
    days = {calendar_day(x.at, world.zone) for x in world.occurrences(person, pattern)}
    return calendar_day(missing.at, world.zone) in days


def _different(node, i):
    """The properties of an event with a value that no other one has."""
    return {node.condition.amount.path[0]: f"a value of its own: {i}"}


def _bringing(world, person, node):
    """The properties of an event that brings just more than the amount that is missing."""
    amount = node.condition.amount
    if amount.measure is not n.Measure.SUM or len(amount.path) != 1:
        return None
    millionths = node.missing.amount
    if node.condition.comparison is not n.Comparison.NE:
        millionths += 1 if millionths >= 0 else -1
    sign, digits = "-" * (millionths < 0), f"{abs(int(millionths)):07}"
    return {amount.path[0]: f"{sign}{digits[:-6]}.{digits[-6:]}"}


def test_explanations_of_every_kind_were_seen():
    """The worlds above hold conditions of every kind for every reason."""
    reasons = set()
    for seed in random.Random(1).sample(SEEDS, 8):
        case = single(seed)
        reasons |= {
            (type(node.condition), node.because) for _, _, node, _ in explained(case, case.ats[0])
        }
    assert {kind for kind, _ in reasons} >= {n.Did, n.Age, n.Has, n.Trait, n.AmountIs, n.DidSomeOf}
    assert {because for _, because in reasons} == set(Because)
