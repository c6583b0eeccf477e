"""Links in messages over HTTP: who is unsubscribed, what is noted, where nobody is led."""

import contextlib
import dataclasses
import json
import re
import threading
import time

import pytest

from segue.domain.campaigns import (
    Channel,
    Delivery,
    Occasion,
    State,
    Suppressed,
    Suppression,
)
from segue.domain.errors import NotFoundError
from segue.services.acting.links import LinkKind, Ticket, seal
from tests.http.running import running

TICKET = Ticket(
    "d1",
    "win_back",
    "ana",
    address="ana@example.com",
    purpose="marketing",
    url="https://shop.example/cart?a=1&b=%20#x",
)
DELIVERY = Delivery(
    id="d1",
    campaign_id="win_back",
    fingerprint="f",
    person=0,
    person_id="ana",
    channel=Channel.EMAIL,
    variant="a",
    occasion=Occasion.TRANSITION,
    occasion_key=1,
    due_at=1,
    known_at=1,
    not_before=1,
    state=State.DELIVERED,
    delivered_at=2,
)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with running(tmp_path_factory.mktemp("links") / "shop") as server:
        server.send("/v1/track", json={"userId": "ana", "event": "buy"})
        yield server


_numbers = iter(range(10_000))


@pytest.fixture
def ticket(served):
    """A ticket of a delivery of its own."""
    number = next(_numbers)
    made = dataclasses.replace(TICKET, delivery_id=f"d{number}", address=f"ana{number}@example.com")
    served.serving.store.save_deliveries(
        made=[dataclasses.replace(DELIVERY, id=made.delivery_id, occasion_key=number)]
    )
    return made


def _token(served, kind, ticket):
    return seal(served.serving.store.link_secret(), kind, ticket)


def _path(served, kind, ticket):
    return f"/{kind}/{_token(served, kind, ticket)}"


def _suppressed(served, ticket):
    found = served.serving.store.suppressed([ticket.address], Channel.EMAIL)
    return [(one.purpose, one.reason) for one in found]


def _noted(served, ticket, count):
    """The events about a delivery, once there are so many."""
    until = time.monotonic() + 60
    store = served.serving.store
    while True:
        found = []
        with contextlib.suppress(NotFoundError):  # one that is being stored at this moment
            every = store.events(range(store.next_ref()))
            found = [one for one in every if one.event_id.startswith(f"{ticket.delivery_id}:")]
        if len(found) >= count or time.monotonic() > until:
            return [(one.distinct_id, one.event, json.loads(one.properties)) for one in found]
        threading.Event().wait(0.01)


# ------------------------------------------------------------------------------------ unsubscribing


def test_one_click_unsubscribes_from_the_purpose(served, ticket):
    """What mail programs send (RFC 8058): no cookie, no page before it, no redirect."""
    answer = served.client.post(
        _path(served, LinkKind.UNSUBSCRIBE, ticket), data={"List-Unsubscribe": "One-Click"}
    )

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert _suppressed(served, ticket) == [("marketing", Suppression.UNSUBSCRIBED)]
    assert _noted(served, ticket, 2) == [
        (
            "ana",
            "$message_dismissed",
            {
                "delivery_id": ticket.delivery_id,
                "campaign_id": "win_back",
                "variant": "a",
                "channel": "email",
                "purpose": "marketing",
                "how": "unsubscribed",
            },
        ),
        ("ana", "$set", {"unsubscribed_marketing": True}),
    ]


def test_one_click_as_a_multipart_form(served, ticket):
    files = {"List-Unsubscribe": (None, "One-Click")}
    answer = served.client.post(_path(served, LinkKind.UNSUBSCRIBE, ticket), files=files)

    assert answer.status_code == 200
    assert _suppressed(served, ticket) == [("marketing", Suppression.UNSUBSCRIBED)]


@pytest.mark.parametrize(
    ("chosen", "purpose", "trait"),
    [("purpose", "marketing", "unsubscribed_marketing"), ("everything", "", "unsubscribed")],
)
def test_the_page_unsubscribes_from_the_purpose_or_from_everything(
    served, ticket, chosen, purpose, trait
):
    path = _path(served, LinkKind.UNSUBSCRIBE, ticket)
    page = served.client.get(path)
    assert page.status_code == 200
    assert not _suppressed(served, ticket)

    done = served.client.post(path, data={"from": chosen})

    assert "You are unsubscribed" in done.text
    assert _suppressed(served, ticket) == [(purpose, Suppression.UNSUBSCRIBED)]
    assert (("ana", "$set", {trait: True})) in _noted(served, ticket, 2)


