"""The feed of transitions: pages with a cursor, and a stream of server-sent events.

A client that falls behind is not waited for: it goes on from its cursor, out of the store.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from typing import Annotated, Any, Final

import msgspec
from fastapi import Header, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from segue.domain.errors import UsageError
from segue.domain.live import Transition
from segue.http.api.bell import Bell, bell_of, rung
from segue.http.api.models import TransitionsBody
from segue.http.api.parameters import Limit, api_router, encoded
from segue.http.context import Context, Here
from segue.services.explain import known_person
from segue.services.live.following import BEGINNING, Page, Wanted, recent_page, stored_page
from segue.services.live.person_document import transition_document
from segue.services.view import known_segment

router = api_router("Transitions")

HEARTBEAT: Final = 15.0
"""Seconds of silence after which a stream says that it is alive."""
AT_ONCE: Final = 1000
"""Transitions sent at one time."""
LONGEST_WAIT: Final = 60.0
_STREAM: Final = "text/event-stream"
_BLOCKS: Final = 64

_STREAMED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Transitions; as server-sent events, `id` is the transition's id and `data` "
        "one transition as JSON.",
        "content": {
            _STREAM: {
                "schema": {"type": "string"},
                "example": 'id: 1042\nevent: entered\ndata: {"id":1042,"kind":"entered"}\n\n',
            }
        },
    }
}

SegmentQuery = Annotated[str | None, Query(description="Only of this segment.", max_length=1000)]
PersonQuery = Annotated[
    str | None, Query(description="Only of the person with this distinct id.", max_length=2000)
]
LiveQuery = Annotated[bool, Query(description="Only those that may be acted upon.")]
AfterQuery = Annotated[
    int | None, Query(ge=BEGINNING, lt=1 << 62, description="The cursor: an id.")
]
LastEventId = Annotated[
    str | None, Header(alias="Last-Event-ID", description="The id of the last one received.")
]


@router.get("/transitions", response_model=TransitionsBody, responses=_STREAMED)
async def get_transitions(
    request: Request,
    here: Here,
    *,
    after: AfterQuery = None,
    limit: Limit = 100,
    segment: SegmentQuery = None,
    person: PersonQuery = None,
    live: LiveQuery = False,
    wait: Annotated[
        float, Query(ge=0, le=LONGEST_WAIT, description="Seconds to wait for the first one.")
    ] = 0.0,
    last_event_id: LastEventId = None,
) -> Response:
    """What was published after a cursor, ascending; without one from the very beginning.

    With `Accept: text/event-stream` it is the same as `/api/transitions/stream`.
    """
    wanted = await run_in_threadpool(_wanted, here, segment, person, live)
    if _STREAM in request.headers.get("accept", ""):
        return _stream(request, here, wanted, after, last_event_id)
    bell = bell_of(request, here.feed)
    cursor = BEGINNING if after is None else after
    page = await _waited_for(here, bell, wanted, cursor, most=limit, seconds=wait)
    return encoded(
        {
            "transitions": [transition_document(one) for one in page.transitions],
            "cursor": page.cursor,
        }
    )


@router.get("/transitions/stream", response_model=None, responses=_STREAMED)
async def stream_transitions(
    request: Request,
    here: Here,
    *,
    after: AfterQuery = None,
    segment: SegmentQuery = None,
    person: PersonQuery = None,
    live: LiveQuery = False,
    last_event_id: LastEventId = None,
) -> StreamingResponse:
    """Transitions as they are published, as server-sent events: from the cursor on (`Last-Event-ID`
    before `after`), without one from now on."""
    wanted = await run_in_threadpool(_wanted, here, segment, person, live)
    return _stream(request, here, wanted, after, last_event_id)


# ------------------------------------------------------------------------------------------ pages


def _wanted(here: Context, segment: str | None, person: str | None, live: bool) -> Wanted:
    """Which transitions are asked for. Raises `NotFoundError` where the segment never existed, and
    where nobody has the distinct id."""
    if segment is not None and not here.store.segment_versions(segment):
        known_segment(here.live.definitions, segment)
    ids = None
    if person is not None:
        ids = frozenset(here.store.distinct_ids(known_person(here.store, person)))
    return Wanted(segment, ids, live)


async def _page(here: Context, wanted: Wanted, cursor: int, most: int) -> Page:
    """What comes after the cursor: from memory, else from the store, beside the server's loop."""
    page = recent_page(here.feed, wanted, cursor, most)
    if page is not None:
        return page
    return await run_in_threadpool(stored_page, here.store, here.feed, wanted, cursor, most)


