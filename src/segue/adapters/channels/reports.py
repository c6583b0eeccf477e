"""Reports of providers about e-mails, each in its own shape, read into one.

A shape is a table: how a report of it is known, where its fields are, and what its words mean.
What is in no table asks for nothing: a provider may add to its shapes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from segue.adapters.channels.mime import DELIVERY
from segue.domain.addresses import mail_address
from segue.domain.campaigns import Suppression
from segue.domain.errors import InputError
from segue.domain.feedback import Report, Reports
from segue.domain.instant import EARLIEST, LATEST, SECOND, parse_instant

MOST: Final = 10_000
"""Reports of one body."""

_Document = Mapping[str, Any]
_SNS_HOST: Final = re.compile(r"sns\.[a-z0-9-]+\.amazonaws\.com(\.cn)?")
_MESSAGE_ID: Final = re.compile(r"<([A-Za-z0-9._-]+)@[^@>]+>")


@dataclass(frozen=True, slots=True)
class Shape:
    """How one report looks. `known_by`: all of these fields are there. `kind` reads what it is,
    `reasons` says what that means. `address` and `at` are places of fields, the first that is there
    counts; `delivery` finds the delivery's id."""

    known_by: tuple[str, ...]
    kind: Callable[[_Document], tuple[str, ...]]
    reasons: Mapping[tuple[str, ...], Suppression]
    address: tuple[str, ...]
    at: tuple[str, ...]
    delivery: Callable[[_Document], str]


_GONE, _COMPLAINT = Suppression.BOUNCED, Suppression.COMPLAINED
_LEFT, _BY_HAND = Suppression.UNSUBSCRIBED, Suppression.BY_HAND

OWN: Final = Shape(
    known_by=("address", "kind"),
    kind=lambda one: (_text(one, "kind"),),
    reasons={
        ("bounced",): _GONE,
        ("complained",): _COMPLAINT,
        ("unsubscribed",): _LEFT,
        ("by_hand",): _BY_HAND,
    },
    address=("address",),
    at=("at",),
    delivery=lambda one: _text(one, "delivery_id"),
)
"""Segue's own: for providers that are not here, and for scripts."""

POSTMARK: Final = Shape(
    known_by=("RecordType",),
    kind=lambda one: (
        _text(one, "RecordType"),
        _text(one, "Type") or _text(one, "SuppressionReason"),
        *((_text(one, "Origin"),) if one.get("SuppressionReason") == "ManualSuppression" else ()),
        *(("lifted",) if one.get("SuppressSending") is False else ()),
    ),
    reasons={
        ("Bounce", "HardBounce"): _GONE,
        ("Bounce", "BadEmailAddress"): _GONE,
        ("Bounce", "SpamComplaint"): _COMPLAINT,
        ("SpamComplaint", "SpamComplaint"): _COMPLAINT,
        ("SubscriptionChange", "HardBounce"): _GONE,
        ("SubscriptionChange", "SpamComplaint"): _COMPLAINT,
        ("SubscriptionChange", "ManualSuppression", "Recipient"): _LEFT,
        ("SubscriptionChange", "ManualSuppression", "Customer"): _BY_HAND,
        ("SubscriptionChange", "ManualSuppression", "Admin"): _BY_HAND,
    },
    address=("Email", "Recipient"),
    at=("BouncedAt", "ChangedAt"),
    delivery=lambda one: _text(_inner(one, "Metadata"), "delivery_id"),
)

SENDGRID: Final = Shape(
    known_by=("event", "email"),
    kind=lambda one: (
        _text(one, "event"),
        *((_text(one, "type"),) if one.get("event") == "bounce" and one.get("type") else ()),
        *((_text(one, "reason"),) if one.get("event") == "dropped" else ()),
    ),
    reasons={
        ("bounce",): _GONE,
        ("bounce", "bounce"): _GONE,
        ("dropped", "Bounced Address"): _GONE,
        ("dropped", "Invalid"): _GONE,
        ("dropped", "Spam Reporting Address"): _COMPLAINT,
        ("dropped", "Unsubscribed Address"): _LEFT,
        ("spamreport",): _COMPLAINT,
        ("unsubscribe",): _LEFT,
        ("group_unsubscribe",): _LEFT,
    },
    address=("email",),
    at=("timestamp",),
    delivery=lambda one: _in_message_id(_text(one, "smtp-id")),
)

SES: Final = Shape(
    known_by=("kind", "emailAddress"),
    kind=lambda one: (_text(one, "kind"), _text(one, "type")),
    reasons={
        ("Bounce", "Permanent"): _GONE,
        **{("Complaint", one): _COMPLAINT for one in ("", "abuse", "auth-failure", "fraud")},
        **{("Complaint", one): _COMPLAINT for one in ("other", "virus")},
    },
    address=("emailAddress",),
    at=("timestamp",),
    delivery=lambda one: _text(one, "delivery_id"),
)
"""Of Amazon SES, once `_of_ses` has made one report for each recipient."""

