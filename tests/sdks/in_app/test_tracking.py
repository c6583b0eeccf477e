"""What visitors do arrives: without being told, without what nobody should know, never twice."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Route

from tests.http.running import WRITE_KEY
from tests.sdks.in_app.offering import Offering
from tests.sdks.in_app.pages import StrictSite
from tests.sdks.in_app.visitor import SECONDS, Visitor
from tests.sdks.served import eventually
from tests.sdks.tab import Tab


@pytest.fixture
def stranger(chromium: Browser, strict: StrictSite, offers: Offering, who: str) -> Any:
    """Somebody whom the server does not know."""
    with Visitor.arriving(chromium, strict, offers, who) as visitor:
        yield visitor


def _did(visitor: Visitor, *, times: bool = False) -> list[tuple[str, dict[str, Any]]]:
    """What is stored of them; how long they looked at pages only where asked for: on a busy machine
    that may be more than the second from which on it is told."""
    every = visitor.server.events(visitor.id)
    return [one for one in every if times or one[0] != "$page_time"]


def _names(visitor: Visitor, expected: list[str]) -> None:
    def names() -> list[str]:
        return [event for event, _ in _did(visitor, times="$page_time" in expected)]

    assert eventually(names, expected, seconds=SECONDS) == expected


def test_views_and_routes(stranger: Visitor) -> None:
    """Of pages that are loaded, and of those that a script shows; the same path counts once."""
    stranger.open("/pricing?utm_source=news&plan=pro")
    _names(stranger, ["$pageview"])
    stranger.page.evaluate("history.pushState({}, '', '/pricing/teams')")
    stranger.page.evaluate("history.replaceState({}, '', '/pricing/teams?page=2')")
    stranger.page.evaluate("history.back()")

    _names(stranger, ["$pageview"] * 3)
    seen = [properties for _, properties in _did(stranger)]
    assert [one["path"] for one in seen] == ["/pricing", "/pricing/teams", "/pricing"]
    assert (seen[0]["utm_source"], seen[0]["title"]) == ("news", "Pricing")
    assert not stranger.wrongs


def test_clicks_by_attribute_and_by_text(stranger: Visitor) -> None:
    """Never what somebody entered, or what the page marks as private."""
    stranger.open()
    for name in ("plain", "named", "hidden", "holds", "search"):
        stranger.page.locator(f"#{name}").click()
    stranger.page.locator("#link").click()

    _names(stranger, ["$pageview", "$click", "export_started", "$click", "$pageview"])
    (_, plain), (_, named), (_, link) = _did(stranger)[1:4]
    assert (plain["text"], plain["tag"]) == ("Add to cart", "button")
    assert named["format"] == "pdf"
    assert (link["text"], link["href"]) == ("Next steps", stranger.site.origin + "/next")
    assert "12,000" not in str(_did(stranger, times=True))
    assert "Lovelace" not in str(_did(stranger, times=True))


def test_visible_time_is_told_when_somebody_leaves(stranger: Visitor) -> None:
    """In seconds, of the page that was left."""
    stranger.open()
    stranger.page.wait_for_timeout(1500)
    stranger.open("/docs")

    _names(stranger, ["$pageview", "$page_time", "$pageview"])
    _, time = _did(stranger, times=True)[1]
    assert time["path"] == "/pricing"
    assert 1.4 < time["seconds"] < 10


def test_who_somebody_is(stranger: Visitor) -> None:
    """Traits arrive, what was done before is theirs, and after `reset` they are somebody else."""
    known = f"{stranger.id}-known"
    stranger.open()
    stranger.call("identify", known, {"plan": "pro"})
    stranger.call("track", "report_run", {"rows": 3})
    eventually(lambda: len(stranger.server.events(known)), 3)

    profile = stranger.server.running.ask(f"/api/people/{known}").json()
    assert set(profile["distinct_ids"]) == {stranger.id, known}
    assert profile["traits"]["plan"]["value"] == "pro"

    stranger.call("reset")
    stranger.call("track", "somebody_else")
    stranger.page.wait_for_timeout(500)
    assert "somebody_else" not in [event for event, _ in stranger.server.events(known)]


def test_what_was_called_before_the_script_came(stranger: Visitor) -> None:
    """By the two lines that a page begins with, in order."""
    stranger.context.add_init_script(
        "window.segue = function () { (segue.q = segue.q || []).push(arguments) };"
        "segue('track', 'early', { n: 1 })"
    )
    stranger.open()

    def early() -> list[dict[str, Any]]:
        return [properties for event, properties in _did(stranger) if event == "early"]

    assert eventually(lambda: len(early()), 1, seconds=SECONDS) == 1


# --------------------------------------------------------------------------------------- delivery


def test_offline_then_online(stranger: Visitor) -> None:
    """What happens meanwhile waits, over pages, and arrives once and in order."""
    stranger.open()
    _names(stranger, ["$pageview"])
    stranger.context.set_offline(True)
    for number in range(5):
        stranger.call("track", f"offline_{number}")
    stranger.page.wait_for_timeout(1500)
    _names(stranger, ["$pageview"])

    stranger.context.set_offline(False)

    _names(stranger, ["$pageview", *[f"offline_{number}" for number in range(5)]])
    waiting = "Object.keys(localStorage).filter(key => key.startsWith('segue.queue')).length"
    assert eventually(lambda: stranger.page.evaluate(waiting), 0, seconds=SECONDS) == 0


@pytest.mark.parametrize(
    ("status", "again"), [(503, True), (429, True), (408, True), (400, False), (401, False)]
)
def test_what_is_refused_comes_again_where_that_helps(
    stranger: Visitor, status: int, again: bool
) -> None:
    """After the time that the server asks for."""
    asked: list[float] = []
    headers = {
        "retry-after": "1",
        "access-control-allow-origin": "*",
        "access-control-expose-headers": "retry-after",
    }

    def refuse(route: Route) -> None:
        asked.append(time.monotonic())
        if len(asked) == 1:
            route.fulfill(status=status, body="{}", headers=headers)
        else:
            route.continue_()

    def times() -> int:
        stranger.page.wait_for_timeout(50)  # the route is asked while the browser is waited for
        return len(asked)

    stranger.page.route("**/v1/batch", refuse)
    stranger.open()
    assert eventually(times, 1, seconds=SECONDS) == 1

    if again:
        assert eventually(times, 2, seconds=SECONDS) == 2
        assert asked[1] - asked[0] >= 1
        _names(stranger, ["$pageview"])
    else:
        stranger.page.wait_for_timeout(2000)
        assert len(asked) == 1
        assert _did(stranger, times=True) == []


def test_many_tabs_send_everything_once(stranger: Visitor) -> None:
    """And one of them listens for all."""
    stranger.open()
    others = [Tab(stranger.context) for _ in range(2)]
    for other in others:
        other.open(stranger.site.origin + "/docs")
    for number, tab in enumerate([stranger.tab, *others]):
        for index in range(10):
            tab.page.evaluate(f"segue('track', 'tab_{number}', {{ n: {index} }})")

    def counts() -> int:
        return len([event for event, _ in _did(stranger) if event.startswith("tab_")])

    assert eventually(counts, 30, seconds=SECONDS) == 30


# ---------------------------------------------------------------------------------------- consent


def _quiet(visitor: Visitor) -> bool:
    """Whether nothing is kept or sent."""
    visitor.page.wait_for_timeout(800)
    mine = "Object.keys(localStorage).filter(key => /^segue\\.(queue|decision|seen)/.test(key))"
    return not _did(visitor, times=True) and visitor.page.evaluate(mine) == []


def test_consent_comes_first(stranger: Visitor) -> None:
    """Nothing is kept or sent until it is given, and nothing any more when it is taken back."""
    stranger.site.attributes = ' data-consent="required"'
    asked: list[str] = []
    stranger.page.on("request", lambda one: asked.append(one.url))
    stranger.open()
    stranger.call("track", "too_early")
    assert _quiet(stranger)
    assert not [one for one in asked if "/v1/" in one]

    stranger.call("optIn")
    stranger.call("track", "allowed")
    _names(stranger, ["$pageview", "allowed"])

    stranger.call("optOut")
    stranger.call("track", "too_late")
    stranger.open("/docs")
    stranger.page.wait_for_timeout(500)
    assert "too_late" not in str(_did(stranger, times=True))


@pytest.mark.parametrize(
    ("signal", "attributes", "heard"),
    [
        ("globalPrivacyControl: true", "", False),
        ("doNotTrack: '1'", "", False),
        ("doNotTrack: '0'", "", True),
        ("doNotTrack: '1'", ' data-dnt="ignore"', True),
    ],
)
def test_a_browser_may_object(stranger: Visitor, signal: str, attributes: str, heard: bool) -> None:
    """Do Not Track and Global Privacy Control are heeded unless the page says otherwise."""
    name, _, value = signal.partition(": ")
    stranger.context.add_init_script(
        f"Object.defineProperty(Navigator.prototype, '{name}', {{ get: () => {value} }})"
    )
    stranger.site.attributes = attributes
    stranger.open()

    if heard:
        _names(stranger, ["$pageview"])
    else:
        assert _quiet(stranger)


def test_the_page_can_start_it_itself(chromium: Browser, offers: Offering, who: str) -> None:
    """With the key in a call, and with no watching at all."""
    with (
        StrictSite(offers.address, "").running() as site,
        Visitor.arriving(chromium, site, offers, who) as visitor,
    ):
        visitor.open()
        visitor.call("init", {"writeKey": WRITE_KEY, "auto": "off"})
        visitor.page.locator("#plain").click()
        visitor.call("track", "by_hand")

        _names(visitor, ["by_hand"])
        assert [event for event, _ in _did(visitor, times=True)] == ["by_hand"]


def test_nothing_is_ever_thrown_into_the_page(stranger: Visitor) -> None:
    """Nonsense, a page without storage, and a server that answers nonsense."""
    stranger.context.add_init_script(
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no') } })"
    )
    stranger.page.route("**/v1/decide", lambda route: route.fulfill(
        body="nonsense", headers={"access-control-allow-origin": "*"}))  # fmt: skip
    stranger.tab.open(stranger.site.origin)
    for call in (["track"], ["identify"], ["nonsense"], [], ["slot", "x", None], [None]):
        stranger.call(*call)
    stranger.page.wait_for_timeout(500)

    assert not stranger.wrongs
