"""Reads what a dry run needs of a store: who was in a segment when, goals reached, traits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from segue.domain.campaigns import Acting, Campaign, Messaging
from segue.domain.errors import UsageError
from segue.domain.instant import DAY
from segue.domain.ports import StoredEvent
from segue.language.tree import Definitions
from segue.services.acting.previewing import known_campaign
from segue.services.acting.profiles import event_order
from segue.services.acting.simulate import Past, Simulation, simulate
from segue.services.view import Store, look
from segue.timeline.log import InstantOf, Int64s, Log, Occurrences, Request, TraitRequest
from segue.timeline.spans import Spans


def rehearsed(
    store: Store, definitions: Definitions, acting: Acting, campaign_id: str, *, end: int, days: int
) -> Simulation:
    """What a campaign would have done in so many days up to the end (ms).

    Raises `NotFoundError` where there is none, `UsageError` for fewer days than one.
    """
    if days < 1:
        raise UsageError(f"{days} days are no period", hint="for example 30")
    campaign, start = known_campaign(acting, campaign_id), max(end - days * DAY, 0)
    past = past_of(store, definitions, campaign, acting.messaging, start=start, end=end)
    return simulate(campaign, acting.messaging, past, start, end)


def past_of(
    store: Store,
    definitions: Definitions,
    campaign: Campaign,
    messaging: Messaging,
    *,
    start: int,
    end: int,
) -> list[Past]:
    """The past of everybody who was in the segment of a campaign in `[start, end]` (ms), as far as
    it is known at the end, by the UTF-8 bytes of their ids."""
    view = look(store, definitions, end, [campaign.segment_id])
    stays = Stays(view.person_ids, view.spans[campaign.segment_id])
    return past_within(store, definitions, campaign, messaging, stays, start=start, end=end)


@dataclass(frozen=True, slots=True)
class Stays:
    """Who was in the segment of a campaign when: the ids of P people, and their spans."""

    person_ids: pa.Array
    spans: Spans


def past_within(
    store: Store,
    definitions: Definitions,
    campaign: Campaign,
    messaging: Messaging,
    stays: Stays,
    *,
    start: int,
    end: int,
) -> list[Past]:
    """As `past_of`, where it is known already who was in the segment when, as of the end."""
    spans = stays.spans
    there = np.unique(spans.person[(spans.start <= end) & (spans.end >= start)])
    patterns = [pattern for name, pattern, _ in definitions.goals if name == campaign.goal]
    goals = [Request(pattern) for pattern in patterns]
    traits = [TraitRequest(key, InstantOf((key,))) for key in _keys(campaign, messaging)]
    log = store.read(
        [*goals, *traits], at=end, sources=True, not_activity=definitions.not_activity
    ).log
    written = _written(store, log, traits, there)
    return [
        Past(
            person_id=stays.person_ids[person].as_py(),
            stays=_stays(spans, person),
            reached=[at for goal in goals for at in _of(log.occurrences(goal), person)],
            written=written.get(person, ()),
        )
        for person in there.tolist()
    ]


def _keys(campaign: Campaign, messaging: Messaging) -> list[str]:
    """The traits that the rules look at, by their top-level keys."""
    consent = messaging.consent.get((campaign.purpose, campaign.channel))
    names = {messaging.zone_trait, messaging.email_trait, consent or messaging.zone_trait}
    return sorted(names | {name.split(".")[0] for name in names})


def _stays(spans: Spans, person: int) -> list[tuple[int, int]]:
    first, last = spans.offsets[person], spans.offsets[person + 1]
    return list(zip(spans.start[first:last].tolist(), spans.end[first:last].tolist(), strict=True))


def _of(found: Occurrences, person: int) -> Sequence[int]:
    instants: list[int] = found.at[found.offsets[person] : found.offsets[person + 1]].tolist()
    return instants


def _written(
    store: Store, log: Log, traits: Sequence[TraitRequest], people: Int64s
) -> Mapping[int, list[StoredEvent]]:
    """The events that wrote these traits, in event order, by person."""
    refs: dict[int, set[int]] = {person: set() for person in people.tolist()}
    for trait in traits:
        writes = log.writes(trait).writes
        assert writes.source is not None
        bounds, sources = writes.offsets, writes.source
        for person, theirs in refs.items():
            theirs.update(sources[bounds[person] : bounds[person + 1]].tolist())
    every = sorted(set().union(*refs.values()))
    events = dict(zip(every, store.events(every), strict=True)) if every else {}
    return {
        person: sorted((events[ref] for ref in theirs), key=event_order)
        for person, theirs in refs.items()
    }
