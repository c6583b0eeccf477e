"""Behaviour or identity: what foretells a goal, with traits as they were known."""

import numpy as np
import pyarrow as pa
import pytest

import segue
from segue.domain.errors import NotFoundError
from segue.domain.instant import DAY, HOUR, parse_instant
from segue.insight.predicting import Foretold, TooFew
from segue.services.insight.identity import Compared, compare_identity
from segue.services.insight.past import known_goal

START = parse_instant("2026-03-02")
PROJECT = {"goals": {"bought": {"event": "buy", "within": "7 days"}}, "segments": {}}


def _events(people: int, *, by: str, late: bool = False) -> pa.Table:
    """People who look and have a plan; whether they buy is told by their looks or by their plan.
    Where it is `late`, the plan tells only because it is set by those who bought."""
    random = np.random.default_rng(11)
    rows = []
    for person in range(people):
        at = START + int(random.integers(0, 100 * DAY))
        looks, pro = int(random.integers(1, 9)), bool(random.random() < 0.5)
        tells = looks >= 5 if by == "looks" else pro
        buys = bool(random.random() < (0.7 if tells else 0.2))
        name = f"p{person:04d}"
        plan = "pro" if pro else "free"
        written = [(0, "$identify", f'{{"plan": "{plan}", "email": "{name}@x.com"}}')]
        if late:
            written = [(6 * DAY, "$set", f'{{"plan": "{"pro" if buys else "free"}"}}')]
        written += [(hour * HOUR, "look", "{}") for hour in range(1, looks + 1)]
        written += [(5 * DAY, "buy", "{}")] if buys else []
        rows += [
            {"person_id": name, "event": event, "occurred_at": at + after, "properties": text}
            for after, event, text in written
        ]
    return pa.Table.from_pylist(rows)


def _compare(events: pa.Table, **asked: object) -> Compared:
    with segue.Engine.in_memory(PROJECT) as engine:
        engine.record(events)
        insight = engine.insight(asked.pop("at", None))  # type: ignore[arg-type]
        goal = known_goal(insight.definitions, "bought")
        return compare_identity(
            insight.store,
            insight.project,
            insight.definitions,
            insight.at,
            goal,
            window=2 * DAY,
            **asked,  # type: ignore[arg-type]
        )


def test_behaviour_wins_where_it_decides() -> None:
    """And the words say so, with margins."""
    found = _compare(_events(900, by="looks"))

    assert isinstance(found.result, Foretold)
    assert found.result.gains["behaviour", "traits"].interval.low > 0
    assert found.words[0].startswith("What people do foretells it better")
    assert "no better than guessing" in found.words[0]


def test_identity_wins_where_it_decides() -> None:
    """The comparison is honest in both directions; ids are left out."""
    found = _compare(_events(900, by="plan"))

    assert isinstance(found.result, Foretold)
    assert found.words[0].startswith("Who people say they are foretells it better")
    assert found.words[1].startswith("Knowing who they say they are adds")
    assert {one.name: bool(one.left_out) for one in found.traits} == {"email": True, "plan": False}
    assert found.silent.count == 0


def test_what_is_learnt_of_people_later_foretells_nothing() -> None:
    """A trait that buyers get afterwards is not known at the landmark."""
    found = _compare(_events(900, by="looks", late=True))

    assert found.traits == ()
    assert found.silent.value == 1
    assert isinstance(found.result, Foretold)
    assert found.result.models["traits"].auc.value == 0.5


def test_nothing_after_the_instant_is_used() -> None:
    """Asking for an instant is the same as cutting the log there."""
    events = _events(900, by="looks")
    at = START + 80 * DAY
    early = events.filter(pa.compute.less_equal(events["occurred_at"], at))

    found, cut = _compare(events, at=at), _compare(early, at=at)

    assert isinstance(found.result, Foretold)
    assert found.result == cut.result
    assert (found.words, found.traits, found.silent) == (cut.words, cut.traits, cut.silent)


def test_too_few_people_cannot_tell() -> None:
    """And how many more it takes."""
    found = _compare(_events(60, by="looks"))

    assert isinstance(found.result, TooFew)
    assert found.words[0].startswith("Cannot tell yet: needs about")


def test_an_unknown_segment_is_refused() -> None:
    """Nobody starts there."""
    with pytest.raises(NotFoundError):
        _compare(_events(60, by="looks"), segment_id="nowhere")
