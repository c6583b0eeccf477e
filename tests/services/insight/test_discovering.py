"""High-impact actions of a project: candidates, the condition of a finding, words, documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import segue
from segue.domain.errors import NotFoundError, UsageError
from segue.domain.instant import DAY, FOREVER, HOUR, format_instant
from segue.insight.arrays import holds
from segue.insight.discovery import Finding, Verdict
from segue.insight.landmarks import done_within
from segue.language.text import to_text
from segue.language.tree import EventPattern, Name
from segue.services.insight.discovering import Asked, Discovered, Prepared, prepare
from segue.services.insight.discovering_document import discovered_document
from segue.services.insight.discovering_words import (
    definition,
    did_words,
    finding_words,
    proposal,
    summary_words,
)
from segue.services.insight.past import read_past

BEGINS = 1_777_852_800_000
PROJECT: dict[str, Any] = {
    "exclude": "did worked_here",
    "not_activity": ["billed"],
    "actions": {
        "looked": "look",
        "invited": 'any of (invite, "Invite Sent")',
        "paid": "any of (pay, pay_later)",
        "starred": "look where star is true",
    },
    "goals": {"bought": {"event": "pay", "within": "5 days"}, "ever": {"event": "pay"}},
    "segments": {"lookers": {"title": "Lookers", "when": "did look at least 2 times"}},
}


def _shop(people: int = 900, seed: int = 3) -> pa.Table:
    """People of three weeks. Who invites on the first days buys more often; who looks, looks often,
    and more often at once. Odd ones work here."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[str, str, int, str]] = []
    for number in range(people):
        person, start = f"p{number:04}", BEGINS + int(rng.integers(0, 20 * 24)) * HOUR
        vigour = int(rng.poisson(4)) + 1
        rows += [(person, "look", start, '{"path": "/a"}')] * int(rng.integers(1, 3))
        for _ in range(vigour):
            at = start + int(rng.integers(0, 5 * 24)) * HOUR
            name = str(rng.choice(["look", "read", "search"]))
            path = str(rng.choice(["/a", "/b", "/c"]))
            rows.append((person, name, at, json.dumps({"path": path, "star": path == "/c"})))
        does = rng.random() < 0.3
        if does:
            name = str(rng.choice(["invite", "Invite Sent"]))
            rows.append((person, name, start + int(rng.integers(0, 48)) * HOUR, "{}"))
        if rng.random() < (0.7 if does else 0.15):
            rows.append((person, "pay", start + 3 * DAY + int(rng.integers(0, 48)) * HOUR, "{}"))
        rows.append((person, "billed", start + DAY, "{}"))
        if number % 50 == 0:
            rows.append((person, "worked_here", start, "{}"))
    columns = list(zip(*rows, strict=True))
    return pa.table(
        {
            "person_id": columns[0],
            "event": columns[1],
            "occurred_at": pa.array(columns[2]).cast(pa.timestamp("ms", "UTC")),
            "properties": columns[3],
        }
    )


AT = format_instant(BEGINS + 32 * DAY)


@pytest.fixture(scope="module")
def shop() -> Iterator[segue.Engine]:
    with segue.Engine.in_memory(PROJECT) as made:
        made.record(_shop())
        yield made


@pytest.fixture(scope="module")
def found(shop: segue.Engine) -> Discovered:
    return shop.insight(AT).discover("bought", windows=(DAY, 2 * DAY), counts=3)


def test_what_matters_is_found_and_told(found: Discovered) -> None:
    """The invitation, with both halves, what to expect, and that it is no proof."""
    (number, one), *others = found.distinct

    assert [did_words(found, other) for _, other in others] == [
        "sent an invite in their first 2 days",
        "did “invite” in their first 2 days",
    ]
    assert (number, did_words(found, one)) == (1, "invited in their first 2 days")
    said = finding_words(found, one)
    assert said.startswith("People who invited in their first 2 days reached “bought” in ")
    for part in (
        " % of people do this. Among people who are as active in all the difference is ",
        "It was seen again among those who started later: ",
        "; expect that rather than the first, which was picked for being large.",
        "That is no proof of cause: test it with a campaign.",
    ):
        assert part in said
    assert summary_words(found).startswith("3 findings out of ")
    assert "in the 5 days after it counts." in definition(found)


