"""Files and Arrow streams as batches of events."""

from __future__ import annotations

import contextlib
import glob
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Final

import duckdb
import numpy as np

from segue.adapters.connecting import connected
from segue.adapters.sources.batch import EVENTS, Batch, Layout, Raw, Rejected
from segue.adapters.sources.columnar import read_parquet, read_stream
from segue.adapters.sources.delimited import read_csv
from segue.adapters.sources.jsonlines import opened, read_jsonl
from segue.adapters.sources.normalise import check_format, normalise
from segue.adapters.sources.rowids import RowIds
from segue.adapters.sources.shapes import SegmentMessages, shaped
from segue.adapters.sources.traits import split_traits
from segue.adapters.sources.utf8 import only_utf8
from segue.domain.errors import InputError, NotFoundError

AS_IT_IS: Final = Layout()
"""Columns of Segue's own names, or a known shape; times in UTC."""
ROWS_AT_ONCE: Final = 200_000
"""Rows per batch: enough to be quick, few enough to stay small."""
_SAMPLE: Final = 50
_CSV: Final = (".csv", ".tsv", ".txt")
_JSONL: Final = (".jsonl", ".ndjson", ".json")
_PARQUET: Final = (".parquet", ".pq")
_COMPRESSED: Final = (".gz", ".bz2", ".zst")


def read_files(
    files: Sequence[str | Path],
    layout: Layout = AS_IT_IS,
    *,
    rows_at_once: int | None = None,
) -> Iterator[Batch]:
    """Read files or globs, one after the other, as one import, in batches of so many rows
    (None: `ROWS_AT_ONCE`).

    Raises `NotFoundError` where there is no such file, `InputError` where one cannot be read at
    all, is of an unknown kind or lacks a needed column, and `UsageError` for a time format that is
    none.
    """
    paths = [path for given in files for path in _found(given)]
    for path in paths:
        ending_of(path)
    with connected() as db:
        check_format(db, layout)
        ids = RowIds(db)
        for path in paths:
            raw = _raw(path, layout, rows_at_once or ROWS_AT_ONCE)
            yield from _batches(db, ids, raw, str(path), layout)


def read_arrow(events: object, layout: Layout = AS_IT_IS) -> Iterator[Batch]:
    """Read anything that speaks the Arrow C-stream interface, as one import.

    Raises `InputError` where it does not, or lacks a needed column.
    """
    with connected() as db:
        check_format(db, layout)
        raw = read_stream(events, ROWS_AT_ONCE)
        yield from _batches(db, RowIds(db), raw, "", layout)


def sample_file(file: str | Path) -> tuple[list[str], dict[str, list[object]]]:
    """The columns of a file, and their first values, to guess from."""
    path = _found(file)[0]
    if ending_of(path) in _JSONL:
        with opened(path) as stream:
            rows = list(_objects(islice(stream, _SAMPLE)))
        names = list(dict.fromkeys(name for row in rows for name in row))
        return names, {name: [row.get(name) for row in rows] for name in names}
    first = next(_raw(path, Layout(), _SAMPLE))
    table = only_utf8(replace(first, table=first.table.slice(0, _SAMPLE)), str(path)).table
    return table.column_names, dict(table.to_pydict())


def _objects(lines: Iterable[bytes]) -> Iterator[dict[str, object]]:
    """The JSON objects among some lines."""
    for line in lines:
        with contextlib.suppress(ValueError, RecursionError):
            found = json.loads(line)
            if isinstance(found, dict):
                yield found


def _found(given: str | Path) -> list[Path]:
    path = Path(given)
    if path.is_file():
        return [path]
    matches = [Path(match) for match in sorted(glob.glob(str(given), recursive=True))]  # noqa: PTH207
    files = [match for match in matches if match.is_file()]
    if not files:
        raise NotFoundError(f"there is no file {given}", hint="Check the path or the pattern.")
    return files


def ending_of(path: Path) -> str:
    """The ending that says how the file is read. Raises `InputError` where none does."""
    plain = path.with_suffix("") if path.suffix.lower() in _COMPRESSED else path
    ending = plain.suffix.lower()
    if ending not in (*_CSV, *_JSONL, *_PARQUET):
        raise InputError(
            f"{path}: files that end in {ending or 'nothing'} are not read",
            hint="CSV (.csv, .tsv), JSON Lines (.jsonl, .ndjson) and Parquet (.parquet) are.",
        )
    return ending


def is_columnar(path: Path) -> bool:
    """Whether a file says how many rows it has."""
    return ending_of(path) in _PARQUET


def is_compressed(path: Path) -> bool:
    """Whether a file is packed."""
    return path.suffix.lower() in _COMPRESSED


def _raw(path: Path, layout: Layout, rows_at_once: int) -> Iterator[Raw]:
    ending = ending_of(path)
    if ending in _PARQUET:
        return read_parquet(path, rows_at_once)
    if ending in _JSONL:
        return read_jsonl(path, layout, rows_at_once)
    return (piece for large in read_csv(path) for piece in large.pieces(rows_at_once))


def _batches(
    db: duckdb.DuckDBPyConnection,
    ids: RowIds,
    pieces: Iterable[Raw],
    source: str,
    layout: Layout,
) -> Iterator[Batch]:
    messages = SegmentMessages()
    for piece in pieces:
        raw = shaped(only_utf8(piece, source), layout, source, messages)
        found = normalise(db, raw.table, raw.roles, layout)
        reasons = found["reason"]
        rejected = [
            Rejected(source, raw.rows[place], reasons[place].as_py(), raw.text(place))
            for place in np.flatnonzero(reasons.is_valid()).tolist()
        ]
        good = found.filter(reasons.is_null())
        refused = sorted([*raw.rejected, *rejected], key=lambda fault: fault.row)
        yield Batch(
            source,
            split_traits(ids.complete(good.select(EVENTS.names).cast(EVENTS))),
            refused,
            _distinct(raw.rows) + len(raw.rejected),
        )


def _distinct(rows: Sequence[int]) -> int:
    """How many different numbers are in an ascending sequence: a row may give several events."""
    return int(np.count_nonzero(np.diff(np.asarray(rows, np.int64), prepend=0)))
