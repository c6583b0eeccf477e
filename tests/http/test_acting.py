"""Campaigns of a server at work: real sockets on both sides, real clock, real threads."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.campaigns import Because, Channel, State
from segue.domain.signing import verify
from segue.services.acting.links import campaign_secret
from segue.services.live.intake import Batch, Receipt
from tests.adapters.receiver import HANG, Receiver, Reply, receiving, receiving_by
from tests.http.running import Running, running

PROJECT = """\
project: shop
segments:
  lookers: {when: did look within 7 days}
  told: {when: did "$message_delivered"}
messaging:
  holdout: 0%
campaigns:
  nudge:
    segment: lookers
    when: entering
    already_in: skip
    channel: webhook
    to: RECEIVER
    payload: {name: "{{ person.name | default('you') }}"}
"""


def project(receiver: Receiver, more: str = "") -> str:
    return PROJECT.replace("RECEIVER", receiver.url) + more


def wait_until(holds: Callable[[], Any], seconds: float = 60.0) -> Any:
    """What it says, once it is something."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "it never came true"
        time.sleep(0.01)
    return found


def look(
    server: Running, *people: str, event: str = "look", ago: int = 0, **properties: Any
) -> None:
    at = server.context.clock() - ago
    messages = [
        {
            "type": "track",
            "userId": who,
            "event": event,
            "properties": properties,
            "messageId": f"{who}/{event}/{at}",
            "timestamp": at,
        }
        for who in people
    ]
    assert server.send("/v1/batch", json={"batch": messages}).status_code == 200


def states(server: Running) -> list[tuple[str, str]]:
    rows = server.serving.store.deliveries(limit=10_000)
    return sorted((one.person_id, one.state.value) for one in rows)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def test_who_enters_a_segment_is_told_of_on_the_wire(tmp_path: Path, receiver: Receiver) -> None:
    """Signed, under the id of the one row; that it came is an event, of which a segment knows."""
    with running(tmp_path, definitions=project(receiver)) as server:
        look(server, "ana")
        (request,) = receiver.wait_for(1)
        row = wait_until(lambda: server.serving.store.deliveries(states=[State.DELIVERED]))[0]
        secret = campaign_secret(server.serving.store.link_secret(), "nudge")
        said = verify(secret, request.headers, request.body, server.context.clock())
        assert (said["id"], said["payload"]) == (row.id, {"name": "you"})
        assert request.headers["webhook-id"] == row.id
        assert ("ana", "$message_delivered") in server.events()
        counted = server.client.get("/metrics").text
        assert 'segue_deliveries_total{channel="webhook",state="delivered"} 1.0' in counted
        assert 'segue_delivery_seconds_count{channel="webhook"} 1.0' in counted
        assert 'segue_deliveries_held{channel="webhook"} 0.0' in counted
        standing = server.ask("/api/people/ana/segments").json()
        assert {one["segment_id"] for one in standing["segments"]} == {"lookers", "told"}


def test_imports_and_new_definitions_message_nobody(tmp_path: Path, receiver: Receiver) -> None:
    """A campaign is switched on, then a year of history comes: nothing is sent, no row is made."""
    with running(tmp_path, definitions=project(receiver)) as server:
        lines = [
            json.dumps(
                {"person_id": f"p{n}", "event": "look", "occurred_at": f"2026-{1 + n % 9:02d}-03"}
            )
            for n in range(500)
        ]
        secret = {
            "Authorization": f"Bearer {server.secret_key}",
            "Content-Type": "application/jsonl",
        }
        answer = server.client.post("/api/import", content="\n".join(lines), headers=secret)
        assert answer.status_code == 200, answer.text
        path = server.context.workspace.definitions
        path.write_text(path.read_text().replace("within 7 days", "within 5000 days"))
        assert server.serving.look_at_project()
        look(server, "late", ago=3 * 3_600_000)
        look(server, "ana")
        receiver.wait_for(1)
        wait_until(lambda: states(server) == [("ana", "delivered")])
        assert len(receiver.received) == 1