def test_what_may_have_an_impact(shop: segue.Engine) -> None:
    """What people do themselves: actions in the place of their event, common values; nothing of the
    goal, nor what is no activity, nor values that all have."""
    titles = {one.title: one for one in _prepared(shop, Asked("bought")).candidates}

    assert [one for one in titles if " where " not in one] == [
        *("looked", "searched", "read", "starred", "invited"),
        *("sent an invite", "did “invite”", "worked a here"),
    ]
    assert titles["looked"].named == EventPattern((Name("looked"),))
    assert {"looked where path is /a", "searched where star is true"} <= set(titles)


def _prepared(shop: segue.Engine, asked: Asked) -> Prepared:
    one = shop.insight(AT)
    return prepare(one.store, one.project, one.definitions, one.at, asked)


@pytest.mark.parametrize("segment", [None, "lookers"])
def test_a_finding_s_condition_holds_for_exactly_who_did_it(
    shop: segue.Engine, segment: str | None
) -> None:
    """Evaluated by the engine at the landmark of each person, for every candidate, number of times
    and window; also where several things happen in the first instant, or the last."""
    windows = (DAY, 2 * DAY)
    ready = _prepared(shop, Asked("bought", segment, windows))
    start = ready.behaviour.starts.at
    people = np.flatnonzero((start < FOREVER) & (start + windows[-1] <= ready.past.at))
    asked = shop.insight(AT).discover("bought", segment=segment, windows=windows, counts=3)
    cases = [
        (place, times, window)
        for place in range(len(ready.candidates))
        for times in (1, 2)
        for window in windows
    ]
    texts = {
        f"s{number}": {"when": to_text(asked.condition(_finding(*case)))}
        for number, case in enumerate(cases)
    }
    project = {**PROJECT, "segments": {**PROJECT["segments"], **texts}}
    with segue.Engine.in_memory(project) as other:
        other.record(_shop())
        one = other.insight(AT)
        past = read_past(one.store, one.definitions, one.at, list(texts))
    for name, (place, times, window) in zip(texts, cases, strict=True):
        (done,) = done_within(ready.actions[place], ready.behaviour.starts, [window])
        did = np.isin(people, done.people[done.times >= times])
        counts = holds(past.counted, people, start[people] + window)
        member = holds(past.spans[name], people, start[people] + window)
        assert (member == (did & counts)).all(), texts[name]


def _finding(action: int, times: int, window: int) -> Finding:
    nothing: Any = None
    return Finding(
        action, times, window, Verdict.FOUND, nothing, nothing, 1.0, q_value=0.0, family=0.0
    )


def test_nothing_after_the_instant_is_known(shop: segue.Engine) -> None:
    """Asked for an instant, or of a log that ends there: the same, to the last digit."""
    at = BEGINS + 20 * DAY
    whole = _shop()
    kept = np.array(whole["occurred_at"].cast(pa.int64())) <= at
    with segue.Engine.in_memory(PROJECT) as cut:
        cut.record(whole.filter(pa.array(kept)))
        ended = cut.insight(format_instant(at)).discover("bought", counts=2)

    asked = shop.insight(format_instant(at)).discover("bought", counts=2)

    assert discovered_document(asked) == discovered_document(ended)


def test_people_who_are_excluded_are_in_no_figure(found: Discovered) -> None:
    """They are counted beside."""
    assert [one.left_out.not_counted for one in found.outcome.populations] == [18, 18]
    assert all(one.people <= 882 for one in found.outcome.populations)


def test_a_finding_becomes_a_segment(found: Discovered) -> None:
    """With an id that is free, a title and the condition; the others are told which there are."""
    made = proposal(found, 1)

    assert made.id == "invited_in_their_first_2_days"
    assert made.title == "Invited in their first 2 days"
    assert made.when == 'did invited within 2 days after first "$session_started"'
    with pytest.raises(NotFoundError, match="no finding 4"):
        proposal(found, 4)


def test_everything_stands_in_the_document(found: Discovered) -> None:
    """As plain values, with every figure's range; what was looked at says why not."""
    document = json.loads(json.dumps(discovered_document(found), allow_nan=False))

    finding = document["findings"][0]
    later = finding["later"]
    low, high = later["adjusted_difference_range"]
    assert 0 < low < later["adjusted_difference"] < high < 1
    assert later["did"]["of"] + later["others"]["of"] == (
        document["populations"][1]["people"] - document["populations"][1]["earlier"]
    )
    assert finding["segment"]["when"] == finding["condition"]
    assert document["windows_ms"] == [DAY, 2 * DAY]
    assert {one["verdict"] for one in document["looked_at"]} <= {
        one.name.lower() for one in Verdict
    } - {"found"}
    assert len(document["heat"][0]["differences"][0]) == 3


