"""The served demo: a past that ends now, and people who go on living at the present time."""

import asyncio
import json
import threading

import httpx
import pytest

from segue.adapters.wire.decoded import Policy
from segue.adapters.wire.linked import LinkedPairs
from segue.adapters.wire.segment import decode_segment
from segue.bootstrap.demo_readers import Mailbox, Pages, Readings
from segue.bootstrap.demo_traffic import (
    FOLDER,
    Paced,
    Traffic,
    message_of,
    note_reached,
    past,
    reached,
    served_workspace,
    shift,
)
from segue.bootstrap.engine import Engine
from segue.bootstrap.workspace import Workspace
from segue.demo import DAYS, START, StreamedEvent, stream
from segue.domain.acting import Message
from segue.domain.campaigns import Channel
from segue.domain.errors import BusyError, InputError
from segue.domain.instant import DAY, HOUR, MINUTE, WEEK, parse_instant

NOW = parse_instant("2027-02-11T15:30:00Z")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A served workspace, made once."""
    return served_workspace(tmp_path_factory.mktemp("demo"), NOW)


def test_the_past_ends_now_and_keeps_weekdays_and_hours():
    moved = past(NOW)["occurred_at"].cast("int64").to_pylist()

    assert (moved[0] - next(stream()).occurred_at) % WEEK == 0
    assert NOW - 3 * HOUR < moved[-1] <= NOW
    assert DAYS * DAY <= NOW - moved[0] + DAY <= DAYS * DAY + WEEK + DAY


def test_the_workspace_holds_that_past_and_the_demo_beside_it_is_not_touched(served):
    with Engine.open(served) as engine:
        extent = engine.extent()

    assert served.name == FOLDER
    assert NOW - 3 * HOUR < extent.last_at <= NOW
    assert not Workspace(served.parent).exists
    assert reached(served) == NOW - shift(NOW)


def test_a_second_run_takes_the_workspace_as_it_is(served):
    note_reached(served, reached(served) + HOUR)
    before = reached(served)

    assert served_workspace(served.parent, NOW + DAY) == served
    assert reached(served) == before


def test_a_damaged_note_says_what_to_do(tmp_path):
    (tmp_path / "traffic").write_text("soon")

    with pytest.raises(InputError) as caught:
        reached(tmp_path)
    assert "begin anew" in caught.value.hint


@pytest.mark.parametrize("speed", [1.0, 60.0, 0.5])
def test_what_happens_after_the_past_happens_at_the_present_at_its_pace(speed):
    begin = START + 10 * DAY
    paced = Paced(begin, NOW, speed)
    simulated = [one for one, _ in zip(stream(after=begin), range(50), strict=False)]

    told = []
    while len(told) < 50:
        assert paced.due(paced.next_at - 1) == []
        told += paced.due(paced.next_at)

    for real, one in zip(told, simulated, strict=False):
        assert real.event_id == one.event_id
        assert abs(real.occurred_at - NOW - (one.occurred_at - begin) / speed) < 1


class Sink:
    """Takes events as a server does; the first answers may be errors."""

    def __init__(self, *errors):
        self._errors = list(errors)
        self._changed = threading.Condition()
        self.events = []

    def send(self, events):
        with self._changed:
            if self._errors:
                raise self._errors.pop(0)
            self.events += events
            self._changed.notify_all()

    def wait_for(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.events) >= count, 20)


@pytest.mark.parametrize(
    "errors", [(), (BusyError("full", retry_after=0), InputError("no"))], ids=["well", "ill"]
)
def test_traffic_goes_in_until_it_is_stopped_and_goes_on_where_it_was(tmp_path, errors):
    """Every event once, whatever the service answers meanwhile and however often it stops."""
    begin = START + 30 * DAY
    note_reached(tmp_path, begin)
    clock = iter(range(NOW, NOW + DAY, 5 * MINUTE))
    sent = []
    for wanted in (20, 20):
        sink = Sink(*errors)
        traffic = Traffic(tmp_path, sink.send, clock.__next__, speed=60.0)
        traffic.start()
        sink.wait_for(wanted)
        traffic.stop()
        sent += [one.event_id for one in sink.events]

    expected = stream(after=begin)
    assert sent == [next(expected).event_id for _ in sent]
    assert reached(tmp_path) > begin


def test_a_simulated_event_is_sent_as_an_sdk_sends_it():
    """What is stored is what the simulation says."""
    events = [one for one, _ in zip(stream(), range(3_000), strict=False)]
    body = json.dumps({"batch": [message_of(one) for one in events]}).encode()

    policy = Policy(new_id=str, linked=LinkedPairs())

    decoded = decode_segment(body, path_type="batch", received_at=NOW, policy=policy)

    stored = {
        event_id: (who, event, at, json.loads(properties))
        for event_id, who, event, at, properties in zip(
            decoded.event_id,
            decoded.distinct_id,
            decoded.event,
            decoded.occurred_at,
            decoded.properties,
            strict=True,
        )
    }
    assert not decoded.rejected
    for one in events:
        properties = json.loads(one.properties)
        assert stored[one.event_id] == (one.person_id, one.event, one.occurred_at, properties)


# ----------------------------------------------------------------------------- people who read


def test_every_e_mail_arrives_and_is_read():
    readings = Readings()
    carried = asyncio.run(
        Mailbox(readings.note).carry(
            Message("d1", "come_back", "user-000001", Channel.EMAIL, "a@b.example", {})
        )
    )

    assert carried.taken
    assert list(readings.take()) == [("user-000001", "come_back")]
    assert list(readings.take()) == []


def _page(items):
    """A server that tells every page to show these items; what it was sent."""
    sent = []

    def answer(request):
        body = json.loads(request.content)
        sent.append((request.url.path, body))
        told = {"items": items} if request.url.path == "/v1/decide" else {}
        return httpx.Response(200, json=told)

    client = httpx.Client(transport=httpx.MockTransport(answer), base_url="http://page")
    return client, sent


ITEM = {"id": "d1", "campaign_id": "upgrade_prompt", "variant": "a", "segments": ["high_intent"]}
VIEW = StreamedEvent("user-000001", "$pageview", 1, "e1", "{}")


@pytest.mark.parametrize(
    ("item", "facts", "is_told"),
    [
        pytest.param({"kind": "message"}, ["$message_shown"], True, id="a message"),
        pytest.param(
            {"kind": "message", "control": True}, ["$message_shown"], False, id="held out"
        ),
        pytest.param({"kind": "message", "shown": True}, [], False, id="there already"),
        pytest.param(
            {"kind": "survey", "questions": [{"id": "why", "kind": "text"}], "id": "d7"},
            ["$survey_shown", "$survey_answered"],
            True,
            id="a survey that is answered",
        ),
        pytest.param(
            {"kind": "survey", "questions": [{"id": "why", "kind": "text"}], "id": "d3"},
            ["$survey_shown"],
            True,
            id="a survey that is not",
        ),
    ],
)
def test_what_a_page_says_it_showed(item, facts, is_told):
    readings = Readings()
    client, sent = _page([ITEM | item])
    with client:
        Pages(client, "wk", readings.note).opened([VIEW, VIEW])

    asked = [body for path, body in sent if path == "/v1/decide"]
    batches = [body["batch"] for path, body in sent if path == "/v1/batch"]
    assert [one["userId"] for one in asked] == ["user-000001"]
    assert [fact["event"] for batch in batches for fact in batch] == facts
    assert bool(list(readings.take())) is is_told


def test_a_page_that_gets_no_answer_shows_nothing():
    client = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(503)), base_url="http://page"
    )
    with client, pytest.raises(InputError, match="503"):
        Pages(client, "wk", print).opened([VIEW])


def test_whoever_is_told_reacts_at_the_pace_of_the_traffic():
    paced = Paced(START + 20 * DAY, NOW, speed=1_000.0)
    started = next(
        one for _ in range(5_000) for one in paced.due(paced.next_at) if one.event == "user_created"
    )
    for campaign_id in ("core_feature_guide", "onboarding_support", "advanced_guide"):
        paced.tell(started.person_id, campaign_id, started.occurred_at)
    later = paced.due(started.occurred_at + HOUR)

    assert all(one.occurred_at >= started.occurred_at for one in later)
