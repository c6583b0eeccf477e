"""Files that are tables of anything, not of events: Parquet, CSV, JSON Lines."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.json as pj
import pyarrow.parquet as pq

from segue.domain.errors import InputError, NotFoundError


def read_table(path: Path | str, columns: Sequence[str]) -> pa.Table:
    """The columns of a file, of those named that it has all; whichever kind its name says it is.

    Raises `NotFoundError` where there is no such file and `InputError` where it cannot be read.
    """
    file = Path(path)
    if not file.is_file():
        raise NotFoundError(f"there is no file {file}", hint="Parquet, CSV or JSON Lines")
    try:
        table = _read(file)
    except (pa.ArrowInvalid, OSError) as error:
        why = str(error).splitlines()[0]
        raise InputError(
            f"{file} cannot be read: {why}", hint="Parquet, CSV or JSON Lines"
        ) from None
    kept = [name for name in columns if name in table.column_names]
    return table.select(kept) if len(kept) == len(columns) else table


def _read(file: Path) -> pa.Table:
    match file.suffix.lower():
        case ".parquet":
            return pq.read_table(file)
        case ".jsonl" | ".ndjson":
            return pj.read_json(file)
        case _:
            return pv.read_csv(file)
