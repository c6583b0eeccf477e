"""The served demo: a past that ends now, and people who go on living at the present time."""

import threading
from concurrent.futures import Future

import pytest

from segue.bootstrap.demo_traffic import (
    FOLDER,
    Paced,
    Traffic,
    note_reached,
    past,
    reached,
    served_workspace,
    shift,
)
from segue.bootstrap.engine import Engine
from segue.bootstrap.workspace import Workspace
from segue.demo import DAYS, START, stream
from segue.domain.errors import BusyError, InputError, StoreError
from segue.domain.instant import DAY, HOUR, MINUTE, SECOND, WEEK, parse_instant
from segue.services.live.intake import Receipt

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
    """Takes batches as a live service does; the first answers may be errors."""

    def __init__(self, *errors):
        self._errors = list(errors)
        self._changed = threading.Condition()
        self.batches = []

    def submit(self, batch):
        with self._changed:
            if self._errors:
                error = self._errors.pop(0)
                if isinstance(error, BusyError):
                    raise error
                batch.stored.set_exception(error)
                return batch.stored
            self.batches.append(batch)
            self._changed.notify_all()
        done = Future()
        done.set_result(Receipt(len(batch)))
        return done

    def wait_for(self, events):
        def enough():
            return sum(map(len, self.batches)) >= events

        with self._changed:
            assert self._changed.wait_for(enough, 20)


@pytest.mark.parametrize(
    "errors", [(), (BusyError("full", retry_after=0), StoreError("no disk"))], ids=["well", "ill"]
)
def test_traffic_goes_in_until_it_is_stopped_and_goes_on_where_it_was(tmp_path, errors):
    """Every event once, whatever the service answers meanwhile and however often it stops."""
    begin = START + 30 * DAY
    note_reached(tmp_path, begin)
    clock = iter(range(NOW, NOW + DAY, 5 * MINUTE))
    sent = []
    for wanted in (20, 20):
        sink = Sink(*errors)
        traffic = Traffic(tmp_path, sink.submit, clock.__next__, speed=60.0)
        traffic.start()
        sink.wait_for(wanted)
        traffic.stop()
        sent += [event_id for batch in sink.batches for event_id in batch.event_id]
        assert all(
            at <= batch.received_at + SECOND for batch in sink.batches for at in batch.occurred_at
        )

    expected = stream(after=begin)
    assert sent == [next(expected).event_id for _ in sent]
    assert reached(tmp_path) > begin
