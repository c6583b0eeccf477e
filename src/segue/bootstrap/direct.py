"""Segments of events at hand, without a workspace: one call, one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from segue.bootstrap.engine import Engine
from segue.bootstrap.instants import At
from segue.services.explain import Explained


def evaluate(
    events: Any,
    definitions: str | Path | Mapping[str, Any],
    at: At = None,
    *,
    columns: Mapping[str, str] | None = None,
) -> pa.Table:
    """Who is in each segment at an instant: `segment_id, person_id, entered_at, leaves_at`.

    `events` is anything that speaks the Arrow C-stream interface (a pandas or Polars frame, a
    PyArrow table, a DuckDB relation), or the path of a CSV, JSON Lines or Parquet file, or several
    paths; `columns` maps Segue's column names to other ones. `definitions` is the path of a
    `segue.yaml` or a mapping of its shape. `at` is text, a datetime, a date or milliseconds (None:
    the instant of the last event). `leaves_at` is null for those who stay if nothing more happens.

    Raises `DefinitionError` with every problem of the definitions, `InputError` where events
    cannot be read, `UsageError` where `at` is no instant.
    """
    with _viewing(events, definitions, columns) as engine:
        return engine.evaluate(at)


def history(
    events: Any,
    definitions: str | Path | Mapping[str, Any],
    at: At = None,
    *,
    columns: Mapping[str, str] | None = None,
) -> pa.Table:
    """Who ever was in each segment up to an instant: `segment_id, person_id, entered_at, left_at`.

    `left_at` is null for those who are still in. Arguments and errors are those of `evaluate`.
    """
    with _viewing(events, definitions, columns) as engine:
        return engine.history(at)


def explain(
    events: Any,
    definitions: str | Path | Mapping[str, Any],
    person_id: str,
    segment_id: str,
    at: At = None,
    *,
    columns: Mapping[str, str] | None = None,
) -> Explained:
    """Why a person is in a segment at an instant, or not: what holds, the evidence, what flips it.

    The other arguments are those of `evaluate`. Raises `NotFoundError` where the person or the
    segment does not exist, and what `evaluate` raises.
    """
    with _engine(events, definitions, columns) as engine:
        return engine.explain(person_id, segment_id, at)


def _viewing(
    events: Any,
    definitions: str | Path | Mapping[str, Any],
    columns: Mapping[str, str] | None,
) -> Engine:
    """An engine for looking at everybody: files that need not be imported are not."""
    files = _paths(events)
    if files:
        engine = Engine.in_memory(definitions)
        try:
            if engine.read_in_place(files, columns=columns):
                return engine
        except BaseException:
            engine.close()
            raise
        engine.close()
    return _engine(events, definitions, columns)


def _engine(
    events: Any,
    definitions: str | Path | Mapping[str, Any],
    columns: Mapping[str, str] | None,
) -> Engine:
    """An engine in memory that holds the events. Definitions are read first: their problems are
    cheaper to find."""
    engine = Engine.in_memory(definitions)
    try:
        _ = engine.definitions
        if files := _paths(events):
            engine.import_files(files, columns=columns, keep_rejects=False)
        else:
            engine.record(events, columns=columns)
    except BaseException:
        engine.close()
        raise
    return engine


def _paths(events: Any) -> list[str | Path]:
    """The paths that the events are; none where they are a table."""
    if isinstance(events, str | Path):
        return [events]
    given = isinstance(events, Sequence) and all(isinstance(one, str | Path) for one in events)
    return list(events) if given else []
