"""What a query gives, as events are read from files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pyarrow as pa

from segue.adapters.warehouse.databases import opened


@contextlib.contextmanager
def read_query(address: str, query: str) -> Iterator[pa.RecordBatchReader]:
    """The rows of a query for the length of a block, batch by batch as the database sends them.

    Documents, decimals and ids of the database's own types come as text: a decimal is the number it
    says, and stays exact. Raises as `opened` does.
    """
    with opened(address) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        rows = cursor.fetch_record_batch()
        schema = pa.schema([pa.field(one.name, _plain(one.type)) for one in rows.schema])
        yield pa.RecordBatchReader.from_batches(schema, (_cast(one, schema) for one in rows))


def _plain(kind: pa.DataType) -> pa.DataType:
    """The type as which values are handed on: those of the database's own as text."""
    if isinstance(kind, pa.BaseExtensionType):
        return pa.string()
    return kind


def _cast(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    columns = [
        _text(column) if isinstance(column.type, pa.BaseExtensionType) else column
        for column in batch.columns
    ]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _text(column: pa.ExtensionArray) -> pa.Array:
    if column.type.extension_name == "arrow.uuid":
        return pa.array([None if one is None else str(one) for one in column.to_pylist()])
    return column.storage.cast(pa.string())
