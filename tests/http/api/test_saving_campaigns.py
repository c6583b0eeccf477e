"""Campaigns in definitions that are put in force over HTTP: whole, or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.http.api.conftest import DEFINITIONS, Shop, served

CAMPAIGN = """\
messaging: {{holdout: 0%}}
campaigns:
  welcome:
    segment: {segment}
    when: entering
    already_in: skip
    channel: console
    body: {body}
"""
RIGHT = DEFINITIONS + CAMPAIGN.format(segment="lookers", body="Hello")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with served(tmp_path / "shop", definitions=RIGHT) as made:
        yield made


def put(shop: Shop, text: str) -> int:
    return shop.client.put("/api/definitions", json={"text": text}).status_code


def bodies(shop: Shop) -> dict[str, str]:
    """The campaigns that are in force, with their words."""
    return {
        one.id: one.variants[0].content.parts["body"] for one in shop.serving.actor.acting.campaigns
    }


def test_a_changed_campaign_is_in_force_when_the_answer_comes(shop: Shop) -> None:
    again = CAMPAIGN.format(segment="buyers", body="Good day")

    assert put(shop, DEFINITIONS + again.replace("welcome", "other")) == 200
    assert bodies(shop) == {"other": "Good day"}
    assert [one["campaign_id"] for one in shop.json("/api/campaigns")["campaigns"]] == ["other"]


@pytest.mark.parametrize(
    ("segment", "body", "problem"),
    [
        ("looker", "Hello", "there is no segment `looker`"),
        ("lookers", "'{{ person.name'", "not readable as a template"),
        ("lookers", "'{{ persn.name }}'", "there is no `persn` here"),
    ],
)
def test_a_campaign_that_cannot_work_changes_nothing(
    shop: Shop, segment: str, body: str, problem: str
) -> None:
    text = DEFINITIONS + CAMPAIGN.format(segment=segment, body=body)
    answer = shop.client.put("/api/definitions", json={"text": text})

    assert answer.status_code == 400
    assert problem in answer.text
    assert bodies(shop) == {"welcome": "Hello"}
    assert shop.json("/api/definitions")["text"] == RIGHT


def test_a_segment_that_a_campaign_needs_stays(shop: Shop) -> None:
    answer = shop.client.delete("/api/segments/lookers")

    assert answer.status_code == 400
    assert "there is no segment `lookers`" in answer.text
    assert shop.client.delete("/api/segments/buyers").status_code == 200


def test_so_it_is_with_a_file_that_is_edited(shop: Shop) -> None:
    path = shop.serving.workspace.definitions
    path.write_text(RIGHT.replace("Hello", "'{{ persn.name }}'"))
    assert shop.serving.look_at_project()

    assert "there is no `persn` here" in shop.serving.project.trouble
    assert bodies(shop) == {"welcome": "Hello"}

    path.write_text(RIGHT.replace("Hello", "Good morning"))
    assert shop.serving.look_at_project()
    assert bodies(shop) == {"welcome": "Good morning"}
