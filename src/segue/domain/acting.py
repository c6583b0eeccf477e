"""What acting asks of a store, of channels and of what is known about a person."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from segue.domain.campaigns import Because, Channel, Delivery, State, Suppressed


@dataclass(frozen=True, slots=True)
class Contact:
    """That a person was reached: what frequency caps count. `person` is a code of one of their
    distinct ids, `at` when it was handed to the channel, or shown by a page (ms)."""

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
class FactStretch:
    """Facts by ascending `ref`; all there are with references up to `upto` are among them."""

    facts: tuple[Fact, ...]
    upto: int


@dataclass(frozen=True, slots=True)
class TriggeringEvent:
    """The event that made somebody enter or leave: its name, instant (ms) and properties."""

    name: str
    at: int
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Past:
    """That a person had, or is to have, a delivery of a campaign: its state and when it was due."""

    person: int
    campaign_id: str
    state: State
    due_at: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many deliveries of a campaign over a channel are in a state for a reason."""

    campaign_id: str
    channel: Channel
    state: State
    because: Because | None
    deliveries: int


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

    def goals_cursor(self) -> int:
        """The reference of the last event looked through for goals; -1 before the first."""

    def save_deliveries(
        self,
        *,
        made: Sequence[Delivery] = (),
        changed: Sequence[Delivery] = (),
        cursor: int | None = None,
        facts_cursor: int | None = None,
        goals_cursor: int | None = None,
        launched: Mapping[str, int] | None = None,
    ) -> set[str]:
        """Keep deliveries, cursors and when campaigns began (see `set_launched`) in one commit: of
        `made`, those whose id is there already are passed over; those of `changed` replace what is
        there, and where nothing is there (somebody was erased) nothing is kept.

        The ids of those of `made` that were passed over.
        """

    def due_deliveries(
        self, now: int, limit: int, channels: Collection[Channel] | None = None
    ) -> list[Delivery]:
        """Deliveries in `DUE` or `SENDING` that wait for no approval, with `not_before` up to
        now, the earliest first; of these channels only (None: of all)."""

    def next_delivery_at(self, channels: Collection[Channel] | None = None) -> int | None:
        """The smallest `not_before` of those that wait, but not for approval; of these channels
        only (None: of all)."""

    def offers(self, people: Collection[int]) -> list[Delivery]:
        """In-app deliveries in `OFFERED`, or held out and not shown yet, of people by any of the
        codes of their distinct ids."""

    def contacts(self, people: Collection[int], since: int) -> list[Contact]:
        """Whom of these (codes of distinct ids) was reached after an instant (ms): what was handed
        to a channel and did not fail there, and what a page has shown."""

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
        because: Because | None = None,
        channel: Channel | None = None,
        after: str | None = None,
        limit: int = 100,
        latest_first: bool = False,
    ) -> list[Delivery]:
        """Deliveries by (known_at, id), ascending or descending: of a campaign, of people, in
        states, for a reason, over a channel; `after`: the id of the last one of the page before."""

    def past(self, campaigns: Collection[str], people: Collection[int]) -> list[Past]:
        """Deliveries of these campaigns to these people (codes of distinct ids), those refused or
        failed left out."""

    def unconverted(self, people: Collection[int], since: int) -> list[Delivery]:
        """Deliveries to these people (codes of distinct ids) that were due after an instant (ms)
        and did not convert yet, whatever became of them."""

    def triggering(self, transition_ids: Collection[int]) -> dict[int, TriggeringEvent]:
        """The events that caused these transitions, by id of the transition, as far as there are
        any."""

    def counts(self) -> list[Count]:
        """How many deliveries there are of each kind."""

    def approved_counts(self, campaigns: Collection[str]) -> dict[str, int]:
        """How many deliveries of these campaigns somebody approved; of none: left out."""

    def facts(self, after: int, limit: int) -> FactStretch:
        """At most `limit` stored events named `$message_*` or `$survey_*` with references beyond
        `after`; `upto` is the last reference there is where fewer were found."""

    def suppressed(self, addresses: Collection[str], channel: Channel) -> list[Suppressed]:
        """Which of these addresses are on the suppression list, compared in lower case."""

    def suppress(self, entries: Sequence[Suppressed]) -> int:
        """Put addresses on the list; how many were not on it."""

    def unsuppress(self, address: str, channel: Channel, purpose: str = "") -> bool:
        """Take an address off the list; whether it was on it."""

    def suppressions(self, *, after: str = "", limit: int = 100) -> list[Suppressed]:
        """The list by address, channel and purpose; `after` is the last address of the page before,
        which is never cut within an address."""

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


def _unchanged(url: str) -> str:
    return url


@dataclass(frozen=True, slots=True)
class MessageContext:
    """What a template may speak of.

    `at` is now and `zone` the zone of the person (an IANA name). `since`: when they entered or left
    the segment (ms); `evidence`: why they are in it, in words. `event` is None where time made the
    moment, or a schedule. `link` makes a link that notes who follows it. The two URLs are "" where
    there are none; `survey_answers` are links to the survey's page that carry an answer to its
    first question, by answer.
    """

    person: Profile
    campaign_id: str
    campaign_title: str
    segment_id: str
    segment_title: str
    at: int
    zone: str = "UTC"
    since: int | None = None
    evidence: str = ""
    event: TriggeringEvent | None = None
    unsubscribe_url: str = ""
    survey_url: str = ""
    survey_answers: Mapping[str, str] = field(default_factory=dict)
    link: Callable[[str], str] = _unchanged


@dataclass(frozen=True, slots=True)
class Rendered:
    """The parts of a message as final text; or none of them, and the problem in words."""

    parts: Mapping[str, str]
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Needs:
    """What templates speak of: whether of the triggering event, and of the evidence (which take
    time to find out); the traits that must be there (paths with dots), as nothing stands in for
    them; whether the event must."""

    event: bool = False
    evidence: bool = False
    traits: tuple[str, ...] = ()
    must_have_event: bool = False


@dataclass(frozen=True, slots=True)
class TemplateProblem:
    """Something wrong with a template, at its line (from 1)."""

    message: str
    line: int = 1
    suggestion: str = ""


class Templates(Protocol):
    """Turns the templates of a message into final text. Threads may share it."""

    def render(self, parts: Mapping[str, str], context: MessageContext) -> Rendered:
        """Every part as final text; the work is bounded, whatever the templates and the values."""

    def needs(self, parts: Mapping[str, str]) -> Needs:
        """What these templates speak of. A broken one speaks of nothing."""

    def problems(self, part: str, text: str) -> list[TemplateProblem]:
        """What is wrong with the template of a part."""


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
