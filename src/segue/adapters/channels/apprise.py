"""Whatever Apprise reaches: chats, SMS gateways, push services. One URL is one destination.

Such URLs hold secrets: what Apprise logs is taken up here and told without them. It connects only
to addresses that may be reached, however its URL, a name server or a redirect would have it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from typing import Any, Final
from urllib.parse import unquote

import apprise

from segue.adapters.channels.guarded import reaching
from segue.domain.acting import Message, Outcome
from segue.domain.campaigns import Channel
from segue.domain.webhooks import REPEATED, Reach

TIME_LIMIT: Final = 20.0
"""Seconds that one message may take."""
SIDE_BY_SIDE: Final = 4
LONGEST: Final = 300
"""Characters of what Apprise says that are kept."""
LOCAL: Final = frozenset(
    {"blink1", "dbus", "gio", "glib", "gnome", "kde", "macosx", "qt", "syslog", "windows"}
)
"""Schemes that reach the screen or the log of the server's own machine: nobody's."""

_LOG: Final = logging.getLogger("segue.channels")
_APPRISE: Final = logging.getLogger("apprise")
_STATUS: Final = re.compile(r"\berror=(\d{3})\b")


class AppriseCarrier:
    """Hands messages to Apprise: a `Carrier`. The address of a message is an Apprise URL."""

    channel = Channel.APPRISE

    def __init__(self, reach: Reach, *, time_limit: float = TIME_LIMIT) -> None:
        self._reach, self._time_limit = reach, time_limit
        self._workers = ThreadPoolExecutor(SIDE_BY_SIDE, thread_name_prefix="segue-apprise")
        self._asset = apprise.AppriseAsset(async_mode=False, secure_logging=True)
        _silence()

    async def carry(self, message: Message) -> Outcome:
        """See `Carrier.carry`. Apprise knows no ids: what is sent again arrives twice."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._time_limit):
                return await loop.run_in_executor(self._workers, self._send, message)
        except TimeoutError:
            return Outcome(f"no answer within {self._time_limit:g} seconds")
        except Exception as error:  # noqa: BLE001 - a carrier raises nothing; URLs hold secrets
            _LOG.error("Apprise failed: %s", type(error).__name__)
            return Outcome(type(error).__name__)

    async def close(self) -> None:
        """See `Carrier.close`."""
        await asyncio.to_thread(self._workers.shutdown, cancel_futures=True)

    def _send(self, message: Message) -> Outcome:
        url = message.address
        scheme = url.partition("://")[0].lower()
        if scheme in LOCAL:
            return Outcome(f"{scheme}:// reaches only the server's own machine", permanent=True)
        with reaching(self._reach) as refused, _overheard() as words:
            service = apprise.Apprise.instantiate(url, asset=self._asset)
            if service is None:
                return Outcome(f"Apprise knows no such {_shown(scheme)} URL", permanent=True)
            taken = self._notified(service, message)
        if refused.address:
            return Outcome(f"{refused.address} is no address that may be sent to", permanent=True)
        return Outcome() if taken else _failed(words, url)

    def _notified(self, service: Any, message: Message) -> bool:
        sender = apprise.Apprise(service, asset=self._asset)
        heading, body = message.parts.get("heading", ""), message.parts.get("body", "")
        return bool(sender.notify(body, heading, body_format=apprise.NotifyFormat.TEXT))


def _failed(words: list[str], url: str) -> Outcome:
    """What a failure means: statuses of HTTP stand in Apprise's words."""
    said = without_secrets(" ".join(words), url)[:LONGEST] or "Apprise could not send it"
    status = _STATUS.search(said)
    code = int(status[1]) if status else 0
    return Outcome(said, permanent=400 <= code < 500 and code not in REPEATED)


def without_secrets(text: str, url: str) -> str:
    """The text with every piece of a URL left out, but for its scheme.

    >>> without_secrets("POST /T0KEN12345/ failed", "slack://T0KEN12345/abcdef/#ops")
    'POST /…/ failed'
    """
    rest = url.partition("://")[2]
    pieces = {piece for form in (rest, unquote(rest)) for piece in re.split(r"[/?&=@:,#\s]", form)}
    for piece in sorted(pieces, key=len, reverse=True):
        if len(piece) > 3:
            text = text.replace(piece, "…")
    return text


def _shown(scheme: str) -> str:
    return f"{scheme}://" if scheme.isalnum() and len(scheme) < 30 else "Apprise"


def _silence() -> None:
    """Let Apprise, and what it sends with, tell nobody but whoever listens here: they would log
    URLs with their secrets."""
    logging.getLogger("urllib3").setLevel(logging.ERROR)
    _APPRISE.propagate = False
    _APPRISE.setLevel(logging.WARNING)
    if not any(isinstance(one, _Overhearing) for one in _APPRISE.handlers):
        _APPRISE.addHandler(_Overhearing(logging.WARNING))


_said: Final[ContextVar[list[str] | None]] = ContextVar("said", default=None)


class _Overhearing(logging.Handler):
    """Takes up what is logged, in the context of whoever listens."""

    def emit(self, record: logging.LogRecord) -> None:
        """Take up a line."""
        said = _said.get()
        if said is not None:
            said.append(record.getMessage())


@contextlib.contextmanager
def _overheard() -> Iterator[list[str]]:
    """What Apprise says in this context until the block ends, on whichever thread."""
    words: list[str] = []
    token = _said.set(words)
    try:
        yield words
    finally:
        _said.reset(token)
