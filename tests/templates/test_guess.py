"""Guessing: whatever people call their events, the standard actions are found by their words."""

import pytest

from segue.language.parse import parse_pattern
from segue.language.templates import (
    Guess,
    guess_actions,
    guess_not_activity,
    guess_parameters,
    standard_actions,
)
from segue.language.templates.guess import words

SEGMENT_SPEC = {
    "Page Viewed": "page_view",
    "Product Viewed": "product_view",
    "Product Added": "add_to_cart",
    "Checkout Started": "checkout_started",
    "Order Completed": "purchase",
    "Order Refunded": "refunded",
    "Signed Up": "signed_up",
    "Trial Started": "trial_started",
    "Trial Ended": "trial_ended",
    "Invite Sent": "invited",
    "Video Playback Started": "video_watched",
    "Email Delivered": "email_delivered",
    "Email Opened": "email_opened",
    "Email Link Clicked": "email_clicked",
}
GOOGLE_ANALYTICS = {
    "page_view": "page_view",
    "view_item": "product_view",
    "sign_up": "signed_up",
    "add_to_cart": "add_to_cart",
    "begin_checkout": "checkout_started",
    "purchase": "purchase",
    "refund": "refunded",
    "share": "shared",
    "generate_lead": "demo_requested",
    "tutorial_complete": "onboarding_completed",
    "video_start": "video_watched",
}
POSTHOG = {
    "$pageview": "page_view",
    "user signed up": "signed_up",
    "team member invited": "invited",
    "subscription canceled": "cancelled",
}
REAL_FILES = {
    "item_purchased": "purchase",
    "item_returned": "refunded",
    "cart": "add_to_cart",
    "payment_done": "purchase",
    "delivery_choice": "checkout_started",
    "product1": "product_view",
    "Course_view": "lesson",
    "Assignment": "lesson",
    "NextSong": "core_feature",
    "Submit Upgrade": "subscribed",
    "Submit Downgrade": "cancelled",
}
CAMEL = {"UserRegistered": "signed_up", "addToCart": "add_to_cart", "articleRead": "article_read"}


@pytest.mark.parametrize(
    ("event", "action"),
    [
        pair
        for spec in (SEGMENT_SPEC, GOOGLE_ANALYTICS, POSTHOG, REAL_FILES, CAMEL)
        for pair in spec.items()
    ],
)
def test_a_known_name_is_recognised(event: str, action: str) -> None:
    """Each name alone, of the conventions and files that people bring."""
    guess = guess_actions([event])[action]

    assert guess.events == (event,)
    assert 0.5 <= guess.confidence <= 1.0
    assert event in guess.reason


@pytest.mark.parametrize("spec", [SEGMENT_SPEC, GOOGLE_ANALYTICS], ids=["segment", "google"])
def test_names_of_one_convention_do_not_disturb_each_other(spec: dict[str, str]) -> None:
    """All at once, each is still what it is."""
    found = guess_actions(list(spec))

    assert {
        event: action for event, action in spec.items() if event in found[action].events
    } == spec


@pytest.mark.parametrize(
    ("event", "action"),
    [
        ("Order Cancelled", "purchase"),
        ("Payment Failed", "purchase"),
        ("Product Removed", "add_to_cart"),
        ("Cart Abandoned", "add_to_cart"),
        ("newsletter_signed_up", "signed_up"),
        ("Trial Ended", "trial_started"),
        ("Email Bounced", "email_delivered"),
        ("Demo Requested", "demo_video"),
        ("order_cancelled", "cancelled"),
        ("invite accepted", "invited"),
    ],
)
def test_a_name_that_means_something_else_is_not(event: str, action: str) -> None:
    """One word can turn the meaning around."""
    assert event not in guess_actions([event]).get(action, Guess((), 0, "")).events


def test_several_names_of_one_action_are_taken_together() -> None:
    """Several events may be one action, but a purchase is counted once."""
    found = guess_actions(["Signed Up", "Account Created", "Order Completed", "Payment Succeeded"])

    assert found["signed_up"].pattern == 'any of ("Signed Up", "Account Created")'
    assert found["purchase"].pattern == '"Order Completed"'


