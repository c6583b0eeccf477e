"""Whether two folders of members say the same."""

from __future__ import annotations

import duckdb


def assert_same(one: str, other: str) -> None:
    """Raise `AssertionError` where a member, or an instant of one, differs."""
    rows = "SELECT segment_id, person_id, entered_at, leaves_at FROM read_parquet('{}/*.parquet')"
    first, second = rows.format(one), rows.format(other)
    with duckdb.connect() as connection:
        differing = connection.sql(
            f"SELECT count(*) FROM (({first} EXCEPT ALL {second}) UNION ALL"
            f" ({second} EXCEPT ALL {first}))"
        ).fetchall()
    if differing != [(0,)]:
        raise AssertionError(f"{differing[0][0]} members of {one} and {other} differ")
