"""What providers report of e-mails: bounces, complaints, people who left."""

from __future__ import annotations

import hmac
import logging
from typing import Final

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Request, Security
from pydantic import BaseModel, Field

from segue.adapters.channels.reports import read_reports
from segue.domain.access import LONGEST_KEY
from segue.domain.feedback import Reports
from segue.http.access import BEARER, key_of, with_secret_key
from segue.http.context import Context, Here, context_of
from segue.services.acting.feedback import take_reports
from segue.services.acting.links import feedback_key

PATH: Final = "/v1/email/feedback"

_LOG: Final = logging.getLogger("segue.channels")


async def _may_report(request: Request) -> None:
    """Let providers report, with the key for that, or a secret key. Raises `Refusal` 401 or 403."""
    here = context_of(request)
    given = key_of(dict(request.headers.raw), request.scope["query_string"]) or ""
    known = feedback_key(here.store.link_secret())
    if len(given) > LONGEST_KEY or not hmac.compare_digest(given.encode(), known.encode()):
        with_secret_key(here, request.scope)


router = APIRouter(tags=["Campaigns"], dependencies=[Depends(_may_report), Security(BEARER)])

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

    It takes the key for reports, which `GET /api/channels/feedback` tells and which is good for
    nothing else, or a secret key; also as the user name of a URL, for providers that can be given
    nothing else. Whatever has neither is refused: signatures of Amazon SNS are not looked at.
    """
    reports = read_reports(await request.body())
    if reports.confirm:
        _LOG.warning("Amazon SNS asks to be confirmed: open %s", reports.confirm)
    count = await run_sync(_taken, here, reports)
    known = len(reports.reports) - count
    return Taken(suppressed=count, known=known, ignored=reports.ignored, confirm=reports.confirm)


def _taken(here: Context, reports: Reports) -> int:
    return take_reports(here.store, here.live.submit, reports.reports, here.clock())
