"""What a page may show to whoever looks at it: asked by the SDK of pages, with a write key.

A write key is public. So whoever has one must not learn from it who is known: the answer is the
same for people without offers and for nobody, and where identities have to be proven, whoever says
to be somebody without proof is anonymous. Rules of segments never leave the server.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import msgspec
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from segue.adapters.wire import Verdict, verify
from segue.bootstrap.in_app import Decision
from segue.domain.access import Key
from segue.domain.errors import InputError, SegueError
from segue.http.access import key_of, known
from segue.http.context import Context
from segue.http.errors import JSON, Refusal, answer
from segue.http.limits import Body, Held, Rates, Room, too_large
from segue.http.paths import plain
from segue.http.pushing import Bells, Ticket, Tickets

ASKED: Final = "/v1/decide"
STREAM: Final = "/v1/decide/stream"
TTL: Final = 300
"""Seconds for which a page may go by an answer that nothing has renewed."""
LARGEST: Final = 16 * 1024
"""Bytes of a question."""
KEEP_ALIVE: Final = 15.0
"""Seconds after which a stream says that it is alive, and looks itself."""
LONGEST_STREAM: Final = 600.0
"""Seconds after which a stream ends: the page asks again, with its key."""
MOST_SEEN: Final = 50
"""Deliveries that a page can say it has drawn."""
_LONGEST_ID: Final = 200
_HINT: Final = '{"writeKey": "…", "anonymousId": "…"}'
_GUARDED: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
"""An anonymous id that nobody guesses."""


class _Question(msgspec.Struct, rename="camel"):
    write_key: str | None = None
    anonymous_id: str | None = None
    user_id: str | None = None
    user_token: str | None = None
    etag: str | None = None
    seen: list[str] = []
    stream: bool = False


_read: Final = msgspec.json.Decoder(_Question).decode


@dataclass(frozen=True, slots=True)
class _Visitor:
    """Whom a page is asked by: distinct ids, the one that counts first, and how sure they are."""

    ids: tuple[str, ...]
    identity: str


class Deciding:
    """Stands in front of the framework and answers pages that ask what to show."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app, self._context = app, context
        limits = self._limits = context.settings.limits
        self._in_app = context.in_app
        self._room, self._streams = Room(limits.asking), Room(limits.pushing)
        self._rates = Rates(
            limits.decisions_per_second,
            limits.decision_burst,
            what="asks more than {} times per second what to show",
        )
        self._held = Held(limits.held_bytes)
        self._workers = ThreadPoolExecutor(4, thread_name_prefix="segue-decide")
        self._tickets = Tickets(context.clock)
        self._bells: Bells | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a page; pass every other request on."""
        path = plain(scope["path"]) if scope["type"] == "http" else ""
        if path not in {ASKED, STREAM}:
            await self._app(scope, receive, send)
            return
        scope["segue.known"] = True
        try:
            if path == ASKED:
                response = await self._asked(scope, receive)
                await response(scope, receive, send)
            else:
                with self._streams:
                    await self._opened(scope)(scope, receive, send)
        except (SegueError, Refusal) as error:
            await answer(error)(scope, receive, send)

    # ------------------------------------------------------------------------------------- asking

    async def _asked(self, scope: Scope, receive: Receive) -> Response:
        _only(scope, "POST")
        with self._room, Body(scope, receive, self._held, self._limits) as body:
            question = _question(await body.read())
        given = key_of(dict(scope["headers"]), scope["query_string"])
        key = known(self._context, given or question.write_key)
        self._rates.take(key.id, 1)
        visitor = self._visitor(question, key)
        decision = await self._decided(visitor.ids, frozenset(question.seen[:MOST_SEEN]))
        ticket = self._tickets.mint(visitor.ids, decision.etag) if question.stream else ""
        headers = {"cache-control": "no-store"}
        if ticket:
            headers["segue-ticket"] = ticket
        if question.etag == decision.etag:
            return Response(None, 304, headers)
        return Response(_document(decision, visitor.identity), 200, headers, JSON)

    async def _decided(self, ids: tuple[str, ...], seen: Collection[str] = ()) -> Decision:
        found = self._in_app.decide_from_memory(ids, seen)
        if found is not None:
            return found
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._workers, self._in_app.decide, ids, seen)

    def _visitor(self, question: _Question, key: Key) -> _Visitor:
        """Who asks, as far as it can be believed."""
        enforced = self._context.project.project.identity.proof == "enforce"
        user, anonymous = _id(question.user_id), _id(question.anonymous_id)
        proven = bool(user) and _is_proven(key, user, question.user_token, self._context.clock())
        if enforced and anonymous and not self._is_anonymous(anonymous):
            anonymous = ""
        if enforced and not proven:
            user = ""
        identity = ("verified" if proven else "unverified") if user else "anonymous"
        return _Visitor(tuple(one for one in (user, anonymous) if one), identity)

    def _is_anonymous(self, distinct_id: str) -> bool:
        """Whether it is an id that a browser made, and not that of a known person in its place."""
        if not _GUARDED.fullmatch(distinct_id):
            return False
        store = self._context.store
        return (
            store.person_of(distinct_id) != distinct_id or len(store.distinct_ids(distinct_id)) < 2
        )

    # ------------------------------------------------------------------------------------- stream

    def _opened(self, scope: Scope) -> Response:
        _only(scope, "GET")
        ticket = self._tickets.redeemed(scope["query_string"])
        return StreamingResponse(
            self._pushed(ticket),
            media_type="text/event-stream",
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    async def _pushed(self, ticket: Ticket) -> AsyncIterator[bytes]:
        """Fresh decisions as server-sent events, as soon as they change."""
        if self._bells is None:
            self._bells = Bells(self._in_app, self._context.feed)
        etag, loop = ticket.etag, asyncio.get_running_loop()
        end = loop.time() + LONGEST_STREAM
        yield b"retry: 3600000\n\n"  # the page opens the next one itself: a ticket is used once
        with self._context.metrics.pages.track_inprogress():
            while loop.time() < end and not self._context.feed.closed:
                with self._bells.waiting(ticket.ids) as ring:
                    decision = await self._decided(ticket.ids)
                    if decision.etag == etag and not await _rung(ring):
                        yield b": alive\n\n"
                if decision.etag != etag:
                    etag = decision.etag
                    yield b"event: decision\ndata: %s\n\n" % _document(decision, "")


def _only(scope: Scope, method: str) -> None:
    if scope["method"] != method:
        asked = f"{scope['method']} {scope['path']}"
        raise Refusal(
            HTTPStatus.METHOD_NOT_ALLOWED,
            "method_not_allowed",
            f"{asked}: Method Not Allowed",
            hint=f"It takes {method}.",
        )


def _question(body: bytes) -> _Question:
    if len(body) > LARGEST:
        raise too_large(LARGEST)
    try:
        return _read(body)
    except msgspec.MsgspecError as error:
        raise InputError(f"the body is no question: {error}", hint=_HINT) from error


def _id(text: str | None) -> str:
    """A distinct id that somebody could have; empty where it is none."""
    found = text or ""
    return found if found.strip() and len(found) <= _LONGEST_ID else ""


def _is_proven(key: Key, user: str, token: str | None, now: int) -> bool:
    secret = key.signing_secret
    return secret is not None and verify(secret.encode(), user, token, now=now) is Verdict.VALID


def _document(decision: Decision, identity: str) -> bytes:
    known = b'"identity":"%s",' % identity.encode() if identity else b""
    mark = decision.etag.encode()
    return b'{"etag":"%s","ttl":%d,%s"items":%s}' % (mark, TTL, known, decision.items)


async def _rung(ring: asyncio.Event) -> bool:
    """Wait for a change, and no longer than until it is time to say something."""
    try:
        await asyncio.wait_for(ring.wait(), KEEP_ALIVE)
    except TimeoutError:
        return False
    return True
