"""Surveys in a real browser: every kind of question, branches, answers that are kept."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.sdks.in_app.visitor import Visitor


def _answers(facts: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """What was answered, in order."""
    return [
        (one["question_id"], one["question_type"], one.get("answer"), one["complete"])
        for one in facts
        if one["event"] == "$survey_answered"
    ]


def test_every_kind_of_question_by_keyboard_alone(visitor: Visitor) -> None:
    """Each answer is told when it is given, with its scale; the last one says that it is."""
    delivery = visitor.server.offer("every_kind", visitor.id)
    visitor.open()
    visitor.sees("What do you do?")
    visitor.page.locator("#link").focus()

    visitor.press("Tab", "Space", "ArrowDown", "Enter")
    visitor.sees("What brought you here?")
    visitor.press("Tab", "Space", "Tab", "Tab", "Space", "Enter")
    visitor.sees("How was it?")
    visitor.press("Tab", "Space", "ArrowRight", "ArrowRight", "ArrowRight", "Enter")
    visitor.sees("How satisfied are you?")
    visitor.press("Tab", "Space", "ArrowRight", "Enter")
    visitor.sees("It was easy.")
    visitor.press("Tab", "Tab", "Tab", "Enter")  # past the scale and Back, to Skip
    visitor.sees("Anything else?")
    visitor.press("Tab")
    visitor.page.keyboard.type("More of <b>this</b>")
    visitor.press("Tab", "Tab", "Tab", "Enter")
    visitor.sees("Thank you.")

    facts = visitor.told("$survey_shown", *["$survey_answered"] * 5)
    assert _answers(facts) == [
        ("role", "single", "Build", False),
        ("why", "multiple", ["Work", "Curiosity"], False),
        ("stars", "rating", 4, False),
        ("csat", "csat", 2, False),
        ("more", "text", "More of <b>this</b>", True),
    ]
    assert {one["submission_id"] for one in facts[1:]} == {delivery.id}
    assert [one.get("scale") for one in facts[1:]] == [None, None, 5, 5, None]
    assert all(one["segments"] == ["visitors"] for one in facts)
    assert not visitor.wrongs


@pytest.mark.parametrize(
    ("score", "then", "complete"), [(3, "What should we do better?", False), (9, "We read", True)]
)
def test_an_answer_decides_what_is_asked_next(
    visitor: Visitor, score: int, then: str, complete: bool
) -> None:
    """Nought to six are asked why; whoever is happy is done."""
    visitor.server.offer("nps", visitor.id)
    visitor.open()

    visitor.box.get_by_role("radio", name=str(score), exact=True).check()
    visitor.box.get_by_role("button", name="Send").or_(
        visitor.box.get_by_role("button", name="Next")
    ).click()

    visitor.sees(then)
    facts = visitor.told("$survey_shown", "$survey_answered")
    assert _answers(facts) == [("score", "nps", score, complete)]
    assert facts[1]["scale"] == 10


def test_what_was_answered_is_kept(visitor: Visitor) -> None:
    """Whoever goes to another page goes on where they were."""
    visitor.server.offer("nps", visitor.id)
    visitor.open()
    visitor.box.get_by_role("radio", name="2", exact=True).check()
    visitor.press("Enter")
    visitor.sees("What should we do better?")
    visitor.told("$survey_shown", "$survey_answered")

    visitor.open("/docs")
    visitor.sees("What should we do better?")
    visitor.box.get_by_role("textbox").fill("Be faster")
    visitor.box.get_by_role("button", name="Send").click()

    visitor.sees("We read every answer.")
    facts = visitor.told("$survey_shown", "$survey_answered", "$survey_answered")
    assert _answers(facts)[-1] == ("why", "text", "Be faster", True)
    visitor.box.locator("form").get_by_role("button", name="Close").click()
    visitor.sees_nothing()
    visitor.open("/pricing")
    visitor.page.wait_for_timeout(700)
    visitor.sees_nothing()


def test_what_must_be_answered_says_so(visitor: Visitor) -> None:
    """In words, tied to the question, with the focus where the answer goes."""
    visitor.server.offer("asked_in_front", visitor.id)
    visitor.open()
    visitor.sees("How satisfied are you?")
    assert visitor.box.get_by_role("button", name="Skip").count() == 0

    visitor.box.get_by_role("button", name="Send").click()

    visitor.sees("Please answer this question.")
    assert visitor.box.get_by_role("group").get_attribute("aria-describedby") == "error"
    assert visitor.focused() == "1"


def test_who_closes_it_is_not_asked_again(visitor: Visitor) -> None:
    """It is told as dismissed; what they had answered counts."""
    visitor.server.offer("every_kind", visitor.id)
    visitor.open()
    visitor.box.get_by_role("radio", name="Sell").check()
    visitor.box.get_by_role("button", name="Next").click()
    visitor.sees("What brought you here?")

    assert visitor.focused().startswith("What brought you here?")
    visitor.press("Escape")

    visitor.sees_nothing()
    facts = visitor.told("$survey_shown", "$survey_answered", "$survey_dismissed")
    assert _answers(facts) == [("role", "single", "Sell", False)]
    visitor.open("/docs")
    visitor.page.wait_for_timeout(700)
    visitor.sees_nothing()


def test_somebody_goes_back_and_finds_their_answers(visitor: Visitor) -> None:
    """By keyboard, also on another page; what stands in the form that is left is kept as well, and
    whoever changes an answer goes another way."""
    visitor.server.offer("nps", visitor.id)
    visitor.open()
    visitor.sees("How likely")
    assert visitor.box.get_by_role("button", name="Back").count() == 0
    visitor.box.get_by_role("radio", name="2", exact=True).check()
    visitor.press("Enter")
    visitor.sees("What should we do better?")
    visitor.press("Tab")
    visitor.page.keyboard.type("Be faster")

    visitor.press("Tab")
    assert visitor.focused() == "Back"
    visitor.press("Enter")
    visitor.sees("How likely")
    assert visitor.focused().startswith("How likely")
    expect(visitor.box.get_by_role("radio", name="2", exact=True)).to_be_checked()

    visitor.open("/docs")
    visitor.sees("How likely")
    visitor.box.get_by_role("button", name="Send").click()
    visitor.sees("What should we do better?")
    expect(visitor.box.get_by_role("textbox")).to_have_value("Be faster")
    visitor.box.get_by_role("button", name="Back").click()
    visitor.box.get_by_role("radio", name="10", exact=True).check()
    visitor.box.get_by_role("button", name="Send").click()

    visitor.sees("We read every answer.")
    facts = visitor.told("$survey_shown", *["$survey_answered"] * 3)
    assert _answers(facts) == [
        ("score", "nps", 2, False),
        ("why", "text", "Be faster", False),
        ("score", "nps", 10, True),
    ]
    assert not visitor.wrongs


def test_to_skip_what_was_answered_takes_the_answer_back(visitor: Visitor) -> None:
    """Nothing stays that somebody no longer says."""
    visitor.server.offer("nps", visitor.id)
    visitor.open()
    visitor.box.get_by_role("radio", name="2", exact=True).check()
    visitor.press("Enter")
    visitor.sees("What should we do better?")
    visitor.box.get_by_role("button", name="Back").click()
    visitor.sees("How likely")
    visitor.box.get_by_role("button", name="Skip").click()

    visitor.sees("We read every answer.")
    facts = visitor.told("$survey_shown", "$survey_answered", "$survey_answered")
    assert _answers(facts) == [("score", "nps", 2, False), ("score", "nps", None, True)]
