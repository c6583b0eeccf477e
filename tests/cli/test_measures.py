"""`segue report measures` and `segue report experiment` on a terminal, and as JSON."""

from __future__ import annotations

from pathlib import Path

import pytest

YAML = """\
project: shop
actions: {looked: look}
goals: {bought: {event: buy, within: 7 days, value: 20}}
segments:
  lookers: {title: Lookers, kind: intent, when: did look within 10 days}
  fans: {title: Fans, kind: usage, when: did like}
"""


@pytest.fixture
def shop(segue, tmp_path: Path) -> Path:
    """Eighty people come in May; forty look, of whom twenty buy two days later; ten like."""
    lines = ["person_id,event,occurred_at"]
    for i in range(80):
        lines.append(f"p{i},come,2026-05-01T0{i % 8}:00:00Z")
        if i < 40:
            lines.append(f"p{i},look,2026-05-0{i % 5 + 2}T09:00:00Z")
        if i < 20:
            lines.append(f"p{i},buy,2026-05-0{i % 5 + 4}T09:00:00Z")
        if i < 10:
            lines.append(f"p{i},like,2026-05-20T09:00:00Z")
    (tmp_path / "segue.yaml").write_text(YAML)
    (tmp_path / "events.csv").write_text("\n".join(lines))
    assert segue("import", "events.csv").code == 0
    return tmp_path


def _flat(text: str) -> str:
    return " ".join(text.split())


def test_all_segments_beside_each_other(segue, shop: Path) -> None:
    told = segue("report", "measures", "--at", "2026-05-28")

    assert told.code == 0
    for line in (
        "80 people count; of the 80 who did when the last whole week began",
        "Lookers 0 +0 50 % (35 to 65) ▲",
        "intent 1 50 % (35 to 65) ▲",
        "1. Lookers: About 40 more of worth in 4 weeks",
        "supposed, not measured: test it with a campaign",
        "? cannot tell yet",
    ):
        assert line in _flat(told.out), line


def test_everything_of_one_segment(segue, shop: Path) -> None:
    told = segue("report", "measures", "lookers", "--at", "2026-05-28", "--weeks", "4")

    for line in (
        "50 % (35 to 65) of those who entered reached “bought” within 7 days, against",
        "Half of them reach it within 2 days",
        "reach bought within 7 days",
        "active on days 8 to 14",
        "Week by week: before",
        "looked",
        "How this is defined",
        "time to goal: from the first entry to the goal, Kaplan-Meier",
    ):
        assert line in _flat(told.out), line


def test_the_same_as_json(segue, shop: Path) -> None:
    whole = segue("report", "measures", "--at", "2026-05-28", "--json").json
    one = segue("report", "measures", "lookers", "--at", "2026-05-28", "--json").json

    assert [ranked["segment_id"] for ranked in whole["ranking"]] == ["lookers", "fans"]
    assert one["conversion"]["bought"]["share"] == 0.5
    assert one["conversion"] == whole["segments"][0]["conversion"]


def test_one_version_of_a_definition_against_another(segue, shop: Path) -> None:
    (shop / "before.yaml").write_text(YAML.replace("did look within 10 days", "did come"))
    asked = ("report", "measures", "lookers", "--against", "before.yaml", "--at", "2026-05-28")

    told, found = segue(*asked), segue(*asked, "--json").json

    assert "0 people are in now; before it would be 80." in _flat(told.out)
    assert "50 % (35 to 65), before 20 % (13 to 30): more than before." in _flat(told.out)
    assert found["conversion"]["bought"]["difference"] == pytest.approx(0.3)
    assert (found["new"]["size"]["count"], found["old"]["size"]["count"]) == (0, 80)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("nobody",), "there are lookers, fans"),
        (("--goal", "sold"), "there are bought"),
        (("--against", "before.yaml"), "segue report measures SEGMENT --against"),
    ],
)
def test_what_is_not_there_is_named(segue, shop: Path, arguments, hint: str) -> None:
    (shop / "before.yaml").write_text(YAML)

    told = segue("report", "measures", *arguments)

    assert told.code == 2
    assert hint in _flat(told.err)


# -------------------------------------------------------------------------------------- experiments


@pytest.fixture
def mailing(tmp_path: Path) -> Path:
    """Mail doubles visits of members, and does nothing to guests; 400 people in each of four."""
    lines = ["who,group,visit,spend,member"]
    for number in range(1_600):
        mailed, member = number % 2, number // 2 % 2
        share = 0.6 if mailed and member else 0.3
        visit = int(number // 4 % 100 < 100 * share)
        group = "mail" if mailed else "none"
        lines.append(f"p{number},{group},{visit},{visit * 5},{member}")
    path = tmp_path / "mailing.csv"
    path.write_text("\n".join(lines))
    return path


def test_a_finished_experiment(segue, mailing: Path) -> None:
    told = segue(
        *("report", "experiment", "mailing.csv", "--arm", "group", "--control", "none"),
        *("--outcome", "visit", "--outcome", "spend", "--by", "member", "--person", "who"),
    )

    assert told.code == 0
    for line in (
        "1,600 people took part: 800 none, 800 mail.",
        "visit mail 30.00 % 45.00 % +15.00 points",
        "spend mail 1.50 2.25 +0.75",
        "mail does not do the same to everybody in visit: +30.00 points",
        "member 0 +0.00 points",
    ):
        assert line in _flat(told.out), line


def test_an_experiment_as_json(segue, mailing: Path) -> None:
    found = segue(
        *("report", "experiment", "mailing.csv", "--arm", "group", "--control", "none"),
        *("--outcome", "visit", "--by", "member", "--json"),
    ).json

    assert found["people"] == {"none": 800, "mail": 800}
    assert found["effects"][0]["difference"] == pytest.approx(0.15)
    assert found["variations"][0]["is_told"]


def test_a_control_that_is_not_there(segue, mailing: Path) -> None:
    told = segue(
        *("report", "experiment", "mailing.csv", "--arm", "group", "--control", "nobody"),
        *("--outcome", "visit"),
    )

    assert told.code == 2
    assert "its values are mail, none" in told.err
