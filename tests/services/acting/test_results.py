"""What a campaign came to, from the rows of its deliveries in a real store."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import numpy as np
import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.campaigns import (
    Acting,
    AlreadyIn,
    Because,
    Campaign,
    Channel,
    Content,
    Delivery,
    Messaging,
    Moment,
    Occasion,
    State,
    Variant,
    When,
)
from segue.domain.instant import DAY
from segue.insight.lift import Arm, Finding, watch
from segue.services.acting.results import BORNE, SURE_OF_HARM, harmed, results

NOW = 1_700_000_000_000
CAMPAIGN = Campaign(
    id="upgrade",
    title="Upgrade",
    segment_id="trial",
    when=When(Moment.ENTERING),
    channel=Channel.EMAIL,
    variants=(Variant("a", Content({})), Variant("b", Content({}))),
    already_in=AlreadyIn.SKIP,
    goal="subscribed",
    goal_within=7 * DAY,
    holdout=Fraction(1, 10),
)
NOBODY_ELSE = Messaging(holdout=Fraction(0))


@pytest.fixture
def store(tmp_path):
    with_file = DuckDBStore.open(tmp_path / "segue.duckdb")
    yield with_file
    with_file.close()


def delivery(person: int, state: State = State.DELIVERED, **more) -> Delivery:
    """A row that was known, and due, eight days ago."""
    at = NOW - 8 * DAY
    fields = {
        "campaign_id": "upgrade",
        "fingerprint": "",
        "person_id": f"p{person}",
        "channel": Channel.EMAIL,
        "variant": "a",
        "occasion": Occasion.TRANSITION,
        "occasion_key": 1,
        "due_at": at,
        "known_at": at,
        "not_before": at,
        "state": state,
        **more,
    }
    if state in (State.DELIVERED, State.SHOWN, State.CLICKED, State.CONVERTED):
        fields = {"handed_at": at, "delivered_at": at, **fields}
    return Delivery(id=f"{person}-{fields['due_at']}", person=person, **fields)


def crowd(people: int, share: float, first: int = 0, **more) -> list[Delivery]:
    """People of whom a share converted."""
    rows = [delivery(first + n, **more) for n in range(people)]
    return [
        dataclasses.replace(row, converted_at=NOW - DAY) if n < share * people else row
        for n, row in enumerate(rows)
    ]


def measured(store, campaign=CAMPAIGN, messaging=NOBODY_ELSE, now=NOW):
    return results(store, campaign, messaging, now)


def test_nothing_was_sent(store):
    found = measured(store)

    assert found.reached.people == found.held_out == 0
    assert found.lift.finding is Finding.CANNOT_TELL
    assert found.variants == ()
    assert found.words.startswith("0 people were to be messaged")


def test_a_campaign_that_helps(store):
    treated, held = crowd(9_000, 0.15), crowd(1_000, 0.10, 9_000, state=State.HELD_OUT)
    store.save_deliveries(made=treated + held)
    found = measured(store)

    assert found.reached.people == found.reached.delivered == 9_000
    assert found.held_out == 1_000
    assert found.lift.finding is Finding.BETTER
    assert found.lift.difference == pytest.approx(0.05)
    assert not found.split.is_suspect
    assert found.messages_per_goal == pytest.approx(20)
    assert "Better: 15 % of the treated reached subscribed, 10 % of those held out" in found.words
    assert "about 20 messages" in found.words


def test_who_was_stopped_after_the_holdout_counts_as_treated(store):
    """Else the treated would be those who may be messaged, and the held-out everybody."""
    capped = crowd(500, 0.02, 0, state=State.REFUSED, because=Because.CAPPED, ended_at=NOW - DAY)
    store.save_deliveries(made=capped + crowd(500, 0.20, 500))
    found = measured(store)

    assert found.reached.people == 1_000
    assert found.reached.handed == 500
    assert found.lift.treated.value == pytest.approx(0.11)
    assert found.refused == {Because.CAPPED: 500}


def test_what_stops_both_arms_alike_belongs_to_neither(store):
    rows = crowd(10, 0) + [
        delivery(100 + n, State.REFUSED, because=because, ended_at=NOW - 8 * DAY + 40)
        for n, because in enumerate((Because.STOPPED, Because.TOO_LATE, Because.NOT_SAMPLED))
    ]
    # Due two hours after it was known, and refused at once then.
    later = {"due_at": NOW - 9 * DAY + 7_200_000, "not_before": NOW - 9 * DAY + 7_200_000}
    rows.append(
        delivery(150, State.REFUSED, because=Because.ENDED, known_at=NOW - 9 * DAY, **later)
    )
    held = {"not_before": NOW - 7 * DAY, "ended_at": NOW - 7 * DAY}
    waited = delivery(200, State.REFUSED, because=Because.TOO_LATE, **held)
    store.save_deliveries(made=[*rows, waited])

    assert measured(store).reached.people == 11
    assert measured(store).refused[Because.TOO_LATE] == 2


def test_people_whose_time_is_not_over_are_waited_for(store):
    fresh = [delivery(n, due_at=NOW - DAY, converted_at=NOW - 1) for n in range(30)]
    store.save_deliveries(made=fresh + crowd(20, 0.5, 100))
    found = measured(store)

    assert found.waiting == 30
    assert (found.lift.treated.count, found.lift.treated.of) == (10, 20)


def test_a_person_counts_once_however_often_they_are_messaged(store):
    again = delivery(1, due_at=NOW - 7 * DAY - 1, converted_at=NOW - DAY)
    store.save_deliveries(made=[delivery(1), again])

    assert measured(store).reached.people == 1
    assert measured(store).lift.treated.count == 0  # what the first one came to


def test_variants_are_compared_with_each_other(store):
    rows = crowd(3_000, 0.10, 0, variant="a") + crowd(3_000, 0.16, 3_000, variant="b")
    store.save_deliveries(made=rows)
    first, second = measured(store).variants

    assert (first.id, second.id) == ("a", "b")
    assert second.against_others.finding is Finding.BETTER
    assert first.against_others.finding is Finding.WORSE
    assert second.goal.value == pytest.approx(0.16)


def test_a_holdout_that_is_not_as_it_was_meant(store):
    store.save_deliveries(made=crowd(900, 0.1) + crowd(300, 0.1, 900, state=State.HELD_OUT))
    found = measured(store)

    assert found.split.is_suspect
    assert "cannot be trusted" in found.words


@pytest.mark.parametrize(
    ("campaign", "messaging"),
    [
        (dataclasses.replace(CAMPAIGN, transactional=True), Messaging()),
        (dataclasses.replace(CAMPAIGN, holdout=Fraction(0)), NOBODY_ELSE),
        (dataclasses.replace(CAMPAIGN, holdout=Fraction(1)), NOBODY_ELSE),
    ],
    ids=["transactional", "nobody held out", "everybody held out"],
)
def test_where_nobody_is_split_there_is_no_split_to_check(store, campaign, messaging):
    store.save_deliveries(made=crowd(50, 0.1))

    assert measured(store, campaign, messaging).split is None


def test_without_a_goal_nothing_is_said_of_the_effect(store):
    store.save_deliveries(made=crowd(50, 0))

    words = measured(store, dataclasses.replace(CAMPAIGN, goal="")).words
    assert words.endswith("It has no goal, so nothing can be said of its effect.")


def test_a_campaign_that_people_turn_away_is_named(store):
    rows = [
        dataclasses.replace(row, dismissed_at=NOW if n % 10 < 2 else None)
        for n, row in enumerate(crowd(300, 0))
    ]
    store.save_deliveries(made=rows)
    acting = Acting((CAMPAIGN,), NOBODY_ELSE)
    ((campaign_id, why),) = harmed(store, acting, NOW)

    assert campaign_id == "upgrade"
    assert why.startswith("20 % of those reached turned it away, at least")
    assert "It does harm" in measured(store).words


def test_a_campaign_that_keeps_people_from_the_goal_is_named(store):
    store.save_deliveries(made=crowd(9_000, 0.08) + crowd(1_000, 0.15, 9_000, state=State.HELD_OUT))
    ((_, why),) = harmed(store, Acting((CAMPAIGN,), NOBODY_ELSE), NOW)

    assert why == "those who were messaged reach the goal less: 8 % against 15 %"


def test_no_harm_no_name(store):
    store.save_deliveries(made=crowd(900, 0.1) + crowd(100, 0.1, 900, state=State.HELD_OUT))

    assert harmed(store, Acting((CAMPAIGN,), NOBODY_ELSE), NOW) == []


def test_harm_is_imagined_at_most_once_in_a_hundred_looking_every_day(store):
    """Sixty days at just what is borne, through the statistics that the watch uses."""
    rng, wrong, runs = np.random.default_rng(2), 0, 200
    for _ in range(runs):
        hurt = rng.binomial(40, BORNE, size=60).cumsum()
        wrong += any(
            watch(Arm(40 * (d + 1), int(hurt[d])), BORNE, level=SURE_OF_HARM).is_certain
            for d in range(60)
        )
    assert wrong / runs <= 0.015
