"""Events in, as the SDKs of Segment and PostHog send them: the busiest path, so without framework.

The answer is exactly 200, and it comes when the events are durable: to an SDK everything else is
either a reason to send them again or to throw them away. Of a batch the good events are stored and
the bad ones reported; the whole is refused only where nothing can be read at all.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from segue.adapters.wire import (
    Decoded,
    LinkedPairs,
    Policy,
    decode_posthog,
    decode_segment,
    posthog_key,
    read_body,
    segment_key,
)
from segue.adapters.wire import Limits as WireLimits
from segue.bootstrap.identifiers import new_event_id
from segue.domain.access import Key
from segue.domain.errors import SegueError
from segue.domain.rejected import RejectedEvent
from segue.http.access import key_of, known
from segue.http.context import Context
from segue.http.durable import Durable
from segue.http.errors import JSON, Refusal, answer
from segue.http.limits import Body, Held, Rates, Room
from segue.http.paths import plain
from segue.language.models import Project
from segue.services.live.intake import Batch

LARGE: Final = 256 * 1024
"""Bodies beyond this many bytes are decoded beside the event loop."""
LARGE_PACKED: Final = 4 * 1024
"""The same for packed ones, which may be a thousand times larger than they look."""
LONGEST_QUERY: Final = 4096
"""Bytes of a query that are looked at for what stands beside the events."""
MOST_REPORTED: Final = 20
"""Rejected events that an answer names."""

_PACKED: Final = b"\x1f\x8b"
_SDK: Final = re.compile(rb"[\w.-]{1,60}/[\w.+-]{1,30}")


@dataclass(frozen=True, slots=True)
class Request:
    """One request of an SDK, before its key is known: the body as it was sent, `headers` by their
    names in lower case (of several the last), and when it was received (ms)."""

    body: bytes
    headers: Mapping[bytes, bytes]
    query: bytes
    received_at: int


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a family of SDKs speaks: where its body has the key, how events are read from it, and
    what it wants to hear; `busy` is the status with which it sends again later."""

    key: Callable[[bytes, bytes], str | None]
    decode: Callable[[bytes, Request, Policy], Decoded]
    success: Callable[[Decoded], dict[str, Any]]
    methods: tuple[str, ...] = ("POST",)
    busy: int = HTTPStatus.TOO_MANY_REQUESTS


def _asked(query: bytes) -> dict[str, str]:
    """The fields of a query, of several with one name the last."""
    if not query:
        return {}
    return dict(parse_qsl(query[:LONGEST_QUERY].decode("latin-1")))


def _segment(path_type: str) -> Dialect:
    return Dialect(
        key=lambda body, _query: segment_key(body),
        decode=lambda body, request, policy: decode_segment(
            body, path_type=path_type, received_at=request.received_at, policy=policy
        ),
        success=partial(_reported, {"success": True}),
    )


def _posthog(success: Callable[[Decoded], dict[str, Any]]) -> Dialect:
    return Dialect(
        key=lambda body, query: posthog_key(body, _asked(query)),
        decode=lambda body, request, policy: decode_posthog(
            body,
            query=_asked(request.query),
            received_at=request.received_at,
            policy=policy,
        ),
        success=success,
        methods=("POST", "GET"),
        busy=HTTPStatus.SERVICE_UNAVAILABLE,  # posthog-js throws away what is answered with 429
    )


def _reported(success: dict[str, Any], decoded: Decoded) -> dict[str, Any]:
    """Success, and which events of it are not stored, as far as there are any."""
    if not decoded.rejected:
        return success
    rejected = [
        {"message_id": one.message_id, "reason": one.reason.value, "message": one.message}
        for one in decoded.rejected[:MOST_REPORTED]
    ]
    return success | {"rejected": rejected, "rejected_count": len(decoded.rejected)}


def _by_event(decoded: Decoded) -> dict[str, Any]:
    """What PostHog's newer protocol wants to hear: the fate of each event."""
    results: dict[str, Any] = {event_id: {"result": "ok"} for event_id in decoded.event_id}
    for one in decoded.rejected:
        if one.message_id is not None:
            results[one.message_id] = {"result": "drop", "details": one.message}
    return {"results": results}


def _dialects() -> dict[str, Dialect]:
    kinds = ("track", "identify", "page", "screen", "group", "alias", "batch")
    found = {f"/v1/{kind}": _segment(kind) for kind in kinds}
    found |= {f"/v1/{kind[0]}": _segment(kind) for kind in kinds}
    found |= dict.fromkeys(("/v1/import", "/beacon/v1/batch"), _segment("batch"))
    posthog = _posthog(partial(_reported, {"status": "Ok"}))
    found |= dict.fromkeys(("/batch", "/e", "/i/v0/e", "/capture", "/track", "/engage"), posthog)
    found["/i/v1/analytics/events"] = _posthog(_by_event)
    return found


DIALECTS: Final = _dialects()
"""The dialect of each path, without a slash at its end."""

SWALLOWED: Final = frozenset({"/v1/m", "/s"})
"""What SDKs tell of themselves, and recordings: taken politely, and forgotten."""


@dataclass(frozen=True, slots=True)
class _Policies:
    """What a project asks of events, by the secret of the key and whether the sender has opted
    out; `linked` are the pairs of ids that they know of."""

    project: Project
    linked: LinkedPairs
    made: dict[tuple[str | None, bool], Policy] = field(default_factory=dict)


