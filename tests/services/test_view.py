"""One reading of the log: who leaves next, what is left out, which segments there are."""

import pyarrow as pa
import pytest

import segue
from segue.services.summarise import COUNTED

EVENTS = pa.table(
    {
        "person_id": ["ana", "ben", "cat", "dan"],
        "event": ["look", "look", "look", "buy"],
        "occurred_at": ["2026-05-04", "2026-05-02", "2026-05-03", "2026-05-04"],
        "email": ["", "", "", "dan@shop.com"],
    }
)
PROJECT = {
    "exclude": 'did any where email ends with "@shop.com"',
    "segments": {
        "fresh": {"title": "Looked lately", "when": "did look within 7 days"},
        "lookers": {"when": "did look"},
        "buyers": {"when": "did buy"},
    },
}


@pytest.fixture
def engine():
    with segue.Engine.in_memory(PROJECT) as made:
        made.record(EVENTS)
        yield made


def test_those_who_leave_first_stand_first(engine: segue.Engine) -> None:
    """At most so many, of the segments named, never those who stay for ever."""
    view = engine.view("2026-05-04")

    assert [one.person_id for one in view.leaving_next(2)] == ["ben", "cat"]
    assert [one.person_id for one in view.leaving_next(9)] == ["ben", "cat", "ana"]
    assert {one.title for one in view.leaving_next(9)} == {"Looked lately"}
    assert view.leaving_next(9, segment_ids=["lookers"]) == []


def test_excluded_people_are_in_nothing_and_count_for_nothing(engine: segue.Engine) -> None:
    """Neither members nor part of the whole."""
    summary = engine.view("2026-05-05").summary()

    assert summary.people == 3
    assert [one.size for one in summary.segments] == [3, 3, 0]
    assert [one.share for one in summary.segments] == [1, 1, 0]


def test_only_the_segments_asked_for(engine: segue.Engine) -> None:
    """In the order asked, each once; what counts people is never a result."""
    view = engine.view("2026-05-05", ["lookers", "fresh", "lookers"])

    assert dict.fromkeys(view.members().column("segment_id").to_pylist()) == {
        "lookers": None,
        "fresh": None,
    }
    assert COUNTED in view.spans
    with pytest.raises(segue.NotFoundError, match="no segment 'nobody'"):
        engine.view("2026-05-05", ["nobody"])


def test_a_segment_may_be_left_out(engine: segue.Engine) -> None:
    """Of everything that the view says."""
    view = engine.view("2026-05-05").without("fresh")

    assert [one.segment_id for one in view.summary().segments] == ["lookers", "buyers"]
    assert view.leaving_next(9) == []


def test_memberships_of_one_person(engine: segue.Engine) -> None:
    """Theirs alone."""
    table = engine.view("2026-05-20").memberships("ben")

    assert table.column("segment_id").to_pylist() == ["fresh", "lookers"]
    assert [value is None for value in table.column("left_at").to_pylist()] == [False, True]


def test_the_same_log_gives_the_same_bytes(engine: segue.Engine) -> None:
    """In any order of arrival."""
    with segue.Engine.in_memory(PROJECT) as other:
        other.record(EVENTS.take([3, 1, 0, 2]))

        assert other.history("2026-05-20").equals(engine.history("2026-05-20"))
        assert other.evaluate("2026-05-06").equals(engine.evaluate("2026-05-06"))
