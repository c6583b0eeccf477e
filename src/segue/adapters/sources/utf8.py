"""Text columns that may hold bytes which are no UTF-8."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds

from segue.adapters.sources.batch import Raw, Rejected


def only_utf8(raw: Raw, source: str) -> Raw:
    """The rows whose text is UTF-8, every column of bytes as text; the others rejected."""
    table, faults = raw.table, dict[int, str]()
    for place, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        if _is_text(column.type):
            text, bad = _decoded(column)
            faults |= dict.fromkeys(bad, name)
            table = table.set_column(place, name, text)
    if not faults:
        return replace(raw, table=table)
    good = np.ones(len(table), np.bool_)
    good[list(faults)] = False
    rejected = [
        Rejected(source, raw.rows[place], f"{column} is no UTF-8", raw.text(place))
        for place, column in sorted(faults.items())
    ]
    rows = [row for row, kept in zip(raw.rows, good, strict=True) if kept]
    return replace(raw, table=table.filter(good), rows=rows, rejected=[*raw.rejected, *rejected])


def _is_text(kind: pa.DataType) -> bool:
    texts = (kinds.is_string, kinds.is_large_string, kinds.is_string_view)
    return any(test(kind) for test in (*texts, kinds.is_binary, kinds.is_large_binary))


def _decoded(column: pa.ChunkedArray) -> tuple[pa.ChunkedArray, list[int]]:
    """A column as text, and the places of cells that are no UTF-8 (null in it)."""
    raw = column.cast(pa.large_binary())
    try:
        return raw.cast(pa.large_string()), []
    except pa.ArrowInvalid:
        cells = [_text(value) for value in raw.to_pylist()]
        bad = [place for place, (_, readable) in enumerate(cells) if not readable]
        return pa.chunked_array([[text for text, _ in cells]], pa.large_string()), bad


def _text(value: bytes | None) -> tuple[str | None, bool]:
    try:
        return None if value is None else value.decode(), True
    except UnicodeDecodeError:
        return None, False
