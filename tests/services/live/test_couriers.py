"""Webhooks at work: a real store, real sockets, receivers that fail by a script."""

import dataclasses
import json
import threading
import time

import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.courier import Means
from segue.bootstrap.webhooks import Webhooks, default_reach
from segue.domain.errors import NotFoundError, StoreError, UsageError
from segue.domain.live import Cause
from segue.domain.signing import verify
from segue.domain.webhooks import Reach
from segue.services.live.outbox import SIDE_BY_SIDE, Schedule
from tests.adapters.receiver import HANG, HANG_UP, OK, Reply, receiving, receiving_by
from tests.services.live.publishing import Published

NOW = 1_700_000_000_000
PEOPLE = [f"p{n:03d}" for n in range(60)]
QUICK = Schedule(attempts=4, first=20, longest=50, probe=50)


@pytest.fixture
def store():
    store = DuckDBStore.open(None)
    yield store
    store.close()


@pytest.fixture
def published(store):
    return Published(store, PEOPLE)


class Watched:
    """Counts what became of deliveries, and lets others wait for it."""

    def __init__(self):
        self._changed = threading.Condition()
        self.counts = {"delivered": 0, "failed": 0, "buried": 0}

    def _count(self, what):
        with self._changed:
            self.counts[what] += 1
            self._changed.notify_all()

    def delivered(self, endpoint_id, seconds):
        self._count("delivered")

    def failed(self, endpoint_id, answer):
        self._count("failed")

    def buried(self, endpoint_id):
        self._count("buried")

    def wait_for(self, **wanted):
        with self._changed:
            enough = self._changed.wait_for(
                lambda: all(self.counts[what] >= n for what, n in wanted.items()), 60
            )
        assert enough, self.counts


class Running:
    """Webhooks over a store, for as long as a test runs."""

    def __init__(self, published, **means):
        self.watched = Watched()
        self.webhooks = Webhooks(
            Means(
                store=published.store,
                now=lambda: NOW + int(time.monotonic() * 1_000),
                reach=Reach.LOOPBACK,
                watcher=self.watched,
                **({"schedule": QUICK, "time_limit": 5.0, "title_of": str.title} | means),
            )
        )
        published.tell(self.webhooks.wake)
        self.webhooks.start()


@pytest.fixture
def run(published):
    """Starts webhooks over the store; all are stopped at the end."""
    running = []

    def start(**means):
        running.append(Running(published, **means))
        return running[-1]

    yield start
    for one in running:
        one.webhooks.close()


def _ids(requests):
    return [json.loads(request.body)["id"] for request in requests]


def test_a_published_transition_arrives_signed(published, run):
    running = run()
    with receiving() as receiver:
        endpoint = running.webhooks.create(receiver.url)
        published.publish("p001")
        (request,) = receiver.wait_for(1)
        running.watched.wait_for(delivered=1)

    message = verify(endpoint.secret, request.headers, request.body, running.webhooks._means.now())
    assert message["type"] == "segment.entered"
    assert message["segment"] == {"id": "dormant", "title": "Dormant", "version": 1}
    assert message["person"] == {"id": "p001", "distinct_ids": ["p001"]}


def test_a_new_endpoint_hears_of_nothing_before_it_unless_it_asks(published, run):
    published.publish("p001", "p002")
    running = run()
    with receiving() as late, receiving() as early, receiving() as middle:
        running.webhooks.create(late.url)
        running.webhooks.create(early.url, after=-1)
        running.webhooks.create(middle.url, after=0)
        published.publish("p003")

        assert _ids(late.wait_for(1)) == [2]
        assert sorted(_ids(early.wait_for(3))) == [0, 1, 2]
        assert sorted(_ids(middle.wait_for(2))) == [1, 2]


@pytest.mark.parametrize("trouble", [Reply(500), Reply(429), Reply(408), HANG_UP, HANG])
def test_what_may_pass_is_tried_again_under_the_same_id(published, run, trouble):
    running = run(time_limit=0.2)
    with receiving(trouble, trouble) as receiver:
        running.webhooks.create(receiver.url)
        published.publish("p001")
        requests = receiver.wait_for(3)
        running.watched.wait_for(delivered=1)

    assert len({request.headers["webhook-id"] for request in requests}) == 1
    assert running.watched.counts == {"delivered": 1, "failed": 2, "buried": 0}


