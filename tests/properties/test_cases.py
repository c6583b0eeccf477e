"""The engine agrees with every row of the table of rules."""

from __future__ import annotations

import pytest

from segue.domain.instant import DAY
from segue.language.parse import parse_condition
from segue.language.tree import Definitions, Segment
from segue.timeline.evaluate import history
from tests.fuzz.compare import compare, rows
from tests.fuzz.stores import stored_log
from tests.fuzz.worlds import CaseWorld
from tests.oracle.cases import CASES, QUANTILES, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_history_and_now_follow_the_rule(case: Case):
    """Spans, truth and the instant of leaving are the oracle's, at several instants."""
    ats = tuple(case.zero + at for at in (100 * DAY, 2 * DAY, DAY))
    world = CaseWorld(case.definitions(), tuple(case.log()), ats)
    assert compare(world) == []


def test_every_rule_holds_through_the_event_store():
    """All rules about one person in UTC at once: each row is a person and a segment of one store."""
    cases = [case for case in CASES if is_about_one_person(case)]
    segments = [
        Segment(f"s{i}", case.rule, parse_condition(case.condition)) for i, case in enumerate(cases)
    ]
    events = [
        {**event, "distinct_id": f"p{i:03}", "event_id": f"{i:03}{event['event_id']}"}
        for i, case in enumerate(cases)
        for event in case.log()
    ]
    world = CaseWorld(Definitions(tuple(segments)), tuple(events), ())
    person_ids, log = stored_log(world)
    spans = history(world.definitions, log, cases[0].zero + 100 * DAY)
    for i, case in enumerate(cases):
        assert rows(spans[f"s{i}"], person_ids.index(f"p{i:03}")) == case.expected(), case


def is_about_one_person(case):
    """Whether the rule needs no other people, segments, zone or settings."""
    return not case.segments and not case.options and case not in QUANTILES
