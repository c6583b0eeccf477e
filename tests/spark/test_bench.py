"""The benchmark of Spark, in small: it runs, all who are asked agree, and the record is written.

Nothing is timed here: the machine that tests has other things to do.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.spark import driver, scaling
from bench.spark.processes import measured
from bench.spark.same import assert_same
from bench.spark.world import grown, later, size_of, world_of, written

EVENTS = 20_000


def test_runs_agree_with_one_machine(tmp_path: Path) -> None:
    """`scaling` raises where a member differs."""
    record = tmp_path / "record.md"
    data = ["--data", str(tmp_path), "--record", str(record)]
    size = ["--events", str(EVENTS), "--cores", "1", "--shares", "0.01"]
    scaling.main([*size, "--only", "runs", *data])
    text = record.read_text()
    assert "| the same members after every run | all | all | yes |" in text
    assert "new events of 1.0% of people" in text
    assert str(tmp_path) not in text


def test_what_passes_the_driver_is_read_from_the_event_log(tmp_path: Path) -> None:
    record = tmp_path / "record.md"
    data = ["--data", str(tmp_path), "--record", str(record)]
    driver.main(["--events", str(EVENTS), "--cores", "1", *data])
    lines = [line for line in record.read_text().splitlines() if "| " in line]
    promised = {line.split(" | ")[0]: line for line in lines}
    assert promised["| the largest result of a task"].endswith("| yes |")
    assert promised["| everything that was broadcast"].endswith("| yes |")
    assert promised["| the log, in memories of the driver"].endswith("| **no** |")


def test_a_failure_says_what_the_work_printed() -> None:
    with pytest.raises(RuntimeError, match="KeyError"):
        measured("bench.spark.job", {}, 1)


def test_the_files_hold_what_was_asked_for(tmp_path: Path) -> None:
    world = world_of(EVENTS)
    given = written(world, tmp_path / "events")
    packed, plain = size_of(given.files)
    assert 0 < packed < plain
    more = grown(given, world, 0.1, tmp_path / "more.parquet")
    assert len(more.files) == len(given.files) + 1
    assert later(more).at > more.at > given.at


def test_members_that_differ_are_noticed(tmp_path: Path) -> None:
    columns = ("segment_id", "person_id", "entered_at", "leaves_at")
    for i in range(2):
        (tmp_path / str(i)).mkdir()
        rows = pa.table({name: [i] for name in columns})
        pq.write_table(rows, tmp_path / str(i) / "members.parquet")
    assert_same(str(tmp_path / "0"), str(tmp_path / "0"))
    with pytest.raises(AssertionError, match="2 members"):
        assert_same(str(tmp_path / "0"), str(tmp_path / "1"))