@pytest.mark.parametrize("refusal", [Reply(400, body=b"what?"), Reply(302), Reply(404)])
def test_what_will_not_pass_is_a_dead_letter_at_once(published, run, refusal):
    running = run()
    with receiving(refusal) as receiver:
        endpoint = running.webhooks.create(receiver.url)
        published.publish("p001", "p002")
        receiver.wait_for(2)
        running.watched.wait_for(buried=1, delivered=1)

    (letter,) = running.webhooks.dead_letters(endpoint.id)
    assert letter.attempts == 1
    assert letter.error == f"HTTP {refusal.status}" + (": what?" if refusal.body else "")


def test_an_endpoint_that_never_takes_it_leaves_a_dead_letter_after_the_last_attempt(
    published, run
):
    running = run()
    with receiving(then=Reply(503)) as receiver:
        endpoint = running.webhooks.create(receiver.url)
        published.publish("p001")
        running.watched.wait_for(buried=1)

    (letter,) = running.webhooks.dead_letters(endpoint.id)
    assert letter.attempts == QUICK.attempts == len(receiver.received)
    assert letter.transition.person_id == "p001"


def test_an_endpoint_that_is_gone_is_disabled_and_misses_nothing_when_it_is_back(published, run):
    running = run()
    with receiving(Reply(410)) as receiver:
        endpoint = running.webhooks.create(receiver.url)
        published.publish("p001")
        receiver.wait_for(1)
        _until(lambda: running.webhooks.endpoint(endpoint.id).disabled)
        published.publish("p002")
        running.webhooks.change(endpoint.id, enabled=True)
        running.watched.wait_for(delivered=2)

    assert sorted(_ids(receiver.received)) == [0, 0, 1]
    assert not running.webhooks.endpoint(endpoint.id).disabled


def test_dead_letters_are_replayed_one_or_all_and_stay_until_they_are_delivered(published, run):
    running = run()
    with receiving(*[Reply(400)] * 5) as receiver:
        endpoint = running.webhooks.create(receiver.url)
        published.publish(*PEOPLE[:4])
        running.watched.wait_for(buried=4)

        running.webhooks.replay(endpoint.id, [2])  # refused once more
        running.watched.wait_for(buried=5)
        assert _dead(running, endpoint) == [0, 1, 2, 3]
        running.webhooks.replay(endpoint.id, [2])
        running.watched.wait_for(delivered=1)
        assert _dead(running, endpoint) == [0, 1, 3]
        running.webhooks.replay(endpoint.id)
        running.watched.wait_for(delivered=4)
        assert _dead(running, endpoint) == []

    assert sorted(_ids(receiver.received)) == [0, 0, 1, 1, 2, 2, 2, 3, 3]


def test_a_dead_letter_can_be_dropped(published, run):
    running = run()
    with receiving(Reply(400)) as receiver:
        endpoint = running.webhooks.create(receiver.url)
        published.publish("p001")
        running.watched.wait_for(buried=1)

    assert running.webhooks.discard(endpoint.id, [0]) == 1
    assert running.webhooks.dead_letters(endpoint.id) == []
    with pytest.raises(NotFoundError):
        running.webhooks.replay(endpoint.id, [0])


def test_live_only_endpoints_hear_of_what_may_be_acted_upon_and_of_nothing_else(published, run):
    running = run()
    with receiving() as cautious, receiving() as curious:
        running.webhooks.create(cautious.url)
        running.webhooks.create(curious.url, live_only=False)
        published.publish_rows(
            [
                published.row("p001", cause=Cause.IMPORT, live=False),
                published.row("p002", cause=Cause.DEFINITION, live=False),
                published.row("p003", cause=Cause.CORRECTION, live=False, corrected=True),
                published.row(
                    "p004", cause=Cause.CORRECTION, live=False, corrected=True, retracted=True
                ),
                published.row("p005", cause=Cause.TIME, entered=False),
            ]
        )
        assert _ids(cautious.wait_for(1)) == [4]
        told = {m["id"]: m for m in (json.loads(r.body) for r in curious.wait_for(5))}
        published.publish("p006")
        assert sorted(_ids(cautious.wait_for(2))) == [4, 5]

    assert [told[n]["cause"] for n in range(5)] == [
        *("import", "definition", "correction", "correction", "time")
    ]
    assert told[3]["type"] == "segment.retracted"


