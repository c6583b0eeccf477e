"""Which channels a server has: what its settings, its environment and its project say."""

import asyncio

import pytest

from segue.adapters.channels.smtp import MailServer, Tls
from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.carriers import NO_MAIL_SERVER, carriers, destination, missing_channels
from segue.bootstrap.environment import read_channels
from segue.bootstrap.settings import Channels
from segue.domain.acting import Message
from segue.domain.campaigns import (
    Acting,
    AlreadyIn,
    Campaign,
    Channel,
    Content,
    Messaging,
    Moment,
    Sender,
    Variant,
    When,
)
from segue.domain.errors import UsageError
from segue.domain.webhooks import Reach
from tests.adapters.channels.mail_server import Mailbox, mail_server

NOW = 1_700_000_000_000
ACTING = Acting(messaging=Messaging(sender=Sender("Shop", "hello@shop.example")))
MAIL = Message(
    "d1", "hello", "ana", Channel.EMAIL, "ana@example.com", {"subject": "Hi", "text": "Hello"}
)


def _campaign(name, channel, to=""):
    return Campaign(
        name,
        name,
        "everybody",
        When(Moment.ENTERING),
        channel,
        (Variant("a", Content({})),),
        AlreadyIn.SKIP,
        to=to,
    )


def _carried(channels, message):
    async def carry():
        made = carriers(ACTING, channels, reach=Reach.PUBLIC, link_secret=b"k", now=lambda: NOW)
        assert {channel: one.channel for channel, one in made.items()} == {
            channel: channel for channel in Channel if channel is not Channel.IN_APP
        }
        try:
            return await made[message.channel].carry(message)
        finally:
            for one in made.values():
                await one.close()

    return asyncio.run(carry())


def test_without_a_mail_server_e_mails_are_refused_with_words():
    outcome = _carried(Channels(), MAIL)

    assert outcome.permanent
    assert outcome.error == NO_MAIL_SERVER


def test_a_mail_server_of_the_settings_gets_e_mails():
    mailbox = Mailbox()
    with mail_server(mailbox) as port:
        outcome = _carried(Channels(MailServer("127.0.0.1", port, tls=Tls.NONE)), MAIL)

    assert outcome.taken, outcome
    assert mailbox.mails[0]["From"] == "Shop <hello@shop.example>"


@pytest.mark.parametrize(
    ("variables", "server"),
    [
        ({}, None),
        ({"SEGUE_SMTP_HOST": " "}, None),
        ({"SEGUE_SMTP_HOST": "m.example"}, MailServer("m.example", 587, tls=Tls.STARTTLS)),
        (
            {"SEGUE_SMTP_HOST": "m.example", "SEGUE_SMTP_TLS": "tls"},
            MailServer("m.example", 465, tls=Tls.TLS),
        ),
        (
            {
                "SEGUE_SMTP_HOST": "m.example",
                "SEGUE_SMTP_PORT": "2525",
                "SEGUE_SMTP_USER": "u",
                "SEGUE_SMTP_PASSWORD": "p",
                "SEGUE_SMTP_TLS": "none",
                "SEGUE_SMTP_CA": "ca.pem",
            },
            MailServer("m.example", 2525, "u", "p", Tls.NONE, "ca.pem"),
        ),
    ],
)
def test_the_mail_server_of_the_environment(variables, server):
    assert read_channels(variables).mail == server


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SEGUE_SMTP_TLS", "ssl"),
        ("SEGUE_SMTP_PORT", "0"),
        ("SEGUE_SMTP_PORT", "70000"),
        ("SEGUE_SMTP_PORT", "smtp"),
        ("SEGUE_COUNT_OPENS", "yes"),
    ],
)
def test_a_variable_that_cannot_be_is_named(name, text):
    with pytest.raises(UsageError, match=name):
        read_channels({"SEGUE_SMTP_HOST": "m.example", name: text})


def test_opens_are_counted_only_where_somebody_says_so():
    assert not read_channels({}).counts_opens
    assert read_channels({"SEGUE_COUNT_OPENS": "1"}).counts_opens


def test_secrets_are_not_shown():
    channels = read_channels(
        {
            "SEGUE_SMTP_HOST": "m.example",
            "SEGUE_SMTP_PASSWORD": "hush",
            "SEGUE_TO_OPS": "slack://hush",
        }
    )

    assert "hush" not in repr(channels)


@pytest.mark.parametrize(
    ("to", "place"),
    [
        ("https://crm.example/hook", "https://crm.example/hook"),
        ("${SEGUE_TO_OPS}", "slack://a/b/c"),
        (" ${SEGUE_TO_OPS} ", "slack://a/b/c"),
        ("${SEGUE_TO_NOBODY}", ""),
        ("${SEGUE_SMTP_PASSWORD}", ""),
        ("${PATH}", ""),
        ("https://evil.example/${SEGUE_TO_OPS}", "https://evil.example/${SEGUE_TO_OPS}"),
    ],
)
def test_a_project_file_reads_no_variable_but_its_own(to, place):
    """Who may write definitions must not read the server's secrets through them."""
    variables = {"SEGUE_TO_OPS": "slack://a/b/c", "SEGUE_SMTP_PASSWORD": "hush", "PATH": "x"}

    assert destination(to, read_channels(variables).destinations) == place


def test_what_is_missing_is_said():
    acting = Acting(
        (
            _campaign("hello", Channel.EMAIL),
            _campaign("bye", Channel.EMAIL),
            _campaign("ops", Channel.APPRISE, "${SEGUE_TO_OPS}"),
            _campaign("crm", Channel.WEBHOOK, "https://crm.example/"),
        )
    )

    mail, ops = missing_channels(acting, Channels())
    assert mail == f"hello, bye: {NO_MAIL_SERVER}"
    assert ops.startswith("ops: ${SEGUE_TO_OPS} is not set")
    there = Channels(MailServer("m.example"), {"SEGUE_TO_OPS": "slack://a"})
    assert not missing_channels(acting, there)


def test_the_secret_of_links_is_made_once_and_kept(tmp_path):
    """Links in old messages stay good after a restart; each workspace has its own."""
    secrets = []
    for name in ("one", "one", "other"):
        store = DuckDBStore.open(tmp_path / f"{name}.duckdb")
        secrets += [store.link_secret(), store.link_secret()]
        store.close()

    assert len(secrets[0]) == 32
    assert secrets[0] == secrets[1] == secrets[2] == secrets[3]
    assert secrets[4] == secrets[5] != secrets[0]
