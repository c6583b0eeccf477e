"""The environment and the system clock; nothing else reads them."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from segue.adapters.channels.smtp import MailServer, Tls
from segue.bootstrap.settings import Channels
from segue.domain.errors import UsageError

DESTINATION: Final = "SEGUE_TO_"
"""What the names of variables begin with that campaigns may name: no other one can be read through
a project file."""
_PORTS: Final = {Tls.STARTTLS: 587, Tls.TLS: 465, Tls.NONE: 25}


def now() -> int:
    """The system clock: ms since the epoch."""
    return time.time_ns() // 1_000_000


def same_python_in_workers() -> None:
    """Let the tasks of a Spark inside this process run in the Python that runs this, where
    `PYSPARK_PYTHON` names no other."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # noqa: TID251


def default_workspace() -> Path:
    """The workspace to use when none is named: `SEGUE_WORKSPACE`, else the current folder."""
    return Path(os.environ.get("SEGUE_WORKSPACE") or ".")  # noqa: TID251 - this is the room


def channels() -> Channels:
    """What the variables say of channels. Raises `UsageError` where one cannot be what it is."""
    return read_channels(os.environ)  # noqa: TID251


def read_channels(variables: Mapping[str, str]) -> Channels:
    """What these variables say of channels: `SEGUE_SMTP_…`, `SEGUE_TO_…`, `SEGUE_COUNT_OPENS`.

    Raises `UsageError` where one cannot be what it is.
    """
    opens = variables.get("SEGUE_COUNT_OPENS", "")
    if opens not in ("", "0", "1"):
        raise UsageError("SEGUE_COUNT_OPENS is 1 or 0", hint="unset it to count no opens")
    named = {name: text for name, text in variables.items() if name.startswith(DESTINATION)}
    return Channels(_mail_server(variables), named, counts_opens=opens == "1")


def _mail_server(variables: Mapping[str, str]) -> MailServer | None:
    host = variables.get("SEGUE_SMTP_HOST", "").strip()
    if not host:
        return None
    tls = _tls(variables.get("SEGUE_SMTP_TLS", "") or Tls.STARTTLS)
    return MailServer(
        host,
        _port(variables.get("SEGUE_SMTP_PORT", "") or str(_PORTS[tls])),
        variables.get("SEGUE_SMTP_USER", ""),
        variables.get("SEGUE_SMTP_PASSWORD", ""),
        tls,
        variables.get("SEGUE_SMTP_CA", ""),
    )


def _tls(text: str) -> Tls:
    try:
        return Tls(text)
    except ValueError as error:
        hint = "the default is starttls; none is for a server on this machine"
        raise UsageError("SEGUE_SMTP_TLS is starttls, tls or none", hint=hint) from error


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise UsageError("SEGUE_SMTP_PORT is a number from 1 to 65535", hint="587 is usual")
    return int(text)
