"""The door for other processes on this machine: calls of the store, see `RemoteStore`.

It opens to the secret in the workspace's file of presence only, and only from this machine: no key
that was ever given away goes through it.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request
from starlette.responses import Response, StreamingResponse

from segue import __version__
from segue.adapters.remote_store import PATH, VERSION_HEADER, decoded, encoded
from segue.bootstrap.calls import calls_of
from segue.bootstrap.serving import LOCAL_KEY
from segue.domain.errors import SegueError
from segue.http.access import FORBIDDEN, SecretKey
from segue.http.context import Context, Here
from segue.http.errors import Refusal

PIECE: Final = 1 << 20
"""Bytes of an answer that are written at a time."""

router = APIRouter(include_in_schema=False)


def _from_here(request: Request, key: SecretKey) -> None:
    """Let in this machine's own key, and only from this machine: whoever asks from the address at
    which they are answered is on it."""
    server, client = request.scope.get("server"), request.client
    if key.id != LOCAL_KEY or not (server and client and server[0] == client.host):
        raise Refusal(
            403,
            FORBIDDEN,
            "this is for commands on the server's own machine",
            hint="/openapi.json lists what other keys may ask.",
        )


@router.post(PATH, dependencies=[Depends(_from_here)])
async def call(request: Request, here: Here) -> Response:
    """Do a call, one at a time, and answer with what it gave or raised."""
    if request.headers.get(VERSION_HEADER) != __version__:
        return Response(status_code=409, headers={VERSION_HEADER: __version__})
    pieces = await run_sync(_answer, here, await request.body(), limiter=here.calling)
    length = sum(piece.nbytes for piece in pieces)
    return StreamingResponse(
        _flowing(pieces),
        media_type="application/octet-stream",
        headers={"content-length": str(length)},
    )


def _answer(here: Context, body: bytes) -> list[memoryview]:
    """The message of what a call gives or raises. Raises `InputError` where it is none."""
    name, arguments, named = decoded(body)
    try:
        return encoded(calls_of(here.store, here.live, here.workspace)[name](*arguments, **named))
    except SegueError as error:
        return encoded(error)


async def _flowing(pieces: Iterable[memoryview]) -> AsyncIterator[memoryview]:
    for piece in pieces:
        for first in range(0, piece.nbytes, PIECE):
            yield piece[first : first + PIECE]
