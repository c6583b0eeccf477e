"""What a person would be shown in the product, and of the rest why not."""

from __future__ import annotations

from pydantic import Field

from segue.http.api.models import Body, Instant, maybe_instant
from segue.http.api.parameters import PersonPath, api_router
from segue.http.context import Here
from segue.services.in_app.trace import Trace

router = api_router("People")


class OfferBody(Body):
    """What a page does with one campaign or survey for one person."""

    campaign_id: str = Field(description="The campaign or survey.")
    title: str = Field(description="Its title.")
    kind: str = Field(description="`message` or `survey`.")
    shown: bool = Field(description="Whether a page that asks now is told to draw it.")
    why: str = Field(description="When it is drawn, or why it is not, in words.")
    control: bool = Field(description="Whether the person is held out of it.")
    delivery_id: str | None = Field(description="The delivery, where there is one.")
    due_at: Instant | None = Field(description="When the delivery was due.")
    shown_at: Instant | None = Field(description="When it was first drawn.")


class OffersBody(Body):
    """All in-app campaigns and surveys, for one person."""

    person_id: str = Field(description="The person's id.")
    offers: list[OfferBody] = Field(description="One for each, as in the project file.")


@router.get("/people/{person_id:path}/offers")
def get_offers(here: Here, person_id: PersonPath) -> OffersBody:
    """What the person would be shown in the product now, and of everything else why it is not."""
    traces = here.in_app.trace(person_id)
    found = here.live.standing(person_id).person_id
    return OffersBody(person_id=found, offers=[_offer(one) for one in traces])


def _offer(one: Trace) -> OfferBody:
    return OfferBody(
        campaign_id=one.campaign.id,
        title=one.campaign.title,
        kind="message" if one.campaign.survey is None else "survey",
        shown=one.shown,
        why=one.why,
        control=one.control,
        delivery_id=one.delivery_id,
        due_at=maybe_instant(one.due_at),
        shown_at=maybe_instant(one.shown_at),
    )
