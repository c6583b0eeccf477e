"""People of the demo's world who are spoken to: they react by a chance of their own, and whoever is
not spoken to lives as before."""

from itertools import takewhile

import pytest

from segue.demo import REACTIONS, START, World, definitions, stream
from segue.domain.instant import DAY, HOUR
from segue.language.acting import acting
from segue.language.project import project_from

PEOPLE = 400
END = START + 60 * DAY


def told(campaign_id: str, event: str, *, at_once: str) -> tuple[set[str], set[str], list]:
    """Live until the end, telling everybody right after their event `at_once`: who was told, who
    did `event` afterwards, and everything that happened."""
    world = World(PEOPLE)
    when, done, all_events = {}, set(), []
    for one in world.events():
        if one.occurred_at > END:
            break
        all_events.append(one)
        if one.event == event and one.occurred_at > when.get(one.person_id, END):
            done.add(one.person_id)
        if one.event == at_once and one.person_id not in when:
            when[one.person_id] = one.occurred_at
            assert world.tell(one.person_id, campaign_id, one.occurred_at)
    return set(when), done, all_events


def untold() -> list:
    return list(takewhile(lambda one: one.occurred_at <= END, stream(PEOPLE)))


def test_nobody_is_told_and_nothing_changes() -> None:
    world = World(PEOPLE)

    assert list(takewhile(lambda one: one.occurred_at <= END, world.events())) == untold()


def test_a_message_without_an_effect_changes_nothing() -> None:
    *_, happened = told("upgrade_prompt", "subscribed", at_once="trial_started")

    assert happened == untold()


@pytest.mark.parametrize(
    ("campaign_id", "event", "at_once"),
    [
        ("core_feature_guide", "report_run", "user_created"),
        ("upgrade_benefits", "subscribed", "trial_ended"),
        ("onboarding_support", "onboarding_completed", "onboarding_step"),
        ("advanced_guide", "report_shared", "trial_started"),
    ],
)
def test_those_who_are_told_do_it_more(campaign_id, event, at_once) -> None:
    people, did, happened = told(campaign_id, event, at_once=at_once)
    before = {one.event_id: one for one in untold()}
    would = {one.person_id for one in before.values() if one.event == event} & people
    share = len(did - would) / len(people - would)

    assert REACTIONS[campaign_id].chance * 0.4 < share < REACTIONS[campaign_id].chance * 1.8 + 0.05
    assert [one.occurred_at for one in happened] == sorted(one.occurred_at for one in happened)


def test_whoever_was_not_told_lives_as_before() -> None:
    people, _, happened = told("come_back", "dashboard_viewed", at_once="trial_ended")
    lives = {one.event_id[:6] for one in happened if one.person_id in people}

    def rest(events: list) -> list:
        return [one for one in events if one.event_id[:6] not in lives]

    assert rest(happened) == rest(untold())


def test_reactions_come_after_the_message() -> None:
    world = World(PEOPLE)
    at = None
    for one in world.events():
        if at is None and one.event == "user_created":
            at = one.occurred_at + HOUR
            for campaign_id in REACTIONS:
                world.tell(one.person_id, campaign_id, at)
            person = one.person_id
            break
    later = [
        e
        for e in takewhile(lambda e: e.occurred_at <= END, world.events())
        if e.person_id == person
    ]

    assert later


def test_nobody_is_told_who_is_not_there() -> None:
    assert not World(PEOPLE).tell("user-999999", "come_back", START)


def test_every_campaign_of_the_demo_has_a_known_effect() -> None:
    campaigns = acting(project_from(definitions())).campaigns

    assert {one.id for one in campaigns if one.survey is None} == REACTIONS.keys()
    assert all(one.goal for one in campaigns if one.survey is None)
