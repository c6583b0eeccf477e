"""What DuckDB raises, as the store's own errors with what to do about them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import duckdb

from segue.domain.errors import (
    StoreDamagedError,
    StoreError,
    StoreFullError,
    StoreLockedError,
    StoreTooNewError,
)

_FULL: Final = ("no space left", "file too large", "disk quota", "not enough space", "disk full")
_LOCKED: Final = ("could not set lock", "conflicting lock")
_NEWER: Final = ("newer version", "file with version number", "serialization version")
_DENIED: Final = ("permission denied", "read-only", "no such file or directory", "cannot open file")
_FAILED: Final = (*_DENIED, "input/output error", "could not write", "could not sync")

_STORAGE: Final = (
    duckdb.IOException,
    duckdb.FatalException,
    duckdb.SerializationException,
    duckdb.InternalException,
    duckdb.OutOfMemoryException,
)


@contextlib.contextmanager
def as_store_errors(path: Path | None) -> Iterator[None]:
    """Turn DuckDB's errors of storage into `StoreError`s; errors of meaning pass through."""
    try:
        yield
    except OSError as error:
        raise store_error(str(error), path) from error
    except duckdb.Error as error:
        if isinstance(error, _STORAGE) or _is_of_storage(error):
            raise store_error(str(error), path) from error
        raise


def _is_of_storage(error: duckdb.Error) -> bool:
    """Whether an error of another kind, such as of a commit, is about the file after all."""
    text = str(error).lower()
    commits = isinstance(error, duckdb.TransactionException)
    signs = ("corrupt", *_FULL, *(_FAILED if commits else ()))
    return any(sign in text for sign in signs)


def store_error(text: str, path: Path | None) -> StoreError:
    """The store's error for a message of DuckDB's."""
    place, lowered = f"{path or 'the store'}", text.lower()
    if any(sign in lowered for sign in _FULL):
        return StoreFullError(
            f"{place}: no space is left to write to",
            hint="Free some space and try again. Everything committed before is intact.",
        )
    if any(sign in lowered for sign in _LOCKED):
        return StoreLockedError(
            f"{place} is open in another process",
            hint="Stop that process, or work through it: `segue serve` answers for the file.",
        )
    if any(sign in lowered for sign in _NEWER):
        return StoreTooNewError(
            f"{place} was written by a newer version",
            hint="Upgrade Segue, or restore a backup made by this version.",
        )
    if any(sign in lowered for sign in _DENIED):
        return StoreError(
            f"{place} cannot be opened: {first_line(text)}",
            hint="Check that the folder exists and that you may write to it.",
        )
    if "out of memory" in lowered:
        return StoreError(
            f"{place}: DuckDB ran out of memory", hint="Close other programs, or read fewer people."
        )
    return StoreDamagedError(
        f"{place} is not a Segue store, or it is damaged: {first_line(text)}",
        hint="Restore a backup with `segue restore`; keep the damaged file aside.",
    )


def first_line(text: str) -> str:
    """The first line of a message, without DuckDB's prefix."""
    return text.strip().splitlines()[0].removeprefix("IO Error: ")
