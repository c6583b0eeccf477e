"""What is known about the deliveries of a batch, gathered for all of them at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from segue.domain.acting import Contact, Controls, Profile, Profiles, TriggeringEvent
from segue.domain.campaigns import Acting, Delivery, Moment, Occasion, Suppressed
from segue.domain.live import Transition
from segue.services.acting.caps import longest_window
from segue.services.acting.composing import About, Composer
from segue.services.acting.facts import Facts
from segue.services.acting.goals import Goals
from segue.services.acting.pace import Pace
from segue.services.acting.reach import address_of
from segue.services.acting.store import Crowd, Store


@dataclass(frozen=True)
class Sources:
    """Where things are known from: the store, profiles, the segments that the person with a code is
    in and since when (ms), why somebody is in a segment at an instant, in words, and the
    transitions after one (by id, at most so many) where they are in memory, else None."""

    store: Store
    profiles: Profiles
    stays: Callable[[int], Mapping[str, int]]
    evidence: Callable[[str, str, int], str]
    recent: Callable[[int, int], Sequence[Transition] | None] = lambda _after, _most: None


@dataclass(frozen=True)
class Ground:
    """What holds for all deliveries at an instant (`now`, ms): the campaigns and their rules, what
    operators have switched, when goals were reached, and how fast channels go."""

    acting: Acting
    controls: Controls
    goals: Goals
    pace: Pace
    now: int


@dataclass(frozen=True)
class Known:
    """What is known of the people of a batch, by the code that a delivery has: their profiles, and
    since when they are in each segment (ms)."""

    profiles: Mapping[int, Profile]
    since: Mapping[tuple[int, str], int]


def recognised(sources: Sources, crowd: Crowd, now: int) -> Known:
    """Who the people of a batch are, and where they stand."""
    since = {
        (one, segment_id): at
        for one, owner in crowd.owner.items()
        for segment_id, at in sources.stays(owner).items()
    }
    return Known(_profiles(sources, crowd, now), since)


def gathered(
    sources: Sources, deliveries: Sequence[Delivery], ground: Ground
) -> tuple[Known, Facts]:
    """Everything that rules look at, one question to the store for each thing."""
    acting, goals, now = ground.acting, ground.goals, ground.now
    crowd = Crowd(sources.store, [one.person for one in deliveries])
    known = recognised(sources, crowd, now)
    reached = goals.latest(goals.wanted, crowd)
    facts = Facts(
        profiles=known.profiles,
        inside=known.since.keys(),
        pace=ground.pace,
        reached={
            (one, goal): reached[owner, goal]
            for one, owner in crowd.owner.items()
            for goal in goals.wanted
            if (owner, goal) in reached
        },
        contacts=_contacts(sources.store, crowd, now - longest_window(acting)),
        suppressed=_suppressed(sources.store, deliveries, known.profiles, acting),
        approved=_approved(sources.store, deliveries, acting),
        controls=ground.controls,
    )
    return known, facts


def _profiles(sources: Sources, crowd: Crowd, now: int) -> dict[int, Profile]:
    """By the code that a delivery has."""
    found = sources.profiles.profiles(list(crowd.codes), now)
    return {one: found[owner] for one, owner in crowd.owner.items() if owner in found}


def _contacts(store: Store, crowd: Crowd, since: int) -> dict[int, list[Contact]]:
    """By the code that a delivery has, of all codes of the person."""
    theirs: dict[int, list[Contact]] = {}
    for contact in store.contacts(crowd.all_codes, since):
        owner = crowd.owner_of(contact.person)
        if owner is not None:
            theirs.setdefault(owner, []).append(contact)
    return {one: theirs.get(owner, []) for one, owner in crowd.owner.items()}


def _suppressed(
    store: Store, deliveries: Sequence[Delivery], profiles: Mapping[int, Profile], acting: Acting
) -> list[Suppressed]:
    addresses: dict[str, set[str]] = {}
    channels = {one.channel.value: one.channel for one in deliveries}
    for one in deliveries:
        campaign, profile = acting.campaign(one.campaign_id), profiles.get(one.person)
        if campaign is not None and profile is not None:
            address = address_of(campaign, profile, acting.messaging)
            addresses.setdefault(one.channel, set()).add(address)
    return [
        entry
        for channel, asked in sorted(addresses.items())
        for entry in store.suppressed(asked, channels[channel])
    ]


def _approved(store: Store, deliveries: Sequence[Delivery], acting: Acting) -> dict[str, int]:
    named = {one.campaign_id for one in deliveries}
    asking = {one.id for one in acting.campaigns if one.approve_first and one.id in named}
    return store.approved_counts(asking) if asking else {}


# ----------------------------------------------------------------------------------- for the words


def abouts(
    sources: Sources,
    composer: Composer,
    deliveries: Sequence[Delivery],
    known: Known,
    ground: Ground,
) -> dict[str, About]:
    """What the messages of these deliveries may speak of, by id: the triggering event and the
    evidence only where a template does; those of nobody known are left out."""
    acting, now = ground.acting, ground.now
    needs = {
        one.id: composer.needs(campaign, one)
        for one in deliveries
        if (campaign := acting.campaign(one.campaign_id)) is not None
    }
    causes = _causes(
        sources, [one for one in deliveries if one.id in needs and needs[one.id].event]
    )
    found = {}
    for one in deliveries:
        campaign, profile = acting.campaign(one.campaign_id), known.profiles.get(one.person)
        if campaign is None or profile is None:
            continue
        since = known.since.get((one.person, campaign.segment_id))
        if campaign.when.moment is Moment.LEAVING:
            since = one.due_at - campaign.when.delay
        evidence = ""
        if needs[one.id].evidence:
            evidence = sources.evidence(profile.person_id, campaign.segment_id, now)
        cause = causes.get(one.occasion_key) if one.occasion is Occasion.TRANSITION else None
        found[one.id] = About(profile, since, cause, evidence)
    return found


def _causes(sources: Sources, deliveries: Sequence[Delivery]) -> Mapping[int, TriggeringEvent]:
    """The events that made transitions, by id of the transition."""
    keys = {one.occasion_key for one in deliveries if one.occasion is Occasion.TRANSITION}
    return sources.store.triggering(keys) if keys else {}
