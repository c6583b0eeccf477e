"""What a page may show: every rule once, and what becomes of priorities and slots."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from segue.domain.acting import Contact, Controls
from segue.domain.campaigns import (
    Acting,
    AlreadyIn,
    Because,
    Campaign,
    Cap,
    Channel,
    Content,
    Delivery,
    InApp,
    Look,
    Messaging,
    Moment,
    Occasion,
    Question,
    QuestionKind,
    State,
    Survey,
    Variant,
    When,
)
from segue.domain.errors import InputError
from segue.domain.instant import DAY, HOUR, MINUTE
from segue.services.in_app.documents import item
from segue.services.in_app.eligible import AGAIN_WITHIN, Judged, Known, chosen, judged
from segue.services.in_app.trace import traced

NOW = 1_800_000_000_000


def campaign(name: str = "c", look: Look = Look.CARD, **changes: Any) -> Campaign:
    """An in-app campaign for the people of `s`."""
    made = Campaign(
        id=name,
        title=name.title(),
        segment_id="s",
        when=When(Moment.ENTERING),
        channel=Channel.IN_APP,
        variants=(Variant("a", Content({"heading": "Hello"})),),
        already_in=AlreadyIn.SKIP,
        goal="bought",
        in_app=InApp(look),
    )
    return replace(made, **changes)


def delivery(name: str = "d", campaign_id: str = "c", **changes: Any) -> Delivery:
    """A delivery on offer."""
    made = Delivery(
        id=name,
        campaign_id=campaign_id,
        fingerprint="",
        person=1,
        person_id="ada",
        channel=Channel.IN_APP,
        variant="a",
        occasion=Occasion.TRANSITION,
        occasion_key=1,
        due_at=NOW - HOUR,
        known_at=NOW - HOUR,
        not_before=NOW - HOUR,
        state=State.OFFERED,
    )
    return replace(made, **changes)


def shown(name: str = "d", at: int = NOW - MINUTE, **changes: Any) -> Delivery:
    """A delivery that a page has shown."""
    return delivery(name, state=State.SHOWN, shown_at=at, **changes)


def known(*offers: Delivery, **changes: Any) -> Known:
    """Somebody in `s` with these offers."""
    return replace(Known(frozenset({"s"}), offers), **changes)


def stops(found: Known, acting: Acting) -> list[tuple[Because, str] | None]:
    """Why each delivery is not shown; None where it is."""
    return [
        (one.stop.because, one.stop.detail) if one.stop else None
        for one in judged(found, acting, NOW)
    ]


CAPS = (Cap(2, 7 * DAY), Cap(1, DAY, Channel.IN_APP))
LEAVING = When(Moment.LEAVING)


@pytest.mark.parametrize(
    ("rules", "found", "expected"),
    [
        (campaign(), known(delivery()), None),
        (
            campaign(),
            known(delivery(), controls=Controls(stopped=True)),
            (Because.STOPPED, "all campaigns are stopped"),
        ),
        (
            campaign(),
            known(delivery(), controls=Controls(paused={"c": "harm: many leave"})),
            (Because.STOPPED, "the campaign is paused: harm: many leave"),
        ),
        (
            campaign(enabled=False),
            known(delivery()),
            (Because.STOPPED, "the campaign is not enabled"),
        ),
        (campaign(ends_at=NOW), known(delivery()), (Because.ENDED, "the campaign is over")),
        (campaign(ends_at=NOW + 1), known(delivery()), None),
        (
            campaign("another"),
            known(delivery()),
            (Because.ENDED, "the campaign is no longer there"),
        ),
        (
            campaign(),
            known(delivery(), segments=frozenset()),
            (Because.LEFT_SEGMENT, "is no longer in s"),
        ),
        (
            campaign(when=LEAVING),
            known(delivery()),
            (Because.LEFT_SEGMENT, "came back into s"),
        ),
        (campaign(when=LEAVING), known(delivery(), segments=frozenset()), None),
        (
            campaign(),
            known(delivery(converted_at=NOW)),
            (Because.GOAL_REACHED, "has reached bought"),
        ),
        (
            campaign(caps=CAPS),
            known(delivery(), contacts=[Contact(1, "e", Channel.EMAIL, (), NOW - DAY, False)]),
            None,
        ),
        (
            campaign(caps=CAPS),
            known(
                delivery(),
                contacts=[
                    Contact(1, "e", Channel.EMAIL, (), NOW - DAY, False),
                    Contact(1, "f", Channel.EMAIL, (), NOW - 6 * DAY, False),
                ],
            ),
            (Because.CAPPED, "had 2 messages in the last 7 days; the cap is 2"),
        ),
        (
            campaign(caps=CAPS, transactional=True),
            known(delivery(transactional=True), reached=[shown("e", clicked_at=NOW)]),
            None,
        ),
    ],
)
def test_every_rule_says_its_reason(
    rules: Campaign, found: Known, expected: tuple[Because, str] | None
) -> None:
    """In words that name what it is about."""
    assert expected in stops(found, Acting((rules,)))


@pytest.mark.parametrize(
    ("look", "changes", "again"),
    [
        (Look.CARD, {}, True),
        (Look.CARD, {"at": NOW - AGAIN_WITHIN + 1}, True),
        (Look.CARD, {"at": NOW - AGAIN_WITHIN}, False),
        (Look.CARD, {"clicked_at": NOW}, False),
        (Look.CARD, {"dismissed_at": NOW}, False),
        (Look.SLOT, {"at": NOW - 30 * DAY, "clicked_at": NOW}, True),
        (Look.CHECKLIST, {"at": NOW - 30 * DAY}, True),
        (Look.CHECKLIST, {"dismissed_at": NOW}, False),
    ],
)
def test_what_was_shown_is_shown_again(look: Look, changes: dict[str, Any], again: bool) -> None:
    """For a while where nobody answered it; what lasts, until it is dismissed."""
    found = known(reached=[shown(**changes)])

    (one,) = judged(found, Acting((campaign(look=look),)), NOW)

    assert (one.stop is None, one.shown) == (again, True)


def test_caps_count_what_the_page_has_drawn_before_it_is_noted() -> None:
    """So that two do not come at once because the first one is not known of yet."""
    acting = Acting((campaign("a"), campaign("b")), Messaging(caps=(Cap(1, DAY),)))
    offers = [delivery("d1", "a"), delivery("d2", "b")]

    assert stops(known(*offers), acting) == [None, None]
    first, second = judged(known(*offers, seen={"d1"}), acting, NOW)
    assert (first.shown, first.stop) == (True, None)
    assert second.stop is not None
    assert second.stop.because is Because.CAPPED


def test_who_is_held_out_is_told_of_once_and_capped_by_nothing() -> None:
    """Else a cap would decide who is compared."""
    acting = Acting((campaign(caps=(Cap(1, DAY),)),))
    held = delivery(state=State.HELD_OUT)
    reached = [shown("e", campaign_id="x", at=NOW - HOUR)]

    (one,) = chosen(judged(known(held, reached=reached), acting, NOW))
    assert (one.control, one.delivery.id) == (True, "d")
    assert chosen(judged(known(held, seen={"d"}), acting, NOW)) == []


def test_the_most_important_comes_first_and_fills_its_slot_alone() -> None:
    """Then whoever has waited longest."""
    slot = InApp(Look.SLOT, slot="prices")
    acting = Acting(
        (
            campaign("low", priority=1),
            campaign("high", priority=5),
            campaign("prices", in_app=slot, priority=3),
            campaign("others", in_app=slot, priority=2),
            campaign("early", priority=1),
        )
    )
    names = ("low", "high", "prices", "others", "early")
    offers = [delivery(f"d-{name}", name, due_at=NOW - DAY * (name == "early")) for name in names]

    found = chosen(judged(known(*offers), acting, NOW))

    assert [one.delivery.campaign_id for one in found] == ["high", "prices", "early", "low"]


# ---------------------------------------------------------------------------------------- documents


def told(rules: Campaign, parts: dict[str, str], **changes: Any) -> dict[str, Any]:
    """The document of a delivery."""
    return item(Judged(delivery(**changes), rules), parts, ["s"])


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://acme.test/x", True),
        ("mailto:us@acme.test", True),
        ("/pricing", True),
        ("javascript:alert(1)", False),
        ("  JaVaScRiPt:alert(1)", False),
        ("data:text/html,x", False),
        ("//evil.test", False),
        ("/\\evil.test", False),
        ("", False),
    ],
)
def test_links_lead_nowhere_else(url: str, kept: bool) -> None:
    """Neither to scripts nor, looking like a path, to another site."""
    found = told(campaign(), {"heading": "x", "url": url})
    steps = [{"text": "Do it", "url": url}]
    listed = told(campaign(look=Look.CHECKLIST), {"steps": json.dumps(steps)})

    assert ("url" in found, "url" in listed["steps"][0]) == (kept, kept)


def test_a_page_is_told_nothing_of_the_rules() -> None:
    """And of what is held out not even the words."""
    rules = campaign(caps=CAPS, goal="secret_goal", segment_id="secret_segment")
    parts = {"heading": "Hello", "subject": "never", "body": "There"}

    assert told(rules, parts) == {
        "id": "d",
        "campaign_id": "c",
        "variant": "a",
        "kind": "message",
        "look": "card",
        "priority": 0,
        "triggers": [],
        "delay": 0,
        "segments": ["s"],
        "heading": "Hello",
        "body": "There",
    }
    assert "heading" not in told(rules, parts, state=State.HELD_OUT)


def test_a_survey_is_told_question_by_question() -> None:
    """With the highest value of its scales."""
    questions = tuple(
        Question(
            kind.value, kind, kind.value.title(), choices=("x", "y") if kind == "single" else ()
        )
        for kind in QuestionKind
    )
    found = told(campaign(survey=Survey(questions, "Thanks")), {"ask.nps": "How likely?"})

    by_type = {one["type"]: one for one in found["questions"]}
    scales = {kind: one["scale"] for kind, one in by_type.items() if "scale" in one}
    assert scales == {"rating": 5, "nps": 10, "csat": 5, "ces": 7}
    assert (by_type["nps"]["text"], by_type["single"]["choices"]) == ("How likely?", ["x", "y"])
    assert (found["kind"], found["thanks"]) == ("survey", "Thanks")


@pytest.mark.parametrize(
    ("look", "parts"),
    [
        (Look.SLOT, {"payload": "{no json"}),
        (Look.CHECKLIST, {"steps": "{}"}),
        (Look.CHECKLIST, {"steps": '["x"]'}),
    ],
)
def test_what_must_be_json_is(look: Look, parts: dict[str, str]) -> None:
    """A template may make anything of it."""
    with pytest.raises(InputError):
        told(campaign(look=look), parts)


# -------------------------------------------------------------------------------------------- trace


@pytest.mark.parametrize(
    ("found", "past", "why"),
    [
        (known(delivery()), [], "shown when the page is ready"),
        (known(reached=[shown()]), [], "shown again until it is answered"),
        (
            known(delivery(state=State.HELD_OUT)),
            [],
            "not shown because the person is held out; the page notes when it would have been",
        ),
        (
            known(delivery(), segments=frozenset()),
            [],
            "not shown because of left_segment: is no longer in s",
        ),
        (
            known(),
            [delivery(state=State.REFUSED, because=Because.CAPPED, detail="had 3 messages")],
            "not shown because of capped: had 3 messages",
        ),
        (
            known(),
            [delivery(state=State.DUE, detail="it is night")],
            "not shown yet because it waits: it is night",
        ),
        (known(), [shown(clicked_at=NOW)], "not shown again because it is shown already"),
        (known(segments=frozenset()), [], "not shown because the person is not in s"),
        (
            known(),
            [],
            (
                "not shown because the person was in s before it began, or entered it too late to "
                "be acted upon"
            ),
        ),
    ],
)
def test_operators_are_told_why(found: Known, past: list[Delivery], why: str) -> None:
    """In one sentence, whatever stopped it."""
    acting = Acting((campaign(),))

    (one,) = traced(acting, found, judged(found, acting, NOW), past)

    assert one.why == why
    assert one.shown == why.startswith("shown")
