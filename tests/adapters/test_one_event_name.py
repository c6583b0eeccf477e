"""Files in which no column says what was done, and files that are read in small pieces."""

import json
from pathlib import Path

import pytest

from segue.adapters.sources import Layout, hint_for, kind_of, read_files
from segue.domain.errors import UsageError

ROWS = [{"person_id": "ana", "occurred_at": "2026-05-01", "total": 3, "event": "of the file"}]
NAMED = Layout(event_name="order placed")


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_one_name_stands_for_all_rows(tmp_path: Path, kind: str) -> None:
    """A column that happens to be called event is a property then."""
    file = tmp_path / f"orders.{kind}"
    text = ",".join(ROWS[0]) + "\n" + ",".join(map(str, ROWS[0].values())) + "\n"
    file.write_text(text if kind == "csv" else json.dumps(ROWS[0]))

    (batch,) = read_files([file], NAMED)

    (row,) = batch.events.to_pylist()
    assert row["event"] == "order placed"
    assert json.loads(row["properties"])["event"] == "of the file"


def test_what_was_done_is_said_once(tmp_path: Path) -> None:
    """A column or a name, not both."""
    file = tmp_path / "orders.csv"
    file.write_text("person_id,occurred_at,did\nana,2026-05-01,x\n")

    with pytest.raises(UsageError, match="order placed"):
        list(read_files([file], Layout({"event": "did"}, event_name="order placed")))


@pytest.mark.parametrize("rows_at_once", [1, 2, 3, 100])
def test_small_pieces_say_the_same(tmp_path: Path, rows_at_once: int) -> None:
    """Every row once, with its number; ids are those of the whole file."""
    file = tmp_path / "events.csv"
    lines = ["ana,look,2026-05-01", "torn", "ana,look,2026-05-01", "ben,look,never", "cat,,2026"]
    file.write_text("person_id,event,occurred_at\n" + "\n".join(lines) + "\n")

    batches = list(read_files([file], rows_at_once=rows_at_once))
    (whole,) = read_files([file])

    ids = [one for batch in batches for one in batch.events["event_id"].to_pylist()]
    assert ids == whole.events["event_id"].to_pylist()
    assert len(set(ids)) == 2
    told = [(one.row, one.reason) for batch in batches for one in batch.rejected]
    assert sorted(told) == sorted((one.row, one.reason) for one in whole.rejected)
    assert sum(batch.rows for batch in batches) == whole.rows == len(lines)


@pytest.mark.parametrize(
    "reason",
    [
        "no person_id",
        "occurred_at is no instant",
        "2 cells where the header has 3",
        "no JSON: Expecting value at character 17",
        "no UTF-8 at byte 3",
    ],
)
def test_every_reason_has_a_hint(reason: str) -> None:
    """Where in the row it was does not count."""
    assert hint_for(reason)
    assert hint_for(kind_of(reason)) == hint_for(reason)
    assert not kind_of(reason).endswith(("17", "byte 3"))
