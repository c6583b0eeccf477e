"""Parquet files and Arrow streams: typed columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

import pyarrow as pa
import pyarrow.parquet as pq

from segue.adapters.sources.batch import Raw
from segue.domain.errors import InputError

_PANDAS_INDEX: Final = "__index_level_"


@runtime_checkable
class ArrowStream(Protocol):
    """Whatever speaks the Arrow C-stream interface: frames of pandas and Polars, Arrow tables."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


def read_parquet(path: Path, rows_at_once: int) -> Iterator[Raw]:
    """The rows of a Parquet file, in pieces. Raises `InputError` where it is none."""
    try:
        with pq.ParquetFile(path) as file:
            batches = file.iter_batches(batch_size=rows_at_once)
            yield from _numbered(batches, file.schema_arrow, rows_at_once)
    except (pa.ArrowInvalid, OSError) as error:
        raise InputError(
            f"{path} cannot be read as Parquet: {error}", hint="Check that the file is whole."
        ) from error


def read_stream(events: object, rows_at_once: int) -> Iterator[Raw]:
    """The rows of an Arrow stream, in pieces. Raises `InputError` where it is none."""
    reader = open_stream(events)
    yield from _numbered(iter(reader), reader.schema, rows_at_once)


def open_stream(events: object) -> pa.RecordBatchReader:
    """A reader of anything that speaks the Arrow C-stream interface."""
    if not isinstance(events, ArrowStream):
        raise InputError(
            f"events of type {type(events).__name__} do not speak the Arrow C-stream interface",
            hint="Give a pandas, Polars or PyArrow table, or read files with `import`.",
        )
    return pa.RecordBatchReader.from_stream(events)


def _numbered(
    batches: Iterator[pa.RecordBatch], schema: pa.Schema, rows_at_once: int
) -> Iterator[Raw]:
    kept = [name for name in schema.names if not name.startswith(_PANDAS_INDEX)]
    first = 1
    for batch in batches:
        for start in range(0, batch.num_rows, rows_at_once):
            piece = pa.Table.from_batches([batch.slice(start, rows_at_once)]).select(kept)
            yield Raw(piece, range(first, first + len(piece)))
            first += len(piece)
    if first == 1:
        yield Raw(schema.empty_table().select(kept), [])
