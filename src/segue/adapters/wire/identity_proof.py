"""Signed identity: proof that whoever sends an event may speak for a known person.

A proof is `<expiry>.<signature>`: the expiry in whole seconds since 1970, and the HMAC-SHA256, in
hexadecimal, of `<distinct id>.<expiry>` in UTF-8 under the signing secret of the write key. The
product's own server makes it for whoever is signed in; the browser sends it along, in Segment's
`context.segue.proof` or in the property `$segue_proof`.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from enum import StrEnum
from typing import Final

from segue.domain.instant import SECOND

PROPERTY: Final = "$segue_proof"
"""The property that carries a proof; it is never stored."""
_FORM: Final = re.compile(r"([0-9]{1,12})\.([0-9a-fA-F]{64})", re.ASCII)


class Verdict(StrEnum):
    """What a proof is worth."""

    VALID = "valid"
    MISSING = "missing"
    WRONG = "wrong"
    EXPIRED = "expired"


def sign(secret: bytes, distinct_id: str, expires_at: int) -> str:
    """The proof for a distinct id, good before the instant `expires_at` (ms; its whole second)."""
    expiry = str(expires_at // SECOND)
    return f"{expiry}.{_signature(secret, distinct_id, expiry)}"


def verify(secret: bytes, distinct_id: str, proof: object, *, now: int) -> Verdict:
    """What a proof, or whatever came in its place, is worth at the instant `now` (ms)."""
    if proof is None or proof == "":
        return Verdict.MISSING
    match = _FORM.fullmatch(proof) if isinstance(proof, str) else None
    if match is None:
        return Verdict.WRONG
    expiry, signature = match.groups()
    expected = _signature(secret, distinct_id, expiry)
    if not hmac.compare_digest(expected, signature.lower()):
        return Verdict.WRONG
    return Verdict.VALID if now < int(expiry) * SECOND else Verdict.EXPIRED


def _signature(secret: bytes, distinct_id: str, expiry: str) -> str:
    said = f"{distinct_id}.{expiry}".encode(errors="replace")
    return hmac.new(secret, said, hashlib.sha256).hexdigest()
