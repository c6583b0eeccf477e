"""What is known when deliveries are decided: gathered for a whole batch at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from segue.domain.acting import Contact, Controls, Profile
from segue.domain.campaigns import Campaign, Channel, Delivery, Messaging, Suppressed
from segue.services.acting.clock import known_zone
from segue.services.acting.pace import Pace
from segue.services.acting.reach import trait_of


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known at an instant about the people of a batch; a person is known by the code that
    their delivery has.

    `inside`: (person, segment id) of everybody who is in. `reached`: when a goal was last reached,
    by (person, goal). `contacts`: of all distinct ids of the person, as far back as the longest
    cap looks. `approved`: how many deliveries of a campaign somebody has approved.
    """

    profiles: Mapping[int, Profile]
    inside: AbstractSet[tuple[int, str]]
    pace: Pace
    reached: Mapping[tuple[int, str], int] = field(default_factory=dict)
    contacts: Mapping[int, Sequence[Contact]] = field(default_factory=dict)
    suppressed: Sequence[Suppressed] = ()
    approved: Mapping[str, int] = field(default_factory=dict)
    controls: Controls = field(default_factory=Controls)
    _listed: Mapping[tuple[Channel, str], list[Suppressed]] = field(
        init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        listed: dict[tuple[Channel, str], list[Suppressed]] = {}
        for entry in self.suppressed:
            listed.setdefault((entry.channel, entry.address.lower()), []).append(entry)
        object.__setattr__(self, "_listed", listed)

    def listed(self, channel: Channel, address: str) -> Sequence[Suppressed]:
        """The entries of the suppression list about an address."""
        return self._listed.get((channel, address.lower()), ())


def expires_at(delivery: Delivery, messaging: Messaging) -> int:
    """The last instant at which a delivery may go out: it is held no longer (ms)."""
    return max(delivery.due_at, delivery.known_at) + messaging.held_at_most


@dataclass(frozen=True, slots=True)
class Case:
    """A delivery that is to be decided, with all that is known about it."""

    delivery: Delivery
    campaign: Campaign
    profile: Profile
    messaging: Messaging
    now: int

    @property
    def zone(self) -> str:
        """The person's zone; the project's where it is not known."""
        named = trait_of(self.profile.traits, self.messaging.zone_trait)
        return known_zone(named, self.messaging.timezone)

    @property
    def moment(self) -> int:
        """The instant at which the delivery came about, its delay left out (ms)."""
        delivery = self.delivery
        if delivery.fingerprint == self.campaign.fingerprint:
            return delivery.due_at - self.campaign.when.delay
        # The delay may have been another one then.
        return min(delivery.due_at, delivery.known_at)

    @property
    def expires_at(self) -> int:
        """The last instant at which it may go out (ms)."""
        return expires_at(self.delivery, self.messaging)

    @property
    def is_retry(self) -> bool:
        """Whether it was tried before: then it already has its place."""
        return self.delivery.attempts > 0