async def _waited_for(
    here: Context, bell: Bell, wanted: Wanted, cursor: int, *, most: int, seconds: float
) -> Page:
    """The next page that is not empty, or the empty one once so much time has passed."""
    until = time.monotonic() + seconds
    while True:
        ring = bell.next_ring
        page = await _page(here, wanted, cursor, most)
        left = until - time.monotonic()
        if page.transitions or left <= 0 or here.feed.closed:
            return page
        behind = page.cursor < here.feed.next_transition - 1
        cursor = page.cursor
        if not behind:
            await rung(ring, left)


# ----------------------------------------------------------------------------------------- stream


def _stream(
    request: Request, here: Context, wanted: Wanted, after: int | None, last_event_id: str | None
) -> StreamingResponse:
    cursor = _cursor(here, after, last_event_id)
    return StreamingResponse(
        server_sent(here, bell_of(request, here.feed), wanted, cursor),
        media_type=_STREAM,
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def _cursor(here: Context, after: int | None, last_event_id: str | None) -> int:
    """Where a stream begins: a browser that connects again says the id that it has seen last."""
    if last_event_id:
        try:
            return max(BEGINNING, int(last_event_id))
        except ValueError:
            raise UsageError(
                f"Last-Event-ID: {last_event_id!r} is no id of a transition",
                hint="send the id of the last one received, or none",
            ) from None
    return here.feed.next_transition - 1 if after is None else after


async def server_sent(
    here: Context, bell: Bell, wanted: Wanted, cursor: int, heartbeat: float = HEARTBEAT
) -> AsyncIterator[bytes]:
    """The transitions after the cursor as server-sent events, until the feed closes.

    Nothing is queued: the cursor is all that is kept for a client, so one that does not read costs
    nothing, and reads the store when it has fallen behind what the feed remembers.
    """
    # The id alone is no event, but from it a client goes on that connects again before the first.
    yield b"retry: 1000\nid: %d\n\n" % cursor
    with here.metrics.listeners.track_inprogress():
        async for block in _blocks(here, bell, wanted, cursor, heartbeat):
            yield block


async def _blocks(
    here: Context, bell: Bell, wanted: Wanted, cursor: int, heartbeat: float
) -> AsyncIterator[bytes]:
    while True:
        ring = bell.next_ring
        page = await _page(here, wanted, cursor, AT_ONCE)
        moved = page.cursor > cursor
        cursor = page.cursor
        if page.transitions:
            yield _BLOCKS_OF_ALL.block(page.transitions) if wanted.all else _block(page.transitions)
        elif not moved:
            if here.feed.closed:
                return
            if not await rung(ring, heartbeat):
                yield b": alive\n\n"


def _block(transitions: Sequence[Transition]) -> bytes:
    return b"".join(_event(one) for one in transitions)


def _event(one: Transition) -> bytes:
    data = msgspec.json.encode(transition_document(one))
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (one.id, one.kind.encode(), data)


class _Blocks:
    """The latest blocks as they were sent: all who keep up get the same bytes, made once."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, int, int], bytes] = {}

    def block(self, transitions: Sequence[Transition]) -> bytes:
        """These transitions, which stand one after the other in the feed, as server-sent events."""
        first, last = transitions[0], transitions[-1]
        key = first.id, last.id, hash((first, last))
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = _block(transitions)
            if len(self._made) > _BLOCKS:
                del self._made[next(iter(self._made))]
        return made


_BLOCKS_OF_ALL: Final = _Blocks()
