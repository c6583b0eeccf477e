"""Figures of Plotly in pages: its script, as the installed wheel has it, and figures as data.

A page that draws says `{{ plots() }}` of `plots.html` in its head and `{% call plot(one) %}` around
the table that says the same; `static/plots.js` does the rest. Plotly would make style elements,
which no page of the studio lets in; it makes none where elements with their ids are there already,
and the rules that it needs are in `studio.css`.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

GLOBAL_STYLE: Final = "plotly.js-style-global"
"""The id of the element that Plotly takes for its style element where its class says that there is
none to make."""
_OTHER_STYLES: Final = re.compile(rb'getElementById\("([0-9a-f]{64})"\)')
"""Where Plotly asks whether a style element of a part of it is there already."""
_FOREVER: Final = "public, max-age=31536000, immutable"
_LEVEL: Final = 6

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Plotly:
    """What a page says of Plotly: where its script is, and the ids of the style elements that it is
    not to make."""

    address: str
    styles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """A figure in a page: its id there, the name of its file, what stands above it, what it shows
    in words, and the figure itself."""

    id: str
    name: str
    caption: str
    said: str
    json: Markup


def plot(
    figure: Figure,
    name: str,
    *,
    caption: str,
    said: str,
    links: Mapping[str, Sequence[str]] | None = None,
) -> Plot:
    """A figure for a page. `links` are the addresses that a click on a mark leads to, in the order
    of the marks: of a Sankey diagram by `node` and `link`, else by the places of the traces
    ("0")."""
    if links:
        figure.update_layout(meta={"links": {key: list(of) for key, of in links.items()}})
    return Plot(f"figure-{name}", name, caption, said, as_data(figure.to_json() or "{}"))


def as_data(json: str) -> Markup:
    """JSON as the content of a script element, which nothing in it can end."""
    return Markup(json.replace("<", "\\u003c"))


@cache
def plotly() -> Plotly:
    """What a page says of the Plotly that is installed."""
    mark = hashlib.sha256(_script()).hexdigest()[:12]
    styles = [one.decode() for one in _OTHER_STYLES.findall(_script())]
    return Plotly(f"/studio/plots/plotly.min.js?v={mark}", tuple(dict.fromkeys(styles)))


@router.get("/plots/plotly.min.js")
def plotly_script(request: Request) -> Response:
    """The script of Plotly; it may be kept for ever under the address that pages name."""
    named = f"{request.url.path}?{request.url.query}" == plotly().address
    headers = {
        "cache-control": _FOREVER if named else "no-cache",
        "x-content-type-options": "nosniff",
        "vary": "accept-encoding",
    }
    if "gzip" in request.headers.get("accept-encoding", ""):
        headers["content-encoding"] = "gzip"
        return Response(_compressed(), media_type="text/javascript", headers=headers)
    return Response(_script(), media_type="text/javascript", headers=headers)


@cache
def _script() -> bytes:
    return files("plotly").joinpath("package_data", "plotly.min.js").read_bytes()


@cache
def _compressed() -> bytes:
    return gzip.compress(_script(), _LEVEL, mtime=0)
