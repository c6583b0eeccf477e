"""A store that serves works on one thread, and on all of them where much is read."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from segue.adapters.duckdb_store import DuckDBStore
from segue.timeline.parts import Codebook
from tests.adapters.stores import event, table


def threads(store: DuckDBStore) -> int:
    """How many threads DuckDB works with."""
    with store._db.cursor() as db:
        ((count,),) = db.execute("SELECT current_setting('threads')").fetchall()
    return int(count)


@pytest.fixture
def store(tmp_path: Path):
    made = DuckDBStore.open(tmp_path / "segue.duckdb")
    yield made
    made.close()


def test_all_threads_work_until_they_are_spared(store: DuckDBStore) -> None:
    whole = threads(store)
    store.spare()

    assert (whole, threads(store)) == (store._workers.all, 1)


def test_what_is_large_uses_all_of_them_the_last_gives_them_back(store: DuckDBStore) -> None:
    store.spare()
    with store._workers.large():
        with store._workers.large():
            assert threads(store) == store._workers.all
        assert threads(store) == store._workers.all
    assert threads(store) == 1


def test_what_reads_everything_may_fail_and_still_gives_them_back(store: DuckDBStore) -> None:
    store.spare()
    with pytest.raises(RuntimeError), store._workers.large():
        raise RuntimeError
    assert threads(store) == 1


def test_they_are_spared_before_and_after_an_erasure(store: DuckDBStore) -> None:
    """The file is written anew, and opened again."""
    store.append(table(event("ann", "came", 1), event("ben", "came", 2)), received_at=3)
    store.spare()
    store.erase("ann")
    assert threads(store) == 1


def test_readers_and_a_writer_go_on_while_threads_come_and_go(store: DuckDBStore) -> None:
    """Nobody waits for ever."""
    store.spare()
    seen: list[int] = []

    def read() -> None:
        for _ in range(20):
            part = store.everything([], Codebook())
            seen.append(len(part.whos))

    readers = [threading.Thread(target=read) for _ in range(3)]
    for one in readers:
        one.start()
    for number in range(20):
        pair = (event(f"{who}{number}", "came", number + 1) for who in "ab")
        store.append(table(*pair), received_at=100)
    for one in readers:
        one.join(60)

    assert len(seen) == 60
    assert threads(store) == 1