def test_an_endpoint_hears_of_its_segments_and_kinds_only(published, run):
    running = run()
    with receiving() as keen, receiving() as left:
        running.webhooks.create(keen.url, segments=["keen"])
        running.webhooks.create(left.url, kinds=["left"])
        published.publish("p001")
        published.publish("p002", segment="keen")
        published.publish("p003", entered=False)

        assert _ids(keen.wait_for(1)) == [1]
        assert _ids(left.wait_for(1)) == [2]


def test_what_nobody_wants_is_passed_over_by_the_million(published, run, monkeypatch):
    """A backfill is skipped by the store: no row of it is looked at, and the cursor passes it."""
    row = published.row("p001", cause=Cause.IMPORT, live=False)
    published.publish_rows([row] * 200_000)
    read, undelivered = [], published.store.undelivered

    def counted(**how):
        stretch = undelivered(**how)
        read.append(len(stretch.transitions))
        return stretch

    monkeypatch.setattr(published.store, "undelivered", counted)
    running = run()
    with receiving() as receiver:
        endpoint = running.webhooks.create(receiver.url, after=-1)
        (wanted,) = published.publish("p002")
        assert _ids(receiver.wait_for(1)) == [wanted]
        _until(lambda: running.webhooks.endpoint(endpoint.id).cursor == wanted)

    assert sum(read) == 1
    assert len(read) <= 3


def test_one_endpoint_that_hangs_does_not_delay_another(published, run):
    """The one answers nothing for minutes; the other is told of everything meanwhile."""
    running = run(time_limit=600.0)
    with receiving(then=HANG) as stuck, receiving() as well:
        running.webhooks.create(stuck.url)
        running.webhooks.create(well.url)
        published.publish(*PEOPLE)
        stuck.wait_for(1)
        well.wait_for(len(PEOPLE))
        published.publish("p001")
        well.wait_for(len(PEOPLE) + 1)

    assert len(stuck.received) <= SIDE_BY_SIDE


def test_people_are_told_of_in_order_whatever_fails(published, run):
    """Every third request fails; for each person the successes come in the order of the facts."""
    taken = []

    def script(number, request):
        if number % 3 == 2:
            return Reply(500)
        taken.append(json.loads(request.body))
        return OK

    running = run(schedule=dataclasses.replace(QUICK, attempts=100))
    with receiving_by(script) as receiver:
        running.webhooks.create(receiver.url)
        for _ in range(10):
            published.publish(*PEOPLE[:5])
        running.watched.wait_for(delivered=50)

    for person in PEOPLE[:5]:
        ids = [one["id"] for one in taken if one["person"]["id"] == person]
        assert ids == sorted(ids)
        assert len(set(ids)) == 10


def test_a_success_that_was_not_noted_is_sent_again_under_the_same_id(published, run, monkeypatch):
    """Killed between the answer and the cursor: at least once, and a receiver can tell."""
    with monkeypatch.context() as patch:

        def lost(*_):
            raise StoreError("the process died here")

        patch.setattr(published.store, "advance", lost)
        first = run()
        with receiving() as receiver:
            secret = first.webhooks.create(receiver.url).secret
            published.publish("p001")
            (before,) = receiver.wait_for(1)
            first.watched.wait_for(delivered=1)
            first.webhooks.close()
            patch.undo()

            second = run()
            second.watched.wait_for(delivered=1)
            _, after = receiver.received

    assert after.headers["webhook-id"] == before.headers["webhook-id"]
    assert verify(secret, after.headers, after.body, second.webhooks._means.now())["id"] == 0


def test_a_clean_stop_repeats_nothing(published, run):
    with receiving() as receiver:
        for number in range(3):
            running = run()
            if not number:
                running.webhooks.create(receiver.url)
            published.publish(f"p00{number}")
            receiver.wait_for(number + 1)
            running.webhooks.close()

    assert sorted(_ids(receiver.received)) == [0, 1, 2]


