"""The builder: a segment written in the language, tried on everybody while it is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, TypeAlias

import numpy as np
from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from segue.domain.errors import DefinitionError, Problem, SegueError
from segue.domain.users import Role
from segue.language.text import to_text
from segue.services.live.catalogue import Catalogue
from segue.services.live.editing import drop_segment, put_segment
from segue.services.live.previewing import Tried, preview
from segue.services.view import known_segment
from segue.ui.charts import Line, line
from segue.ui.pages import Page
from segue.ui.signing import Sending, SignedIn, needs

KINDS: Final = ("engagement", "purchase", "usage", "content", "intent", "lifecycle")
MOST_NAMES: Final = 200
_NO_ID: Final = re.compile(r"[^a-z0-9]+")

router = APIRouter()


class Written(BaseModel):
    """A segment as it stands in the form; `id` empty: made from the title."""

    id: str = Field(default="", max_length=100)
    title: str = Field(default="", max_length=500)
    kind: str = Field(default="", max_length=100)
    stage: str = Field(default="", max_length=100)
    when: str = Field(default="", max_length=20_000)
    go: str = Field(default="try", max_length=10)
    mark: str = ""

    @property
    def as_in_the_file(self) -> dict[str, str]:
        """What `segue.yaml` has of it."""
        return {
            "title": self.title.strip(),
            "kind": self.kind.strip(),
            "stage": self.stage.strip(),
            "when": " ".join(self.when.split()),
        }

    @property
    def new_id(self) -> str:
        """Its id, or one made from its title."""
        return self.id or _NO_ID.sub("_", self.title.casefold()).strip("_") or "new_segment"


@dataclass(frozen=True, slots=True)
class Trying:
    """What came of trying it: what it would mean, or what is wrong with it."""

    found: Tried | None
    people: tuple[str, ...]
    spark: Line | None
    problems: tuple[Problem, ...]


InForm: TypeAlias = Annotated[Written, Form()]


@router.get("/builder")
def open_builder(
    request: Request, session: SignedIn, segment: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """A new segment, or one that is to be changed."""
    needs(session, Role.EDITOR)
    page = Page.of(request)
    written = Written(id="")
    if segment:
        known_segment(page.serving.live.definitions, segment)
        written = _as_written(page, segment)
    return _form(request, page, written, segment)


@router.post("/builder")
def use_builder(
    request: Request,
    session: Sending,
    written: InForm,
    segment: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    """Try it and show the form again, save it, or take the segment away."""
    needs(session, Role.EDITOR)
    page = Page.of(request)
    try:
        if written.go == "save":
            return _saved(page, written, segment)
        if written.go == "remove" and segment:
            page.serving.change_definitions(partial(_without, segment))
            return RedirectResponse("/studio/segments", 303)
    except SegueError as error:
        return _form(request, page, written, segment, error)
    return _form(request, page, written, segment)


@router.post("/builder/try")
def try_it(request: Request, session: Sending, written: InForm) -> Response:
    """What it would mean, as the part of the page that changes while one writes."""
    needs(session, Role.EDITOR)
    page = Page.of(request)
    return page.part("trying", {"trying": _tried(request, page, written)})


def _saved(page: Page, written: Written, segment: str) -> Response:
    segment_id = segment or written.new_id
    page.serving.change_definitions(
        lambda before: put_segment(before, segment_id, written.as_in_the_file)
    )
    return RedirectResponse(f"/studio/segments/{segment_id}", 303)


def _without(segment_id: str, before: str) -> str:
    return drop_segment(before, segment_id)


def _as_written(page: Page, segment_id: str) -> Written:
    given = page.serving.project.project.segments.get(segment_id)
    if given is None:
        return Written(id=segment_id)
    return Written(
        id=segment_id,
        title=given.title,
        kind=given.kind,
        stage=given.stage,
        when=to_text(given.when),
    )


def _form(
    request: Request, page: Page, written: Written, segment: str, error: SegueError | None = None
) -> Response:
    project = page.serving.project.project
    catalogue: Catalogue = request.app.state.catalogue
    names = catalogue.names(page.now)
    values = {
        "written": written,
        "segment": segment,
        "kinds": KINDS,
        "stages": [one.stage for one in project.journey],
        "trying": _tried(request, page, written) if written.when.strip() else None,
        "actions": sorted(project.actions),
        "events": [one.event for one in names.events[:MOST_NAMES]],
        "segments": [one.id for one in page.serving.live.definitions.segments],
        "error": error,
        "is_level": "." in segment,
    }
    title = f"Change {segment}" if segment else "New segment"
    return page.shown("builder", values, title=title, status=400 if error else 200)


def _tried(request: Request, page: Page, written: Written) -> Trying:
    catalogue: Catalogue = request.app.state.catalogue
    segment = {key: one for key, one in written.as_in_the_file.items() if one}
    catalog = catalogue.names(page.now).catalog
    live, project = page.serving.live, page.serving.project.project
    if "when" not in segment:
        return Trying(None, (), None, (Problem("write a condition, such as `did any`"),))
    try:
        found = preview(live, project, segment, catalog, page.now)
    except DefinitionError as error:
        return Trying(None, (), None, error.problems)
    people = page.serving.store.person_ids(np.array(found.sample, np.int32))
    sizes = [day.size for day in found.days]
    return Trying(found, tuple(people), line(sizes, 320, 60, from_zero=True), found.warnings)
