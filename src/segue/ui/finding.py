"""What the command palette finds: segments, campaigns and surveys, people, and what one may do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from segue.domain.users import Role
from segue.services.live.reading import search
from segue.ui.pages import HEADERS, Page
from segue.ui.signing import SignedIn

MOST: Final = 6
"""How many of each kind are given."""
SHORTEST: Final = 2
"""How long a text has to be for people to be looked for: shorter ones begin everybody's ids."""
_DEEDS: Final = (
    ("New segment", "/studio/builder", Role.EDITOR),
    ("New campaign", "/studio/campaigns/new", Role.EDITOR),
    ("New survey", "/studio/voices/new", Role.EDITOR),
    ("Import a file", "/studio/data/import", Role.EDITOR),
    ("Send events", "/studio/data/send", Role.VIEWER),
    ("Stop everything", "/studio/campaigns#stop", Role.ADMIN),
)

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Found:
    """Something to go to: of what kind, its name, what else to know it by, and its address."""

    kind: str
    name: str
    hint: str
    path: str


@router.get("/find")
def find(
    request: Request, session: SignedIn, q: Annotated[str, Query(max_length=200)] = ""
) -> Response:
    """What has the text in its name, or whose id begins with it, as JSON: a few of each kind."""
    page, wanted = Page.of(request), q.strip().casefold()
    deeds = (
        Found("Do", name, "", path) for name, path, role in _DEEDS if session.user.role.may(role)
    )
    found = [*_few(deeds, wanted), *_few(_segments(page), wanted), *_few(_campaigns(page), wanted)]
    if len(wanted) >= SHORTEST:
        found += _people(page, q.strip())
    return JSONResponse({"found": [asdict(one) for one in found]}, headers=HEADERS)


def _few(all_: Iterator[Found], wanted: str) -> list[Found]:
    """Those with the text in their names: those that begin with it first."""
    named = [one for one in all_ if wanted in f"{one.name} {one.hint}".casefold()]
    named.sort(key=lambda one: not one.name.casefold().startswith(wanted))
    return named[:MOST]


def _segments(page: Page) -> Iterator[Found]:
    for one in page.serving.live.definitions.segments:
        yield Found("Segment", one.title, one.id, f"/studio/segments/{quote(one.id)}")


def _campaigns(page: Page) -> Iterator[Found]:
    for one in page.serving.actor.acting.campaigns:
        kind, pages = ("Survey", "voices") if one.survey else ("Campaign", "campaigns")
        yield Found(kind, one.title or one.id, one.id, f"/studio/{pages}/{quote(one.id)}")


def _people(page: Page, query: str) -> list[Found]:
    found = search(page.serving.store, query, page.now, limit=MOST)
    return [
        Found(
            "Person",
            one.person_id,
            "" if one.matched == one.person_id else one.matched,
            f"/studio/people/{quote(one.person_id, safe='')}",
        )
        for one in found
    ]
