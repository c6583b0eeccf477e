"""Reports of providers over HTTP: who may send them, and what follows."""

import json

import pytest

from segue.domain.campaigns import Channel, Suppression
from tests.http.running import WRITE_KEY, running
from tests.http.test_links import DELIVERY

PATH = "/v1/email/feedback"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with running(tmp_path_factory.mktemp("feedback") / "shop") as server:
        server.send("/v1/track", json={"userId": "ana", "event": "buy"})
        server.serving.store.save_deliveries(made=[DELIVERY])
        yield server


def _report(served, document, **extra):
    auth = extra.pop("auth", (served.secret_key, ""))
    return served.client.post(PATH, content=json.dumps(document), auth=auth, **extra)


def _suppressed(served, address):
    found = served.serving.store.suppressed([address], Channel.EMAIL)
    return [(one.purpose, one.reason) for one in found]


def test_a_bounce_puts_an_address_on_the_list_once(served):
    """The key as a user name, which is all that some providers can send; any content type."""
    report = {"address": "Gone@example.com", "kind": "bounced", "purpose": "news"}
    headers = {"content-type": "text/plain; charset=UTF-8"}
    answers = [_report(served, report, headers=headers) for _ in range(2)]

    assert [one.status_code for one in answers] == [200, 200]
    assert answers[0].json() == {"suppressed": 1, "known": 0, "ignored": 0, "confirm": ""}
    assert answers[1].json()["known"] == 1
    assert _suppressed(served, "gone@example.com") == [("", Suppression.BOUNCED)]


def test_who_complains_about_a_delivery_is_said_to_have_left(served):
    report = {"address": "ana@example.com", "kind": "complained", "delivery_id": "d1"}
    assert _report(served, report).json()["suppressed"] == 1
    served.send("/v1/track", json={"userId": "ana", "event": "look"})  # stored after those

    store = served.serving.store
    events = [one for one in store.events(range(store.next_ref())) if "$" in one.event]
    assert [(one.distinct_id, one.event, one.event_id) for one in events] == [
        ("ana", "$message_dismissed", "d1:complained"),
        ("ana", "$set", "d1:complained:set"),
    ]
    assert json.loads(events[0].properties)["how"] == "complained"
    assert json.loads(events[1].properties) == {"unsubscribed": True}


def test_who_unsubscribes_elsewhere_leaves_a_purpose(served):
    report = {"address": "left@example.com", "kind": "unsubscribed", "purpose": "news"}
    _report(served, report)

    assert _suppressed(served, "left@example.com") == [("news", Suppression.UNSUBSCRIBED)]


def test_the_address_to_confirm_is_told(served):
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription"
    asking = {"Type": "SubscriptionConfirmation", "SubscribeURL": url}

    assert _report(served, asking).json()["confirm"] == url


@pytest.mark.parametrize(("auth", "status"), [((WRITE_KEY, ""), 403), (("sk_x", ""), 401)])
def test_a_write_key_may_not_report(served, auth, status):
    """It stands in web pages: anybody could have anybody's messages stopped."""
    report = {"address": "victim@example.com", "kind": "bounced"}

    assert _report(served, report, auth=auth).status_code == status
    assert not _suppressed(served, "victim@example.com")


@pytest.mark.parametrize("document", [{}, {"address": "x", "kind": "bounced"}, 7])
def test_what_cannot_be_read_is_400(served, document):
    answer = _report(served, document)

    assert answer.status_code == 400
    assert answer.json()["code"] == "input"


def test_the_key_for_reports_may_report_and_nothing_else(served):
    """It stands in the settings of providers: nobody who sees it there reads or sends anything."""
    told = served.ask("/api/channels/feedback").json()
    key = told["key"]
    report = {"address": "other@example.com", "kind": "bounced"}

    assert told["url"] == f"https://{key}@segue.example.com{PATH}"
    assert _report(served, report, auth=(key, "")).json()["suppressed"] == 1
    bearer = {"authorization": f"Bearer {key}"}
    assert served.client.post(PATH, json=report, headers=bearer).json()["known"] == 1
    for path in ("/api/channels", "/api/channels/feedback", "/api/people/ana", "/api/keys"):
        assert served.client.get(path, headers=bearer).status_code == 401
    track = {"userId": "eve", "event": "buy"}
    assert served.send("/v1/track", json=track, auth=(key, "")).status_code == 401


def test_nothing_is_taken_without_a_key_however_it_is_signed(served):
    """A notification of Amazon SNS by whoever knows the address, and keys that are nearly right."""
    key = served.ask("/api/channels/feedback").json()["key"]
    report = {"address": "victim@example.com", "kind": "bounced"}
    signed = {
        "Type": "Notification",
        "Message": json.dumps(report),
        "SignatureVersion": "2",
        "Signature": "bm8=",
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService.pem",
    }
    assert served.client.post(PATH, json=signed).status_code == 401
    for wrong in (key[:-1], key + "A", key.upper(), "fb_", "fb_" + "A" * 5_000, "\u00e9"):
        assert _report(served, report, auth=(wrong, "")).status_code == 401
    assert not _suppressed(served, "victim@example.com")
