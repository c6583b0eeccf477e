"""Importing a file by the page: it is sent, it is said which column is which, and it is read in.

Each of the three has an address; what a file would give is shown before anything is stored.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Self, TypeAlias
from urllib.parse import urlencode

from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response, StreamingResponse

from segue.adapters.sources import ROLES, Layout, Rejected, hint_for, needed
from segue.adapters.sources.columns import guess_columns
from segue.bootstrap.beginning import Sample
from segue.bootstrap.instants import known_zone
from segue.bootstrap.reported import Stage
from segue.bootstrap.uploads import MOST_BYTES, PREVIEWED, Preview, Upload
from segue.domain.errors import SegueError
from segue.domain.users import Role
from segue.ui.pages import HEADERS, Page
from segue.ui.signing import Sending, SignedIn, needs, serving_of
from segue.ui.uploading import received

SHOWN: Final = 20
"""Events and refused rows that a preview shows."""
VALUES: Final = 3
"""Values of a column that are shown beside its name."""
_LONGEST: Final = 60

ASKED: Final = {
    "person_id": ("Who did it", "the id of a person: a customer number, an account, an address"),
    "event": ("What was done", "the name of the event"),
    "occurred_at": ("When", "the time of the event"),
    "event_id": ("Id of the event", "one id is one event, however often it comes"),
    "sequence": ("Order", "a number that orders events of the same instant"),
    "properties": ("Properties", "a column of JSON objects; every other column is one anyway"),
}
"""What each role is, as somebody is asked for it."""

router = APIRouter()


class Mapping(BaseModel):
    """How a file is to be read, as it stands in the address: the column of each role, one name for
    all events, the zone of times without one, and the form of times."""

    person_id: str = Field(default="", max_length=500)
    event: str = Field(default="", max_length=500)
    occurred_at: str = Field(default="", max_length=500)
    event_id: str = Field(default="", max_length=500)
    sequence: str = Field(default="", max_length=500)
    properties: str = Field(default="", max_length=500)
    event_name: str = Field(default="", max_length=500)
    time_zone: str = Field(default="", max_length=100)
    time_format: str = Field(default="", max_length=100)
    asked: bool = False
    """Whether somebody chose; else the columns are guessed."""

    @property
    def columns(self) -> dict[str, str]:
        """The column of each role that has one."""
        return {role: getattr(self, role) for role in ROLES if getattr(self, role)}

    def layout(self, zone: str) -> Layout:
        """The same for who reads the file. Raises `UsageError` where there is no such zone."""
        columns = self.columns
        name = self.event_name.strip() if "event" not in columns else ""
        zone = known_zone(self.time_zone.strip() or zone)
        return Layout(columns, zone, self.time_format.strip() or None, name or None)

    @property
    def fields(self) -> dict[str, str]:
        """What an address, or a form, says of it."""
        given = {name: value for name, value in self.model_dump(exclude={"asked"}).items() if value}
        return given | {"asked": "true"} if self.asked or given else {}

    @classmethod
    def of(cls, layout: Layout) -> Self:
        """The same as a layout says."""
        zone, form, name = layout.timezone, layout.time_format or "", layout.event_name or ""
        return cls(**layout.columns, time_zone=zone, time_format=form, event_name=name, asked=True)

    def lacks(self) -> list[str]:
        """What has to be chosen before anything can be read."""
        name = self.event_name.strip() or None
        return [ASKED[role][0] for role in needed(name) if role not in self.columns]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file and its first values."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """An event as it would be stored."""

    person: str
    name: str
    at: int
    properties: tuple[tuple[str, str], ...]


InAddress: TypeAlias = Annotated[Mapping, Query()]
InForm: TypeAlias = Annotated[Mapping, Form()]


@router.get("/data/import")
def choose_file(request: Request, session: SignedIn) -> Response:
    """Choose a file to import."""
    needs(session, Role.EDITOR)
    return _asked(request)


@router.post("/data/import")
async def send_file(request: Request, session: SignedIn) -> Response:
    """Send a file of events"""
    needs(session, Role.EDITOR)
    try:
        upload = await received(request, session, serving_of(request).uploads)
    except SegueError as error:
        return _asked(request, error)
    return RedirectResponse(_address(upload.id), 303)


def _asked(request: Request, error: SegueError | None = None) -> Response:
    uploads = serving_of(request).uploads
    values = {
        "uploads": uploads.all(),
        "room": uploads.room(),
        "most": MOST_BYTES,
        "error": error,
    }
    return Page.of(request).shown(
        "import", values, title="Import a file", status=400 if error else 200
    )


@router.get("/data/imports/{id_}")
def show_file(request: Request, session: SignedIn, id_: str, mapping: InAddress) -> Response:
    """A file that came: how it would be read, how far its import is, or what came of it."""
    needs(session, Role.EDITOR)
    upload = serving_of(request).uploads.get(id_)
    is_open = upload.imported is None or mapping.asked
    if is_open and upload.stage is not Stage.RUNNING and upload.is_there:
        return _mapped(request, upload, mapping)
    return _reported(request, upload)


@router.post("/data/imports/{id_}")
def import_file(request: Request, session: Sending, id_: str, mapping: InForm) -> Response:
    """Import a file"""
    needs(session, Role.EDITOR)
    uploads, page = serving_of(request).uploads, Page.of(request)
    upload = uploads.get(id_)
    try:
        uploads.start(id_, mapping.layout(page.zone), session.user.name)
    except SegueError as error:
        return _mapped(request, upload, mapping, error)
    return RedirectResponse(_address(id_), 303)


@router.post("/data/imports/{id_}/stop")
def stop_import(request: Request, session: Sending, id_: str) -> Response:
    """Stop an import"""
    needs(session, Role.EDITOR)
    serving_of(request).uploads.stop(id_)
    return RedirectResponse(_address(id_), 303)


@router.post("/data/imports/{id_}/remove")
def remove_file(request: Request, session: Sending, id_: str) -> Response:
    """Forget a file that was sent"""
    needs(session, Role.EDITOR)
    serving_of(request).uploads.remove(id_)
    return RedirectResponse("/studio/data/import", 303)


@router.get("/data/imports/{id_}/rejects.csv")
def rejects(request: Request, session: SignedIn, id_: str, mapping: InAddress) -> Response:
    """The rows that were refused, or would be, as a table."""
    needs(session, Role.EDITOR)
    uploads = serving_of(request).uploads
    upload = uploads.get(id_)
    if upload.imported is not None and not mapping.asked:
        rows: Iterable[Rejected] = uploads.rejected(id_)
    else:
        layout = _layout(Page.of(request), uploads.sample(id_), mapping)
        rows = uploads.preview(id_, layout).batch.rejected
    name = f"{upload.name}-rejects.csv".encode("ascii", "replace").decode()
    headers = {**HEADERS, "content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_as_csv(rows), media_type="text/csv", headers=headers)


# ----------------------------------------------------------------------------------- how it is read


def _mapped(
    request: Request, upload: Upload, mapping: Mapping, error: SegueError | None = None
) -> Response:
    """The page on which somebody says which column is which."""
    page, uploads = Page.of(request), serving_of(request).uploads
    sample: Sample | None = None
    found: Preview | None = None
    lacks: list[str] = []
    reasons: dict[str, str] = {}
    try:
        sample = uploads.sample(upload.id)
        if not mapping.asked:
            mapping, reasons = _guessed(sample)
        lacks = [] if _is_known(sample, mapping) else mapping.lacks()
        if not lacks:
            found = uploads.preview(upload.id, _layout(page, sample, mapping))
    except SegueError as trouble:
        error = error or trouble
    values = {
        "upload": upload,
        "sample": sample,
        "columns": _columns(sample) if sample else [],
        "mapping": mapping,
        "asked": ASKED,
        "reasons": reasons,
        "lacks": lacks,
        "found": found,
        "events": _events(found) if found else [],
        "rejected": [(one, hint_for(one.reason)) for one in found.batch.rejected[:SHOWN]]
        if found
        else [],
        "previewed": PREVIEWED,
        "error": error or upload.trouble,
        "fields": mapping.fields,
        "query": urlencode(mapping.fields),
        "busy": next((one for one in uploads.all() if one.stage is Stage.RUNNING), None),
    }
    return page.shown("import_mapping", values, title=f"Import {upload.name}")


def _is_known(sample: Sample, mapping: Mapping) -> bool:
    """Whether it is somebody's export, of which nothing needs to be said."""
    return bool(sample.exported_by) and not mapping.asked


