"""The rules of DESIGN, one row each: the oracle reads them as a person does."""

from __future__ import annotations

import pytest

from segue.domain.instant import DAY
from tests.oracle import breakpoints, holds, leaves_at, outlook, spans
from tests.oracle.cases import CASES, Case


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_the_condition_holds_exactly_then(case: Case):
    """The oracle's spans are those that the row writes down."""
    found = spans(case.definitions(), case.log(), "u", "asked", case.zero + 100 * DAY)
    assert found == case.expected()


def test_every_rule_is_named_once():
    """Two rows that share a name would hide each other in a report."""
    names = [case.rule for case in CASES]
    assert len(set(names)) == len(names)


def test_truth_at_one_instant_is_that_of_the_spans():
    """`holds`, by the log cut at t, agrees with the spans at every breakpoint and 1 ms around it."""
    for case in CASES:
        definitions, log, end = case.definitions(), case.log(), case.zero + 100 * DAY
        for point in breakpoints(definitions, log, "u", "asked", end):
            for t in (point - 1, point, point + 1):
                inside = any(s <= t < e for s, e in case.expected())
                if t <= end:
                    assert holds(definitions, log, "u", "asked", t) == inside, (case, t)


def test_leaving_is_foretold_from_what_is_known_by_then():
    """A later event that keeps a person in is not known to `leaves_at`."""
    case = Case("", "did a within 7 days", "a@1d a@5d", "")
    at = case.zero + 2 * DAY
    assert leaves_at(case.definitions(), case.log(), "u", "asked", at) == case.zero + 8 * DAY


def test_coming_in_is_foretold_where_time_alone_brings_it():
    """The outlook of somebody outside is the instant at which they come in."""
    case = Case("", "last a more than 7 days ago", "a@1d", "")
    at = case.zero + 2 * DAY
    assert outlook(case.definitions(), case.log(), "u", "asked", at) == (False, case.zero + 8 * DAY)
