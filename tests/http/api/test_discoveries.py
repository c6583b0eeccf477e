"""Discovery over HTTP, of a served workspace."""

from __future__ import annotations

import pytest

from segue.domain.instant import DAY, HOUR
from tests.http.api.conftest import DEFINITIONS, served

GOALS = "goals:\n  bought: {event: purchase, within: 5 days}\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Every third of 600 people invites on the first day, and nearly always buys on the third; of
    the others every sixth does. Every second reads."""
    folder = tmp_path_factory.mktemp("discover") / "shop"
    with served(folder, definitions=DEFINITIONS + GOALS) as made:
        for i in range(600):
            start = 40 * DAY - i * HOUR
            made_events = [(f"p{i}", "look", start, {})]
            if i % 2:
                made_events.append((f"p{i}", "read", start - HOUR, {"page": "home"}))
            if i % 5:
                made_events.append((f"p{i}", "look", start - 2 * HOUR, {}))
            if i % 3 == 0:
                made_events.append((f"p{i}", "invite", start - 3 * HOUR, {}))
            if (i % 3 == 0 and i % 7) or i % 6 == 1:
                made_events.append((f"p{i}", "purchase", start - 3 * DAY, {}))
            made.did(*made_events, imported=True)
        yield made


def test_findings_come_with_their_words_and_their_segment(shop) -> None:
    answer = shop.client.post("/api/discover", json={"within": ["1 day"], "counts": 2})

    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert found["words"].startswith("1 finding out of ")
    (finding,) = found["findings"]
    assert finding["did"] == "invited in their first day"
    assert finding["words"].startswith("People who invited in their first day reached “bought” in ")
    assert finding["segment"]["when"] == 'did "invite" within 1 day after first "$session_started"'
    assert finding["later"]["adjusted_difference_range"][0] > 0.3
    assert {one["verdict"] for one in found["looked_at"]} <= {"by_chance", "activity", "turned"}
    assert found["populations"][0]["people"] == 600


def test_a_finding_can_be_saved_as_it_is(shop) -> None:
    """What it says is what the route of segments takes."""
    asked = {"within": ["1 day"], "counts": 1, "entering": "lookers"}
    (finding,) = shop.client.post("/api/discover", json=asked).json()["findings"]
    segment = {key: value for key, value in finding["segment"].items() if key != "id"}

    answer = shop.client.put(f"/api/segments/{finding['segment']['id']}", json=segment)

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("asked", "status", "code"),
    [
        ({"goal": "nothing"}, 404, "not_found"),
        ({"entering": "nobody"}, 404, "not_found"),
        ({"within": ["3 fortnights"]}, 400, "definition"),
        ({"within": []}, 422, "malformed"),
        ({"counts": 0}, 422, "malformed"),
        ({"gaol": "bought"}, 422, "malformed"),
    ],
)
def test_what_cannot_be_answered(shop, asked, status: int, code: str) -> None:
    answer = shop.client.post("/api/discover", json=asked)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
