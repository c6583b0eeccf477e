"""From an event to a mail in a real mailbox, and back: a click, and somebody who leaves."""

import re
import threading
import time
from urllib.parse import urlsplit

import pytest

from segue.adapters.channels.smtp import MailServer, Tls
from segue.bootstrap.settings import Channels, Settings
from segue.domain.campaigns import Because, Channel, State, Suppression
from tests.adapters.channels.mail_server import Mailbox, mail_server
from tests.http.running import WRITE_KEY, running

DEFINITIONS = """\
project: shop
messaging:
  holdout: 0%
  sender: {name: Shop, address: hello@shop.example}
  public_url: https://say.shop.example
segments:
  buyers: {title: Buyers, when: did buy}
  regulars: {title: Regulars, when: did buy at least 2 times}
  left: {title: Left, when: trait unsubscribed_marketing is true}
campaigns:
  thanks:
    segment: buyers
    when: entering
    already_in: skip
    channel: email
    subject: Thanks, {{ person.name }}
    text: Hello {{ person.name }}
    html: >-
      <p>Hello {{ person.name }},
      <a href="https://shop.example/new?a=1&amp;b=2">see</a>
      <a href="{{ link(person.site) }}">yours</a></p>
  again: {segment: regulars, when: entering, already_in: skip, channel: email, subject: Again, text: Hi}
  receipt:
    segment: regulars
    when: entering
    already_in: skip
    channel: email
    transactional: true
    subject: Receipt
    text: Paid
"""


@pytest.fixture
def mailbox():
    return Mailbox()


@pytest.fixture
def served(tmp_path, mailbox):
    with mail_server(mailbox) as port:
        server = MailServer("127.0.0.1", port, tls=Tls.NONE)
        settings = Settings(port=0, write_key=WRITE_KEY, channels=Channels(server))
        with running(tmp_path / "shop", settings, definitions=DEFINITIONS) as server:
            yield server


def _until(found):
    until = time.monotonic() + 120
    while not (what := found()):
        assert time.monotonic() < until
        threading.Event().wait(0.02)
    return what


def _buys(served):
    traits = {
        "email": "ana@example.com",
        "name": "Ana\r\nBcc: eve@example.com <b>",
        "site": "https://evil.example/",
    }
    served.send("/v1/identify", json={"userId": "ana", "traits": traits})
    served.send("/v1/track", json={"userId": "ana", "event": "buy"})


def _delivery(served, campaign_id):
    found = served.serving.store.deliveries(campaign_id=campaign_id)
    return found[0] if found else None


def _state(served, campaign_id):
    delivery = _delivery(served, campaign_id)
    return (delivery.state, delivery.because) if delivery is not None else None


def _inside(served):
    segments = served.ask("/api/people/ana/segments").json()["segments"]
    return {one["segment_id"] for one in segments}


def _path(url):
    parts = urlsplit(url)
    assert f"{parts.scheme}://{parts.netloc}" == "https://say.shop.example"
    return parts.path


def test_from_an_event_to_a_mail_and_back(served, mailbox):
    """The mail arrives; its reader clicks and leaves; the next campaign stays silent, a receipt
    does not; and both are segments."""
    _buys(served)
    _until(lambda: mailbox.received)
    (mail,) = mailbox.mails
    assert mail["To"].addresses[0].addr_spec == "ana@example.com"
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("Thanks, Ana Bcc: eve")
    html = mail.get_body(("html",)).get_content()
    assert "&lt;b&gt;" in html
    assert 'href="https://evil.example/"' in html  # as it is, and not through this server

    tracked = re.search(r'href="(https://say\.shop\.example/c/[^"]+)"', html)[1]
    click = served.client.get(_path(tracked), follow_redirects=False)
    assert click.headers["location"] == "https://shop.example/new?a=1&b=2"
    assert _until(lambda: _state(served, "thanks") == (State.CLICKED, None))

    (out,) = re.findall(r"<(.+)>", mail["List-Unsubscribe"])
    assert out in mail.get_body(("plain",)).get_content()
    post = served.client.post(_path(out), data={"List-Unsubscribe": "One-Click"})
    assert post.status_code == 200
    (entry,) = served.serving.store.suppressed(["ana@example.com"], Channel.EMAIL)
    assert (entry.purpose, entry.reason) == ("marketing", Suppression.UNSUBSCRIBED)

    _until(lambda: "left" in _inside(served))
    served.send("/v1/track", json={"userId": "ana", "event": "buy"})
    _until(lambda: len(mailbox.received) == 2)
    assert _until(lambda: _state(served, "again")) == (State.REFUSED, Because.UNSUBSCRIBED)
    receipt = mailbox.mails[1]
    assert (receipt["Subject"], receipt["List-Unsubscribe"]) == ("Receipt", None)
    assert _inside(served) == {"buyers", "regulars", "left"}


