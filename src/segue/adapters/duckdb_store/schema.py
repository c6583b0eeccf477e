"""The tables of a store, as migrations: one script per version, each applied once, in order."""

from __future__ import annotations

from typing import Final

import duckdb

from segue.domain.errors import StoreDamagedError, StoreTooNewError

MIGRATIONS: Final = (
    """
    CREATE TABLE segue_meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL);
    CREATE TABLE names (code INTEGER NOT NULL, name VARCHAR NOT NULL);
    CREATE TABLE distinct_ids (code INTEGER NOT NULL, distinct_id VARCHAR NOT NULL);
    CREATE TABLE events (
        ref BIGINT NOT NULL,
        who INTEGER NOT NULL,
        name INTEGER NOT NULL,
        occurred_at BIGINT NOT NULL,
        received_at BIGINT NOT NULL,
        sequence BIGINT,
        event_id VARCHAR NOT NULL,
        properties VARIANT NOT NULL
    );
    CREATE TABLE definitions (
        version INTEGER NOT NULL, known_at BIGINT NOT NULL, text VARCHAR NOT NULL
    );
    CREATE TABLE thresholds (
        quantile VARCHAR NOT NULL, grid_at BIGINT NOT NULL, threshold BIGINT
    );
    """,
)
"""Version n of the schema is what the first n scripts make. A released script is never edited."""

CURRENT: Final = len(MIGRATIONS)


def migrate(db: duckdb.DuckDBPyConnection) -> None:
    """Bring the database to the current schema, in one commit.

    Raises `StoreTooNewError` where a newer Segue wrote it and `StoreDamagedError` where it holds
    tables but none of Segue's.
    """
    version = check_schema(db)
    if version == CURRENT:
        return
    db.begin()
    for script in MIGRATIONS[version:]:
        db.execute(script)
    db.execute("DELETE FROM segue_meta WHERE key = 'schema_version'")
    db.execute("INSERT INTO segue_meta VALUES ('schema_version', ?)", [str(CURRENT)])
    db.commit()


def check_schema(db: duckdb.DuckDBPyConnection) -> int:
    """The schema version of the database; 0 where it is empty. Raises as `migrate` does."""
    query = "SELECT table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary"
    tables = {name for (name,) in db.execute(query).fetchall()}
    if not tables:
        return 0
    if "segue_meta" not in tables:
        raise StoreDamagedError(
            "the file is a DuckDB database, but not a Segue store",
            hint="Choose another path, or import the data into a new workspace.",
        )
    query = "SELECT value FROM segue_meta WHERE key = 'schema_version'"
    version = int(db.execute(query).fetchall()[0][0])
    if version > CURRENT:
        raise StoreTooNewError(
            f"the store has schema version {version}; this Segue knows versions up to {CURRENT}",
            hint="Upgrade Segue, or restore a backup made by this version.",
        )
    return version
