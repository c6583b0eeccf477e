"""What a server says of its channels, and the secrets of campaigns' webhooks."""

import pytest

from segue.adapters.channels.smtp import MailServer
from segue.bootstrap.settings import Channels, Settings
from segue.domain.signing import verify
from tests.adapters.receiver import receiving
from tests.http.running import WRITE_KEY, running

DEFINITIONS = """\
project: shop
messaging: {holdout: 0%, sender: {address: hello@shop.example}}
segments:
  buyers: {title: Buyers, when: did buy}
campaigns:
  mail: {segment: buyers, when: entering, already_in: skip, channel: email, subject: Hi, text: Hi}
  crm:
    segment: buyers
    when: entering
    already_in: skip
    channel: webhook
    to: ${SEGUE_TO_CRM}
    payload: '{"who": "{{ person.id }}"}'
"""


def test_what_is_missing_is_told_without_secrets(tmp_path):
    settings = Settings(
        port=0, write_key=WRITE_KEY, channels=Channels(None, {"SEGUE_TO_OPS": "slack://hush"})
    )
    with running(tmp_path / "shop", settings, definitions=DEFINITIONS) as served:
        answer = served.ask("/api/channels")

    assert "hush" not in answer.text
    found = answer.json()
    missing = found.pop("missing")
    assert found == {
        "mail_server": None,
        "reach": "loopback",
        "destinations": ["SEGUE_TO_OPS"],
        "counts_opens": False,
    }
    assert [one.split(":")[0] for one in missing] == ["mail", "crm"]


def test_a_receiver_verifies_a_campaigns_webhook(tmp_path):
    """With the secret that the server tells; the message is signed when it is sent."""
    with receiving() as receiver:
        places = {"SEGUE_TO_CRM": receiver.url}
        channels = Channels(MailServer("m.example", password="hush"), places)
        settings = Settings(port=0, write_key=WRITE_KEY, channels=channels)
        with running(tmp_path / "shop", settings, definitions=DEFINITIONS) as served:
            assert not served.ask("/api/channels").json()["missing"]
            secret = served.ask("/api/channels/webhook/crm").json()["secret"]
            served.send("/v1/track", json={"userId": "ana", "event": "buy"})
            (request,) = receiver.wait_for(1)
            now = served.context.clock()

    message = verify(secret, request.headers, request.body, now)
    assert message["payload"] == {"who": "ana"}
    assert message["id"] == request.headers["webhook-id"]


@pytest.mark.parametrize("campaign", ["mail", "nothing"])
def test_what_sends_no_webhooks_has_no_secret(tmp_path, campaign):
    with running(tmp_path / "shop", definitions=DEFINITIONS) as served:
        assert served.ask(f"/api/channels/webhook/{campaign}").status_code == 404
        assert served.client.get("/api/channels", auth=(WRITE_KEY, "")).status_code == 403
