"""Parquet files are read in place only where importing them would give the same."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import segue
from segue.adapters.parquet_log import ParquetLog
from segue.adapters.sources import Layout
from segue.bootstrap.engine import Engine

DEFINITIONS = {
    "project": "plain",
    "segments": {
        "often": {"when": "did visited at least 3 times within 7 days"},
        "quiet": {"when": "inactive for 5 days"},
        "both": {"when": "did visited within 30 days and not did stopped"},
    },
}
START = dt.datetime(2026, 5, 1, tzinfo=dt.UTC)


def events(**changes: Any) -> pa.Table:
    """A few hundred events of thirty people, and changed columns."""
    rng = np.random.default_rng(3)
    size = 400
    seconds = rng.integers(0, 40 * 86_400, size)
    columns: dict[str, Any] = {
        "person_id": [f"p{n}" for n in rng.integers(0, 30, size)],
        "event": [
            ("visited", "stopped", "paused")[n] for n in rng.choice(3, size, p=[0.8, 0.1, 0.1])
        ],
        "occurred_at": pa.array(
            [START + dt.timedelta(seconds=int(s)) for s in seconds], pa.timestamp("us", "UTC")
        ),
    }
    return pa.table({**columns, **changes})


def written(table: pa.Table, tmp_path: Path) -> Path:
    path = tmp_path / "events.parquet"
    pq.write_table(table, path)
    return path


WHOLE = {
    "as it is": {},
    "equal rows all count": {"event": ["visited"] * 400, "person_id": ["p"] * 400},
    "whole numbers as persons": {"person_id": list(range(200)) * 2},
    "a column that no segment reads": {"colour": ["red"] * 400},
    "a struct of properties": {"properties": [{"a": 1}] * 400},
    "properties as text": {"properties": ['{"a": {"$b": [1]}}', "{}", None, "{}"] * 100},
}


@pytest.mark.parametrize("changes", WHOLE.values(), ids=WHOLE)
@pytest.mark.parametrize("at", [None, "2026-05-20", "2027-01-01"])
def test_in_place_says_what_importing_says(
    changes: dict[str, Any], at: str | None, tmp_path: Path
) -> None:
    """The same members and the same history, byte for byte."""
    path = written(events(**changes), tmp_path)
    with Engine.in_memory(DEFINITIONS) as imported, Engine.in_memory(DEFINITIONS) as in_place:
        imported.import_files([path], keep_rejects=False)
        assert in_place.read_in_place([path])
        assert in_place.evaluate(at).sort_by(SORTED) == imported.evaluate(at).sort_by(SORTED)
        assert in_place.history(at).sort_by(SORTED) == imported.history(at).sort_by(SORTED)


SORTED = [("segment_id", "ascending"), ("person_id", "ascending"), ("entered_at", "ascending")]


def with_one(column: str, value: Any) -> dict[str, Any]:
    """One row changed in one column."""
    values = events()[column].to_pylist()
    return {column: [value, *values[1:]]}


LOOKED_INTO = {
    "ids, which can repeat": {"event_id": [str(n) for n in range(400)]},
    "a person missing": with_one("person_id", None),
    "a blank person": with_one("person_id", "  "),
    "an event missing": with_one("event", None),
    "a blank event": with_one("event", ""),
    "a derived event": with_one("event", "$session_started"),
    "a link between ids": with_one("event", "$identify"),
    "a time missing": with_one("occurred_at", None),
    "a time too late": with_one("occurred_at", dt.datetime(2300, 1, 1, tzinfo=dt.UTC)),
    "times as text": {"occurred_at": ["2026-05-01"] * 400},
    "properties that are no JSON": {"properties": ["{}"] * 399 + ["{"]},
    "properties that are no object": {"properties": ["{}"] * 399 + ["[]"]},
    "properties with spaces before them": {"properties": ["{}"] * 399 + [" {}"]},
    "properties that are blank": {"properties": ["{}"] * 399 + [""]},
    "traits inside properties": {"properties": ["{}"] * 399 + ['{"$set": {"plan": "pro"}}']},
    "traits taken back inside properties": {"properties": ["{}"] * 399 + ['{"$unset": ["plan"]}']},
    "a sequence as text": {"sequence": ["1"] * 400},
    "persons as floats": {"person_id": [1.5] * 400},
}


@pytest.mark.parametrize("changes", LOOKED_INTO.values(), ids=LOOKED_INTO)
def test_what_has_to_be_looked_into_is_imported(changes: dict[str, Any], tmp_path: Path) -> None:
    """Rows that could be rejected, merged or linked are never read in place."""
    assert ParquetLog.open([written(events(**changes), tmp_path)], Layout()) is None


def test_a_zone_other_than_utc_needs_importing(tmp_path: Path) -> None:
    """Times without a zone are in the project's."""
    table = events(occurred_at=events()["occurred_at"].cast(pa.timestamp("us")))
    path = written(table, tmp_path)
    assert ParquetLog.open([path], Layout(timezone="Europe/Berlin")) is None
    log = ParquetLog.open([path], Layout())
    assert log is not None
    log.close()


def test_conditions_on_properties_need_importing(tmp_path: Path) -> None:
    """A filter looks at more than who, what and when."""
    definitions = {"segments": {"red": {"when": 'did visited where colour = "red"'}}}
    with Engine.in_memory(definitions) as engine:
        assert not engine.read_in_place([written(events(), tmp_path)])


def test_a_file_that_is_no_parquet_is_an_error(tmp_path: Path) -> None:
    """Damaged files are said to be so."""
    path = tmp_path / "events.parquet"
    path.write_bytes(b"PAR1 but not really PAR1")
    with pytest.raises(segue.InputError, match="cannot be read as Parquet"):
        segue.evaluate(path, DEFINITIONS)