def test_an_endpoint_is_changed_stopped_and_removed(published, run):
    running = run()
    with receiving() as one, receiving() as other:
        endpoint = running.webhooks.create(one.url)
        running.webhooks.change(endpoint.id, url=other.url, description="moved")
        published.publish("p001")
        other.wait_for(1)
        running.watched.wait_for(delivered=1)
        running.webhooks.change(endpoint.id, enabled=False)
        published.publish("p002")
        running.webhooks.change(endpoint.id, enabled=True)
        other.wait_for(2)
        running.watched.wait_for(delivered=2)
        running.webhooks.delete(endpoint.id)
        published.publish("p003")

    assert not one.received
    assert sorted(_ids(other.received)) == [0, 1]
    with pytest.raises(NotFoundError):
        running.webhooks.endpoint(endpoint.id)


def test_a_sample_shows_whether_an_endpoint_works(published, run):
    running = run()
    with receiving(OK, Reply(500, body=b"broken")) as receiver:
        endpoint = running.webhooks.create(receiver.url)
        good, bad = running.webhooks.try_out(endpoint.id), running.webhooks.try_out(endpoint.id)

    assert (good.status, bad.error) == (200, "HTTP 500: broken")
    first = receiver.received[0]
    now = running.webhooks._means.now()
    assert verify(endpoint.secret, first.headers, first.body, now)["type"] == "webhook.test"


def test_logs_hold_neither_secrets_nor_what_a_url_may_hide(published, run, caplog):
    running = run()
    with receiving(Reply(400), Reply(410)) as receiver:
        endpoint = running.webhooks.create(receiver.url)
        published.publish("p001")
        running.watched.wait_for(buried=1)
        published.publish("p002")
        _until(lambda: running.webhooks.endpoint(endpoint.id).disabled)

    assert "dead letter" in caplog.text
    assert "disabled" in caplog.text
    assert not [hidden for hidden in ("hush", endpoint.secret, "p001") if hidden in caplog.text]


def test_a_store_in_trouble_delays_and_loses_nothing(published, run, monkeypatch):
    """What cannot be read or noted now is tried again a little later."""
    monkeypatch.setattr("segue.bootstrap.courier.TROUBLE", 20)
    troubles = iter([StoreError("no room"), StoreError("no room"), RuntimeError("a defect")])

    def troubled(name):
        real = getattr(published.store, name)

        def call(*given, **named):
            if error := next(troubles, None):
                raise error
            return real(*given, **named)

        monkeypatch.setattr(published.store, name, call)

    troubled("undelivered")
    troubled("bury")
    running = run()
    with receiving(Reply(400), Reply(400), Reply(400)) as receiver:
        endpoint = running.webhooks.create(receiver.url)
        published.publish("p001", "p002")
        running.watched.wait_for(buried=2)

    assert _dead(running, endpoint) == [0, 1]


def test_a_message_that_cannot_be_composed_does_not_hold_up_the_others(published, run):
    def title_of(segment_id):
        if segment_id == "keen":
            raise ValueError("a defect")
        return segment_id

    running = run(title_of=title_of)
    with receiving() as receiver:
        endpoint = running.webhooks.create(receiver.url)
        published.publish("p001", segment="keen")
        published.publish("p002")
        running.watched.wait_for(delivered=1, buried=1)

    assert _ids(receiver.received) == [1]
    assert running.webhooks.dead_letters(endpoint.id)[0].error == "ValueError"


def test_a_disabled_endpoint_replays_nothing(published, run):
    running = run()
    endpoint = running.webhooks.create("http://127.0.0.1:9/")
    running.webhooks.change(endpoint.id, enabled=False)

    with pytest.raises(UsageError, match="disabled"):
        running.webhooks.replay(endpoint.id)


@pytest.mark.parametrize(
    ("host", "reach"),
    [
        ("127.0.0.1", Reach.LOOPBACK),
        ("::1", Reach.LOOPBACK),
        ("localhost", Reach.LOOPBACK),
        ("0.0.0.0", Reach.PUBLIC),
        ("192.168.1.5", Reach.PUBLIC),
        ("segue.example", Reach.PUBLIC),
    ],
)
def test_who_serves_this_machine_only_may_send_to_it(host, reach):
    assert default_reach(host) is reach


def _dead(running, endpoint):
    return [letter.transition.id for letter in running.webhooks.dead_letters(endpoint.id)]


def _until(holds, seconds=60.0):
    """Look until it holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)
