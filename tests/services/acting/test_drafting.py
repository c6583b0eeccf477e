"""What a project would be with a campaign that is not saved yet, and what is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from segue.adapters.message_templates import MessageTemplates
from segue.domain.errors import Severity
from segue.language.project import project_from
from segue.services.acting.drafting import Draft, drafted

FILE = """\
segments:
  new: {title: New, when: everyone}
goals:
  bought: {event: buy, within: 7 days}
"""
RIGHT: dict[str, Any] = {
    "segment": "new",
    "when": "entering",
    "already_in": "skip",
    "channel": "console",
    "body": "Hello {{ person.name }}",
}


def _draft(file: str = FILE, **changes: Any) -> Draft:
    entry = {key: value for key, value in (RIGHT | changes).items() if value is not None}
    return drafted(project_from(file), "campaigns", "hello", entry, MessageTemplates())


def test_what_is_right_can_be_looked_at() -> None:
    """The file is not touched, and others are not counted as its own."""
    found = _draft()

    assert found.works
    assert found.campaign is not None
    assert found.campaign.segment_id == "new"
    assert found.problems == ()
    assert found.project is not None
    assert list(found.project.campaigns) == ["hello"]


@pytest.mark.parametrize(
    ("changes", "where", "said"),
    [
        ({"segment": "old"}, "campaigns.hello.segment", "no segment"),
        ({"segment": None}, "campaigns.hello.segment", "missing"),
        ({"goal": "bough"}, "campaigns.hello.goal", "no goal"),
        ({"already_in": None}, "campaigns.hello.already_in", "already_in"),
        ({"body": "{{ person.name"}, "campaigns.hello.body", ""),
        ({"body": "{{ pers.name }}"}, "campaigns.hello.body", "pers"),
        ({"holdout": "5"}, "campaigns.hello.holdout", "per cent"),
        ({"body": None}, "campaigns.hello", "needs `body`"),
    ],
)
def test_what_is_wrong_says_where(changes: dict[str, Any], where: str, said: str) -> None:
    found = _draft(**changes)

    assert not found.works
    assert found.campaign is None
    assert [one.where for one in found.problems if one.severity is Severity.ERROR] == [where]
    assert said in found.problems[0].message
    assert found.elsewhere == ()


def test_doubts_keep_nobody_from_saving() -> None:
    found = _draft(caps=[{"at_most": 1, "within": "7 days", "tag": "news"}])

    assert found.works
    assert [one.severity for one in found.problems] == [Severity.WARNING]


def test_what_is_wrong_in_the_rest_of_the_file_is_told_apart() -> None:
    """A campaign whose name begins alike is another one."""
    other = "campaigns:\n  hello_again: {segment: gone, when: leaving, channel: console, body: x}\n"

    found = _draft(FILE + other)

    assert found.problems == ()
    assert [one.where for one in found.elsewhere] == ["campaigns.hello_again.segment"]
    assert not found.works
