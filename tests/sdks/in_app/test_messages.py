"""Messages in a real browser, on pages that allow nothing but what the SDK needs."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import Browser, expect

from segue.domain.campaigns import State
from tests.sdks.in_app.campaigns import DRAWN, TRIGGERS
from tests.sdks.in_app.offering import Offering
from tests.sdks.in_app.pages import StrictSite
from tests.sdks.in_app.visitor import Visitor
from tests.sdks.javascript import PACKAGES
from tests.sdks.tab import Tab


@pytest.mark.parametrize("look", DRAWN)
def test_every_look_is_drawn_and_told(visitor: Visitor, look: str) -> None:
    """It is noted as shown, once, with what it was; nothing goes wrong in the page."""
    delivery = visitor.server.offer(look, visitor.id)

    visitor.open()

    visitor.sees("Set up" if look == "checklist" else "Pick up where you left off")
    (shown,) = visitor.told("$message_shown")
    told = {"delivery_id": delivery.id, "campaign_id": look, "variant": "a"}
    assert shown == shown | told | {"segments": ["visitors"], "path": "/pricing"}
    assert not visitor.wrongs


def test_a_click_on_the_button_is_told_and_leads_on(visitor: Visitor) -> None:
    """Though the page goes at once."""
    visitor.server.offer("card", visitor.id)
    visitor.open()

    visitor.box.get_by_role("link", name="Invite a colleague").click()

    visitor.page.wait_for_url("**/next")
    visitor.told("$message_shown", "$message_clicked")
    visitor.sees_nothing()


def test_what_is_dismissed_does_not_come_back(visitor: Visitor) -> None:
    """Not even where the server does not know of it yet."""
    visitor.server.offer("card", visitor.id)
    visitor.open()

    visitor.box.get_by_role("button", name="Close").click()

    visitor.sees_nothing()
    visitor.told("$message_shown", "$message_dismissed")
    visitor.open("/docs")
    visitor.page.wait_for_timeout(700)
    visitor.sees_nothing()
    assert not visitor.wrongs


def test_who_follows_a_link_sees_it_again_without_being_counted_twice(visitor: Visitor) -> None:
    """As it was neither clicked nor dismissed."""
    visitor.server.offer("card", visitor.id)
    visitor.open()
    visitor.sees("Pick up")
    visitor.told("$message_shown")

    visitor.open("/docs")

    visitor.sees("Pick up")
    visitor.told("$message_shown")


def test_the_more_important_one_comes_first_and_alone(visitor: Visitor) -> None:
    """The other one has to wait for another page."""
    visitor.server.offer("second", visitor.id)
    visitor.server.offer("first", visitor.id)
    visitor.open()

    visitor.sees("First")
    visitor.box.get_by_role("button", name="Close").click()
    visitor.page.wait_for_timeout(700)
    visitor.sees_nothing()

    visitor.open("/docs")
    visitor.sees("Second")


def _provoke(visitor: Visitor, name: str) -> None:
    """Do what the message waits for."""
    match name:
        case "on_page":
            visitor.page.evaluate("history.pushState({}, '', '/pricing/teams')")
        case "on_event":
            visitor.page.locator("#named").click()
        case "on_facts":
            for facts in ({"rows": 101}, {"rows": 99, "format": "pdf"}, {"format": "pdf"}):
                visitor.call("track", "report_run", facts)
            visitor.page.wait_for_timeout(700)
            visitor.sees_nothing()
            visitor.call("track", "report_run", {"rows": "101", "format": "pdf"})
        case "on_scroll":
            visitor.page.mouse.wheel(0, 2500)
        case "on_exit":
            visitor.page.evaluate(
                "document.dispatchEvent(new MouseEvent('mouseout', {clientY: 0, bubbles: true}))"
            )


@pytest.mark.parametrize("name", TRIGGERS)
def test_the_page_says_when(visitor: Visitor, name: str) -> None:
    """A message waits for its page, its event, a while, a place, or somebody about to go."""
    visitor.site.more = '<div class="tall"></div>'
    visitor.server.offer(name, visitor.id)
    visitor.open("/docs")
    visitor.page.wait_for_timeout(700)
    visitor.sees_nothing()

    _provoke(visitor, name)

    visitor.sees("Pick up")
    visitor.told("$message_shown")


def test_a_message_comes_while_the_page_is_open(visitor: Visitor) -> None:
    """And goes when it is withdrawn."""
    visitor.open()
    visitor.page.wait_for_timeout(700)

    delivery = visitor.server.offer("card", visitor.id)
    visitor.sees("Pick up")
    visitor.server.change(delivery, state=State.REFUSED)

    visitor.sees_nothing()
    visitor.told("$message_shown")


def test_who_is_held_out_is_told_of_and_sees_nothing(visitor: Visitor) -> None:
    """At the moment at which it would have been shown; no texts leave the server."""
    delivery = visitor.server.offer("on_event", visitor.id, state=State.HELD_OUT)
    told: list[str] = []
    visitor.page.on(
        "response", lambda one: told.append(one.text()) if one.url.endswith("decide") else None
    )
    visitor.open()
    visitor.page.wait_for_timeout(700)
    assert visitor.facts() == []

    visitor.page.locator("#named").click()

    (shown,) = visitor.told("$message_shown")
    assert (shown["control"], shown["delivery_id"]) == (True, delivery.id)
    visitor.sees_nothing()
    assert "Pick up" not in "".join(told)


def test_two_tabs_show_it_once(visitor: Visitor) -> None:
    """When the tab that shows it goes, the other one may."""
    visitor.open()
    other = Tab(visitor.context)
    other.open(visitor.site.origin + "/docs")
    visitor.page.wait_for_timeout(700)

    visitor.server.offer("card", visitor.id)

    def drawn() -> int:
        return sum(one.locator("segue-messages .box").count() for one in visitor.context.pages)

    visitor.told("$message_shown")
    visitor.page.wait_for_timeout(700)
    assert drawn() == 1
    holder = next(
        one for one in visitor.context.pages if one.locator("segue-messages .box").count()
    )
    (left,) = (one for one in visitor.context.pages if one != holder)
    holder.close()
    expect(left.locator("segue-messages .box")).to_have_count(1)
    visitor.told("$message_shown")
    assert not other.wrongs


# --------------------------------------------------------------------------------- accessibility


def test_a_card_takes_no_focus_and_can_be_used_by_keyboard(visitor: Visitor) -> None:
    """Escape closes it where the focus is inside, and gives the focus back."""
    visitor.server.offer("card", visitor.id)
    visitor.open()
    visitor.page.locator("#search").focus()
    visitor.sees("Pick up")

    assert visitor.focused() == "secret"
    visitor.press("Escape")
    visitor.sees("Pick up")
    visitor.page.locator("#link").focus()
    visitor.press("Tab")
    assert visitor.focused() == "Invite a colleague"
    visitor.press("Tab")
    assert visitor.focused() == "Close"
    visitor.press("Escape")

    visitor.sees_nothing()
    assert visitor.focused() == "link"
    visitor.told("$message_shown", "$message_dismissed")


def test_a_modal_waits_while_somebody_writes_and_keeps_the_focus_inside(visitor: Visitor) -> None:
    """And gives it back when Escape closes it."""
    visitor.open()
    visitor.page.locator("#search").focus()
    visitor.server.offer("modal", visitor.id)
    visitor.page.wait_for_timeout(1200)
    visitor.sees_nothing()

    visitor.page.locator("#plain").focus()
    visitor.sees("Pick up")
    assert visitor.focused() == "title"
    for _ in range(4):
        visitor.press("Tab")
        assert visitor.focused() in {"Invite a colleague", "Close", ""}  # "": of the browser itself
    visitor.press("Escape")

    visitor.sees_nothing()
    assert visitor.focused() == "plain"


def test_it_is_read_aloud(visitor: Visitor) -> None:
    """By a region that was there before, and is empty afterwards."""
    visitor.server.offer("card", visitor.id)
    visitor.open()
    status = visitor.page.locator("segue-messages [role=status]")

    expect(status).to_have_text("Pick up where you left off. Your trial ends in three days.")
    visitor.box.get_by_role("button", name="Close").click()
    expect(status).to_have_text("")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 375, 1440])
@pytest.mark.parametrize("campaign", [*DRAWN, "nps", "every_kind", "asked_in_front"])
def test_nobody_is_shut_out(
    chromium: Browser,
    strict: StrictSite,
    offers: Offering,
    who: str,
    campaign: str,
    width: int,
    scheme: str,
) -> None:
    """axe-core finds nothing, nothing is cut off, and what can be pressed is large enough."""
    offers.did(who, "$pageview")
    offers.offer(campaign, who)
    options = {"viewport": {"width": width, "height": 700}, "color_scheme": scheme}
    with Visitor.arriving(
        chromium, strict, offers, who, bypass_csp=True, reduced_motion="reduce", **options
    ) as visitor:
        visitor.open()
        expect(visitor.box).to_be_visible()
        visitor.page.evaluate((PACKAGES / "axe-core" / "axe.min.js").read_text(encoding="utf-8"))
        rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        chosen = json.dumps({"runOnly": rules})
        found = visitor.page.evaluate(f"axe.run('segue-messages', {chosen})")

        assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
        place = visitor.box.bounding_box()
        assert place is not None
        assert 0 <= place["x"] <= place["x"] + place["width"] <= width
        pressed = visitor.box.locator("button, a, label, textarea").all()
        sizes = [box for one in pressed if (box := one.bounding_box())]
        assert all(min(box["width"], box["height"]) >= 24 for box in sizes)


# ------------------------------------------------------------------------------------------ slots


def test_a_slot_hands_the_page_its_payload(visitor: Visitor) -> None:
    """To the function that the page gave, and again on the next page; nothing is drawn."""
    visitor.server.offer("prices", visitor.id)
    visitor.open()
    visitor.page.evaluate("segue('slot', 'prices', given => { window.given = given })")

    visitor.gives("window.given && window.given.payload.price === 19.5")
    visitor.told("$message_shown")
    visitor.sees_nothing()
    visitor.page.evaluate("window.given.clicked()")
    visitor.told("$message_shown", "$message_clicked")


def test_a_slot_is_an_event_too(visitor: Visitor) -> None:
    """A page that takes it says so, else it was not shown."""
    visitor.server.offer("prices", visitor.id)
    visitor.open()
    visitor.page.wait_for_timeout(700)
    assert visitor.facts() == []

    visitor.page.evaluate(
        "document.addEventListener('segue:slot', e => { window.given = e.detail; e.preventDefault() })"
    )

    visitor.gives("window.given && window.given.slot === 'prices'")
    visitor.told("$message_shown")


def test_a_checklist_ticks_itself_and_stays(visitor: Visitor) -> None:
    """Over pages, until it is dismissed."""
    visitor.server.offer("checklist", visitor.id)
    visitor.open()
    visitor.sees("0 / 3")

    visitor.call("track", "project_created")
    visitor.sees("1 / 3")
    visitor.box.get_by_label("Tell the team").check()
    visitor.sees("2 / 3")

    visitor.open("/docs")
    visitor.sees("2 / 3")
    visitor.told("$message_shown")


# ---------------------------------------------------------------------------------------- hostile


@pytest.mark.parametrize(
    "text", ["<img src=x onerror=fail()>", "</style><script>fail()</script>", "{{7*7}} ${7*7}"]
)
def test_texts_are_text(chromium: Browser, visitor: Visitor, text: str) -> None:
    """Whatever somebody calls themselves."""
    item = {
        "id": "d1", "campaign_id": "c", "variant": "a", "kind": "message", "look": "card",
        "triggers": [], "delay": 0, "heading": text, "body": text, "button": text,
        "url": "javascript:fail()", "segments": [],
    }  # fmt: skip
    answer = {"etag": "x", "ttl": 300, "identity": "anonymous", "items": [item]}
    visitor.page.route("**/v1/decide", lambda route: route.fulfill(
        json=answer, headers={"access-control-allow-origin": "*"}))  # fmt: skip
    visitor.context.add_init_script("window.fail = () => { window.failed = true }")
    visitor.open()

    visitor.sees(text)
    assert visitor.box.locator("h2").text_content() == text
    assert visitor.box.locator("a, img, script").count() == 0
    visitor.box.locator(".main").click()
    assert visitor.page.evaluate("window.failed") is None
