"""Connections to DuckDB are silent, however Python was started."""

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from segue.adapters.connecting import connected

PACKAGE = """
from segue.adapters.connecting import connected
with connected() as db:
    print(db.execute("SELECT current_setting('enable_progress_bar')").fetchone())
"""


def test_a_long_statement_draws_no_bar(tmp_path: Path) -> None:
    """Also under `python -m segue`, where the package is read before Python knows its program."""
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__init__.py").write_text(PACKAGE)
    (tmp_path / "program" / "__main__.py").write_text("")

    done = subprocess.run(
        [sys.executable, "-m", "program"], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout == "(False,)\n"


def test_it_can_read_without_writing(tmp_path: Path) -> None:
    with connected(tmp_path / "a.duckdb") as db:
        db.execute("CREATE TABLE t AS SELECT 1 AS a")
    with connected(tmp_path / "a.duckdb", read_only=True) as db:
        assert db.execute("SELECT a FROM t").fetchall() == [(1,)]
        with pytest.raises(duckdb.InvalidInputException, match="read-only"):
            db.execute("DELETE FROM t")
