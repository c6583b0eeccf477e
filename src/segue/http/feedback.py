"""What providers report of e-mails: bounces, complaints, people who left."""

from __future__ import annotations

import logging
from typing import Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from segue.adapters.channels.reports import read_reports
from segue.domain.feedback import Reports
from segue.http.access import NEEDS_SECRET_KEY
from segue.http.context import Context, Here
from segue.services.acting.feedback import take_reports

PATH: Final = "/v1/email/feedback"

_LOG: Final = logging.getLogger("segue.channels")

router = APIRouter(tags=["Campaigns"], dependencies=[NEEDS_SECRET_KEY])

_BODY: Final = {
    "requestBody": {
        "required": True,
        "description": "A report or a list of them: Segue's own, or those of Amazon SES (through "
        "SNS or not), Postmark or SendGrid, whatever the headers say.",
        "content": {
            "application/json": {
                "schema": {"type": ["object", "array"]},
                "example": {"address": "ana@example.com", "kind": "bounced"},
            }
        },
    }
}


class Taken(BaseModel):
    """What became of reports."""

    suppressed: int = Field(description="Addresses that are newly on the suppression list.")
    known: int = Field(description="Reports of addresses that were on it already.")
    ignored: int = Field(description="Reports that ask for nothing, such as a full mailbox.")
    confirm: str = Field(
        default="", description="Where to confirm the subscription, where Amazon SNS asks for it."
    )


@router.post(PATH, summary="Report bounces, complaints and unsubscribes", openapi_extra=_BODY)
async def report(request: Request, here: Here) -> Taken:
    """Put addresses on the suppression list, for good.

    Providers that can only be given a URL send the secret key as its user name:
    `https://SECRET_KEY@segue.example.com/v1/email/feedback`.
    """
    reports = read_reports(await request.body())
    if reports.confirm:
        _LOG.warning("Amazon SNS asks to be confirmed: open %s", reports.confirm)
    count = await run_sync(_taken, here, reports)
    known = len(reports.reports) - count
    return Taken(suppressed=count, known=known, ignored=reports.ignored, confirm=reports.confirm)


def _taken(here: Context, reports: Reports) -> int:
    return take_reports(here.store, here.live.submit, reports.reports, here.clock())
