"""Reports as providers send them, written from their public documents."""

import json

import pytest

from segue.adapters.channels.reports import read_reports
from segue.domain.campaigns import Suppression
from segue.domain.errors import InputError
from segue.domain.feedback import Report

GONE, COMPLAINT = Suppression.BOUNCED, Suppression.COMPLAINED
LEFT, BY_HAND = Suppression.UNSUBSCRIBED, Suppression.BY_HAND
ANA, BOB = "ana@example.com", "bob@example.com"


def _ses(kind, about, *, name="notificationType", headers=True):
    own = [{"name": "Subject", "value": "Hi"}, {"name": "X-Segue-Delivery", "value": "0f3a"}]
    mail = {
        "timestamp": "2016-01-27T14:59:38.237Z",
        "source": "hello@shop.example",
        "messageId": "00000138111222aa-33322211",
        "destination": [ANA, BOB],
        **({"headersTruncated": False, "headers": own} if headers else {}),
    }
    return {name: kind, "mail": mail, kind.lower(): about}


SES_BOUNCE = {
    "bounceType": "Permanent",
    "bounceSubType": "General",
    "bouncedRecipients": [
        {
            "emailAddress": ANA,
            "status": "5.1.1",
            "action": "failed",
            "diagnosticCode": "smtp; 550 5.1.1 unknown",
        },
        {"emailAddress": BOB},
    ],
    "timestamp": "2016-01-27T14:59:38.237Z",
    "feedbackId": "00000138111222aa",
}
SES_COMPLAINT = {
    "userAgent": "AnyCompany Feedback Loop (V0.01)",
    "complainedRecipients": [{"emailAddress": ANA}],
    "complaintFeedbackType": "abuse",
    "timestamp": "2016-01-27T14:59:38.237Z",
    "feedbackId": "000001378603177f",
}
POSTMARK_BOUNCE = {
    "RecordType": "Bounce",
    "ID": 42,
    "Type": "HardBounce",
    "TypeCode": 1,
    "Name": "Hard bounce",
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "Metadata": {"delivery_id": "0f3a"},
    "Details": "Test bounce details",
    "Email": ANA,
    "BouncedAt": "2014-08-01T13:28:10.2735393-04:00",
    "Inactive": True,
}
POSTMARK_CHANGE = {
    "RecordType": "SubscriptionChange",
    "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
    "ChangedAt": "2020-02-01T10:53:34Z",
    "Recipient": ANA,
    "Origin": "Recipient",
    "SuppressSending": True,
    "SuppressionReason": "ManualSuppression",
    "Metadata": {},
}


def _sendgrid(event, **more):
    return {
        "email": ANA,
        "timestamp": 1513299569,
        "smtp-id": "<0f3a@shop.example>",
        "event": event,
        "category": "cat facts",
        "sg_event_id": "sg_event_id",
        "sg_message_id": "sg_message_id",
        **more,
    }


AT_SES, AT_POSTMARK, AT_SENDGRID = 1453906778237, 1406914090273, 1513299569000


@pytest.mark.parametrize(
    ("document", "reports"),
    [
        ({"address": ANA, "kind": "bounced"}, [Report(ANA, GONE)]),
        (
            {
                "address": " Ana@EXAMPLE.com",
                "kind": "unsubscribed",
                "purpose": "news",
                "at": "2017-12-15T00:59:29Z",
                "delivery_id": "0f3a",
            },
            [Report("Ana@example.com", LEFT, "news", "0f3a", AT_SENDGRID)],
        ),
        (
            {
                "reports": [
                    {"address": ANA, "kind": "complained"},
                    {"address": BOB, "kind": "by_hand"},
                ]
            },
            [Report(ANA, COMPLAINT), Report(BOB, BY_HAND)],
        ),
        (
            _ses("Bounce", SES_BOUNCE),
            [Report(one, GONE, "", "0f3a", AT_SES) for one in (ANA, BOB)],
        ),
        (
            _ses("Bounce", SES_BOUNCE, name="eventType", headers=False),
            [Report(one, GONE, "", "", AT_SES) for one in (ANA, BOB)],
        ),
        (_ses("Complaint", SES_COMPLAINT), [Report(ANA, COMPLAINT, "", "0f3a", AT_SES)]),
        (POSTMARK_BOUNCE, [Report(ANA, GONE, "", "0f3a", AT_POSTMARK)]),
        (
            POSTMARK_BOUNCE | {"RecordType": "SpamComplaint", "Type": "SpamComplaint"},
            [Report(ANA, COMPLAINT, "", "0f3a", AT_POSTMARK)],
        ),
        (POSTMARK_CHANGE, [Report(ANA, LEFT, "", "", 1580554414000)]),
        (POSTMARK_CHANGE | {"Origin": "Admin"}, [Report(ANA, BY_HAND, "", "", 1580554414000)]),
        (
            POSTMARK_CHANGE | {"SuppressionReason": "HardBounce"},
            [Report(ANA, GONE, "", "", 1580554414000)],
        ),
        (
            [
                _sendgrid("bounce", reason="500 unknown recipient", status="5.0.0"),
                _sendgrid("bounce", type="bounce"),
                _sendgrid("dropped", reason="Bounced Address", status="5.0.0"),
                _sendgrid("spamreport"),
                _sendgrid("unsubscribe"),
                _sendgrid("group_unsubscribe", asm_group_id=10),
            ],
            [
                Report(ANA, reason, "", "0f3a", AT_SENDGRID)
                for reason in (GONE, GONE, GONE, COMPLAINT, LEFT, LEFT)
            ],
        ),
        (
            [_sendgrid("spamreport") | {"smtp-id": "<abc>"}],
            [Report(ANA, COMPLAINT, "", "", AT_SENDGRID)],
        ),
    ],
)
def test_what_a_provider_reports(document, reports):
    assert list(read_reports(json.dumps(document).encode()).reports) == reports