def test_each_campaign_acts_upon_what_is_as_late_as_it_says(
    tmp_path: Path, receiver: Receiver
) -> None:
    """An event that comes three hours late: for the one that allows for five, in time; for the
    other, an hour is the most. Whoever shortens it again has none of that, and who lengthens it in
    the studio has."""
    patient = PROJECT[PROJECT.index("  nudge:") :].replace("nudge", "patient")
    with running(
        tmp_path,
        definitions=project(receiver)
        + patient.replace("RECEIVER", receiver.url)
        + "    max_age: 5 hours\n",
    ) as server:
        look(server, "ana", ago=3 * 3_600_000)
        (request,) = receiver.wait_for(1)
        assert json.loads(request.body)["campaign_id"] == "patient"
        store = server.serving.store
        (late,) = wait_until(lambda: store.deliveries(campaign_id="nudge"))
        assert late.because is Because.TOO_LATE
        assert "the campaign acts within 1 hour" in late.detail

        path = server.context.workspace.definitions
        path.write_text(path.read_text().replace("max_age: 5 hours", "max_age: 1 hour"))
        assert server.serving.look_at_project()
        look(server, "ben", ago=3 * 3_600_000)
        look(server, "eva")
        wait_until(lambda: len(store.deliveries(states=[State.DELIVERED])) == 3)
        assert "ben" not in {one.person_id for one in store.deliveries()}

        server.serving.change_definitions(lambda text: text.replace("1 hour", "5 hours"))
        look(server, "dan", ago=3 * 3_600_000)
        wait_until(lambda: len(store.deliveries(states=[State.DELIVERED])) == 4)
        assert "dan" in {one.person_id for one in store.deliveries()}


def test_campaigns_that_are_edited_are_in_force(tmp_path: Path, receiver: Receiver) -> None:
    """Though the segments stay as they are."""
    with running(tmp_path, definitions=project(receiver)) as server:
        path = server.context.workspace.definitions
        path.write_text(path.read_text().replace("default('you')", "default('friend')"))
        assert server.serving.look_at_project()
        look(server, "ana")
        assert json.loads(receiver.wait_for(1)[0].body)["payload"] == {"name": "friend"}


def test_a_slow_channel_holds_up_no_other(tmp_path: Path) -> None:
    """A hundred messages hang on one channel; those of the other arrive."""
    more = """
  line:
    segment: lookers
    when: entering
    already_in: skip
    channel: console
    body: hello
"""
    with (
        receiving_by(lambda *_: HANG) as slow,
        running(tmp_path, definitions=project(slow, more)) as server,
    ):
        look(server, *(f"p{n}" for n in range(100)))
        store = server.serving.store
        wait_until(
            lambda: len(store.deliveries(campaign_id="line", states=[State.DELIVERED])) == 100
        )
        assert len(store.deliveries(campaign_id="nudge", states=[State.SENDING])) == 100


def test_a_slow_host_holds_up_no_other(tmp_path: Path, receiver: Receiver) -> None:
    """A hundred webhooks hang at one host; those of the same campaign's people arrive at another."""
    other = PROJECT[PROJECT.index("  nudge:") :].replace("nudge", "other")
    with (
        receiving_by(lambda *_: HANG) as slow,
        running(
            tmp_path, definitions=project(slow) + other.replace("RECEIVER", receiver.url)
        ) as server,
    ):
        look(server, *(f"p{n}" for n in range(100)))
        receiver.wait_for(100)
        store = server.serving.store
        wait_until(
            lambda: len(store.deliveries(campaign_id="other", states=[State.DELIVERED])) == 100
        )
        assert len(store.deliveries(campaign_id="nudge", states=[State.SENDING])) == 100


