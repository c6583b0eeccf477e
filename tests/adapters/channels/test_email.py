"""E-mails as a real mail server receives them, and what its answers mean."""

import asyncio
import dataclasses
import email.utils
import time

import pytest

from segue.adapters.channels.email import EmailCarrier
from segue.adapters.channels.mime import composed, text_of
from segue.adapters.channels.smtp import MailServer, Tls
from segue.domain.acting import Message
from segue.domain.campaigns import Channel, Sender
from segue.domain.errors import InputError, UsageError
from tests.adapters.channels.mail_server import (
    PASSWORD,
    USER,
    Certificate,
    Mailbox,
    Scripted,
    listening,
    mail_server,
)

# The server of the tests warns of itself.
pytestmark = pytest.mark.filterwarnings("ignore:Session.login_data is deprecated")

NOW = 1_700_000_000_000
SENDER = Sender("Shop & Söhne", "hello@shop.example", "help@shop.example")
OUT = "https://say.example/u/" + "x" * 200
MESSAGE = Message(
    id="0f3a",
    campaign_id="win_back",
    person_id="ana",
    channel=Channel.EMAIL,
    address="ana@example.com",
    parts={"subject": "Grüße, Ana", "text": "Hello ü\n", "html": "<p>Hello <b>ü</b></p>"},
    unsubscribe=OUT,
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Certificate.made(tmp_path_factory.mktemp("tls"))


def _server(port, **extra):
    return MailServer("127.0.0.1", port, **({"tls": Tls.NONE, "time_limit": 10.0} | extra))


def _carried(server, *messages, sender=SENDER, side_by_side=1):
    """The outcomes of messages, carried one after another; or side by side where several may be."""

    async def carry():
        carrier = EmailCarrier(
            server, sender=lambda: sender, now=lambda: NOW, side_by_side=side_by_side
        )
        try:
            if side_by_side > 1:
                return await asyncio.gather(*(carrier.carry(one) for one in messages))
            return [await carrier.carry(one) for one in messages]
        finally:
            await carrier.close()

    return asyncio.run(carry())


def _with(**changes):
    return dataclasses.replace(MESSAGE, **changes)


def _parts(**parts):
    return _with(parts={"subject": "Hi", "text": "Hello"} | parts)


# ----------------------------------------------------------------------------------- what arrives


def test_a_mail_arrives_encrypted_after_a_login(certificate):
    """STARTTLS, a login, then the message with its two parts, as a mail program reads them."""
    mailbox = Mailbox()
    with mail_server(mailbox, certificate=certificate) as port:
        server = _server(port, tls=Tls.STARTTLS, user=USER, password=PASSWORD)
        server = dataclasses.replace(server, authorities=certificate.file)
        (outcome,) = _carried(server, MESSAGE)

    assert outcome.taken, outcome
    assert (mailbox.encrypted, mailbox.logins) == ([True], [USER])
    assert mailbox.envelopes == [("hello@shop.example", ["ana@example.com"])]
    (mail,) = mailbox.mails
    assert mail["From"].addresses[0].display_name == "Shop & Söhne"
    assert str(mail["To"]) == "ana@example.com"
    assert mail["Subject"] == "Grüße, Ana"
    assert mail.get_body(("plain",)).get_content().strip() == "Hello ü"
    assert mail.get_body(("html",)).get_content().strip() == "<p>Hello <b>ü</b></p>"
    assert not mail.defects


def test_the_headers_of_a_mail():
    """What programs look at: when, which one, how to leave with one click (RFC 8058)."""
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        _carried(_server(port), MESSAGE, _with(unsubscribe=""))

    (mail, transactional), raw = mailbox.mails, mailbox.received[0].decode()
    assert f"List-Unsubscribe: <{OUT}>\r\n" in raw
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["Message-ID"] == "<0f3a@shop.example>"
    assert email.utils.parsedate_to_datetime(mail["Date"]).timestamp() * 1000 == NOW
    assert mail["X-Segue-Delivery"] == mail["X-PM-Metadata-delivery_id"] == "0f3a"
    assert mail["Feedback-ID"] == "win_back:email:segue"
    assert mail["Reply-To"] == "help@shop.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert transactional["List-Unsubscribe"] is None
    assert transactional["List-Unsubscribe-Post"] is None
    assert all(len(line) <= 998 for line in raw.split("\r\n"))


def test_a_message_that_is_sent_again_is_the_same_message():
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        _carried(_server(port), MESSAGE, MESSAGE)

    one, other = mailbox.mails
    assert one["Message-ID"] == other["Message-ID"]


def test_implicit_tls(certificate):
    mailbox = Mailbox()
    with mail_server(mailbox, certificate=certificate, implicit=True) as port:
        server = _server(port, tls=Tls.TLS, authorities=certificate.file)
        (outcome,) = _carried(server, MESSAGE)

    assert outcome.taken, outcome
    assert len(mailbox.received) == 1


def test_connections_are_used_again():
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        outcomes = _carried(_server(port), *[MESSAGE] * 5)

    assert all(outcome.taken for outcome in outcomes)
    assert len(mailbox.sessions) == 1


def test_several_mails_go_side_by_side():
    mailbox = Mailbox()
    messages = [_with(id=f"d{n}") for n in range(40)]
    with mail_server(mailbox) as port:
        outcomes = _carried(_server(port), *messages, side_by_side=4)

    assert all(outcome.taken for outcome in outcomes)
    assert {mail["X-Segue-Delivery"] for mail in mailbox.mails} == {one.id for one in messages}
    assert len(mailbox.sessions) <= 4


def test_a_mail_of_html_alone_also_says_it_in_text():
    html = (
        "<html><head><title>T</title><style>p {}</style></head><body><h1>Hi &amp; hello</h1>"
        '<p>Read <a href="https://shop.example/a">this</a>,\n and:</p><ul><li>one<li>two</ul></body>'
    )

    assert text_of(html) == (
        "Hi & hello\n\nRead this (https://shop.example/a), and:\n\n- one\n- two\n"
    )
    mail = composed(_with(parts={"subject": "Hi", "html": html}), SENDER, NOW)
    assert mail.get_body(("plain",)).get_content().startswith("Hi & hello")


def test_an_address_beyond_ascii_is_written_to_where_the_server_can():
    mailbox, message = Mailbox(), _with(address="josé@bücher.example")
    with mail_server(mailbox, enable_SMTPUTF8=True) as port:
        (outcome,) = _carried(_server(port), message)
    assert outcome.taken, outcome
    assert mailbox.envelopes[0][1] == ["josé@xn--bcher-kva.example"]

    with mail_server(mailbox, enable_SMTPUTF8=False) as port:
        (outcome,) = _carried(_server(port), message)
    assert "SMTPUTF8" in outcome.error
    assert outcome.permanent
    assert len(mailbox.received) == 1


# ------------------------------------------------------------------------------------ what is refused


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.com\r\nBcc: eve@example.com",
        "ana@example.com, eve@example.com",
        "ana@example.com>\r\nDATA\r\n",
        "",
    ],
)
def test_an_address_that_is_more_than_one_is_refused(address):
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        (outcome,) = _carried(_server(port), _with(address=address))

    assert outcome.permanent
    assert "is no e-mail address" in outcome.error
    assert not mailbox.received


