"""Processes that die and disks that fill: a store keeps whole batches, and says what happened."""

import subprocess
import sys
import time

import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.errors import StoreLockedError
from tests.adapters.stores import event, table

WRITER = """
import sys
from segue.adapters.duckdb_store import DuckDBStore
from tests.adapters.stores import event, table
store = DuckDBStore.open(sys.argv[1])
for batch in range(10_000):
    store.append(table(*(event(f"p{i}", "x", batch, {"batch": batch}) for i in range(500))), received_at=1)
    print(batch, flush=True)
"""

TURNER = """
import sys
from segue.adapters.duckdb_store import DuckDBStore
from tests.adapters.stores import event, table
store = DuckDBStore.open(sys.argv[1])
for number in range(10_000):
    with store.turn() as turn:
        for part in range(3):
            rows = [event(f"p{i}", "x", number, {"part": part}, id=f"{number}/{part}/{i}") for i in range(50)]
            link = event(f"ann{number}", "$identify", number, {"$anon_distinct_id": f"p{part}"}, id=f"{number}/{part}")
            turn.append(table(*rows, link), received_at=1)
        turn.ticked(number)
    print(number, flush=True)
"""

FILLER = """
import resource, sys
from segue.adapters.duckdb_store import DuckDBStore
from segue.domain.errors import StoreFullError
from tests.adapters.stores import event, table
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
store = DuckDBStore.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (6_000_000, resource.RLIM_INFINITY))
import random
random.seed(1)
stored = 0
try:
    for batch in range(1000):
        rows = [event(f"p{i}", "x", batch, {"noise": random.randbytes(300).hex()}) for i in range(500)]
        stored += store.append(table(*rows), received_at=1).stored
except StoreFullError as error:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    stored += store.append(table(*rows), received_at=1).stored
    print("full", stored, store.extent().events, error.hint, sep="|", flush=True)
"""

HOLDER = """
import sys
from segue.adapters.duckdb_store import DuckDBStore
store = DuckDBStore.open(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def start(program, path, repository):
    return subprocess.Popen(
        [sys.executable, "-c", program, str(path)],
        cwd=repository,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("batches", [1, 7])
def test_a_process_that_is_killed_leaves_whole_batches(batches, tmp_path, repository):
    """Everything that was reported is there, and of the batch in flight all or nothing."""
    path = tmp_path / "segue.duckdb"
    with start(WRITER, path, repository) as process:
        for _ in range(batches):
            last = int(process.stdout.readline())
        time.sleep(0.003 * batches)
        process.kill()
    store = DuckDBStore.open(path)
    extent = store.extent()
    assert extent.events % 500 == 0
    assert extent.events >= 500 * (last + 1)
    assert extent.people == 500
    again = table(*(event(f"p{i}", "x", last, {"batch": last}) for i in range(500)))
    assert store.append(again, received_at=2).duplicates == 500
    store.close()


@pytest.mark.parametrize("turns", [1, 6])
def test_a_process_that_is_killed_leaves_whole_turns(turns, tmp_path, repository):
    """All batches of a turn and how far it went, or nothing of it."""
    path = tmp_path / "segue.duckdb"
    with start(TURNER, path, repository) as process:
        for _ in range(turns):
            last = int(process.stdout.readline())
        time.sleep(0.004 * turns)
        process.kill()
    store = DuckDBStore.open(path)
    position, events = store.position(), store.extent().events
    assert position.ticked_at >= last
    assert events == position.next_ref == store.next_ref() == 153 * (position.ticked_at + 1)
    assert store.person_of("p0") == store.person_of("p2") == "ann0"
    assert (
        store.append(
            table(event("p1", "x", last, {"part": 0}, id=f"{last}/0/1")), received_at=2
        ).duplicates
        == 1
    )
    store.close()


def test_a_full_disk_loses_nothing(tmp_path, repository):
    """The error says so; every batch before is there, and with space again the store goes on."""
    path = tmp_path / "segue.duckdb"
    with start(FILLER, path, repository) as process:
        word, stored, seen, hint = process.stdout.read().strip().split("|")
        process.stdin.close()
    assert word == "full"
    assert stored == seen
    assert "Free some space" in hint
    store = DuckDBStore.open(path)
    assert store.extent().events == int(stored) > 0
    assert store.append(table(event("new", "y", 1)), received_at=2).stored == 1
    store.close()


def test_a_file_that_another_process_holds(tmp_path, repository):
    """Is refused until that process is gone."""
    path = tmp_path / "segue.duckdb"
    with start(HOLDER, path, repository) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(StoreLockedError, match="another process") as caught:
            DuckDBStore.open(path)
        assert "segue serve" in caught.value.hint
        process.stdin.close()
    DuckDBStore.open(path).close()
