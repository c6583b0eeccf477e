"""From what somebody does to what they see: the real server, a real browser, nothing in between."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import quantiles
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.http.running import WRITE_KEY
from tests.sdks.in_app.offering import Offering, offering
from tests.sdks.in_app.pages import StrictSite
from tests.sdks.in_app.visitor import SECONDS, Visitor
from tests.sdks.served import eventually

PROJECT = """\
project: pages
segments:
  stuck: {when: did stuck}
  finished: {when: did report_run}
  named: {when: did named}
  studied: {when: did studied}
goals:
  unstuck: {event: report_run, within: 7 days}
messaging: {holdout: 0%}
"""
CAMPAIGNS = """\
campaigns:
  help:
    segment: stuck
    when: entering
    already_in: skip
    channel: in_app
    heading: May we help?
    body: Most people who get here need one more step.
    button: Show me
    url: /docs
    goal: unstuck
    show: {look: card}
  greeting:
    segment: named
    when: entering
    already_in: skip
    channel: in_app
    heading: "Hello {{ person.name | default('you') }}"
    body: "{{ person.name | default('you') }}"
    button: Go
    url: /docs
    show: {look: card}
  compared:
    segment: finished
    when: entering
    already_in: skip
    channel: in_app
    heading: Well done
    body: You have made a report.
    holdout: 99%
    show: {look: card}
surveys:
  why:
    segment: studied
    when: entering
    already_in: skip
    questions:
      - {id: score, kind: rating, ask: How was it?, scale: 5}
    show: {look: card}
"""
VISITS = 12
_WAIT_FOR = """event => new Promise((seen) => {
  const began = performance.now()
  const look = () => {
    const host = document.querySelector('segue-messages')
    if (host && host.shadowRoot.querySelector('.box')) seen((performance.now() - began) / 1000)
    else requestAnimationFrame(look)
  }
  segue('track', event)
  look()
})"""

Arrive = Callable[[str], Visitor]


@pytest.fixture(scope="module")
def acting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Offering]:
    """A server whose campaigns act by themselves."""
    folder = tmp_path_factory.mktemp("acting") / "workspace"
    with offering(folder, CAMPAIGNS, segments=PROJECT) as served:
        yield served


@pytest.fixture
def guest(chromium: Browser, acting: Offering, who: str) -> Iterator[Visitor]:
    """Somebody whom nobody knows, on a page that listens."""
    with (
        StrictSite(acting.address, WRITE_KEY).running() as site,
        Visitor.arriving(chromium, site, acting, who) as visitor,
    ):
        _settle(visitor)
        yield visitor


def _settle(visitor: Visitor) -> None:
    """Open a page, and wait until it listens."""
    with visitor.page.expect_response("**/v1/decide/stream*"):
        visitor.open()


def _rows(visitor: Visitor) -> list[dict[str, Any]]:
    """The deliveries of a visitor."""
    store = visitor.server.running.serving.store
    code = store.person_code(visitor.id)
    assert code is not None
    found = store.deliveries(people=[code])
    return [{"campaign": one.campaign_id, "state": one.state.value, "row": one} for one in found]


def _states(visitor: Visitor, expected: list[str]) -> list[dict[str, Any]]:
    def states() -> list[str]:
        return [one["state"] for one in _rows(visitor)]

    assert eventually(states, expected, seconds=SECONDS) == expected
    return _rows(visitor)


def test_from_event_to_nudge(
    chromium: Browser,
    acting: Offering,
    record_property: Callable[[str, object], None],
    tmp_path: Path,
) -> None:
    """Somebody gets stuck; help is on the screen before they give up. How long it takes is noted."""
    taken = []
    with StrictSite(acting.address, WRITE_KEY).running() as site:
        for number in range(VISITS):
            with Visitor.arriving(chromium, site, acting, f"stuck-{number}") as visitor:
                _settle(visitor)
                taken.append(visitor.page.evaluate(_WAIT_FOR, "stuck"))
                visitor.told("$message_shown")
                assert not visitor.wrongs
    p95 = quantiles(taken, n=20)[-1]
    record_property("event_to_nudge_seconds", json.dumps(sorted(taken)))
    print(f"event to nudge: p50 {sorted(taken)[VISITS // 2]:.3f} s, p95 {p95:.3f} s")
    assert len(taken) == VISITS


def test_what_became_of_it_is_in_its_row(guest: Visitor) -> None:
    """Offered, shown, clicked, converted: one row."""
    guest.call("track", "stuck")
    guest.sees("May we help?")
    _states(guest, ["shown"])
    guest.box.get_by_role("link", name="Show me").click()
    _states(guest, ["clicked"])

    guest.call("track", "report_run")

    (row, compared) = _states(guest, ["converted", "held_out"])
    assert row["row"].segments == ("stuck",)
    assert compared["campaign"] == "compared"


def test_who_is_held_out_leaves_only_the_moment(guest: Visitor) -> None:
    """At which they would have seen it."""
    guest.call("track", "report_run")

    (shown,) = guest.told("$message_shown")

    assert shown["control"] is True
    guest.sees_nothing()
    assert eventually(lambda: bool(_rows(guest)[0]["row"].shown_at), True, seconds=SECONDS)
    assert [one["state"] for one in _rows(guest)] == ["held_out"]


def test_a_name_that_is_a_script_stays_a_name(guest: Visitor) -> None:
    """Whatever it does in a template, it is text on the page."""
    name = "<img src=x onerror=document.title='taken'><script>document.title='taken'</script>"
    guest.call("identify", f"{guest.id}-known", {"name": name})
    guest.call("track", "named")

    guest.sees(name)

    assert guest.box.locator("img, script").count() == 0
    assert guest.page.title() == "Pricing"
    assert not guest.wrongs


def test_an_answer_is_on_the_server_when_it_is_given(guest: Visitor) -> None:
    """And ends the survey on every device."""
    guest.call("track", "studied")
    guest.sees("How was it?")
    guest.box.get_by_role("radio", name="4", exact=True).check()
    guest.box.get_by_role("button", name="Send").click()

    (row,) = _states(guest, ["clicked"])
    answers = [one for one in guest.facts() if one["event"] == "$survey_answered"]
    assert [(one["answer"], one["complete"]) for one in answers] == [(4, True)]
    assert guest.server.items(anonymousId=guest.id) == []
    assert row["row"].tags == ("survey",)
