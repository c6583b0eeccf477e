"""What the routes may use: one object, made when the server starts.

The application keeps it in its state; a route asks for it with the parameter `here: Here`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Protocol

from fastapi import Depends, Request

from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.settings import Settings
from segue.bootstrap.watching import ProjectWatch
from segue.bootstrap.webhooks import Webhooks
from segue.bootstrap.workspace import Workspace
from segue.http.metrics import Metrics
from segue.http.rejected import Rejections
from segue.services.live.feed import Feed
from segue.services.live.live import Live


class Right(StrEnum):
    """What a key is good for."""

    WRITE = "write"
    """Sending events."""
    MANAGE = "secret"
    """Everything."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key that is known: what it is called in logs and answers, what it is good for, and, of a
    write key, the secret that signs identities."""

    name: str
    right: Right
    signing_secret: bytes | None = None


class Keys(Protocol):
    """The keys of a workspace."""

    def find(self, text: str) -> Key | None:
        """The key with this text, from memory; None where there is none."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that a route may use.

    `clock` gives now in ms; `project` is the project file as it is in force; `metrics` count what
    happens, `rejected` keeps the latest events that were not taken.
    """

    live: Live
    store: DuckDBStore
    feed: Feed
    keys: Keys
    clock: Callable[[], int]
    settings: Settings
    workspace: Workspace
    project: ProjectWatch
    webhooks: Webhooks
    metrics: Metrics = field(default_factory=Metrics)
    rejected: Rejections = field(default_factory=Rejections)


def context_of(request: Request) -> Context:
    """The context of the application that a request came to."""
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


Here = Annotated[Context, Depends(context_of)]
"""A parameter of a route that needs the context."""
