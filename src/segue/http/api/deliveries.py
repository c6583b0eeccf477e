"""Deliveries: what was sent to whom, what was not, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import numpy as np
from fastapi import Path, Query

from segue.domain.campaigns import Delivery, State
from segue.domain.errors import NotFoundError
from segue.http.api.delivery_models import (
    ChosenLetters,
    DeliveriesBody,
    NumberBody,
    PersonDeliveriesBody,
    StoryBody,
    delivery_body,
    story_body,
)
from segue.http.api.parameters import Cursor, Limit, PersonPath, api_router
from segue.http.context import Context, Here
from segue.services.explain import known_person

router = api_router("Deliveries")


@router.get("/deliveries")
def list_deliveries(
    here: Here,
    *,
    campaign_id: Annotated[str | None, Query(description="Only of this campaign.")] = None,
    person_id: Annotated[
        str | None, Query(description="Only of the person with this distinct id.")
    ] = None,
    state: Annotated[list[State] | None, Query(description="Only in these states.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> DeliveriesBody:
    """Deliveries, latest first."""
    found = here.store.deliveries(
        campaign_id=campaign_id,
        people=() if person_id is None else _codes(here, person_id),
        states=state or (),
        after=cursor,
        limit=limit,
        latest_first=True,
    )
    return DeliveriesBody(
        deliveries=[delivery_body(one) for one in found], cursor=_next(found, limit)
    )


@router.post("/deliveries/replay")
def replay_deliveries(here: Here, chosen: ChosenLetters) -> NumberBody:
    """Try dead letters again, from the first attempt on: those named, those of a campaign, or
    all."""
    number = here.actor.replay(chosen.delivery_ids, chosen.campaign_id)
    return NumberBody(deliveries=number)


@router.get("/deliveries/{delivery_id}")
def get_delivery(
    here: Here, delivery_id: Annotated[str, Path(description="The delivery's id.")]
) -> StoryBody:
    """One delivery with its story in words."""
    found = here.store.delivery(delivery_id)
    if found is None:
        raise NotFoundError(f"there is no delivery {delivery_id!r}", hint="GET /api/deliveries")
    return _story(here, found)


@router.get("/people/{person_id:path}/deliveries")
def get_person_deliveries(
    here: Here, person_id: PersonPath, limit: Limit = 100, cursor: Cursor = None
) -> PersonDeliveriesBody:
    """What a person was sent, or was not, and why not; latest first."""
    found = here.store.deliveries(
        people=_codes(here, person_id), after=cursor, limit=limit, latest_first=True
    )
    return PersonDeliveriesBody(
        person_id=known_person(here.store, person_id),
        deliveries=[_story(here, one) for one in found],
        cursor=_next(found, limit),
    )


def _story(here: Context, delivery: Delivery) -> StoryBody:
    return story_body(delivery, here.actor.acting.campaign(delivery.campaign_id))


def _codes(here: Context, distinct_id: str) -> list[int]:
    """The codes of all distinct ids of a person. Raises `NotFoundError`."""
    code = here.store.person_code(known_person(here.store, distinct_id))
    codes: list[int] = here.store.groups(np.array([code], np.int32)).whos.tolist()
    return codes


def _next(found: Sequence[Delivery], limit: int) -> str | None:
    return found[-1].id if len(found) == limit else None