def test_unsubscribing_twice_is_unsubscribing_once(served, ticket):
    path = _path(served, LinkKind.UNSUBSCRIBE, ticket)
    for _ in range(3):
        assert served.client.post(path).status_code == 200

    assert len(_suppressed(served, ticket)) == 1
    assert len(_noted(served, ticket, 2)) == 2


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("headers", [{}, {"purpose": "prefetch"}, {"user-agent": "Scanner/1"}])
def test_who_only_looks_unsubscribes_nobody(served, ticket, method, headers):
    """Scanners open every link of a mail before its reader does."""
    path = _path(served, LinkKind.UNSUBSCRIBE, ticket)
    answer = served.client.request(method, path, headers=headers)

    assert answer.status_code == 200
    assert (answer.text == "") == (method == "HEAD")
    assert not _suppressed(served, ticket)


def test_of_somebody_who_was_erased_nothing_is_noted_but_the_address(served):
    """There is no delivery any more: no event brings the person back."""
    gone = dataclasses.replace(TICKET, delivery_id="gone", address="gone@example.com")
    answer = served.client.post(_path(served, LinkKind.UNSUBSCRIBE, gone))
    click = served.client.get(_path(served, LinkKind.CLICK, gone), follow_redirects=False)

    assert (answer.status_code, click.status_code) == (200, 302)
    assert _suppressed(served, gone) == [("marketing", Suppression.UNSUBSCRIBED)]
    served.send("/v1/track", json={"userId": "bob", "event": "look", "messageId": "gone:last"})
    assert [event for _, event, _ in _noted(served, gone, 1)] == ["look"]


def test_the_page_shows_nothing_of_a_profile_as_it_is(served, ticket):
    """An address and a purpose are all it shows; both as text, the address not whole."""
    evil = dataclasses.replace(
        ticket,
        address='<img src=x onerror=alert(1)>"@example.com<script>',
        purpose='news"><script>alert(1)</script>{{ 7*7 }}',
    )
    path = _path(served, LinkKind.UNSUBSCRIBE, evil)
    for text in (served.client.get(path).text, served.client.post(path).text):
        assert "<script" not in text
        assert "<img" not in text
        assert "49" not in text.partition("<body>")[2]
        assert "&lt;script&gt;" in text
    assert "a…@example.com" in served.client.get(_path(served, LinkKind.UNSUBSCRIBE, ticket)).text
    assert ticket.address not in served.client.get(_path(served, LinkKind.UNSUBSCRIBE, ticket)).text


def test_the_page_needs_no_script_and_allows_none(served, ticket):
    page = served.client.get(_path(served, LinkKind.UNSUBSCRIBE, ticket))
    policy = page.headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in page.text + policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert '<form method="post">' in page.text
    assert not re.search(r"https?://", page.text)


# ------------------------------------------------------------------------------------------- clicks


def test_a_click_leads_on_and_is_noted_once(served, ticket):
    path = _path(served, LinkKind.CLICK, ticket)
    answers = [served.client.get(path, follow_redirects=False) for _ in range(3)]

    assert {one.status_code for one in answers} == {302}
    assert {one.headers["location"] for one in answers} == {ticket.url}
    assert answers[0].headers["referrer-policy"] == "no-referrer"
    assert _noted(served, ticket, 1) == [
        (
            "ana",
            "$message_clicked",
            {
                "delivery_id": ticket.delivery_id,
                "campaign_id": "win_back",
                "variant": "a",
                "channel": "email",
                "url": ticket.url,
            },
        )
    ]


