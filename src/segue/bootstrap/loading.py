"""Events from files and Arrow streams into a store, with what became of every row."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self, TypeAlias

from segue.adapters.sources import Batch, Layout, Rejected, kind_of, read_arrow, read_files
from segue.adapters.warehouse import read_query
from segue.bootstrap import environment
from segue.domain.errors import InputError
from segue.domain.ports import Appended
from segue.services.view import Store

OnRows: TypeAlias = Callable[[int, int | None], None]
"""Told how many rows are read, and of how many (None: not known)."""

QUERY: Final = "query"
"""The source of rows that a query gave."""
_REASONS: Final = 5


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of the rows of one file, and how long it took. `reasons` are the most frequent
    ones of the rejected rows; `rejects` is the file that holds them."""

    source: str
    rows: int
    stored: int
    duplicates: int
    conflicts: int
    conflicting_ids: tuple[str, ...]
    unreadable_numbers: int
    rejected: int
    reasons: tuple[tuple[str, int], ...]
    rejects: Path | None
    seconds: float


def import_files(
    store: Store,
    files: Sequence[str | Path],
    layout: Layout,
    *,
    on_rows: OnRows | None,
    keep_rejects: bool,
) -> list[Imported]:
    """Read the files into the store; rejected rows go into `FILE.rejects.jsonl` beside each where
    they are kept. Raises `InputError` where a file cannot be read at all."""
    batches = read_files([str(file) for file in files], layout)
    return _taken_in(store, batches, on_rows=on_rows, keep_rejects=keep_rejects)


def import_query(
    store: Store, address: str, query: str, layout: Layout, *, on_rows: OnRows | None
) -> Imported:
    """Read what a query of a database gives into the store; rejected rows go into
    `query.rejects.jsonl` where one is. Raises `InputError` where the database cannot be asked or a
    needed column is missing, `UsageError` where its driver is missing."""
    with read_query(address, query) as rows:
        batches = (replace(one, source=QUERY) for one in read_arrow(rows, layout))
        found = _taken_in(store, batches, on_rows=on_rows, keep_rejects=True)
    return found[0] if found else Count(QUERY).imported(None)


def _taken_in(
    store: Store, batches: Iterable[Batch], *, on_rows: OnRows | None, keep_rejects: bool
) -> list[Imported]:
    received_at = environment.now()
    counts: dict[str, Count] = {}
    rows, began = 0, time.monotonic()
    with Rejects(keep=keep_rejects) as rejects:
        for batch in batches:
            count = counts.setdefault(batch.source, Count(batch.source))
            appended = store.append(batch.events, received_at=received_at)
            rejects.write(batch.source, batch.rejected)
            count.add(batch, appended, time.monotonic() - began)
            rows, began = rows + batch.rows, time.monotonic()
            if on_rows is not None:
                on_rows(rows, None)
        return [count.imported(rejects.path_of(source)) for source, count in counts.items()]


def record_arrow(store: Store, events: object, layout: Layout) -> Appended:
    """Store the events of an Arrow stream. Raises `InputError` where any row cannot be read: there
    is no file to keep it in."""
    received_at = environment.now()
    batches = list(read_arrow(events, layout))
    rejected = [one for batch in batches for one in batch.rejected]
    if rejected:
        first = rejected[0]
        raise InputError(
            f"{len(rejected)} rows are no events; row {first.row}: {first.reason}",
            hint="drop or correct them; from a file the good rows would be read all the same",
        )
    parts = (store.append(batch.events, received_at=received_at) for batch in batches)
    return reduce(Appended.plus, parts, Appended())


@dataclass
class Count:
    """Counts the batches of one file, until now or in all."""

    source: str
    rows: int = 0
    appended: Appended = field(default_factory=Appended)
    reasons: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, batch: Batch, appended: Appended, seconds: float) -> None:
        """Count one batch, and how long reading and storing it took."""
        self.rows += batch.rows
        self.appended = self.appended.plus(appended)
        self.reasons.update(kind_of(one.reason) for one in batch.rejected)
        self.seconds += seconds

    def imported(self, rejects: Path | None) -> Imported:
        """The outcome."""
        return Imported(
            self.source,
            self.rows,
            self.appended.stored,
            self.appended.duplicates,
            self.appended.conflicts,
            self.appended.conflicting_ids,
            self.appended.unreadable_numbers,
            self.reasons.total(),
            tuple(self.reasons.most_common(_REASONS)),
            rejects,
            self.seconds,
        )


class Rejects:
    """The reject files of an import, one per source, opened when the first row needs it."""

    def __init__(self, *, keep: bool) -> None:
        self._keep = keep
        self._files: dict[str, IO[str]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for file in self._files.values():
            file.close()

    @staticmethod
    def path_for(source: str) -> Path:
        """Where rejected rows of the source go, if there are any."""
        return Path(f"{source}.rejects.jsonl")

    def path_of(self, source: str) -> Path | None:
        """Where the rejected rows of the source are; None where there are none."""
        return self.path_for(source) if source in self._files else None

    def write(self, source: str, rejected: Sequence[Rejected]) -> None:
        """Add rows to the source's file."""
        if not (self._keep and rejected):
            return
        if source not in self._files:
            self._files[source] = _opened(self.path_for(source))
        self._files[source].writelines(
            json.dumps({"row": one.row, "reason": one.reason, "raw": one.raw}, ensure_ascii=False)
            + "\n"
            for one in rejected
        )


def _opened(path: Path) -> IO[str]:
    try:
        return path.open("w", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise InputError(
            f"Cannot write the rejected rows to {path}: {error.strerror or error}",
            hint="import from a folder that may be written",
        ) from error
