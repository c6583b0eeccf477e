"""Running a server: health, counters, logs, the project file as it changes."""

from __future__ import annotations

import io
import json
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from segue.bootstrap import logs
from segue.bootstrap.presence import FILE, Presence, announce, server_of, withdraw
from segue.bootstrap.serving import Serving
from segue.bootstrap.settings import Settings
from segue.bootstrap.workspace import Workspace
from segue.domain.access import KeyKind
from segue.domain.errors import DefinitionError, StoreLockedError, UsageError
from segue.http.server import address_of, bound
from tests.http.running import DEFINITIONS, WRITE_KEY, Running, StubLive, running


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("shop")) as server:
        yield server


def _until(holds: Callable[[], bool]) -> None:
    """Wait for what another thread does soon."""
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


# ----------------------------------------------------------------------------------------- health


def test_the_process_is_alive_and_ready(server: Running) -> None:
    assert server.client.get("/healthz").json() == {"status": "ok"}
    ready = server.client.get("/readyz")
    assert (ready.status_code, ready.json()["ready"]) == (200, True)


def test_a_server_that_cannot_store_is_alive_and_not_ready(tmp_path: Path) -> None:
    stub = StubLive()
    stub.ready = False
    with running(tmp_path, live=stub) as server:
        ready = server.client.get("/readyz")
        alive = server.client.get("/healthz")

    assert (ready.status_code, ready.json()["trouble"]) == (503, "the disk is full")
    assert alive.status_code == 200


def test_a_loop_that_has_ended_is_not_ready(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        assert server.serving._loop is not None
        server.serving._loop.stop()
        ready = server.client.get("/readyz")

    assert (ready.status_code, ready.json()["trouble"]) == (503, "the loop has ended")


# --------------------------------------------------------------------------------------- counters


def _counters(server: Running) -> dict[str, float]:
    lines = server.client.get("/metrics").text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_what_happens_is_counted(tmp_path: Path) -> None:
    """From the start on; what a turn did is, once it has ended."""
    with running(tmp_path) as server:
        server.send("/v1/track", json={"userId": "counted", "event": "look"})
        server.send("/v1/batch", json={"batch": [{"type": "track", "userId": "counted"}]})
        server.send("/v1/track", json={}, auth=("wrong", ""))
        server.client.get("/nothing/at/all")
        _until(lambda: _counters(server)["segue_lag_seconds_count"] > 0)
        counters = _counters(server)

    assert counters["segue_events_accepted_total"] == 1
    assert counters['segue_events_rejected_total{reason="no_event"}'] == 1
    assert counters['segue_requests_total{route="/v1/track",status="200"}'] == 1
    assert counters['segue_requests_total{route="/v1/track",status="401"}'] == 1
    assert counters['segue_requests_total{route="other",status="404"}'] == 1
    assert counters["segue_people_evaluated_total"] == 1
    assert counters['segue_transitions_total{cause="event",kind="entered"}'] == 1
    assert counters["segue_lag_seconds_count"] == 1
    assert counters["segue_turn_seconds_count"] == 1
    assert counters['segue_turn_part_seconds_count{part="commit"}'] == 1
    assert counters["segue_turn_processor_seconds_total"] > 0


def test_ids_in_paths_do_not_multiply_counters(server: Running) -> None:
    for number in range(3):
        server.ask(f"/api/people/nobody-{number}")

    counters = _counters(server)

    assert counters['segue_requests_total{route="/api/people/{person_id}",status="404"}'] == 3
    assert not [name for name in counters if "nobody-" in name]


# ------------------------------------------------------------------------------------------- logs


def test_a_request_that_fails_is_logged_without_keys(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "segue"):
        response = server.client.post(
            "/v1/track?writeKey=private-key", json={"userId": "private-person"}
        )
        _until(lambda: "request" in caplog.messages)  # it is logged once it is answered

    (record,) = [one for one in caplog.records if one.getMessage() == "request"]
    assert record.__dict__["status"] == 401
    assert record.__dict__["request_id"] == response.headers["x-request-id"]
    assert "private" not in json.dumps(record.__dict__, default=str)


def test_what_goes_well_thousands_of_times_is_not_logged(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "segue"):
        server.send("/v1/track", json={"userId": "ana", "event": "look"})
        server.client.get("/healthz")

    assert not [one for one in caplog.records if one.getMessage() == "request"]


@pytest.fixture
def log_output() -> Iterator[io.StringIO]:
    """A stream for a log, and the loggers as they were."""
    root, own = logging.getLogger(), logging.getLogger("segue")
    before = list(root.handlers), root.level, own.level
    yield io.StringIO()
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    own.setLevel(before[2])


def test_a_log_for_programs_is_one_object_per_line(log_output: io.StringIO) -> None:
    logs.configure(level="info", as_json=True, stream=log_output)
    logs.configure(level="info", as_json=True, stream=log_output)  # twice changes nothing
    logging.getLogger("segue.http").info("request", extra={"status": 200, "path": "/ä\n"})
    logging.getLogger("segue.http").debug("nobody asked")
    logging.getLogger("other").info("nor this")
    try:
        int("wrong\nindeed")
    except ValueError:
        logging.getLogger("segue.loop").exception("a turn failed")

    first, second = map(json.loads, log_output.getvalue().splitlines())

    assert first["time"].endswith("Z")
    del first["time"]
    assert first == {
        "level": "info",
        "logger": "segue.http",
        "message": "request",
        "status": 200,
        "path": "/ä\n",
    }
    assert (second["level"], second["message"]) == ("error", "a turn failed")
    assert "ValueError" in second["error"]


def test_a_log_for_people_is_one_line_each(log_output: io.StringIO) -> None:
    logs.configure(level="warning", as_json=False, stream=log_output)
    logging.getLogger("segue.http").info("nobody asked")
    logging.getLogger("segue.loop").warning("a turn failed", extra={"seconds": 2})

    (line,) = log_output.getvalue().splitlines()

    assert line.endswith("warning: a turn failed seconds=2")


# --------------------------------------------------------------------------------- rejected events


def test_rejected_events_come_to_the_store(server: Running) -> None:
    headers = {"User-Agent": "analytics-python/2.4.0"}
    server.send("/v1/track", json={"event": "look", "messageId": "m-rejected"}, headers=headers)

    _until(lambda: bool(_rejected(server, "m-rejected")))

    (one,) = _rejected(server, "m-rejected")
    assert one.reason.startswith("no_id: ")
    assert (one.sdk, one.key_name) == ("analytics-python/2.4.0", "default")


def _rejected(server: Running, message_id: str) -> list:
    events = server.serving.store.rejected_events(100)
    return [one for one in events if one.message_id == message_id]


# -------------------------------------------------------------------------------- the project file


def test_a_project_file_that_changes_is_put_in_force(tmp_path: Path) -> None:
    """Without a restart; one that is broken changes nothing and is told of."""
    with running(tmp_path) as server:
        server.send("/v1/track", json={"userId": "ana", "event": "sign"})
        file = server.serving.workspace.definitions
        file.write_text(DEFINITIONS + "  signed:\n    when: did sign\n", "utf-8")
        _until(lambda: len(server.context.live.segments()) == 3)
        segments = {one.segment_id: one.size for one in server.context.live.segments()}

        file.write_text("segments:\n  signed:\n    when: did did\n", "utf-8")
        _until(lambda: bool(server.client.get("/readyz").json()["definitions"]))
        broken = server.client.get("/readyz")
        still = len(server.context.live.segments())

        file.write_text(DEFINITIONS, "utf-8")
        _until(lambda: len(server.context.live.segments()) == 2)
        _until(lambda: not server.client.get("/readyz").json()["definitions"])

    assert segments["signed"] == 1
    assert (broken.status_code, still) == (200, 3)
    assert "segue.yaml:3" in broken.json()["definitions"]


# --------------------------------------------------------------------------- beginning and ending


def test_the_first_keys_are_made_once(tmp_path: Path) -> None:
    Workspace(tmp_path).create(DEFINITIONS)
    told = []
    for _ in range(2):
        with Serving.open(Workspace(tmp_path), Settings(port=0)) as serving:
            told.append(serving.start("http://x", turned=lambda _: None))

    first, second = told
    assert first.secret_key is not None
    assert second.secret_key is None
    assert first.write_key == second.write_key


def test_a_write_key_may_be_given(tmp_path: Path) -> None:
    """It is taken beside those that are there, also at the next start."""
    with running(tmp_path) as server:
        before = server.serving.store.keys()
        assert (KeyKind.WRITE, WRITE_KEY) in {(one.kind, one.text) for one in before}
    with running(tmp_path) as server:
        after = server.serving.store.keys()

    assert after == before


def test_others_on_this_machine_find_the_server(tmp_path: Path) -> None:
    """By a file that only its owner may read, which is gone when the server ends."""
    with running(tmp_path) as server:
        found = server_of(server.serving.workspace)
        assert found is not None
        assert found.address == server.address
        assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
        headers = {"Authorization": f"Bearer {found.secret}"}
        assert server.client.get("/api/segments", headers=headers).status_code == 200

    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"address": 1, "pid": "x", "secret": 2}', "\xff"]
)
def test_a_file_that_nobody_wrote_is_no_server(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text, "latin-1")

    assert server_of(Workspace(tmp_path)) is None


