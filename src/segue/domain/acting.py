"""What acting asks of a store, of channels and of what is known about a person."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from segue.domain.campaigns import Channel, Delivery, State, Suppressed


@dataclass(frozen=True, slots=True)
class Contact:
    """That a person was reached: what frequency caps count. `person` is a code of one of their
    distinct ids, `at` when it was handed to the channel, or offered to a page (ms)."""

    person: int
    campaign_id: str
    channel: Channel
    tags: tuple[str, ...]
    at: int
    transactional: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """An event that says what became of a message, as stored: `ref` is its place in the store,
    `properties` has `delivery_id`."""

    ref: int
    event: str
    person: int
    at: int
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Controls:
    """What operators have switched: everything (`stopped`), campaigns (`paused`: why, by id), and
    when each campaign was launched (ms, by id)."""

    stopped: bool = False
    paused: Mapping[str, str] = field(default_factory=dict)
    launched: Mapping[str, int] = field(default_factory=dict)


class ActingStore(Protocol):
    """What acting asks of an event store; every change is durable on return."""

    def acting_cursor(self) -> int:
        """The id of the last transition that deliveries were made of; -1 before the first."""

    def facts_cursor(self) -> int:
        """The reference of the last event whose fact was noted; -1 before the first."""

    def save_deliveries(
        self,
        *,
        made: Sequence[Delivery] = (),
        changed: Sequence[Delivery] = (),
        cursor: int | None = None,
        facts_cursor: int | None = None,
    ) -> None:
        """Keep deliveries and cursors in one commit: of `made`, those whose id is there already
        are passed over; those of `changed` replace what is there."""

    def due_deliveries(self, now: int, limit: int) -> list[Delivery]:
        """Deliveries in `DUE` or `SENDING` that wait for no approval, with `not_before` up to
        now, the earliest first."""

    def next_delivery_at(self) -> int | None:
        """The smallest `not_before` of those that wait, but not for approval."""

    def offers(self, people: Collection[int]) -> list[Delivery]:
        """In-app deliveries in `OFFERED`, or held out and not shown yet, of people by any of the
        codes of their distinct ids."""

    def contacts(self, people: Collection[int], since: int) -> list[Contact]:
        """Whom of these (codes of distinct ids) was reached after an instant (ms)."""

    def delivery(self, delivery_id: str) -> Delivery | None:
        """The delivery with this id."""

    def deliveries_by_id(self, ids: Collection[str]) -> list[Delivery]:
        """The deliveries with these ids."""

    def deliveries(
        self,
        *,
        campaign_id: str | None = None,
        people: Collection[int] = (),
        states: Collection[State] = (),
        after: str | None = None,
        limit: int = 100,
    ) -> list[Delivery]:
        """Deliveries by ascending (known_at, id): of a campaign, of people, in states; `after` is
        the id of the last one of the page before."""

    def facts(self, after: int, limit: int) -> list[Fact]:
        """Stored events named `$message_*` or `$survey_*` with references beyond `after`."""

    def suppressed(self, addresses: Collection[str], channel: Channel) -> list[Suppressed]:
        """Which of these addresses are on the suppression list, compared in lower case."""

    def suppress(self, entries: Sequence[Suppressed]) -> int:
        """Put addresses on the list; how many were not on it."""

    def unsuppress(self, address: str, channel: Channel, purpose: str = "") -> bool:
        """Take an address off the list; whether it was on it."""

    def suppressions(self, *, after: str = "", limit: int = 100) -> list[Suppressed]:
        """The list, by address."""

    def controls(self) -> Controls:
        """What operators have switched."""

    def set_stopped(self, stopped: bool) -> None:
        """Stop everything, or go on."""

    def set_paused(self, campaign_id: str, why: str | None) -> None:
        """Pause a campaign (`why` in words), or let it go on (None)."""

    def set_launched(self, campaign_id: str, at: int) -> None:
        """Note when a campaign began."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of a person: their id, all distinct ids, and their traits at an instant."""

    person_id: str
    distinct_ids: tuple[str, ...]
    traits: Mapping[str, Any]


class Profiles(Protocol):
    """Reads profiles."""

    def profiles(self, people: Collection[int], at: int) -> dict[int, Profile]:
        """Profiles by the codes of the people's ids, at the instant (ms)."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that is ready to go: every part is final text. `address` is where it goes; `id` is
    that of its delivery, under which it may be sent more than once; `unsubscribe` is the address of
    a page that ends such messages ("" where there is none)."""

    id: str
    campaign_id: str
    person_id: str
    channel: Channel
    address: str
    parts: Mapping[str, str]
    unsubscribe: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a channel made of a message: taken, or `error` in words; `permanent`: to try again is no
    use; `retry_after` in ms where the other side asked for it; `suppress`: the address is bad."""

    error: str = ""
    permanent: bool = False
    retry_after: int | None = None
    suppress: bool = False

    @property
    def taken(self) -> bool:
        """Whether the other side has it."""
        return not self.error


class Carrier(Protocol):
    """Carries the messages of one channel to the wire. A slow one never holds up another."""

    channel: Channel

    async def carry(self, message: Message) -> Outcome:
        """Hand over one message and wait for the answer, within a time limit; raises nothing."""

    async def close(self) -> None:
        """Close connections."""
