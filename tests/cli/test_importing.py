"""`import`: good rows load, bad rows are kept with their reasons, twice is once."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import DEFINITIONS, EVENTS, Segue

HEAD = "person_id,event,occurred_at"


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace without events, as the current folder."""
    (tmp_path / "segue.yaml").write_text(DEFINITIONS)
    return tmp_path


def write(name: str, content: str | bytes) -> str:
    data = content.encode() if isinstance(content, str) else content
    Path(name).write_bytes(data)
    return name


def test_import_says_what_became_of_every_file(segue: Segue, workspace: Path) -> None:
    """Rows stored, and what the workspace holds now."""
    shown = segue("import", write("a.csv", EVENTS))

    assert shown.code == 0
    assert "a.csv: 5 events stored" in shown.out
    assert "The workspace holds 5 events of 3 people." in shown.out


def test_loading_a_file_twice_changes_nothing(segue: Segue, workspace: Path) -> None:
    """And says that they were there."""
    write("a.csv", EVENTS)
    segue("import", "a.csv")
    before = segue("history", "--out", "one.csv")
    shown = segue("import", "a.csv")
    segue("history", "--out", "two.csv")

    assert before.code == shown.code == 0
    assert "0 events stored" in shown.out
    assert "5 events were there already" in shown.out
    assert Path("one.csv").read_bytes() == Path("two.csv").read_bytes()


def test_several_files_and_globs(segue: Segue, workspace: Path) -> None:
    """Each is reported; formats may differ."""
    write("a.csv", EVENTS)
    write("b1.jsonl", '{"person_id":"dan","event":"look","occurred_at":"2026-05-02T00:00:00Z"}\n')
    rows = [{"person_id": "eve", "event": "buy", "occurred_at": "2026-05-02T00:00:00Z"}]
    pq.write_table(pa.Table.from_pylist(rows), "b2.parquet")

    found = segue("import", "a.csv", "b*", "--json").json

    assert [(Path(one["file"]).name, one["stored"]) for one in found["files"]] == [
        ("a.csv", 5),
        ("b1.jsonl", 1),
        ("b2.parquet", 1),
    ]
    assert found["events"] == 7


def test_bad_rows_are_kept_with_their_reasons(segue: Segue, workspace: Path) -> None:
    """Beside the file, one JSON object per row; the exit code says that there is something to see."""
    write("a.csv", f"{HEAD}\nana,look,2026-05-01\n,look,2026-05-01\nben,look,soon\n")

    shown = segue("import", "a.csv")
    rejects = [json.loads(line) for line in Path("a.csv.rejects.jsonl").read_text().splitlines()]

    assert shown.code == 1
    assert "1 event stored" in shown.out
    assert "2 rows rejected, see a.csv.rejects.jsonl" in shown.out
    assert [one["row"] for one in rejects] == [2, 3]
    assert all(one["reason"] and one["raw"] for one in rejects)
    assert segue("import", "a.csv", "--json").json["files"][0]["rejected"] == 2


def test_conflicting_contents_of_one_id_are_reported(segue: Segue, workspace: Path) -> None:
    """One id is one event; the other content is named, not lost in silence."""
    write("a.csv", f"{HEAD},event_id\nana,look,2026-05-01,e1\nana,buy,2026-05-01,e1\n")

    found = segue("import", "a.csv", "--json").json["files"][0]

    assert (found["conflicts"], found["conflicting_ids"]) == (1, ["e1"])
    assert "e1" in segue("import", write("b.csv", f"{HEAD},event_id\nx,y,2026-01-01,e1\n")).out


def test_links_that_were_refused_are_reported(segue: Segue, workspace: Path) -> None:
    """Two known people do not become one in silence, nor stay two in silence."""
    rows = [
        {"person_id": "ana", "event": "$identify", "properties": {"$anon_distinct_id": "x"}},
        {"person_id": "ben", "event": "$identify", "properties": {"$anon_distinct_id": "ana"}},
    ]
    lines = [json.dumps({**row, "occurred_at": "2026-05-01"}) for row in rows]
    write("a.jsonl", "\n".join(lines) + "\n")

    shown = segue("import", "a.jsonl")
    found = segue("import", "a.jsonl", "--json").json

    assert "1 link between distinct ids refused" in shown.out
    assert found["people"] == 2
    assert found["refused_links"][0]["reason"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.csv", "", "empty"),
        ("a.xlsx", "PK", "are not read"),
        ("a.parquet", "PAR1 and then nothing", "Parquet"),
        ("a.csv", "who,what\nana,look\n", "no column person_id"),
        ("a.jsonl", '{"who": "ana"}\n', "no column person_id"),
    ],
)
def test_a_file_that_cannot_be_read_at_all(
    segue: Segue, workspace: Path, name: str, content: str, message: str
) -> None:
    """Exit code 2, the file named, a hint."""
    shown = segue("import", write(name, content), "--json")

    assert (shown.code, shown.error["code"]) == (2, "input")
    assert message in shown.error["message"]
    assert name in shown.error["message"]
    assert shown.error["hint"]


def test_no_such_file_and_no_such_column(segue: Segue, workspace: Path) -> None:
    """What is there is named instead."""
    nothing = segue("import", "none.csv", "--json")
    column = segue("import", write("a.csv", EVENTS), "--columns", "person_id=user", "--json")
    zone = segue("import", "a.csv", "--time-zone", "Mars/Olympus", "--json")

    assert (nothing.code, nothing.error["code"]) == (2, "not_found")
    assert (column.code, column.error["code"]) == (2, "input")
    assert "person_id" in column.error["hint"]
    assert (zone.code, zone.error["code"]) == (2, "usage")


