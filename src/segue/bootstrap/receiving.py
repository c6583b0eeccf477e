"""An import into a running server: files of past events, stored as imported."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from segue.adapters.sources import Layout, read_files
from segue.domain.errors import BusyError
from segue.services.live.intake import Batch, Receipt

Submit = Callable[[Batch], Future[Receipt]]
"""See `Live.submit`."""

EVENTS_AT_ONCE: Final = 10_000
"""Events of a batch: a turn of the live loop stays short."""
_REASONS: Final = 10


@dataclass(frozen=True, slots=True)
class Received:
    """What became of the rows of a file: events that are stored now (some may have been before),
    rows that were rejected, and the most frequent reasons."""

    rows: int
    events: int
    rejected: int
    reasons: dict[str, int]


def receive_file(file: Path, layout: Layout, submit: Submit, now: Callable[[], int]) -> Received:
    """Read a file of events and hand them to a live service, which acts upon none of them.

    Each batch is durable before the next one is read, so what waits stays small. Raises
    `InputError` where the file cannot be read at all.
    """
    rows, events = 0, 0
    reasons: Counter[str] = Counter()
    for batch in read_files([file], layout):
        rows += batch.rows
        reasons.update(one.reason for one in batch.rejected)
        events += sum(one.events for one in receive(batch.events, submit, received_at=now()))
    return Received(rows, events, reasons.total(), dict(reasons.most_common(_REASONS)))


def receive(events: pa.Table, submit: Submit, *, received_at: int) -> Iterator[Receipt]:
    """Hand a table of past events (see `EventStore.append`) to a live service, part by part; each
    is durable before the next one is handed over."""
    for part in _parts(events, received_at):
        yield _submitted(part, submit)


def _parts(events: pa.Table, received_at: int) -> Iterator[Batch]:
    for first in range(0, len(events), EVENTS_AT_ONCE):
        columns = events.slice(first, EVENTS_AT_ONCE).to_pydict()
        yield Batch(
            distinct_id=columns["distinct_id"],
            event=columns["event"],
            occurred_at=columns["occurred_at"],
            event_id=columns["event_id"],
            sequence=columns["sequence"],
            properties=columns["properties"],
            received_at=received_at,
            imported=True,
            told_of=True,
        )


def _submitted(batch: Batch, submit: Submit) -> Receipt:
    """Hand over a batch, again and again where too much waits already, and wait until it is
    durable."""
    while True:
        try:
            return submit(batch).result()
        except BusyError as error:
            time.sleep(error.retry_after)
