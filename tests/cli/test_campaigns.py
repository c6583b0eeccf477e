"""`segue campaigns`: what a project says to whom, and what it would say to somebody."""

from pathlib import Path

import pytest

from tests.cli.conftest import Segue

PROJECT = """\
project: shop
timezone: Europe/Berlin
goals:
  bought: {event: buy}
segments:
  buyers: {title: Buyers, when: did buy}
  fresh: {title: Fresh, when: did look within 7 days}
messaging:
  holdout: 0%
  sender: {name: Shop, address: hello@shop.example}
  public_url: https://say.shop.example
  consent: {marketing: {email: newsletter}}
campaigns:
  thanks:
    title: Thanks for buying
    segment: buyers
    when: entering
    delay: 2 hours
    already_in: skip
    channel: email
    subject: Thank you, {{ person.name }}
    text: |
      You paid {{ event.properties.price | money }} on {{ event.at | date }}.
      {{ segment.evidence }}
      {{ unsubscribe_url }}
    goal: bought
  prices:
    segment: fresh
    when: inside
    already_in: message
    channel: in_app
    show: {look: slot, slot: prices}
    variants:
      low: {payload: {price: 9, who: "{{ person.id }}"}}
      high: {payload: {price: 12, who: "{{ person.id }}"}}
surveys:
  why:
    segment: fresh
    when: leaving
    enabled: false
    questions: [{id: why, kind: text, ask: "Why did you not buy, {{ person.name }}?"}]
"""
EVENTS = """\
person_id,event,occurred_at,name,email,price
ana,$identify,2026-05-01T09:00:00Z,Ana,ana@shop.example,
ana,buy,2026-05-02T22:30:00Z,,,19.90
ben,buy,2026-05-03T10:00:00Z,,,5
cat,look,2026-05-03T11:00:00Z,,,
"""


@pytest.fixture
def project(tmp_path: Path, segue: Segue) -> Segue:
    """A workspace with campaigns, in the folder where commands run."""
    Path("segue.yaml").write_text(PROJECT)
    Path("events.csv").write_text(EVENTS)
    assert segue("import", "events.csv").code == 0
    return segue


def test_the_list_says_who_gets_what_and_when(project: Segue) -> None:
    shown = project("campaigns")

    assert shown.code == 0
    for text in ("Thanks for buying", "buyers", "2 hours after entering", "email", "bought"):
        assert text in shown.out
    assert "in_app · survey" in shown.out
    assert "why · not enabled" in shown.out


def test_the_list_as_json(project: Segue) -> None:
    (thanks, prices, why) = project("campaigns", "--json").json["campaigns"]

    assert thanks["when"] == "2 hours after entering"
    assert prices["variants"] == ["low", "high"]
    assert (why["kind"], why["enabled"]) == ("survey", False)
    assert len({one["fingerprint"] for one in (thanks, prices, why)}) == 3


def test_a_project_without_campaigns_says_so(segue: Segue) -> None:
    Path("segue.yaml").write_text("segments: {x: {when: everyone}}")

    assert "There are no campaigns yet" in segue("campaigns").out


def test_a_preview_is_what_somebody_would_get(project: Segue) -> None:
    shown = project("campaigns", "preview", "thanks", "ana")

    assert shown.code == 0
    for text in (
        "Thank you, Ana",
        "You paid €19.90 on 3 May 2026.",  # the day in the project's zone
        "has bought",
        "to ana@shop.example",
        "https://say.shop.example/preview",
    ):
        assert text in shown.out


def test_a_preview_says_what_is_missing_and_why_nothing_would_go(project: Segue) -> None:
    shown = project("campaigns", "preview", "thanks", "ben")
    found = project("campaigns", "preview", "thanks", "ben", "--json")

    assert (shown.code, found.code) == (1, 1)
    assert "`person.name` is missing" in shown.out
    assert "would get nothing: has no e-mail address" in shown.out
    assert found.json["missing"] == ["name"]
    assert found.json["problems"] == {"subject": "`person.name` is missing"}
    assert "€5.00" in found.json["parts"]["text"]


def test_a_preview_of_somebody_outside(project: Segue) -> None:
    found = project("campaigns", "preview", "prices", "ana", "--variant", "high", "--json").json

    assert found["withheld"] == "not in the segment"
    assert found["variant"] == "high"
    assert found["parts"] == {"payload": '{"price": 12, "who": "ana"}'}
    assert (found["inside"], found["event"], found["evidence"]) == (False, None, "")


def test_the_event_is_the_one_that_made_them_enter(project: Segue) -> None:
    found = project("campaigns", "preview", "prices", "cat", "--json").json

    assert found["event"] == {
        "event": "look",
        "occurred_at": "2026-05-03T11:00:00Z",
        "properties": {},
    }
    assert found["inside"]


def test_a_survey_has_a_preview_too(project: Segue) -> None:
    found = project("campaigns", "preview", "why", "ana", "--json").json

    assert found["parts"] == {"ask.why": "Why did you not buy, Ana?"}
    assert found["withheld"] == "the campaign is not enabled"


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["thank", "ana"], "There is no campaign 'thank'", "did you mean thanks?"),
        (["thanks", "nobody"], "There is no person 'nobody'", ""),
        (["prices", "ana", "--variant", "x"], "There is no variant 'x'", "there are low, high"),
    ],
)
def test_what_is_not_there(project: Segue, arguments, message, hint) -> None:
    shown = project("campaigns", "preview", *arguments, "--json")

    assert shown.code == 2
    assert message in shown.error["message"]
    assert hint in shown.error["hint"]


def test_check_finds_templates_that_cannot_work_and_traits_that_are_lacking(
    project: Segue,
) -> None:
    right = project("check", "--json")
    Path("segue.yaml").write_text(
        PROJECT.replace("{{ person.name }}?", "{{ persn.name }}?").replace("| money", "| mony")
    )
    wrong = project("check", "--json")

    assert right.code == 0
    lacking = [one for one in right.json["warnings"] if "lack the trait" in one["message"]]
    assert [(one["where"], one["message"].split(" would")[0]) for one in lacking] == [
        ("campaigns.thanks.subject", "1 of 2 members (50 %) lack the trait `name` and"),
        ("surveys.why.questions[0].ask", "1 of 1 members (100 %) lack the trait `name` and"),
    ]
    assert wrong.code == 1
    assert [(one["where"], one["line"], one["message"]) for one in wrong.json["problems"]] == [
        ("campaigns.thanks.text", 23, "there is no filter `mony`"),
        ("surveys.why.questions[0].ask", 41, wrong.json["problems"][1]["message"]),
    ]
    assert [one["suggestion"] for one in wrong.json["problems"]] == ["money", "person"]


def test_a_trait_that_nobody_has_is_doubtful(project: Segue) -> None:
    Path("segue.yaml").write_text(PROJECT.replace("person.name", "person.nmae"))
    found = project("check", "--json").json["warnings"]

    doubts = [one for one in found if "no trait" in one["message"]]
    assert [(one["where"], one["suggestion"]) for one in doubts] == [
        ("campaigns.thanks.subject", "name"),
        ("surveys.why.questions[0].ask", "name"),
    ]
