"""`segue campaigns simulate`: whom a campaign would have messaged in the past."""

from pathlib import Path

import pytest

from tests.cli.conftest import Segue

PROJECT = """\
project: shop
goals:
  bought: {event: buy}
segments:
  lookers: {title: Lookers, when: did look within 2 days}
messaging:
  holdout: 0%
  quiet_hours: {from: "22:00", to: "08:00"}
  consent: {marketing: {email: agreed}}
  sender: {name: Shop, address: hello@shop.example}
  public_url: https://say.shop.example
campaigns:
  nudge:
    title: Still interested?
    segment: lookers
    when: entering
    delay: 1 hour
    already_in: skip
    channel: email
    subject: Still interested?
    text: "Have a look: {{ unsubscribe_url }}"
    goal: bought
"""
EVENTS = """\
person_id,event,occurred_at,email,agreed
ana,$identify,2026-05-01T09:00:00Z,ana@shop.example,true
ben,$identify,2026-05-01T09:00:00Z,ben@shop.example,true
cat,$identify,2026-05-01T09:00:00Z,cat@shop.example,false
dan,$identify,2026-05-01T09:00:00Z,,true
ana,look,2026-05-02T09:00:00Z,,
ben,look,2026-05-02T21:30:00Z,,
cat,look,2026-05-03T09:00:00Z,,
dan,look,2026-05-03T09:00:00Z,,
eve,$identify,2026-05-03T09:00:00Z,eve@shop.example,true
eve,look,2026-05-03T10:00:00Z,,
eve,buy,2026-05-03T10:30:00Z,,
ana,look,2026-05-20T09:00:00Z,,
"""


@pytest.fixture
def project(tmp_path: Path, segue: Segue) -> Segue:
    """A workspace with a campaign and a month of events."""
    Path("segue.yaml").write_text(PROJECT)
    Path("events.csv").write_text(EVENTS)
    assert segue("import", "events.csv").code == 0
    return segue


def test_it_says_whom_a_campaign_would_have_messaged_and_whom_not(project: Segue) -> None:
    """With the reasons, and what a job that looks rarely would have missed."""
    shown = project("campaigns", "simulate", "nudge")
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]

    assert shown.code == 0
    assert "Still interested? from Mon 20 Apr 2026, 09:00 to Wed 20 May 2026, 09:00 · UTC" in lines
    assert "It would have sent 2 messages to 2 people, 1 of them held for a while." in lines
    for reason in (
        "1 no consent",
        "1 no address",
        "1 had reached the goal when it was due",
        "1 had it before, or too lately to have it again",
    ):
        assert reason in lines
    assert "every hour 0 0 15 minutes" in lines
    assert "every day 2 0 8 hours 45 minutes" in lines
    assert max(map(len, shown.out.splitlines())) <= 100


def test_every_moment_as_json(project: Segue) -> None:
    """The same, moment by moment, with the reasons in words."""
    found = project("campaigns", "simulate", "nudge", "--json").json
    by_person = {one["person_id"]: one for one in found["would"]}

    assert found["messaged"] == found["people"] == 2
    assert found["reasons"] == {"consent": 1, "goal_reached": 1, "no_address": 1}
    assert found["jobs"][1] == {
        "every": "1 day",
        "too_late": 2,
        "missed": 0,
        "median_lateness_seconds": 31500.0,
    }
    assert by_person["ben"] == {
        "person_id": "ben",
        "moment": "2026-05-02T21:30:00Z",
        "due_at": "2026-05-02T22:30:00Z",
        "at": "2026-05-03T08:00:00Z",
        "fate": "messaged",
        "because": None,
        "detail": "",
    }
    assert by_person["eve"]["detail"] == ("reached the goal bought on Sun 3 May 2026, 10:30 (UTC)")
    assert by_person["cat"]["because"] == "consent"


def test_a_shorter_period_and_another_end(project: Segue) -> None:
    """`--days` and `--at`: what came before, and after, is not looked at."""
    found = project(
        "campaigns", "simulate", "nudge", "--days", "1", "--at", "2026-05-03T09:30:00Z", "--json"
    ).json

    assert (found["start"], found["end"]) == ("2026-05-02T09:30:00Z", "2026-05-03T09:30:00Z")
    assert (found["messaged"], found["waiting"]) == (1, 2)


def test_files_need_no_workspace(segue: Segue, tmp_path: Path) -> None:
    """`--events` and `--definitions`, as everywhere."""
    Path("other.yaml").write_text(PROJECT)
    Path("events.csv").write_text(EVENTS)

    shown = segue(
        "campaigns", "simulate", "nudge", "--events", "events.csv", "--definitions", "other.yaml"
    )

    assert "2 messages to 2 people" in shown.out


def test_what_is_not_there_is_said(project: Segue) -> None:
    """An unknown campaign, a period that is none."""
    unknown = project("campaigns", "simulate", "nugde")

    assert unknown.code == 2
    assert "nudge" in unknown.err
    assert project("campaigns", "simulate", "nudge", "--days", "0").code == 2
