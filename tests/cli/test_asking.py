"""`evaluate`, `history` and `explain`, with a workspace and without."""

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from segue.services.memberships import MEMBERS, MEMBERSHIPS
from tests.cli.conftest import DEFINITIONS, EVENTS, Segue


def test_evaluate_shows_each_segment_and_what_ends_next(segue: Segue, shop: Path) -> None:
    """Size, share, comings and goings, what ends next; ladders as bars; plain where piped."""
    shown = segue("evaluate")
    lines = [" ".join(line.split()) for line in shown.out.splitlines()]

    assert shown.code == 0
    assert "shop · 3 people · as of Sat 2 May 2026, 10:05 (the last event) · UTC" in lines
    assert "Buyers 1 33.3% ▁▁▁▁▁▁▁▁▁▁▁█ +1 −0 by events only" in lines
    assert "Looked lately 2 66.7% ▁▁▁▁▁▁▁▁▅▁▁█ +2 −0 2 within 7 days" in lines
    assert "High ███████████████ 1 33.3% +1 −0" in lines
    assert "\x1b" not in shown.out
    assert max(map(len, shown.out.splitlines())) <= 100


def test_evaluate_as_json(segue: Segue, shop: Path) -> None:
    """The same numbers, instants in RFC 3339."""
    found = segue("evaluate", "--json", "--at", "2026-05-03").json
    by_id = {one["segment_id"]: one for one in found["segments"]}

    assert found["at"] == "2026-05-03T00:00:00Z"
    assert found["people"] == 3
    assert by_id["abandoners"]["people"] == 1
    assert by_id["abandoners"]["next_ending"] == {
        "first_at": "2026-05-08T09:00:00Z",
        "people": 1,
        "within_seconds": 7 * 86400,
    }
    assert len(by_id["buyers"]["weekly_people"]) == 12
    assert "members" not in found


def test_evaluate_one_segment_names_its_members(segue: Segue, shop: Path) -> None:
    """With `--segment`, who is in, since when, until when."""
    shown = segue("evaluate", "-s", "abandoners")
    members = segue("evaluate", "-s", "abandoners", "--json").json["members"]

    assert "ana" in shown.out
    assert "in 5 days 22 hours" in shown.out
    assert members == [
        {
            "segment_id": "abandoners",
            "person_id": "ana",
            "entered_at": "2026-05-02T09:00:00Z",
            "leaves_at": "2026-05-08T09:00:00Z",
        }
    ]


@pytest.mark.parametrize("name", ["m.parquet", "m.csv", "m.jsonl"])
def test_out_writes_the_members_in_the_format_that_its_name_says(
    segue: Segue, shop: Path, name: str
) -> None:
    """The same rows in every format; null is empty in CSV."""
    shown = segue("evaluate", "--out", name)

    expected = [
        ["engagement.low", "ben", "2026-05-02T10:00:00Z", None],
        ["engagement.low", "cat", "2026-04-10T10:00:00Z", None],
        ["engagement.high", "ana", "2026-05-02T09:00:00Z", "2026-05-08T09:00:00Z"],
        ["buyers", "ben", "2026-05-02T10:05:00Z", None],
        ["fresh", "ana", "2026-05-01T09:00:00Z", "2026-05-09T09:00:00Z"],
        ["fresh", "ben", "2026-05-02T10:00:00Z", "2026-05-09T10:00:00Z"],
        ["abandoners", "ana", "2026-05-02T09:00:00Z", "2026-05-08T09:00:00Z"],
    ]
    assert shown.code == 0
    assert shown.out == f"{len(expected)} members written to {name}\n"
    assert sorted(_rows(shop / name), key=str) == sorted(expected, key=str)


def _rows(path: Path) -> list[list[str | None]]:
    match path.suffix:
        case ".parquet":
            table = pq.read_table(path)
            assert table.schema == MEMBERS
            records = [
                [
                    v.strftime("%Y-%m-%dT%H:%M:%SZ") if hasattr(v, "strftime") else v
                    for v in row.values()
                ]
                for row in table.to_pylist()
            ]
        case ".jsonl":
            records = [list(json.loads(line).values()) for line in path.read_text().splitlines()]
        case _:
            lines = path.read_text().splitlines()
            records = [[cell or None for cell in row] for row in csv.reader(lines)][1:]
    return [[v and str(v).replace(".000Z", "Z") for v in row] for row in records]


