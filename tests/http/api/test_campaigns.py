"""Campaigns, deliveries and the suppression list over HTTP: a real server, a real clock."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.http.api.conftest import DEFINITIONS, Shop, served

PROJECT = (
    DEFINITIONS
    + """\
messaging:
  holdout: 0%
  caps: [{at_most: 1, within: 7 days}]
campaigns:
  welcome:
    title: Welcome
    segment: lookers
    when: entering
    already_in: skip
    channel: console
    body: Hello
  thanks:
    segment: buyers
    when: entering
    already_in: skip
    channel: console
    body: Thanks
  careful:
    segment: lookers
    when: entering
    already_in: skip
    channel: console
    body: Careful
    approve_first: 2
    priority: 5
    enabled: false
"""
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with served(tmp_path / "shop", definitions=PROJECT) as made:
        yield made


def eventually(said: Callable[[], Any], seconds: float = 60.0) -> Any:
    end = time.monotonic() + seconds
    while not (found := said()):
        assert time.monotonic() < end
        time.sleep(0.01)
    return found


def in_state(shop: Shop, state: str, number: int = 1) -> list[dict[str, Any]]:
    """The deliveries in a state, once there are so many."""

    def found() -> Any:
        listed = shop.json("/api/deliveries", state=state)["deliveries"]
        return listed if len(listed) >= number else None

    rows: list[dict[str, Any]] = eventually(found)
    return rows


def test_a_campaign_says_what_it_is_and_what_became_of_it(shop: Shop) -> None:
    shop.entered("ana", "ben")
    in_state(shop, "delivered", 2)
    body = shop.json("/api/campaigns")
    assert not body["stopped"]
    assert [one["campaign_id"] for one in body["campaigns"]] == ["welcome", "thanks", "careful"]
    one = shop.json("/api/campaigns/welcome")
    assert one == body["campaigns"][0]
    assert one["counts"] == [{"state": "delivered", "because": None, "deliveries": 2}]
    assert (one["title"], one["moment"], one["channel"]) == ("Welcome", "entering", "console")
    assert one["launched_at"] is not None
    assert body["campaigns"][2]["launched_at"] is None
    assert shop.get("/api/campaigns/nothing").status_code == 404


def test_a_delivery_tells_its_story(shop: Shop) -> None:
    """What was sent, what was not, and why not, in words."""
    shop.entered("ana")
    in_state(shop, "delivered")
    shop.did(("ana", "purchase", 0, {}))
    in_state(shop, "refused")
    found = shop.json("/api/people/ana/deliveries")
    refused, sent = found["deliveries"]
    assert (refused["because"], refused["campaign_id"]) == ("capped", "thanks")
    assert refused["outcome"] == "was refused: had 1 message in the last 7 days; the cap is 1"
    assert [step["text"] for step in sent["story"]] == [
        "entered the segment lookers",
        "handed to the channel console",
        "delivered",
    ]
    assert shop.json(f"/api/deliveries/{sent['delivery_id']}") == sent
    assert shop.get("/api/deliveries/none").status_code == 404
    assert shop.get("/api/people/nobody/deliveries").status_code == 404


def test_deliveries_are_paged_and_filtered(shop: Shop) -> None:
    shop.entered(*(f"p{n}" for n in range(5)))
    in_state(shop, "delivered", 5)
    seen: list[str] = []
    cursor = None
    while True:
        page = shop.json("/api/deliveries", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [one["delivery_id"] for one in page["deliveries"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert len(seen) == len(set(seen)) == 5
    assert shop.json("/api/deliveries", campaign_id="thanks")["deliveries"] == []
    (own,) = shop.json("/api/deliveries", person_id="p1")["deliveries"]
    assert own["person_id"] == "p1"
    assert shop.get("/api/deliveries", state="odd").status_code == 422


def test_the_switch(shop: Shop) -> None:
    assert shop.client.post("/api/campaigns/stop").json() == {"stopped": True}
    assert shop.json("/api/campaigns")["stopped"]
    shop.entered("ana")
    (row,) = in_state(shop, "refused")
    assert (row["because"], row["detail"]) == ("stopped", "all campaigns are stopped")
    assert shop.client.post("/api/campaigns/start").json() == {"stopped": False}
    shop.entered("ben")
    in_state(shop, "delivered")


def test_one_campaign_is_paused(shop: Shop) -> None:
    paused = shop.client.post("/api/campaigns/welcome/pause", json={"why": "a typo"})
    assert paused.json()["paused"] == "a typo"
    shop.entered("ana")
    assert in_state(shop, "refused")[0]["detail"] == "the campaign is paused: a typo"
    assert shop.client.post("/api/campaigns/welcome/resume").json()["paused"] is None
    shop.entered("ben")
    in_state(shop, "delivered")
    assert shop.client.post("/api/campaigns/none/pause", json={}).status_code == 404


def test_a_launch_speaks_to_who_is_in(shop: Shop) -> None:
    """Each once."""
    shop.did(("ana", "look", 3_600_000 * 5, {}), ("ben", "look", 3_600_000 * 5, {}), imported=True)
    assert shop.json("/api/deliveries")["deliveries"] == []
    answer = shop.client.post("/api/campaigns/welcome/launch")
    assert answer.json() == {"deliveries": 2}
    assert {one["occasion"] for one in in_state(shop, "delivered", 2)} == {"launch"}
    assert shop.client.post("/api/campaigns/welcome/launch").json() == {"deliveries": 0}
    assert shop.client.post("/api/campaigns/careful/launch").status_code == 400


def test_the_first_wait_for_approval(shop: Shop) -> None:
    path = shop.serving.workspace.definitions
    path.write_text(path.read_text().replace("enabled: false", "enabled: true"))
    assert shop.serving.look_at_project()
    eventually(lambda: shop.json("/api/campaigns/careful")["launched_at"])
    time.sleep(0.002)
    shop.entered("ana", "ben", "cat")
    eventually(lambda: shop.json("/api/campaigns/careful")["waiting_for_approval"] == 3)
    waiting = shop.json("/api/deliveries", campaign_id="careful")["deliveries"]
    assert {one["approved"] for one in waiting} == {False}
    chosen = {"delivery_ids": [waiting[0]["delivery_id"]]}
    url = "/api/campaigns/careful/approve"
    assert shop.client.post(url, json=chosen).json() == {"deliveries": 1}
    assert shop.client.post(url, json={}).json() == {"deliveries": 2}
    eventually(lambda: shop.json("/api/campaigns/careful")["waiting_for_approval"] == 0)


def test_dead_letters_are_tried_again(shop: Shop) -> None:
    assert shop.client.post("/api/deliveries/replay", json={}).json() == {"deliveries": 0}
    chosen = {"delivery_ids": ["none"], "campaign_id": "welcome"}
    assert shop.client.post("/api/deliveries/replay", json=chosen).json() == {"deliveries": 0}


def test_the_suppression_list(shop: Shop) -> None:
    new = {"address": " Ada@Shop.test ", "purpose": "news"}
    made = shop.client.post("/api/suppressions", json=new)
    assert made.status_code == 201
    assert made.json() | {"since": ""} == {
        "address": "ada@shop.test",
        "channel": "email",
        "purpose": "news",
        "reason": "by_hand",
        "since": "",
    }
    many = {"addresses": ["b@x", "C@x", "b@x", " "]}
    assert shop.client.post("/api/suppressions/import", json=many).json() == {"added": 2}
    page = shop.json("/api/suppressions", limit=2)
    assert [one["address"] for one in page["suppressions"]] == ["ada@shop.test", "b@x"]
    rest = shop.json("/api/suppressions", cursor=page["cursor"])
    assert [one["address"] for one in rest["suppressions"]] == ["c@x"]
    gone = shop.client.delete("/api/suppressions", params={"address": "B@X"})
    assert gone.status_code == 204
    assert shop.client.delete("/api/suppressions", params={"address": "b@x"}).status_code == 404
    wrong = {"address": "a@x", "channel": "pigeon"}
    assert shop.client.post("/api/suppressions", json=wrong).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/campaigns"),
        ("POST", "/api/campaigns/stop"),
        ("GET", "/api/deliveries"),
        ("GET", "/api/people/ana/deliveries"),
        ("POST", "/api/suppressions/import"),
    ],
)
def test_a_write_key_may_do_none_of_it(shop: Shop, method: str, path: str) -> None:
    """It stands in web pages."""
    key = next(filter(None, (one.text for one in shop.serving.store.keys())))  # noqa: SIM118 - a method
    headers = {"authorization": f"Bearer {key}"}
    assert shop.client.request(method, path, headers=headers, json={}).status_code == 403
