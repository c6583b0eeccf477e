"""Whatever is sent: documented errors only, right events survive wrong ones, columns stay sound."""

import json
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.adapters.wire import (
    Decoded,
    LinkedPairs,
    Policy,
    Proof,
    decode_posthog,
    decode_segment,
    posthog_key,
    read_body,
    segment_key,
)
from segue.domain.errors import InputError, MixedKeysError
from segue.domain.instant import EARLIEST, LATEST, parse_instant
from segue.language.activity import DERIVED_EVENTS
from tests.adapters.wire.payloads import SEGMENT, Payload, payload

NOW = parse_instant("2026-11-22T02:13:41Z")
STRICT = {"require_consent": ("Analytics",), "proof": Proof.WARN, "signing_secret": b"s"}


def decoded(sent: Payload, **policy) -> Decoded:
    ids = iter(range(10**6))
    told = Policy(lambda: f"new-{next(ids)}", LinkedPairs(), **policy)
    body = read_body(sent.body, content_encoding=sent.content_encoding)
    if sent.family == SEGMENT:
        segment_key(body)
        return decode_segment(body, path_type=sent.path_type, received_at=NOW, policy=told)
    posthog_key(body, sent.query)
    return decode_posthog(body, query=sent.query, received_at=NOW, policy=told)


def check(sent: Payload, **policy) -> None:
    try:
        found = decoded(sent, **policy)
    except MixedKeysError:
        return
    except InputError:
        assert not (sent.whole and sent.good), sent.body
        return
    columns = (found.event, found.occurred_at, found.event_id, found.sequence, found.properties)
    assert {len(column) for column in columns} == {len(found.distinct_id)}
    assert all(
        isinstance(json.loads(text, parse_constant=_never), dict) for text in found.properties
    )
    assert all(EARLIEST <= at <= LATEST for at in found.occurred_at)
    assert all(0 < len(one) <= 200 and one.strip() for one in found.distinct_id)
    assert not DERIVED_EVENTS & set(found.event)
    for text in (*found.distinct_id, *found.event, *found.event_id, *found.properties):
        text.encode()
    assert all(len(one.excerpt) <= 200 for one in found.rejected)
    if sent.whole:
        assert set(sent.good) <= set(found.event_id)


def _never(constant: str) -> None:
    raise AssertionError(f"{constant} is no JSON")


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False))
def test_whatever_is_sent(random: Random) -> None:
    check(payload(random))


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_whatever_is_sent_to_a_strict_project(random: Random) -> None:
    check(payload(random), **STRICT)


@pytest.mark.parametrize("seed", range(4))
def test_many_requests(seed: int) -> None:
    """What Hypothesis would take long to reach."""
    random = Random(seed)
    for _ in range(500):
        check(payload(random))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_bytes_that_mean_nothing(body: bytes) -> None:
    for family in (SEGMENT, "posthog"):
        check(Payload(family, body, whole=False))
