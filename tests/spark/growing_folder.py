"""A folder of files of events that grows, and the folder of its runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import SparkSession

import segue
from segue.adapters.sources import Layout
from segue.adapters.spark.events import Source
from segue.adapters.spark.runs import Asked, Run, latest, run
from segue.bootstrap.definitions import ProjectFile
from segue.domain.instant import DAY
from tests.spark.answers import rows_of

BEGIN = 1_767_225_600_000
SEGMENTS = {
    "active": "active on at least 2 days within 7 days",
    "buyers": "did purchase at least 2 times within 30 days",
    "abandoned": "last cart more than 1 hours ago and did not purchase since last cart",
    "german": 'trait country = "DE"',
}
RANKED = {**SEGMENTS, "top": "top 50% by count(purchase)"}


def event(person: str, name: str, day: float, **properties: Any) -> dict[str, Any]:
    """A row of a file of events."""
    text = pa.scalar(str(properties)).as_py().replace("'", '"')
    return {
        "person_id": person,
        "event": name,
        "occurred_at": BEGIN + int(day * DAY),
        "event_id": f"{person}-{name}-{day}",
        "properties": text,
    }


FIRST = [
    *(event(f"p{i}", "cart", i % 5) for i in range(12)),
    *(event(f"p{i}", "purchase", i % 7 + 0.5) for i in range(0, 12, 2)),
    *(event(f"p{i}", "purchase", i % 3 + 2) for i in range(0, 12, 4)),
    event("p1", "$identify", 1, country="DE"),
]
SECOND = [
    event("p3", "purchase", 8),  # somebody whom the first run knows
    event("p5", "cart", 0.25),  # late
    event("p0", "cart", 0),  # again: nothing new
    event("new", "cart", 9),
    event("p7", "$identify", 9, **{"$anon_distinct_id": "p9"}),  # two who were one all along
]
THIRD = [event("p2", "cart", 21)]  # time has passed for all others


@dataclass(frozen=True)
class Folder:
    """A folder of files that grows, and the folder of its runs."""

    spark: SparkSession
    place: Path

    def add(self, rows: Sequence[dict[str, Any]]) -> None:
        files = self.place / "events"
        files.mkdir(exist_ok=True)
        table = pa.Table.from_pylist(list(rows))
        when = table["occurred_at"].cast(pa.timestamp("ms", "UTC"))
        table = table.set_column(2, "occurred_at", when)
        pq.write_table(table, files / f"{len(list(files.iterdir()))}.parquet")

    def run(self, segments: dict[str, str] = SEGMENTS, at: int | None = None, **kind: Any) -> Run:
        source = Source([str(self.place / "events")], Layout(**kind))
        definitions = ProjectFile(project(segments)).definitions
        ids = tuple(segments)
        asked = Asked(definitions, "text", ids, at)
        return run(self.spark, source, asked, str(self.place / "runs"))

    def expected(self, segments: dict[str, str] = SEGMENTS, at: int | None = None) -> Any:
        files = sorted(map(str, (self.place / "events").glob("*.parquet")))
        return rows_of(segue.history(files, project(segments), at))


def project(segments: dict[str, str]) -> dict[str, Any]:
    return {"segments": {key: {"title": key, "when": when} for key, when in segments.items()}}


def memberships(found: Run) -> Any:
    return rows_of(found.memberships().toArrow())


def latest_of(folder: Folder) -> Run:
    """The last run that was published."""
    found = latest(folder.spark, str(folder.place / "runs"))
    assert found is not None
    return found
