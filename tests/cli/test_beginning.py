"""`demo`, `try` and `init`: from nothing, or from any file, to segments."""

import json
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Segue

LOGS = {
    "online_retail": (4372, {"first_time_buyers", "repeat_buyers", "high_value_buyers"}),
    "simple_shop": (3751, {"cart_abandoners", "engaged_not_converted", "repeat_buyers"}),
    "moodle_la_course": (130, {"learners.active", "engagement.high"}),
    "sparkify_2018_11": (97, {"usage.power", "pricing_visitors"}),
}


@pytest.mark.parametrize("name", LOGS)
def test_try_finds_segments_in_every_real_log(segue: Segue, real_data: Path, name: str) -> None:
    """Columns and actions guessed, everybody counted, somebody who leaves next, a mistake."""
    people, expected = LOGS[name]

    found = segue("try", real_data / f"{name}.parquet", "--json").json
    segments = {one["segment_id"]: one["people"] for one in found["summary"]["segments"]}

    assert found["event_log"] is True
    assert found["columns"] == {"person_id": "user_id", "occurred_at": "ts", "properties": "props"}
    assert found["summary"]["people"] == people
    assert found["rejected"] == 0
    assert expected <= set(segments)
    assert len(found["leaving_next"]) == 5
    assert all(one["leaves_at"] > found["summary"]["at"] for one in found["leaving_next"])
    assert found["mistake"]["finding"]


def test_try_tells_the_truth_about_the_shop(segue: Segue, real_data: Path) -> None:
    """The published figures of the log: 653 people paid, 1,271 reached the cart and did not."""
    found = segue("try", real_data / "simple_shop.parquet", "--json").json
    people = {one["segment_id"]: one["people"] for one in found["summary"]["segments"]}

    assert people["first_time_buyers"] + people["repeat_buyers"] == 653
    assert people["journey.intent"] == 1271


def test_try_shows_it_to_people(segue: Segue, real_data: Path) -> None:
    """What the file is, the segments, who leaves next, the mistake."""
    shown = segue("try", real_data / "sparkify_2018_11.parquet")

    assert shown.code == 0
    assert (
        "sparkify_2018_11.parquet · 7,770 events of 97 people · 1 Nov 2018 to 30 Nov 2018"
        in shown.out
    )
    assert "Power users" in shown.out
    assert "Who leaves next" in shown.out
    assert "A mistake you may be making:" in shown.out


def test_try_says_what_an_experiment_is(segue: Segue, real_data: Path) -> None:
    """Hillstrom's mailing is no event log: its arms and their published visit rates are shown."""
    shown = segue("try", real_data / "hillstrom.parquet")
    found = segue("try", real_data / "hillstrom.parquet", "--json").json

    assert shown.code == 1
    assert "is no event log: 64,000 rows, 12 columns" in shown.out
    assert "no column says who did it" in shown.out
    assert (found["rates"]["group"], found["rates"]["outcome"]) == ("segment", "visit")
    assert {one["value"]: round(one["share"], 4) for one in found["rates"]["rows"]} == {
        "Mens E-Mail": 0.1828,
        "Womens E-Mail": 0.1514,
        "No E-Mail": 0.1062,
    }
    assert found["missing"] == ["person_id", "event", "occurred_at"]


def test_try_says_what_voices_are(segue: Segue, real_data: Path) -> None:
    """Labelled texts are answers to why: how many topics, the largest, and what to do with them."""
    shown = segue("try", real_data / "banking77_train.parquet")
    found = segue("try", real_data / "banking77_train.parquet", "--json").json

    assert shown.code == 1
    assert "10,003 texts in 77 topics" in shown.out
    assert "$survey_answered" in shown.out
    assert (found["topics"]["text"], found["topics"]["label"]) == ("text", "category")


def test_try_keeps_nothing_unless_asked(segue: Segue, shop: Path) -> None:
    """With --keep there is a workspace that works; without, the folder is as it was."""
    before = sorted(path.name for path in shop.iterdir())
    segue("try", "events.csv")
    assert sorted(path.name for path in shop.iterdir()) == before

    assert segue("try", "events.csv", "--keep", "kept").code == 0
    assert segue("evaluate", "-w", "kept", "--json").json["people"] == 3
    again = segue("try", "events.csv", "--keep", "kept", "--json")
    assert (again.code, again.error["code"]) == (2, "usage")


def test_try_names_the_columns_that_are_missing(segue: Segue, tmp_path: Path) -> None:
    """One column short: which, and the option that names it."""
    Path("a.csv").write_text("user_id,when_exactly,action\nana,2026-05-01,look\n")
    Path("b.csv").write_text("user_id,nothing,action\nana,x,look\n")

    found = segue("try", "b.csv")
    named = segue("try", "b.csv", "--columns", "occurred_at=nothing", "--json")

    assert segue("try", "a.csv").code == 0
    assert found.code == 1
    assert "✗ no column says when they did it" in found.out
    assert "--columns occurred_at=COLUMN" in " ".join(found.out.split())
    assert (named.code, named.error["code"]) == (2, "input")


SEGMENT = """\
{"type":"track","userId":"u","event":"Order Completed","timestamp":"2026-05-01"}
{"type":"page","userId":"u","name":"Pricing","timestamp":"2026-05-02"}
"""
POSTHOG = """\
uuid,event,distinct_id,timestamp,properties
1,$pageview,u,2026-05-01,{}
2,purchase,u,2026-05-02,{}
"""


