"""Guessing columns: a name that such columns have, and values that fit; never one alone."""

import datetime as dt

import pyarrow as pa
import pytest

from segue.services.recognise import recognise_columns
from segue.services.tabular import rates_by_group, topics

MOMENTS = [dt.datetime(2026, 5, day, tzinfo=dt.UTC) for day in (1, 2, 3, 4)]


def table(**columns) -> pa.Table:
    return pa.table(columns)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"person_id": ["a"] * 4, "event": ["x"] * 4, "occurred_at": MOMENTS},
            {"person_id": "person_id", "event": "event", "occurred_at": "occurred_at"},
        ),
        (
            {"user_id": ["a"] * 4, "ts": MOMENTS, "event": ["x"] * 4, "props": ["{}"] * 4},
            {"person_id": "user_id", "event": "event", "occurred_at": "ts", "properties": "props"},
        ),
        (
            {"CustomerID": [1, 2, 3, 4], "Event Name": ["x"] * 4, "Event-Time": ["2026-05-01"] * 4},
            {"person_id": "CustomerID", "event": "Event Name", "occurred_at": "Event-Time"},
        ),
        (
            {"distinct_id": ["a"] * 4, "timestamp": [1_770_000_000] * 4, "event": ["x"] * 4},
            {"person_id": "distinct_id", "event": "event", "occurred_at": "timestamp"},
        ),
        (
            {"userId": ["a"] * 4, "type": ["track"] * 4, "event": ["x"] * 4, "time": ["1/2/2026"] * 4},
            {"person_id": "userId", "event": "event", "occurred_at": "time"},
        ),
        (
            {"user": ["a"] * 4, "action": ["x"] * 4, "date": [dt.date(2026, 5, 1)] * 4, "seq": [1] * 4},
            {"person_id": "user", "event": "action", "occurred_at": "date", "sequence": "seq"},
        ),
    ],
)  # fmt: skip
def test_columns_of_event_logs(columns, expected) -> None:
    """Names in any spelling; the better name wins where several fit."""
    found = recognise_columns(table(**columns))

    assert dict(found.columns) == expected
    assert not found.missing
    assert found.renamed == {role: name for role, name in expected.items() if role != name}


@pytest.mark.parametrize(
    ("columns", "missing"),
    [
        ({"text": ["why?"] * 4, "category": ["a"] * 4}, ("person_id", "event", "occurred_at")),
        ({"user_id": ["a"] * 4, "ts": ["soon"] * 4, "event": ["x"] * 4}, ("occurred_at",)),
        ({"user_id": ["a"] * 4, "ts": [3] * 4, "event": ["x"] * 4}, ("occurred_at",)),
        ({"user_id": [0.5] * 4, "ts": MOMENTS, "event": ["x"] * 4}, ("person_id",)),
        ({"user_id": ["a"] * 4, "ts": MOMENTS, "event": [True] * 4}, ("event",)),
        ({"user_id": ["a"] * 4, "ts": pa.nulls(4, pa.string()), "event": ["x"] * 4}, ("occurred_at",)),
    ],
)  # fmt: skip
def test_what_is_missing(columns, missing) -> None:
    """A column of the right name whose values do not fit is not taken."""
    assert recognise_columns(table(**columns)).missing == missing


def test_free_text_is_no_event_name() -> None:
    """A name repeats; a column of different texts is something else."""
    texts = [f"My order {number} never came" for number in range(200)]

    assert recognise_columns(table(event=texts)).missing[1] == "event"


def test_an_experiment_is_found_by_what_its_groups_have_in_common() -> None:
    """Groups that were alike before and differ after come before a larger difference elsewhere."""
    arm = ["mail", "none"] * 500
    region = ["north"] * 500 + ["south"] * 500
    before = [1] * 400 + [0] * 600
    visit = [int(index % 2 == 0 and index % 4 == 0) for index in range(1000)]
    member = [0] * 500 + [1] * 500

    found = rates_by_group(table(before=before, arm=arm, visit=visit, region=region, member=member))

    assert found is not None
    assert (found.group, found.outcome, found.alike_in) == ("arm", "visit", ("before",))
    assert found.rows == (("mail", 500, 0.5), ("none", 500, 0.0))


@pytest.mark.parametrize(
    "columns",
    [
        {"n": [1, 2, 3, 4]},
        {"group": ["a", "b", "a", "b"]},
        {"visit": [0, 1, 0, 1], "group": ["a", "b", "a", "b"]},
    ],
)
def test_no_outcome_no_rates(columns) -> None:
    """Without a 0/1 column after a grouping there is nothing to compare."""
    assert rates_by_group(table(**columns)) is None


def test_texts_and_their_topics() -> None:
    """Long, different texts beside a label; the largest labels first."""
    texts = [f"I am still waiting for card number {number}" for number in range(6)]
    found = topics(table(text=texts, topic=["a", "b", "b", "c", "b", "a"]))

    assert found is not None
    assert (found.text, found.label, found.labels, found.rows) == ("text", "topic", 3, 6)
    assert found.largest == (("b", 3), ("a", 2), ("c", 1))
    assert topics(table(label=["a", "b"])) is None
