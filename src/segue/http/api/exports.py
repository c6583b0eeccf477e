"""Whole tables as files: Arrow, Parquet, CSV or NDJSON.

A table is written to a temporary file, of one moment, and sent from there: a client that reads
slowly holds up nobody, and trouble is an error, not half a file.
"""

from __future__ import annotations

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import Path as PathParameter
from fastapi import Query
from starlette.background import BackgroundTask
from starlette.responses import FileResponse

from segue.bootstrap.streaming import FileFormat, write_batches
from segue.http.api.parameters import At, api_router, instant_at
from segue.http.context import Context, Here
from segue.services.live.exporting import (
    DOCUMENTS,
    Export,
    export_events,
    export_stays,
    export_transitions,
)

router = api_router("Export")


class What(StrEnum):
    """What can be taken away."""

    MEMBERS = "members"
    MEMBERSHIPS = "memberships"
    TRANSITIONS = "transitions"
    EVENTS = "events"


_FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "The table.",
        "content": {
            form.media_type.partition(";")[0]: {"schema": {"type": "string", "format": "binary"}}
            for form in FileFormat
        },
    }
}


@router.get("/export/{what}.{form}", response_class=FileResponse, responses=_FILES)
def export_table(
    here: Here,
    what: Annotated[What, PathParameter(description="Which table.")],
    form: Annotated[FileFormat, PathParameter(description="How it is written.")],
    at: At = None,
    segment: Annotated[
        list[str] | None, Query(description="Only of this segment; may be repeated.")
    ] = None,
) -> FileResponse:
    """A whole table. `at` and `segment` are for members and memberships."""
    export = _export(here, what, segment or [], at)
    folder = tempfile.TemporaryDirectory(prefix="segue-export-")
    path = Path(folder.name) / f"{what.value}.{form.value}"
    try:
        with path.open("wb") as file:
            write_batches(export.batches, export.schema, file, form, documents=DOCUMENTS)
    except BaseException:
        folder.cleanup()
        raise
    return FileResponse(
        path,
        media_type=form.media_type,
        filename=path.name,
        background=BackgroundTask(folder.cleanup),
    )


def _export(here: Context, what: What, segment_ids: list[str], at: str | None) -> Export:
    if what is What.EVENTS:
        return export_events(here.store)
    if what is What.TRANSITIONS:
        return export_transitions(here.store, here.feed.next_transition)
    instant = here.live.ticked_at if at is None else instant_at(here, at)
    ended = what is What.MEMBERSHIPS
    return export_stays(here.store, here.live, segment_ids, instant, ended=ended)