@pytest.mark.parametrize(
    ("exporter", "name", "content"),
    [("Segment", "messages.jsonl", SEGMENT), ("PostHog", "events.csv", POSTHOG)],
)
def test_try_knows_the_exports_of_others(
    segue: Segue, tmp_path: Path, exporter: str, name: str, content: str
) -> None:
    """No columns to name; their events are actions."""
    Path(name).write_text(content)

    found = segue("try", name, "--json").json

    assert found["exported_by"] == exporter
    assert {"page_view", "purchase"} <= set(found["actions"])
    assert found["summary"]["people"] == 1
    assert f"an export of {exporter}" in segue("try", name, "--keep", "kept").out
    assert segue("evaluate", "-w", "kept", "--json").json["people"] == 1


def test_try_reads_other_forms_of_time(segue: Segue, tmp_path: Path) -> None:
    """Days before months, as one says."""
    Path("a.csv").write_text("user,event,time\nana,look,31/12/2025 23:00\n")

    found = segue("try", "a.csv", "--time-format", "%d/%m/%Y %H:%M", "--json").json

    assert found["summary"]["at"] == "2025-12-31T23:00:00Z"


@pytest.mark.parametrize("name", ["none.csv", "empty.csv", "a.txt.exe"])
def test_try_of_nothing(segue: Segue, tmp_path: Path, name: str) -> None:
    """No file, an empty file, a file of an unknown kind: exit code 2 and a hint."""
    if name != "none.csv":
        Path(name).write_text("")

    shown = segue("try", name)

    assert shown.code == 2
    assert "hint:" in shown.err


def test_init_writes_a_workspace_that_checks_and_evaluates(
    segue: Segue, real_data: Path, tmp_path: Path
) -> None:
    """Actions bound with their reasons, templates filled, events read."""
    made = segue("init", "--from", real_data / "simple_shop.parquet", "-w", "shop", "--yes")
    text = Path("shop/segue.yaml").read_text()

    assert made.code == 0
    assert "binds 5 actions" in made.out
    assert "purchase: '\"payment_done\"'" in text
    assert "# bought something; 'payment_done' reads like 'payment done'" in text
    assert "# Remind them of what is in the cart" in text
    assert segue("check", "-w", "shop").code == 0
    assert segue("evaluate", "-w", "shop", "--json").json["people"] == 3751


def test_init_never_overwrites(segue: Segue, shop: Path) -> None:
    """A workspace is somebody's work."""
    before = Path("segue.yaml").read_text()

    shown = segue("init", "--from", "events.csv", "--yes", "--json")

    assert (shown.code, shown.error["code"]) == (2, "usage")
    assert Path("segue.yaml").read_text() == before


def test_init_is_a_dialogue(segue: Segue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Enter keeps, n drops, names replace."""
    Path("a.csv").write_text(
        "user,event,time\nana,signup,2026-05-01\nana,checkout_done,2026-05-02\nana,cart,2026-05-02\n"
    )
    monkeypatch.setattr("segue.cli.trying.is_answered", lambda: True)
    guesses = segue("init", "--from", "a.csv", "-w", "guessed", "--json").json["actions"]
    answers = {"signed_up": "", "add_to_cart": "n"}
    lines = ["acme", *(answers.get(action, "checkout_done") for action in guesses)]

    made = segue("init", "--from", "a.csv", "-w", "asked", answers="\n".join(lines) + "\n")
    text = Path("asked/segue.yaml").read_text()

    assert {"signed_up", "add_to_cart"} <= set(guesses)
    assert made.code == 0, made.err
    assert "project: acme" in text
    assert "signed_up: '\"signup\"'" in text
    assert "add_to_cart:" not in text


def test_init_without_anybody_to_answer(segue: Segue, shop: Path) -> None:
    """A script has to say --yes."""
    shown = segue("init", "--from", "events.csv", "-w", "new")

    assert shown.code == 2
    assert "--yes" in shown.err


def test_init_of_no_event_log(segue: Segue, real_data: Path) -> None:
    """Exit code 2, and which column it is about."""
    shown = segue("init", "--from", real_data / "hillstrom.parquet", "--yes", "--json")

    assert (shown.code, shown.error["code"]) == (2, "usage")
    assert "person_id" in shown.error["message"]


def test_demo_shows_segments_people_and_what_to_type_next(segue: Segue, tmp_path: Path) -> None:
    """And every command that it offers works."""
    shown = segue("demo")
    commands = re.findall(r"^   (?:segue (.*?))  ", shown.out, re.MULTILINE)

    assert shown.code == 0
    assert "Cart abandoners" in shown.out
    assert "Who leaves next" in shown.out
    assert "One of them, explained" in shown.out
    verbs = [command.split()[0] for command in commands]
    assert verbs == ["evaluate", "explain", "history", "campaigns", "try"]
    for command in commands[:-1]:
        assert segue(*command.split(), "-w", "demo").code == 0, command


def test_demo_twice_is_once(segue: Segue, demo_once: Path, demo: Path) -> None:
    """A second run adds nothing and keeps what somebody changed."""
    text = Path("segue.yaml").read_text()
    Path("segue.yaml").write_text(text.replace("title: Cart abandoners", "title: My carts"))

    found = segue("demo", "--dir", ".", "--json").json

    assert found["stored"] == 0
    assert found["duplicates"] > 100_000
    titles = [one["title"] for one in found["summary"]["segments"]]
    assert "My carts" in titles
    assert json.dumps(found["leaving_next"])
    assert found["explained"]["holds"] is True
