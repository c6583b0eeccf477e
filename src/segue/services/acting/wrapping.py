"""What is put around the rendered parts of an e-mail: links that note clicks, and a way out.

Only links in the HTML part are replaced, and only those whose host stands in the template itself:
a host that came from somebody's profile would make this server's name lead wherever that person
likes. A link with the attribute `data-untracked` stays as it is.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from segue.services.acting.links import LinkKind, Links, Ticket

LONGEST_URL: Final = 2_000
"""Longer URLs are not wrapped: mail programs cut long lines."""
UNSUBSCRIBE: Final = "Unsubscribe"
"""What stands before the way out where a template has none of its own."""

_HOST: Final = re.compile(r"https?://([a-z0-9.-]+(?::\d+)?)(?=[/?#\"'\s<)]|$)", re.IGNORECASE)
_ANCHOR: Final = re.compile(r"<a\b[^>]*>", re.IGNORECASE)
_HREF: Final = re.compile(r"(\bhref\s*=\s*)(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_END: Final = re.compile(r"</body\s*>", re.IGNORECASE)


def hosts_of(templates: Iterable[str]) -> frozenset[str]:
    """The hosts (with ports) of links that stand whole in templates, in lower case.

    >>> sorted(hosts_of(["<a href='https://Shop.example/{{ id }}'>", "https://{{ trait.site }}/"]))
    ['shop.example']
    """
    return frozenset(host.lower() for text in templates for host in _HOST.findall(text))


def wrapped(
    parts: Mapping[str, str], ticket: Ticket, links: Links, hosts: frozenset[str]
) -> dict[str, str]:
    """The parts of an e-mail with the links of its HTML replaced by ones that note clicks; `hosts`
    are those of the templates, see `hosts_of`."""

    def noted(anchor: re.Match[str]) -> str:
        tag = anchor[0]
        return tag if "data-untracked" in tag.lower() else _HREF.sub(replaced, tag)

    def replaced(found: re.Match[str]) -> str:
        url = html.unescape(found[2] if found[2] is not None else found[3]).strip()
        if links.is_own(url) or not may_lead_to(url, hosts):
            return found[0]
        bare = replace(ticket, address="", purpose="", url=url)
        return f'{found[1]}"{html.escape(links.link(LinkKind.CLICK, bare))}"'

    given = dict(parts)
    if "html" in given:
        given["html"] = _ANCHOR.sub(noted, given["html"])
    return given


def may_lead_to(url: str, hosts: frozenset[str]) -> bool:
    """Whether a click may be led to a URL: http or https, to one of these hosts, and nothing in it
    that a header cannot carry."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    fits = len(url) <= LONGEST_URL and url.isprintable() and not set(url) & set(' \\"<>')
    return fits and parts.scheme in ("http", "https") and parts.netloc.lower() in hosts


def with_way_out(parts: Mapping[str, str], url: str) -> dict[str, str]:
    """The parts with a link to unsubscribe at their end, where they do not have it already."""
    given = dict(parts)
    if "text" in given and url not in given["text"]:
        given["text"] = f"{given['text'].rstrip()}\n\n-- \n{UNSUBSCRIBE}: {url}\n"
    escaped = html.escape(url)
    if "html" in given and escaped not in given["html"]:
        line = f'<p><small><a href="{escaped}">{UNSUBSCRIBE}</a></small></p>'
        given["html"] = _before_end(given["html"], line)
    return given


def with_pixel(parts: Mapping[str, str], url: str) -> dict[str, str]:
    """The parts with an invisible picture at the end of the HTML: whoever loads it has opened the
    message, or has a program that loads everything."""
    given = dict(parts)
    if "html" in given:
        picture = f'<img src="{html.escape(url)}" width="1" height="1" alt="">'
        given["html"] = _before_end(given["html"], picture)
    return given


def _before_end(text: str, addition: str) -> str:
    """The text with an addition before the last `</body>`, or at its end."""
    ends = list(_END.finditer(text))
    at = ends[-1].start() if ends else len(text)
    return text[:at] + addition + text[at:]
