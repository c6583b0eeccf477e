"""What a campaign would say to somebody: every part as final text, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from typing import Any

import numpy as np

from segue.domain.acting import MessageContext, Profile, Templates, TriggeringEvent
from segue.domain.campaigns import Acting, Campaign, Variant
from segue.domain.errors import NotFoundError
from segue.domain.instant import format_instant
from segue.language.tree import Definitions
from segue.services.acting.assignment import (
    is_held_out,
    is_held_out_of,
    is_sampled,
    variant_of,
)
from segue.services.acting.clock import known_zone
from segue.services.acting.profiles import event_order, profile_of, properties_of
from segue.services.acting.reach import address_of, trait_of
from segue.services.acting.survey_way import links_to
from segue.services.explain import Explained, explain_membership
from segue.services.live.reading import sentence
from segue.services.view import Store
from segue.timeline.log import InstantOf, TraitRequest


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a message: its template, its final text, or the problem in words."""

    name: str
    template: str
    text: str
    problem: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A campaign as one person would get it at an instant (ms), with their variant.

    `inside`: whether they are in its segment, since when (ms), and why, in words. `event` is what
    the templates are given as the event that made them enter (None: nothing but time did, or
    nothing was found). `missing` are the traits that the templates need and the person lacks.
    `withheld` says in words why they would get nothing ("": nothing known keeps it from them; caps
    and hours are looked at when it is due). `address` is where it would go.
    """

    campaign: Campaign
    person_id: str
    at: int
    inside: bool
    since: int | None
    evidence: str
    event: TriggeringEvent | None
    variant: str
    parts: tuple[Part, ...]
    missing: tuple[str, ...]
    withheld: str
    address: str

    @property
    def works(self) -> bool:
        """Whether every part could be rendered."""
        return not any(part.problem for part in self.parts)


def known_campaign(acting: Acting, campaign_id: str) -> Campaign:
    """The campaign with this id; else `NotFoundError` with the nearest ids."""
    found = acting.campaign(campaign_id)
    if found is not None:
        return found
    known = [one.id for one in acting.campaigns]
    near = get_close_matches(campaign_id, known, n=3)
    hint = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(known[:10])}"
    raise NotFoundError(
        f"There is no campaign {campaign_id!r}", hint=hint if known else "segue.yaml has none yet"
    )


@dataclass(frozen=True, slots=True)
class Previewer:
    """Renders the campaigns of a project for people of a store."""

    store: Store
    definitions: Definitions
    acting: Acting
    templates: Templates
    profile: Callable[[str, int], Profile] | None = None
    """Reads the profile of a person (by id) at an instant (ms), where there is something quicker
    than to read the traits of the log."""

    def preview(
        self, campaign_id: str, distinct_id: str, at: int, *, variant: str | None = None
    ) -> Preview:
        """A campaign for the person who has the distinct id, with their variant or the named one.

        Raises `NotFoundError` where there is no such campaign, variant or person.
        """
        campaign, acting = known_campaign(self.acting, campaign_id), self.acting
        explained = explain_membership(
            self.store, self.definitions, campaign.segment_id, distinct_id, at
        )
        person = explained.person_id
        profile = (self.profile or partial(_profile, self.store))(person, at)
        chosen = _variant(campaign, acting, profile.person_id, variant)
        parts = chosen.content.parts
        context = _context(campaign, acting, self.definitions, explained, profile)
        needed = self.templates.needs(parts).traits
        holds = explained.explanation.holds
        return Preview(
            campaign=campaign,
            person_id=profile.person_id,
            at=at,
            inside=holds,
            since=context.since,
            evidence=context.evidence,
            event=context.event,
            variant=chosen.id,
            parts=tuple(_part(self.templates, *part, context) for part in parts.items()),
            missing=tuple(one for one in needed if trait_of(profile.traits, one) is None),
            withheld=_withheld(campaign, acting, profile, inside=holds),
            address=campaign.to or address_of(campaign, profile, acting.messaging),
        )


def _part(templates: Templates, name: str, text: str, context: MessageContext) -> Part:
    rendered = templates.render({name: text}, context)
    problem = rendered.problem.removeprefix(f"{name}: ")
    return Part(name, text, rendered.parts.get(name, ""), problem)


def _variant(campaign: Campaign, acting: Acting, person_id: str, wanted: str | None) -> Variant:
    if wanted is None:
        return variant_of(campaign, person_id, acting.messaging)
    for variant in campaign.variants:
        if variant.id == wanted:
            return variant
    listed = ", ".join(variant.id for variant in campaign.variants)
    raise NotFoundError(f"There is no variant {wanted!r}", hint=f"there are {listed}")


def _withheld(campaign: Campaign, acting: Acting, profile: Profile, *, inside: bool) -> str:
    person = profile.person_id
    if not campaign.enabled:
        return "the campaign is not enabled"
    if not campaign.transactional and is_held_out(person, acting.messaging):
        return "in the holdout of the project"
    if not campaign.transactional and is_held_out_of(campaign, person, acting.messaging):
        return "in the holdout of the campaign"
    if not is_sampled(campaign, person, acting.messaging):
        return "not among those who are asked"
    if not campaign.to and not address_of(campaign, profile, acting.messaging):
        return f"has no e-mail address: the trait `{acting.messaging.email_trait}`"
    return "" if inside else "not in the segment"


# ---------------------------------------------------------------------------------------- context


def _profile(store: Store, person_id: str, at: int) -> Profile:
    """The profile of one person, through the reading of traits that every store has."""
    requests = [TraitRequest(name, InstantOf((name,))) for name in store.trait_names()]
    log = store.read(requests, at=at, people=[person_id], sources=True).log
    found = [log.writes(request).writes.source for request in requests]
    written = [one for one in found if one is not None]
    sources = np.unique(np.concatenate(written)).tolist() if written else []
    events = sorted(store.events(sources), key=event_order)
    return profile_of(person_id, store.distinct_ids(person_id), events, at)


def _context(
    campaign: Campaign,
    acting: Acting,
    definitions: Definitions,
    explained: Explained,
    profile: Profile,
) -> MessageContext:
    found, rules = explained.explanation, acting.messaging
    titles = {segment.id: segment.title for segment in definitions.segments}
    outside = f"{rules.public_url}/preview" if rules.public_url else ""
    return MessageContext(
        person=profile,
        campaign_id=campaign.id,
        campaign_title=campaign.title,
        segment_id=campaign.segment_id,
        segment_title=titles[campaign.segment_id],
        at=found.at,
        zone=known_zone(trait_of(profile.traits, rules.zone_trait), rules.timezone),
        since=found.since,
        evidence=sentence(found.condition, titles) if found.holds else "",
        event=_event(explained),
        unsubscribe_url="" if campaign.transactional else outside,
        survey_url=outside if campaign.survey is not None else "",
        survey_answers=links_to(campaign.survey.questions[0], outside)
        if campaign.survey is not None and outside
        else {},
    )


def _event(explained: Explained) -> TriggeringEvent | None:
    """The event at the very instant at which they entered, or left."""
    since = explained.explanation.since
    there = [one for one in explained.events.values() if one.occurred_at == since]
    if not there:
        return None
    last = max(there, key=event_order)
    return TriggeringEvent(last.event, last.occurred_at, properties_of(last))


# ---------------------------------------------------------------------------------------- as JSON


def preview_document(found: Preview) -> dict[str, Any]:
    """The JSON form of a preview: the same from the command line and over HTTP."""
    return {
        "campaign_id": found.campaign.id,
        "person_id": found.person_id,
        "at": format_instant(found.at),
        "segment_id": found.campaign.segment_id,
        "inside": found.inside,
        "since": None if found.since is None else format_instant(found.since),
        "evidence": found.evidence,
        "event": None if found.event is None else _event_document(found.event),
        "channel": found.campaign.channel.value,
        "address": found.address,
        "variant": found.variant,
        "parts": {part.name: part.text for part in found.parts if not part.problem},
        "problems": {part.name: part.problem for part in found.parts if part.problem},
        "missing": list(found.missing),
        "withheld": found.withheld,
    }


def _event_document(event: TriggeringEvent) -> Mapping[str, Any]:
    return {
        "event": event.name,
        "occurred_at": format_instant(event.at),
        "properties": event.properties,
    }
