"""Campaigns, deliveries and facts for tests, with defaults that let everything go."""

from fractions import Fraction

from segue.domain.acting import Contact, Controls, Profile
from segue.domain.campaigns import (
    Acting,
    AlreadyIn,
    Campaign,
    Channel,
    Content,
    Delivery,
    Messaging,
    Moment,
    Occasion,
    Variant,
    When,
)
from segue.domain.instant import parse_instant
from segue.services.acting.facts import Facts
from segue.services.acting.pace import Pace
from segue.services.acting.rules import decide

NOW = parse_instant("2026-11-03T12:00:00Z")
"""A Tuesday noon."""
ADA = 1
"""The code of the person whom most tests are about."""


def campaign(campaign_id="welcome", *, moment=Moment.ENTERING, delay=0, **fields):
    """An e-mail campaign on entering `newcomers`."""
    given = {
        "id": campaign_id,
        "title": campaign_id.title(),
        "segment_id": "newcomers",
        "when": When(moment, delay),
        "channel": Channel.EMAIL,
        "variants": (Variant("a", Content({})),),
        "already_in": AlreadyIn.SKIP,
    }
    return Campaign(**(given | fields))


def messaging(**fields):
    """Rules of a project that stop nothing."""
    return Messaging(**({"holdout": Fraction(0)} | fields))


def delivery(of, *, person=ADA, delivery_id="d1", due_at=NOW, **fields):
    """A delivery of a campaign that is due now."""
    given = {
        "id": delivery_id,
        "campaign_id": of.id,
        "fingerprint": of.fingerprint,
        "person": person,
        "person_id": f"p{person}",
        "channel": of.channel,
        "variant": "a",
        "occasion": Occasion.TRANSITION,
        "occasion_key": 1,
        "due_at": due_at,
        "known_at": due_at,
        "not_before": due_at,
        "tags": of.tags,
        "transactional": of.transactional,
    }
    return Delivery(**(given | fields))


def profile(person=ADA, **traits):
    """A person with an address."""
    return Profile(f"p{person}", (f"p{person}",), {"email": f"p{person}@example.com"} | traits)


def contact(at, *, channel=Channel.EMAIL, tags=(), transactional=False, person=ADA):
    """That somebody was reached."""
    return Contact(person, "other", channel, tags, at, transactional)


def facts(people=(ADA,), *, rates=None, **fields):
    """Facts by which nothing stands against a delivery to these people."""
    given = {
        "profiles": {person: profile(person) for person in people},
        "inside": {(person, "newcomers") for person in people},
        "pace": Pace(rates or {}),
        "controls": Controls(),
    }
    return Facts(**(given | fields))


def decided(of, *, rules=None, known=None, now=NOW, **fields):
    """The verdict on one delivery of one campaign."""
    one = delivery(of, **fields)
    return decide([one], known or facts(), Acting((of,), rules or messaging()), now)[0]
