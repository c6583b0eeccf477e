"""The journey over HTTP, of a served workspace."""

from __future__ import annotations

import pytest

from segue.domain.instant import DAY
from tests.http.api.conftest import served


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with served(tmp_path_factory.mktemp("journey") / "shop") as made:
        made.did(
            *((f"p{i}", "look", 40 * DAY, {}) for i in range(20)),
            *((f"p{i}", "purchase", 35 * DAY, {}) for i in range(5)),
        )
        yield made


def test_everybody_s_journey(shop) -> None:
    found = shop.json("/api/journey", by_week=True, segment="lookers")

    aware, paying = found["journey"]["stages"]
    assert (aware["entrants"], aware["people"], paying["people"]) == (20, 15, 5)
    assert aware["onward"][0]["share"] == 0.25
    assert found["journey"]["moves"] == [{"from": "aware", "to": "paying", "count": 5}]
    assert sum(one["people"] for one in found["journey"]["weeks"]) == 20
    assert found["segments"][0]["against_others"][0]["onward"]["a"]["of"] == 20
    assert found["journey"]["stops"][0]["last"][0]["event"] == "look"
    assert found["words"][0].startswith("Aware: 25 % (11 to 47) of 20 people went on to Paying")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"segment": "nothing"}, 404, "not_found"),
        ({"within": "3 fortnights"}, 400, "definition"),
        ({"from": "yesterday"}, 400, "usage"),
        ({"from": "2090-01-01"}, 400, "usage"),
        ({"days": 0}, 422, "malformed"),
    ],
)
def test_what_cannot_be_answered(shop, query, status: int, code: str) -> None:
    answer = shop.get("/api/journey", **query)

    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_project_without_a_journey_is_told_what_to_add(tmp_path) -> None:
    with served(tmp_path / "plain", definitions="segments: {a: {when: did look}}") as plain:
        found = plain.json("/api/journey")

    assert found["journey"] is None
    (said,) = found["words"]
    assert said.startswith("This project has no journey yet. Add one to segue.yaml")
