"""Pages that need a server: every request on them is sent, and answered as shown; no route, no
parameter and no field of a body is missing from the page of the API."""

import re
from types import SimpleNamespace
from typing import Any

import pytest

from segue.bootstrap.settings import Settings
from segue.http import api, channels, feedback, webhooks
from segue.http.app import create_app
from segue.http.metrics import Metrics
from tests.docs.pages import ROOT, Page, page
from tests.docs.visitor import ADDRESS, Request, Visitor, differences, listening

PAGES = ("live.md", "api.md")


def _document() -> dict[str, Any]:
    """What the server says of itself, without one."""
    context: Any = SimpleNamespace(settings=Settings(), webhooks=None)
    own = (webhooks.router, channels.router, feedback.router)
    return create_app(context, routers=[*api.routers(), *own]).openapi()


DOCUMENT = _document()
ROUTES = [(method.upper(), path) for path, every in DOCUMENT["paths"].items() for method in every]


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Request]]:
    """The requests of each page, after all of them were answered as shown."""
    return {name: _visit(page(name), tmp_path_factory) for name in PAGES}


def _visit(shown: Page, folders: pytest.TempPathFactory) -> list[Request]:
    folder = folders.mktemp("visitor") / "shop"
    folder.mkdir()
    with listening() as listener, Visitor(folder, listener) as visitor:
        for block in shown.blocks:
            try:
                visitor.try_block(block)
            except Exception as error:
                error.add_note(f"in the {block.kind} block at {shown.name}:{block.line}")
                raise
        return visitor.asked


@pytest.mark.parametrize("name", PAGES)
def test_every_request_is_answered_as_shown(name: str, visited: dict[str, list[Request]]) -> None:
    """Somebody who sends what the page sends, one after another, sees what it shows."""
    assert visited[name]


def test_the_readme_sends_as_the_page_of_sending_does() -> None:
    """Its lines are those which `tests/sdks` tries, with the address of one's own machine."""
    sending = next(one for one in page("send-events.md").blocks if one.title == "with_segment.py")
    lines = sending.body.replace("https://segue.example.com", ADDRESS).splitlines()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "\n".join(line for line in lines[2:4]) in readme


# ---------------------------------------------------------------------------- the page of the API

_HEADING = re.compile(r"^### (.+)$", re.MULTILINE)
_ROUTE = re.compile(r"`([A-Z]+) (/[^`]*)`")


def _sections() -> dict[tuple[str, str], str]:
    """The text below the heading of each route; a heading may name several."""
    parts = _HEADING.split(page("api.md").text)
    return {
        (method, path): text.split("\n## ")[0]
        for heading, text in zip(parts[1::2], parts[2::2], strict=True)
        for method, path in _ROUTE.findall(heading)
    }


SECTIONS = _sections()


def test_the_page_has_every_route_and_no_other() -> None:
    """A route that the page does not name is a route that nobody finds."""
    assert set(SECTIONS) == set(ROUTES)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_what_a_route_takes_is_named(method: str, path: str) -> None:
    """Each parameter of the query, and each field of the body."""
    operation = DOCUMENT["paths"][path][method.lower()]
    asked = {one["name"] for one in operation.get("parameters", []) if one["in"] != "path"}
    content = operation.get("requestBody", {}).get("content", {})
    named = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    body = DOCUMENT["components"]["schemas"].get(named.rpartition("/")[2], {})
    section = SECTIONS.get((method, path), "")

    assert not {name for name in {*asked, *body.get("properties", {})} if name not in section}


def test_every_route_is_tried(visited: dict[str, list[Request]]) -> None:
    """Of ingestion, which takes many forms of the same, `docs/send-events.md` tries the rest."""
    asked = {(one.method, one.url.path) for one in visited["api.md"]}
    own = [(m, path) for m, path in ROUTES if path.startswith("/api/") or m == "GET"]
    untried = [
        (method, path)
        for method, path in own
        if not any(verb == method and _is_of(path, real) for verb, real in asked)
    ]

    assert not untried


def _is_of(template: str, path: str) -> bool:
    """Whether the path is one of the route with that template."""
    parts = re.split(r"\{\w+\}", template)
    return re.fullmatch("[^/]+".join(map(re.escape, parts)), path) is not None


def test_every_number_that_is_counted_is_explained() -> None:
    """A name of `/metrics` stands on the page of operation."""
    spans = page("live.md").code_spans
    names = {
        metric.name + ("_total" if metric.type == "counter" else "")
        for metric in Metrics().registry.collect()
    }

    assert not {name for name in names if name not in spans}


# ------------------------------------------------------------------------- how answers are compared


@pytest.mark.parametrize(
    ("shown", "real", "fits"),
    [
        ({"a": 1}, {"a": 1}, True),
        ({"a": 1}, {"a": 2}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "…": "…"}, {"a": 1, "b": 2}, True),
        ({"a": 1, "b": 2}, {"a": 1}, False),
        ([1, "…"], [1, 2, 3], True),
        ([1], [1, 2], False),
        ([1, 2], [1], False),
        ("wh_…", "wh_123", True),
        ("wh_…", "key_1", False),
        ("2026-05-03T14:00:00Z", "2027-01-01T00:00:00.5Z", True),
        ("2026-05-03", "2027-01-01", True),
        ("2026-05-03", "soon", False),
        (None, 1, False),
    ],
)
def test_an_answer_is_compared_in_all_but_instants(shown: Any, real: Any, fits: bool) -> None:
    """Instants differ from day to day; `…` stands for anything."""
    assert fits == (not list(differences(shown, real)))
