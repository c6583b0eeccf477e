"""The report over HTTP, of a served workspace."""

from __future__ import annotations

import pytest

from segue.domain.instant import DAY
from tests.http.api.conftest import DEFINITIONS, served

GOALS = "goals:\n  bought: {event: buy, within: 7 days}\n"


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    with served(
        tmp_path_factory.mktemp("report") / "shop", definitions=DEFINITIONS + GOALS
    ) as made:
        made.did(
            *((f"p{i}", "look", (40 + i % 9) * DAY, {}) for i in range(30)),
            *((f"p{i}", "purchase", 35 * DAY, {}) for i in range(5)),
        )
        yield made


def test_as_numbers(shop) -> None:
    found = shop.json("/api/report", days=21)

    assert (found["project"], found["days"]) == ("shop", 21)
    assert found["segments"]["goal"] == "bought"
    assert found["journey"]["journey"]["stages"][1]["people"] == 5
    assert found["lint"]["people"] == 30
    assert any("stop at Aware" in said for said in found["words"])


def test_as_a_page(shop) -> None:
    answer = shop.get("/api/report.html")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in answer.text
    assert "Segment by segment" in answer.text


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [({"goal": "nothing"}, 404, "not_found"), ({"days": 2}, 422, "malformed")],
)
def test_what_cannot_be_answered(shop, query, status: int, code: str) -> None:
    for path in ("/api/report", "/api/report.html"):
        answer = shop.get(path, **query)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
