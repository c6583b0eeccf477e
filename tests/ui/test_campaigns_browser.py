"""Campaigns, surveys and voices in a real browser, as a person works with them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.http.running import WRITE_KEY
from tests.sdks.in_app.pages import StrictSite
from tests.sdks.served import eventually
from tests.ui.conftest import Studio
from tests.ui.spoken_world import speaking
from tests.ui.test_browser import AXE, RULES

PATHS = (
    "/campaigns", "/campaigns/offer", "/campaigns/offer?dry=30", "/campaigns/letter?person=p0",
    "/campaigns/nagging", "/campaigns/new?segment=buyers", "/campaigns/letter/edit",
    "/campaigns/nagging/edit", "/voices", "/voices/why", "/voices/why?segment=buyers&person=p3",
    "/voices/nobody", "/voices/new", "/voices/why/edit",
)  # fmt: skip


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """A shop that speaks to its people."""
    with speaking(tmp_path_factory.mktemp("spoken") / "shop") as studio:
        yield studio


def _context(chromium: Browser, shop: Studio, **options: Any) -> BrowserContext:
    context = chromium.new_context(base_url=shop.address, **options)
    context.add_cookies(
        [{"name": "segue_session", "value": shop.cookie, "url": f"{shop.address}/studio"}]
    )
    return context


@pytest.fixture
def page(chromium: Browser, shop: Studio) -> Iterator[Page]:
    """A page of somebody who is signed in; nothing may be said on its console."""
    said: list[str] = []
    with _context(chromium, shop) as context:
        page = context.new_page()
        page.on("console", lambda one: said.append(one.text))
        page.on("pageerror", lambda one: said.append(str(one)))
        yield page
    assert not said


def _text(shop: Studio) -> str:
    return shop.server.serving.workspace.definitions.read_text()


def test_from_writing_a_campaign_to_its_first_delivery(page: Page, shop: Studio) -> None:
    """Only the fields of its channel are there; what is missing is said beside it, and goes away as
    one writes; the file keeps its comments; somebody enters, and is messaged."""
    before = _text(shop)
    page.goto("/studio/campaigns/new?segment=callers")
    page.get_by_label("Name", exact=True).fill("Call back")
    page.get_by_label("Channel").select_option("email")
    expect(page.get_by_label("Subject")).to_be_visible()
    expect(page.get_by_label("On the button")).to_be_hidden()
    page.get_by_label("Channel").select_option("console")
    expect(page.get_by_label("Subject")).to_be_hidden()
    wrong = page.locator("[data-said=body] .error")
    expect(wrong).to_have_text("a line of the console needs “Text”")

    page.get_by_label("Text", exact=True).fill("Call back: {{ person.id }}")
    expect(wrong).to_have_count(0)
    expect(page.locator("[data-tried]")).to_contain_text("It can be saved")
    page.get_by_label("Held out, to measure").fill("")
    page.get_by_label("It speaks").last.select_option(label="from now on, as soon as it is saved")
    page.get_by_role("button", name="Save it").click()

    expect(page.get_by_text("Call back is saved in the project file.")).to_be_visible()
    assert before.partition("surveys:")[0].strip() in _text(shop)
    assert "call_back:" in _text(shop)
    call = {"userId": "zoe", "event": "call"}
    shop.server.send("/v1/track", json=call).raise_for_status()
    store = shop.server.serving.store

    def delivered() -> list[str]:
        return [one.state.value for one in store.deliveries(campaign_id="call_back")]

    assert eventually(delivered, ["delivered"]) == ["delivered"]
    page.goto("/studio/campaigns/call_back")
    expect(page.get_by_role("row", name="zoe")).to_contain_text("Was delivered")

    page.go_back()
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Campaigns", level=1)).to_be_visible()
    assert _text(shop) == before


def test_a_survey_is_answered_in_a_page_and_read_in_the_studio(
    chromium: Browser, page: Page, shop: Studio
) -> None:
    """Written in the page, shown by the script of the product, answered there, and heard here."""
    before = _text(shop)
    page.goto("/studio/voices/new?segment=callers")
    page.get_by_label("Name", exact=True).fill("After the call")
    page.get_by_label("The question, in words").fill("How did the call go?")
    page.get_by_label("It speaks").last.select_option(label="from now on, as soon as it is saved")
    page.get_by_role("button", name="Save it").click()
    expect(page.get_by_text("Nobody has seen it yet")).to_be_visible()

    with (
        StrictSite(shop.address, WRITE_KEY).running() as site,
        chromium.new_context() as visitors,
    ):
        visitor = visitors.new_page()
        with visitor.expect_response("**/v1/decide/stream*"):
            visitor.goto(f"{site.origin}/pricing")
        visitor.evaluate("segue('track', 'call')")
        box = visitor.locator("segue-messages .box")
        expect(box).to_contain_text("How did the call go?")
        box.get_by_role("textbox").fill("Nobody <i>answered</i> the phone")
        box.get_by_role("button", name="Send").click()
        expect(box).to_contain_text("Thank you")
        store = shop.server.serving.store
        assert eventually(lambda: len(store.survey_answers("after_the_call")), 1) == 1

    def heard() -> bool:
        page.goto("/studio/voices/after_the_call")
        return page.get_by_text("Nobody <i>answered</i> the phone").count() > 0

    assert eventually(heard, True)
    page.get_by_text("The latest answers").click()
    said = page.get_by_role("listitem").filter(has_text="Nobody <i>answered</i> the phone")
    expect(said).to_be_visible()
    said.get_by_role("link").click()
    expect(page).to_have_url(f"{shop.address}/studio/people/{page.url.rpartition('/')[2]}")
    shop.server.serving.change_definitions(lambda _: before)


def test_the_lift_of_a_campaign_is_drawn_with_its_range(page: Page) -> None:
    """From the list to the campaign, and from a number to the people behind it."""
    page.goto("/studio/campaigns")
    expect(page.get_by_text("Helps.")).to_be_visible()
    page.get_by_role("link", name="An offer").click()

    figure = page.locator("figure[data-name=lift]")
    expect(figure.locator("line.better").first).to_be_attached()
    expect(figure.get_by_role("img")).to_be_visible()
    page.get_by_role("link", name="7", exact=True).click()
    expect(page.get_by_role("row", name="p1006")).to_contain_text("a cap was full")


def test_a_question_is_added_by_keyboard_and_asked_after_the_first(
    page: Page, shop: Studio
) -> None:
    """The order in which one goes through the form is that in which it is read."""
    before = _text(shop)
    page.goto("/studio/voices/nobody/edit")
    page.get_by_role("button", name="Add a question").focus()
    page.keyboard.press("Enter")
    second = page.get_by_role("group", name="Question 2")
    second.get_by_label("The question, in words").focus()
    page.keyboard.type("Which part?")
    page.keyboard.press("Tab")
    expect(second.get_by_label("Answered with")).to_be_focused()
    expect(second.get_by_label("Choices, one on each line")).to_be_visible()
    second.get_by_label("Choices, one on each line").fill("Waiting\nTalking")

    looks = page.locator("[data-tried] .asked > li")
    expect(looks.nth(1)).to_contain_text("Which part?")
    expect(looks.nth(1)).to_contain_text("Talking")
    page.get_by_role("button", name="Save it").click()

    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    assert "choices:" in _text(shop)
    undo.click()
    expect(undo).to_have_count(0)
    assert _text(shop) == before


def test_a_campaign_can_be_read_and_written_without_scripts(
    chromium: Browser, shop: Studio
) -> None:
    before = _text(shop)
    with _context(chromium, shop, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto("/studio/campaigns/offer/edit")
        page.get_by_label("Held out, to measure").fill("15%")
        page.get_by_role("button", name="Look at it").click()
        expect(page.locator("#tried")).to_contain_text("It can be saved")
        page.get_by_role("button", name="Save it").click()
        undo = page.get_by_role("button", name="Undo")
        expect(undo).to_be_visible()
        assert _text(shop) == before.replace("holdout: 10%", "holdout: 15%", 1)
        undo.click()
        expect(undo).to_have_count(0)
        assert _text(shop) == before


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [375, 1440])
def test_every_page_is_for_everybody(
    chromium: Browser, shop: Studio, path: str, scheme: Literal["light", "dark"], width: int
) -> None:
    """axe-core finds nothing, and no page is wider than the window."""
    options: dict[str, Any] = {
        "color_scheme": scheme,
        "viewport": {"width": width, "height": 800},
        "bypass_csp": True,  # for axe-core only
    }
    with _context(chromium, shop, **options) as context:
        page = context.new_page()
        page.goto(f"/studio{path}")
        expect(page.locator("[data-working]")).to_have_count(0)
        page.add_script_tag(path=AXE)
        found = page.evaluate("rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES)
        wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")

    assert [(one["id"], [n["html"] for n in one["nodes"]]) for one in found["violations"]] == []
    assert wider <= 0


def test_the_script_of_the_form_is_small() -> None:
    """The budget of the studio is 60 kB for all of them."""
    script = Path(__file__).parents[2] / "src/segue/ui/static/campaigns.js"

    assert script.stat().st_size < 5_000
