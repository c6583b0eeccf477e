"""`export`, `backup`, `restore`, `erase`: what is kept, and what is not."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.cli.conftest import DEFINITIONS, Segue


def test_exported_events_are_the_same_events(segue: Segue, shop: Path, tmp_path: Path) -> None:
    """Imported again, here or elsewhere, under the same ids."""
    shown = segue("export", "events", "e.parquet")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "segue.yaml").write_text(DEFINITIONS)

    again = segue("import", "e.parquet", "--json").json["files"][0]
    segue("import", "e.parquet", "-w", "other")
    segue("history", "--out", "here.csv")
    segue("history", "--out", "there.csv", "-w", "other")

    assert shown.out == "5 events written to e.parquet\n"
    assert (again["stored"], again["duplicates"]) == (0, 5)
    assert Path("here.csv").read_bytes() == Path("there.csv").read_bytes()


@pytest.mark.parametrize(("what", "rows"), [("members", 7), ("memberships", 9), ("events", 5)])
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_export(segue: Segue, shop: Path, what: str, rows: int, ending: str) -> None:
    """Each in each format, with a count."""
    name = f"x.{ending}"

    found = segue("export", what, name, "--json").json

    assert found == {"what": what, "rows": rows, "out": name}
    if ending == "parquet":
        assert pq.read_table(name).num_rows == rows
    else:
        assert len(Path(name).read_text().splitlines()) == rows + (ending == "csv")


def test_export_of_what_there_is_not(segue: Segue, shop: Path) -> None:
    """Exit code 2, and what there is."""
    shown = segue("export", "people", "x.csv", "--json")

    assert (shown.code, shown.error["code"]) == (2, "usage")
    assert "members, memberships, transitions or events" in shown.error["hint"]


def test_a_backup_brings_everything_back(segue: Segue, shop: Path) -> None:
    """Byte by byte the same history."""
    segue("history", "--out", "before.csv")
    backed = segue("backup", "b.duckdb", "--json").json
    segue("erase", "ana", "--yes")

    restored = segue("restore", "b.duckdb", "--force", "--json").json
    segue("history", "--out", "after.csv")

    assert backed["events"] == restored["events"] == 5
    assert restored["people"] == 3
    assert Path("before.csv").read_bytes() == Path("after.csv").read_bytes()


def test_nothing_is_overwritten_without_force(segue: Segue, shop: Path) -> None:
    """Neither a file by a backup nor a workspace by a restore."""
    segue("backup", "b.duckdb")
    first = Path("b.duckdb").read_bytes()

    again = segue("backup", "b.duckdb", "--json")
    onto = segue("restore", "b.duckdb", "--json")

    assert (again.code, again.error["code"]) == (2, "usage")
    assert (onto.code, onto.error["code"]) == (2, "usage")
    assert "--force" in onto.error["hint"]
    assert Path("b.duckdb").read_bytes() == first
    assert segue("backup", "b.duckdb", "--force").code == 0


@pytest.mark.parametrize(
    ("content", "code"), [(None, "not_found"), (b"no database" * 999, "store_damaged")]
)
def test_a_restore_that_fails_changes_nothing(
    segue: Segue, shop: Path, content: bytes | None, code: str
) -> None:
    """The workspace is as it was, and nothing lies about."""
    if content is not None:
        Path("b.duckdb").write_bytes(content)
    before = sorted(path.name for path in shop.iterdir())

    shown = segue("restore", "b.duckdb", "--force", "--json")

    assert (shown.code, shown.error["code"]) == (2, code)
    assert sorted(path.name for path in shop.iterdir()) == before
    assert segue("evaluate", "--json").json["people"] == 3


def test_a_damaged_workspace_can_be_restored(segue: Segue, shop: Path) -> None:
    """That is what backups are for."""
    segue("backup", "b.duckdb")
    Path("segue.duckdb").write_bytes(b"damaged" * 1000)

    assert segue("restore", "b.duckdb", "--force").code == 0
    assert segue("evaluate", "--json").json["people"] == 3


def test_restore_makes_a_folder(segue: Segue, shop: Path) -> None:
    """Into a new place, without force."""
    segue("backup", "b.duckdb")

    assert segue("restore", "b.duckdb", "-w", "new/place").code == 0
    shutil.copy("segue.yaml", "new/place")
    assert segue("evaluate", "-w", "new/place", "--json").json["people"] == 3


def test_erase_removes_a_person_and_proves_it(segue: Segue, shop: Path) -> None:
    """Their events are counted, searched again, and nowhere in the file."""
    assert b"ana" in Path("segue.duckdb").read_bytes()

    found = segue("erase", "ana", "--yes", "--json").json

    assert found == {"person_id": "ana", "distinct_ids": ["ana"], "events": 2, "remaining": 0}
    assert b"ana" not in Path("segue.duckdb").read_bytes()
    assert segue("evaluate", "--json").json["people"] == 2
    assert segue("history", "-p", "ana").code == 2


def test_erase_asks_and_says_what_it_did(segue: Segue, shop: Path) -> None:
    """Nobody there to answer is a no."""
    refused = segue("erase", "ana")
    done = segue("erase", "ana", "--yes")

    assert (refused.code, "--yes" in refused.err) == (2, True)
    assert "ana is erased" in done.out
    assert "2 events removed" in done.out
    assert "found 0 times" in done.out


def test_erase_of_nobody(segue: Segue, shop: Path) -> None:
    """Exit code 2."""
    assert segue("erase", "zoe", "--yes", "--json").error["code"] == "not_found"


def test_an_anonymous_id_erases_the_whole_person(segue: Segue, demo: Path) -> None:
    """Any distinct id will do, and all of them go."""
    found = segue("erase", "anon-132dc775", "--yes", "--json").json

    assert found["person_id"] == "user-002321"
    assert found["distinct_ids"] == ["anon-132dc775", "user-002321"]
    assert found["remaining"] == 0


def test_broken_definitions_keep_nobody_from_a_backup(segue: Segue, shop: Path) -> None:
    """Events are worth more than a typing error."""
    Path("segue.yaml").write_text("segments: [")

    assert segue("backup", "b.duckdb").code == 0
    assert segue("erase", "ana", "--yes").code == 0
    assert segue("evaluate").code == 2
