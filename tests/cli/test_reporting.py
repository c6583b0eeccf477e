"""`segue report`: one page, offline; the same numbers as JSON; in short on a terminal."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.cli.test_journeying import YAML

GOALS = """
goals:
  bought: {event: buy, within: 7 days}
"""


class Seen(HTMLParser):
    """What a page holds: its elements, what they lead to, its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.policy = ""
        self.words: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        found = dict(attrs)
        self.links += [found[key] for key in ("href", "src", "xlink:href", "data") if key in found]
        if "id" in found:
            self.ids.append(found["id"])
        assert "style" not in found
        assert not [key for key in found if key.startswith("on")]
        if found.get("http-equiv") == "Content-Security-Policy":
            self.policy = found["content"]

    def handle_data(self, data):
        self.words.append(data)


@pytest.fixture
def trip(segue, tmp_path: Path) -> Path:
    """Sixty people look, twenty buy within a week of it; there is a goal and a journey."""
    lines = ["person_id,event,occurred_at"]
    for i in range(60):
        day = 1 + i % 20
        lines.append(f"p{i},look,2026-05-{day:02}T08:00:00Z")
        if i < 20:
            lines.append(f"p{i},like,2026-05-{day:02}T08:01:00Z")
            lines.append(f"p{i},buy,2026-05-{day + 2:02}T09:00:00Z")
    lines.append("late,look,2026-06-20T00:00:00Z")
    (tmp_path / "events.csv").write_text("\n".join(lines))
    (tmp_path / "segue.yaml").write_text(YAML + GOALS)
    assert segue("import", "events.csv").code == 0
    return tmp_path


def test_one_page_that_needs_nothing_else(segue, trip: Path) -> None:
    """No script, nothing from elsewhere, and a policy that would let nothing in but its style."""
    told = segue("report", "--out", "report.html")

    assert told.code == 0, told.err
    assert "report.html written" in told.out
    page = (trip / "report.html").read_text(encoding="utf-8")
    seen = Seen(page)
    assert not {"script", "iframe", "object", "embed", "img", "form"} & set(seen.tags)
    assert {one for one in seen.links if not one.startswith("#")} == {"data:,"}
    assert {one[1:] for one in seen.links if one.startswith("#")} <= set(seen.ids)
    assert "url(" not in page
    assert "@import" not in page
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in seen.policy
    assert seen.policy.startswith("default-src 'none'")
    assert len(page) < 200_000


def test_every_part_is_on_it(segue, trip: Path) -> None:
    segue("report", "--out", "report.html")
    page = (trip / "report.html").read_text(encoding="utf-8")
    words = " ".join(" ".join(Seen(page).words).split())

    for said in (
        "More people stop at Looks around",
        "Segment by segment",
        "Fans",
        "High-impact actions",
        "What to mend",
        "From where to where",
    ):
        assert said in words


def test_json_holds_what_each_command_has(segue, trip: Path) -> None:
    found = segue("report", "--json").json

    assert found["project"] == "shop"
    assert found["days"] == 28
    assert found["journey"] == {
        **segue("journey", "--by-week", "--json").json,
    }
    assert found["lint"] == segue("check", "--portfolio", "--json").json["portfolio"]
    assert found["segments"]["goal"] == "bought"
    assert found["findings"]["goal"] == "bought"
    assert [one["segment_id"] for one in found["segments"]["segments"]][-1] == "fans"


def test_in_short_on_a_terminal(segue, trip: Path) -> None:
    told = segue("report", "--days", "14")

    assert told.code == 0
    for said in (
        "shop · 14 days up to",
        "THE JOURNEY",
        "THE SEGMENTS",
        "HIGH-IMPACT ACTIONS",
        "WHAT TO MEND",
    ):
        assert said in told.out


def test_a_project_with_nothing_in_it_says_what_to_add(segue, tmp_path: Path) -> None:
    (tmp_path / "segue.yaml").write_text("project: bare\n")
    (tmp_path / "events.csv").write_text("person_id,event,occurred_at\nana,look,2026-05-01\n")
    assert segue("import", "events.csv").code == 0

    assert segue("report").code == 0
    assert segue("report", "--out", "bare.html").code == 0
    words = " ".join(" ".join(Seen((tmp_path / "bare.html").read_text()).words).split())
    for said in ("has no journey yet", "There is no segment yet", "goals"):
        assert said in words


def test_what_people_wrote_is_text(segue, tmp_path: Path) -> None:
    """A title, an event and a condition that look like a page stay what they are."""
    nasty = "<script>alert(1)</script>"
    project = {
        "project": nasty,
        "journey": [
            {"stage": "a", "when": "everyone"},
            {"stage": "b", "title": nasty, "when": "did buy"},
        ],
        "segments": {"s": {"title": nasty, "when": f'did "{nasty}"'}},
        "goals": {"bought": {"event": "buy"}},
    }
    (tmp_path / "segue.yaml").write_text(json.dumps(project))
    rows = [f"p{i},{nasty},2026-05-0{1 + i % 9}" for i in range(30)]
    (tmp_path / "events.csv").write_text("\n".join(["person_id,event,occurred_at", *rows]))
    assert segue("import", "events.csv").code == 0

    assert segue("report", "--out", "nasty.html").code == 0
    page = (tmp_path / "nasty.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--out", "report.pdf"), "is no page"),
        (("--goal", "nothing"), "There is no goal 'nothing'"),
        (("--days", "3"), "equal to 7"),
    ],
)
def test_what_is_wrong_is_said(segue, trip: Path, options, said: str) -> None:
    told = segue("report", *options)

    assert told.code == 2
    assert said in told.err
