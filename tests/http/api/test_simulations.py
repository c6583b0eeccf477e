"""A dry run over HTTP: the same as from the command line."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from segue.domain.instant import DAY, HOUR, SECOND, format_instant
from segue.services.acting.hindsight import rehearsed
from segue.services.acting.simulation_document import simulation_document
from tests.http.api.conftest import DEFINITIONS, Shop, served

PROJECT = (
    DEFINITIONS
    + """\
campaigns:
  welcome: {segment: lookers, when: entering, already_in: skip, channel: email, subject: Hi, text: Hello}
messaging:
  holdout: 0%
  sender: {address: hello@shop.example}
  public_url: https://say.shop.example
"""
)
PATH = "/api/campaigns/welcome/simulation"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with served(tmp_path / "shop", definitions=PROJECT) as made:
        made.did(
            ("ada", "$set", 20 * DAY, {"email": "ada@shop.example"}),
            ("ada", "look", 10 * DAY, {}),
            ("ben", "look", 3 * DAY + HOUR, {}),
            imported=True,
        )
        yield made


def test_it_says_what_would_have_become_of_every_moment(shop: Shop) -> None:
    found = shop.json(PATH)

    assert (found["moments"], found["messaged"], found["refused"]) == (2, 1, 1)
    assert found["reasons"] == {"no_address": 1}
    assert [(one["person_id"], one["fate"], one["because"]) for one in found["would"]] == [
        ("ada", "messaged", None),
        ("ben", "refused", "no_address"),
    ]
    assert [one["every"] for one in found["jobs"]] == ["1 hour", "1 day"]
    assert shop.json("/api/deliveries")["deliveries"] == []


def test_it_is_the_document_of_the_command_line(shop: Shop) -> None:
    end = shop.now // SECOND * SECOND
    found = shop.json(PATH, at=format_instant(end), days=15)
    serving = shop.serving
    same = rehearsed(
        serving.store,
        serving.live.definitions,
        serving.actor.acting,
        "welcome",
        end=end,
        days=15,
    )
    assert found == simulation_document(same)


def test_the_period_and_the_number_of_rows_can_be_chosen(shop: Shop) -> None:
    assert [one["person_id"] for one in shop.json(PATH, days=5)["would"]] == ["ben"]
    short = shop.json(PATH, limit=1)
    assert (short["moments"], [one["person_id"] for one in short["would"]]) == (2, ["ben"])


@pytest.mark.parametrize(
    ("path", "query", "status"),
    [
        ("/api/campaigns/nothing/simulation", {}, 404),
        (PATH, {"days": 0}, 422),
        (PATH, {"days": 10**9}, 422),
        (PATH, {"at": "soon"}, 400),
        (PATH, {"limit": 0}, 422),
    ],
)
def test_what_cannot_be_asked(shop: Shop, path: str, query: dict[str, str], status: int) -> None:
    assert shop.get(path, **query).status_code == status
