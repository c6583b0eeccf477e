"""What other processes may do with a store while a server works on it.

They read the store as it is. What they write goes through the live loop, so that memberships
follow at once; nobody acts upon what an import changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow as pa

from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.receiving import receive
from segue.bootstrap.saving import finished
from segue.bootstrap.workspace import Workspace
from segue.domain.ports import Appended, Erased
from segue.services.live.live import Live


def calls_of(
    store: DuckDBStore, live: Live, workspace: Workspace
) -> Mapping[str, Callable[..., Any]]:
    """The calls of an `OpenStore` by their names, for a store that a live service works on."""

    def append(events: pa.Table, *, received_at: int) -> Appended:
        receipts = receive(events, live.submit, received_at=received_at)
        found = (one.appended for one in receipts if one.appended is not None)
        return reduce(Appended.plus, found, Appended())

    def erase(person_id: str) -> Erased:
        return erase_served(live, workspace, person_id)

    def backup(target: str) -> None:
        store.backup(Path(target))

    reading = (
        *(store.read, store.events, store.extent, store.summaries, store.trait_names),
        *(store.common_values, store.event_counts),
        store.transitions,
        *(store.person_of, store.distinct_ids, store.refused_links),
        *(store.save_definitions, store.definition_versions, store.thresholds),
        store.suppress,
        *(store.tallies, store.refusals, store.lateness),
        *(store.survey_answers, store.survey_shown),
    )
    named: tuple[Callable[..., Any], ...] = (append, erase, backup, *reading)
    return {call.__name__: call for call in named}


def erase_served(live: Live, workspace: Workspace, person_id: str) -> Erased:
    """Remove a person from a workspace that is served, also from what an earlier server kept.

    Raises `NotFoundError` where nobody has this person id.
    """
    erased = finished(live.erase(person_id))
    workspace.forget_index()
    return erased
