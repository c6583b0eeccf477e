"""Kills, disks, hostile and slow senders, endpoints that hang: `tests.live.faults.run` in short."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from segue.adapters.duckdb_store import DuckDBStore
from tests.adapters.receiver import HANG, receiving
from tests.http.running import Running, running
from tests.live.faults import disks
from tests.live.faults.hostile import Held, crawl, pelt, probe
from tests.live.faults.kills import PROJECT
from tests.live.faults.run import killed, pelted
from tests.live.process import Server

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="limits are set and looked up as Linux does"
)

MEGABYTE = 1 << 20

REFUSED = """
import os, sys
from pathlib import Path
from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.errors import StoreError
from tests.adapters.stores import event, table

folder = Path(sys.argv[1])
DuckDBStore.open(folder / "segue.duckdb").close()
store = DuckDBStore.open(folder / "segue.duckdb")
folder.chmod(0o555)
try:
    store.append(table(event("ana", "look", 1)), received_at=1)
except StoreError as error:
    print(type(error).__name__, "may write to it" in error.hint, store.extent().events)
folder.chmod(0o755)
print(store.append(table(event("ana", "look", 1)), received_at=1).stored)
store.close()
"""

MOVING = """
import sys
from segue.adapters.duckdb_store import DuckDBStore
from tests.adapters.stores import event, table
store = DuckDBStore.open(sys.argv[1])
store._db.execute("SET checkpoint_threshold = '20 KB'")
first = store.extent().events // 100
for batch in range(first, first + 1_000):
    rows = (event(f"p{i}", "x", batch, {"batch": batch, "noise": "%x" % i ** 40}) for i in range(100))
    print(batch, store.append(table(*rows), received_at=1).stored, flush=True)
"""


# ------------------------------------------------------------------------------------------- kills


def test_a_server_that_is_killed_loses_nothing_and_repeats_nothing() -> None:
    """Acknowledged events, published transitions, messages to a webhook."""
    found = killed(3, 5)

    assert not found["failures"]
    assert found["kills"] >= 3
    assert found["events_stored"] >= found["events_acknowledged"] > 0
    assert found["messages_to_it"] >= found["transitions_a_webhook_was_told_of"]
    assert found["transitions"] > 0


def test_a_store_that_is_killed_while_it_moves_its_log_into_the_file(
    tmp_path: Path, repository: Path
) -> None:
    """Every other commit does that here; of every batch all is there or nothing."""
    chance, path, last = random.Random(1), tmp_path / "segue.duckdb", -1
    for _ in range(6):
        command = [sys.executable, "-c", MOVING, str(path)]
        with subprocess.Popen(command, cwd=repository, stdout=subprocess.PIPE, text=True) as writer:
            for _ in range(chance.randint(2, 30)):
                last, stored = map(int, writer.stdout.readline().split())
                assert stored == 100
            time.sleep(chance.uniform(0, 0.03))
            writer.kill()
        store = DuckDBStore.open(path)
        events = store.extent().events
        store.close()
        assert events % 100 == 0
        assert events >= 100 * (last + 1)


# ------------------------------------------------------------------------------------------- disks


def test_a_full_disk_costs_patience_only(tmp_path: Path) -> None:
    """It says 507 and that it is not ready, still answers, and goes on when there is room."""
    found = disks.fill_limited(tmp_path, seed=1)

    assert not found.failures
    assert found.refused >= 3
    assert set(found.statuses) == {200, 507}
    assert found.read_while_full


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_server_says_that_it_may_not_write(what: str, tmp_path: Path) -> None:
    code, said = disks.refuse_to_start(tmp_path, what)

    assert code == 2
    assert "Permission denied" in said
    assert "Traceback" not in said


def test_a_folder_that_becomes_read_only(tmp_path: Path, repository: Path) -> None:
    """A commit that fails for it is an error of the store with advice, and can be tried again."""
    done = subprocess.run(
        [sys.executable, "-c", REFUSED, str(tmp_path)],
        cwd=repository,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=disks.obey_modes,
    )

    assert done.stdout == "StoreError True 0\n1\n", done.stderr


# ----------------------------------------------------------------------------- hostile senders


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    with Server(tmp_path_factory.mktemp("hostile"), PROJECT).running() as server:
        yield server


def test_malformed_payloads(server: Server) -> None:
    """No 5xx, no connection that breaks, nothing that stays open."""
    pelt(server.port, 100, 1, senders=10)
    before = Held.by(server.pid)
    found = pelt(server.port, 1_000, 2, senders=10)
    after = Held.by(server.pid)

    assert not found.bad_answers
    assert found.unanswered == 0
    assert {200, 400, 401} <= set(found.statuses)
    assert (after.files, after.threads) <= (before.files + 4, before.threads + 4)
    assert after.memory < before.memory + 96 * MEGABYTE


def test_what_the_openapi_document_allows_and_forbids(server: Server) -> None:
    found = probe(server, examples=3, number=4)

    assert not found.bad_answers
    assert found.requests > 80
    assert server.ready()[0] == 200


def test_right_events_survive_wrong_ones() -> None:
    """Each is stored once, and what is published fits."""
    found = pelted(300, 1, 3)

    assert [one["failures"] for one in found.values()] == [[], [], []]
    assert found["payloads"]["good_events_answered_200"] > 50


def test_slow_senders_hold_little_and_hold_nobody_up(server: Server) -> None:
    """Each has sent most of a body of 400 kB; somebody else is answered as ever."""
    before = Held.by(server.pid).memory
    found = crawl(server, senders=150, size=400_000, seconds=3)

    assert found.connected == 150
    assert not found.wrongs
    assert found.others
    assert found.most_memory < before + 150 * 400_000 + 96 * MEGABYTE


# ----------------------------------------------------------------------------- endpoints that hang


def _webhook(server: Running, url: str) -> None:
    wanted: dict[str, Any] = {"url": url, "live_only": False}
    headers = {"Authorization": f"Bearer {server.secret_key}"}
    server.client.post("/api/webhooks", json=wanted, headers=headers).raise_for_status()


def test_an_endpoint_that_hangs_holds_nobody_up(tmp_path: Path) -> None:
    """Events are taken, others are told, and the server ends."""
    with receiving(then=HANG) as stuck, receiving() as well, running(tmp_path) as server:
        _webhook(server, stuck.url)
        _webhook(server, well.url)
        for number in range(30):
            event = {"userId": f"p{number}", "event": "buy"}
            assert server.send("/v1/track", json=event).status_code == 200

        assert stuck.wait_for(1)
        assert len({one.headers["webhook-id"] for one in well.wait_for(30)}) == 30
