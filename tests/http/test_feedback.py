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
