"""Patterns, identity and ready-made groups over HTTP, of a served workspace."""

from __future__ import annotations

import pytest

from segue.domain.instant import DAY, HOUR
from tests.http.api.conftest import DEFINITIONS, served

GOALS = "goals:\n  bought: {event: purchase, within: 7 days}\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("patterns") / "shop"
    with served(folder, definitions=DEFINITIONS + GOALS) as made:
        often = {0: ("look", "search"), 1: ("search", "look")}
        made.did(
            *(
                (f"p{i}", often[i % 2][step % 8 == 7], 40 * DAY - step * HOUR, {})
                for i in range(120)
                for step in range(20)
            ),
            *((f"p{i}", "purchase", 30 * DAY, {"revenue": i}) for i in range(20)),
        )
        yield made


def test_groups_of_people(shop) -> None:
    found = shop.client.post("/api/discover/patterns", json={"least": 15}).json()

    assert sorted(one["people"]["count"] for one in found["patterns"]) == [10, 10, 50, 50]
    assert {one["match"]["jaccard"] for one in found["patterns"]} == {1.0}
    assert found["verdict"].startswith("4 groups are stable")


def test_behaviour_or_identity(shop) -> None:
    found = shop.client.post("/api/discover/identity", json={"within": "1 day"}).json()

    assert found["foretold"] is None
    assert found["words"][0].startswith("Cannot tell yet")


def test_ready_made_groups(shop) -> None:
    found = shop.client.post("/api/discover/ready", json={"purchase": "purchase"}).json()

    assert sum(one["people"]["count"] for one in found["lifecycle"]) == found["people"] == 120
    assert found["rfm"]["buyers"] == 20


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("patterns", {"segment": "nothing"}, 404),
        ("patterns", {"mix": "a where"}, 400),
        ("patterns", {"groups": 1}, 422),
        ("identity", {"goal": "nothing"}, 404),
        ("identity", {"within": "soon"}, 400),
        ("ready", {"period": "often"}, 400),
    ],
)
def test_what_cannot_be_answered(shop, path: str, body: dict[str, object], status: int) -> None:
    assert shop.client.post(f"/api/discover/{path}", json=body).status_code == status
