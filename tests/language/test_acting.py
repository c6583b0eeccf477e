"""Campaigns, surveys and their rules: what the file says, and what acting gets of it."""

from fractions import Fraction

import pytest

from segue.domain.campaigns import (
    Acting,
    AlreadyIn,
    Branch,
    Campaign,
    Cap,
    Channel,
    Hours,
    InApp,
    Look,
    Moment,
    QuestionKind,
    Rate,
    Schedule,
    Sender,
    Trigger,
    TriggerKind,
    When,
)
from segue.domain.errors import DefinitionError
from segue.domain.instant import DAY, HOUR, MINUTE
from segue.language.acting import COOL_DOWN, acting
from segue.language.project import project_from

ACTING = """\
project: acme
timezone: Europe/Berlin
goals:
  subscribed: {event: subscribed, within: 14 days}
journey:
  - {stage: new, when: everyone}
segments:
  completed_trial: {when: did trial_completed}
messaging:
  holdout: 2.5%
  salt: autumn
  quiet_hours: {from: 21:00, to: "08:00", days: weekdays}
  held_at_most: 2 days
  caps:
    - {at_most: 3, within: 7 days}
    - {at_most: 1, within: 1 day, channel: email}
  rates: {email: 600 per minute, webhook: 10 per second}
  consent: {marketing: {email: newsletter}}
  zone_trait: tz
  email_trait: mail
  sender: {name: Acme, address: hello@acme.example}
  public_url: https://say.acme.example/
campaigns:
  benefits:
    title: Benefits of upgrading
    segment: completed_trial
    when: entering
    delay: 2 hours
    again: 30 days
    already_in: skip
    channel: email
    subject: Hello {{ person.name }}
    text: |
      You have reached {{ person.plan }}.
    goal: subscribed
    priority: 10
    holdout: 10%
    tags: [upgrade]
    starts: 2026-11-01
    window: {from: 09:00, to: 17:00, days: [monday, friday]}
  weekly:
    segment: completed_trial
    when: {schedule: monday and thursday 09:30}
    channel: webhook
    to: ${SEGUE_TO_CRM}
    payload: {person: "{{ person.id }}", plan: 3, deep: [true, "{{ person.plan }}"]}
    goal: subscribed
    goal_within: 1 day
    transactional: true
  prices:
    segment: completed_trial
    when: inside
    already_in: message
    channel: in_app
    show: {look: slot, slot: prices}
    variants:
      low: {payload: {price: 9}}
      high: {payload: {price: 12}, weight: 3}
surveys:
  why:
    segment: journey.new
    when: leaving
    heading: One question
    questions:
      - {id: score, kind: nps, ask: How likely?, then: {0 to 6: why, else: end}}
      - {id: why, kind: text, ask: "Why, {{ person.name }}?"}
    thanks: Thank you
    sampled: 50%
    show:
      look: modal
      on: [{page: "/app/*"}, {event: report_run}, {dwell: 10 seconds}, {scroll: 50%}, exit_intent]
      delay: 2 seconds
"""


@pytest.fixture(scope="module")
def found() -> Acting:
    return acting(project_from(ACTING))


def campaign(found: Acting, name: str) -> Campaign:
    one = found.campaign(name)
    assert one is not None
    return one


def test_the_rules_of_all_campaigns(found: Acting) -> None:
    rules = found.messaging

    assert rules.timezone == "Europe/Berlin"
    assert (rules.holdout, rules.salt) == (Fraction(1, 40), "autumn")
    assert rules.quiet == Hours(21 * 60, 8 * 60, (0, 1, 2, 3, 4))
    assert rules.held_at_most == 2 * DAY
    assert rules.caps == (Cap(3, 7 * DAY), Cap(1, DAY, Channel.EMAIL), COOL_DOWN)
    assert rules.rates == {Channel.EMAIL: Rate(600, MINUTE), Channel.WEBHOOK: Rate(10, 1000)}
    assert rules.consent == {("marketing", Channel.EMAIL): "newsletter"}
    assert (rules.zone_trait, rules.email_trait) == ("tz", "mail")
    assert rules.sender == Sender("Acme", "hello@acme.example")
    assert rules.public_url == "https://say.acme.example"


def test_a_campaign_says_who_when_how_and_what(found: Acting) -> None:
    one = campaign(found, "benefits")

    assert (one.title, one.segment_id) == ("Benefits of upgrading", "completed_trial")
    assert one.when == When(Moment.ENTERING, delay=2 * HOUR, again=30 * DAY)
    assert (one.already_in, one.channel) == (AlreadyIn.SKIP, Channel.EMAIL)
    assert [(v.id, v.weight) for v in one.variants] == [("a", 1)]
    assert one.variants[0].content.parts == {
        "subject": "Hello {{ person.name }}",
        "text": "You have reached {{ person.plan }}.\n",
    }
    assert (one.goal, one.goal_within) == ("subscribed", 14 * DAY)
    assert (one.priority, one.holdout, one.tags) == (10, Fraction(1, 10), ("upgrade",))
    assert one.starts_at == 1_793_487_600_000  # midnight in Berlin
    assert one.window == Hours(9 * 60, 17 * 60, (0, 4))
    assert one.in_app is None


