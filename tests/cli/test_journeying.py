"""`segue journey` on a terminal, and as JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

YAML = """\
project: shop
journey:
  - {stage: aware, when: everyone}
  - {stage: looking, title: Looks around, when: did look}
  - {stage: paying, when: did buy and not did cancel since last buy}
segments:
  fans: {title: Fans, when: did like}
"""


@pytest.fixture
def trip(segue, tmp_path: Path) -> Path:
    """Sixty people look on 1 May; twenty of them, who liked something, buy a day later, five cancel;
    of the others thirty searched last."""
    lines = ["person_id,event,occurred_at"]
    for i in range(60):
        lines.append(f"p{i},look,2026-05-01T0{i % 8}:00:00Z")
        if i < 20:
            lines.append(f"p{i},like,2026-05-01T00:00:00Z")
            lines.append(f"p{i},buy,2026-05-02T09:00:00Z")
        elif i < 50:
            lines.append(f"p{i},search,2026-05-03T09:00:00Z")
        if i < 5:
            lines.append(f"p{i},cancel,2026-05-10T09:00:00Z")
    lines.append("late,look,2026-06-20T00:00:00Z")
    (tmp_path / "segue.yaml").write_text(YAML)
    (tmp_path / "events.csv").write_text("\n".join(lines))
    assert segue("import", "events.csv").code == 0
    return tmp_path


def test_stages_steps_and_sentences(segue, trip: Path) -> None:
    told = segue("journey", "--segment", "fans", "--by-week")

    assert told.code == 0
    for line in (
        "Looks around      46 ████████       61  33 % (23 to 46)     not in 50 days",
        "Looks around: 33 % (23 to 46) of 60 people went on to Paying within 30 days; half have not",
        "More people stop at Looks around than anywhere else: of the 46 who are there, 98 % (89 to 100) have done",
        "Those who stopped at Looks around did “search” last more often than those who went on:",
        "27 Apr 2026               60  100 % (94–100)  33 % (23–46)",
        "Fans: who is in it when they come to Looks around goes on",
    ):
        assert " ".join(line.split()) in " ".join(told.out.split()), line
    assert "proof of cause" in told.out


def test_steps_back_are_counted(segue, trip: Path) -> None:
    moves = segue("journey", "--json").json["journey"]["moves"]

    assert {"from": "paying", "to": "looking", "count": 5} in moves


def test_json_holds_everything_with_its_definition(segue, trip: Path) -> None:
    found = segue("journey", "--from", "2026-04-30", "--until", "2026-05-09", "--json").json

    assert found["from"] == "2026-04-30T00:00:00Z"
    assert found["until"] == "2026-05-09T00:00:00Z"
    stage = found["journey"]["stages"][1]
    assert stage["next"]["by"][1]["share"] == pytest.approx(1 / 3)
    assert set(found["definitions"]) >= {"onward", "stay", "next", "begun", "moves", "stopped"}
    assert found["journey"]["occupancy"]["people"][1][-1] == 40


def test_nothing_after_the_instant_is_used(segue, trip: Path, tmp_path: Path) -> None:
    """Asked at T, the whole log says what the log cut at T says."""
    cut = tmp_path / "cut"
    cut.mkdir()
    (cut / "segue.yaml").write_text(YAML)
    lines = (trip / "events.csv").read_text().splitlines()
    kept = [lines[0], *(one for one in lines[1:] if one.split(",")[2] <= "2026-05-05T00:00:00Z")]
    (cut / "events.csv").write_text("\n".join(kept))
    at = ("--at", "2026-05-05T00:00:00Z", "--within", "2 days", "--silent", "1 days", "--json")
    whole = segue("journey", *at).json
    part = segue(
        "journey", "--events", "cut/events.csv", "--definitions", "cut/segue.yaml", *at
    ).json

    assert whole == part


def test_a_project_without_a_journey_says_what_to_add(segue, shop: Path) -> None:
    told = segue("journey")

    assert told.code == 0
    assert "This project has no journey yet." in told.out
    assert "- {stage: trial, when: did trial_started}" in told.out
    assert segue("journey", "--json").json["journey"] is None


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--segment", "nothing"), "There is no segment 'nothing'"),
        (("--within", "soon"), "soon"),
        (("--from", "2026-06-10", "--until", "2026-06-01"), "ends before it begins"),
        (("--until", "2030-01-01"), "ends after the instant"),
    ],
)
def test_what_is_wrong_is_said(segue, trip: Path, options, said: str) -> None:
    told = segue("journey", *options)

    assert told.code == 2
    assert said in told.err