@pytest.mark.parametrize(
    "document",
    [
        {"address": ANA, "kind": "delivered"},
        _ses("Bounce", SES_BOUNCE | {"bounceType": "Transient"}) | {"n": 2},
        _ses("Delivery", {"recipients": [ANA], "timestamp": "2016-01-27T14:59:38.237Z"}),
        _ses("Complaint", SES_COMPLAINT | {"complaintFeedbackType": "not-spam"}),
        POSTMARK_BOUNCE | {"Type": "SoftBounce"},
        POSTMARK_BOUNCE | {"RecordType": "Open"},
        POSTMARK_CHANGE | {"SuppressSending": False},
        _sendgrid("open"),
        _sendgrid("bounce", type="blocked"),
        _sendgrid("deferred"),
        _sendgrid("spamreport", email="not an address"),
        POSTMARK_BOUNCE | {"Email": "a@example.com\nBcc: b@example.com"},
        {"RecordType": "Bounce", "Type": ["HardBounce"], "Email": 7},
        [],
    ],
)
def test_what_asks_for_nothing(document):
    """Trouble that passes, success, an address that is none, what a provider added later."""
    found = read_reports(json.dumps(document).encode())

    assert not found.reports
    assert found.ignored == (0 if document == [] else document.get("n", 1))


def test_amazon_sns_wraps_what_ses_says():
    wrapped = {
        "Type": "Notification",
        "MessageId": "22b80b92",
        "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
        "Message": json.dumps(_ses("Complaint", SES_COMPLAINT)),
        "SigningCertURL": "https://sns.us-west-2.amazonaws.com/x.pem",
    }
    (report,) = read_reports(json.dumps(wrapped).encode()).reports

    assert report == Report(ANA, COMPLAINT, "", "0f3a", AT_SES)


URL = "https://sns.us-west-2.amazonaws.com/?Action=ConfirmSubscription&Token=2336412f37"


def test_amazon_sns_asks_to_be_confirmed():
    asking = {"Type": "SubscriptionConfirmation", "Token": "2336412f37", "SubscribeURL": URL}

    assert read_reports(json.dumps(asking).encode()).confirm == URL


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.us-west-2.amazonaws.com/",
        "https://evil.example/?sns.us-west-2.amazonaws.com",
        "https://sns.us-west-2.amazonaws.com.evil.example/",
        "https://sns.us-west-2.amazonaws.com@evil.example/",
        "",
    ],
)
def test_nobody_is_asked_to_confirm_elsewhere(url):
    asking = {"Type": "SubscriptionConfirmation", "SubscribeURL": url}
    with pytest.raises(InputError, match="none of Amazon's"):
        read_reports(json.dumps(asking).encode())


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"x", b"7", b"null", b'"bounce"', b"{}", b"[7]", b'{"reports": 7}', b"\xff"),
        *(b"[" * 100_000, b'{"address": "ana", "kind": "bounced"}'),
        json.dumps([{"address": ANA, "kind": "bounced"}] * 10_001).encode(),
    ],
)
def test_what_is_no_report(body):
    with pytest.raises(InputError):
        read_reports(body)