@pytest.mark.parametrize(
    "text",
    [
        "Hi\r\nBcc: eve@example.com",
        "Hi\nX-Evil: 1\n\n<script>",
        "Hi\r\n\r\nbody",
        "Hi\x00\x0b\x1b[2J\u2028Bcc: eve@example.com",
        "=?utf-8?q?Hi=0D=0ABcc:_eve@example.com?=",
        "=\x00?utf-8?q?Hi=0D=0ABcc:_eve@example.com?=",
        "Ü" * 300 + "\r\nBcc: eve@example.com",
    ],
)
def test_what_a_profile_says_becomes_no_header(text):
    """In the subject, in the sender's name, in ids: it stays where it was put."""
    mailbox = Mailbox()
    sender = dataclasses.replace(SENDER, name=text)
    message = dataclasses.replace(_parts(subject=text), id=text, campaign_id=text)
    with mail_server(mailbox) as port:
        (outcome,) = _carried(_server(port), message, sender=sender)

    assert outcome.taken, outcome
    (mail,) = mailbox.mails
    expected = {
        *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "X-Segue-Delivery"),
        *(
            "X-PM-Metadata-delivery_id",
            "Feedback-ID",
            "Auto-Submitted",
            "List-Unsubscribe",
            "List-Unsubscribe-Post",
        ),
        *("Content-Type", "Content-Transfer-Encoding", "MIME-Version", "X-Peer"),
        *("X-MailFrom", "X-RcptTo"),
    }
    assert set(mail.keys()) <= expected
    assert mailbox.envelopes[0][1] == ["ana@example.com"]
    assert mail.get_content().strip() == "Hello"


