"""One request to one endpoint: what comes back, what is never done, and where it may not go."""

import asyncio
import socket

import pytest

from segue.adapters.webhook_sender import HttpSender
from segue.domain.webhooks import Post, Reach, may_reach
from tests.adapters.receiver import HANG, HANG_UP, OK, Reply, receiving

NOW = 1_700_000_000_000


def _sent(url, *, reach=Reach.LOOPBACK, time_limit=5.0, times=1):
    """The answers to the same request, one after another."""

    async def send():
        sender = HttpSender(reach, now=lambda: NOW, time_limit=time_limit)
        try:
            return [await sender.post(Post(url, {"x-one": "1"}, b"{}")) for _ in range(times)]
        finally:
            await sender.close()

    return asyncio.run(send())


def test_a_request_arrives_as_it_was_composed():
    """The headers, the body, the query; the host as the URL names it."""
    with receiving() as receiver:
        (answer,) = _sent(receiver.url)

    (request,) = receiver.received
    assert (answer.status, answer.error) == (200, "")
    assert request.path == "/hook?token=hush"
    assert request.headers["x-one"] == "1"
    assert request.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert request.body == b"{}"


@pytest.mark.parametrize(
    ("reply", "status", "error", "retry_after"),
    [
        (Reply(204), 204, "", None),
        (Reply(500, body=b"no room"), 500, "HTTP 500: no room", None),
        (Reply(404), 404, "HTTP 404", None),
        (Reply(503, (("retry-after", "7"),)), 503, "HTTP 503", 7_000),
        (
            Reply(429, (("retry-after", "Tue, 14 Nov 2023 22:14:20 GMT"),)),
            429,
            "HTTP 429",
            60_000,
        ),
        (Reply(429, (("retry-after", "soon"),)), 429, "HTTP 429", None),
        (Reply(400, body=b"x" * 100_000), 400, "HTTP 400: " + "x" * 500, None),
        (Reply(400, body=b"\xff\x00"), 400, "HTTP 400: ��", None),
    ],
)
def test_what_comes_back(reply, status, error, retry_after):
    """The status, the beginning of an error's body, and how long the receiver wants to be left."""
    with receiving(then=reply) as receiver:
        (answer,) = _sent(receiver.url)

    assert (answer.status, answer.error, answer.retry_after) == (status, error, retry_after)
    assert not answer.forbidden


def test_a_redirect_is_not_followed():
    """Where a receiver points to was not checked, and a POST does not survive it."""
    with (
        receiving() as elsewhere,
        receiving(then=Reply(302, (("location", elsewhere.url),))) as one,
    ):
        (answer,) = _sent(one.url)

    assert answer.status == 302
    assert not elsewhere.received


def test_cookies_are_not_kept():
    """One request knows nothing of the one before."""
    with receiving(then=Reply(200, (("set-cookie", "a=b"),))) as receiver:
        _sent(receiver.url, times=2)

    assert all("cookie" not in request.headers for request in receiver.received)


def test_a_receiver_that_hangs_costs_the_time_limit_and_no_more():
    with receiving(then=HANG) as receiver:
        (answer,) = _sent(receiver.url, time_limit=0.05)

    assert answer.status is None
    assert answer.error == "no answer within 0.05 seconds"


def test_a_connection_that_is_closed_or_refused_is_an_answer_too():
    with receiving(HANG_UP, then=OK) as receiver:
        cut, whole = _sent(receiver.url, times=2)
    (refused,) = _sent(receiver.url)

    assert cut.status is None
    assert cut.error
    assert whole.status == 200
    assert refused.status is None
    assert "ConnectionRefusedError" in refused.error


@pytest.mark.parametrize(
    ("host", "reach"),
    [
        ("127.0.0.1", Reach.PUBLIC),
        ("localhost", Reach.PUBLIC),
        ("10.1.2.3", Reach.LOOPBACK),
        ("169.254.169.254", Reach.PRIVATE),
        ("[::1]", Reach.PUBLIC),
        ("2130706433", Reach.PUBLIC),  # 127.0.0.1 as one number
    ],
)
def test_an_address_that_may_not_be_reached_is_not_connected_to(host, reach):
    (answer,) = _sent(f"http://{host}:9/", reach=reach)

    assert answer.forbidden
    assert "may be sent to" in answer.error


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch):
    """A name that answers differently the next time leads nowhere: it is asked once."""
    asked = []

    def look_up(host, port, **_):
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    with receiving() as receiver:
        monkeypatch.setattr("segue.adapters.webhook_sender.socket.getaddrinfo", look_up)
        (answer,) = _sent(f"http://receiver.example:{receiver.port}/")

    assert answer.status == 200
    assert receiver.received[0].headers["host"] == f"receiver.example:{receiver.port}"
    assert asked.count("receiver.example") == 1


@pytest.mark.parametrize(
    ("address", "narrowest"),
    [
        ("8.8.8.8", Reach.PUBLIC),
        ("2606:4700::1111", Reach.PUBLIC),
        ("127.0.0.1", Reach.LOOPBACK),
        ("127.9.9.9", Reach.LOOPBACK),
        ("::1", Reach.LOOPBACK),
        ("::ffff:127.0.0.1", Reach.LOOPBACK),
        ("10.0.0.1", Reach.PRIVATE),
        ("192.168.0.1", Reach.PRIVATE),
        ("100.64.0.1", Reach.PRIVATE),
        ("fd00::1", Reach.PRIVATE),
        ("64:ff9b::a00:1", Reach.PRIVATE),  # 10.0.0.1 through a translator
        ("2002:a00:1::", Reach.PRIVATE),  # 10.0.0.1 through 6to4
        ("169.254.169.254", None),
        ("::ffff:169.254.169.254", None),
        ("fe80::1%eth0", None),
        ("0.0.0.0", None),
        ("224.0.0.1", None),
    ],
)
def test_which_addresses_may_be_reached(address, narrowest):
    """Each reach holds the ones before it; credentials of clouds lie in none."""
    allowed = [reach for reach in Reach if may_reach(address, reach)]

    order = [Reach.PUBLIC, Reach.LOOPBACK, Reach.PRIVATE]
    assert allowed == ([] if narrowest is None else order[order.index(narrowest) :])
