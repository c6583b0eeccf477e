"""CSV files: every value is text, an empty cell is missing, `""` is the empty text."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.csv as pa_csv

from segue.adapters.sources.batch import Raw, Rejected
from segue.domain.errors import InputError

_BLOCK: Final = 32 << 20
"""Bytes read at once; no row may be longer."""
_HEADER: Final = 1 << 20
_DELIMITERS: Final = ",;\t|"


def read_csv(path: Path) -> Iterator[Raw]:
    """The rows of a CSV file with a header, in pieces.

    Commas, semicolons, tabs and bars are told apart by the header; quoted cells may hold line
    breaks. Rows that have more or fewer cells than the header are rejected. Raises `InputError`
    where there is no header, or a row is longer than 32 MB.
    """
    names, delimiter = _header(path)
    rejected: list[Rejected] = []

    def refuse(row: pa_csv.InvalidRow) -> str:
        reason = f"{row.actual_columns} cells where the header has {row.expected_columns}"
        rejected.append(Rejected(str(path), row.number - 1, reason, row.text))
        return "skip"

    reader = pa_csv.open_csv(
        pa.input_stream(str(path), compression="detect"),
        read_options=pa_csv.ReadOptions(
            use_threads=False, block_size=_BLOCK, column_names=names, skip_rows=1
        ),
        parse_options=pa_csv.ParseOptions(
            delimiter=delimiter, newlines_in_values=True, invalid_row_handler=refuse
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.binary()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    yield from _pieces(reader, path, rejected)


def _pieces(
    reader: pa_csv.CSVStreamingReader, path: Path, rejected: list[Rejected]
) -> Iterator[Raw]:
    """Pieces of the file, each with the rows that were rejected up to there."""
    following = 1
    while (batch := _next(reader, path)) is not None:
        bad = {fault.row for fault in rejected}
        rows: list[int] = []
        while len(rows) < batch.num_rows:
            if following not in bad:
                rows.append(following)
            following += 1
        before = [fault for fault in rejected if fault.row < following]
        rejected[:] = rejected[len(before) :]
        yield Raw(pa.Table.from_batches([batch]), rows, rejected=before)
    if rejected or following == 1:
        yield Raw(pa.Table.from_batches([], reader.schema), [], rejected=rejected)


def _next(reader: pa_csv.CSVStreamingReader, path: Path) -> pa.RecordBatch | None:
    try:
        return reader.read_next_batch()
    except StopIteration:
        return None
    except pa.ArrowInvalid as error:
        raise InputError(
            f"{path}: {error}",
            hint="A row may be longer than 32 MB: look for a quote that is never closed.",
        ) from error


def _header(path: Path) -> tuple[list[str], str]:
    """The names of the columns and the delimiter between them."""
    with pa.input_stream(str(path), compression="detect") as stream:
        start = stream.read(_HEADER)
    text = start.decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise InputError(f"{path} is empty", hint="A CSV file starts with a row of column names.")
    line = text.splitlines()[0]
    delimiter = max(_DELIMITERS, key=line.count)
    names = next(csv.reader([line], delimiter=delimiter), [])
    if len(set(names)) < len(names):
        twice = sorted({name for name in names if names.count(name) > 1})
        raise InputError(
            f"{path}: the header names {', '.join(twice)} twice", hint="Rename one of them."
        )
    return [name.strip() for name in names], delimiter