def test_a_page_about_it_is_not_the_deed() -> None:
    """Looking at the upgrade is not upgrading, where both are events."""
    found = guess_actions(
        ["NextSong", "Upgrade", "Downgrade", "Submit Upgrade", "Submit Downgrade"]
    )

    assert found["subscribed"].events == ("Submit Upgrade",)
    assert found["cancelled"].events == ("Submit Downgrade",)
    assert found["pricing_view"].events == ("Upgrade",)


def test_an_action_is_not_hundreds_of_events() -> None:
    """Where names hold numbers or dates, the first few are enough to see it."""
    found = guess_actions([f"Page Viewed {number}" for number in range(500)])

    assert len(found["page_view"].events) == 12


def test_pages_tell_what_events_do_not() -> None:
    """Where pages have paths, looking at prices is a page view with a filter."""
    found = guess_actions(["$pageview"], {"$pageview": ["$pathname", "$browser"]})

    assert found["pricing_view"].where.startswith('($pathname contains "/pricing"')
    assert found["article_read"].confidence < found["page_view"].confidence
    assert "pricing_view" not in guess_actions(["$pageview"])


def test_what_people_come_for_is_what_is_nothing_else() -> None:
    """With no better sign, the most frequent other events are offered, with little confidence."""
    found = guess_actions(
        ["$pageview", "insight saved", "login", "chart exported", "settings opened"]
    )

    assert found["core_feature"].events == ("insight saved", "chart exported")
    assert found["core_feature"].confidence == 0.3


def test_nothing_is_found_in_nothing() -> None:
    """No events, no actions; furniture is no feature."""
    assert guess_actions([]) == {}
    assert guess_actions(["session_start", "login", "123", "", "…"]) == {}


@pytest.mark.parametrize(
    "name", ["plain", "with space", 'a "quote"', "back\\slash", "any", "purchase"]
)
def test_a_pattern_reads_back(name: str) -> None:
    """Whatever an event is called, the offered pattern is one of the language."""
    pattern = parse_pattern(Guess((name, "other"), 1.0, "").pattern)

    assert [one.text for one in pattern.names] == [name, "other"]
    assert all(one.quoted for one in pattern.names)


def test_the_properties_that_templates_ask_for() -> None:
    """Money and the number of the order, by their usual names in any case."""
    properties = {"item_purchased": ["InvoiceNo", "Quantity", "UnitPrice", "amount"]}
    actions = guess_actions(["item_purchased"], properties)

    assert guess_parameters(actions, properties) == {"revenue": "amount", "order": "InvoiceNo"}
    assert guess_parameters({}, {}) == {"revenue": "", "order": ""}


def test_what_nobody_did_is_no_activity() -> None:
    """E-mails that are sent, trials that end, invoices and nightly jobs are done to people."""
    names = ["Email Delivered", "trial_ended", "invoice_paid", "nightly_sync", "report_run"]

    assert guess_not_activity(names, guess_actions(names)) == names[:4]


@pytest.mark.parametrize(
    ("names", "stems"),
    [
        (
            ["OrderCompleted", "order_complete", "Order completed", "ORDER-COMPLETES"],
            ("order", "complet"),
        ),
        (["userSignedUp", "user signed up", "user_signup"], ("user", "sign", "up")),
        (["$pageview", "Page Viewed", "page_views"], ("pag", "view")),
        (["HTTPRequest", "http_request"], ("http", "request")),
        (["step2", "Step 2"], ("step", "2")),
        (["", "_", "é"], ()),
    ],
)
def test_names_are_compared_by_their_words(names: list[str], stems: tuple[str, ...]) -> None:
    """Case, punctuation and endings do not matter."""
    assert {words(name) for name in names} == {stems}


def test_every_standard_action_says_what_it_means() -> None:
    """The list that a dialogue can show."""
    assert len(standard_actions()) >= 25
    assert all(standard_actions().values())
