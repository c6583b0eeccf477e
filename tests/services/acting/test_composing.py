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


def asked(text: str, *, html: str = "", kind: str = "nps") -> Message:
    """A survey by e-mail with this text, composed by a server that counts openings."""
    question = {"id": "score", "kind": kind, "ask": "Well?"}
    if kind == "single":
        question["choices"] = ["A & B", "C"]
    project = project_from(
        {
            "segments": {"s": {"when": "everyone"}},
            "messaging": {
                "sender": {"address": "a@say.example"},
                "public_url": "https://say.example",
            },
            "surveys": {
                "c": {
                    "segment": "s",
                    "when": "leaving",
                    "channel": "email",
                    "subject": "x",
                    "text": text,
                    **({"html": html} if html else {}),
                    "questions": [question],
                }
            },
        }
    )
    composer = Composer(MessageTemplates(), LINKS, title_of=str, counts_opens=True)
    rules = acting(project)
    made = composer.message(
        rules.campaigns[0], delivery(campaign_id="c", variant="a"), ABOUT, rules, 0
    )
    assert isinstance(made, Message), made
    return made


def test_a_survey_leads_to_its_page_of_this_delivery_alone() -> None:
    link = asked("{{ survey_url }}").parts["text"].split()[0]
    kind, token = urlsplit(link).path.split("/")[1:]
    ticket = LINKS.read(LinkKind(kind), token)

    assert kind == LinkKind.SURVEY
    assert ticket is not None
    assert (ticket.delivery_id, ticket.campaign_id) == (delivery().id, "c")
    assert not ticket.address


def test_the_first_question_stands_in_the_mail() -> None:
    """Each answer is a link to the page that carries it; they are no clicks, though the host
    stands in the template, and the mail has no picture: it is shown when its page is."""
    loop = '{% for one in survey_answers %}<a href="{{ one.url }}">{{ one.answer }}</a>{% endfor %}'
    message = asked(
        "{{ survey_url }}", html=loop + '<a href="https://say.example/about">us</a>', kind="single"
    )
    page = message.parts["text"].split()[0]
    found = re.findall(r'href="([^"]*)">([^<]*)<', message.parts["html"])

    assert found[:2] == [(f"{page}?answer=A%20%26%20B", "A &amp; B"), (f"{page}?answer=C", "C")]
    assert led_to(found[2][0]) == "https://say.example/about"
    assert "<img" not in message.parts["html"]


def test_a_question_in_words_has_no_answers_to_carry() -> None:
    text = asked("{{ survey_url }}{% for one in survey_answers %}!{% endfor %}", kind="text")
    assert "!" not in text.parts["text"].partition("--")[0]


def test_a_way_out_of_the_template_s_own_is_no_click() -> None:
    """Though its host stands there: whoever leaves has not clicked."""
    html = '<a href="https://say.example/x">x</a> <a href="{{ unsubscribe_url }}">leave</a>'
    made = told("Hello", html=html).parts["html"]

    assert [urlsplit(url).path[:3] for url in re.findall(r'href="([^"]*)"', made)] == ["/c/", "/u/"]
