"""The wire formats of other SDKs: from the bytes of a request to columns of events, no HTTP.

    body = read_body(raw, content_encoding=…, limits=Limits())
    key = segment_key(body)                      # or posthog_key(body, query)
    decoded = decode_segment(body, path_type="track", received_at=now, policy=policy)

Errors about a whole request are `InputError`s: `TooLargeError` (413), `MixedKeysError` (401), any
other (400). An event that is wrong is rejected by itself, and the others are taken.
"""

from __future__ import annotations

from segue.adapters.wire.body import Limits, read_body
from segue.adapters.wire.decoded import Decoded, Policy, Proof, Reason, RejectedEvent
from segue.adapters.wire.identity_proof import Verdict, sign, verify
from segue.adapters.wire.linked import LinkedPairs, Pair
from segue.adapters.wire.posthog import decode_posthog, posthog_key
from segue.adapters.wire.segment import decode_segment, segment_key

__all__ = [
    "Decoded",
    "Limits",
    "LinkedPairs",
    "Pair",
    "Policy",
    "Proof",
    "Reason",
    "RejectedEvent",
    "Verdict",
    "decode_posthog",
    "decode_segment",
    "posthog_key",
    "read_body",
    "segment_key",
    "sign",
    "verify",
]
