"""A drafted project file: readable, right, and what somebody can go on from."""

import pytest
from ruamel.yaml import YAML

from segue.domain.ports import EventSummary
from segue.language.check import check
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.services.draft import draft

NAMES = {
    "shop": ["main", "catalog", "cart", "payment_done"],
    "saas": ["$pageview", "Signed Up", "Trial Started", "report_run", "Subscription Started"],
    "nothing known": ["zxcv", "qwer"],
    "SQL and YAML": ["a: b", "- x", "'; DROP TABLE", '"quoted"', "#no", "null", "yes", "{}", "\\"],
    "our own": ["$identify", "$set", "$survey_answered", "purchase"],
}


def drafted(names: list[str]):
    summaries = [EventSummary(name, 9, 3, 0, 1, ("path", "amount")) for name in names]
    return draft("my: project", "Europe/Berlin", summaries)


@pytest.mark.parametrize("kind", NAMES)
def test_the_text_and_the_mapping_are_one_project(kind: str) -> None:
    """Comments aside; it resolves, and checking it finds no error."""
    made = drafted(NAMES[kind])
    project = project_from(made.text())

    assert YAML(typ="safe").load(made.text()) == made.mapping()
    assert resolve(project) == resolve(project_from(made.mapping()))
    assert not [one for one in check(project) if one.severity == "error"]
    assert (project.project, project.timezone) == ("my: project", "Europe/Berlin")


def test_comments_say_why() -> None:
    """Each action with what it means and what was guessed from, each segment with what to do."""
    text = drafted(NAMES["shop"]).text()

    assert "# bought something; 'payment_done' reads like 'payment done'" in text
    assert "# Remind them of what is in the cart" in text
    assert "\n\nsegments:\n" in text


def test_corrections_change_what_can_be_filled() -> None:
    """Without a purchase there are no buyers."""
    made = drafted(NAMES["shop"])
    fewer = made.corrected("new", {k: v for k, v in made.actions.items() if k != "purchase"})

    assert "repeat_buyers" in made.mapping()["segments"]
    assert "repeat_buyers" not in fewer.mapping().get("segments", {})
    assert fewer.mapping()["project"] == "new"


def test_events_of_segue_itself_are_nobodys_action() -> None:
    """`$identify` is no core feature."""
    made = drafted(NAMES["our own"])

    assert all("$" not in event for guess in made.actions.values() for event in guess.events)
