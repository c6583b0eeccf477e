"""What Apprise reaches, where it may not go, and what is never told."""

import asyncio
import doctest
import json
import logging
import socket
import threading

import pytest

from segue.adapters.channels import apprise as module
from segue.adapters.channels.apprise import AppriseCarrier, without_secrets
from segue.adapters.channels.guarded import ForbiddenAddressError, reaching
from segue.domain.acting import Message
from segue.domain.campaigns import Channel
from segue.domain.webhooks import Reach
from tests.adapters.channels.mail_server import Mailbox, mail_server
from tests.adapters.receiver import HANG, Reply, receiving

# Apprise imports all its services at the first use, some of which import what Python drops later.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::SyntaxWarning")


def _carried(url, *, reach=Reach.LOOPBACK, time_limit=10.0, **parts):
    message = Message(
        "d1",
        "alert",
        "ana",
        Channel.APPRISE,
        url,
        {"heading": "Big order", "body": "Ana <b>paid</b> 900\nnow"} | parts,
    )

    async def carry():
        carrier = AppriseCarrier(reach, time_limit=time_limit)
        try:
            return await carrier.carry(message)
        finally:
            await carrier.close()

    return asyncio.run(carry())


def test_the_examples_of_the_module_are_true():
    assert doctest.testmod(module).failed == 0


def test_a_message_arrives():
    with receiving() as receiver:
        outcome = _carried(f"json://127.0.0.1:{receiver.port}/hook")

    assert outcome.taken, outcome
    (request,) = receiver.received
    said = json.loads(request.body)
    assert (said["title"], said["message"]) == ("Big order", "Ana <b>paid</b> 900\nnow")


@pytest.mark.parametrize(
    ("status", "permanent"), [(400, True), (404, True), (429, False), (500, False), (503, False)]
)
def test_what_an_answer_means(status, permanent):
    with receiving(then=Reply(status)) as receiver:
        outcome = _carried(f"json://127.0.0.1:{receiver.port}/hook")

    assert not outcome.taken
    assert f"error={status}" in outcome.error
    assert outcome.permanent == permanent


@pytest.mark.parametrize(
    "url",
    [
        *("json://127.0.0.1:{port}/", "jsons://127.0.0.1:{port}/", "xml://localhost:{port}/"),
        *("form://127.0.0.1:{port}/", "form://2130706433:{port}/", "json://[::1]:{port}/"),
        *("mailto://127.0.0.1:{port}?from=a@shop.example&to=a@example.com&mode=insecure",),
        *("ntfy://127.0.0.1:{port}/topic",),
        *("mailto://u:p@corp.example:{port}?smtp=127.0.0.1&mode=insecure&to=a@example.com",),
        *("gotify://127.0.0.1:{port}/token123", "apprise://127.0.0.1:{port}/token123"),
        *("matrix://u:p@127.0.0.1:{port}/#room",),
        *("mmost://127.0.0.1:{port}/3ccdd113474722377935511fc85d3dd4",),
    ],
)
def test_this_machine_is_not_reached_unless_it_may_be(url):
    """Whatever the scheme: nothing arrives, and it is said why."""
    with receiving() as receiver:
        outcome = _carried(url.format(port=receiver.port), reach=Reach.PUBLIC)

    assert not receiver.received
    assert outcome.permanent, outcome
    assert "is no address that may be sent to" in outcome.error


@pytest.mark.parametrize(
    ("address", "reach"), [("10.1.2.3", Reach.LOOPBACK), ("169.254.169.254", Reach.PRIVATE)]
)
def test_private_and_link_local_addresses_are_not_reached(address, reach):
    outcome = _carried(f"json://{address}/latest", reach=reach)

    assert outcome.permanent
    assert address in outcome.error


