"""The served demo: a past that ends now, and people who go on living at the present time."""

import json
import threading

import pytest

from segue.adapters.wire.decoded import Policy
from segue.adapters.wire.linked import LinkedPairs
from segue.adapters.wire.segment import decode_segment
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
from segue.demo import DAYS, START, stream
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