def test_a_server_that_was_killed_is_recognised(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    dead = Presence("http://127.0.0.1:1", 2**22 + 1, "s")
    announce(workspace, dead)

    assert server_of(workspace) is None

    withdraw(workspace, Presence("http://127.0.0.1:2", 1, "another"))
    assert (tmp_path / FILE).exists()
    withdraw(workspace, dead)
    assert not (tmp_path / FILE).exists()


def test_a_workspace_that_is_served_is_not_served_twice(tmp_path: Path) -> None:
    with running(tmp_path) as server, pytest.raises(StoreLockedError) as refused:
        Serving.open(server.serving.workspace, Settings())

    assert server.address in str(refused.value)


def test_definitions_that_are_broken_are_not_served(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path).create("segments:\n  a:\n    when: did did\n")

    with pytest.raises(DefinitionError):
        Serving.open(workspace, Settings())


@pytest.mark.parametrize("host", ["nowhere.invalid", "999.1.1.1", "192.0.2.1"])
def test_an_address_that_is_none_is_refused(host: str) -> None:
    with pytest.raises(UsageError):
        bound(host, 0)


def test_a_port_that_is_taken_is_refused() -> None:
    with bound("127.0.0.1", 0) as listener:
        listener.listen()
        with pytest.raises(UsageError, match="Cannot listen"):
            bound("127.0.0.1", listener.getsockname()[1])


@pytest.mark.parametrize(
    ("host", "reachable"), [("127.0.0.1", "127.0.0.1"), ("0.0.0.0", "127.0.0.1")]
)
def test_the_address_is_one_that_can_be_reached(host: str, reachable: str) -> None:
    with bound(host, 0) as listener:
        assert address_of(listener) == f"http://{reachable}:{listener.getsockname()[1]}"
