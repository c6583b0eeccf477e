"""Importing a file of past events into the running server."""

from __future__ import annotations

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from segue.adapters.sources import ROLES, Layout
from segue.bootstrap.instants import known_zone
from segue.bootstrap.receiving import receive_file
from segue.domain.errors import UsageError
from segue.http.api.models import ImportedBody
from segue.http.api.parameters import api_router
from segue.http.context import Context, Here

router = api_router("Events")


class Format(StrEnum):
    """How a body of events is written."""

    NDJSON = "ndjson"
    CSV = "csv"
    PARQUET = "parquet"


_BY_TYPE: Final = {
    "application/x-ndjson": Format.NDJSON,
    "application/jsonl": Format.NDJSON,
    "application/json": Format.NDJSON,
    "text/csv": Format.CSV,
    "application/vnd.apache.parquet": Format.PARQUET,
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            kind: {"schema": {"type": "string", "format": "binary"}}
            for kind in ("application/x-ndjson", "text/csv", "application/vnd.apache.parquet")
        },
    }
}


@router.post("/import", openapi_extra=_BODY)
async def import_events(
    request: Request,
    here: Here,
    columns: Annotated[
        str,
        Query(
            description="Which column is which, where they have other names.",
            examples=["person_id=user,occurred_at=ts"],
            max_length=5000,
        ),
    ] = "",
    time_zone: Annotated[
        str | None, Query(description="The zone of times that name none. Default: the project's.")
    ] = None,
    body_format: Annotated[
        Format | None, Query(alias="format", description="Default: what Content-Type says.")
    ] = None,
) -> ImportedBody:
    """Store a file of past events: CSV, NDJSON or Parquet, of any size. Memberships take them into
    account; nothing acts upon what they change."""
    kind = body_format or _kind_of(request)
    layout = Layout(_columns(columns), known_zone(time_zone or here.live.definitions.timezone))
    with tempfile.TemporaryDirectory(prefix="segue-import-") as folder:
        file = Path(folder) / f"body.{kind.value}"
        await _received(request, file)
        return await run_in_threadpool(_imported, here, file, layout)


def _imported(here: Context, file: Path, layout: Layout) -> ImportedBody:
    received = receive_file(file, layout, here.live.submit, here.clock)
    return ImportedBody(
        rows=received.rows,
        events=received.events,
        rejected=received.rejected,
        reasons=received.reasons,
    )


async def _received(request: Request, file: Path) -> None:
    """Write the body into the file as it comes."""
    with file.open("wb") as out:
        try:
            async for chunk in request.stream():
                await run_in_threadpool(out.write, chunk)
        except ClientDisconnect:
            raise UsageError("the body ended before its end", hint="send the file again") from None


def _kind_of(request: Request) -> Format:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    kind = _BY_TYPE.get(content_type)
    if kind is None:
        raise UsageError(
            f"bodies of the type {content_type or 'of no name'!r} are not read",
            hint=f"send {', '.join(_BY_TYPE)}, or say ?format=csv",
        )
    return kind


def _columns(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    columns = {role.strip(): column.strip() for role, _, column in pairs}
    wrong = [role for role, column in columns.items() if role not in ROLES or not column]
    if wrong:
        raise UsageError(
            f"columns: {wrong[0]!r} is no role with a column", hint=f"roles: {', '.join(ROLES)}"
        )
    return columns
