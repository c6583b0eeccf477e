"""A workspace at work: its store, its keys, the live loop, feed and webhooks, begun and ended in
order."""

from __future__ import annotations

import hmac
import logging
import os
import pkgutil
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, Final, Protocol, Self

from segue import __version__
from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap import environment
from segue.bootstrap.acting import Actor
from segue.bootstrap.acting import Watcher as ActingWatcher
from segue.bootstrap.courier import Means, Unwatched
from segue.bootstrap.in_app import InApp
from segue.bootstrap.in_app import Means as InAppMeans
from segue.bootstrap.kept_index import keep_index, kept_index
from segue.bootstrap.loop import Loop
from segue.bootstrap.opening import being_served
from segue.bootstrap.outfit import actor_of, title_of
from segue.bootstrap.presence import Presence, announce, withdraw
from segue.bootstrap.pulse import Pulse
from segue.bootstrap.runs_watch import RunsWatch
from segue.bootstrap.saving import Saved, adopted, read_definitions, save
from segue.bootstrap.settings import Settings
from segue.bootstrap.slow_turns import SlowTurns
from segue.bootstrap.uploads import Uploads
from segue.bootstrap.watching import ProjectWatch
from segue.bootstrap.webhooks import Webhooks, default_reach
from segue.bootstrap.workspace import Workspace
from segue.domain.access import Key, KeyKind, KeyStore
from segue.domain.errors import StoreLockedError
from segue.domain.users import Role
from segue.domain.webhooks import Watcher
from segue.language.acting import acting
from segue.language.models import Project
from segue.language.resolve import resolve
from segue.language.tree import Definitions
from segue.services.live.adopted import AdoptedLive
from segue.services.live.answers import Turned
from segue.services.live.editing import Change
from segue.services.live.feed import Feed
from segue.services.live.live import Index, Live

FIRST_WRITE_KEY: Final = "default"
FIRST_SECRET_KEY: Final = "first"
FIRST_ADMIN: Final = "admin"

LOCAL_KEY: Final = "key_local"
"""The id of the secret key that only the file of presence tells: that of this machine."""

_LOG: Final = logging.getLogger("segue.serving")
_ALL_LOGS: Final = logging.getLogger("segue")
_ADOPTING: Final = 600.0
"""Seconds that evaluating changed definitions may take."""
STUDIO_PATH: Final = "/studio"
"""Where the server shows the studio."""
_SERVER: Final = "segue.http.server:run"
_STUDIO: Final = "segue.ui:studio"
_PREPARE: Final = "segue.ui:prepare"
"""Who answers over HTTP; named, as it stands above this room."""


@dataclass(frozen=True, slots=True)
class Welcome:
    """What somebody who started a server wants to know: where it is, its write key, and its secret
    key where it was made now: nobody can read it again. `studio_link` lets its reader into the
    studio once, as long as nobody has a password there."""

    address: str
    write_key: str
    secret_key: str | None
    workspace: Workspace
    studio_link: str | None = None


class Runner(Protocol):
    """What answers over HTTP."""

    def __call__(
        self, workspace: Workspace, settings: Settings, welcome: Callable[[Welcome], None]
    ) -> None:
        """Answer until the process is told to end; `welcome` is called when it begins."""


def serve(workspace: Workspace, settings: Settings, welcome: Callable[[Welcome], None]) -> None:
    """Serve a workspace until the process is told to end, then end in order.

    Raises `NotFoundError` where there is no workspace, `UsageError` where the address is taken,
    `DefinitionError` and the store's errors where it cannot begin.
    """
    run: Runner = pkgutil.resolve_name(_SERVER)
    run(workspace, settings, welcome)


def studio(serving: Serving) -> Any:
    """The ASGI application of the studio over a workspace that is served."""
    return pkgutil.resolve_name(_STUDIO)(serving)


def prepare_studio() -> None:
    """Begin with what the first page of the studio would wait for, beside what comes next."""

    def prepare() -> None:
        pkgutil.resolve_name(_PREPARE)()

    threading.Thread(target=prepare, name="segue-studio").start()


class Keys:
    """The keys of a store, and one that only this machine knows."""

    def __init__(self, store: KeyStore, local: str) -> None:
        self._store, self._local = store, local.encode()
        self._own = Key(KeyKind.SECRET, LOCAL_KEY, "this machine", 0)

    def find(self, text: str) -> Key | None:
        """The good key with this text, from memory; None where there is none."""
        if hmac.compare_digest(text.encode("utf-8", "replace"), self._local):
            return self._own
        return self._store.find(text)


