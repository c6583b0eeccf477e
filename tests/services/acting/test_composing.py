"""From a delivery to its message: links that tell of clicks, and those that lead elsewhere."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest

from segue.adapters.message_templates import MessageTemplates
from segue.domain.acting import Message, Profile
from segue.domain.campaigns import Acting
from segue.language.acting import acting
from segue.language.project import project_from
from segue.services.acting.composing import About, Composer
from segue.services.acting.links import LinkKind, Links
from tests.adapters.deliveries import delivery

LINKS = Links(b"secret", "https://say.example")
COMPOSER = Composer(MessageTemplates(), LINKS, title_of=str)
ABOUT = About(
    Profile("ada", ("ada",), {"email": "ada@x.example", "site": "https://evil.example/x"})
)


def told(text: str, *, public_url: str = "https://say.example", html: str = "") -> Message:
    """An e-mail with this text, composed."""
    project = project_from(
        {
            "segments": {"s": {"when": "everyone"}},
            "messaging": {"sender": {"address": "a@say.example"}, "public_url": public_url},
            "campaigns": {
                "c": {
                    "segment": "s",
                    "when": "leaving",
                    "channel": "email",
                    "subject": "x",
                    "text": text,
                    **({"html": html} if html else {}),
                }
            },
        }
    )
    rules: Acting = acting(project)
    made = COMPOSER.message(
        rules.campaigns[0], delivery(campaign_id="c", variant="a"), ABOUT, rules, 0
    )
    assert isinstance(made, Message)
    return made


def led_to(link: str) -> str:
    """Where a click on a link of ours leads."""
    token = urlsplit(link).path.rpartition("/")[2]
    ticket = LINKS.read(LinkKind.CLICK, token)
    assert ticket is not None
    return ticket.url


def test_a_link_in_plain_text_tells_of_clicks() -> None:
    text = told("Go: {{ link('https://shop.example/new?a=1&b=2') }}").parts["text"]
    (link,) = re.findall(r"Go: (\S+)", text)

    assert link.startswith("https://say.example/c/")
    assert led_to(link) == "https://shop.example/new?a=1&b=2"


def test_a_link_in_html_is_wrapped_once() -> None:
    html = "<a href=\"{{ link('https://shop.example/?a=1&b=2') }}\">x</a>"
    found = told("x", html=html).parts["html"]
    (link,) = re.findall(r'<a href="([^"]+)">x', found)

    assert led_to(link) == "https://shop.example/?a=1&b=2"


def test_a_link_out_of_a_profile_never_goes_through_this_server() -> None:
    """Or else anybody could borrow its name for a place of theirs."""
    text = told("https://shop.example/ {{ link(person.site) }}").parts["text"]

    assert "https://evil.example/x" in text
    assert "say.example/c/" not in text


@pytest.mark.parametrize("text", ["{{ link('https://shop.example/') }}"])
def test_without_a_way_to_this_server_a_link_stays_as_it_is(text: str) -> None:
    made = told(text, public_url="")

    assert made.parts["text"] == "https://shop.example/"
    assert made.unsubscribe == ""
