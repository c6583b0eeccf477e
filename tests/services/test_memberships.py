"""Spans become tables: rows in a fixed order, open ends null, twenty million without a loop."""

import numpy as np
import pyarrow as pa
import pytest

from segue.domain.instant import FOREVER
from segue.services.memberships import (
    INSTANT,
    MEMBERS,
    MEMBERSHIPS,
    members_at,
    memberships_until,
)
from segue.timeline.spans import Spans, no_spans


def spans(*people: list[tuple[int, int]]) -> Spans:
    """The spans of people 0, 1, …, each a list of (start, end)."""
    offsets = np.cumsum([0, *(len(one) for one in people)]).astype(np.int64)
    flat = np.array([span for one in people for span in one], np.int64).reshape(-1, 2)
    return Spans(offsets, flat[:, 0].copy(), flat[:, 1].copy())


def rows(table: pa.Table) -> list[tuple[object, ...]]:
    plain = [
        column.cast(pa.int64()) if column.type == INSTANT else column for column in table.columns
    ]
    return list(zip(*(column.to_pylist() for column in plain), strict=True))


IDS = pa.array(["ana", "ben", "cem"])
THREE = spans([(5, 25)], [(20, 30)], [(10, 20), (30, FOREVER)])


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (4, []),
        (5, [("s", "ana", 5, 25)]),
        (10, [("s", "ana", 5, 25), ("s", "cem", 10, 20)]),
        (20, [("s", "ana", 5, 25), ("s", "ben", 20, 30)]),
        (30, [("s", "cem", 30, None)]),
    ],
)
def test_members_at_an_instant(at: int, expected: list[tuple[object, ...]]) -> None:
    """Who is in at t, by person id; a span holds its start and not its end; null is never."""
    table = members_at({"s": THREE}, IDS, at)

    assert table.schema == MEMBERS
    assert rows(table) == expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (4, []),
        (5, [("s", "ana", 5, None)]),
        (20, [("s", "ana", 5, None), ("s", "ben", 20, None), ("s", "cem", 10, 20)]),
        (
            40,
            [
                ("s", "ana", 5, 25),
                ("s", "ben", 20, 30),
                ("s", "cem", 10, 20),
                ("s", "cem", 30, None),
            ],
        ),
    ],
)
def test_memberships_up_to_an_instant(at: int, expected: list[tuple[object, ...]]) -> None:
    """Every membership that had begun by t; what ends after t is still open at t."""
    table = memberships_until({"s": THREE}, IDS, at)

    assert table.schema == MEMBERSHIPS
    assert rows(table) == expected


def test_segments_stand_in_the_order_of_the_project() -> None:
    """Segment order first, then person: not the alphabet of segment ids."""
    one = spans([(0, FOREVER)], [], [(0, FOREVER)])

    table = members_at({"z": one, "nobody": no_spans(3), "a": one}, IDS, 7)

    assert table.column("segment_id").to_pylist() == ["z", "z", "a", "a"]
    assert table.column("person_id").to_pylist() == ["ana", "cem", "ana", "cem"]


def test_nobody_at_all_is_an_empty_table_with_all_columns() -> None:
    """No people, or no segments: the columns are there all the same."""
    assert members_at({"s": no_spans(0)}, pa.array([], pa.string()), 0).schema == MEMBERS
    assert memberships_until({}, IDS, 0).schema == MEMBERSHIPS


def test_many_memberships_are_made_in_chunks() -> None:
    """More rows than a chunk holds come out whole and in order."""
    people, each = 1_000, 5_000
    starts = np.tile(np.arange(each, dtype=np.int64) * 10, people)
    many = Spans(np.arange(people + 1, dtype=np.int64) * each, starts, starts + 5)
    roster = pa.array([f"{index:04}" for index in range(people)])

    table = memberships_until({"s": many}, roster, FOREVER - 1)

    assert table.num_rows == people * each
    assert table.column("person_id").num_chunks == 2
    assert table.column("person_id")[each * 3].as_py() == "0003"
    assert table.column("entered_at").cast(pa.int64())[each * 3 + 1].as_py() == 10
