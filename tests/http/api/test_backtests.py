"""Backtests over HTTP, of a served workspace."""

from __future__ import annotations

import pytest

from segue.domain.instant import DAY, HOUR
from tests.http.api.conftest import served


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """People who look, of whom every third one buys."""
    with served(tmp_path_factory.mktemp("backtest") / "shop") as made:
        made.did(*((f"p{i}", "look", 20 * DAY - i * HOUR, {}) for i in range(60)))
        made.did(*((f"p{i}", "purchase", 19 * DAY - i * HOUR, {}) for i in range(0, 60, 3)))
        yield made


def _asked(shop, **question):
    return shop.client.post("/api/backtest", json=question)


def test_an_unsaved_condition(shop):
    """Every part of the answer that the page of the API names."""
    answer = _asked(shop, when="did look within 7 days", title="Looked", days=30)
    found = answer.json()

    assert answer.status_code == 200, answer.text
    assert (found["segment_id"], found["title"], found["entries"]) == (None, "Looked", 60)
    assert len(found["days"]) <= 30
    assert sum(day["entered"] for day in found["days"]) == 60
    assert found["dwell"]["median_ms"] == 7 * DAY
    assert found["goal"] is found["outcome"] is None  # the project has none
    assert {one["segment_id"] for one in found["overlaps"]} >= {"buyers", "lookers"}
    assert [one["new"] for one in found["thresholds"]] == [None, "5 days", "10 days"]
    assert found["words"]


def test_entries_per_day_are_those_of_the_preview(shop):
    """One way to count them."""
    days = _asked(shop, when="did look within 7 days", days=28).json()["days"]
    preview = shop.client.post("/api/preview", json={"when": "did look within 7 days"}).json()

    assert preview["days"][-len(days) :] == days


def test_a_saved_segment_as_of_an_instant(shop):
    """Nothing after it counts."""
    found = _asked(shop, segment_id="lookers", at="1971-01-01").json()

    assert (found["segment_id"], found["size"], found["entries"]) == ("lookers", 0, 0)
    assert found["at"] == "1971-01-01T00:00:00Z"


WRONG = [
    ({}, 400, "usage"),
    ({"segment_id": "lurkers"}, 404, "not_found"),
    ({"when": "did look at"}, 400, "definition"),
    ({"when": "did look", "days": 0}, 422, "malformed"),
    ({"when": "did look", "surprise": 1}, 422, "malformed"),
]


@pytest.mark.parametrize(("question", "status", "code"), WRONG, ids=str)
def test_wrong_questions(shop, question, status, code):
    """With the code of the error; of a condition, where."""
    answer = _asked(shop, **question)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
