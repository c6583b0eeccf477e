"""Replacing one file of events by another: the old one goes only when the new one is there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from segue.adapters.duckdb_store import DuckDBStore, restore
from segue.domain.errors import StoreDamagedError, UsageError
from segue.domain.ports import Extent


def restore_store(backup: Path, target: Path, *, force: bool) -> Extent:
    """Verify the backup, put a copy of it at the target, and say what it holds.

    Raises `NotFoundError` where there is no backup, `UsageError` where there is a store and not
    `force`, and the store's errors where the backup cannot be read or the store is in use; then
    nothing has changed.
    """
    if force and target.exists():
        _must_be_free(target)
    replace_file(target, lambda: restore(backup, target), force=force)
    store = DuckDBStore.open(target)
    try:
        return store.extent()
    finally:
        store.close()


def replace_file(target: Path, write: Callable[[], None], *, force: bool) -> None:
    """Let `write` make the target, which must be free; with `force`, what is there goes once that
    has worked, and comes back where it has not."""
    if not target.exists():
        write()
        return
    if not force:
        raise UsageError(f"{target} is there already", hint="--force overwrites it")
    aside = target.with_name(f".{target.name}.before")
    target.replace(aside)
    try:
        write()
    except BaseException:
        aside.replace(target)
        raise
    aside.unlink()


def _must_be_free(target: Path) -> None:
    """Raise where another process holds the store; a damaged one may be replaced. Opening it also
    takes what its write-ahead log holds into the file, so that putting it back is whole."""
    try:
        DuckDBStore.open(target).close()
    except StoreDamagedError:
        return