def test_history_counts_memberships(segue: Segue, shop: Path) -> None:
    """How many stays, of how many people, how long they last."""
    by_id = {one["segment_id"]: one for one in segue("history", "--json").json["segments"]}

    assert by_id["fresh"] == {
        "segment_id": "fresh",
        "title": "Looked lately",
        "kind": "intent",
        "memberships": 3,
        "people": 3,
        "still_in": 2,
        "median_stay_seconds": 7 * 86400,
    }
    assert "Looked lately" in segue("history").out


def test_history_writes_every_membership(segue: Segue, shop: Path) -> None:
    """Null is still in."""
    segue("history", "--out", "h.parquet", "-s", "fresh")
    table = pq.read_table("h.parquet")

    assert table.schema == MEMBERSHIPS
    assert table.column("person_id").to_pylist() == ["ana", "ben", "cat"]
    assert [value is None for value in table.column("left_at").to_pylist()] == [True, True, False]


def test_history_of_one_person(segue: Segue, shop: Path) -> None:
    """Their own life, oldest first; nobody else's."""
    shown = segue("history", "--person", "cat")
    found = segue("history", "--person", "cat", "--json").json

    assert "Looked lately" in shown.out
    assert found["person_id"] == "cat"
    assert [(one["segment_id"], one["left_at"]) for one in found["memberships"]] == [
        ("engagement.low", None),
        ("fresh", "2026-04-17T10:00:00Z"),
    ]
    assert "was in no segment" in segue("history", "-p", "ben", "--at", "2026-05-01").out


def test_explain_says_what_holds_and_why(segue: Segue, shop: Path) -> None:
    """A tree with ticks and crosses, evidence with instants, when it changes."""
    shown = segue("explain", "abandoners", "ana").out

    assert "ana is in Looked, did not buy" in shown
    assert "Leaves in 5 days 22 hours, at Fri 8 May 2026, 09:00, if nothing more happens." in shown
    assert "✓" in shown
    assert "Fri 1 May 2026, 09:00  look  page=/a" in shown


def test_explain_says_what_is_missing(segue: Segue, shop: Path) -> None:
    """Of somebody who is not in: which condition fails and what it lacks."""
    shown = segue("explain", "abandoners", "ben").out
    found = segue("explain", "abandoners", "ben", "--json").json

    assert "ben is not in Looked, did not buy" in shown
    assert "✗" in shown
    assert found["holds"] is False
    assert {part["holds"] for part in found["condition"]["parts"]} == {False}
    assert found["condition"]["parts"][0]["missing"]["times"] == 1


def test_explain_as_json_names_every_event(segue: Segue, shop: Path) -> None:
    """Evidence with ids and properties, values against thresholds."""
    found = segue("explain", "abandoners", "ana", "--json").json
    looked = found["condition"]["parts"][0]

    assert (found["person_id"], found["since"]) == ("ana", "2026-05-02T09:00:00Z")
    assert (looked["value"], looked["threshold"], looked["unit"]) == (2, 2, "times")
    assert [one["occurred_at"] for one in looked["evidence"]] == [
        "2026-05-02T09:00:00Z",
        "2026-05-01T09:00:00Z",
    ]
    assert looked["evidence"][0]["properties"] == {"page": "/b"}


def test_before_somebody_is_seen_there_is_nothing_to_explain(segue: Segue, shop: Path) -> None:
    """It says so."""
    assert "is not seen before" in segue("explain", "fresh", "ben", "--at", "2026-01-01").out


def test_no_workspace_is_needed(segue: Segue, tmp_path: Path) -> None:
    """`--events` and `--definitions`: the same answers, and nothing is written beside the files."""
    (tmp_path / "d.yaml").write_text(DEFINITIONS)
    head, *rows = EVENTS.splitlines()
    (tmp_path / "a.csv").write_text("\n".join([head, *rows[:2]]) + "\n")
    (tmp_path / "b.csv").write_text("\n".join([head, *rows[2:]]) + "\n")
    before = set(tmp_path.iterdir())

    for verb in (["evaluate"], ["history"], ["explain", "fresh", "ana"], ["check"]):
        shown = segue(*verb, "--events", "a.csv", "b.csv", "--definitions", "d.yaml", "--json")
        assert shown.code == 0, shown.err

    assert set(tmp_path.iterdir()) == before


