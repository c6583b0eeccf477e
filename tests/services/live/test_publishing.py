"""What is published when one history becomes another: a table of changes."""

from __future__ import annotations

import numpy as np
import pytest

from segue.domain.live import CAUSES, Cause
from segue.services.live.publishing import Arrivals, Boundaries, Circumstances, differences

HOUR = 3_600_000
NOW = 10 * HOUR


def boundaries(*rows: tuple[int, int, int, bool]) -> Boundaries:
    """Rows of segment, person, instant, entered."""
    segment, person, at, entered = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Boundaries(
        np.array(segment, np.int32),
        np.array(person, np.int32),
        np.array(at, np.int64),
        np.array(entered, np.bool_),
    )


def published(before, after, *, coming=(), events=(), moved=(), published_to=NOW - 1, cause=None):
    """The rows that `differences` gives: change, person, instant, cause, and the marks."""
    person, at, ref = zip(*events, strict=True) if events else ((), (), ())
    arrivals = Arrivals(np.array(person, np.int32), np.array(at, np.int64), np.array(ref, np.int64))
    how = Circumstances(NOW, published_to, HOUR, arrivals, np.array(moved, np.int32), cause)
    table = differences(boundaries(*before), boundaries(*after), boundaries(*coming), how)
    return [
        (
            "retracted" if row["retracted"] else "entered" if row["entered"] else "left",
            row["person"],
            row["at"],
            CAUSES[row["cause"]].value,
            " ".join(mark for mark in ("live", "corrected") if row[mark]),
            row["ref"],
        )
        for row in table.to_pylist()
    ]


IN, OUT = True, False
CASES = {
    "nothing changed": ([(1, 7, 5, IN)], [(1, 7, 5, IN)], {}, []),
    "an event lets somebody enter": (
        [],
        [(1, 7, NOW, IN)],
        {"events": [(7, NOW, 42)]},
        [("entered", 7, NOW, "event", "live", 42)],
    ),
    "the last of several events of that instant is the cause": (
        [],
        [(1, 7, NOW, IN)],
        {"events": [(7, NOW, 42), (7, NOW, 44), (8, NOW, 41)]},
        [("entered", 7, NOW, "event", "live", 44)],
    ),
    "time lets somebody leave": (
        [(1, 7, 5, IN)],
        [(1, 7, 5, IN), (1, 7, NOW, OUT)],
        {},
        [("left", 7, NOW, "time", "live", None)],
    ),
    "in and out again before anybody knew: only the last may be acted upon": (
        [],
        [(1, 7, NOW - 9, IN), (1, 7, NOW - 4, OUT)],
        {},
        [("entered", 7, NOW - 9, "time", "", None), ("left", 7, NOW - 4, "time", "live", None)],
    ),
    "a stay that is over when its entry is published, although its end is published later": (
        [],
        [(1, 7, NOW - 9, IN)],
        {"coming": [(1, 7, NOW - 4, OUT)]},
        [("entered", 7, NOW - 9, "time", "", None)],
    ),
    "a late event moves an entry: one taken back, one corrected": (
        [(1, 7, 500, IN)],
        [(1, 7, 300, IN)],
        {"events": [(7, 300, 42)]},
        [
            ("retracted", 7, 500, "correction", "", None),
            ("entered", 7, 300, "correction", "corrected", 42),
        ],
    ),
    "a late event adds a stay before a published one": (
        [(1, 7, NOW - 5, IN)],
        [(1, 7, NOW - 5, IN), (1, 7, NOW - 50, IN), (1, 7, NOW - 20, OUT)],
        {},
        [
            ("entered", 7, NOW - 50, "correction", "corrected", None),
            ("left", 7, NOW - 20, "correction", "corrected", None),
        ],
    ),
    "an hour late is in time": (
        [],
        [(1, 7, NOW - HOUR, IN)],
        {},
        [("entered", 7, NOW - HOUR, "time", "live", None)],
    ),
    "more than an hour late is a correction": (
        [],
        [(1, 7, NOW - HOUR - 1, IN)],
        {},
        [("entered", 7, NOW - HOUR - 1, "correction", "corrected", None)],
    ),
    "other segments and other people of the same instants are left alone": (
        [(1, 7, 5, IN), (2, 7, 5, IN), (1, 8, 5, IN)],
        [(1, 7, 5, IN), (1, 8, 5, IN)],
        {},
        [("retracted", 7, 5, "correction", "", None)],
    ),
    "what somebody did under another id is no news": (
        [(1, 7, NOW - 60, IN)],
        [(1, 9, NOW - 60, IN), (2, 9, NOW, IN)],
        {"moved": [9], "events": [(9, NOW, 3)]},
        [
            ("retracted", 7, NOW - 60, "correction", "", None),
            ("entered", 9, NOW - 60, "correction", "corrected", None),
            ("entered", 9, NOW, "event", "live", 3),
        ],
    ),
    "what they do while they become somebody else is news, though it was on its way for a while": (
        [(1, 7, NOW - 60, IN)],
        [(1, 9, NOW - 60, IN), (2, 9, NOW - 40, IN), (3, 9, NOW - 40, OUT)],
        {"moved": [9], "events": [(9, NOW - 40, 3)]},
        [
            ("retracted", 7, NOW - 60, "correction", "", None),
            ("entered", 9, NOW - 60, "correction", "corrected", None),
            ("left", 9, NOW - 40, "event", "live", 3),
            ("entered", 9, NOW - 40, "event", "live", 3),
        ],
    ),
    "unless it comes too late to act on": (
        [],
        [(2, 9, NOW - HOUR - 1, IN)],
        {"moved": [9], "events": [(9, NOW - HOUR - 1, 3)]},
        [("entered", 9, NOW - HOUR - 1, "correction", "corrected", 3)],
    ),
    "an import never fires": (
        [(1, 8, NOW, IN)],
        [(1, 7, NOW, IN)],
        {"cause": Cause.IMPORT, "events": [(7, NOW, 42)]},
        [("retracted", 8, NOW, "import", "", None), ("entered", 7, NOW, "import", "", 42)],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_is_published(name: str) -> None:
    """Retractions first, then what is new, in time order; each with its cause and its marks."""
    before, after, how, expected = CASES[name]

    assert published(before, after, **how) == expected