def test_a_bad_address_goes_on_the_list_by_itself(served, mailbox):
    mailbox.answers = ["550 5.1.1 no such person"]
    _buys(served)

    state = _until(lambda: (_state(served, "thanks") or [0])[0] is State.FAILED)
    assert state
    assert "no such person" in _delivery(served, "thanks").detail
    found = _until(lambda: served.serving.store.suppressed(["ana@example.com"], Channel.EMAIL))
    assert [one.reason for one in found] == [Suppression.BOUNCED]


def test_a_bounce_that_comes_later_is_known_by_its_message_id(served, mailbox):
    """As SendGrid says it: the Message-ID leads back to the delivery, and so to the person."""
    _buys(served)
    _until(lambda: mailbox.received)
    report = {
        "event": "spamreport",
        "email": "ana@example.com",
        "timestamp": 1513299569,
        "smtp-id": mailbox.mails[0]["Message-ID"],
    }
    answer = served.client.post("/v1/email/feedback", json=[report], auth=(served.secret_key, ""))

    assert answer.json()["suppressed"] == 1
    trait = _until(lambda: served.ask("/api/people/ana").json()["traits"].get("unsubscribed"))
    assert trait["value"] is True


ASKING = """\
project: shop
messaging:
  holdout: 0%
  sender: {name: Shop, address: hello@shop.example}
  public_url: https://say.shop.example
segments:
  buyers: {title: Buyers, when: did buy}
  lookers: {title: Lookers, when: did look}
  unhappy: {title: Unhappy, when: did "$survey_answered" where (question_id = "score" and answer < 7)}
surveys:
  how_was_it:
    segment: buyers
    when: entering
    already_in: skip
    channel: email
    subject: How was it?
    text: "{{ survey_url }}"
    html: >-
      <p>{% for one in survey_answers %}<a href="{{ one.url }}">{{ one.answer }}</a> {% endfor %}
      <a href="https://say.shop.example/about">about</a></p>
    questions:
      - {id: score, kind: nps, ask: "How likely, {{ person.name }}?", then: {0 to 6: why, else: end}}
      - {id: why, kind: text, ask: What was wrong?}
  another:
    segment: lookers
    when: entering
    already_in: skip
    questions: [{id: easy, kind: ces, ask: Was it easy?}]
"""


@pytest.fixture
def asking(tmp_path, mailbox):
    with mail_server(mailbox) as port:
        server = MailServer("127.0.0.1", port, tls=Tls.NONE)
        settings = Settings(port=0, write_key=WRITE_KEY, channels=Channels(server))
        with running(tmp_path / "shop", settings, definitions=ASKING) as served:
            yield served


def test_from_a_purchase_to_a_voice(asking, mailbox):
    """Somebody buys, is asked by mail, takes an answer out of it, and is a member of who is unhappy;
    the survey knows how many were asked and answered; nobody is asked a second thing so soon."""
    _buys(asking)
    _until(lambda: mailbox.received)
    html = mailbox.mails[0].get_body(("html",)).get_content()
    links = re.findall(r'href="(https://say.shop.example/s/[^"]+)">(\d+)<', html)
    assert [answer for _, answer in links] == [str(number) for number in range(11)]
    four = urlsplit(links[4][0])

    page = asking.client.get(f"{four.path}?{four.query}").text
    assert "How likely, Ana" in page
    assert re.findall(r'value="(\d+)" checked', page) == ["4"]
    assert "unhappy" not in _inside(asking)
    asking.client.post(f"{four.path}?at=score", data={"answer": "4"})
    asking.client.post(f"{four.path}?at=why", data={"answer": "It was slow to arrive"})

    _until(lambda: "unhappy" in _inside(asking))
    _until(lambda: _state(asking, "how_was_it") == (State.CLICKED, None))
    found = asking.ask("/api/campaigns/how_was_it/voices").json()
    score, why = found["questions"]
    assert found["shown"] == 1
    assert score["score"]["value"] == -100
    assert why["texts"]["answers"] == 1
    asking.send("/v1/track", json={"userId": "ana", "event": "look"})
    _until(lambda: _state(asking, "another") == (State.REFUSED, Because.CAPPED))
