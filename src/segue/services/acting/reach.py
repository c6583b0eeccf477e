"""How somebody is reached: traits that rules look at, and the address that can be suppressed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from segue.domain.acting import Profile
from segue.domain.campaigns import Campaign, Channel, Messaging


def trait_of(traits: Mapping[str, Any], name: str) -> Any:
    """The value of a trait, nested ones by dots; None where it is missing."""
    if name in traits:
        return traits[name]
    value: Any = traits
    for key in name.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def is_true(value: Any) -> bool:
    """Whether a value is true as the language of conditions reads it: the boolean, or that word."""
    return value is True or value == "true"


def address_of(campaign: Campaign, profile: Profile, messaging: Messaging) -> str:
    """The address that the suppression list knows somebody by, on the channel of a campaign: for
    e-mail what their profile says ("" where that is no address), else their id."""
    if campaign.channel is not Channel.EMAIL:
        return profile.person_id
    value = trait_of(profile.traits, messaging.email_trait)
    return value.strip() if isinstance(value, str) and "@" in value else ""