class Ingestion:
    """Stands in front of the framework and answers the paths of SDKs itself."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app, self._context = app, context
        limits = self._limits = context.settings.limits
        self._wire = WireLimits(limits.body_bytes, limits.inflated_bytes)
        self._room = Room(limits.ingesting)
        self._rates = Rates(limits.events_per_second, limits.burst)
        self._held = Held(limits.held_bytes)
        self._workers = ThreadPoolExecutor(2, thread_name_prefix="segue-decode")
        self._linked, self._erasures = LinkedPairs(), 0
        self._policies = _Policies(context.project.project, self._linked)
        self._durable = Durable(limits.durable_seconds)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of an SDK; pass every other on."""
        path = plain(scope["path"]) if scope["type"] == "http" else ""
        dialect = DIALECTS.get(path)
        if dialect is None and path not in SWALLOWED:
            await self._app(scope, receive, send)
            return
        scope["segue.known"] = True
        try:
            response = await self._answer(scope, receive, dialect)
        except (SegueError, Refusal) as error:
            response = answer(error)
            if dialect is not None and response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
                response.status_code = dialect.busy
        await response(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, dialect: Dialect | None) -> Response:
        methods = ("POST",) if dialect is None else dialect.methods
        if scope["method"] not in methods:
            raise _wrong_method(scope, methods)
        with self._room, Body(scope, receive, self._held, self._limits) as body:
            raw = await body.read()
            if dialect is None:
                return _success(scope, {"success": True})
            return _success(scope, await self._taken(scope, raw, dialect))

    async def _taken(self, scope: Scope, raw: bytes, dialect: Dialect) -> dict[str, Any]:
        """Take the events of a body; what to say once they are durable."""
        query = scope["query_string"]
        headers = dict(scope["headers"])
        if scope["method"] == "GET":
            raw = query
        request = Request(raw, headers, query, self._context.clock())
        read, linked = self._read, self._pairs()
        if _is_large(raw):
            loop = asyncio.get_running_loop()
            key, decoded = await loop.run_in_executor(self._workers, read, request, dialect, linked)
        else:
            key, decoded = read(request, dialect, linked)
        if decoded.rejected:
            self._reject(key, decoded, request)
        if decoded.event:
            self._rates.take(key.id, len(decoded))
            batch = _batch(decoded, request.received_at)
            await self._durable.wait(self._context.live.submit(batch))
            self._context.metrics.accepted.inc(len(decoded))
        linked.add(decoded.linked)
        return dialect.success(decoded)

    def _pairs(self) -> LinkedPairs:
        """The pairs of ids that are linked; forgotten once somebody was erased, so that whoever
        comes back is linked anew."""
        erasures = self._context.live.erasures
        if erasures != self._erasures:
            self._linked, self._erasures = LinkedPairs(), erasures
        return self._linked

    def _read(self, request: Request, dialect: Dialect, linked: LinkedPairs) -> tuple[Key, Decoded]:
        """Whose events they are, and which."""
        found = key_of(request.headers, request.query)
        # Nothing is unpacked for whom we do not know.
        key = None if found is None else known(self._context, found)
        encoding = request.headers.get(b"content-encoding", b"").decode("latin-1")
        body = read_body(request.body, content_encoding=encoding, limits=self._wire)
        if key is None:
            key = known(self._context, dialect.key(body, request.query))
        self._rates.check(key.id)
        return key, dialect.decode(body, request, self._policy(key, request, linked))

    def _policy(self, key: Key, request: Request, linked: LinkedPairs) -> Policy:
        """What is asked of a sender's events; made anew where the project or the links are others
        than for the request before."""
        project, gpc = self._context.project.project, request.headers.get(b"sec-gpc") == b"1"
        if self._policies.project is not project or self._policies.linked is not linked:
            self._policies = _Policies(project, linked)
        found = self._policies.made.get((key.signing_secret, gpc))
        if found is None:
            found = self._policies.made[key.signing_secret, gpc] = Policy.of(
                project,
                new_id=new_event_id,
                linked=linked,
                signing_secret=key.signing_secret.encode() if key.signing_secret else None,
                gpc=gpc,
            )
        return found

    def _reject(self, key: Key, decoded: Decoded, request: Request) -> None:
        for one in decoded.rejected:
            self._context.metrics.rejected.labels(one.reason.value).inc()
        sdk = _sdk_of(request.headers)
        self._context.rejected.add(
            RejectedEvent(
                request.received_at,
                f"{one.reason.value}: {one.message}",
                one.message_id or "",
                sdk,
                key.name,
                one.excerpt,
            )
            for one in decoded.rejected
        )


def _is_large(raw: bytes) -> bool:
    return len(raw) > (LARGE_PACKED if raw.startswith(_PACKED) else LARGE)


def _batch(decoded: Decoded, received_at: int) -> Batch:
    return Batch(
        decoded.distinct_id,
        decoded.event,
        decoded.occurred_at,
        decoded.event_id,
        decoded.sequence,
        decoded.properties,
        received_at,
        decoded.imported,
    )


def _sdk_of(headers: Mapping[bytes, bytes]) -> str:
    """The library that sent it, as it calls itself; of a browser nothing more than that."""
    match = _SDK.match(headers.get(b"user-agent", b""))
    name = match[0].decode() if match else ""
    return "browser" if name.startswith("Mozilla/") else name


def _success(scope: Scope, body: dict[str, Any]) -> Response:
    """200 and nothing else, but to beacons that ask for 204, whose answers nobody reads."""
    if b"beacon=1" in scope["query_string"].split(b"&"):
        return Response(None, 204)
    return Response(msgspec.json.encode(body), 200, media_type=JSON)


def _wrong_method(scope: Scope, methods: tuple[str, ...]) -> Refusal:
    asked = f"{scope['method']} {scope['path']}"
    return Refusal(
        405, "method_not_allowed", f"{asked}: Method Not Allowed", hint=f"It takes {methods[0]}."
    )
