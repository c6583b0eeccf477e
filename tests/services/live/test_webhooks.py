"""What a webhook says, how it is signed, and when it is sent: rules on a virtual clock."""

import doctest
import itertools
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.domain import signing
from segue.domain.errors import InputError, UsageError
from segue.domain.instant import DAY, HOUR, MINUTE, SECOND, parse_instant
from segue.domain.live import Boundary, Cause, Transition
from segue.domain.signing import new_secret, verify
from segue.domain.webhook_urls import checked_url, shown_url
from segue.domain.webhooks import Answer, Endpoint, Reach, Stretch
from segue.services.live.outbox import SIDE_BY_SIDE, Outbox, Schedule, Verdict, verdict_of
from segue.services.live.webhooks import Facts, compose

NOW = parse_instant("2026-05-03T10:00:00Z")
SECRET = new_secret(b"0123456789abcdef0123456789abcdef")
ENDPOINT = Endpoint("we_1", "https://example.com/hook", SECRET, cursor=-1, created_at=0)
FAILED = Answer(500, "HTTP 500")
TAKEN = Answer(200)


def transition(number, person="ana", **more):
    """A transition into a segment."""
    rest = {"boundary": Boundary.ENTERED, "at": NOW, "known_at": NOW + 40, "cause": Cause.EVENT}
    return Transition(number, "dormant", 3, person, **(rest | more))


# --------------------------------------------------------------------------------------- messages


def test_a_message_says_everything_about_its_transition():
    one = transition(7, "ana/é", live=True, event_id="e9")
    facts = Facts("Dormant", ("ana/é", "anon"), "https://segue.example/")

    post = compose(ENDPOINT, one, facts, NOW)

    assert post.url == ENDPOINT.url
    assert json.loads(post.body) == {
        "type": "segment.entered",
        "id": 7,
        "segment": {"id": "dormant", "title": "Dormant", "version": 3},
        "person": {"id": "ana/é", "distinct_ids": ["ana/é", "anon"]},
        "at": "2026-05-03T10:00:00Z",
        "known_at": "2026-05-03T10:00:00.040Z",
        "cause": "event",
        "event_id": "e9",
        "corrected": False,
        "live": True,
        "why": "https://segue.example/api/segments/dormant/explain/ana%2F%C3%A9"
        "?at=2026-05-03T10%3A00%3A00Z",
    }


@pytest.mark.parametrize("boundary", Boundary)
def test_a_retraction_says_what_it_takes_back(boundary):
    one = transition(8, boundary=boundary, retracted=True, corrected=True, cause=Cause.CORRECTION)

    message = json.loads(compose(ENDPOINT, one, Facts("Dormant"), NOW).body)

    assert (message["type"], message["retracts"]) == ("segment.retracted", boundary.value)
    assert message["corrected"]


def test_a_message_keeps_its_id_at_every_attempt_and_has_another_at_another_endpoint():
    other = Endpoint("we_2", ENDPOINT.url, SECRET, cursor=-1, created_at=0)
    posts = [
        compose(endpoint, transition(7), Facts(""), now).headers["webhook-id"]
        for endpoint, now in [(ENDPOINT, NOW), (ENDPOINT, NOW + DAY), (other, NOW)]
    ]

    assert posts == ["we_1-7", "we_1-7", "we_2-7"]


# ------------------------------------------------------------------------------------- signatures


def test_the_examples_of_the_module_are_true():
    """One of them is the test vector of Standard Webhooks."""
    assert doctest.testmod(signing).failed == 0


def test_who_holds_the_secret_can_verify_a_message():
    post = compose(ENDPOINT, transition(7), Facts("Dormant"), NOW)

    assert verify(SECRET, post.headers, post.body, NOW + 2 * MINUTE)["id"] == 7


