"""Links in messages: who can make them, what they show, and where they lead."""

import base64
import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.services.acting import links as module
from segue.services.acting.links import (
    LinkKind,
    Links,
    Ticket,
    campaign_secret,
    seal,
    unseal,
)

SECRET = b"0123456789abcdef0123456789abcdef"
TICKET = Ticket(
    "d41d8cd98f00b204",
    "win_back",
    "ana",
    address="ana@example.com",
    purpose="marketing",
    url="https://shop.example/cart?a=1&b=ü",
)
texts = st.text(max_size=60)
tickets = st.builds(Ticket, texts, texts, texts, texts, texts, texts)


@given(tickets, st.sampled_from(LinkKind))
def test_a_token_gives_the_ticket_back(ticket, kind):
    """Every ticket, whatever is in it; the token is fit for a path."""
    token = seal(SECRET, kind, ticket)

    assert unseal(SECRET, kind, token) == ticket
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(tickets, st.data())
def test_whatever_is_changed_in_a_token_makes_it_none(ticket, data):
    """One character anywhere, a piece less, a piece more."""
    token = seal(SECRET, LinkKind.CLICK, ticket)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("AZaz09-_=+/. ").filter(lambda one: one != token[place]))

    for forged in (token[:place] + other + token[place + 1 :], token[:place], token + other):
        assert unseal(SECRET, LinkKind.CLICK, forged) is None


def test_a_token_is_good_for_one_kind_and_one_workspace():
    token = seal(SECRET, LinkKind.CLICK, TICKET)

    assert [kind for kind in LinkKind if unseal(SECRET, kind, token)] == [LinkKind.CLICK]
    assert unseal(b"another" * 5, LinkKind.CLICK, token) is None


@pytest.mark.parametrize(
    "token", ["", "A", "AAAA", "\u2603", "%00", "=" * 8, "A" * 5_000, "a b", "A" * 21 + "\n"]
)
def test_what_cannot_be_a_token_is_none(token):
    assert unseal(SECRET, LinkKind.UNSUBSCRIBE, token) is None


def test_a_token_shows_nothing_of_the_ticket():
    """Neither as text nor in its bytes; tickets that differ in one character share nothing."""
    token = seal(SECRET, LinkKind.UNSUBSCRIBE, TICKET)
    data = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    for text in dataclasses.astuple(TICKET):
        assert text not in token
        assert text.encode() not in data

    other = seal(SECRET, LinkKind.UNSUBSCRIBE, dataclasses.replace(TICKET, person_id="anb"))
    assert sum(a == b for a, b in zip(token, other, strict=True)) < len(token) / 4


def test_the_same_message_has_the_same_links():
    """A message that is sent again is the same message."""
    one, other = (Links(SECRET, "https://say.example/").link(LinkKind.CLICK, TICKET) for _ in "ab")

    assert one == other
    assert one.startswith("https://say.example/c/")
    assert Links(SECRET, "").read(LinkKind.CLICK, one.rpartition("/")[2]) == TICKET


@pytest.mark.parametrize("token", ["", "A" * 5_000, "?", seal(SECRET, LinkKind.OPEN, TICKET)])
def test_wrong_tokens_all_take_the_same_way(token, monkeypatch):
    """Malformed, too long or forged: a mark is computed and compared, whatever is wrong."""
    compared = []
    monkeypatch.setattr(module.hmac, "compare_digest", lambda a, b: compared.append(1) and a == b)

    assert unseal(SECRET, LinkKind.CLICK, token) is None
    assert compared == [1]


def test_every_campaign_has_a_secret_of_its_own():
    secrets = {campaign_secret(SECRET, one) for one in ("a", "b")}

    assert len(secrets) == 2
    assert all(one.startswith("whsec_") for one in secrets)
    assert campaign_secret(SECRET, "a") != campaign_secret(b"x" * 32, "a")
