"""What is said of a person: traits as the language reads them, and cursors that hold."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain.browsing import Mark
from segue.domain.errors import UsageError
from segue.domain.ports import StoredEvent
from segue.services.live.editing import drop_segment, put_segment
from segue.services.live.reading import fold_traits


def event(name: str, at: int, properties: dict) -> StoredEvent:
    return StoredEvent(f"{name}-{at}", "ada", name, at, at, None, json.dumps(properties))


@pytest.mark.parametrize(
    ("events", "traits"),
    [
        ([("$set", {"a": 1}), ("$set", {"a": 2})], {"a": (2, 2)}),
        ([("$set", {"a": 1}), ("$set", {"a": None})], {}),
        ([("$set", {"a": 1}), ("$unset", {"a": True})], {}),
        ([("$set", {"a": 1, "b": 2}), ("$unset", {"$unset": ["a"]})], {"b": (2, 1)}),
        ([("$set_once", {"a": 1}), ("$set_once", {"a": 2})], {"a": (1, 1)}),
        ([("$set_once", {"a": None}), ("$set_once", {"a": 2})], {"a": (2, 2)}),
        ([("$identify", {"a": 1, "$anon_distinct_id": "x"})], {"a": (1, 1)}),
    ],
)
def test_traits_follow_the_rules_of_the_language(events, traits) -> None:
    found = fold_traits([event(name, at + 1, p) for at, (name, p) in enumerate(events)], 100)

    assert {name: (one.value, one.set_at) for name, one in found.items()} == traits


def test_what_is_yet_to_come_sets_nothing() -> None:
    assert fold_traits([event("$set", 10, {"a": 1})], 9) == {}


@given(st.integers(0, 1 << 50), st.none() | st.integers(), st.text())
def test_a_cursor_is_read_as_it_was_written(at, sequence, event_id) -> None:
    mark = Mark(at, sequence, event_id)

    assert Mark.read(str(mark)) == mark


@pytest.mark.parametrize("text", ["", "x", "1", "1.2", "a..b", "1.x.b"])
def test_what_is_no_cursor_is_said(text: str) -> None:
    with pytest.raises(UsageError):
        Mark.read(text)


def test_a_segment_put_and_dropped_leaves_the_text_as_it_was() -> None:
    text = "# mine\nsegments:\n  a: {when: everyone}   # all\n"

    assert drop_segment(put_segment(text, "b", {"when": "did x"}), "b") == text
