"""What the routes may use: one object, made when the server starts.

The application keeps it in its state; a route asks for it with the parameter `here: Here`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Protocol

from anyio import CapacityLimiter
from fastapi import Depends, Request

from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.acting import Actor
from segue.bootstrap.in_app import InApp
from segue.bootstrap.settings import Settings
from segue.bootstrap.watching import ProjectWatch
from segue.bootstrap.webhooks import Webhooks
from segue.bootstrap.workspace import Workspace
from segue.domain.access import Key
from segue.http.desk import Desk
from segue.http.metrics import Metrics
from segue.http.rejected import Rejections
from segue.services.live.feed import Feed
from segue.services.live.live import Live


class Keys(Protocol):
    """The keys of a workspace."""

    def find(self, text: str) -> Key | None:
        """The good key with this text, from memory; None where there is none."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that a route may use.

    `clock` gives now in ms, `is_turning` says whether the loop runs, `project` is the project file
    as it is in force, `metrics` count what happens; `rejected` are events that were not taken, on
    their way to the store; at the `desk` long analyses are worked on, one at a time.
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
    actor: Actor
    in_app: InApp
    is_turning: Callable[[], bool] = lambda: True
    metrics: Metrics = field(default_factory=Metrics)
    rejected: Rejections = field(default_factory=Rejections)
    calling: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(1))
    desk: Desk = field(default_factory=Desk)


def context_of(request: Request) -> Context:
    """The context of the application that a request came to."""
    context = request.app.state.context
    assert isinstance(context, Context)
    return context


async def _context_of(request: Request) -> Context:
    """The same for the framework, which sends what is not async to another thread and waits."""
    return context_of(request)


Here = Annotated[Context, Depends(_context_of)]
"""A parameter of a route that needs the context."""
