"""The builder: a segment composed by clicks or in the language, tried on everybody meanwhile."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Final, Literal, TypeAlias

import numpy as np
from fastapi import APIRouter, Form, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from segue.domain.errors import DefinitionError, NotFoundError, Problem, SegueError, UsageError
from segue.domain.users import Role
from segue.language.mending import mended
from segue.language.text import to_text
from segue.language.yaml_source import read_yaml
from segue.services.insight.wording import share_words
from segue.services.live.editing import drop_segment, put_segment
from segue.services.live.previewing import ENOUGH, Tried, preview
from segue.services.trial import beside
from segue.services.view import known_segment
from segue.ui import blocks
from segue.ui.charts import Chart, Series, over_days
from segue.ui.judging import Judging, judged
from segue.ui.naming import names_of
from segue.ui.pages import Page
from segue.ui.signing import Sending, SignedIn, needs
from segue.ui.undo import changed, undoable

KINDS: Final = ("engagement", "purchase", "usage", "content", "intent", "lifecycle")
_NO_ID: Final = re.compile(r"[^a-z0-9]+")

router = APIRouter()
router.include_router(blocks.router)


class Written(BaseModel):
    """A segment as it stands in the form; `id` empty: made from the title."""

    id: str = Field(default="", max_length=100)
    title: str = Field(default="", max_length=500)
    kind: str = Field(default="", max_length=100)
    stage: str = Field(default="", max_length=100)
    when: str = Field(default="", max_length=blocks.LONGEST)

    @property
    def condition(self) -> str:
        """The condition, each line without the space at its end."""
        return "\n".join(line.rstrip() for line in self.when.strip().splitlines())

    @property
    def as_in_the_file(self) -> dict[str, str]:
        """What `segue.yaml` has of it."""
        return {
            "title": self.title.strip(),
            "kind": self.kind.strip(),
            "stage": self.stage.strip(),
            "when": self.condition,
        }

    @property
    def new_id(self) -> str:
        """Its id, or one made from its title."""
        return self.id or _NO_ID.sub("_", self.title.casefold()).strip("_") or "new_segment"


class Asked(Written):
    """The builder as an address asks for it: of which segment, and what to look at."""

    segment: str = Field(default="", max_length=200)
    look: Literal["", "try", "backtest"] = ""


class Trial(Written):
    """What is to be tried: of everybody, or soon."""

    exact: bool = False


@dataclass(frozen=True, slots=True)
class Trying:
    """What came of trying it: what it would mean, or what is wrong with it, and the condition as it
    would be with each mistake mended ("": it has to be mended by hand)."""

    found: Tried | None
    people: tuple[str, ...]
    chart: Chart | None
    problems: tuple[tuple[Problem, str], ...]


InForm: TypeAlias = Annotated[Written, Form()]
OfSegment: TypeAlias = Annotated[str, Query(max_length=200)]


@router.get("/builder")
def open_builder(request: Request, session: SignedIn, asked: Annotated[Asked, Query()]) -> Response:
    """A new segment, or one that is to be changed, with what is known of it."""
    needs(session, Role.EDITOR)
    page = Page.of(request)
    written: Written = asked
    if asked.segment:
        known_segment(page.serving.live.definitions, asked.segment)
        given = {name: getattr(asked, name) for name in request.query_params if name in _FIELDS}
        written = _as_written(page, asked.segment).model_copy(update=given)
    trying = _tried(request, page, written, exact=True) if asked.look == "try" else None
    judging = None
    if asked.look == "backtest" and written.condition:
        judging = judged(page, asked.segment or written.new_id, written.as_in_the_file)
    return _form(page, written, asked.segment, trying=trying, judging=judging, request=request)


@router.post("/builder/try")
def try_it(request: Request, session: Sending, written: Annotated[Trial, Form()]) -> Response:
    """What it would mean, as the part of the page that changes while one writes."""
    needs(session, Role.EDITOR)
    page = Page.of(request)
    trying = _tried(request, page, written, exact=written.exact)
    return page.part("trying", {"trying": trying})


@router.post("/builder/save")
def save(request: Request, session: Sending, written: InForm, segment: OfSegment = "") -> Response:
    """Save a segment."""
    needs(session, Role.EDITOR)
    page = Page.of(request)
    segment_id = segment or written.new_id
    try:
        if not segment:
            _must_be_new(page, segment_id)
        given = {key: one for key, one in written.as_in_the_file.items() if one}
        beside(page.serving.project.project, segment_id, given)  # mistakes at their place in it
        put = partial(_put, segment_id, written.as_in_the_file)
        if segment and _text(page) == put(_text(page)):
            return RedirectResponse(f"/studio/segments/{segment_id}", 303)
        what = f"{'Changed' if segment else 'Made'} {written.title.strip() or segment_id}."
        token = changed(request, page, put, what)
    except SegueError as error:
        return _form(page, written, segment, error=error, request=request)
    return RedirectResponse(f"/studio/segments/{segment_id}?undo={token}", 303)


@router.post("/builder/remove")
def remove(request: Request, session: Sending, written: InForm, segment: OfSegment) -> Response:
    """Remove a segment."""
    needs(session, Role.EDITOR)
    page = Page.of(request)
    title = written.title.strip() or segment
    try:
        token = changed(
            request, page, lambda text: drop_segment(text, segment), f"Removed {title}."
        )
    except SegueError as error:
        return _form(page, written, segment, error=error, request=request)
    return RedirectResponse(f"/studio/segments?undo={token}", 303)


_FIELDS: Final = ("title", "kind", "stage", "when")


def _put(segment_id: str, segment: dict[str, str], before: str) -> str:
    return put_segment(before, segment_id, segment)


def _without(segment_id: str, before: str) -> str:
    return drop_segment(before, segment_id)


def _must_be_new(page: Page, segment_id: str) -> None:
    if segment_id in page.serving.project.project.segments:
        raise UsageError(
            f"There is a segment {segment_id!r} already",
            hint="give this one another name or id, or change that one",
        )


def _text(page: Page) -> str:
    """The project file as it stands."""
    try:
        return page.serving.workspace.definitions.read_text("utf-8-sig")
    except OSError as error:
        raise NotFoundError(f"The project file cannot be read: {error.strerror}") from error


def _as_written(page: Page, segment_id: str) -> Written:
    """A segment as the file has it, its condition letter by letter."""
    given = page.serving.project.project.segments.get(segment_id)
    if given is None:
        return Written(id=segment_id)
    try:
        text = read_yaml(_text(page)).text_at(("segments", segment_id, "when"))
    except SegueError:  # it was edited since, and is broken: what is in force is shown
        text = None
    return Written(
        id=segment_id,
        title=given.title,
        kind=given.kind,
        stage=given.stage,
        when=(text or to_text(given.when)).strip(),
    )


def _form(
    page: Page,
    written: Written,
    segment: str,
    *,
    request: Request,
    trying: Trying | None = None,
    judging: Judging | None = None,
    error: SegueError | None = None,
) -> Response:
    project = page.serving.project.project
    values = {
        "written": written,
        "segment": segment,
        "kinds": KINDS,
        "stages": [one.stage for one in project.journey],
        "shown": blocks.shown(written.when),
        "has_comments": blocks.has_comments(written.when),
        "trying": trying,
        "judging": judging,
        "error": error,
        "problems": _problems(written, error),
        "is_level": "." in segment,
        "undoing": undoable(request),
        "share_words": share_words,
    }
    title = f"Change {segment}" if segment else "New segment"
    return page.shown("builder", values, title=title, status=400 if error else 200)


def _problems(written: Written, error: SegueError | None) -> tuple[tuple[Problem, str], ...]:
    """What is wrong with the condition of a form that could not be saved."""
    if not isinstance(error, DefinitionError):
        return ()
    return _with_mends(written.condition, error.problems)


def _with_mends(text: str, problems: tuple[Problem, ...]) -> tuple[tuple[Problem, str], ...]:
    here = [one for one in problems if one.where in {"", "when"}]
    mends = {id(one): mended(text, one) for one in here}
    return tuple((one, mends.get(id(one), "")) for one in problems)


def _tried(request: Request, page: Page, written: Written, *, exact: bool) -> Trying:
    segment = {key: one for key, one in written.as_in_the_file.items() if one}
    if "when" not in segment:
        return Trying(None, (), None, ((Problem("write a condition, such as `did any`"), ""),))
    catalog = names_of(request, page).catalog
    live, project = page.serving.live, page.serving.project.project
    alone: threading.Lock = request.app.state.trying
    try:
        if exact:
            with alone:  # one at a time: whoever writes on has another one coming
                found = preview(live, project, segment, catalog, page.now)
        else:
            found = preview(live, project, segment, catalog, page.now, enough=ENOUGH)
    except DefinitionError as error:
        return Trying(None, (), None, _with_mends(segment["when"], error.problems))
    people = page.serving.store.person_ids(np.array(found.sample, np.int32))
    chart = over_days(
        [day.day for day in found.days], [Series("People", [d.size for d in found.days])]
    )
    return Trying(found, tuple(people), chart, _with_mends(segment["when"], found.warnings))
