"""Results and voices over HTTP, from a served workspace."""

from __future__ import annotations

import pytest

from segue.domain.campaigns import State
from tests.cli.test_results import YAML, rows
from tests.http.api.conftest import served


@pytest.fixture(scope="module")
def acted(tmp_path_factory):
    """A served shop with an offer that helped, and a survey that one person answered."""
    with served(tmp_path_factory.mktemp("results") / "shop", definitions=YAML) as shop:
        shop.serving.store.save_deliveries(
            made=[
                *rows("offer", range(900), State.DELIVERED, 0.4),
                *rows("offer", range(900, 1_000), State.HELD_OUT, 0.15),
                *rows("why", range(5), State.SHOWN, 0, shown_at=1, segments=("lookers",)),
            ]
        )
        answer = {
            "campaign_id": "why",
            "delivery_id": "why-1",
            "question_id": "nps",
            "question_type": "nps",
            "answer": 10,
            "segments": ["lookers"],
        }
        shop.did(("p1", "$survey_answered", 1_000, answer))
        yield shop


def test_results(acted):
    found = acted.json("/api/campaigns/offer/results")

    assert found["lift"]["finding"] == "better"
    assert found["words"].startswith("900 people were to be messaged, 100 were held out.")
    assert found["variants"][0]["delivered"] == 900
    assert found["split"]["is_suspect"] is False


def test_voices(acted):
    found = acted.json("/api/campaigns/why/voices", segment="lookers")

    nps = found["questions"][1]
    assert (found["shown"], nps["score"]["value"], nps["response"]["share"]) == (5, 100, 0.2)
    assert nps["score_in_segment"]["answers"] == 1
    assert found["questions"][0]["texts"]["answers"] == 0


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api/campaigns/none/results", {}, 404),
        ("/api/campaigns/none/voices", {}, 404),
        ("/api/campaigns/offer/voices", {}, 400),
        ("/api/campaigns/why/voices", {"segment": "none"}, 404),
    ],
)
def test_what_there_is_not(acted, path, query, status):
    response = acted.get(path, **query)

    assert response.status_code == status
    assert response.json()["hint"]
