"""Events: what was not taken and why, and which names there are."""

from __future__ import annotations

from fastapi import Request

from segue.http.api.models import (
    CatalogBody,
    NameBody,
    RejectedBody,
    RejectedEventsBody,
    instant,
)
from segue.http.api.parameters import Limit, api_router
from segue.http.context import Context, Here
from segue.services.live.catalogue import Catalogue

router = api_router("Events")


@router.get("/events/rejected")
def get_rejected(here: Here, limit: Limit = 100) -> RejectedEventsBody:
    """The latest events that were not taken, and why."""
    return RejectedEventsBody(
        rejected=[
            RejectedBody(
                received_at=instant(one.received_at),
                reason=one.reason,
                message_id=one.message_id,
                sdk=one.sdk,
                key_name=one.key_name,
                excerpt=one.excerpt,
            )
            for one in here.store.rejected_events(limit)
        ]
    )


@router.get("/catalog")
def get_catalog(request: Request, here: Here) -> CatalogBody:
    """Event names with their counts and properties, and trait names; some seconds old at most."""
    names = catalogue_of(request, here).names(here.clock(), patience=None)
    return CatalogBody(
        as_of=instant(names.as_of),
        events=[
            NameBody(
                event=one.event,
                count=one.count,
                people=one.people,
                first_at=instant(one.first_at),
                last_at=instant(one.last_at),
                properties=list(one.properties),
            )
            for one in names.events
        ],
        traits=list(names.traits),
    )


def catalogue_of(request: Request, here: Context) -> Catalogue:
    """The catalogue of the application, made when it is first needed."""
    state = request.app.state
    catalogue = getattr(state, "catalogue", None)
    if not isinstance(catalogue, Catalogue):
        catalogue = state.catalogue = Catalogue(here.store)
    return catalogue