def test_columns_and_time_zone_say_how_to_read(segue: Segue, tmp_path: Path) -> None:
    """Other names, and local times of a zone."""
    (tmp_path / "d.yaml").write_text(DEFINITIONS)
    (tmp_path / "e.csv").write_text("who,what,when\nana,look,2026-05-01 09:00:00\n")

    shown = segue(
        "evaluate", "--events", "e.csv", "--definitions", "d.yaml", "--json",
        "--columns", "person_id=who,event=what", "--columns", "occurred_at=when",
        "--time-zone", "America/New_York",
    )  # fmt: skip

    assert shown.json["at"] == "2026-05-01T13:00:00Z"


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("last", "2026-05-02T10:05:00Z"),
        ("2026-05-01", "2026-05-01T00:00:00Z"),
        ("2026-05-01T09:00:00+02:00", "2026-05-01T07:00:00Z"),
    ],
)
def test_at(segue: Segue, shop: Path, at: str, expected: str) -> None:
    """The last event, a day, an instant."""
    assert segue("evaluate", "--at", at, "--json").json["at"] == expected


def test_at_now_is_the_clock(segue: Segue, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And only then is it asked."""
    monkeypatch.setattr("segue.bootstrap.environment.now", lambda: 1_800_000_000_000)

    assert segue("evaluate", "--at", "now", "--json").json["at"] == "2027-01-15T08:00:00Z"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["evaluate", "--at", "yesterday"], "usage", "is no instant"),
        (["evaluate", "-s", "buyer"], "not_found", "no segment 'buyer'"),
        (["history", "-p", "zoe"], "not_found", "no person 'zoe'"),
        (["explain", "buyers", "zoe"], "not_found", "no person 'zoe'"),
        (["explain", "buyerz", "ana"], "not_found", "no segment 'buyerz'"),
        (["evaluate", "-w", "nowhere"], "not_found", "no workspace in nowhere"),
        (["evaluate", "-d", "none.yaml"], "not_found", "none.yaml"),
        (["evaluate", "--out", "no/such/folder.csv"], "input", "Cannot write"),
    ],
)
def test_what_does_not_exist(segue: Segue, shop: Path, arguments, code, message) -> None:
    """Exit code 2, a message that names it, a hint that helps."""
    shown = segue(*arguments, "--json")

    assert (shown.code, shown.error["code"]) == (2, code)
    assert message in shown.error["message"]
    assert shown.error["hint"]


def test_a_near_name_is_suggested(segue: Segue, shop: Path) -> None:
    """Did you mean."""
    assert "did you mean buyers?" in segue("evaluate", "-s", "buyer").err


def test_a_workspace_without_events_says_what_to_do(segue: Segue, tmp_path: Path) -> None:
    """Nothing to evaluate is no crash and no empty table."""
    (tmp_path / "segue.yaml").write_text(DEFINITIONS)

    shown = segue("evaluate")

    assert shown.code == 2
    assert "There are no events yet" in shown.err
    assert "segue import" in shown.err


def test_a_project_without_segments_says_what_to_do(segue: Segue, shop: Path) -> None:
    """An empty state that helps."""
    (shop / "segue.yaml").write_text("project: empty\n")

    shown = segue("evaluate")

    assert shown.code == 0
    assert "There is no segment yet" in shown.out


def test_the_workspace_may_be_named_by_the_environment(
    segue: Segue, shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`SEGUE_WORKSPACE` where `--workspace` says nothing."""
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("SEGUE_WORKSPACE", str(shop))

    assert segue("evaluate", "--json").json["people"] == 3


@pytest.mark.parametrize("verb", ["evaluate", "history"])
@pytest.mark.parametrize(
    ("options", "said", "hint"),
    [
        ("--engine spark", "--engine spark needs --master", "spark://head:7077"),
        ("--engine spark --master local[1]", "reads --events and no workspace", "every worker"),
        ("--engine spark --master local[1] -w .", "reads --events and no workspace", "files"),
        (
            "--engine spark --master local[1] --events e.parquet",
            "--events needs --definitions",
            "segue.yaml",
        ),
        ("--engine flink", "there is no 'flink'", "local or spark"),
        ("--master local[1]", "--master is about Spark", "add --engine spark"),
        ("--engine local --partitions 3", "--partitions is about Spark", "add --engine spark"),
        ("--format delta", "--format is about Spark", "add --engine spark"),
        ("--out folder", "'folder' names no format", "end the name in"),
        ("--engine spark --master local[1] --out a.xlsx", "'a.xlsx' names no format", ".parquet"),
    ],
)
def test_engines_that_contradict_the_rest(
    segue: Segue, shop: Path, verb: str, options: str, said: str, hint: str
) -> None:
    """Said before anything is read, or Spark is started."""
    failed = segue(verb, *options.split())

    assert failed.code == 2
    assert said in failed.err
    assert hint in failed.err
