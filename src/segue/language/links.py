"""Where links may lead: to the web, to an e-mail address, and within the page."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Final
from urllib.parse import SplitResult, urlsplit

SCHEMES: Final = ("http", "https", "mailto")
"""What a link may begin with."""
_TEMPLATED: Final = re.compile(r"\{[{%#]")
_LEADING: Final = frozenset(
    {"href", "src", "action", "formaction", "background", "poster", "cite", "data", "xlink:href"}
)
"""Attributes that lead to an address."""


def link_problem(link: str, *, relative: bool = True) -> str:
    """What is wrong with a link that is final text, in words; "" where nothing is.

    `relative`: whether it may be of the page that shows it (`/pricing`). An address that leaves out
    only the scheme (`//evil.example`), and white space or control characters, are refused: browsers
    read them otherwise than people do.
    """
    if not link:
        return "the link is empty"
    if any(not one.isprintable() or one.isspace() or one == "\\" for one in link):
        return "a link has no spaces, line breaks or backslashes"
    try:
        parts = urlsplit(link)
    except ValueError:
        return f"`{link}` is no link"
    if parts.scheme or link.startswith("//"):
        return _absolute(parts, link)
    if not relative:
        return f"a link in a message needs its whole address, not `{link[:40]}`"
    return "" if link[0] in "/?#" else "a link within the page begins with `/`"


def _absolute(parts: SplitResult, link: str) -> str:
    if parts.scheme == "mailto":
        return "" if "@" in parts.path else "a `mailto:` link names an address"
    if parts.scheme in SCHEMES:
        return "" if parts.hostname else f"`{link}` names no host"
    return f"a link begins with https://, http:// or mailto:, or with `/`; not `{link[:40]}`"


def template_link_problem(link: str, *, relative: bool = True) -> str:
    """What can be told about a link that may hold template marks: what stands before the first."""
    found = _TEMPLATED.search(link)
    if found is None:
        return link_problem(link, relative=relative)
    before = link[: found.start()].strip()
    if not before:
        return ""
    rest = "a@b" if before.lower().startswith("mailto:") else "x"
    return link_problem(before + rest, relative=relative)


def linked(html: str) -> list[str]:
    """The addresses that a piece of HTML leads to or loads, as a browser reads them."""
    reader = _Links()
    reader.feed(html)
    reader.close()
    return reader.found


class _Links(HTMLParser):
    """Collects the addresses in attributes."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(
        self,
        tag: str,  # noqa: ARG002 - the parser gives it
        attrs: list[tuple[str, str | None]],
    ) -> None:
        """Called by the parser for every tag."""
        self.found += [value or "" for name, value in attrs if name in _LEADING]
