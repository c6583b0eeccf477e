"""Where a verb's events and definitions come from: a workspace, or files given on the spot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from segue.bootstrap.engine import Engine
from segue.bootstrap.environment import default_workspace
from segue.cli.options import columns_of
from segue.cli.progress import reading
from segue.domain.errors import UsageError


@contextmanager
def viewed(
    workspace: Path | None,
    events: Sequence[str] | None,
    definitions: Path | None,
    columns: Sequence[str] | None,
    time_zone: str | None,
    *,
    quiet: bool,
) -> Iterator[Engine]:
    """As `opened`, for looking at everybody at once: files that need not be imported are not."""
    if events and definitions is not None and workspace is None:
        with Engine.in_memory(definitions) as engine:
            if engine.read_in_place(events, columns=columns_of(columns), time_zone=time_zone):
                yield engine
                return
    with opened(workspace, events, definitions, columns, time_zone, quiet=quiet) as engine:
        yield engine


@contextmanager
def opened(
    workspace: Path | None,
    events: Sequence[str] | None,
    definitions: Path | None,
    columns: Sequence[str] | None,
    time_zone: str | None,
    *,
    quiet: bool,
) -> Iterator[Engine]:
    """The engine that the shared options describe; closed at the end.

    Raises `UsageError` where the options contradict each other.
    """
    mapping = columns_of(columns)
    if not events:
        if mapping or time_zone:
            raise UsageError(
                "--columns and --time-zone say how to read --events, and there are none",
                hint="a workspace has read its events already",
            )
        with Engine.open(workspace or default_workspace(), definitions=definitions) as engine:
            yield engine
        return
    if workspace is not None:
        raise UsageError("--events and --workspace contradict each other", hint="give one of them")
    if definitions is None:
        raise UsageError(
            "--events needs --definitions", hint="for example --definitions segue.yaml"
        )
    with Engine.in_memory(definitions) as engine:
        with reading(quiet=quiet) as on_rows:
            engine.import_files(events, columns=mapping, time_zone=time_zone, on_rows=on_rows)
        yield engine
