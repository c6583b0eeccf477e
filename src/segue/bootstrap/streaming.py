"""Results as files, written batch by batch: Arrow streams, Parquet, CSV or NDJSON."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from io import BytesIO
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from pyarrow import parquet

from segue.bootstrap.results import json_lines
from segue.domain.errors import StoreFullError

_RFC3339: Final = "%Y-%m-%dT%H:%M:%SZ"
_NO_SPACE: Final = 28
_FORMULA: Final = r"^[=+\-@\t\r]"
"""How a text begins that spreadsheets take for a formula."""


class FileFormat(StrEnum):
    """How a table is written."""

    ARROW = "arrow"
    """The Arrow IPC stream."""
    PARQUET = "parquet"
    CSV = "csv"
    NDJSON = "ndjson"

    @property
    def media_type(self) -> str:
        """What it is called over HTTP."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES: Final[Mapping[FileFormat, str]] = {
    FileFormat.ARROW: "application/vnd.apache.arrow.stream",
    FileFormat.PARQUET: "application/vnd.apache.parquet",
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.NDJSON: "application/x-ndjson",
}


def write_batches(
    batches: Iterable[pa.RecordBatch],
    schema: pa.Schema,
    file: BinaryIO,
    form: FileFormat,
    *,
    documents: tuple[str, ...] = (),
) -> int:
    """Write batches of this schema, one after the other; how many rows that were.

    Instants become RFC 3339 text in CSV and NDJSON; columns named in `documents` hold JSON text and
    stand as JSON in NDJSON. Raises `StoreFullError` where there is no room.
    """
    try:
        return _WRITERS[form](batches, schema, file, documents)
    except OSError as error:
        if error.errno == _NO_SPACE:
            raise StoreFullError("No space is left to write the export") from error
        raise


def sheet(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[bytes]:
    """The lines of CSV that spreadsheets may open, part by part: a text that they would take for a
    formula, which people can send as their id, has an apostrophe before it. Instants are RFC 3339.
    """
    texts = _texts(schema)
    options = arrow_csv.WriteOptions(include_header=False)
    yield _lines(texts.empty_table(), arrow_csv.WriteOptions())
    for batch in batches:
        told = _with_texts(batch, texts)
        columns = [_harmless(one) if pa.types.is_string(one.type) else one for one in told.columns]
        yield _lines(pa.RecordBatch.from_arrays(columns, schema=texts), options)


def _lines(rows: pa.Table | pa.RecordBatch, options: arrow_csv.WriteOptions) -> bytes:
    file = BytesIO()
    arrow_csv.write_csv(rows, file, options)
    return file.getvalue()


def _harmless(column: pa.Array) -> pa.Array:
    is_formula = pc.match_substring_regex(column, _FORMULA)
    return pc.if_else(is_formula, pc.binary_join_element_wise("'", column, ""), column)


def _arrow(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, file: BinaryIO, _: tuple[str, ...]
) -> int:
    rows = 0
    with pa.ipc.new_stream(file, schema) as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _parquet(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, file: BinaryIO, _: tuple[str, ...]
) -> int:
    rows = 0
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        for batch in batches:
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _csv(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, file: BinaryIO, _: tuple[str, ...]
) -> int:
    rows = 0
    texts = _texts(schema)
    with arrow_csv.CSVWriter(file, texts) as writer:
        for batch in batches:
            writer.write_batch(_with_texts(batch, texts))
            rows += batch.num_rows
    return rows


def _texts(schema: pa.Schema) -> pa.Schema:
    """The same columns, with instants as text."""
    return pa.schema(
        [
            (field.name, pa.string()) if pa.types.is_timestamp(field.type) else field
            for field in schema
        ]
    )


def _with_texts(batch: pa.RecordBatch, texts: pa.Schema) -> pa.RecordBatch:
    columns = [
        pc.strftime(column, format=_RFC3339) if pa.types.is_timestamp(column.type) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=texts)


def _ndjson(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, file: BinaryIO, documents: tuple[str, ...]
) -> int:
    rows = 0
    for batch in batches:
        lines = json_lines(pa.Table.from_batches([batch], schema=schema), documents)
        file.writelines(line.encode() + b"\n" for line in lines.to_pylist())
        rows += batch.num_rows
    return rows


_Writer = Callable[[Iterable[pa.RecordBatch], pa.Schema, BinaryIO, tuple[str, ...]], int]
_WRITERS: Final[Mapping[FileFormat, _Writer]] = {
    FileFormat.ARROW: _arrow,
    FileFormat.PARQUET: _parquet,
    FileFormat.CSV: _csv,
    FileFormat.NDJSON: _ndjson,
}
