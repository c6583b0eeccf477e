"""Conditions in plain English, to be read after "a person who"."""

import pytest
from hypothesis import given, settings

from segue.language.describe import describe
from segue.language.parse import parse_condition
from segue.language.tree import Condition
from segue.language.wording import phrase_of
from tests.language import strategies

SENTENCES = [
    ('did page_view where path = "/pricing" at least 2 times within 7 days and did not signed_up', "viewed a page whose path is /pricing at least 2 times in the last 7 days, and has not signed up"),
    ("everyone", "is anyone"),
    ("not everyone", "is nobody"),
    ("did signed_up", "has signed up"),
    ("did signed_up within 1 day", "signed up in the last day"),
    ("did not signed_up within 7 days", "has not signed up in the last 7 days"),
    ("did $pageview exactly 1 time since 2026-05-01", "viewed a page exactly once since 2026-05-01"),
    ("did a at least 0 times", "did “a” any number of times"),
    ("did a fewer than 0 times", "did “a” fewer than 0 times"),
    ("did not trial_started exactly 3 times", "started a trial any number of times but 3"),
    ("did report_run on at least 3 days within 14 days", "ran a report on at least 3 days in the last 14 days"),
    ("did any of ($pageview, page_view, signed_up)", "has viewed a page or signed up"),
    ("did any of (trial_started, invite_sent, signed_up) within 7 days", "started a trial, sent an invite or signed up in the last 7 days"),
    ('did "invoice.*" within 7 days', "did anything called “invoice.…” in the last 7 days"),
    ("did any at least 5 times", "did anything at least 5 times"),
    ("did any", "has been active"),
    ("did not any within 7 days", "has not been active in the last 7 days"),
    ("active on at least 3 days within 14 days", "was active on at least 3 days in the last 14 days"),
    ("inactive for 30 days", "has been inactive for 30 days"),
    ("did (add_to_cart then not purchase within 1 hour)", "has added to cart and then not purchased within 1 hour"),
    ("did (page_view then signed_up, all within 1 day) at least 2 times", "viewed a page and then signed up (all within 1 day), at least 2 times"),
    ("did at least 2 of (page_view, signed_up) within 7 days", "did at least 2 of these (viewed a page, signed up) in the last 7 days"),
    ("did purchase where (amount > 100 and (currency = \"EUR\" or not vip is true))", "has purchased where amount is more than 100 and (currency is EUR or vip is not true)"),
    ("did purchase between 14 days and 7 days ago", "purchased between 14 days and 7 days ago"),
    ("did purchase before 2026-05-01", "purchased before 2026-05-01"),
    ("did not purchase since last add_to_cart", "has not purchased since they last added to cart"),
    ("did project_created within 1 day after first signed_up", "created a project within 1 day after they first signed up"),
    ("did login before last cancelled", "logged in before they last cancelled"),
    ("did login in at least 3 of the last 4 weeks", "logged in in at least 3 of the last 4 weeks"),
    ("first signed_up within 7 days", "first signed up in the last 7 days"),
    ("last purchase more than 2 days ago", "last purchased at least 2 days ago"),
    ("time since last purchase > 2 days", "last purchased more than 2 days ago"),
    ('last page_view has path = "/pricing"', "when they last viewed a page, its path is /pricing"),
    ("sum(purchase.revenue) >= 500 within 90 days", "whose total revenue of “purchase” in the last 90 days is at least 500"),
    ("distinct(page_view.path) > 3", "whose number of different “path” of “page view” is more than 3"),
    ("count(purchase) < 50% of count(any) within 7 days", "whose number of “purchase” events is less than 50% of their number of events in the last 7 days"),
    ("top 10% by sum(purchase.revenue) within 90 days", "is in the top 10% by total revenue of “purchase” in the last 90 days"),
    ("not top 10% by count(purchase)", "is not in the top 10% by number of “purchase” events"),
    ("bottom 5% by time since last purchase", "is in the bottom 5% by time since they last purchased"),
    ('trait plan in ("pro", "team plan")', "whose plan is one of pro or “team plan”"),
    ("not trait is_test is true", "whose is test is not true"),
    ("trait trial_ends_at within next 3 days", "whose trial ends at is within the next 3 days"),
    ("in carts and not in engagement.low", "is in “Cart abandoners”, and is not in “engagement.low”"),
    ("entered carts at least 2 times within 30 days", "entered “Cart abandoners” at least 2 times in the last 30 days"),
    ("not left carts", "has not left “Cart abandoners”"),
    ("in carts for at least 3 days", "for at least 3 days now is in “Cart abandoners”"),
    ("not (in a and in b) or in c", "not (is in “a”, and is in “b”), or is in “c”"),
    ("did a and did b and (in c or in d)", "has done “a”, has done “b”, and (is in “c”, or is in “d”)"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sentence"), SENTENCES)
def test_a_condition_reads_as_english(text: str, sentence: str) -> None:
    assert describe(parse_condition(text), titles={"carts": "Cart abandoners"}) == sentence


PHRASES = [
    ("page_view", "viewed a page", "viewed a page"),
    ("$pageview", "viewed a page", "viewed a page"),
    ("Page Viewed", "viewed a page", "viewed a page"),
    ("signed_up", "signed up", "signed up"),
    ("Sign Up", "signed up", "signed up"),
    ("Order Completed", "completed an order", "completed an order"),
    ("subscriptionCancelled", "cancelled a subscription", "cancelled a subscription"),
    ("trial_started", "started a trial", "started a trial"),
    ("user_created", "signed up", "signed up"),
    ("user_invited", "invited a user", "invited a user"),
    ("email_opened", "opened an email", "opened an email"),
    ("invite_sent", "sent an invite", "sent an invite"),
    ("message_shown", "saw a message", "seen a message"),
    ("report_run", "ran a report", "run a report"),
    ("add_to_cart", "added to cart", "added to cart"),
    ("write_review", "wrote a review", "written a review"),
    ("purchase", "purchased", "purchased"),
    ("core-a", "did “core-a”", "done “core-a”"),
    ("feed", "did “feed”", "done “feed”"),
    ("🙂", "did “🙂”", "done “🙂”"),
]


@pytest.mark.parametrize(("name", "past", "participle"), PHRASES)
def test_an_event_name_reads_as_something_done(name: str, past: str, participle: str) -> None:
    phrase = phrase_of(name)

    assert (phrase.past, phrase.participle) == (past, participle)


@settings(max_examples=150, deadline=None)
@given(strategies.conditions())
def test_every_condition_has_a_description(condition: Condition) -> None:
    assert describe(condition)
