"""One reading of the log for insight: spans, and when happenings occurred."""

import pyarrow as pa
import pytest

import segue
from segue.domain.errors import NotFoundError
from segue.domain.instant import HOUR, MINUTE, parse_instant
from segue.language.parse import parse_condition
from segue.language.tree import Did, Happening
from segue.services.insight.past import Past, goals_of, known_goal, read_past
from segue.timeline.log import Number
from segue.timeline.occurring import Wanted

EVENTS = pa.table(
    {
        "person_id": ["ana", "ana", "ana", "ben", "dan", "ben"],
        "event": ["look", "buy", "look", "look", "look", "buy"],
        "occurred_at": [
            "2026-05-04T10:00:00Z",
            "2026-05-04T10:10:00Z",
            "2026-05-04T12:00:00Z",
            "2026-05-05T10:00:00Z",
            "2026-05-05T10:00:00Z",
            "2026-05-09T10:00:00Z",
        ],
        "email": ["", "", "", "", "dan@shop.com", ""],
        "price": [None, 12.5, None, None, None, 3],
    }
)
PROJECT = {
    "exclude": 'did any where email ends with "@shop.com"',
    "goals": {"bought": {"event": "buy", "within": "7 days"}, "looked": {"event": "look"}},
    "segments": {"lookers": {"when": "did look within 2 days"}},
}
AT = parse_instant("2026-05-08T00:00:00Z")
TEN = parse_instant("2026-05-04T10:00:00Z")


def _happening(text: str) -> Happening:
    condition = parse_condition(f"did {text}")
    assert isinstance(condition, Did)
    return condition.happening


@pytest.fixture
def engine():
    with segue.Engine.in_memory(PROJECT) as made:
        made.record(EVENTS)
        yield made


def _past(engine: segue.Engine, *wanted: Wanted, segments: tuple[str, ...] = ()) -> Past:
    insight = engine.insight("2026-05-08")
    return read_past(insight.store, insight.definitions, insight.at, segments, wanted)


def _instants(past: Past, wanted: Wanted) -> dict[str, list[int]]:
    found = past.occurred[wanted]
    return {
        person: found.at[found.offsets[i] : found.offsets[i + 1]].tolist()
        for i, person in enumerate(past.person_ids.to_pylist())
    }


CASES = {
    '"look"': {"ana": [TEN, TEN + 2 * HOUR], "ben": [TEN + 24 * HOUR], "dan": [TEN + 24 * HOUR]},
    '"buy"': {"ana": [TEN + 10 * MINUTE], "ben": [], "dan": []},
    '("look" then "buy" within 1 hours)': {"ana": [TEN + 10 * MINUTE], "ben": [], "dan": []},
    "entered lookers": {"ana": [TEN], "ben": [TEN + 24 * HOUR], "dan": []},
    "left lookers": {"ana": [TEN + 50 * HOUR], "ben": [TEN + 72 * HOUR], "dan": []},
    '"$session_started"': {
        "ana": [TEN, TEN + 2 * HOUR],
        "ben": [TEN + 24 * HOUR],
        "dan": [TEN + 24 * HOUR],
    },
}


@pytest.mark.parametrize("text", CASES)
def test_happenings_occur_when_the_language_says(engine: segue.Engine, text: str) -> None:
    """Stored and derived events, sequences and crossings; nothing after the instant asked for."""
    if text.startswith(("entered", "left")):
        edge, segment = text.split()
        condition = parse_condition(f"{edge} {segment}")
        assert isinstance(condition, Did)
        wanted = Wanted(condition.happening)
    else:
        wanted = Wanted(_happening(text))

    assert _instants(_past(engine, wanted), wanted) == CASES[text]


def test_what_was_read_stands_beside_the_occurrences(engine: segue.Engine) -> None:
    """Numbers in millionths."""
    wanted = Wanted(_happening('"buy"'), Number(("price",)))  # type: ignore[arg-type]

    found = _past(engine, wanted).occurred[wanted]

    assert found.value is not None
    assert found.value.tolist() == [12_500_000]


def test_who_counts_and_where_people_were(engine: segue.Engine) -> None:
    """Excluded people have places in the arrays, but no spans."""
    past = _past(engine, segments=("lookers",))

    assert past.person_ids.to_pylist() == ["ana", "ben", "dan"]
    assert past.counted.holds(AT).tolist() == [True, True, False]
    assert past.spans["lookers"].start.tolist() == [TEN, TEN + 24 * HOUR]
    assert past.first_seen.tolist() == [TEN, TEN + 24 * HOUR, TEN + 24 * HOUR]


def test_goals_are_those_of_the_project(engine: segue.Engine) -> None:
    """An unknown one says which there are; an unknown segment likewise."""
    definitions = engine.definitions

    assert [(one.id, one.within) for one in goals_of(definitions)] == [
        ("bought", 7 * 24 * HOUR),
        ("looked", None),
    ]
    assert (
        known_goal(definitions, "looked").wanted
        in _past(engine, known_goal(definitions, "looked").wanted).occurred
    )
    with pytest.raises(NotFoundError, match="sold"):
        known_goal(definitions, "sold")
    with pytest.raises(NotFoundError, match="lurkers"):
        _past(engine, segments=("lurkers",))