def _layout(page: Page, sample: Sample, mapping: Mapping) -> Layout:
    if not mapping.asked:
        mapping, _ = _guessed(sample)
    return mapping.layout(page.zone)


def _guessed(sample: Sample) -> tuple[Mapping, dict[str, str]]:
    """The columns as they are guessed, and why; none where it is somebody's export."""
    if sample.exported_by:
        return Mapping(), {}
    why = guess_columns(sample.names, sample.values)
    return Mapping.model_validate(dict(sample.columns)), dict(why.reasons)


def _columns(sample: Sample) -> list[Column]:
    return [Column(name, _values(sample.values.get(name, ()))) for name in sample.names]


def _values(values: Iterable[object]) -> tuple[str, ...]:
    texts = (_short(one) for one in values if one is not None)
    return tuple(dict.fromkeys(texts))[:VALUES]


def _short(value: object) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _events(found: Preview) -> list[Event]:
    rows = found.batch.events.slice(0, SHOWN).to_pylist()
    return [
        Event(
            row["distinct_id"],
            row["event"],
            row["occurred_at"],
            tuple((key, _short(_said(value))) for key, value in _object(row["properties"])),
        )
        for row in rows
    ]


def _object(text: str) -> Iterable[tuple[str, Any]]:
    found = json.loads(text)
    return found.items() if isinstance(found, dict) else ()


def _said(value: object) -> object:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# ------------------------------------------------------------------------------- what came of it


def _reported(request: Request, upload: Upload) -> Response:
    """How far it is, or what came of it."""
    imported = upload.imported
    counts = imported.reasons if imported else ()
    reasons = [(text, count, hint_for(text)) for text, count in counts]
    again = Mapping.of(upload.layout).fields if upload.layout else {}
    values = {
        "upload": upload,
        "imported": imported,
        "has_rows": bool(imported and imported.rejects and imported.rejects.is_file()),
        "reasons": reasons,
        "query": urlencode(again),
    }
    return Page.of(request).shown("import_report", values, title=f"Import {upload.name}")


def _address(id_: str) -> str:
    return f"/studio/data/imports/{id_}"


def _as_csv(rows: Iterable[Rejected]) -> Iterator[str]:
    """Lines of a table: where the row stands, why it was refused, what to do, and its text."""
    out = io.StringIO()
    write = csv.writer(out).writerow
    write(("row", "reason", "hint", "text"))
    for one in rows:
        write((one.row, one.reason, hint_for(one.reason), one.raw))
        yield out.getvalue()
        out.seek(0)
        out.truncate()
    yield out.getvalue()
