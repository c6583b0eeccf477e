"""Measures over HTTP, of a served workspace."""

from __future__ import annotations

import pytest

from segue.domain.instant import DAY
from tests.http.api.conftest import DEFINITIONS, served

GOALS = "goals: {bought: {event: buy, within: 7 days, value: 20}}\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("measures") / "shop"
    with served(folder, definitions=DEFINITIONS + GOALS) as made:
        made.did(
            *((f"p{i}", "look", 20 * DAY, {}) for i in range(20)),
            *((f"p{i}", "purchase", 18 * DAY, {}) for i in range(5)),
        )
        yield made


def test_the_measures_of_all_segments(shop) -> None:
    found = shop.json("/api/measures")

    lookers = next(one for one in found["segments"] if one["segment_id"] == "lookers")
    assert found["goal"] == "bought"
    assert (lookers["conversion"]["bought"]["count"], lookers["conversion"]["bought"]["of"]) == (
        5,
        20,
    )
    assert lookers["promise"]["expected"] == pytest.approx(20 * 0.025 * 20)
    assert found["ranking"][0]["expected"] >= lookers["promise"]["expected"]
    assert {one["kind"] for one in found["kinds"]} == {"lifecycle", "purchase", "intent"}
    assert found["everybody"]["people"] == 20
    assert "conversion" in found["definitions"]


def test_the_measures_of_one_segment(shop) -> None:
    """The same figures as among all, with the definitions beside them."""
    one = shop.json("/api/segments/lookers/measures", weeks=8)
    among = shop.json("/api/measures", weeks=8, at=one["at"])

    assert one["weeks"] == 8
    (same,) = [other for other in among["segments"] if other["segment_id"] == "lookers"]
    assert {key: one[key] for key in same} == same
    assert any("reached “bought” within 7 days" in sentence for sentence in one["words"])


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/api/segments/nobody/measures", {}, 404, "not_found"),
        ("/api/measures", {"goal": "sold"}, 404, "not_found"),
        ("/api/measures", {"weeks": 0}, 422, "malformed"),
        ("/api/measures", {"at": "yesterday"}, 400, "usage"),
    ],
)
def test_what_cannot_be_answered(shop, path: str, query, status: int, code: str) -> None:
    answer = shop.get(path, **query)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
