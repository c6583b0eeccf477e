"""`segue discover patterns`, `identity` and `ready`: on a terminal, as JSON, and into the file."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

YAML = """\
# Our shop.
project: shop
goals:
  bought: {event: buy, within: 3 days}
segments:
  fans: {title: Fans, when: did read}
"""


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Readers and shoppers, a hundred each, over sixty days; shoppers buy."""
    folder = tmp_path_factory.mktemp("patterns")
    dice = random.Random(3)
    lines = ["person_id,event,occurred_at,revenue"]
    for i in range(200):
        reads, start = i % 2 == 0, dice.randrange(50)
        for step in range(30):
            often, seldom = ("read", "compare") if reads else ("compare", "read")
            event = often if dice.random() < 0.85 else dice.choice([seldom, "search"])
            lines.append(f"p{i},{event},{_day(start)}T{step % 24:02}:{dice.randrange(60):02}:00Z,")
        if not reads and dice.random() < 0.7:
            lines.append(f"p{i},buy,{_day(start + 3)}T10:00:00Z,{dice.randrange(10, 99)}")
    (folder / "segue.yaml").write_text(YAML)
    (folder / "events.csv").write_text("\n".join(lines))
    return folder


def _day(number: int) -> str:
    month, day = divmod(number, 30)
    return f"2026-{4 + month:02}-{day + 1:02}"


@pytest.fixture
def shop(segue, workspace: Path, tmp_path: Path) -> Path:
    (tmp_path / "segue.yaml").write_text(YAML)
    assert segue("import", str(workspace / "events.csv")).code == 0
    return tmp_path


def test_groups_are_told_with_their_rules(segue, shop: Path) -> None:
    """In words, with what marks them, and how to go on."""
    result = segue("discover", "patterns")

    assert result.code == 0
    assert "2 groups are stable" in result.out
    assert "Much read, little compare" in result.out
    assert "% of count(any) within 56 days" in " ".join(result.out.split())
    assert "--as-segment 1" in result.out


def test_a_group_becomes_a_segment(segue, shop: Path) -> None:
    """Shown, or put into the file, which keeps its comments; it is in force at once."""
    shown = segue("discover", "patterns", "--as-segment", "1")
    saved = segue("discover", "patterns", "--as-segment", "1", "--save", "--json")
    document = json.loads(saved.out)
    first = document["patterns"][0]
    text = (shop / "segue.yaml").read_text()
    members = segue("evaluate", "--segment", first["segment"]["id"], "--out", "m.jsonl")

    assert first["segment"]["id"] in shown.out
    assert Path(document["saved_to"]).name == "segue.yaml"
    assert text.startswith("# Our shop.")
    assert first["when"] in text.replace("\n      ", " ")
    assert members.code == 0
    assert len((shop / "m.jsonl").read_text().splitlines()) == first["match"]["rule"]


def test_behaviour_or_identity(segue, shop: Path) -> None:
    """As JSON, with what is missing where it cannot be told."""
    document = json.loads(segue("discover", "identity", "--within", "1 day", "--json").out)

    assert document["goal"] == "bought"
    assert document["foretold"] is None
    assert document["needs"] > 0
    assert document["words"][0].startswith("Cannot tell yet")
    assert "Cannot tell yet" in segue("discover", "identity", "--within", "1").out


def test_ready_made_groups(segue, shop: Path) -> None:
    """The lifecycle of everybody, and RFM where something is bought."""
    plain = segue("discover", "ready")
    named = segue("discover", "ready", "--purchase", "buy", "--json")
    document = json.loads(named.out)

    assert "resurrecting" in plain.out
    assert "No purchases are known" in plain.out
    assert sum(one["people"]["count"] for one in document["lifecycle"]) == 200
    assert document["rfm"]["buyers"] == sum(map(sum, document["rfm"]["grid"]))
    assert "champions" in segue("discover", "ready", "--purchase", "buy").out


def test_ready_made_groups_become_segments(segue, shop: Path) -> None:
    """All of a kind at once."""
    result = segue("discover", "ready", "--as-segment", "lifecycle", "--save")

    assert "saved" in result.out
    assert "lifecycle_dormant:" in (shop / "segue.yaml").read_text()
    assert segue("check").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("patterns", "--save"), "--as-segment"),
        (("patterns", "--as-segment", "9"), "no group 9"),
        (("patterns", "--groups", "1"), "ask for 2 to 20"),
        (("patterns", "--segment", "nobody"), "no segment"),
        (("patterns", "--mix", "read where"), "--mix"),
        (("identity", "--goal", "sold"), "no goal"),
        (("ready", "--as-segment", "friends"), "no group"),
        (("ready", "--period", "often"), "duration"),
    ],
)
def test_what_cannot_be_answered(segue, shop: Path, arguments: tuple[str, ...], said: str) -> None:
    """Says why, and what would do."""
    result = segue("discover", *arguments)

    assert result.code == 2
    assert said in result.err
