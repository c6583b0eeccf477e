"""From a delivery to its message: the words of its variant, rendered for its person, and links."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final

from segue.domain.acting import (
    Message,
    MessageContext,
    Needs,
    Profile,
    Rendered,
    Templates,
    TriggeringEvent,
)
from segue.domain.campaigns import Acting, Campaign, Channel, Content, Delivery, Messaging
from segue.services.acting.clock import known_zone
from segue.services.acting.links import LinkKind, Links, Ticket
from segue.services.acting.reach import address_of, trait_of
from segue.services.acting.survey_way import links_to
from segue.services.acting.wrapping import (
    hosts_of,
    may_lead_to,
    with_pixel,
    with_way_out,
    wrapped,
)


@dataclass(frozen=True, slots=True)
class About:
    """What is known of a delivery beside its row: the profile of its person, since when they are
    in the segment, or left it (ms), what made them, and why they are in it, in words."""

    profile: Profile
    since: int | None = None
    event: TriggeringEvent | None = None
    evidence: str = ""


@dataclass(frozen=True)
class Composer:
    """Makes messages: `links` signs what stands in them, `title_of` gives the title of a segment by
    its id, `endpoint_of` the address that `to` of a campaign stands for; `counts_opens` puts a
    picture into e-mails that tells of them being opened. Threads may share it."""

    templates: Templates
    links: Links
    title_of: Callable[[str], str]
    endpoint_of: Callable[[str], str] = field(default=str)
    counts_opens: bool = False

    def needs(self, campaign: Campaign, delivery: Delivery) -> Needs:
        """What has to be found out to render a delivery."""
        return self.templates.needs(_content(campaign, delivery).parts)

    def parts(
        self, campaign: Campaign, delivery: Delivery, about: About, acting: Acting, now: int
    ) -> Rendered:
        """The final text of every part."""
        context = self._context(campaign, delivery, about, acting.messaging, now)
        return self.templates.render(_content(campaign, delivery).parts, context)

    def message(
        self, campaign: Campaign, delivery: Delivery, about: About, acting: Acting, now: int
    ) -> Message | str:
        """The message of a delivery, ready to go; else what is wrong with it, in words."""
        rendered = self.parts(campaign, delivery, about, acting, now)
        if rendered.problem:
            return rendered.problem
        way_out = self._unsubscribe(campaign, delivery, about.profile, acting.messaging)
        parts = dict(rendered.parts)
        if campaign.channel is Channel.EMAIL:
            parts = self._mail(campaign, delivery, parts, way_out, acting.messaging)
        return Message(
            id=delivery.id,
            campaign_id=campaign.id,
            person_id=about.profile.person_id,
            channel=campaign.channel,
            address=self._address(campaign, about.profile, acting.messaging),
            parts=parts,
            unsubscribe=way_out,
            facts=facts_of(campaign, delivery),
        )

    def _address(self, campaign: Campaign, profile: Profile, messaging: Messaging) -> str:
        if campaign.to:
            return self.endpoint_of(campaign.to)
        return address_of(campaign, profile, messaging)

    def _mail(
        self,
        campaign: Campaign,
        delivery: Delivery,
        parts: Mapping[str, str],
        way_out: str,
        messaging: Messaging,
    ) -> dict[str, str]:
        """The parts of an e-mail with links that tell of clicks, where people can reach them."""
        if not messaging.public_url:
            return dict(parts)
        ticket = _ticket(delivery)
        given = wrapped(parts, ticket, self.links, _hosts(_content(campaign, delivery)))
        if way_out:
            given = with_way_out(given, way_out)
        if self.counts_opens and campaign.survey is None:  # one that asks is shown on its page
            given = with_pixel(given, self.links.link(LinkKind.OPEN, ticket))
        return given

    def _unsubscribe(
        self, campaign: Campaign, delivery: Delivery, profile: Profile, messaging: Messaging
    ) -> str:
        """The address of the page that ends such messages; "" where people cannot reach it, and of
        what is transactional."""
        if campaign.transactional or not messaging.public_url:
            return ""
        address = address_of(campaign, profile, messaging)
        ticket = _ticket(delivery, address=address, purpose=campaign.purpose)
        return self.links.link(LinkKind.UNSUBSCRIBE, ticket)

    def _survey(
        self, campaign: Campaign, delivery: Delivery, messaging: Messaging
    ) -> tuple[str, dict[str, str]]:
        """The address of the page of a survey, and those that carry an answer; where people cannot
        reach it, or it is none, "" and none."""
        if campaign.survey is None or not messaging.public_url:
            return "", {}
        page = self.links.link(LinkKind.SURVEY, _ticket(delivery))
        return page, links_to(campaign.survey.questions[0], page)

    def _context(
        self,
        campaign: Campaign,
        delivery: Delivery,
        about: About,
        messaging: Messaging,
        now: int,
    ) -> MessageContext:
        profile = about.profile
        survey, answers = self._survey(campaign, delivery, messaging)
        return MessageContext(
            person=profile,
            campaign_id=campaign.id,
            campaign_title=campaign.title,
            segment_id=campaign.segment_id,
            segment_title=self.title_of(campaign.segment_id),
            at=now,
            zone=known_zone(trait_of(profile.traits, messaging.zone_trait), messaging.timezone),
            since=about.since,
            evidence=about.evidence,
            event=about.event,
            unsubscribe_url=self._unsubscribe(campaign, delivery, profile, messaging),
            survey_url=survey,
            survey_answers=answers,
            link=self._link(campaign, delivery) if messaging.public_url else str,
        )

    def _link(self, campaign: Campaign, delivery: Delivery) -> Callable[[str], str]:
        """What `link(…)` of templates makes: a link that tells of clicks, where it leads to a host
        that stands in the templates (what comes out of a profile stays as it is)."""
        ticket, hosts = _ticket(delivery), _hosts(_content(campaign, delivery))

        def noted(url: str) -> str:
            if self.links.is_own(url) or not may_lead_to(url, hosts):
                return url
            return self.links.link(LinkKind.CLICK, replace(ticket, url=url))

        return noted


def facts_of(campaign: Campaign, delivery: Delivery) -> dict[str, Any]:
    """What is said about a delivery beside its words."""
    return {
        "campaign_title": campaign.title,
        "segment_id": campaign.segment_id,
        "variant": delivery.variant,
        "due_at": delivery.due_at,
    }


def _content(campaign: Campaign, delivery: Delivery) -> Content:
    """The words of a delivery's variant; of the first one where it is there no longer."""
    found = (one.content for one in campaign.variants if one.id == delivery.variant)
    return next(found, campaign.variants[0].content)


def _ticket(delivery: Delivery, *, address: str = "", purpose: str = "") -> Ticket:
    return Ticket(delivery.id, delivery.campaign_id, delivery.person_id, address, purpose)


_KEPT: Final = 256


def _hosts(content: Content) -> frozenset[str]:
    return _hosts_of(tuple(content.parts.values()))


@lru_cache(_KEPT)
def _hosts_of(texts: tuple[str, ...]) -> frozenset[str]:
    return hosts_of(texts)