@pytest.mark.parametrize(
    ("change", "now", "why"),
    [
        ({"webhook-id": "we_1-8"}, NOW, "signature"),
        ({"webhook-timestamp": str(NOW // SECOND + 1)}, NOW, "signature"),
        ({"webhook-signature": "v1,AAAA"}, NOW, "signature"),
        ({"webhook-signature": ""}, NOW, "signature"),
        ({}, NOW + 5 * MINUTE + SECOND, "5 minutes"),
        ({}, NOW - 5 * MINUTE - SECOND, "5 minutes"),
        ({"webhook-timestamp": "soon"}, NOW, "webhook-timestamp"),
        ({"webhook-id": ""}, NOW, "webhook-id"),
    ],
)
def test_a_message_that_was_changed_replayed_or_forged_is_refused(change, now, why):
    post = compose(ENDPOINT, transition(7), Facts("Dormant"), NOW)

    with pytest.raises(InputError, match=why):
        verify(SECRET, {**post.headers, **change}, post.body, now)


def test_several_signatures_are_allowed_while_a_secret_changes():
    post = compose(ENDPOINT, transition(7), Facts("Dormant"), NOW)
    headers = {**post.headers, "webhook-signature": f"v1,AAAA {post.headers['webhook-signature']}"}

    assert verify(SECRET, headers, post.body, NOW)


def test_secrets_stay_out_of_what_is_printed():
    post = compose(ENDPOINT, transition(7), Facts("Dormant"), NOW)

    assert SECRET not in repr(ENDPOINT)
    assert "v1," not in repr(post)


# ------------------------------------------------------------------------------------------- URLs


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/",
        "example.com",
        "https://",
        "https://ana:secret@example.com/",
        "https://example.com:port/",
        "http://[::1/",
        "http://127.0.0.1/",
        "http://[::ffff:10.0.0.1]/",
        "https://example.com/" + "x" * 2_000,
    ],
)
def test_what_is_no_url_of_a_webhook(url):
    with pytest.raises(UsageError) as caught:
        checked_url(url, Reach.PUBLIC)

    assert "secret" not in str(caught.value)


def test_logs_see_the_host_only():
    assert shown_url("https://example.com:8443/T0/key?token=hush") == "https://example.com:8443/…"


# ----------------------------------------------------------------------------------------- outbox


@pytest.mark.parametrize(
    ("answer", "verdict"),
    [
        (Answer(200), Verdict.DELIVERED),
        (Answer(204), Verdict.DELIVERED),
        (Answer(301), Verdict.BURY),
        (Answer(302), Verdict.BURY),
        (Answer(400), Verdict.BURY),
        (Answer(404), Verdict.BURY),
        (Answer(408), Verdict.REPEAT),
        (Answer(410), Verdict.DISABLE),
        (Answer(425), Verdict.REPEAT),
        (Answer(429), Verdict.REPEAT),
        (Answer(500), Verdict.REPEAT),
        (Answer(503), Verdict.REPEAT),
        (Answer(None, "no answer"), Verdict.REPEAT),
        (Answer(None, "private", forbidden=True), Verdict.DISABLE),
    ],
)
def test_what_an_answer_means(answer, verdict):
    assert verdict_of(answer) is verdict


def _outbox(*transitions, chance=lambda: 0.999_999, schedule=None, upto=None):
    outbox = Outbox(-1, schedule or Schedule(), chance)
    last = transitions[-1].id if transitions else -1
    outbox.take(Stretch(transitions, last if upto is None else upto))
    return outbox


def _ids(deliveries):
    return [delivery.transition.id for delivery in deliveries]


def test_messages_about_one_person_wait_for_each_other():
    outbox = _outbox(transition(1, "ana"), transition(2, "bob"), transition(3, "ana"))

    first = outbox.ready(NOW)
    assert _ids(first) == [1, 2]
    assert outbox.settle(first[0], FAILED, NOW) is Verdict.REPEAT
    assert outbox.settle(first[1], TAKEN, NOW) is Verdict.DELIVERED
    outbox.finish(first[1])
    assert outbox.ready(NOW) == []
    (again,) = outbox.ready(outbox.next_due())
    assert again.transition.id == 1
    outbox.settle(again, TAKEN, NOW)
    outbox.finish(again)
    assert _ids(outbox.ready(NOW)) == [3]


def test_the_cursor_stays_before_the_first_message_that_is_not_at_its_end():
    outbox = _outbox(transition(3, "ana"), transition(5, "bob"), upto=9)
    ana, bob = outbox.ready(NOW)

    assert outbox.cursor == 2
    outbox.settle(bob, TAKEN, NOW)
    outbox.finish(bob)
    assert outbox.cursor == 2
    outbox.settle(ana, Answer(404), NOW)
    assert outbox.cursor == 2  # until the dead letter is durable
    outbox.finish(ana)
    assert outbox.cursor == 9


def test_what_nobody_wants_moves_the_cursor_at_once():
    outbox = _outbox(upto=5_000_000)

    assert outbox.cursor == 5_000_000
    assert outbox.next_due() is None


def test_a_replayed_letter_does_not_hold_the_cursor():
    outbox = _outbox(transition(8), upto=8)
    outbox.replay([transition(2, "bob"), transition(8)])
    found = outbox.ready(NOW)

    assert _ids(found) == [2, 8]
    outbox.settle(found[1], TAKEN, NOW)
    outbox.finish(found[1])
    assert outbox.cursor == 8


def _run_to_the_end(chance, answer=FAILED):
    """One message that is never taken: when it was tried, and the last verdict."""
    outbox = _outbox(transition(1), chance=chance)
    now, tried, verdict = NOW, [], Verdict.REPEAT
    while verdict is Verdict.REPEAT:
        now = max(now, outbox.next_due())
        (delivery,) = outbox.ready(now)
        tried.append(now)
        verdict = outbox.settle(delivery, answer, now)
    return tried, verdict


def test_attempts_end_after_about_a_day():
    """Between 18 attempts there are 17 waits that double from 10 seconds to 6 hours at most."""
    tried, verdict = _run_to_the_end(lambda: 0.999_999)
    waits = [round((b - a) / SECOND) for a, b in itertools.pairwise(tried)]

    assert verdict is Verdict.BURY
    assert waits == [min(10 * 2**k, 21_600) for k in range(17)]
    assert tried[-1] - tried[0] < 42 * HOUR

    lasted = [
        run[0][-1] - run[0][0]
        for run in (_run_to_the_end(random.Random(seed).random) for seed in range(200))
    ]
    assert 18 * HOUR < sum(lasted) / len(lasted) < 24 * HOUR


def test_retry_after_is_honoured_up_to_a_day():
    def due(milliseconds):
        outbox = _outbox(transition(1), transition(2, "bob"), chance=lambda: 0.0)
        first, _ = outbox.ready(NOW)
        outbox.settle(first, Answer(429, "busy", milliseconds), NOW)
        return outbox.next_due() - NOW

    assert due(90 * SECOND) == 90 * SECOND
    assert due(30 * DAY) == DAY


def test_retry_after_is_about_the_whole_endpoint():
    outbox = _outbox(transition(1))
    (first,) = outbox.ready(NOW)
    outbox.settle(first, Answer(503, "busy", 60 * SECOND), NOW)
    outbox.take(Stretch((transition(2, "bob"),), 2))

    assert outbox.ready(NOW + 59 * SECOND) == []
    assert 2 in _ids(outbox.ready(NOW + 60 * SECOND))


def test_an_endpoint_that_fails_is_asked_one_at_a_time_and_at_full_width_when_it_is_back():
    outbox = _outbox(*(transition(n, f"p{n}") for n in range(40)))
    for delivery in outbox.ready(NOW):
        outbox.settle(delivery, FAILED, NOW)

    assert outbox.ready(NOW) == []
    now = outbox.next_due()
    (probe,) = outbox.ready(now)
    assert outbox.ready(now) == []
    outbox.settle(probe, TAKEN, now)
    outbox.finish(probe)
    assert len(outbox.ready(now)) == SIDE_BY_SIDE


def test_a_failing_endpoint_is_asked_within_five_minutes():
    """Whoever comes back after a night is not left alone for hours more."""
    outbox = _outbox(*(transition(n, f"p{n}") for n in range(200)))
    now = NOW
    for _ in range(200):
        before, now = now, max(now, outbox.next_due())
        assert now - before <= 5 * MINUTE
        for delivery in outbox.ready(now):
            outbox.settle(delivery, FAILED, now)


@given(
    people=st.lists(st.sampled_from("abc"), min_size=1, max_size=30),
    fails=st.lists(st.booleans(), max_size=60),
    seed=st.integers(0, 1_000),
)
def test_everything_is_delivered_in_order_whatever_fails(people, fails, seed):
    """For each person the last delivery of every transition is in their order; the cursor never
    passes one that is open, and in the end it passes all."""
    outbox = _outbox(
        *(transition(n, person) for n, person in enumerate(people)),
        chance=random.Random(seed).random,
        schedule=Schedule(attempts=1_000),
    )
    plan, now, delivered = iter(fails), NOW, []
    while (due := outbox.next_due()) is not None:
        now = max(now, due)
        for delivery in outbox.ready(now):
            answer = FAILED if next(plan, False) else TAKEN
            if outbox.settle(delivery, answer, now) is Verdict.DELIVERED:
                delivered.append(delivery.transition)
                outbox.finish(delivery)
            open_ids = set(range(len(people))) - {one.id for one in delivered}
            assert outbox.cursor == min(open_ids, default=len(people)) - 1

    for person in set(people):
        ids = [one.id for one in delivered if one.person_id == person]
        assert ids == sorted(ids)
    assert len(delivered) == len(people)
