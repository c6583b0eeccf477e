"""How the server is to behave: addresses, limits, logs; with defaults that suit one machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from segue.adapters.channels.smtp import MailServer
from segue.domain.acting import Carrier
from segue.domain.campaigns import Channel
from segue.domain.webhooks import Reach

KIBIBYTE: Final = 1024
MEBIBYTE: Final = 1024 * KIBIBYTE


@dataclass(frozen=True, slots=True)
class Limits:
    """What one sender may ask of the server, and all of them together.

    Sizes are bytes, times seconds. `body_bytes` is a body as received, `inflated_bytes` as
    unpacked, `call_bytes` the body of a call of the management API, `held_bytes` all bodies that
    are held at one time. `events_per_second` and `burst` are per key. `ingesting`, `asking` and
    `listening` are requests in hand at one time: of SDKs, of the management API, of those who
    wait there for transitions; `pushing` are pages that listen for messages. `decisions_per_second`
    and `decision_burst` are how often pages may ask what to show, per key.
    """

    body_bytes: int = 6 * MEBIBYTE
    inflated_bytes: int = 24 * MEBIBYTE
    call_bytes: int = MEBIBYTE
    held_bytes: int = 256 * MEBIBYTE
    header_bytes: int = 64 * KIBIBYTE
    header_seconds: float = 10.0
    body_seconds: float = 30.0
    write_seconds: float = 60.0
    durable_seconds: float = 30.0
    connections: int = 4096
    ingesting: int = 2048
    asking: int = 256
    listening: int = 1024
    pushing: int = 1024
    events_per_second: float = 50_000.0
    burst: int = 100_000
    decisions_per_second: float = 1_000.0
    decision_burst: int = 5_000


@dataclass(frozen=True, slots=True)
class Channels:
    """What channels need beside the project: secrets and places that stand in no project file.

    `mail` is the server that takes e-mails (None: there is none). `destinations` by name are what
    `${NAME}` stands for where a campaign says whom to send to. `counts_opens` puts a picture into
    e-mails that tells when they are opened. `instead` are carriers in place of a channel's own.
    """

    mail: MailServer | None = None
    destinations: Mapping[str, str] = field(default_factory=dict, repr=False)
    counts_opens: bool = False
    instead: Mapping[Channel, Carrier] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the server listens, who may read it from a browser, and what it limits.

    `port` 0 is any free port. `allowed_origins` are those that may call the management API from a
    browser. `write_key` is one that is to be taken beside those that the store keeps.
    `webhook_reach` says which addresses webhooks and other messages may be sent to (None: as suits
    the host). `channels` is what campaigns need. `memberships` is a folder of runs that memberships
    come from (None: they come from the events that arrive).
    """

    host: str = "127.0.0.1"
    port: int = 8080
    write_key: str | None = None
    allowed_origins: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    webhook_reach: Reach | None = None
    channels: Channels = field(default_factory=Channels)
    memberships: Path | None = None
