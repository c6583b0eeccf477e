"""Channels: which are set up, what is missing, and the secret that signs a campaign's webhooks."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from pydantic import BaseModel, Field

from segue.bootstrap.carriers import missing_channels
from segue.bootstrap.webhooks import default_reach
from segue.domain.campaigns import Channel
from segue.domain.errors import NotFoundError
from segue.http.access import NEEDS_SECRET_KEY
from segue.http.context import Here
from segue.http.feedback import PATH
from segue.language.acting import acting
from segue.services.acting.links import campaign_secret, feedback_key

PLACEHOLDER: Final = "https://segue.example.com"
"""Stands for this server, where the project does not say where people outside reach it."""

router = APIRouter(prefix="/api/channels", tags=["Campaigns"], dependencies=[NEEDS_SECRET_KEY])


class Channels(BaseModel):
    """How messages leave the product."""

    mail_server: str | None = Field(description="Who takes e-mails, `host:port`; null: nobody.")
    reach: str = Field(description="Which addresses may be sent to: public, loopback or private.")
    destinations: list[str] = Field(description="The names that campaigns may send to.")
    counts_opens: bool = Field(description="Whether e-mails tell when they are opened.")
    missing: list[str] = Field(description="What campaigns need and nobody has set up, in words.")


class FeedbackAddress(BaseModel):
    """Where providers report."""

    key: str = Field(description="`fb_…`: it may report, and nothing else.")
    url: str = Field(description="The address for the settings of a provider.")


class WebhookSecret(BaseModel):
    """What signs the webhooks of a campaign."""

    campaign_id: str = Field(description="Which campaign.")
    secret: str = Field(description="`whsec_…`, as Standard Webhooks has it; keep it.")


@router.get("", summary="Which channels are set up")
def channels(here: Here) -> Channels:
    """What the server was started with, without its secrets, and what campaigns lack."""
    settings = here.settings.channels
    mail = settings.mail
    return Channels(
        mail_server=None if mail is None else f"{mail.host}:{mail.port}",
        reach=here.settings.webhook_reach or default_reach(here.settings.host),
        destinations=sorted(settings.destinations),
        counts_opens=settings.counts_opens,
        missing=missing_channels(acting(here.project.project), settings),
    )


@router.get("/feedback", summary="Where providers report bounces and complaints")
def feedback_address(here: Here) -> FeedbackAddress:
    """The key that providers report with, and the address with it in front. It stays the same, and
    is good for nothing else."""
    key = feedback_key(here.store.link_secret())
    base = here.actor.acting.messaging.public_url or PLACEHOLDER
    scheme, _, host = base.partition("://")
    return FeedbackAddress(key=key, url=f"{scheme}://{key}@{host}{PATH}")


@router.get("/webhook/{campaign_id:path}", summary="The secret that signs a campaign's webhooks")
def webhook_secret(campaign_id: str, here: Here) -> WebhookSecret:
    """The secret. Each campaign has one of its own; it stays the same."""
    campaign = acting(here.project.project).campaign(campaign_id)
    if campaign is None or campaign.channel is not Channel.WEBHOOK:
        raise NotFoundError(
            f"there is no campaign {campaign_id!r} that sends webhooks", hint="segue campaigns"
        )
    secret = campaign_secret(here.store.link_secret(), campaign_id)
    return WebhookSecret(campaign_id=campaign_id, secret=secret)
