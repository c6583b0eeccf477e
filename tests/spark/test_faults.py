"""Workers and drivers that are killed: the result is the same, or there is none."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from segue.adapters.spark.manifest import published
from tests.conftest import ROOT
from tests.spark.cluster import Cluster, running
from tests.spark.growing_folder import (
    FIRST,
    SECOND,
    THIRD,
    Folder,
    event,
    latest_of,
    memberships,
)

_PATIENCE = 240.0
MANY = [event(f"m{i}", "cart", i % 9 + (i % 83) / 100) for i in range(3000)]


@pytest.fixture(scope="module")
def own() -> Iterator[Cluster]:
    """A cluster that tests may break."""
    with running() as cluster:
        yield cluster


@contextlib.contextmanager
def driving(own: Cluster, folder: Folder) -> Iterator[subprocess.Popen[bytes]]:
    """A driver in a process of its own, at a run of the folder."""
    driver = subprocess.Popen(
        [sys.executable, "-m", "tests.spark.driver", own.master, str(folder.place)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield driver
    finally:
        driver.kill()
        driver.communicate(timeout=_PATIENCE)


def wait_for(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def has_begun(folder: Folder, table: str) -> None:
    """Wait until a run begins to write a table."""
    wait_for(lambda: any((folder.place / "runs" / table).glob("run=*")))


def is_published(driver: subprocess.Popen[bytes]) -> bool:
    assert driver.stdout is not None
    return driver.stdout.readline() == b"published\n"


def test_a_worker_that_dies_in_the_middle(
    own: Cluster, spark: SparkSession, tmp_path: Path
) -> None:
    """Killed while the run writes its log, and another one comes: what it had done is done again."""
    folder = Folder(spark, tmp_path)
    folder.add([*FIRST, *MANY])
    with driving(own, folder) as driver:
        has_begun(folder, "log")
        own.kill_worker()
        own.add_worker()
        assert is_published(driver)

    assert memberships(latest_of(folder)) == folder.expected()


@pytest.mark.parametrize("table", ["log", "spans"])
def test_a_driver_that_dies_in_the_middle_published_nothing(
    table: str, own: Cluster, spark: SparkSession, tmp_path: Path
) -> None:
    """The next run does all of it; what the dead one wrote is named by nothing."""
    folder = Folder(spark, tmp_path)
    folder.add([*FIRST, *MANY])
    with driving(own, folder):
        has_begun(folder, table)
    assert published(spark, str(tmp_path / "runs")) == []

    found = folder.run()

    assert memberships(found) == folder.expected()
    assert found.manifest.log == (found.manifest.run,)


def test_a_driver_that_dies_between_runs(own: Cluster, spark: SparkSession, tmp_path: Path) -> None:
    """The next one goes on from what was published."""
    folder = Folder(spark, tmp_path)
    folder.add(FIRST)
    with driving(own, folder) as driver:
        assert is_published(driver)
    folder.add([*SECOND, *THIRD])

    found = folder.run()

    assert memberships(found) == folder.expected()
    assert len(found.manifest.log) == 2


def test_somebody_with_half_of_all_events_and_tasks_without_anybody(
    spark: SparkSession, tmp_path: Path
) -> None:
    """Three people for more tasks than that, one of them with ten thousand events."""
    folder = Folder(spark, tmp_path)
    folder.add([event("busy", "cart", i / 500, n=i) for i in range(10_000)])
    folder.add([event(f"p{i % 2}", "purchase", i % 20) for i in range(20)])
    assert memberships(folder.run()) == folder.expected()