@dataclass
class Serving:
    """A workspace at work. Make one with `Serving.open`, then `start` it; it ends with its block,
    when what waits is taken in. `alone` is held by whoever analyses the whole log: one at a
    time; `pulse` knows how it goes; `uploads` are the files that came by the studio."""

    workspace: Workspace
    settings: Settings
    store: DuckDBStore
    project: ProjectWatch
    live: Live
    feed: Feed
    actor: Actor
    in_app: InApp
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)
    alone: threading.Lock = field(default_factory=threading.Lock, repr=False)
    pulse: Pulse = field(default_factory=Pulse, repr=False)
    uploads: Uploads = field(init=False, repr=False)
    _loop: Loop | None = None
    _webhooks: Webhooks | None = None
    _presence: Presence | None = None
    _runs: RunsWatch | None = None
    _closed: bool = False

    def __post_init__(self) -> None:
        self.uploads = Uploads(self.workspace.imports, self.live.submit, environment.now)

    @classmethod
    def open(cls, workspace: Workspace, settings: Settings) -> Self:
        """Open the store and take up the work where it ended.

        Raises `NotFoundError` where there is no workspace, `DefinitionError` where its definitions
        cannot be used, and the store's errors.
        """
        project = ProjectWatch.begin(workspace.found().definitions)
        store = _opened(workspace, project.project.timezone)
        try:
            definitions = resolve(project.project)
            with ThreadPoolExecutor(1, thread_name_prefix="segue-prepare") as beside:
                prepared = beside.submit(store.prepare)
                index = None
                if settings.memberships is None:
                    index = kept_index(workspace, store, definitions)
                now = environment.now()
                live = _live(store, definitions, now, settings, index)
                prepared.result()
            store.save_definitions(read_definitions(workspace), known_at=now)
            if (
                index is None and live.knows_reasons
            ):  # a server that is killed keeps nothing: its next start has this
                keep_index(workspace, store, definitions, live.index)
            feed = Feed(store.position().next_transition)
            actor = actor_of(store, live, feed, settings)
            live.allow_lateness(acting(project.project).longest_age)
        except BaseException:
            store.close()
            raise
        means = InAppMeans(
            store,
            acting=lambda: actor.acting,
            standing=live.standing,
            parts=actor.parts,
            now=environment.now,
            controls=lambda: actor.controls,
        )
        return cls(workspace, settings, store, project, live, feed, actor, InApp(means))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def keys(self) -> Keys:
        """The keys that are taken."""
        return Keys(self.store, self.secret)

    @property
    def webhooks(self) -> Webhooks:
        """The webhooks, once started."""
        assert self._webhooks is not None
        return self._webhooks

    @property
    def is_turning(self) -> bool:
        """Whether the loop runs."""
        return self._loop is not None and self._loop.is_turning

    def start(
        self,
        address: str,
        *,
        turned: Callable[[Turned], None],
        watcher: Watcher | None = None,
        acted: ActingWatcher | None = None,
    ) -> Welcome:
        """Begin to turn, to deliver and to act; make the first keys. `turned` is told of every
        turn, `watcher` of every webhook's delivery, `acted` of every campaign's."""
        welcome = self._welcome(address)

        slow = SlowTurns()

        def told(one: Turned) -> None:
            self.actor.wake()  # an event may say what became of a message
            turned(one)
            self.pulse.turned(one)
            slow.look(one)

        _ALL_LOGS.addHandler(self.pulse)
        self.store.spare()
        self._loop = Loop(
            self.live, environment.now, self.feed, turned=told, rested=self.store.checkpoint
        )
        self.live.erased = self._forget
        means = Means(
            store=self.store,
            now=environment.now,
            title_of=partial(title_of, self.live),
            answers_at=address,
            reach=self.settings.webhook_reach or default_reach(self.settings.host),
            watcher=watcher or Unwatched(),
        )
        self._webhooks = Webhooks(means)
        self.feed.listen(self._webhooks.wake)
        self._presence = Presence(address, os.getpid(), self.secret)
        announce(self.workspace, self._presence)  # first, as the folder may be read-only
        self._loop.start()
        self._webhooks.start()
        if acted is not None:
            self.actor.watch(acted)
        self.actor.listen(self.in_app.changed)
        self.feed.listen(self.actor.wake)
        self.actor.start(acting(self.project.project), self.live.definitions)
        if self.settings.memberships is not None and isinstance(self.live, AdoptedLive):
            self._runs = RunsWatch(self.settings.memberships, self.live, environment.now)
            self._runs.start()
        _LOG.info("serving", extra={"address": address, "workspace": self.workspace.folder.name})
        return welcome

    def _forget(self) -> None:
        """Keep nothing in memory of somebody who was erased."""
        self.feed.forget()
        self.uploads.forget_rows()
        self.in_app.changed(None)

    def change_definitions(self, change: Change) -> Saved:
        """Change the project file and put what it says in force; raises as `saving.save` does."""
        with self.project.alone:
            saved = save(self.workspace, self.store, self.live, change, environment.now())
            self.live.allow_lateness(saved.acting.longest_age)
            return adopted(saved, self.actor, self.project)

    def look_at_project(self) -> bool:
        """Whether the project file changed; it is in force then, where it is right."""
        return self.project.look(self._adopt)

    def close(self) -> None:
        """Take in what waits, tell everybody that it ends, and release the store. Closing twice
        does nothing."""
        _ALL_LOGS.removeHandler(self.pulse)
        if self._presence is not None:
            withdraw(self.workspace, self._presence)
        self.uploads.close()
        self.actor.close()  # before the loop: it says there what was delivered
        if self._runs is not None:
            self._runs.stop()
        if self._loop is not None:
            self._loop.stop()
        self.feed.close()
        if self._webhooks is not None:
            self._webhooks.close()
        if not self._closed and self.live.knows_reasons:
            keep_index(self.workspace, self.store, self.live.definitions, self.live.index)
        if not self._closed:
            self.store.close()
            self._closed = True

    def _adopt(self, project: Project, text: str) -> None:
        """Put definitions and campaigns in force that were edited in the file."""
        definitions, campaigns = resolve(project), acting(project)
        self.live.allow_lateness(campaigns.longest_age)
        if definitions != self.live.definitions:
            try:
                self.live.redefine(definitions).result(_ADOPTING)
            except NotYet:
                _LOG.warning("the definitions are not evaluated yet")
        if campaigns != self.actor.acting:
            self.actor.adopt(campaigns, definitions)
        self.store.save_definitions(text, known_at=environment.now())

    def _welcome(self, address: str) -> Welcome:
        """The keys to tell of: that which was asked for, else the first; made where there is
        none."""
        now = environment.now()
        every = self.store.keys()
        good = [key for key in every if key.revoked_at is None]
        has_secret = any(key.kind is KeyKind.SECRET for key in good)
        first = next((key for key in good if key.kind is KeyKind.WRITE), None)
        if first is None or self.settings.write_key is not None:
            name = FIRST_WRITE_KEY if first is None else "given at the start"
            first = self.store.add_write_key(name, now=now, text=self.settings.write_key)
        secret = None
        if not has_secret:
            secret = self.store.add_secret_key(FIRST_SECRET_KEY, now=now).text
        return Welcome(
            address, first.text or "", secret, self.workspace, self._invite(address, now)
        )

    def _invite(self, address: str, now: int) -> str | None:
        """A link into the studio for the first admin, made where there is none; None once somebody
        can sign in without it."""
        good = [user for user in self.store.users() if user.ended_at is None]
        if any(user.has_password for user in good):
            return None
        admins = (user for user in good if user.role is Role.ADMIN)
        first = next(admins, None) or self.store.add_user(FIRST_ADMIN, Role.ADMIN, now=now)
        secret = self.store.add_link(first.id, now=now)
        return f"{address}{STUDIO_PATH}/enter/{secret}"


def _live(
    store: DuckDBStore,
    definitions: Definitions,
    now: int,
    settings: Settings,
    index: Index | None,
) -> Live:
    """The live service, with memberships from the events that arrive or from runs."""
    if settings.memberships is not None:
        return AdoptedLive.resume(store, definitions, now)
    return Live.begin(store, definitions, now, index=index, version=__version__)


def _opened(workspace: Workspace, timezone: str) -> DuckDBStore:
    """The store. Raises its errors, of a locked one naming the server that holds it."""
    try:
        return DuckDBStore.open(workspace.store, timezone=timezone)
    except StoreLockedError as error:
        raise being_served(workspace, error) from error