def test_a_schedule_has_days_and_a_time(found: Acting) -> None:
    one = campaign(found, "weekly")

    assert one.when == When(Moment.SCHEDULE, schedule=Schedule((0, 3), 9 * 60 + 30))
    assert (one.to, one.transactional) == ("${SEGUE_TO_CRM}", True)
    assert one.goal_within == DAY
    assert one.variants[0].content.parts == {
        "payload": '{"person": "{{ person.id }}", "plan": 3, "deep": [true, "{{ person.plan }}"]}'
    }


def test_variants_have_weights(found: Acting) -> None:
    one = campaign(found, "prices")

    assert [(v.id, v.weight, v.content.parts) for v in one.variants] == [
        ("low", 1, {"payload": '{"price": 9}'}),
        ("high", 3, {"payload": '{"price": 12}'}),
    ]
    assert one.in_app == InApp(Look.SLOT, slot="prices")


def test_a_survey_is_a_campaign_with_questions(found: Acting) -> None:
    one = campaign(found, "why")

    assert (one.title, one.segment_id, one.channel) == ("Why", "journey.new", Channel.IN_APP)
    assert one.tags == ("survey",)
    assert one.sampled == Fraction(1, 2)
    assert one.survey is not None
    score, why = one.survey.questions
    assert (score.kind, why.kind) == (QuestionKind.NPS, QuestionKind.TEXT)
    assert score.branches == (Branch(tuple("0123456"), "why"), Branch((), ""))
    assert one.survey.thanks == "Thank you"
    assert one.variants[0].content.parts == {
        "heading": "One question",
        "ask.score": "How likely?",
        "ask.why": "Why, {{ person.name }}?",
        "thanks": "Thank you",
    }
    assert one.in_app == InApp(
        Look.MODAL,
        (
            Trigger(TriggerKind.PAGE, "/app/*"),
            Trigger(TriggerKind.EVENT, "report_run"),
            Trigger(TriggerKind.DWELL, "10"),
            Trigger(TriggerKind.SCROLL, "50"),
            Trigger(TriggerKind.EXIT_INTENT),
        ),
        delay=2000,
    )


def test_a_project_without_campaigns_has_rules_all_the_same() -> None:
    found = acting(project_from("timezone: Asia/Tokyo"))

    assert found.campaigns == ()
    assert (found.messaging.holdout, found.messaging.timezone) == (Fraction(5, 100), "Asia/Tokyo")
    assert found.messaging.caps == ()


def test_a_cap_over_surveys_replaces_the_common_cool_down() -> None:
    cap = "{at_most: 1, within: 30 days, tag: survey}"
    text = ACTING.replace("- {at_most: 3, within: 7 days}", f"- {cap}")

    assert COOL_DOWN not in acting(project_from(text)).messaging.caps


def test_what_varies_stands_below_variants_and_the_rest_beside_them() -> None:
    text = ACTING.replace(
        "    subject: Hello {{ person.name }}\n",
        "    variants:\n      a: {subject: One}\n      b: {subject: Two, text: Other}\n",
    )
    one = campaign(acting(project_from(text)), "benefits")

    assert [dict(v.content.parts) for v in one.variants] == [
        {"subject": "One", "text": "You have reached {{ person.plan }}.\n"},
        {"subject": "Two", "text": "Other"},
    ]


def test_it_can_be_written_back_and_read_again() -> None:
    project = project_from(ACTING)

    for dumped in (project.model_dump(), project.model_dump(mode="json", by_alias=True)):
        again = project_from(dumped)
        assert again == project
        assert acting(again) == acting(project)


# -------------------------------------------------------------------------------------- fingerprint


def fingerprint(text: str) -> str:
    return campaign(acting(project_from(text)), "benefits").fingerprint


def test_the_fingerprint_is_of_everything_that_a_campaign_says() -> None:
    same = ACTING.replace("priority: 10", "priority:   10   # high")
    elsewhere = ACTING.replace("salt: autumn", "salt: winter")

    assert fingerprint(same) == fingerprint(elsewhere) == fingerprint(ACTING)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("priority: 10", "priority: 11"),
        ("Hello {{", "Hi {{"),
        ("delay: 2 hours", "delay: 3 hours"),
        ("already_in: skip", "already_in: message"),
        ("title: Benefits of", "title: Boons of"),
    ],
)
def test_any_change_is_another_fingerprint(old: str, new: str) -> None:
    assert fingerprint(ACTING.replace(old, new, 1)) != fingerprint(ACTING)


def test_what_is_wrong_is_not_acted_upon() -> None:
    with pytest.raises(DefinitionError, match="there is no segment `completed_trail`"):
        acting(project_from(ACTING.replace("segment: completed_trial", "segment: completed_trail")))
