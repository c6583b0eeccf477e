"""Composing by clicks: the condition as sentences with fields, in step with its text. The server
reads and writes both; the page only shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Final

from fastapi import APIRouter, Depends, Request
from starlette.datastructures import FormData
from starlette.responses import JSONResponse, Response

from segue.domain.errors import DefinitionError, Problem
from segue.domain.users import Role
from segue.language.blocks import (
    CHOICES,
    FIELDS,
    GROUPS,
    LISTS,
    SENTENCES,
    Blocks,
    completed,
    field_of_text,
    written,
)
from segue.language.completing import Proposal, beginning, names_for, proposals
from segue.language.lexicon import unquote
from segue.language.mending import mended
from segue.language.parse import parse_condition
from segue.language.rearranging import about, nested, rearranged, takes_at
from segue.language.taking_apart import blocks_of
from segue.ui.naming import known_names, start_of
from segue.ui.pages import Page
from segue.ui.signing import Sending, needs

LONGEST: Final = 20_000
"""Characters of a condition."""
PREFIX: Final = "b."
"""What the names of the fields of blocks begin with."""
_HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Shown:
    """Blocks as a page shows them, and what of the language they are made of."""

    block: Blocks
    sentences: ClassVar[Any] = SENTENCES
    choices: ClassVar[Any] = CHOICES
    lists: ClassVar[Any] = LISTS
    fields: ClassVar[Any] = FIELDS
    groups: ClassVar[Any] = GROUPS


async def _fields(request: Request) -> FormData:
    return await request.form()


Fields = Annotated[FormData, Depends(_fields)]


@router.post("/builder/blocks")
def in_step(request: Request, session: Sending, fields: Fields) -> Response:
    """The text as blocks, or the blocks as text, after what was clicked."""
    needs(session, Role.EDITOR)
    page = Page.of(request)
    given = {name: str(value) for name, value in fields.items()}
    if "text" in given:
        return _from_text(page, given["text"][:LONGEST])
    start = start_of(known_names(request, page))
    block = completed(nested(_own(given)), "condition", start)
    focus = ""
    if given.get("do"):
        block, focus = rearranged(block, given["do"], given.get("at", ""), start)
    return _from_blocks(page, block, focus)


@router.post("/builder/complete")
def complete(request: Request, session: Sending, fields: Fields) -> Response:
    """What may come next in the text, or stand in a field of the blocks."""
    needs(session, Role.EDITOR)
    page = Page.of(request)
    given = {name: str(value) for name, value in fields.items()}
    known = known_names(request, page)
    if "text" in given:
        text = given["text"][:LONGEST]
        at = given.get("at", "")
        offered = proposals(text, min(int(at), len(text)) if at.isdigit() else len(text), known)
        return _json({"start": offered.start, "end": offered.end, "found": _listed(offered.found)})
    block = completed(nested(_own(given)))
    place = given.get("field", "").removeprefix(PREFIX)
    events, path = about(block, place)
    found = names_for(takes_at(block, place), known, [_plain(one) for one in events], _plain(path))
    chosen = beginning(given.get("begun", ""), [_in_field(one) for one in found])
    return _json({"found": _listed(chosen)})


def shown(text: str) -> Shown | None:
    """The blocks of a condition; None where the text is none. Of no text, the first block."""
    try:
        return Shown(blocks_of(parse_condition(text)) if text.strip() else completed(None))
    except DefinitionError:
        return None


def has_comments(text: str) -> bool:
    """Whether a text has comments, which blocks do not show."""
    return any("#" in line for line in text.splitlines())


def _from_text(page: Page, text: str) -> Response:
    try:
        block = blocks_of(parse_condition(text))
    except DefinitionError as error:
        return _json({"problems": [_problem(text, one) for one in error.problems]})
    return _json({"blocks": _part(page, block), "problems": []})


def _from_blocks(page: Page, block: Blocks, focus: str) -> Response:
    answer: dict[str, Any] = {"blocks": _part(page, block), "focus": focus, "problems": []}
    try:
        text = written(block)
        parse_condition(text)
    except DefinitionError as error:
        answer["problems"] = [{"message": one.message} for one in error.problems]
    else:
        answer["text"] = text
    return _json(answer)


def _part(page: Page, block: Blocks) -> str:
    body = page.part("blocks", {"shown": Shown(block)}).body
    return bytes(body).decode()


def _own(given: Mapping[str, str]) -> dict[str, str]:
    return {name[len(PREFIX) :]: one for name, one in given.items() if name.startswith(PREFIX)}


def _problem(text: str, one: Problem) -> dict[str, Any]:
    return {
        "message": one.message,
        "line": one.line,
        "column": one.column,
        "suggestion": one.suggestion,
        "mended": mended(text, one),
    }


def _plain(name: str) -> str:
    """A name without the quotes that it may have in its field."""
    return unquote(name) if len(name) > 1 and name[0] == name[-1] == '"' else name


def _in_field(one: Proposal) -> Proposal:
    """A proposal as it stands in a field, which needs fewer quotes than the text."""
    plain = _plain(one.text)
    needless = plain != one.text and " " in plain and field_of_text(plain) == plain
    is_value = one.what == "value" and field_of_text(plain) == plain
    return Proposal(plain, one.what) if needless or is_value else one


def _listed(found: tuple[Proposal, ...]) -> list[dict[str, str]]:
    return [{"text": one.text, "what": one.what} for one in found]


def _json(answer: Mapping[str, Any]) -> Response:
    return JSONResponse(answer, headers=_HEADERS)
