"""Pages that this server shows to people outside: made here, without scripts, under a strict
policy.

A page has one style, in itself, whose hash its policy names; forms lead here only, nothing frames
it, and the address of the page, which is a secret, is told to nobody.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import jinja2
from starlette.responses import HTMLResponse, Response

PRIVATE: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex",
    "x-content-type-options": "nosniff",
}
"""The headers of whatever belongs to one link."""
_PICTURES: Final = {"survey": "img-src 'self' data:; "}
"""By page, what its policy says of pictures, where it has any."""
_UNKNOWN: Final = "This link cannot be used"


def shown(name: str, values: Mapping[str, Any], status: int = 200) -> Response:
    """The page made by the template `NAME.html`, with what it speaks of; every value is text."""
    text = _template(f"{name}.html").render(style=_style(name), **values)
    return HTMLResponse(text, status, headers=PRIVATE | {"content-security-policy": _policy(name)})


def unknown() -> Response:
    """The page of a link that is none: always the same, whatever is wrong with it."""
    return shown("unsubscribe", {"state": "unknown", "title": _UNKNOWN}, 404)


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_read),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _read(name: str) -> str:
    return files("segue.http").joinpath("pages", name).read_text(encoding="utf-8")


def _template(name: str) -> jinja2.Template:
    return _environment().get_template(name)


@cache
def _style(name: str) -> str:
    """What all pages have, and what this one adds."""
    own = files("segue.http").joinpath("pages", f"{name}.css")
    return _read("page.css") + (own.read_text(encoding="utf-8") if own.is_file() else "")


@cache
def _policy(name: str) -> str:
    digest = base64.b64encode(hashlib.sha256(_style(name).encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; {_PICTURES.get(name, '')}"
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