@pytest.mark.parametrize(
    ("message", "sender", "words"),
    [
        (_with(parts={"subject": "Hi"}), SENDER, "needs a text or an HTML part"),
        (_with(unsubscribe="https://say.example/\r\nBcc: x"), SENDER, "fits no header"),
        (_with(unsubscribe="https://say.example/" + "x" * 999), SENDER, "too long for a header"),
        (MESSAGE, Sender(), "names no sender"),
        (MESSAGE, Sender("", "hello@shop.example\nBcc: x"), "is no e-mail address"),
    ],
)
def test_what_cannot_be_composed_is_refused_with_words(message, sender, words):
    with pytest.raises((InputError, UsageError), match=words):
        composed(message, sender, NOW)
    (outcome,) = _carried(_server(9), message, sender=sender)
    assert outcome.permanent
    assert words in outcome.error


# -------------------------------------------------------------------------------- what answers mean

AGAIN, NEVER, NOBODY = (False, False), (True, False), (True, True)


@pytest.mark.parametrize(
    ("answer", "meaning"),
    [
        ("450 4.2.0 greylisted", AGAIN),
        ("451 try later", AGAIN),
        ("421 4.7.0 too many", AGAIN),
        ("452 4.2.2 mailbox full", AGAIN),
        ("552 5.2.2 mailbox full", AGAIN),
        ("550 5.1.1 no such person here", NOBODY),
        ("550 5.1.10 the domain takes no mail", NOBODY),
        ("550 5.2.1 closed", NOBODY),
        ("550 User unknown", NOBODY),
        ("553 address does not exist", NOBODY),
        ("550 5.7.1 unknown sender is not liked", NEVER),
        ("550 rejected for policy reasons", NEVER),
        ("554 5.7.1 spam", NEVER),
    ],
)
@pytest.mark.parametrize("at_recipient", [True, False])
def test_what_an_answer_means(answer, meaning, at_recipient):
    """4xx: again; 5xx: never; some of them: nobody is there. The next message goes out."""
    mailbox = Mailbox([answer], at_recipient=at_recipient)
    with mail_server(mailbox) as port:
        refused, taken = _carried(_server(port), MESSAGE, MESSAGE)

    assert (refused.permanent, refused.suppress) == meaning, refused
    assert refused.error.startswith(f"SMTP {answer[:3]}: ")
    assert not refused.taken
    assert taken.taken
    assert len(mailbox.received) == 1


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ({"": "554 not you"}, "SMTP 554: not you"),
        ({"": None}, "SMTPServerDisconnected"),
        ({"MAIL": "550 5.7.1 not this sender"}, "SMTP 550: 5.7.1 not this sender"),
        ({"RCPT": None}, "SMTPServerDisconnected"),
        ({".": None}, "SMTPServerDisconnected"),
        ({"DATA": None}, "SMTPServerDisconnected"),
        ({"EHLO": "500 what", "HELO": "500 what"}, "SMTP 500: what"),
        ({"": "nonsense"}, "SMTP -1: ense"),
    ],
)
def test_what_is_not_the_recipients_fault_is_tried_again(script, words):
    """A server that is not there, hangs up, or does not like the sender."""
    with listening(lambda: Scripted(script)) as port:
        (outcome,) = _carried(_server(port), MESSAGE)

    assert (outcome.permanent, outcome.suppress) == AGAIN
    assert words in outcome.error


