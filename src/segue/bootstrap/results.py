"""Results as files: Parquet, CSV or JSON Lines, by the ending of the name.

A file appears whole or not at all: it is written beside its place and moved there at the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import BinaryIO, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from pyarrow import parquet

from segue.domain.errors import InputError, StoreFullError, UsageError

_RFC3339: Final = "%Y-%m-%dT%H:%M:%SZ"
_NO_SPACE: Final = 28


def write_table(table: pa.Table, path: Path, *, documents: tuple[str, ...] = ()) -> None:
    """Write the table to the path, in the format that its ending names.

    Instants become RFC 3339 text in CSV and JSON Lines. Columns named in `documents` hold JSON text
    and stand as JSON, not as strings, in JSON Lines. Raises `UsageError` for an unknown ending,
    `InputError` where the folder is missing or may not be written, `StoreFullError` when full.
    """
    write = writer_for(path)
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as file:
            write(table, file, documents)
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        if error.errno == _NO_SPACE:
            raise StoreFullError(f"No space is left to write {path}") from error
        raise InputError(
            f"Cannot write {path}: {error.strerror or error}",
            hint="check that the folder exists and may be written",
        ) from error


def writer_for(path: Path) -> Callable[[pa.Table, BinaryIO, tuple[str, ...]], None]:
    """The writer of the format that the name's ending says. Raises `UsageError` for others."""
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise UsageError(
            f"{path.name!r} names no format", hint=f"end the name in {', '.join(_WRITERS)}"
        )
    return writer


def json_lines(table: pa.Table, documents: tuple[str, ...] = ()) -> pa.ChunkedArray:
    """One JSON object per row, as text, made column by column."""
    columns = [
        pc.binary_join_element_wise(
            pa.scalar(f"{json.dumps(name, ensure_ascii=False)}: "),
            _as_json(table.column(name), as_is=name in documents),
            "",
        )
        for name in table.column_names
    ]
    body = pc.binary_join_element_wise(*columns, ", ")
    return pc.binary_join_element_wise("{", body, "}", "")


def _as_json(values: pa.ChunkedArray, *, as_is: bool) -> pa.ChunkedArray:
    """Each value as JSON text; null is `null`."""
    kind = values.type
    if pa.types.is_timestamp(kind):
        text = pc.binary_join_element_wise('"', pc.strftime(values, format=_RFC3339), '"', "")
    elif pa.types.is_string(kind) and not as_is:
        text = _quoted(values)
    else:
        text = values.cast(pa.string())
    return pc.fill_null(text, "null")


def _quoted(values: pa.ChunkedArray) -> pa.ChunkedArray:
    """Every text as a JSON string; each different one is escaped once per chunk."""
    chunks = []
    for chunk in values.chunks:
        encoded = chunk.dictionary_encode()
        words = [json.dumps(word, ensure_ascii=False) for word in encoded.dictionary.to_pylist()]
        chunks.append(pa.array(words, pa.string()).take(encoded.indices))
    return pa.chunked_array(chunks, pa.string())


def _write_parquet(table: pa.Table, file: BinaryIO, documents: tuple[str, ...]) -> None:
    del documents
    parquet.write_table(table, file, compression="zstd")


def _write_csv(table: pa.Table, file: BinaryIO, documents: tuple[str, ...]) -> None:
    del documents
    columns = [
        pc.strftime(column, format=_RFC3339) if pa.types.is_timestamp(column.type) else column
        for column in table.columns
    ]
    arrow_csv.write_csv(pa.table(columns, names=table.column_names), file)


def _write_json_lines(table: pa.Table, file: BinaryIO, documents: tuple[str, ...]) -> None:
    for batch in table.to_batches(max_chunksize=1 << 17):
        file.writelines(
            line.encode() + b"\n"
            for line in json_lines(pa.Table.from_batches([batch]), documents).to_pylist()
        )


_WRITERS: Final[Mapping[str, Callable[[pa.Table, BinaryIO, tuple[str, ...]], None]]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".jsonl": _write_json_lines,
    ".ndjson": _write_json_lines,
}