def test_every_link_of_a_message_counts_by_itself(served, ticket):
    urls = ["https://shop.example/a", "https://shop.example/b"]
    for url in urls:
        other = dataclasses.replace(ticket, url=url)
        served.client.get(_path(served, LinkKind.CLICK, other), follow_redirects=False)

    assert [facts["url"] for _, _, facts in _noted(served, ticket, 2)] == urls


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"sec-purpose": "prefetch;prerender"}),
        ("GET", {"purpose": "prefetch"}),
        ("GET", {"x-purpose": "preview"}),
        ("GET", {"x-moz": "prefetch"}),
    ],
)
def test_a_fetch_ahead_leads_on_and_is_no_click(served, ticket, method, headers):
    path = _path(served, LinkKind.CLICK, ticket)
    answer = served.client.request(method, path, headers=headers, follow_redirects=False)
    assert answer.headers["location"] == ticket.url

    served.client.get(path, follow_redirects=False)
    assert len(_noted(served, ticket, 1)) == 1


@pytest.mark.parametrize(
    "query", ["?url=https://evil.example/", "?next=//evil.example", "#https://evil.example"]
)
def test_nobody_is_led_elsewhere(served, ticket, query):
    """What is added to a link changes nothing: the URL is in the token."""
    path = _path(served, LinkKind.CLICK, ticket)
    answer = served.client.get(path + query, follow_redirects=False)

    assert answer.headers["location"] == ticket.url


# ------------------------------------------------------------------------------------------ openings


@pytest.mark.parametrize("counts", [False, True])
def test_openings_are_counted_only_where_the_server_says_so(tmp_path, counts):
    def change(context):
        channels = dataclasses.replace(context.settings.channels, counts_opens=counts)
        settings = dataclasses.replace(context.settings, channels=channels)
        return dataclasses.replace(context, settings=settings)

    with running(tmp_path / "shop", change=change) as served:
        served.send("/v1/track", json={"userId": "ana", "event": "buy"})
        served.serving.store.save_deliveries(made=[dataclasses.replace(DELIVERY, id="o1")])
        ticket = dataclasses.replace(TICKET, delivery_id="o1")
        for _ in range(2):
            answer = served.client.get(_path(served, LinkKind.OPEN, ticket))
            assert answer.headers["content-type"] == "image/gif"
        served.send("/v1/track", json={"userId": "ana", "event": "look", "messageId": "o1:last"})
        events = [event for _, event, _ in _noted(served, ticket, 1 + counts)]

    assert sorted(events) == ["$message_shown"] * counts + ["look"]


# ------------------------------------------------------------------------------------- wrong tokens


def _wrong(served, ticket, kind):
    good = _token(served, kind, ticket)
    other = next(one for one in LinkKind if one is not kind)
    flipped = ("B" if good[30] == "A" else "A").join((good[:30], good[31:]))
    return [
        *("A", "A" * 5_000, ticket.delivery_id, ticket.person_id, "..", "%00", "%E2%98%83", "{}"),
        *(good[:-1], good + "A", flipped, _token(served, other, ticket)),
        seal(b"another workspace's secret", kind, ticket),
    ]


@pytest.mark.parametrize("kind", [LinkKind.UNSUBSCRIBE, LinkKind.CLICK, LinkKind.OPEN])
def test_a_wrong_token_is_404_and_always_the_same(served, ticket, kind):
    """Nothing tells a malformed one from a forged one, or an unknown person from a known one."""
    methods = ("GET", "POST") if kind is LinkKind.UNSUBSCRIBE else ("GET",)
    answers = [
        served.client.request(method, f"/{kind}/{token}", follow_redirects=False)
        for token in _wrong(served, ticket, kind)
        if token != ".."
        for method in methods
    ]

    assert {one.status_code for one in answers} == {404}
    assert len({one.text for one in answers}) == 1
    assert not _suppressed(served, ticket)


def test_what_is_logged_of_a_link_is_no_token(served, ticket, caplog):
    caplog.set_level("DEBUG")
    path = _path(served, LinkKind.UNSUBSCRIBE, ticket)
    served.client.get(path)

    lines = [json.dumps(record.__dict__, default=str) for record in caplog.records]
    own = [line for line in lines if '"segue' in line]
    assert any("/u/{token}" in line for line in own)
    assert not [line for line in own if path in line]


def test_an_address_that_bounced_stays_on_the_list(served, ticket):
    """Unsubscribing adds to what is known of an address, and takes nothing away."""
    bounced = Suppressed(ticket.address, Channel.EMAIL, "", Suppression.BOUNCED, 1)
    served.serving.store.suppress([bounced])
    served.client.post(_path(served, LinkKind.UNSUBSCRIBE, ticket))

    assert ("", Suppression.BOUNCED) in _suppressed(served, ticket)
