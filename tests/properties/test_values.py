"""Every kind of JSON value against every kind of test, as a property of an event, as a trait and as
an amount, through the event store: what DESIGN says of values, in all combinations."""

from __future__ import annotations

import pytest

from segue.domain.instant import DAY, parse_instant
from segue.language.parse import parse_condition
from segue.language.tree import Definitions, Segment
from tests.fuzz.compare import compare
from tests.fuzz.stores import stored_log
from tests.fuzz.worlds import CaseWorld

AT = parse_instant("2025-06-03T00:00:00Z")

# fmt: off
VALUES = (
    0, 1, 10, -3, 0.5, 10.5, 5e-07, 4e-07, -5e-07, 2**53, 2**53 + 1, 1e30, 1e15, 123456789012345678,
    12345678901234567890, 0.1, "10", "-3", "10.50", "1e2", "010", "+5", " 10", "10 ", "NaN", "nan",
    "Infinity", "inf", "0.0000004", "9007199254740993", "1E1", "2.", ".5", "-", "", "true", "false",
    "True", True, False, None, [], [1], {}, {"a": 1}, "é", "É", "pro\n", "100%", "a_b", "'; --", '"',
    "2025-06-03", "2025-06-03T00:00:00Z", "2025-06-03T00:00", "2025-06-03 00:00:00",
    "2025-06-03t00:00:00z", "2025-06-03T00:00:00.1234567+02:00", "2025-06-03T00:00:00+0200",
    "2025-06-03T24:00:00Z", "2025-06-03T23:59:60Z", "2025-02-30", "2025-6-3", "20250603",
    "2025-06-03T00:00:00-00:30", "0001-01-01", "1969-12-31", "9999-12-31", 1748908800000, 1748908800,
    99999999999, 100000000000, -1, 1748908800.5, 2**63 - 1, -(2**63), 2**64 - 1, "1748908800000",
)

TESTS = (
    "= 0", "= 10", "!= 10", "< 1", "<= 0", "> 9", "= 0.5", "= 0.1", "in (0, 10)", "not in (0, 10.5)",
    "= 9007199254740993", "> 9007199254740992", "= 100", "= 12345678901234567890",
    "= 1000000000000000", '= "10"', '= "0"', '= "true"', '= ""', '< "a"', '>= "é"', 'in ("10", "true")',
    'contains "0"', 'contains "_"', 'starts with "1"', 'ends with "%"', 'matches "^[0-9]+$"',
    'matches "pro$"', 'contains ""', '= "1000000000000000"', "is set", "is not set", "is true",
    "is false", "before 2025-06-03", "after 2025-06-03", "after 2025-06-02", "after 2025-06-02T23:59:59",
    "before 2025-06-03T00:00:01Z", "before 1970-01-01", "within last 1 day", "within next 1 day",
)

AMOUNTS = tuple(
    f"{measure}(a.v) {test}"
    for measure in ("sum", "min", "distinct")
    for test in ("= 0", "= 0.000001", "< 0", "= 1", "= 10", "= 0.5", "> 9000000000000")
)
# fmt: on


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_values_are_read_as_designed(zone):
    """One person per value, one segment per test: the engine agrees with the oracle on each."""
    texts = [
        f"{place} {test}"
        for test in TESTS
        for place in ("did a where v", "trait v", "last a has v")
    ]
    segments = [Segment(text, text, parse_condition(text)) for text in (*texts, *AMOUNTS)]
    events = [
        {
            "distinct_id": f"p{i:03}",
            "event": name,
            "occurred_at": AT,
            "event_id": f"{name}{i}",
            "sequence": None,
            "received_at": AT,
            "properties": {"v": value},
        }
        for i, value in enumerate(VALUES)
        for name in ("a", "$set")
    ]
    case = CaseWorld(Definitions(tuple(segments), timezone=zone), tuple(events), (AT + 9 * DAY,))
    found = compare(case, stored_log)
    wrong = {(one.segment_id, repr(VALUES[int(one.person_id[1:])])): one.engine for one in found}
    assert wrong == {}
