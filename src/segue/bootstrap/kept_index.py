"""The log in memory, kept beside the store for the next start: a cache that may be deleted."""

from __future__ import annotations

import hashlib
import logging
from typing import Final

from segue import __version__
from segue.adapters import log_snapshot
from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.workspace import Workspace
from segue.language.tree import Definitions
from segue.services.live.kept import KeptStanding
from segue.services.live.live import Index
from segue.timeline.evaluate import requests_of

_LOG: Final = logging.getLogger("segue.index")


def kept_index(workspace: Workspace, store: DuckDBStore, definitions: Definitions) -> Index | None:
    """The kept log, where it is one of these definitions and of the events that are stored; one of
    other events is removed: somebody may be in it who was erased."""
    snapshot = log_snapshot.load(workspace.index, requests_of(definitions))
    if snapshot is None:
        return None
    next_ref = snapshot.facts.get("next_ref")
    if not isinstance(next_ref, int) or snapshot.facts != _facts(store, definitions, next_ref):
        workspace.forget_index()
        return None
    kept = KeptStanding.of(snapshot.arrays)
    return Index(snapshot.log, snapshot.codebook, next_ref, kept)


def keep_index(
    workspace: Workspace, store: DuckDBStore, definitions: Definitions, index: Index
) -> None:
    """Keep the log for the next start; where the disk refuses, that will take longer."""
    facts = _facts(store, definitions, index.next_ref)
    try:
        arrays = {} if index.kept is None else index.kept.arrays
        log_snapshot.save(workspace.index, index.log, index.codebook, facts, arrays)
    except OSError as error:
        _LOG.warning("the index was not kept: %s", error)


def _facts(store: DuckDBStore, definitions: Definitions, next_ref: int) -> dict[str, int | str]:
    """What must be equal for a kept log to be of use: events may have been erased or replaced."""
    read_with = (definitions.not_activity, definitions.timezone, __version__)
    return {
        "next_ref": next_ref,
        "events": store.count_before(next_ref),
        "read_with": hashlib.sha256(repr(read_with).encode()).hexdigest(),
    }
