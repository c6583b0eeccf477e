"""Connections to a mail server, kept and used again; everything here blocks, and has an end."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
import time
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from enum import StrEnum
from functools import cached_property
from typing import Final

from segue.adapters.channels.smtp_answers import failed
from segue.domain.acting import Outcome

KEPT_FOR: Final = 30.0
"""Seconds that an idle connection is kept: servers close them after a minute or more."""
KEPT_TIMES: Final = 100
"""Messages over one connection: some servers count."""


class Tls(StrEnum):
    """How a connection to a mail server is encrypted."""

    STARTTLS = "starttls"
    """From the second command on; where the server does not offer it, nothing is sent."""
    TLS = "tls"
    """From the first byte on."""
    NONE = "none"
    """Not at all: for a server on this machine."""


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where e-mails are handed over. `user` "" needs no login; `authorities` is a file of
    certificates to trust beside those of the machine ("": none); `time_limit` in seconds, of one
    message, from the connection to the last answer."""

    host: str
    port: int = 587
    user: str = ""
    password: str = field(default="", repr=False)
    tls: Tls = Tls.STARTTLS
    authorities: str = ""
    time_limit: float = 30.0


@dataclass(slots=True, eq=False)
class _Connection:
    """An open connection: since when it is idle (monotonic seconds), and how often it was used."""

    smtp: smtplib.SMTP
    idle_since: float = 0.0
    times: int = 0


class Connections:
    """Connections to one mail server, for several threads; each carries a message at a time."""

    def __init__(self, server: MailServer) -> None:
        self._server, self._lock = server, threading.Lock()
        self._idle: list[_Connection] = []
        self._busy: set[_Connection] = set()
        self._closed = False

    def send(self, mail: EmailMessage, from_address: str, to_address: str) -> Outcome:
        """Hand over one e-mail. A connection that was idle is tried first: a message is never sent
        twice because an idle connection had been closed."""
        deadline = time.monotonic() + self._server.time_limit
        try:
            connection = self._awake() or self._opened(deadline)
        except (OSError, smtplib.SMTPException) as error:
            return failed(error)
        return self._sent(connection, deadline, mail, from_address, to_address)

    def close(self) -> None:
        """Close what is idle, and cut what is under way."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            busy = list(self._busy)
        for connection in idle:
            _end(connection.smtp)
        for connection in busy:
            with contextlib.suppress(OSError):
                if connection.smtp.sock is not None:
                    connection.smtp.sock.shutdown(socket.SHUT_RDWR)

    def _sent(
        self, connection: _Connection, deadline: float, mail: EmailMessage, sender: str, to: str
    ) -> Outcome:
        alive = False
        try:
            _limit(connection.smtp, deadline)
            connection.smtp.send_message(mail, sender, [to])
            alive = True
        except smtplib.SMTPNotSupportedError as error:
            alive = True  # the address needs what the server does not have: nothing was said
            return replace(failed(error), permanent=True)
        except (OSError, smtplib.SMTPException) as error:
            alive = _is_refusal(error)  # who refused a message is still there
            return failed(error)
        finally:
            self._put_back(connection, alive=alive)
        return Outcome()

    def _awake(self) -> _Connection | None:
        """An idle connection that still answers."""
        while True:
            with self._lock:
                connection = self._idle.pop() if self._idle else None
                if connection is None:
                    return None
                self._busy.add(connection)
            if time.monotonic() - connection.idle_since < KEPT_FOR and _answers(connection.smtp):
                return connection
            self._put_back(connection, alive=False)

    def _opened(self, deadline: float) -> _Connection:
        """A new connection: encrypted and logged in as the settings say."""
        connection = _Connection(self._connected(deadline))
        with self._lock:
            self._busy.add(connection)
        try:
            if self._server.tls is Tls.STARTTLS:
                connection.smtp.starttls(context=self._context)
            if self._server.user:
                _limit(connection.smtp, deadline)
                connection.smtp.login(self._server.user, self._server.password)
        except BaseException:
            self._put_back(connection, alive=False)
            raise
        return connection

    def _connected(self, deadline: float) -> smtplib.SMTP:
        place, seconds = (self._server.host, self._server.port), deadline - time.monotonic()
        name = socket.gethostname() or "localhost"  # the full one would be asked of DNS each time
        if self._server.tls is Tls.TLS:
            return smtplib.SMTP_SSL(*place, name, timeout=seconds, context=self._context)
        return smtplib.SMTP(*place, name, timeout=seconds)

    @cached_property
    def _context(self) -> ssl.SSLContext:
        """Whom to trust; read once, as it takes as long as a message does."""
        context = ssl.create_default_context()
        if self._server.authorities:
            context.load_verify_locations(self._server.authorities)
        return context

    def _put_back(self, connection: _Connection, *, alive: bool) -> None:
        connection.times += 1
        connection.idle_since = time.monotonic()
        with self._lock:
            self._busy.discard(connection)
            keep = alive and not self._closed and connection.times < KEPT_TIMES
            if keep:
                self._idle.append(connection)
        if not keep:
            _end(connection.smtp, politely=alive)


def _limit(smtp: smtplib.SMTP, deadline: float) -> None:
    """Let what follows take no longer than what is left. Raises `TimeoutError` where nothing is."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    if smtp.sock is not None:
        smtp.sock.settimeout(left)


def _answers(smtp: smtplib.SMTP) -> bool:
    """Whether the server still answers on the connection."""
    try:
        _limit(smtp, time.monotonic() + 5.0)
        return smtp.noop()[0] == 250
    except (OSError, smtplib.SMTPException):
        return False


def _is_refusal(error: Exception) -> bool:
    """Whether the server answered, and stays: 421 says that it leaves."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code != 421 for code, _ in error.recipients.values())
    return isinstance(error, smtplib.SMTPResponseException) and error.smtp_code != 421


def _end(smtp: smtplib.SMTP, *, politely: bool = True) -> None:
    """Close a connection; where the server is there, say so."""
    with contextlib.suppress(OSError, smtplib.SMTPException):
        if politely:
            _limit(smtp, time.monotonic() + 1.0)
            smtp.quit()
    smtp.close()