@pytest.mark.parametrize("stage", ["", "EHLO", "MAIL", "RCPT", "DATA", "."])
def test_a_server_that_hangs_costs_the_time_limit_and_no_more(stage):
    began = time.monotonic()
    with listening(lambda: Scripted({stage: "..."})) as port:
        (outcome,) = _carried(_server(port, time_limit=0.2), MESSAGE)

    assert not outcome.permanent
    assert not outcome.taken
    assert time.monotonic() - began < 5


def test_what_waited_too_long_for_a_connection_is_not_sent_later():
    """One that is told of as not sent must not go out after all."""
    heard = []

    class Counting(Scripted):
        def connection_made(self, transport):
            heard.append(1)
            super().connection_made(transport)

    async def carry():
        server = _server(port, time_limit=0.5)
        carrier = EmailCarrier(server, sender=lambda: SENDER, now=lambda: NOW, side_by_side=1)
        carrier._limit = 0.1  # the first one keeps the only thread for longer than this
        try:
            return await asyncio.gather(*(carrier.carry(MESSAGE) for _ in range(3)))
        finally:
            await carrier.close()

    with listening(lambda: Counting({"EHLO": "..."})) as port:
        outcomes = asyncio.run(carry())

    assert {outcome.error for outcome in outcomes} == {"the mail server did not answer in time"}
    assert len(heard) == 1


def test_an_idle_connection_that_was_closed_is_replaced():
    """The server forgets it: the next message goes over a new one, once."""
    mailbox = Mailbox()
    with mail_server(mailbox, timeout=0.05) as port:

        async def carry():
            carrier = EmailCarrier(_server(port), sender=lambda: SENDER, now=lambda: NOW)
            try:
                one = await carrier.carry(MESSAGE)
                await asyncio.sleep(0.3)  # longer than the server keeps it
                return one, await carrier.carry(MESSAGE)
            finally:
                await carrier.close()

        outcomes = asyncio.run(carry())

    assert all(outcome.taken for outcome in outcomes), outcomes
    assert len(mailbox.received) == 2
    assert len(mailbox.sessions) == 2


def test_nothing_is_sent_in_the_clear_where_it_is_to_be_encrypted(certificate):
    """A server without STARTTLS, and one whose certificate nobody vouches for."""
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        (outcome,) = _carried(_server(port, tls=Tls.STARTTLS), MESSAGE)
    assert "STARTTLS" in outcome.error
    with mail_server(mailbox, certificate=certificate) as port:
        (outcome,) = _carried(_server(port, tls=Tls.STARTTLS), MESSAGE)
    assert "CERTIFICATE_VERIFY_FAILED" in outcome.error

    assert not mailbox.received


def test_a_wrong_password_is_told_without_it(certificate):
    mailbox = Mailbox()
    with mail_server(mailbox, certificate=certificate) as port:
        server = _server(
            port, tls=Tls.STARTTLS, user=USER, password="wrong", authorities=certificate.file
        )
        (outcome,) = _carried(server, MESSAGE)

    assert outcome.error.startswith("SMTP 535")
    assert (outcome.permanent, outcome.suppress) == AGAIN
    assert "wrong" not in outcome.error + repr(server)


def test_nobody_listens():
    with listening(lambda: Scripted({})) as port:
        pass
    (outcome,) = _carried(_server(port), MESSAGE)

    assert outcome.error.startswith("ConnectionRefusedError")
    assert not outcome.permanent
