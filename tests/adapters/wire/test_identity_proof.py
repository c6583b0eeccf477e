"""Signed identity."""

import hashlib
import hmac

import pytest

from segue.adapters.wire import LinkedPairs, Policy, Proof, Reason, Verdict, sign, verify
from segue.adapters.wire.segment import decode_segment
from segue.domain.instant import HOUR, parse_instant
from segue.language.project import project_from
from tests.adapters.wire.payloads import as_json

NOW = parse_instant("2026-11-22T02:13:33Z")
SECRET = b"signing secret"
PROOF = sign(SECRET, "u1", NOW + HOUR)


def test_a_proof_is_what_the_documentation_says():
    """So that any language makes one in three lines."""
    expiry = (NOW + HOUR) // 1000
    signature = hmac.new(SECRET, f"u1.{expiry}".encode(), hashlib.sha256).hexdigest()

    assert f"{expiry}.{signature}" == PROOF


@pytest.mark.parametrize(
    ("who", "proof", "now", "verdict"),
    [
        ("u1", PROOF, NOW, Verdict.VALID),
        ("u1", PROOF.upper(), NOW, Verdict.VALID),
        ("u1", PROOF, NOW + HOUR - 1, Verdict.VALID),
        ("u1", PROOF, NOW + HOUR, Verdict.EXPIRED),
        ("u2", PROOF, NOW, Verdict.WRONG),
        ("u1", PROOF[:-1] + ("0" if PROOF[-1] != "0" else "1"), NOW, Verdict.WRONG),
        ("u1", "9" + PROOF, NOW, Verdict.WRONG),
        ("u1", PROOF + " ", NOW, Verdict.WRONG),
        ("u1", "x", NOW, Verdict.WRONG),
        ("u1", 3, NOW, Verdict.WRONG),
        ("u1", ["x"], NOW, Verdict.WRONG),
        ("u1", None, NOW, Verdict.MISSING),
        ("u1", "", NOW, Verdict.MISSING),
        ("\ud800", PROOF, NOW, Verdict.WRONG),
    ],
)
def test_what_a_proof_is_worth(who, proof, now, verdict):
    assert verify(SECRET, who, proof, now=now) is verdict
    assert verify(b"another secret", who, proof, now=now) is not Verdict.VALID


def message(**keys):
    return {"type": "track", "event": "Ran", "messageId": "m", **keys}


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        (message(anonymousId="a1"), True),
        (message(userId="", anonymousId="a1"), True),
        (message(userId="u1"), False),
        (message(userId="u1", anonymousId="a1"), False),
        (message(userId="u1", context={"segue": {"proof": PROOF}}), True),
        (message(userId="u1", properties={"$segue_proof": PROOF}), True),
        (message(userId="u1", anonymousId="a1", context={"segue": {"proof": PROOF}}), True),
        (message(userId="u2", context={"segue": {"proof": PROOF}}), False),
        (message(userId="u1", context={"segue": PROOF}), False),
        (message(type="identify", userId="u1", traits={"$segue_proof": PROOF}), True),
        (message(type="alias", userId="u1", previousId="a"), False),
        (
            message(type="alias", userId="u1", previousId="a", context={"segue": {"proof": PROOF}}),
            True,
        ),
    ],
)
def test_messages_of_known_people_are_proven(sent, taken):
    def decode(mode):
        told = Policy(lambda: "new", LinkedPairs(), proof=mode, signing_secret=SECRET)
        return decode_segment(as_json(sent), path_type=None, received_at=NOW, policy=told)

    enforced, warned, off = map(decode, (Proof.ENFORCE, Proof.WARN, Proof.OFF))

    assert [one.reason for one in enforced.rejected] == ([] if taken else [Reason.NOT_PROVEN])
    assert bool(enforced) is taken
    assert (bool(warned), warned.unproven) == (True, 0 if taken else 1)
    assert (bool(off), off.unproven) == (True, 0)
    assert not any("proof" in text for one in (enforced, warned, off) for text in one.properties)


def test_a_project_says_what_is_asked():
    project = project_from(
        "privacy: {store_ip: true, require_consent: [Analytics], honour_gpc: true}\n"
        "identity: {proof: enforce}\n"
    )

    def told(gpc):
        pairs = LinkedPairs()
        return Policy.of(
            project, new_id=lambda: "new", linked=pairs, signing_secret=SECRET, gpc=gpc
        )

    assert (told(False).store_ip, told(False).require_consent) == (True, ("Analytics",))
    assert (told(False).opted_out, told(True).opted_out) == (False, True)
    assert (told(False).proof, told(False).signing_secret) == (Proof.ENFORCE, SECRET)