SHAPES: Final = (OWN, POSTMARK, SENDGRID, SES)


def read_reports(body: bytes) -> Reports:
    """The reports in a body: one JSON object, a list of them, or `{"reports": […]}`; of Amazon SNS
    also wrapped. Raises `InputError` where it holds nothing that is known."""
    document = _json(body)
    if isinstance(document, dict) and "reports" in document:
        document = document["reports"]
    documents = document if isinstance(document, list) else [document]
    if len(documents) > MOST:
        raise InputError(f"a body holds at most {MOST} reports", hint="send several")
    confirm, found, ignored = "", list[Report](), 0
    for one in documents:
        confirm = confirm or _confirmation(one)
        for single in [] if confirm else _singles(one):
            report = _read(single)
            found += [report] if report is not None else []
            ignored += report is None
    return Reports(tuple(found), ignored, confirm)


def _read(one: Any) -> Report | None:
    """The report; None where it asks for nothing. Raises `InputError` of what is no report."""
    shape = next((s for s in SHAPES if isinstance(one, dict) and one.keys() >= {*s.known_by}), None)
    if shape is None:
        raise InputError("this is no report of a shape that is known", hint=_HINT)
    reason = shape.reasons.get(shape.kind(one))
    if reason is None:
        return None
    address = next((_text(one, name) for name in shape.address if one.get(name)), "")
    at = next((_instant(one[name]) for name in shape.at if one.get(name)), None)
    purpose = _text(one, "purpose") if shape is OWN else ""
    try:
        address = mail_address(address)
    except InputError:
        if shape is OWN:
            raise
        return None  # a provider that is refused sends the same again for days
    return Report(address, reason, purpose, shape.delivery(one), at)


_HINT: Final = '{"address": "ana@example.com", "kind": "bounced"} is one'


# ------------------------------------------------------------------------------------------- Amazon


def _confirmation(one: Any) -> str:
    """Where Amazon SNS wants to be told that its messages are wanted; "" where it does not ask."""
    if not isinstance(one, dict) or one.get("Type") != "SubscriptionConfirmation":
        return ""
    url = _text(one, "SubscribeURL")
    parts = urlsplit(url)
    if parts.scheme != "https" or not _SNS_HOST.fullmatch(parts.netloc):
        raise InputError("the address to confirm is none of Amazon's")
    return url


def _singles(one: Any) -> list[Any]:
    """The reports of a document: of Amazon one for each recipient."""
    if isinstance(one, dict) and one.get("Type") == "Notification" and "Message" in one:
        one = _json(_text(one, "Message").encode())
    if isinstance(one, dict) and "mail" in one:
        return _of_ses(one)
    return [one]


def _of_ses(one: _Document) -> list[dict[str, Any]]:
    """A report for each recipient of a notification of SES; one without where it names none."""
    kind = _text(one, "notificationType") or _text(one, "eventType")
    about = _inner(one, kind.lower())
    recipients = about.get("bouncedRecipients") or about.get("complainedRecipients") or [{}]
    shared = {
        "kind": kind,
        "type": _text(about, "bounceType") or _text(about, "complaintFeedbackType"),
        "timestamp": about.get("timestamp"),
        "delivery_id": _in_headers(_inner(one, "mail").get("headers")),
        "emailAddress": "",
    }
    listed = recipients if isinstance(recipients, list) else [{}]
    return [shared | {"emailAddress": _text(_dict(to), "emailAddress")} for to in listed]


def _in_headers(headers: Any) -> str:
    """The delivery's id in the headers of the message that a report quotes."""
    listed = [_dict(one) for one in headers] if isinstance(headers, list) else []
    own = DELIVERY.lower()
    found = (_text(one, "value") for one in listed if _text(one, "name").lower() == own)
    return next(found, "")


def _in_message_id(text: str) -> str:
    """The delivery's id in a Message-ID that Segue gave; any other id is that of no delivery."""
    match = _MESSAGE_ID.fullmatch(text.strip())
    return match[1] if match else ""


# ------------------------------------------------------------------------------------------- values


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InputError("the body is no JSON", hint=_HINT) from error


def _text(one: _Document, name: str) -> str:
    value = one.get(name)
    return value if isinstance(value, str) else ""


def _inner(one: _Document, name: str) -> _Document:
    return _dict(one.get(name))


def _dict(value: Any) -> _Document:
    return value if isinstance(value, dict) else {}


def _instant(value: Any) -> int | None:
    """An instant in seconds, or as a text; None where it is none."""
    if isinstance(value, int | float) and EARLIEST <= value * SECOND <= LATEST:
        return int(value * SECOND)
    text = value if isinstance(value, str) else ""
    try:
        return parse_instant(re.sub(r"(\.\d{9})\d+", r"\1", text))
    except (ValueError, OverflowError):
        return None
