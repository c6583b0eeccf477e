"""The store of a workspace, whoever holds it: this process, or a server that works on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import pyarrow as pa

import segue
from segue.adapters.duckdb_store import DuckDBStore
from segue.adapters.remote_store import RemoteStore
from segue.bootstrap.presence import Presence, server_of
from segue.bootstrap.workspace import Workspace
from segue.domain.campaigns import Suppressed
from segue.domain.errors import StoreLockedError
from segue.domain.live import Published
from segue.domain.ports import EventStore
from segue.domain.results import ResultsStore
from segue.timeline.log import Log, Request, TraitRequest


class OpenStore(
    EventStore[Request | TraitRequest, Log, pa.Table], ResultsStore, Published, Protocol
):
    """The store of a workspace as the engine uses it."""

    def suppress(self, entries: Sequence[Suppressed]) -> int:
        """See `ActingStore.suppress`."""


def opened_store(workspace: Workspace, *, timezone: str) -> OpenStore:
    """The store of a workspace: its file or, while a server holds that, the server.

    `timezone` is that of the definitions to be used. Raises the store's errors.
    """
    try:
        return DuckDBStore.open(workspace.store, timezone=timezone)
    except StoreLockedError:
        server = server_of(workspace)
        if server is None:
            raise
        # The version is asked for late: this module is read while the package still is.
        version = segue.__version__
        return RemoteStore(server.address, server.secret, version=version, timezone=timezone)


def must_not_be_served(workspace: Workspace) -> None:
    """Raise `StoreLockedError` where a server works on the workspace."""
    server = server_of(workspace)
    if server is not None:
        raise _served_by(server, workspace)


def being_served(workspace: Workspace, error: StoreLockedError) -> StoreLockedError:
    """That a store is locked, naming the server that holds it, where there is one."""
    server = server_of(workspace)
    return error if server is None else _served_by(server, workspace)


def _served_by(server: Presence, workspace: Workspace) -> StoreLockedError:
    return StoreLockedError(
        f"{workspace.store} is being served, at {server.address}",
        hint=f"stop that server first, process {server.pid}",
    )
