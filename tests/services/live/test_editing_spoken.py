"""Campaigns and surveys are put into the text of a project file; what is not touched stays."""

from __future__ import annotations

from typing import Any

import pytest

from segue.domain.errors import NotFoundError
from segue.language.project import project_from
from segue.language.yaml_source import read_yaml
from segue.services.live.editing import Section, drop_spoken, put_spoken

FILE = """\
# All of it.
segments:
  new: {when: everyone}

campaigns:
  # Since the summer.
  hello:  # greets
    segment: new
    when: entering  # not leaving
    already_in: skip
    channel: in_app
    priority: 10
    window: {from: "09:00", to: "17:00", days: [monday, friday]}  # office
    show: {look: banner, on: [{page: "/app*"}, exit_intent]}
    body: |
      Hello,
      you.

    starts: 2026-11-01
# The end.
"""


def _entry() -> dict[str, Any]:
    found: dict[str, Any] = read_yaml(FILE).data["campaigns"]["hello"]
    return found


def test_what_says_the_same_is_left_as_it_is_written() -> None:
    """Numbers, dates, days and lists may be given in other forms than they stand there."""
    entry = {**_entry(), "priority": 10}
    entry["window"] = {"from": "09:00", "to": "17:00", "days": "monday, friday"}

    assert put_spoken(FILE, "campaigns", "hello", entry) == FILE


@pytest.mark.parametrize(
    ("change", "before", "after"),
    [
        ({"priority": 11}, "priority: 10", "priority: 11"),
        ({"body": "Hi\nthere\n"}, "Hello,\n      you.\n", "Hi\n      there\n"),
        ({"when": {"schedule": "monday 09:00"}}, "when: entering", "when:"),
        (
            {"show": {"look": "card", "on": [{"page": "/app*"}, "exit_intent"]}},
            "look: banner, on: [{page",
            "look: card, on: [{page",
        ),
        (
            {"show": {"look": "banner", "on": [{"page": "/app*"}]}},
            '[{page: "/app*"}, exit_intent]',
            '[{page: "/app*"}]',
        ),
    ],
)
def test_only_what_changes_is_written_anew(change: dict[str, Any], before: str, after: str) -> None:
    """Every comment stays."""
    found = put_spoken(FILE, "campaigns", "hello", {**_entry(), **change})

    assert before in FILE
    assert after in found
    assert all(said in found for said in ("# All", "# Since", "# greets", "# office", "# The end."))


def test_what_is_no_longer_there_goes() -> None:
    entry = {key: value for key, value in _entry().items() if key != "priority"}

    found = put_spoken(FILE, "campaigns", "hello", entry)

    assert "priority" not in found
    assert "# office" in found


def test_a_new_one_stands_at_the_end_of_its_section() -> None:
    """A section that was not there is begun; texts of several lines are written as they stand."""
    entry = {
        "segment": "new",
        "when": "entering",
        "already_in": "skip",
        "questions": [{"id": "why", "kind": "text", "ask": "Why?\nSay it."}],
    }

    found = put_spoken(FILE, "surveys", "why", entry)

    assert "# The end." in found
    assert "ask: |-\n" in found
    assert project_from(found).surveys["why"].questions[0].ask == "Why?\nSay it."


def test_taking_out_what_was_put_in_gives_the_same_file() -> None:
    with_another = put_spoken(FILE, "campaigns", "other", {"segment": "new"})

    assert drop_spoken(with_another, "campaigns", "other") == FILE
    with pytest.raises(NotFoundError, match="no 'other'"):
        drop_spoken(FILE, "campaigns", "other")


LAST = """\
campaigns:
  one:
    body: |
      Hello

    segment: new  # who
    # Whoever is new.
    caps:
      - at_most: 1
        within: 1 day
      # A second one.
      - {at_most: 2, within: 2 days}

  # About the second one.
  two:
    segment: new
    enabled: false

# What is asked.
surveys:
  why: {segment: new}

# The end.
"""


@pytest.mark.parametrize(
    ("section", "id_", "keys", "gone"),
    [
        ("campaigns", "two", {"segment": "new"}, "    enabled: false\n"),
        ("campaigns", "two", None, "  two:\n    segment: new\n    enabled: false\n"),
        ("surveys", "why", None, "surveys:\n  why: {segment: new}\n"),
    ],
)
def test_what_goes_takes_its_own_lines_only(
    section: Section, id_: str, keys: dict[str, Any] | None, gone: str
) -> None:
    """Blank lines and comments before what follows stay, wherever the writer of YAML puts them."""
    found = (
        drop_spoken(LAST, section, id_) if keys is None else put_spoken(LAST, section, id_, keys)
    )

    assert found == LAST.replace(gone, "")


def test_items_of_a_list_go_by_their_lines_too() -> None:
    entry = read_yaml(LAST).data["campaigns"]["one"]
    found = put_spoken(LAST, "campaigns", "one", entry | {"caps": entry["caps"][:1], "body": "Hi"})

    assert "at_most: 2" not in found
    assert "  # A second one.\n" in found
    assert "  # About the second one.\n" in found
    assert "    segment: new  # who\n    # Whoever is new.\n" in found
