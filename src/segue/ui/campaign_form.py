"""Writing a campaign or a survey: the form, what it would be, and saving it into the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Annotated, Any, Final, TypeAlias
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import HTMLResponse, RedirectResponse, Response

from segue.adapters.message_templates import MessageTemplates
from segue.bootstrap.saving import read_definitions
from segue.domain.errors import NotFoundError, SegueError, UsageError
from segue.domain.users import Role
from segue.language.yaml_source import read_yaml
from segue.services.acting.drafting import Draft, drafted
from segue.services.acting.previewing import Preview
from segue.services.live.catalogue import Catalogue
from segue.services.live.editing import Section, drop_spoken, put_spoken
from segue.ui.campaign_choices import Choices, choices
from segue.ui.campaign_fields import (
    GROUPS,
    by_field,
    entry_of,
    field_names,
    fields_of,
    how_many,
    label_of,
    moved,
    without,
)
from segue.ui.campaigns import Shown, framed, previewed, previewer_of, texts_of
from segue.ui.drafts import Drafts
from segue.ui.pages import Page
from segue.ui.rehearsing import Rehearsal, rehearsal
from segue.ui.signing import Sending, SignedIn, needs
from segue.ui.undo import changed

PATIENCE: Final = 0.05
"""How long (s) a form waits for the names of the data, which it only suggests."""
MOST_OF_A_KIND: Final = 30
"""How many questions, steps or variants a form has at most."""
_NO_ID: Final = re.compile(r"[^a-z0-9]+")
_TAKEN: Final = ("new",)
_NOT_FIELDS: Final = ("mark", "go", "person")
_PLACES: Final[dict[str, Section]] = {"campaigns": "campaigns", "voices": "surveys"}
_LETTER: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'; sandbox"
    ),
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
"""The headers of an e-mail that is looked at: it runs nothing and fetches nothing, and stands in a
frame of our own pages only."""

router = APIRouter()


class Asked(BaseModel):
    """What of a form is asked for: for which segment it begins, the draft to go on with and of
    which campaign it is ("": a new one), for whom it is previewed, and over how many days it is
    tried (0: it is not)."""

    segment: str = Field(default="", max_length=200)
    draft: str = Field(default="", max_length=40)
    of: str = Field(default="", max_length=200)
    person: str = Field(default="", max_length=1000)
    dry: int = Field(default=0, ge=0, le=3660)


InQuery: TypeAlias = Annotated[Asked, Query()]


async def _form_fields(request: Request) -> dict[str, str]:
    """Everything that stands in the form."""
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


Filled: TypeAlias = Annotated[dict[str, str], Depends(_form_fields)]


@dataclass(frozen=True, slots=True)
class Writing:
    """A campaign or survey being written: below which address, its id ("": a new one), what stands
    in the form, and what the project would be with it."""

    place: str
    id: str
    fields: dict[str, str]
    entry: dict[str, Any]
    draft: Draft | None

    @property
    def section(self) -> Section:
        """Where it stands in the file."""
        return _PLACES[self.place]

    @property
    def new_id(self) -> str:
        """Its id, or one made from its title."""
        written = self.fields.get("id", "").strip()
        made = _NO_ID.sub("_", self.fields.get("title", "").casefold()).strip("_")
        return self.id or written or made or f"new_{self.section[:-1]}"

    @property
    def address(self) -> str:
        """Of its form."""
        return f"/studio/{self.place}/{f'{self.id}/edit' if self.id else 'new'}"


# ------------------------------------------------------------------------------- pages


@router.get("/campaigns/new")
@router.get("/voices/new")
def new(request: Request, session: SignedIn, asked: InQuery) -> Response:
    """A new campaign or survey."""
    needs(session, Role.EDITOR)
    return _opened(request, Page.of(request), "", asked)


@router.get("/campaigns/{spoken_id:path}/edit")
@router.get("/voices/{spoken_id:path}/edit")
def edit(request: Request, session: SignedIn, spoken_id: str, asked: InQuery) -> Response:
    """A campaign or survey that is to be changed."""
    needs(session, Role.EDITOR)
    page = Page.of(request)
    page.serving.actor.campaign(spoken_id)
    return _opened(request, page, spoken_id, asked)


@router.post("/campaigns/new/try")
@router.post("/voices/new/try")
def try_it(request: Request, session: Sending, filled: Filled, of: str = "") -> Response:
    """What it would be, as the part of the page that changes while one writes."""
    needs(session, Role.EDITOR)
    page = Page.of(request)
    writing = _writing(page, of, _only_fields(filled))
    mark = drafts(request).keep(writing.fields)
    values = _looked_at(page, writing, filled.get("person", ""), mark)
    return page.part("campaign_tried", values | {"is_part": True})


@router.post("/campaigns/new")
@router.post("/voices/new")
def use_new(request: Request, session: Sending, filled: Filled) -> Response:
    """Write a campaign or survey"""
    needs(session, Role.EDITOR)
    return _used(request, Page.of(request), "", filled)


@router.post("/campaigns/{spoken_id:path}/edit")
@router.post("/voices/{spoken_id:path}/edit")
def use_edit(request: Request, session: Sending, spoken_id: str, filled: Filled) -> Response:
    """Change a campaign or survey"""
    needs(session, Role.EDITOR)
    return _used(request, Page.of(request), spoken_id, filled)


@router.post("/campaigns/{spoken_id:path}/switch-on")
@router.post("/voices/{spoken_id:path}/switch-on")
def switch_on(request: Request, session: Sending, spoken_id: str) -> Response:
    """Switch a campaign or survey on"""
    needs(session, Role.EDITOR)
    page = Page.of(request)
    page.serving.actor.campaign(spoken_id)
    fields = _as_written(page, spoken_id, "") | {"enabled": ""}
    return _saved(request, page, _writing(page, spoken_id, fields), "is switched on.")


@router.get("/campaigns/new/letter")
@router.get("/voices/new/letter")
def draft_letter(request: Request, session: SignedIn, asked: InQuery) -> Response:
    """The HTML of an e-mail that is being written, for somebody, by itself."""
    needs(session, Role.EDITOR)
    fields = drafts(request).get(asked.draft)
    page = Page.of(request)
    writing = None if fields is None else _writing(page, asked.of, dict(fields))
    found = None if writing is None else _preview(page, writing, asked.person)
    return _letter(found)


@router.get("/campaigns/{spoken_id:path}/letter")
@router.get("/voices/{spoken_id:path}/letter")
def letter(
    request: Request, session: SignedIn, spoken_id: str, shown: Annotated[Shown, Query()]
) -> Response:
    """The HTML of an e-mail, for somebody, by itself."""
    del session
    page = Page.of(request)
    return _letter(previewed(page, page.serving.actor.campaign(spoken_id), shown))


def _letter(found: Preview | None) -> Response:
    html = [part for part in found.parts if part.name == "html"] if found else []
    if not html:
        raise NotFoundError("There is no such letter", hint="go back, and try it again")
    return HTMLResponse(html[0].text, headers=_LETTER)


# ------------------------------------------------------------------------------- filling in


def drafts(request: Request) -> Drafts:
    """What was written here and not saved."""
    found: Drafts = request.app.state.drafts
    return found


def _place(page: Page) -> str:
    """Below which address the form is: `campaigns` or `voices`."""
    return page.path.removeprefix("/studio/").partition("/")[0]


def _opened(request: Request, page: Page, spoken_id: str, asked: Asked) -> Response:
    kept = drafts(request).get(asked.draft)
    gone = UsageError("This draft is no longer kept", hint="below is what the file has")
    fields = dict(kept) if kept is not None else _as_written(page, spoken_id, asked.segment)
    writing = _writing(page, spoken_id, fields)
    trouble = gone if asked.draft and kept is None else None
    return _shown(request, page, writing, asked, trouble)


def _as_written(page: Page, spoken_id: str, segment: str) -> dict[str, str]:
    """The fields as the file has them, or those that a new one begins with."""
    place = _place(page)
    if spoken_id:
        data = _data(read_definitions(page.serving.workspace))
        return fields_of((data.get(_PLACES[place]) or {}).get(spoken_id) or {})
    begun = {"segment": segment, "when": "entering", "already_in": "skip", "enabled": "false"}
    if place == "voices":
        return begun | {"questions.0.id": "why", "questions.0.kind": "text"}
    goals = page.serving.project.project.goals
    goal = {"goal": next(iter(goals))} if goals else {}
    return begun | {"channel": "in_app", "holdout": "10%"} | goal


@lru_cache(maxsize=1)
def _data(text: str) -> dict[str, Any]:
    """What a project file says. It is read once for each version of it: of a long file, that takes
    longer than all the rest of a form. Nobody changes what is kept."""
    return read_yaml(text).data or {}


def _only_fields(filled: dict[str, str]) -> dict[str, str]:
    return {
        name: text.replace("\r\n", "\n")
        for name, text in filled.items()
        if name not in _NOT_FIELDS and text.strip()
    }


def _writing(page: Page, spoken_id: str, fields: dict[str, str]) -> Writing:
    place, entry = _place(page), entry_of(fields)
    bare = Writing(place, spoken_id, fields, entry, None)
    project = page.serving.project.project
    draft = drafted(project, bare.section, bare.new_id, entry, MessageTemplates())
    return replace(bare, draft=draft)


# ------------------------------------------------------------------------------- what is done


def _used(request: Request, page: Page, spoken_id: str, filled: dict[str, str]) -> Response:
    writing = _writing(page, spoken_id, _only_fields(filled))
    go, person = filled.get("go", "try"), filled.get("person", "").strip()
    try:
        if go == "save":
            return _saved(request, page, writing)
        if go == "remove" and spoken_id:
            return _removed(request, page, writing)
    except SegueError as error:
        return _shown(request, page, writing, Asked(person=person), error)
    query = {"draft": drafts(request).keep(_regrouped(writing.fields, go))}
    query |= {"person": person} if person else {}
    query |= {"dry": "30"} if go == "dry" else {}
    place_in_page = "#dry" if go == "dry" else f"#{go.split(':')[1]}" if ":" in go else "#tried"
    return RedirectResponse(f"{writing.address}?{urlencode(query)}{place_in_page}", 303)


def _regrouped(fields: dict[str, str], go: str) -> dict[str, str]:
    """With one more of a group, one fewer, or one of them further up."""
    what, _, rest = go.partition(":")
    group, _, place = rest.partition(":")
    if group not in GROUPS:
        return fields
    number = how_many(fields, group)
    if what == "add" and number < MOST_OF_A_KIND:
        return fields | _begun(group, number)
    if what == "drop" and place.isdecimal():
        return without(fields, group, int(place))
    if what == "up" and place.isdecimal() and 0 < int(place) < number:
        return moved(fields, group, int(place), int(place) - 1)
    return fields


def _begun(group: str, number: int) -> dict[str, str]:
    """What a further one of a group begins with."""
    first = {
        "show.on": {"kind": "page", "value": "/*"},
        "steps": {"text": f"Step {number + 1}"},
        "variants": {"id": "abcdefghijklmnopqrstuvwxyz"[number % 26], "weight": "1"},
        "questions": {"id": f"question_{number + 1}", "kind": "single"},
        "caps": {"at_most": "1", "within": "7 days"},
    }[group]
    return {f"{group}.{number}.{key}": text for key, text in first.items()}


def _saved(
    request: Request,
    page: Page,
    writing: Writing,
    done: str = "is saved in the project file.",
) -> Response:
    spoken_id, section = writing.new_id, writing.section
    if not writing.id:
        _must_be_free(page, spoken_id)
    title = writing.fields.get("title", "") or spoken_id
    token = changed(
        request,
        page,
        lambda before: put_spoken(before, section, spoken_id, writing.entry),
        f"{title} {done}",
        f"/studio/{writing.place}{f'/{spoken_id}' if writing.id else ''}",
    )
    return RedirectResponse(f"/studio/{writing.place}/{spoken_id}?undo={token}", 303)


def _must_be_free(page: Page, spoken_id: str) -> None:
    if page.serving.actor.acting.campaign(spoken_id) or spoken_id in _TAKEN:
        raise UsageError(f"The id {spoken_id!r} is taken", hint="choose another one")


def _removed(request: Request, page: Page, writing: Writing) -> Response:
    drop = partial(_without, writing.section, writing.id)
    back = f"/studio/{writing.place}/{writing.id}"
    token = changed(request, page, drop, f"{writing.id} is removed from the project file.", back)
    return RedirectResponse(f"/studio/{writing.place}?undo={token}", 303)


def _without(section: Section, spoken_id: str, before: str) -> str:
    return drop_spoken(before, section, spoken_id)


# ------------------------------------------------------------------------------- what is shown


def _shown(
    request: Request, page: Page, writing: Writing, asked: Asked, trouble: SegueError | None
) -> Response:
    offered = _choices(request, page)
    mark = drafts(request).keep(writing.fields)
    values = {
        **_looked_at(page, writing, asked.person, mark),
        "choices": offered,
        "counts": {group: how_many(writing.fields, group) for group in GROUPS},
        "trouble": trouble,
        "dry": asked.dry,
        "rehearsal": _rehearsed(page, writing, asked.dry),
        "is_part": False,
    }
    what = "survey" if writing.section == "surveys" else "campaign"
    title = f"Change {writing.fields.get('title') or writing.id}" if writing.id else f"New {what}"
    return framed(page.shown("campaign_form", values, title=title, status=400 if trouble else 200))


def _choices(request: Request, page: Page) -> Choices:
    catalogue: Catalogue = request.app.state.catalogue
    names = catalogue.names(page.now, patience=PATIENCE)
    return choices(page.serving.live.definitions, page.serving.project.project, names)


def _looked_at(page: Page, writing: Writing, person: str, mark: str) -> dict[str, Any]:
    """What the form would make: problems by field, and how it would look to somebody."""
    draft = writing.draft
    place = f"{writing.section}.{writing.new_id}"
    problems = draft.problems if draft else ()
    person = person.strip() or _somebody(page, writing)
    preview, why_not = _tried_preview(page, writing, person)
    return {
        "writing": writing,
        "fields": writing.fields,
        "draft": draft,
        "problems": by_field(problems, place, writing.entry, field_names(writing.fields)),
        "label": label_of,
        "number": len(problems),
        "campaign": draft.campaign if draft else None,
        "person": person,
        "preview": preview,
        "texts": texts_of(preview),
        "why_not": why_not,
        "mark": mark,
        "letter": _letter_address(writing, mark, person),
    }


def _letter_address(writing: Writing, mark: str, person: str) -> str:
    query = urlencode({"draft": mark, "of": writing.id, "person": person})
    return f"/studio/{writing.place}/new/letter?{query}"


def _somebody(page: Page, writing: Writing) -> str:
    """A member of the segment, to preview it for."""
    try:
        inside = page.serving.live.in_segments([writing.fields.get("segment", "")], limit=1)
    except NotFoundError:
        return ""
    return inside.members[0].person_id if inside.members else ""


def _tried_preview(page: Page, writing: Writing, person: str) -> tuple[Preview | None, str]:
    """How it would look to somebody, or why that cannot be said."""
    if not person or writing.draft is None or not writing.draft.works:
        return None, ""
    try:
        return _preview(page, writing, person), ""
    except SegueError as error:
        return None, error.message


def _preview(page: Page, writing: Writing, person: str) -> Preview | None:
    draft = writing.draft
    if draft is None or draft.acting is None:
        return None
    return previewer_of(page, draft.acting).preview(writing.new_id, person, page.now)


def _rehearsed(page: Page, writing: Writing, days: int) -> Rehearsal | None:
    draft = writing.draft
    if not days or draft is None or draft.acting is None or draft.campaign is None:
        return None
    return rehearsal(page, draft.acting, draft.campaign, days, draft.project)
