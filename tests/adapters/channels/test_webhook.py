"""Webhooks of campaigns as a receiver sees them, and lines of the console."""

import asyncio
import base64
import dataclasses
import hashlib
import hmac
import json
import logging

import pytest

from segue.adapters.channels.console import ConsoleCarrier
from segue.adapters.channels.webhook import MOST_HOSTS, WebhookCarrier
from segue.adapters.webhook_sender import HttpSender
from segue.domain.acting import Message
from segue.domain.campaigns import Channel
from segue.domain.webhooks import Answer, Reach
from segue.services.acting.links import campaign_secret
from tests.adapters.receiver import HANG, Reply, receiving

NOW = 1_700_000_000_000
SECRET = b"0123456789abcdef0123456789abcdef"
MESSAGE = Message(
    id="0f3a",
    campaign_id="win_back",
    person_id="ana",
    channel=Channel.WEBHOOK,
    address="",
    parts={"payload": '{"price": 9.5, "name": "Grüße"}'},
    facts={"variant": "a"},
)


def _carried(*messages, reach=Reach.LOOPBACK, time_limit=5.0):
    async def carry():
        carrier = WebhookCarrier(
            lambda: HttpSender(reach, now=lambda: NOW, time_limit=time_limit),
            reach=reach,
            secret_of=lambda campaign_id: campaign_secret(SECRET, campaign_id),
            now=lambda: NOW,
        )
        try:
            return await asyncio.gather(*(carrier.carry(one) for one in messages))
        finally:
            await carrier.close()

    return asyncio.run(carry())


def _to(url, **changes):
    return dataclasses.replace(MESSAGE, address=url, **changes)


def _is_signed(secret, request):
    """Whether Standard Webhooks would take a request: written anew from its text, so that nothing
    of ours verifies itself."""
    key = base64.b64decode(secret.split("_", 1)[1])
    parts = request.headers["webhook-id"], request.headers["webhook-timestamp"]
    content = ".".join(parts).encode() + b"." + request.body
    digest = base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
    given = [one.split(",", 1) for one in request.headers["webhook-signature"].split(" ")]
    return ["v1", digest] in given


def test_a_message_arrives_signed():
    with receiving() as receiver:
        (outcome,) = _carried(_to(receiver.url))

    assert outcome.taken, outcome
    (request,) = receiver.received
    assert json.loads(request.body) == {
        "type": "campaign.message",
        "id": "0f3a",
        "campaign_id": "win_back",
        "person": {"id": "ana"},
        "payload": {"price": 9.5, "name": "Grüße"},
        "facts": {"variant": "a"},
    }
    assert request.headers["webhook-id"] == "0f3a"
    assert request.headers["webhook-timestamp"] == str(NOW // 1000)
    assert _is_signed(campaign_secret(SECRET, "win_back"), request)
    assert not _is_signed(campaign_secret(SECRET, "another"), request)


def test_a_payload_that_is_no_json_is_text():
    with receiving() as receiver:
        _carried(_to(receiver.url, parts={"payload": "Hello {"}))

    assert json.loads(receiver.received[0].body)["payload"] == "Hello {"


@pytest.mark.parametrize(
    ("reply", "permanent", "retry_after"),
    [
        (Reply(204), False, None),
        (Reply(400), True, None),
        (Reply(404), True, None),
        (Reply(410), True, None),
        (Reply(302, (("location", "http://169.254.169.254/"),)), True, None),
        (Reply(408), False, None),
        (Reply(429, (("retry-after", "7"),)), False, 7_000),
        (Reply(503), False, None),
    ],
)
def test_what_an_answer_means(reply, permanent, retry_after):
    with receiving(then=reply) as receiver:
        (outcome,) = _carried(_to(receiver.url))

    assert outcome.taken == (reply.status == 204)
    assert (outcome.permanent, outcome.retry_after) == (permanent, retry_after)


@pytest.mark.parametrize(
    ("url", "reach", "words"),
    [
        ("http://127.0.0.1:9/", Reach.PUBLIC, "may not be sent to 127.0.0.1"),
        ("http://localhost:9/", Reach.PUBLIC, "no address that may be sent to"),
        ("http://10.0.0.1/", Reach.LOOPBACK, "may not be sent to 10.0.0.1"),
        ("http://169.254.169.254/latest", Reach.PRIVATE, "may not be sent to 169.254.169.254"),
        ("http://2130706433/", Reach.PUBLIC, "no address that may be sent to"),
        ("ftp://example.com/", Reach.PUBLIC, "begins with https://"),
        ("https://ana:pw@example.com/", Reach.PUBLIC, "may not hold a user"),
        ("", Reach.PUBLIC, "begins with https://"),
    ],
)
def test_where_it_may_not_go(url, reach, words):
    (outcome,) = _carried(_to(url), reach=reach)

    assert outcome.permanent
    assert words in outcome.error


def test_a_host_that_hangs_holds_no_other_up():
    """Each host has its own connections."""
    with receiving(then=HANG) as slow, receiving() as quick:
        outcomes = _carried(
            *[_to(slow.url) for _ in range(20)], *[_to(quick.url)] * 5, time_limit=0.5
        )

    assert not any(outcome.taken or outcome.permanent for outcome in outcomes[:20])
    assert all(outcome.taken for outcome in outcomes[20:])


def test_connections_of_hosts_long_unused_are_closed():
    """An address may be made of a template: hosts must not pile up."""
    open_ones = set()

    class Counted:
        def __init__(self):
            open_ones.add(self)

        async def post(self, post):
            return Answer(200)

        async def close(self):
            open_ones.remove(self)

    async def carry():
        carrier = WebhookCarrier(
            Counted,
            reach=Reach.PUBLIC,
            secret_of=lambda _: campaign_secret(SECRET, "a"),
            now=lambda: NOW,
        )
        for n in range(MOST_HOSTS + 10):
            await carrier.carry(_to(f"https://h{n}.example/"))
            await carrier.carry(_to("https://h0.example/"))
        kept = len(open_ones)
        await carrier.close()
        return kept

    assert asyncio.run(carry()) == MOST_HOSTS
    assert not open_ones


def test_a_host_that_takes_its_time_keeps_its_connection():
    """However many others are written to meanwhile."""
    closed, hanging = set(), {}

    class Slow:
        async def post(self, post):
            if "slow" in post.url:
                hanging[self] = True
                await asyncio.sleep(0.2)
            return Answer(200 if self not in closed else None, "" if self not in closed else "cut")

        async def close(self):
            closed.add(self)

    async def carry():
        carrier = WebhookCarrier(
            Slow,
            reach=Reach.PUBLIC,
            secret_of=lambda _: campaign_secret(SECRET, "a"),
            now=lambda: NOW,
        )
        waits = asyncio.create_task(carrier.carry(_to("https://slow.example/")))
        await asyncio.sleep(0)
        for n in range(MOST_HOSTS + 10):
            await carrier.carry(_to(f"https://h{n}.example/"))
        assert hanging.keys().isdisjoint(closed)
        outcome = await waits
        await carrier.close()
        return outcome

    assert asyncio.run(carry()).taken


def test_the_console_shows_a_message_in_one_line(caplog):
    """And nothing in it that a terminal would obey."""
    caplog.set_level(logging.INFO, "segue.console")
    message = _to("", parts={"body": "Hello\n\x1b[2J Ana\u202e" + "x" * 600})

    outcome = asyncio.run(ConsoleCarrier().carry(message))

    assert outcome.taken
    (record,) = caplog.records
    assert record.getMessage().startswith("win_back to ana: Hello �[2J Ana�xxx")
    assert len(record.getMessage()) < 600
