"""Who is held out, who is asked, and who gets which variant: by a hash of the person's id.

The hash is SHA-256 of four texts joined by line feeds: what is drawn (`holdout`, `variant`,
`sample`), the project's salt, the campaign's id (nothing for the holdout of the project) and the
person's id. It says the same for ever, needs no table, and one draw tells nothing about another.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Final

from segue.domain.campaigns import Campaign, Messaging, Variant

_SPACE: Final = 1 << 256


def is_held_out(person_id: str, messaging: Messaging) -> bool:
    """Whether somebody is in the holdout of the project."""
    return _is_below(messaging.holdout, "holdout", messaging, "", person_id)


def is_held_out_of(campaign: Campaign, person_id: str, messaging: Messaging) -> bool:
    """Whether somebody is in the holdout of a campaign."""
    return _is_below(campaign.holdout, "holdout", messaging, campaign.id, person_id)


def is_sampled(campaign: Campaign, person_id: str, messaging: Messaging) -> bool:
    """Whether somebody is among those whom a campaign speaks to at all."""
    return _is_below(campaign.sampled, "sample", messaging, campaign.id, person_id)


def variant_of(campaign: Campaign, person_id: str, messaging: Messaging) -> Variant:
    """The variant of a campaign that is somebody's, in proportion to the weights."""
    total = sum(variant.weight for variant in campaign.variants)
    ticket = _draw("variant", messaging, campaign.id, person_id) * total // _SPACE
    for variant in campaign.variants:
        ticket -= variant.weight
        if ticket < 0:
            return variant
    raise AssertionError("the ticket is smaller than the sum of the weights")


def _is_below(
    share: Fraction, what: str, messaging: Messaging, campaign_id: str, person_id: str
) -> bool:
    """Whether somebody's draw lies in the first `share` of all draws, compared exactly."""
    if share.numerator in (0, share.denominator):
        return share.numerator > 0
    drawn = _draw(what, messaging, campaign_id, person_id)
    return drawn * share.denominator < share.numerator * _SPACE


def _draw(what: str, messaging: Messaging, campaign_id: str, person_id: str) -> int:
    """A number below 2 ** 256 that these texts always draw."""
    text = "\n".join((what, messaging.salt, campaign_id, person_id))
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest())