def test_a_start_may_be_an_entry(shop: segue.Engine) -> None:
    """People begin when they first enter; what they do in that instant does not count."""
    found = shop.insight(AT).discover("bought", segment="lookers", windows=(2 * DAY,), counts=2)

    assert "first entered “Lookers”, which does not count itself" in definition(found)
    for _, one in found.distinct:
        assert did_words(found, one).endswith("within 2 days of entering “Lookers”")
        assert to_text(found.condition(one)).endswith("within 2 days")


def test_a_period_takes_only_who_began_in_it(shop: segue.Engine) -> None:
    everybody, few = (
        shop.insight(AT).discover("bought", windows=(DAY,), counts=1, period=one)
        for one in (None, 20 * DAY)
    )

    (all_people,), (fewer,) = everybody.outcome.populations, few.outcome.populations
    assert 0 < fewer.people < all_people.people


def test_a_goal_without_a_window_is_followed_for_two_weeks(shop: segue.Engine) -> None:
    """And that is said."""
    found = shop.insight(AT).discover("ever", windows=(DAY,), counts=1)

    assert "in the 14 days after it counts, because the goal has no window" in definition(found)


def test_nothing_found_says_what_could_have_been() -> None:
    """How many tries, and the smallest difference that would have been seen."""
    rng = np.random.default_rng(5)
    people = [f"p{one}" for one in range(400)]
    rows = [(one, "look", BEGINS + k * HOUR) for k, one in enumerate(people)]
    rows += [
        (o, name, BEGINS + k * HOUR)
        for k, o in enumerate(people)
        for name in ("read", "search")
        if rng.random() < 0.4
    ]
    rows += [
        (o, "pay", BEGINS + k * HOUR + 3 * DAY) for k, o in enumerate(people) if rng.random() < 0.4
    ]
    found = _discovered(rows)

    said = summary_words(found)
    assert said.startswith("Nothing among ")
    assert " predicts “bought” beyond chance. The smallest difference that would have" in said


def test_too_few_people_are_told_what_to_do() -> None:
    """Nobody can be followed yet."""
    found = _discovered([("ana", "look", BEGINS + 30 * DAY), ("ana", "read", BEGINS + 30 * DAY)])

    assert summary_words(found) == (
        "Nobody can be compared yet. 1 person cannot be told yet: their 5 days are not over."
    )
    assert found.distinct == []


def test_a_goal_that_comes_first_is_no_goal_to_look_for() -> None:
    """Who has reached it at once is compared with nobody."""
    rows = [(f"p{k}", "pay", BEGINS + k * HOUR) for k in range(30)]
    rows += [(f"p{k}", "read", BEGINS + (k + 1) * HOUR) for k in range(30)]

    assert summary_words(_discovered(rows)) == (
        "Nobody can be compared yet. 30 people had reached “bought” 1 day after they began:"
        " choose a goal that comes later."
    )


def _discovered(rows: list[tuple[str, str, int]]) -> Discovered:
    columns = list(zip(*rows, strict=True))
    events = pa.table(
        {
            "person_id": columns[0],
            "event": columns[1],
            "occurred_at": pa.array(columns[2]).cast(pa.timestamp("ms", "UTC")),
        }
    )
    with segue.Engine.in_memory(PROJECT) as made:
        made.record(events)
        return made.insight(AT).discover("bought", windows=(DAY,), counts=2)


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"goal": "sold"}, NotFoundError, "no goal 'sold'"),
        ({"segment": "lurkers"}, NotFoundError, "no segment 'lurkers'"),
        ({"windows": ()}, UsageError, "1 to 8 windows"),
        ({"windows": (0,)}, UsageError, "1 to 8 windows"),
        ({"counts": 0}, UsageError, "Counts go from 1 to 100"),
    ],
)
def test_what_cannot_be_asked(
    shop: segue.Engine, asked: dict[str, Any], error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        shop.insight(AT).discover(**asked)


def test_a_project_needs_a_goal_that_is_not_everything() -> None:
    """The hint shows how to add one."""
    for goals, error, said in (
        ({}, NotFoundError, "no goal yet"),
        ({"all": {"event": "any"}}, UsageError, "everything that people do"),
    ):
        with segue.Engine.in_memory({"goals": goals}) as made:
            made.record(_shop(20))
            with pytest.raises(error, match=said):
                made.insight(AT).discover()
