"""From a file that nobody has described to a workspace: sample, guess, read, keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pyarrow as pa
from pyarrow import csv, parquet
from pyarrow import json as arrow_json

from segue.adapters.sources import NEEDED, guess_columns, sample_file
from segue.adapters.sources.shapes import is_posthog, is_segment
from segue.bootstrap.engine import Engine
from segue.bootstrap.loading import Imported, OnRows
from segue.domain.errors import InputError
from segue.services.tabular import Rates, Topics, rates_by_group, topics

MOST_ROWS: Final = 1_000_000
"""Rows of a table that is no event log which are looked at."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What a file seems to be: its columns by role and the needed roles that no column has; or
    whose export it is (`PostHog`, `Segment`), which needs no columns said. `values` are the first
    values of each column."""

    path: Path
    names: tuple[str, ...]
    columns: Mapping[str, str]
    missing: tuple[str, ...]
    exported_by: str = ""
    values: Mapping[str, Sequence[object]] = field(default_factory=dict)

    @property
    def renamed(self) -> dict[str, str]:
        """The roles whose column has another name."""
        return {role: column for role, column in self.columns.items() if role != column}


@dataclass(frozen=True)
class Begun:
    """Events read into memory, and how: the caller closes the engine."""

    engine: Engine
    imported: tuple[Imported, ...]
    files: tuple[str, ...]
    columns: Mapping[str, str]
    time_zone: str | None
    time_format: str | None


def read_sample(file: str, columns: Mapping[str, str]) -> Sample:
    """Guess the columns of a file; what is given is not guessed.

    Raises `NotFoundError` where there is no such file and `InputError` where it cannot be read.
    """
    names, values = sample_file(file)
    exported_by = "" if columns else _exported_by(names)
    if exported_by:
        return Sample(Path(file), tuple(names), {}, (), exported_by, values)
    free = [name for name in names if name not in columns.values()]
    guess = guess_columns(free, values)
    found = {
        **{role: name for role, name in guess.columns.items() if role not in columns},
        **columns,
    }
    missing = tuple(role for role in NEEDED if role not in found)
    return Sample(Path(file), tuple(names), found, missing, values=values)


def _exported_by(names: Sequence[str]) -> str:
    if is_segment(names):
        return "Segment"
    return "PostHog" if is_posthog(names) else ""


def begin(
    files: Sequence[str],
    columns: Mapping[str, str],
    *,
    time_zone: str | None,
    time_format: str | None,
    on_rows: OnRows | None,
) -> Begun:
    """Read files into memory under a project without definitions.

    Raises `InputError` where no row of theirs is an event.
    """
    name = Path(files[0]).name.split(".")[0]
    engine = Engine.in_memory({"project": name, "timezone": time_zone or "UTC"})
    imported = engine.import_files(
        files,
        columns=columns,
        time_zone=time_zone,
        time_format=time_format,
        on_rows=on_rows,
        keep_rejects=False,
    )
    if not engine.extent().events:
        engine.close()
        reasons = [reason for one in imported for reason, _ in one.reasons]
        raise InputError(
            f"There are no events in {', '.join(files)}",
            hint=f"no row could be read: {reasons[0]}" if reasons else "the file is empty",
        )
    return Begun(engine, tuple(imported), tuple(files), columns, time_zone, time_format)


def keep(begun: Begun, definitions: str, folder: Path) -> None:
    """Make a workspace with these definitions and the same events.

    Raises `UsageError` where there is one already.
    """
    with Engine.create(folder, definitions) as engine:
        engine.import_files(
            begun.files,
            columns=begun.columns,
            time_zone=begun.time_zone,
            time_format=begun.time_format,
        )


@dataclass(frozen=True, slots=True)
class Strange:
    """A file that is no event log: how many rows were looked at (None: it is no plain table), and
    what they say all the same."""

    sample: Sample
    rows: int | None
    rates: Rates | None
    topics: Topics | None


def look_at(sample: Sample) -> Strange:
    """What a file that is no event log says all the same."""
    table = _table(sample.path)
    if table is None:
        return Strange(sample, None, None, None)
    return Strange(sample, table.num_rows, rates_by_group(table), topics(table))


def _table(path: Path) -> pa.Table | None:
    """The rows of a file as they are, at most so many; None where they are no plain table."""
    plain = path.with_suffix("") if path.suffix.lower() in {".gz", ".bz2", ".zst"} else path
    try:
        if plain.suffix.lower() in {".parquet", ".pq"}:
            return parquet.read_table(path).slice(0, MOST_ROWS)
        with pa.input_stream(str(path), compression="detect") as stream:
            read = (
                csv.read_csv if plain.suffix.lower() in {".csv", ".tsv"} else arrow_json.read_json
            )
            return read(stream).slice(0, MOST_ROWS)
    except (pa.ArrowException, OSError):
        return None