def test_what_was_on_the_wire_at_the_end_is_sent_again(tmp_path: Path) -> None:
    """Under its id, at the next start."""
    with receiving(then=HANG) as slow:
        text = project(slow)
        with running(tmp_path, definitions=text) as server:
            look(server, "ana")
            (first,) = slow.wait_for(1)
            port = slow.port
        assert states_of(tmp_path) == [("ana", "sending")]
        with running(tmp_path) as server:
            again = slow.wait_for(2)[1]
            assert again.headers["webhook-id"] == first.headers["webhook-id"]
            assert slow.port == port


def states_of(folder: Path) -> list[tuple[str, str]]:
    """What a workspace that nobody serves says."""
    store = DuckDBStore.open(folder / "segue.duckdb")
    rows = store.deliveries()
    store.close()
    return [(one.person_id, one.state.value) for one in rows]


def test_one_switch_stops_everything(tmp_path: Path, receiver: Receiver) -> None:
    with running(tmp_path, definitions=project(receiver)) as server:
        server.serving.actor.stop_everything()
        look(server, "ana")
        wait_until(lambda: states(server) == [("ana", "refused")])
        server.serving.actor.go_on()
        look(server, "ben")
        receiver.wait_for(1)
        wait_until(lambda: ("ben", "delivered") in states(server))
        assert len(receiver.received) == 1


def test_dead_letters_are_replayed(tmp_path: Path) -> None:
    with (
        receiving(Reply(404), then=Reply(200)) as receiver,
        running(tmp_path, definitions=project(receiver)) as server,
    ):
        look(server, "ana")
        wait_until(lambda: states(server) == [("ana", "failed")])
        assert server.serving.actor.replay() == 1
        wait_until(lambda: states(server) == [("ana", "delivered")])
        one, other = receiver.received
        assert one.headers["webhook-id"] == other.headers["webhook-id"]


def test_pages_are_told_when_something_is_offered(tmp_path: Path, receiver: Receiver) -> None:
    """Whoever listens hears for whom in-app messages changed."""
    more = """
  card:
    segment: lookers
    when: inside
    already_in: skip
    channel: in_app
    body: Welcome
"""
    with running(tmp_path, definitions=project(receiver, more)) as server:
        heard: list[Any] = []
        stop = server.serving.actor.listen(heard.append)
        look(server, "ana")
        code = server.serving.store.person_code
        wait_until(lambda: {code("ana")} in heard)
        (row,) = server.serving.store.deliveries(campaign_id="card")
        assert (row.state, row.channel) == (State.OFFERED, Channel.IN_APP)
        look(server, "ana", event="$message_shown", delivery_id=row.id)
        wait_until(lambda: server.serving.store.deliveries(states=[State.SHOWN]))
        stop()


def test_nobody_who_was_erased_comes_back(tmp_path: Path) -> None:
    """Not through what is said of a message that was on its way meanwhile."""
    with (
        receiving(Reply(200, after=2.0)) as slow,
        running(tmp_path, definitions=project(slow)) as server,
    ):
        look(server, "ana")
        slow.wait_for(1)
        secret = {"Authorization": f"Bearer {server.secret_key}"}
        erased = server.client.delete("/api/people/ana", headers=secret)
        assert erased.json()["remaining"] == 0
        look(server, "ben")
        wait_until(lambda: states(server) == [("ben", "delivered")])
        time.sleep(2.5)  # until the message about the other has landed
        assert server.ask("/api/people/ana").status_code == 404
        assert states(server) == [("ben", "delivered")]


def test_nobody_comes_back_who_is_erased_while_it_is_said(
    tmp_path: Path, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look whether they are still there and the turn that stores it."""
    with running(tmp_path, definitions=project(receiver)) as server:
        live, erased = server.serving.live, list[int]()
        submit = live.submit

        def late(batch: Batch) -> Future[Receipt]:
            if "$message_delivered" in batch.event and not erased:
                erased.append(live.erase("ana").result(60).events)
            return submit(batch)

        monkeypatch.setattr(live, "submit", late)
        look(server, "ana")
        wait_until(lambda: live.erasures == 2)

        assert erased == [1]
        assert server.ask("/api/people/ana").status_code == 404
        assert server.serving.store.extent().events == 0