BAD = {
    "a time before 1970": ("look", "1969-12-31T23:59:59Z", "{}"),
    "a time after 2200": ("look", "2201-01-01", "{}"),
    "no time": ("look", "", "{}"),
    "a time in words": ("look", "noon", "{}"),
    "no event": ("", "2026-05-01", "{}"),
    "properties that are no object": ("look", "2026-05-01", "[1]"),
    "properties that are no JSON": ("look", "2026-05-01", "{"),
    "a derived event": ("$session_started", "2026-05-01", "{}"),
}


@pytest.mark.parametrize("case", BAD)
def test_rows_that_are_no_events(segue: Segue, workspace: Path, case: str) -> None:
    """Each is rejected with a reason; the row beside it is stored."""
    event, at, properties = BAD[case]
    rows = [
        {"person_id": "ana", "event": event, "occurred_at": at, "properties": properties},
        {"person_id": "ben", "event": "look", "occurred_at": "2026-05-01", "properties": "{}"},
    ]
    pq.write_table(pa.Table.from_pylist(rows), "a.parquet")

    found = segue("import", "a.parquet", "--json").json["files"][0]

    assert (found["stored"], found["rejected"]) == (1, 1), case
    assert found["reasons"]


GOOD = {
    "mixed forms of time": [
        ("ana", "look", "2026-05-01T09:00:00Z", ""),
        ("ana", "look", "2026-05-01 09:00:00", ""),
        ("ana", "look", "2026-05-01", ""),
        ("ana", "look", "1777622400", ""),
        ("ana", "look", "1777622400000", ""),
    ],
    "a property of a megabyte": [("ana", "look", "2026-05-01", "x" * 1_000_000)],
    "names that are SQL": [
        ("'; DROP TABLE events; --", 'look"; DELETE FROM events', "2026-05-01", "' OR 1=1"),
        ("ana", "look", "2026-05-02", "$$"),
    ],
    "letters of every kind": [("ä😀\u202e", "読む", "2026-05-01", "\ttab\\back'quote")],
}


@pytest.mark.parametrize("case", GOOD)
def test_rows_that_are_strange_and_good(segue: Segue, workspace: Path, case: str) -> None:
    """They are stored, evaluated and exported as they are."""
    names = ("person_id", "event", "occurred_at", "text")
    rows = [dict(zip(names, row, strict=True)) for row in GOOD[case]]
    Path("a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    imported = segue("import", "a.jsonl", "--json").json["files"][0]
    people = segue("evaluate", "-s", "engagement.low", "--json").json["members"]
    segue("export", "events", "e.jsonl")
    exported = [json.loads(line) for line in Path("e.jsonl").read_text().splitlines()]

    assert (imported["stored"], imported["rejected"]) == (len(rows), 0)
    assert {one["person_id"] for one in people} <= {row["person_id"] for row in rows}
    assert [one["properties"]["text"] for one in exported] == [row["text"] for row in rows]


def test_bytes_that_are_no_text(segue: Segue, workspace: Path) -> None:
    """NUL bytes and invalid UTF-8 cost their own rows, not the file."""
    write(
        "a.csv",
        HEAD.encode() + b"\nana,look,2026-05-01\nb\xffd,look,2026-05-01\ncat,buy,2026-05-02\n",
    )
    write("b.csv", f"{HEAD}\nana,look,2026-05-01\nn\0n,look,2026-05-01\ncat,buy,2026-05-02\n")

    invalid = segue("import", "a.csv", "--json").json["files"][0]
    nul = segue("import", "b.csv", "--json").json["files"][0]

    assert (invalid["stored"], invalid["rejected"]) == (2, 1)
    assert nul["stored"] + nul["duplicates"] + nul["rejected"] == 3


def test_ten_thousand_properties(segue: Segue, workspace: Path) -> None:
    """A log of wild properties is read, evaluated and checked."""
    rows = [
        {
            "person_id": f"p{index % 50}",
            "event": "look",
            "occurred_at": "2026-05-01",
            "properties": {f"key_{index}": index},
        }
        for index in range(10_000)
    ]
    Path("a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    assert segue("import", "a.jsonl", "--json").json["files"][0]["stored"] == 10_000
    assert segue("evaluate", "--json").json["people"] == 50
    assert segue("check").code == 0


def test_a_store_that_is_none(segue: Segue, workspace: Path) -> None:
    """A damaged file is named and not touched."""
    Path("segue.duckdb").write_bytes(b"not a database" * 1000)
    before = Path("segue.duckdb").read_bytes()

    shown = segue("evaluate", "--json")

    assert (shown.code, shown.error["code"]) == (2, "store_damaged")
    assert Path("segue.duckdb").read_bytes() == before


def test_rejects_that_cannot_be_written(segue: Segue, workspace: Path) -> None:
    """Where there is no room beside the file, it says so before rows are lost."""
    Path("a.csv.rejects.jsonl").mkdir()
    write("a.csv", f"{HEAD}\nben,look,soon\n")

    shown = segue("import", "a.csv", "--json")

    assert (shown.code, shown.error["code"]) == (2, "input")
    assert "a.csv.rejects.jsonl" in shown.error["message"]
