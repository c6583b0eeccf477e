"""`python -m bench.spark.job JOB`: one evaluation, on one machine or on a cluster of its own.

The job is JSON, as `measured` passes it; so is what is printed.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq
from pyspark.sql import SparkSession

import segue
from bench.spark.world import Given
from segue.adapters.sources import Layout
from segue.adapters.spark.events import Source
from segue.adapters.spark.runs import Asked, run
from segue.adapters.spark.session import opened
from segue.bootstrap.cluster import Cluster
from segue.bootstrap.definitions import ProjectFile
from tests.spark.cluster import SETTINGS, environment, running

MODULE: Final = "bench.spark.job"
_ROWS_OF_A_TASK: Final = 1_000_000


def main() -> None:
    """Do the job, and print what is to be known of it."""
    job = json.loads(sys.argv[1])
    given = Given(tuple(job["files"]), job["definitions"], job["at"])
    print(json.dumps(_WAYS[job["way"]](given, job)))


def job_of(way: str, given: Given, **more: Any) -> dict[str, Any]:
    """The job of doing it that way."""
    return {"way": way, **asdict(given), **more}


def _here(given: Given, job: dict[str, Any]) -> dict[str, Any]:
    """`segue.evaluate` of the files in place."""
    begin = time.perf_counter()
    members = segue.evaluate(list(given.files), given.definitions, given.at)
    seconds = time.perf_counter() - begin
    Path(job["out"]).mkdir(parents=True)
    pq.write_table(members, Path(job["out"]) / "members.parquet")
    return {"seconds": seconds, "members": members.num_rows}


def _spark(given: Given, job: dict[str, Any]) -> dict[str, Any]:
    """`segue evaluate --engine spark --out`: members as a folder that the workers write."""
    with _session(job) as (spark, starting):
        cluster = Cluster(spark, _source(given), ProjectFile(given.definitions), _partitions(job))
        begin = time.perf_counter()
        members = cluster.view(given.at).write_members(job["out"])
        return {
            "seconds": time.perf_counter() - begin,
            "members": members,
            "starting": starting,
        }


def _run(given: Given, job: dict[str, Any]) -> dict[str, Any]:
    """A run into a folder of runs; then, not timed, its members."""
    definitions = ProjectFile(given.definitions).definitions
    ids = tuple(one.id for one in definitions.segments)
    asked = Asked(definitions, json.dumps(given.definitions), ids, given.at)
    with _session(job) as (spark, _):
        begin = time.perf_counter()
        made = run(spark, _source(given), asked, job["runs"])
        seconds = time.perf_counter() - begin
        made.members().write.parquet(job["out"])
        return {"seconds": seconds, "members": made.members().count(), **made.manifest.counts}


_WAYS: Final[dict[str, Callable[[Given, dict[str, Any]], dict[str, Any]]]] = {
    "here": _here,
    "spark": _spark,
    "run": _run,
}


@contextmanager
def _session(job: dict[str, Any]) -> Iterator[tuple[SparkSession, float]]:
    """A cluster of one worker per core, and a session on it; how long its start took."""
    os.environ.update(environment())
    begin = time.perf_counter()
    settings = SETTINGS | {
        "spark.sql.shuffle.partitions": str(_partitions(job)),
        **job.get("settings", {}),
    }
    with (
        running(workers=job["cores"], memory="3g") as cluster,
        opened(cluster.master, settings) as spark,
    ):
        yield spark, time.perf_counter() - begin


def _source(given: Given) -> Source:
    return Source(given.files, Layout())


def _partitions(job: dict[str, Any]) -> int:
    return max(2 * int(job["cores"]), int(job["events"]) // _ROWS_OF_A_TASK)


if __name__ == "__main__":
    main()
