"""The benchmark itself: its log is what it says, and all who are asked agree."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.cold import cold
from bench.generate import BEGIN, World, columns, index, write_parquet
from bench.growth import growth
from bench.refresh import refresh
from bench.report import (
    cold_table,
    growth_table,
    growth_targets,
    refresh_table,
    refresh_targets,
    targets_table,
)
from bench.rules import rules

SMALL = World(events=200_000, people=21_000)
CODES = range(16)


def test_equal_parameters_make_equal_logs_sorted_by_person_and_instant():
    log, again = columns(SMALL), columns(replace(SMALL))
    assert all(
        np.array_equal(getattr(log, name), getattr(again, name))
        for name in ("person", "event", "at")
    )
    assert len(log) == SMALL.events
    assert np.array_equal(np.unique(log.person), np.arange(SMALL.people))
    assert log.at.min() >= BEGIN
    assert log.at.max() < SMALL.end
    assert np.array_equal(np.lexsort((log.at, log.person)), np.arange(len(log)))


def test_the_popularity_of_events_has_a_heavy_tail_of_46_names():
    share = np.sort(np.bincount(columns(SMALL).event) / SMALL.events)[::-1]
    assert len(share) == 46
    assert share[0] > 0.2
    assert share[-1] > 0.001


def test_an_index_built_block_by_block_is_that_of_the_whole_log():
    log, built = columns(SMALL), index(SMALL, CODES)
    for code, (offsets, at) in built.by_code.items():
        here = log.event == code
        assert np.array_equal(at, log.at[here])
        assert np.array_equal(
            np.diff(offsets), np.bincount(log.person[here], minlength=SMALL.people)
        )


def test_all_rules_differ():
    assert len(set(rules(400, CODES))) == 400
    with pytest.raises(ValueError, match="only 400"):
        rules(401, CODES)


def test_every_way_to_ask_duckdb_agrees_with_segue_on_every_member():
    """`refresh` raises where a count or a member differs."""
    found = refresh(SMALL, 50, CODES, 1, chdb=False)
    assert len(found.rivals) == 9
    assert "DuckDB" in refresh_table(found, SMALL)
    assert "refresh beside" in targets_table(refresh_targets(found))


def test_a_cold_run_from_parquet_agrees_with_plain_sql(tmp_path: Path):
    """`cold` raises where a member differs."""
    path = tmp_path / "events.parquet"
    write_parquet(SMALL, columns(SMALL), path)
    assert "DuckDB" in cold_table(cold(SMALL, rules(20, CODES), path, 1))


def test_growth_varies_events_people_and_segments():
    points = growth(SMALL, CODES, 1, tell=lambda _: None)
    assert {p.segments for p in points} == {10, 50, 100, 200, 400}
    assert {p.people for p in points} == {5_250, 21_000, 84_000}
    assert growth_targets(points, SMALL)
    assert "84,000" in growth_table(points)
