"""Links in messages: tokens that only this workspace can make, and that tell nobody else anything.

A token is a ticket, encrypted and authenticated in one: its mark is the HMAC-SHA256 of the ticket
(the first 16 bytes), its body the ticket under a key stream of HMAC-SHA256 in counter mode from
that mark (the scheme of SIV, RFC 5297, with HMAC in place of AES). So nothing needs to be kept for
a link, the same message has the same links however often it is sent, the URL that a click leads to
can be no other than the one in the message, and no id stands in clear. Each kind of link has keys
of its own: a token of one kind is none of another.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import astuple, dataclass
from enum import StrEnum
from typing import Final

LONGEST_TOKEN: Final = 4_096
"""Characters of a token; longer ones are not looked at."""
_MARK: Final = 16
_BLOCK: Final = 32
_NONE: Final = bytes(_MARK)


class LinkKind(StrEnum):
    """What a link is for: the first part of its path."""

    UNSUBSCRIBE = "u"
    CLICK = "c"
    OPEN = "o"
    SURVEY = "s"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link stands for: a delivery, and what somebody does who follows the link.

    `address` is where the message went and `purpose` that of the campaign (both to unsubscribe);
    `url` is where a click leads.
    """

    delivery_id: str
    campaign_id: str
    person_id: str
    address: str = ""
    purpose: str = ""
    url: str = ""


class Links:
    """Makes and reads the links of a workspace: `secret` is the workspace's, `base` where people
    reach its server (`https://say.example.com`)."""

    def __init__(self, secret: bytes, base: str) -> None:
        self._secret, self._base = secret, base.rstrip("/")

    def link(self, kind: LinkKind, ticket: Ticket) -> str:
        """The address of a link."""
        return f"{self._base}/{kind}/{seal(self._secret, kind, ticket)}"

    def is_own(self, url: str) -> bool:
        """Whether an address is one that this makes: to lead there is no click of its own."""
        pages = (LinkKind.UNSUBSCRIBE, LinkKind.SURVEY, LinkKind.CLICK)
        return bool(self._base) and url.startswith(tuple(f"{self._base}/{one}/" for one in pages))

    def read(self, kind: LinkKind, token: str) -> Ticket | None:
        """The ticket in a token; None where this workspace did not make it of this kind."""
        return unseal(self._secret, kind, token)


def seal(secret: bytes, kind: LinkKind, ticket: Ticket) -> str:
    """The token of a ticket: letters, digits, `-` and `_`."""
    plain = json.dumps(astuple(ticket), ensure_ascii=False, separators=(",", ":")).encode()
    mark = _mark(secret, kind, plain)
    return _text(mark + _veiled(secret, kind, mark, plain))


def unseal(secret: bytes, kind: LinkKind, token: str) -> Ticket | None:
    """The ticket in a token that was made with this secret of this kind, else None.

    What cannot be a token takes the same way as a forged one, so that the time until the answer
    says nothing about what is wrong.
    """
    data = _data(token)
    mark, body = data[:_MARK], data[_MARK:]
    plain = _veiled(secret, kind, mark, body)
    if not hmac.compare_digest(mark, _mark(secret, kind, plain)):
        return None
    return Ticket(*json.loads(plain)) if _text(data) == token else None


def campaign_secret(secret: bytes, campaign_id: str) -> str:
    """The secret (`whsec_…`) that signs the webhooks of a campaign: of no other one, so that who
    receives those of one campaign cannot forge those of another."""
    key = hmac.new(secret, b"webhooks of " + campaign_id.encode(), hashlib.sha256).digest()
    return "whsec_" + base64.b64encode(key).decode()


def feedback_key(secret: bytes) -> str:
    """The key (`fb_…`) with which providers report bounces: good for nothing else, so that the one
    that may do everything need not stand in their settings."""
    key = hmac.new(secret, b"reports of providers", hashlib.sha256).digest()
    return "fb_" + _text(key)


def _mark(secret: bytes, kind: LinkKind, plain: bytes) -> bytes:
    key = hmac.digest(secret, f"mark {kind}".encode(), "sha256")
    return hmac.digest(key, plain, "sha256")[:_MARK]


def _veiled(secret: bytes, kind: LinkKind, mark: bytes, data: bytes) -> bytes:
    """The data under the key stream that begins with the mark; twice gives the data again."""
    key = hmac.digest(secret, f"veil {kind}".encode(), "sha256")
    blocks = range(-(-len(data) // _BLOCK))
    stream = b"".join(hmac.digest(key, mark + n.to_bytes(4, "big"), "sha256") for n in blocks)
    return bytes(a ^ b for a, b in zip(data, stream, strict=False))


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _data(token: str) -> bytes:
    """The bytes of a token; of what cannot be one, some that no token has."""
    if len(token) > LONGEST_TOKEN:
        return _NONE
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)) or _NONE
    except (binascii.Error, ValueError):
        return _NONE
