"""`segue discover` on a terminal, as JSON, and into the project file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from segue.domain.instant import DAY

YAML = """\
project: shop
goals:
  # what pays
  bought: {event: pay, within: 5 days}
segments:
  lookers: {title: Lookers, when: did look}
"""
BEGINS = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


@pytest.fixture
def shop(segue, tmp_path: Path) -> Path:
    """Seven hundred people of three weeks; who invites on the first two days buys four times as
    often."""
    rng = np.random.default_rng(2)
    lines = ["person_id,event,occurred_at"]

    def did(number: int, event: str, start: int, hours: int) -> None:
        at = BEGINS + dt.timedelta(hours=start + hours)
        lines.append(f"p{number},{event},{at:%Y-%m-%dT%H:%M:%SZ}")

    for number in range(700):
        start = int(rng.integers(0, 20 * 24))
        did(number, "look", start, 0)
        for _ in range(int(rng.poisson(3))):
            did(number, str(rng.choice(["look", "read"])), start, int(rng.integers(0, 120)))
        invites = rng.random() < 0.3
        if invites:
            did(number, "invite", start, int(rng.integers(0, 48)))
        if rng.random() < (0.7 if invites else 0.15):
            did(number, "pay", start, int(rng.integers(72, 120)))
    did(700, "look", 32 * 24, 0)
    (tmp_path / "segue.yaml").write_text(YAML)
    (tmp_path / "events.csv").write_text("\n".join(lines))
    assert segue("import", "events.csv").code == 0
    return tmp_path


def test_findings_are_told_listed_and_explained(segue, shop: Path) -> None:
    """In words first; then a table; then what was looked at in vain, and what it all means."""
    told = segue("discover", "--within", "1,2", "--counts", "3")

    said = " ".join(told.out.split())
    assert told.code == 0
    for part in (
        "shop · what leads to bought",
        "1 finding out of ",
        "1 People who invited in their first 2 days reached “bought” in 7",
        "That is no proof of cause: test it with a campaign.",
        "Looked at reached it others Why not",
        "People are looked at from when they first did anything, which counts.",
        "segue discover --as-segment 1 makes a segment of the first one",
    ):
        assert part in said, part


def test_a_finding_becomes_a_segment_of_the_file(segue, shop: Path) -> None:
    """Shown, or saved with all comments kept; then it can be evaluated."""
    asked = ("discover", "--within", "2 days", "--counts", "1", "--as-segment", "1")

    shown = segue(*asked)
    assert 'when: did "invite" within 2 days after first "$session_started"' in shown.out
    assert "invited_in" not in (shop / "segue.yaml").read_text()
    saved = segue(*asked, "--save")

    assert "✓ saved to" in saved.out
    text = (shop / "segue.yaml").read_text()
    assert "# what pays" in text
    assert "invited_in_their_first_2_days:" in text
    assert segue("evaluate", "--segment", "invited_in_their_first_2_days").code == 0


def test_programs_get_the_same(segue, shop: Path) -> None:
    """With the segment that each finding makes."""
    found = segue("discover", "--entering", "lookers", "--within", "2", "--counts", "1", "--json")

    (finding,) = found.json["findings"]
    assert found.json["segment_id"] == "lookers"
    assert found.json["windows_ms"] == [2 * DAY]
    assert finding["segment"]["when"] == 'did "invite" within 2 days'


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--goal", "sold"), "There is no goal 'sold'"),
        (("--save",), "--save needs --as-segment"),
        (("--within", ""), "There are 1 to 8 windows"),
        (("--within", "3 fortnights"), "`fortnights` does not fit here"),
        (("--within", "1", "--counts", "1", "--as-segment", "7"), "There is no finding 7"),
    ],
)
def test_what_cannot_be_asked(segue, shop: Path, arguments: tuple[str, ...], said: str) -> None:
    answer = segue("discover", *arguments)

    assert answer.code == 2
    assert said in answer.err


def test_a_project_without_a_goal_is_told_how_to_add_one(segue, tmp_path: Path) -> None:
    (tmp_path / "segue.yaml").write_text("segments: {}\n")
    (tmp_path / "events.csv").write_text("person_id,event,occurred_at\na,look,2026-05-01\n")
    segue("import", "events.csv")

    answer = segue("discover")

    assert answer.code == 2
    assert "The project has no goal yet" in answer.err
    assert "add one to segue.yaml, for example goals:" in " ".join(answer.err.split())
