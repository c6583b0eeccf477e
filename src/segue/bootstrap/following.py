"""Following the transitions of a running server from another process, across its restarts."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote

import httpx

from segue.bootstrap.presence import Presence, server_of
from segue.bootstrap.workspace import Workspace
from segue.domain.errors import InputError, NotFoundError, UsageError

SILENCE: Final = 45.0
"""Seconds without a sign of life after which a connection counts as lost; the server gives one
every 15."""
_PAUSE: Final = 0.5
_LATEST: Final = 100
_NO_ROOM: Final = frozenset({429, 502, 503})


@dataclass
class Follower:
    """Follows the server that works on a workspace.

    `query` are parameters of the feed. `lost` is told when the server is gone, `found` when it is
    back. `cursor` is the id of the last transition seen (None: begin with what comes now).
    """

    workspace: Workspace
    query: Mapping[str, Any]
    cursor: int | None = None
    lost: Callable[[], None] = lambda: None
    found: Callable[[], None] = lambda: None
    _is_lost: bool = field(default=False, init=False)

    def transitions(self) -> Iterator[dict[str, Any]]:
        """Each transition once, as the API gives it, for ever.

        Raises `NotFoundError` where no server works on the workspace at the beginning, or what is
        followed does not exist.
        """
        server: Presence | None = running(self.workspace)
        while True:
            if server is not None:
                # Where it ended or the connection broke, go on from the cursor.
                with contextlib.suppress(httpx.TransportError):
                    yield from self._stream(server)
            self._tell(lost=True)
            time.sleep(_PAUSE)
            server = server_of(self.workspace)

    def _stream(self, server: Presence) -> Iterator[dict[str, Any]]:
        headers = {"accept": "text/event-stream"}
        if self.cursor is not None:
            headers["last-event-id"] = str(self.cursor)
        with (
            _client(server) as client,
            client.stream(
                "GET", "/api/transitions/stream", params=self.query, headers=headers
            ) as response,
        ):
            if response.status_code in _NO_ROOM:
                return
            _must_be_fine(response)
            self._tell(lost=False)
            for event_id, data in server_sent(response.iter_lines()):
                self.cursor = event_id
                if data:
                    yield json.loads(data)

    def _tell(self, *, lost: bool) -> None:
        if lost != self._is_lost:
            self._is_lost = lost
            (self.lost if lost else self.found)()


def running(workspace: Workspace) -> Presence:
    """The server that works on the workspace. Raises `NotFoundError` where there is none."""
    server = server_of(workspace.found())
    if server is None:
        raise NotFoundError(
            "No server works on this workspace", hint="segue serve starts one, in another terminal"
        )
    return server


def titles(workspace: Workspace) -> dict[str, str]:
    """The titles of the segments, as the server has them now."""
    with _client(running(workspace)) as client:
        response = client.get("/api/segments")
        _must_be_fine(response)
        return {one["segment_id"]: one["title"] for one in response.json()["segments"]}


def event_name(workspace: Workspace, transition: Mapping[str, Any]) -> str:
    """The name of the event that caused a transition; "" where it is not among the latest events of
    the person, or cannot be asked for."""
    server = server_of(workspace)
    if server is None or not transition["event_id"]:
        return ""
    path = f"/api/people/{quote(transition['person_id'], safe='')}/events"
    try:
        with _client(server) as client:
            response = client.get(path, params={"limit": _LATEST})
    except httpx.TransportError:
        return ""
    events = response.json()["events"] if response.is_success else []
    return next((one["event"] for one in events if one["event_id"] == transition["event_id"]), "")


def server_sent(lines: Iterator[str]) -> Iterator[tuple[int, str]]:
    """Server-sent events: the id and the data of each ("" where it has none)."""
    event_id, data = "", ""
    for line in lines:
        if not line:
            if event_id:
                yield int(event_id), data
            event_id, data = "", ""
        elif line.startswith("id:"):
            event_id = line[3:].strip()
        elif line.startswith("data:"):
            data += line[5:].strip()


def _client(server: Presence) -> httpx.Client:
    return httpx.Client(
        base_url=server.address,
        headers={"authorization": f"Bearer {server.secret}"},
        timeout=httpx.Timeout(10.0, read=SILENCE),
        trust_env=False,
    )


def _must_be_fine(response: httpx.Response) -> None:
    """Raise what the server complains of."""
    if response.is_success:
        return
    response.read()
    try:
        body = response.json()
        message, hint = str(body["message"]), str(body["hint"])
    except (ValueError, KeyError, TypeError):
        raise InputError(
            f"the server answered {response.status_code}", hint="is it a Segue of this version?"
        ) from None
    error = NotFoundError if response.status_code == httpx.codes.NOT_FOUND else UsageError
    raise error(message, hint=hint)
