"""What is put around an e-mail: links that note clicks, a way out, and what is left alone."""

import doctest
import html
import re

import pytest

from segue.domain import addresses
from segue.domain.addresses import mail_address
from segue.domain.errors import InputError
from segue.services.acting import wrapping
from segue.services.acting.links import LinkKind, Links, Ticket
from segue.services.acting.wrapping import (
    hosts_of,
    may_lead_to,
    with_pixel,
    with_way_out,
    wrapped,
)

LINKS = Links(b"k" * 32, "https://say.example")
TICKET = Ticket("d1", "win_back", "ana", address="ana@example.com", purpose="marketing")
HOSTS = frozenset({"shop.example", "shop.example:8443"})


def _wrapped(text):
    return wrapped({"html": text, "text": text, "subject": text}, TICKET, LINKS, HOSTS)


def _leads_to(text):
    """Where the links of a wrapped text lead, after the click."""
    found = re.findall(r'"https://say.example/c/([^"]+)"', _wrapped(text)["html"])
    return [LINKS.read(LinkKind.CLICK, token).url for token in found]


@pytest.mark.parametrize("module", [wrapping, addresses])
def test_the_examples_of_the_modules_are_true(module):
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("anchor", "url"),
    [
        ('<a href="https://shop.example/">', "https://shop.example/"),
        ("<a class=x href='http://shop.example'>", "http://shop.example"),
        ('<A HREF = "https://SHOP.example:8443/a?b=1&amp;c=2#d">', None),
        ('<!--[if mso]><a href="https://shop.example/m"><![endif]-->', "https://shop.example/m"),
    ],
)
def test_links_of_the_template_note_clicks(anchor, url):
    url = url or "https://SHOP.example:8443/a?b=1&c=2#d"

    assert _leads_to(f"<p>{anchor}Go</a></p>") == [url]


@pytest.mark.parametrize(
    "anchor",
    [
        '<a href="https://evil.example/">',
        '<a href="https://shop.example.evil.example/">',
        '<a href="https://shop.example@evil.example/">',
        '<a href="https://evil.example#shop.example">',
        '<a href="https://shop.example\\@evil.example/">',
        '<a href="//shop.example/">',
        '<a href="javascript:alert(1)//shop.example">',
        '<a href="mailto:hello@shop.example">',
        '<a href="#top">',
        '<a href="https://shop.example/\u0000">',
        '<a href="https://shop.example/&#10;Set-Cookie:x">',
        '<a href="http://[shop.example/">',
        '<a data-untracked href="https://shop.example/">',
        f'<a href="https://shop.example/{"x" * 2_000}">',
        '<link href="https://shop.example/a.css">',
    ],
)
def test_what_is_left_alone(anchor):
    """Hosts that the template does not name, other schemes, what no header carries."""
    assert _wrapped(anchor)["html"] == anchor


def test_only_the_html_is_changed():
    text = '<a href="https://shop.example/">'
    given = _wrapped(text)

    assert given["text"] == given["subject"] == text


def test_a_click_carries_no_address():
    token = re.search(r"/c/([^\"]+)", _wrapped('<a href="https://shop.example/">')["html"])[1]
    ticket = LINKS.read(LinkKind.CLICK, token)

    assert (ticket.address, ticket.purpose) == ("", "")
    assert (ticket.delivery_id, ticket.campaign_id, ticket.person_id) == ("d1", "win_back", "ana")


@pytest.mark.parametrize(
    ("template", "hosts"),
    [
        ('<a href="https://shop.example">', {"shop.example"}),
        ("See https://Shop.Example:8443/a and http://b.example.", {"shop.example:8443"}),
        ("https://{{ trait.host }}/", set()),
        ("https://shop.example{{ trait.rest }}", set()),
        ("https://shop.example@{{ trait.rest }}", set()),
        ("https://shop.example/{{ trait.path }}", {"shop.example"}),
    ],
)
def test_a_host_counts_where_it_stands_whole_in_the_template(template, hosts):
    assert hosts_of([template]) >= hosts
    assert not {one for one in hosts_of([template]) if "shop" in one} - hosts


def test_where_a_click_may_lead():
    assert may_lead_to("https://shop.example/ü", HOSTS)
    assert not may_lead_to("https://user:pw@shop.example/", HOSTS)


URL = "https://say.example/u/token?x=1&y=2"


def test_a_message_without_a_way_out_gets_one():
    given = with_way_out({"text": "Hello\n", "html": "<body>Hello</body></html>"}, URL)

    assert given["text"] == f"Hello\n\n-- \nUnsubscribe: {URL}\n"
    assert (
        f'<a href="{html.escape(URL)}">Unsubscribe</a></small></p></body></html>' in given["html"]
    )


def test_a_message_with_a_way_out_keeps_its_own():
    parts = {"text": f"Leave: {URL}", "html": f'<a href="{html.escape(URL)}">Leave</a>'}

    assert with_way_out(parts, URL) == parts


def test_a_pixel_stands_at_the_end_of_the_html():
    assert with_pixel({"text": "a"}, URL) == {"text": "a"}
    assert with_pixel({"html": "a"}, URL)["html"].startswith('a<img src="https://say.example/u/')


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("ana@example.com", "ana@example.com"),
        (" Ana+News@EXAMPLE.com ", "Ana+News@example.com"),
        ("o'neil@sub.example.co.uk", "o'neil@sub.example.co.uk"),
        ("josé@example.com", "josé@example.com"),
        ("a@münchen.example", "a@xn--mnchen-3ya.example"),
    ],
)
def test_what_is_an_address(text, address):
    assert mail_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        *("", "ana", "@example.com", "ana@", "ana@localhost", "ana@-a.example", "ana@a..example"),
        *("ana@example.com\nBcc: eve@example.com", "ana@example.com\r\n", "ana\x00@example.com"),
        *("ana@example.com,eve@example.com", "ana@example.com eve@example.com", "a;b@example.com"),
        *("Ana <ana@example.com>", "<ana@example.com>", '"a b"@example.com', "a b@example.com"),
        *(".ana@example.com", "ana.@example.com", "a..b@example.com", "ana@[10.0.0.1]"),
        *("a" * 65 + "@example.com", "a@" + "b." * 126 + "example", "ana@exa mple.com"),
        *("ana@example.com@evil.example", "ana@example.com\u2028"),
    ],
)
def test_what_is_no_address(text):
    with pytest.raises(InputError, match="is no e-mail address"):
        mail_address(text)
