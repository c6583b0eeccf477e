"""The suppression list: addresses that nothing is written to."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Response

from segue.domain.campaigns import Channel, Suppressed
from segue.domain.errors import NotFoundError
from segue.http.api.delivery_models import (
    ImportedBody,
    NewSuppression,
    NewSuppressions,
    SuppressionBody,
    SuppressionsBody,
    suppression_body,
)
from segue.http.api.parameters import Cursor, Limit, api_router
from segue.http.context import Here

router = api_router("Suppressions")


@router.get("/suppressions")
def list_suppressions(here: Here, limit: Limit = 100, cursor: Cursor = None) -> SuppressionsBody:
    """The list, by address. Of erased people only hashes are left, which begin with `sha256:`."""
    found = here.store.suppressions(after=cursor or "", limit=limit)
    addresses = {one.address for one in found}
    return SuppressionsBody(
        suppressions=[suppression_body(one) for one in found],
        cursor=found[-1].address if len(addresses) == limit else None,
    )


@router.post("/suppressions", status_code=201)
def add_suppression(here: Here, new: NewSuppression) -> SuppressionBody:
    """Put an address on the list; where it is on it, nothing happens."""
    entry = Suppressed(
        new.address.strip().lower(), new.channel, new.purpose, new.reason, here.clock()
    )
    here.store.suppress([entry])
    return suppression_body(entry)


@router.post("/suppressions/import")
def import_suppressions(here: Here, given: NewSuppressions) -> ImportedBody:
    """Put many addresses on the list: those who unsubscribed elsewhere before."""
    now = here.clock()
    entries = [
        Suppressed(address.strip().lower(), given.channel, given.purpose, given.reason, now)
        for address in given.addresses
        if address.strip()
    ]
    return ImportedBody(added=here.store.suppress(entries))


@router.delete("/suppressions", status_code=204)
def remove_suppression(
    here: Here,
    address: Annotated[str, Query(min_length=1, description="The address.")],
    channel: Annotated[Channel, Query(description="The channel.")] = Channel.EMAIL,
    purpose: Annotated[str, Query(description="The purpose of the entry; empty: all.")] = "",
) -> Response:
    """Take an address off the list."""
    if not here.store.unsuppress(address.strip(), channel, purpose):
        raise NotFoundError(f"{address!r} is not on the list", hint="GET /api/suppressions")
    return Response(status_code=204)
