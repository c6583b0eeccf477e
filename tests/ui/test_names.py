"""Names may have a slash and a colon in them: every link of every page leads somewhere then too."""

import html
import re
from collections import deque
from collections.abc import Iterator

import httpx
import pytest

from segue.bootstrap import environment
from segue.domain.users import Role
from tests.http.running import Running, running
from tests.sdks.served import eventually
from tests.ui.conftest import Studio

DEFINITIONS = """\
project: shop
timezone: Europe/Berlin
goals: {"shop/bought:all": {event: buy}}
journey:
  - {stage: "shop/visitor", when: everyone}
  - {stage: "shop/customer:all", when: did buy}
segments:
  shop/buyers:all: {title: Buyers, when: did buy}
campaigns:
  shop/hello:all:
    segment: shop/buyers:all
    when: entering
    already_in: message
    channel: webhook
    to: https://hooks.example/hello
surveys:
  shop/why:all:
    segment: shop/buyers:all
    when: entering
    already_in: message
    questions: [{id: why, kind: text, ask: Why?}]
"""
PERSON = "team/ann:1"
_LINK = re.compile(r'href="(/studio/[^"#]*)')
_NOT_FOLLOWED = re.compile(r"[?&]on=")
"""One day is like another."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    """Somebody with such an id bought something; an admin looks."""
    with running(tmp_path_factory.mktemp("names") / "shop", definitions=DEFINITIONS) as server:
        _bought(server)
        store, now = server.serving.store, environment.now()
        admin = store.add_user("ada", Role.ADMIN, now=now)
        cookies = {"segue_session": store.begin_session(admin.id, now=now)}
        with httpx.Client(base_url=server.address, cookies=cookies, timeout=60) as client:
            yield Studio(server, client)


def _bought(server: Running) -> None:
    sent = server.send("/v1/track", json={"event": "buy", "userId": PERSON})
    assert sent.status_code == 200
    live = server.serving.live
    assert eventually(lambda: live.health().next_transition > 1, True)


STARTS = ("segments", "campaigns", "voices", "people/team%2Fann%3A1")


def test_every_link_leads_somewhere(shop: Studio) -> None:
    """From the lists and the person, to wherever such a name is in the address, and on."""
    waiting = deque(f"/studio/{one}" for one in STARTS)
    seen = set(waiting)
    while waiting:
        address = waiting.popleft()
        answer = shop.client.get(address)
        assert answer.status_code in (200, 303), (address, answer.text[-400:])
        if "text/html" not in answer.headers.get("content-type", ""):
            continue
        for link in map(html.unescape, _LINK.findall(answer.text)):
            if link not in seen and "shop" in link and not _NOT_FOLLOWED.search(link):
                seen.add(link)
                waiting.append(link)
    assert len(seen) > 4 * len(STARTS)


def test_the_members_come_as_a_file(shop: Studio) -> None:
    answer = shop.client.get("/studio/segments/shop/buyers:all/members.csv")

    assert answer.headers["content-disposition"] == 'attachment; filename="shop-buyers-all.csv"'
    assert f'"shop/buyers:all","{PERSON}",' in answer.text


def test_why_somebody_is_in(shop: Studio) -> None:
    page = shop.page("/people/team%2Fann%3A1/why/shop/buyers:all")

    assert f"Why {PERSON} is in Buyers" in html.unescape(page)


def test_the_secret_of_a_webhook(shop: Studio) -> None:
    found = shop.server.ask("/api/channels/webhook/shop/hello:all").json()

    assert found["campaign_id"] == "shop/hello:all"
