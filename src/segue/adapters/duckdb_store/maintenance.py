"""Files of stores: opening, copying whole, verifying, restoring."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TypeAlias

import duckdb

from segue.adapters.connecting import connected
from segue.adapters.duckdb_store.errors import as_store_errors
from segue.adapters.duckdb_store.schema import check_schema, migrate
from segue.domain.errors import NotFoundError, StoreDamagedError, UsageError

Fingerprint: TypeAlias = tuple[tuple[int, int], ...]

_TABLES: Final = """
    SELECT table_name FROM duckdb_tables()
    WHERE NOT internal AND NOT temporary AND database_name = current_database()
    ORDER BY table_name
"""
_EVENTS: Final = "SELECT * REPLACE (properties::JSON::VARCHAR AS properties) FROM events"
"""The events: a variant has no hash of its own."""


def connect(path: Path | None) -> duckdb.DuckDBPyConnection:
    """Open the database at the path, or one in memory, and bring it to the current schema.

    Raises `StoreLockedError`, `StoreTooNewError`, `StoreDamagedError` or `StoreError`.
    """
    with as_store_errors(path):
        db = connected(path)
        try:
            migrate(db)
        except BaseException:
            db.close()
            raise
    return db


def backup(db: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Write a copy of what the connection sees to the path, which must be free.

    The copy appears there only when it was read back and holds the same. Raises `UsageError` where
    the path is taken, `StoreFullError` where there is no room, `StoreDamagedError` where the copy
    differs.
    """
    _must_be_free(target)
    with _beside(target) as draft:
        copy_whole(db, draft)
        if _fingerprint_of(draft) != fingerprint(db):
            raise StoreDamagedError(
                f"the copy of the store at {target} differs from the store",
                hint="The disk may be failing. The store itself was not touched; try another disk.",
            )
        draft.rename(target)


def restore(source: Path, target: Path) -> None:
    """Put the store of a backup at the path, which must be free. The backup stays.

    Raises `NotFoundError` where there is no backup, `UsageError` where the path is taken, and the
    store's errors where the backup is no readable store.
    """
    if not source.is_file():
        raise NotFoundError(f"there is no backup at {source}", hint="Check the path.")
    _must_be_free(target)
    expected = _fingerprint_of(source)
    with _beside(target) as draft, as_store_errors(target):
        shutil.copyfile(source, draft)
        if _fingerprint_of(draft) != expected:
            raise StoreDamagedError(
                f"the copy of {source} at {target} differs from it",
                hint="The disk may be failing. The backup was not touched; try another disk.",
            )
        draft.rename(target)


def copy_whole(db: duckdb.DuckDBPyConnection, target: Path) -> None:
    """Write all that the connection sees into a new file; what was deleted is nowhere in it."""
    quoted = str(target).replace("'", "''")  # ATTACH takes no parameters
    ((source,),) = db.execute("SELECT current_database()").fetchall()
    with as_store_errors(target):
        db.execute(f"ATTACH '{quoted}' AS segue_copy")
        try:
            quoted_source = source.replace('"', '""')
            db.execute(f'COPY FROM DATABASE "{quoted_source}" TO segue_copy')
            db.execute("CHECKPOINT segue_copy")
        finally:
            db.execute("DETACH segue_copy")


def fingerprint(db: duckdb.DuckDBPyConnection) -> Fingerprint:
    """Of each table, by name, the number of rows and a hash of its content, whatever their order;
    of every table that there is, so that older schemas have theirs."""
    tables = [name for (name,) in db.execute(_TABLES).fetchall()]
    contents = [_EVENTS if name == "events" else f"SELECT * FROM {name}" for name in tables]
    queries = [
        f"SELECT count(*), coalesce(bit_xor(hash(content)), 0) FROM ({rows}) AS content"
        for rows in contents
    ]
    return tuple(db.execute(query).fetchall()[0] for query in queries)


def _fingerprint_of(path: Path) -> Fingerprint:
    with as_store_errors(path), connected(path, read_only=True) as db:
        check_schema(db)
        return fingerprint(db)


def _must_be_free(path: Path) -> None:
    if path.exists():
        raise UsageError(f"{path} is there already", hint="Give another path, or move it aside.")


@contextlib.contextmanager
def _beside(target: Path) -> Iterator[Path]:
    """A path for a draft in the folder of the target; nothing is left there afterwards."""
    draft = target.with_name(f".{target.name}.{os.getpid()}.draft")
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        yield draft
    finally:
        remove(draft)


def remove(path: Path) -> None:
    """Remove a database file and its write-ahead log, as far as they are there."""
    path.unlink(missing_ok=True)
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)


def replace(draft: Path, path: Path) -> None:
    """Put a closed database in the place of another closed one, in one step."""
    with draft.open("rb") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    path.with_name(f"{path.name}.wal").unlink(missing_ok=True)
