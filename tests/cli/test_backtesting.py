"""`segue backtest` and `segue diff`: the past of a condition, and of a change."""

from pathlib import Path

import pytest

from tests.cli.conftest import EVENTS, Segue

PROJECT = """\
project: shop
goals:
  bought: {event: buy, within: 7 days}
segments:
  lookers: {title: Lookers, when: did look within 7 days}
  keen: {title: Keen, when: did look at least 2 times within 7 days}
campaigns:
  nudge:
    segment: keen
    when: entering
    already_in: skip
    channel: in_app
    body: Still there?
    goal: bought
"""
NEW = PROJECT.replace("at least 2 times within 7 days", "at least 1 times within 3 days")


@pytest.fixture
def shop(tmp_path: Path, segue: Segue) -> Segue:
    """A workspace with five events."""
    Path("segue.yaml").write_text(PROJECT)
    Path("new.yaml").write_text(NEW)
    Path("events.csv").write_text(EVENTS)
    assert segue("import", "events.csv").code == 0
    return segue


def test_it_shows_who_came_and_went_and_what_they_did(shop: Segue) -> None:
    """In words first, then the tables; never wider than the page."""
    shown = shop("backtest", "lookers", "--days", "30")
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]

    assert shown.code == 0
    assert "Lookers · 23 days up to Sat 2 May 2026, 10:05 · UTC" in lines
    assert "did look within 7 days" in lines
    assert "• 2 of 3 people are in now; 3 entries by 3 people in 23 days." in lines
    assert "• Half of the stays last 7 days or less." in lines
    assert any(line.startswith("7 days 5 days 2 3") for line in lines)
    assert any(line.startswith("Keen 1 1") for line in lines)
    assert max(map(len, shown.out.splitlines())) <= 100


def test_other_thresholds_say_in_which_part_they_stand(shop: Segue) -> None:
    """Where two parts have the same: only where it changes, so that a table is a table."""
    shown = shop("backtest", "--when", "did look within 7 days and did not buy within 7 days")
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]

    assert any(line.startswith("7 days 5 days did look within 7 days") for line in lines)
    assert any(line.startswith("7 days 5 days did not buy within 7 days") for line in lines)
    assert sum("7 days 10 days did" in line for line in lines) == 0
    assert max(map(len, shown.out.splitlines())) <= 100


def test_an_unsaved_condition_with_a_title_as_json(shop: Segue) -> None:
    """Everything as plain values; the campaign that is named is tried on it."""
    shown = shop(
        *("backtest", "--when", "did look at least 2 times within 7 days", "--title", "Eager"),
        *("--goal", "bought", "--campaign", "nudge", "--json"),
    )
    found = shown.json

    assert shown.code == 0
    assert (found["segment_id"], found["title"], found["entries"]) == (None, "Eager", 1)
    assert found["goal"] == {"id": "bought", "within_ms": 7 * 86_400_000}
    assert found["messages"]["campaign_id"] == "nudge"
    assert found["outcome"]["too_young"] == 1
    assert found["overlaps"][0]["segment_id"] == "keen"
    assert found["overlaps"][0]["now"]["jaccard"] == 1.0
    assert [one["new"] for one in found["thresholds"]] == [
        *(None, "1 time", "3 times", "5 days", "10 days")
    ]


def test_a_backtest_needs_no_workspace(shop: Segue) -> None:
    """Events and definitions on the spot: the same figures."""
    on_the_spot = shop(
        "backtest", "keen", "--events", "events.csv", "--definitions", "segue.yaml", "--json"
    )

    assert on_the_spot.json == shop("backtest", "keen", "--json").json


WRONG = [
    (("backtest",), "usage", "one segment"),
    (("backtest", "keen", "--when", "everyone"), "usage", "one segment"),
    (("backtest", "kene"), "not_found", "kene"),
    (("backtest", "keen", "--goal", "sold"), "not_found", "sold"),
    (("backtest", "--when", "did look at"), "definition", ""),
    (("diff", "-", "nothing.yaml"), "not_found", "nothing.yaml"),
    (("diff", "-", "new.yaml", "--events", "events.csv"), "usage", "workspace"),
    (("diff", "-", "new.yaml", "--markdown"), "usage", "contradict"),
]


@pytest.mark.parametrize(("arguments", "code", "says"), WRONG, ids=lambda one: str(one)[:50])
def test_wrong_questions_end_with_2(
    shop: Segue, arguments: tuple[str, ...], code: str, says: str
) -> None:
    """With a code, and what to do."""
    shown = shop(*arguments, "--json")

    assert shown.code == 2
    assert shown.error["code"] == code
    assert says in shown.error["message"] or says in str(shown.error)


def test_a_change_ends_with_1_and_none_with_0(shop: Segue) -> None:
    """So that a script can tell; `-` is the workspace's own file."""
    changed, same = shop("diff", "-", "new.yaml"), shop("diff", "segue.yaml", "-")
    lines = [" ".join(line.split()) for line in changed.out.splitlines()]

    assert (changed.code, same.code) == (1, 0)
    assert "Changed: 1 segment of 2, 1 campaign (2 more messages)." in lines
    assert "- did look at least 2 times within 7 days" in lines
    assert "+ did look within 3 days" in lines
    assert any(line.startswith("Keen changed 1 → 2 +1") for line in lines)
    assert "Nothing changes: 2 segments compared." in same.out
    assert max(map(len, changed.out.splitlines())) <= 100


def test_a_change_without_a_workspace_as_markdown(shop: Segue) -> None:
    """For a pull request."""
    shown = shop("diff", "segue.yaml", "new.yaml", "--events", "events.csv", "--markdown")

    assert shown.code == 1
    assert "| Keen `keen` | changed | 1 → 2 | +1 |" in shown.out
    assert "```diff\n- did look at least 2 times within 7 days\n+ did look" in shown.out


def test_a_change_as_json(shop: Segue) -> None:
    """The same, for programs."""
    found = shop("diff", "-", "new.yaml", "--json", "--days", "10").json

    assert found["changed"] is True
    assert found["days"] == 10
    (keen,) = found["segments"]
    assert (keen["change"], keen["now"]["in"], keen["now"]["out"]) == ("changed", 1, 0)
