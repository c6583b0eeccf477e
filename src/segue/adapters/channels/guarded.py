"""Code that may connect to certain addresses only.

What other people's code connects to cannot be known before it does: a name may answer differently
the next time, a server may redirect. So each connection is looked at when it is made: Python tells
of it (an audit event) before the system is asked, and it can be refused there. Only what runs in
the context of a `reaching` is looked at, on whichever thread it is handed to with its context. A
hook of this kind stays for the life of the process.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from contextvars import ContextVar
from functools import cache
from typing import Any, Final

from segue.domain.webhooks import Reach, may_reach

_WATCHED: Final = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg"})


class ForbiddenAddressError(OSError):
    """An address that may not be connected to."""


class Refused:
    """Which address was refused in a block ("": none)."""

    address = ""


_here: Final[ContextVar[tuple[Reach, Refused] | None]] = ContextVar("reach", default=None)


@contextlib.contextmanager
def reaching(reach: Reach) -> Iterator[Refused]:
    """Let this context connect only to addresses within reach until the block ends; any other
    raises `ForbiddenAddressError` where it is tried."""
    _install()
    refused = Refused()
    token = _here.set((reach, refused))
    try:
        yield refused
    finally:
        _here.reset(token)


@cache
def _install() -> None:
    sys.addaudithook(_look)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _WATCHED:
        return
    state = _here.get()
    if state is None:
        return
    reach, refused = state
    place = arguments[1]
    if not _may(place, reach):
        refused.address = str(place[0]) if isinstance(place, tuple) else "a socket of this machine"
        raise ForbiddenAddressError(f"{refused.address} may not be connected to")


def _may(place: Any, reach: Reach) -> bool:
    """Whether an address of a socket is an IP address within reach; a socket that is connected
    already names none."""
    if place is None:
        return True
    try:
        return may_reach(str(place[0]), reach)
    except (ValueError, TypeError, IndexError):
        return False  # a name that somebody would look up later, or a file
