"""Webhooks: who is told of transitions over HTTP, and what that asks of a store and a sender.

The published transitions are the outbox: an endpoint is a cursor in them, so nothing is queued
twice or lost. Instants and durations are in ms.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from typing import Final, Protocol

from segue.domain.live import Position, Transition


class Reach(StrEnum):
    """Which addresses Segue may send to: what a URL names is chosen by whoever may manage
    webhooks, and must not open the networks that Segue's machine can see."""

    PUBLIC = "public"
    """Addresses of the internet only."""
    LOOPBACK = "loopback"
    """Also this machine itself."""
    PRIVATE = "private"
    """Also private networks; never link-local addresses, where clouds keep credentials."""


REPEATED: Final = frozenset({408, 425, 429})
"""Statuses of the receiver's fault or haste that time may mend, beside 5xx."""

_NAT64: Final = ipaddress.ip_network("64:ff9b::/96")


@lru_cache(1_024)
def may_reach(address: str, reach: Reach) -> bool:
    """Whether an IP address (text; IPv4 inside IPv6 is seen through) may be sent to."""
    place = _unwrapped(ipaddress.ip_address(address.partition("%")[0]))
    if place.is_multicast or place.is_link_local or place.is_unspecified:
        return False
    if place.is_loopback:
        return reach is not Reach.PUBLIC
    return place.is_global or reach is Reach.PRIVATE


def _unwrapped(
    place: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The IPv4 address that an IPv6 address stands for, if it does."""
    if isinstance(place, ipaddress.IPv6Address):
        if place in _NAT64:
            return ipaddress.IPv4Address(int(place) & 0xFFFF_FFFF)
        return place.ipv4_mapped or place.sixtofour or place
    return place


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Somebody who is told: where, with which secret, of what, and how far they were told.

    `cursor`: every transition with an id up to this one was delivered, skipped or is a dead letter.
    `live_only`: only of transitions that may be acted upon. `segments`: only of these (empty: all);
    `kinds`: only of these, `entered`, `left`, `retracted` (empty: all). `disabled`: why nothing is
    sent ("" where something is).
    """

    id: str
    url: str
    secret: str = field(repr=False)
    cursor: int
    created_at: int
    live_only: bool = True
    segments: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    description: str = ""
    disabled: str = ""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A transition that an endpoint did not take: how often it was tried, when it was given up, and
    what was wrong at last."""

    endpoint_id: str
    transition: Transition
    attempts: int
    buried_at: int
    error: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some transitions by ascending id; all wanted ones with ids up to `upto` are among them."""

    transitions: tuple[Transition, ...]
    upto: int


class WebhookStore(Protocol):
    """What webhooks ask of an event store; every change is durable on return."""

    def endpoints(self) -> list[Endpoint]:
        """All of them, oldest first."""

    def save_endpoint(self, endpoint: Endpoint) -> None:
        """Keep an endpoint, in place of the one with its id if there is one."""

    def delete_endpoint(self, endpoint_id: str) -> None:
        """Forget an endpoint and its dead letters."""

    def advance(self, endpoint_id: str, cursor: int) -> None:
        """Move an endpoint's cursor; never backwards."""

    def bury(self, letter: DeadLetter) -> None:
        """Keep a dead letter, in place of an earlier one of its endpoint and transition."""

    def dead_letters(
        self, endpoint_id: str, *, after: int = -1, limit: int = 100
    ) -> list[DeadLetter]:
        """Dead letters by ascending id of their transitions, from the first id beyond `after`."""

    def exhume(self, endpoint_id: str, transition_ids: Sequence[int]) -> int:
        """Forget dead letters; how many there were."""

    def undelivered(
        self,
        *,
        after: int,
        limit: int,
        live_only: bool = False,
        segments: Collection[str] = (),
        kinds: Collection[str] = (),
    ) -> Stretch:
        """At most `limit` transitions with ids beyond `after`: only live ones where `live_only`,
        only of these segments and kinds where any are given.

        `upto` is the last id there is where fewer than `limit` were found, so that what is not
        wanted is passed over without being read.
        """

    def position(self) -> Position:
        """How far the transitions go."""

    def distinct_ids(self, person_id: str) -> tuple[str, ...]:
        """All distinct ids of the person, sorted."""


@dataclass(frozen=True, slots=True)
class Post:
    """A request to send as it is."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: the HTTP status, None where nothing did; the wait the receiver asked for
    (`Retry-After`; None: it asked for none); `error` in words, "" where it was taken.

    `forbidden`: it was not sent, since the address may not be reached.
    """

    status: int | None
    error: str = ""
    retry_after: int | None = None
    forbidden: bool = False

    @property
    def hopeless(self) -> bool:
        """Whether to send the same again is no use: the receiver, or who may be sent to, says no
        for good."""
        if self.forbidden or self.status is None:
            return self.forbidden
        return 300 <= self.status < 500 and self.status not in REPEATED


class Sender(Protocol):
    """Sends requests to one endpoint, over connections of its own."""

    async def post(self, post: Post) -> Answer:
        """Send and wait for the answer, within the sender's time limit; raises nothing."""

    async def close(self) -> None:
        """Close the connections."""


class Watcher(Protocol):
    """Is told what became of deliveries, to count them."""

    def delivered(self, endpoint_id: str, seconds: float) -> None:
        """One was taken, this long after the request began."""

    def failed(self, endpoint_id: str, answer: Answer) -> None:
        """One attempt failed and will be repeated."""

    def buried(self, endpoint_id: str) -> None:
        """One became a dead letter."""