def test_a_redirect_leads_nowhere_either():
    """What a server answers was not checked beforehand: the connection itself is refused."""
    there = Reply(302, (("location", "http://169.254.169.254/latest/meta-data"),))
    with receiving(then=there) as receiver:
        outcome = _carried(f"json://127.0.0.1:{receiver.port}/?method=get")

    assert receiver.received
    assert "169.254.169.254 is no address" in outcome.error


def test_mail_through_apprise_reaches_a_server_that_may_be_reached():
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        url = f"mailto://127.0.0.1:{port}?from=shop@shop.example&to=ana@example.com&mode=insecure"
        outcome = _carried(url)

    assert outcome.taken, outcome
    assert mailbox.envelopes[0][1] == ["ana@example.com"]


@pytest.mark.parametrize("url", ["syslog://", "dbus://", "windows://", "macosx://", "gnome://"])
def test_the_servers_own_screen_is_no_destination(url):
    outcome = _carried(url)

    assert outcome.permanent
    assert "own machine" in outcome.error


@pytest.mark.parametrize("url", ["nonsense://hush-hush", "file:///etc/passwd", "", "hush-hush"])
def test_an_unknown_url_is_refused_without_being_told(url, capfd):
    outcome = _carried(url)

    assert outcome.permanent
    assert "Apprise knows no such" in outcome.error
    assert "hush" not in outcome.error + "".join(capfd.readouterr())


def test_secrets_of_a_url_are_told_to_nobody(capfd):
    """Neither in the outcome nor in any log, however much is logged."""
    root, heard = logging.getLogger(), []
    handler, level = logging.Handler(logging.DEBUG), root.level
    handler.emit = heard.append
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        with receiving(then=Reply(500)) as receiver:
            url = f"json://us3r:hush-hush@127.0.0.1:{receiver.port}/t0psecret?-X-Token=k33p"
            outcome = _carried(url)
    finally:
        root.removeHandler(handler)
        root.setLevel(level)

    told = outcome.error + "".join(one.getMessage() for one in heard) + "".join(capfd.readouterr())
    assert "error=500" in outcome.error
    assert not [one for one in ("hush-hush", "t0psecret", "k33p", "us3r") if one in told]
    assert not [one for one in heard if one.name.startswith(("apprise", "urllib3"))]


def test_a_secret_is_left_out_as_it_stands_and_decoded():
    assert without_secrets("a%20long b a long c", "x://a%20long") == "… b a … c"


def test_a_server_that_hangs_costs_the_time_limit_and_no_more():
    with receiving(then=HANG) as receiver:
        outcome = _carried(f"json://127.0.0.1:{receiver.port}/?rto=0.5", time_limit=0.1)

    assert not outcome.permanent
    assert outcome.error == "no answer within 0.1 seconds"


# ------------------------------------------------------------------------------------- the guard


@pytest.fixture
def listener():
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found


def test_the_guard_holds_in_its_block_and_its_context_only(listener):
    place = listener.getsockname()
    elsewhere = []
    with reaching(Reach.PUBLIC) as refused:
        with pytest.raises(ForbiddenAddressError):
            socket.create_connection(place, timeout=5)
        other = threading.Thread(
            target=lambda: elsewhere.append(socket.create_connection(place, timeout=5))
        )
        other.start()
        other.join()
    assert refused.address == "127.0.0.1"
    elsewhere[0].close()
    socket.create_connection(place, timeout=5).close()


def test_the_guard_sees_datagrams_and_sockets_of_the_machine(tmp_path):
    with reaching(Reach.PRIVATE), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        with pytest.raises(ForbiddenAddressError):
            datagrams.sendto(b"x", ("169.254.1.1", 9))
        with pytest.raises(ForbiddenAddressError):
            datagrams.sendmsg([b"x"], [], 0, ("169.254.1.1", 9))
    with (
        reaching(Reach.PRIVATE),
        socket.socket(socket.AF_UNIX) as local,
        pytest.raises(ForbiddenAddressError, match="a socket of this machine"),
    ):
        local.connect(str(tmp_path / "s"))
