"""How a page is made: a template, what it speaks of, and headers that let nothing else in."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final, TypeVar

import jinja2
from fastapi import Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from segue.bootstrap import environment
from segue.bootstrap.insight import Insight
from segue.bootstrap.serving import Serving
from segue.domain.errors import BusyError
from segue.domain.instant import local_date
from segue.domain.users import Session
from segue.services import words
from segue.ui.assets import address_of
from segue.ui.board import FRESH, Board, Looked, Tick
from segue.ui.plots import plotly
from segue.ui.signing import serving_of, session_of

HEADERS: Final = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""The headers of every page: nothing from elsewhere, nothing inline, no frames."""
SECTIONS: Final = (
    ("today", "Today", "t"),
    ("journey", "Journey", "j"),
    ("segments", "Segments", "s"),
    ("discover", "Discover", "d"),
    ("campaigns", "Campaigns", "c"),
    ("voices", "Voices", "v"),
    ("people", "People", "p"),
    ("live", "Live", "l"),
    ("data", "Data", "a"),
)
"""The pages that the menu leads to, in order, each with the key that leads there after `g`."""
OWN_SECTIONS: Final = (
    ("health", "Health", "h"),
    ("settings", "Settings", "e"),
    ("account", "Your account", "u"),
)
"""The pages that the user's own menu leads to."""
_PARTS_OF: Final = {"builder": "segments", "moved": "segments"}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page:
    """A page about to be made: for whom, and of which workspace."""

    serving: Serving
    session: Session | None
    path: str
    now: int
    board: Board

    @classmethod
    def of(cls, request: Request) -> Page:
        """The page that answers a request."""
        serving = serving_of(request)
        board: Board = request.app.state.board
        return cls(serving, session_of(request), request.url.path, environment.now(), board)

    @property
    def zone(self) -> str:
        """The project's time zone."""
        return self.serving.live.definitions.timezone

    def insight(self) -> Insight:
        """What can be concluded of everything up to now."""
        live, project = self.serving.live, self.serving.project.project
        return Insight(self.serving.store, project, live.definitions, self.now)

    def looked(
        self, key: Hashable, work: Callable[[Insight, Tick], T], *, fresh: int = FRESH
    ) -> Looked[T]:
        """What the board knows of an analysis, which is begun where it is not fresh; see
        `Board.look`. Whoever shows it includes `working.html`, which looks again by itself."""
        insight = self.insight()
        try:
            return self.board.look(
                key,
                lambda tick: work(insight, tick),
                now=self.now,
                basis=insight.definitions,
                fresh=fresh,
            )
        except BusyError as error:  # the rest of the page is there all the same
            return Looked(None, trouble=error)

    def shown(
        self, name: str, values: Mapping[str, Any], *, title: str, status: int = 200
    ) -> Response:
        """The page of the template `NAME.html`; every value is text, never markup."""
        section = self.path.removeprefix("/studio/").partition("/")[0]
        around = {
            "title": title,
            "project": self.serving.project.project.project or self.serving.workspace.folder.name,
            "session": self.session,
            "sections": SECTIONS,
            "own_sections": OWN_SECTIONS,
            "is_section": "/" not in self.path.removeprefix("/studio/"),
            "section": _PARTS_OF.get(section, section),
            "today": local_date(self.now, self.zone).isoformat(),
        }
        return self._made(name, {**values, **around}, status)

    def part(self, name: str, values: Mapping[str, Any]) -> Response:
        """A part of a page, by its own template, to be put in place by the page's script."""
        return self._made(name, values, 200)

    def _made(self, name: str, values: Mapping[str, Any], status: int) -> Response:
        made = _templates().get_template(f"{name}.html")
        text = made.render(
            values,
            now=self.now,
            zone=self.zone,
            moment=partial(_moment, zone=self.zone),
            distance=partial(_distance, now=self.now),
        )
        return HTMLResponse(text, status, headers=HEADERS)


def prepare() -> None:
    """Compile every template and read the files that pages name, so that whoever looks first does
    not wait for it."""
    made = _templates()
    for name in made.list_templates():
        made.get_template(name)
    for file in files("segue.ui").joinpath("static").iterdir():
        if file.is_file():
            address_of(file.name)


@cache
def _templates() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("segue.ui"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "number": words.number,
        "percent": words.per_cent,
        "people": words.people,
        "duration": words.duration,
        "size": words.size,
        "json": partial(json.dumps, ensure_ascii=False),
        "from_json": json.loads,
        "code": _code,
    }
    made.globals |= {"asset": address_of, "plotly": plotly}
    return made


def _code(text: str) -> Markup:
    """A text in which what stands between backticks is code; the rest of it is text."""
    parts = text.split("`") if text.count("`") % 2 == 0 else [text]
    marked = (
        Markup("<code>{}</code>").format(one) if i % 2 else one for i, one in enumerate(parts)
    )
    return Markup("").join(marked)


def _moment(instant: int | None, zone: str) -> str:
    return "–" if instant is None else words.moment(instant, zone)


def _distance(instant: int, now: int) -> str:
    return words.distance(instant, now)
