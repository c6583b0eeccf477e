"""A campaign rendered for somebody, over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.api.conftest import DEFINITIONS, Shop, served

PROJECT = (
    DEFINITIONS
    + """\
messaging: {holdout: 0%}
campaigns:
  welcome:
    segment: lookers
    when: entering
    already_in: skip
    channel: console
    variants:
      a: {body: "Hello {{ person.name }}, {{ segment.evidence }}"}
      b: {body: Good day}
"""
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with served(tmp_path / "shop", definitions=PROJECT) as made:
        yield made


def test_a_preview_says_what_somebody_would_get_and_what_is_missing(shop: Shop) -> None:
    path = "/api/campaigns/welcome/preview"
    shop.did(("ada", "look", 0, {}))
    missing = shop.get(path, person_id="ada", variant="a").json()
    shop.did(("ada", "$set", 0, {"name": "Ada"}))
    found = shop.get(path, person_id="ada", variant="a").json()

    assert missing["problems"] == {"body": "`person.name` is missing"}
    assert (missing["missing"], missing["parts"]) == (["name"], {})
    assert found["parts"]["body"].startswith("Hello Ada, did “look” in the last 7 days")
    assert (found["inside"], found["event"], found["withheld"]) == (True, "look", "")
    assert shop.get(path, person_id="ada", variant="b").json()["parts"] == {"body": "Good day"}


@pytest.mark.parametrize(
    ("campaign", "query"),
    [
        ("nothing", {"person_id": "ada"}),
        ("welcome", {"person_id": "nobody"}),
        ("welcome", {"person_id": "ada", "variant": "c"}),
    ],
)
def test_what_is_not_there_is_not_found(shop: Shop, campaign: str, query: dict[str, str]) -> None:
    shop.did(("ada", "look", 0, {}))

    assert shop.get(f"/api/campaigns/{campaign}/preview", **query).status_code == 404
