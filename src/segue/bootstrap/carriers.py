"""The carriers of a server: what its settings and its project say, made into channels."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from typing import Final

from segue.adapters.channels.apprise import AppriseCarrier
from segue.adapters.channels.console import ConsoleCarrier
from segue.adapters.channels.email import EmailCarrier
from segue.adapters.channels.refusing import RefusingCarrier
from segue.adapters.channels.webhook import WebhookCarrier
from segue.adapters.webhook_sender import HttpSender
from segue.bootstrap.environment import DESTINATION
from segue.bootstrap.settings import Channels
from segue.domain.acting import Carrier
from segue.domain.campaigns import Acting, Channel
from segue.domain.webhooks import Reach
from segue.services.acting.links import campaign_secret

NO_MAIL_SERVER: Final = "no mail server is set up: SEGUE_SMTP_HOST names one"
"""Why e-mails do not go."""

_LOG: Final = logging.getLogger("segue.channels")
_NAMED: Final = re.compile(r"\$\{(\w+)\}")


def carriers(
    acting: Acting,
    channels: Channels,
    *,
    reach: Reach,
    link_secret: bytes,
    now: Callable[[], int],
) -> dict[Channel, Carrier]:
    """A carrier for each channel that leaves the product; `link_secret` is the store's. What the
    campaigns need and the settings do not have is logged."""
    for words in missing_channels(acting, channels):
        _LOG.warning("campaigns: %s", words)
    sender = acting.messaging.sender
    email: Carrier = RefusingCarrier(Channel.EMAIL, NO_MAIL_SERVER)
    if channels.mail is not None:
        email = EmailCarrier(channels.mail, sender=lambda: sender, now=now)
    return {
        Channel.EMAIL: email,
        Channel.WEBHOOK: WebhookCarrier(
            lambda: HttpSender(reach, now=now),
            reach=reach,
            secret_of=lambda campaign_id: campaign_secret(link_secret, campaign_id),
            now=now,
        ),
        Channel.APPRISE: AppriseCarrier(reach),
        Channel.CONSOLE: ConsoleCarrier(),
        **channels.instead,
    }


def destination(to: str, destinations: Mapping[str, str]) -> str:
    """Where the `to` of a campaign leads: what `${SEGUE_TO_…}` stands for, else the text itself;
    "" where that variable is not set, or is none that campaigns may name."""
    named = _NAMED.fullmatch(to.strip())
    if named is None:
        return to
    return destinations.get(named[1], "") if named[1].startswith(DESTINATION) else ""


def missing_channels(acting: Acting, channels: Channels) -> list[str]:
    """What the campaigns of a project need and the settings do not have, in words."""
    missing = []
    by_email = [one.id for one in acting.campaigns if one.channel is Channel.EMAIL]
    if by_email and channels.mail is None and Channel.EMAIL not in channels.instead:
        missing.append(f"{', '.join(by_email)}: {NO_MAIL_SERVER}")
    for one in acting.campaigns:
        if one.to and not destination(one.to, channels.destinations):
            hint = f"only names that begin with {DESTINATION} are read"
            missing.append(f"{one.id}: {one.to} is not set in the server's environment; {hint}")
    return missing
