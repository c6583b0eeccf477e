"""The report of fifty segments, on the demo's people and on a real shop's.

    python -m bench.insight.report --data FOLDER [--record FILE]

Seconds from an open workspace to the finished page; at most `MOST` are allowed.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ruamel.yaml

import segue
from bench.insight.recording import recorded
from segue import demo
from segue.bootstrap.reports import page_of

MOST = 20.0
SEGMENTS = 50
COLUMNS = {"person_id": "user_id", "occurred_at": "ts", "properties": "props"}
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


@dataclass(frozen=True)
class Measured:
    """What a report took."""

    name: str
    people: int
    events: int
    segments: int
    seconds: float
    slowest: str
    kilobytes: float

    @property
    def row(self) -> str:
        """A row of the table."""
        return (
            f"| {self.name} | {self.people:,} | {self.events:,} | {self.segments} | "
            f"{self.seconds:.1f} | {self.slowest} | {self.kilobytes:,.0f} |"
        )


def padded(definitions: str, event: str) -> dict[str, Any]:
    """The definitions with further segments about one event, `SEGMENTS` in all with the levels of
    ladders and the stages."""
    project = ruamel.yaml.YAML(typ="safe").load(definitions)
    levels = sum(len(one["levels"]) for one in project.get("ladders", {}).values())
    there = len(project["segments"]) + levels + len(project.get("journey", []))
    for place in range(SEGMENTS - there):
        times, days = 1 + place % 4, 7 * (1 + place // 4)
        project["segments"][f"more_{place}"] = {
            "title": f"{event} {times} times in {days} days",
            "kind": "usage",
            "when": f"did {event} at least {times} times within {days} days",
        }
    return dict(project)


def measured(name: str, engine: segue.Engine, at: str | None) -> Measured:
    """Make the report once, from reading to the page; the first, as everybody sees it."""
    begun, told = time.perf_counter(), [("opening", time.perf_counter())]
    report = engine.insight(at).report(tick=lambda what: told.append((what, time.perf_counter())))
    told.append(("the page", time.perf_counter()))
    page = page_of(report)
    end = time.perf_counter()
    lengths = [
        (after - before, what)
        for (what, before), (_, after) in zip(told, [*told[1:], ("", end)], strict=True)
    ]
    longest, what = max(lengths)
    extent = engine.extent()
    return Measured(
        name,
        extent.people,
        extent.events,
        len(report.measures.segments),
        end - begun,
        f"{what.lower()} ({longest:.1f})",
        len(page.encode()) / 1000,
    )


def runs(data: Path) -> Iterator[Measured]:
    """Both logs, each with fifty segments."""
    with segue.Engine.in_memory(padded(demo.definitions(), "page_view")) as engine:
        engine.record(demo.simulate())
        yield measured("the demo", engine, None)
    shop = (EXAMPLES / "online_retail.yaml").read_text(encoding="utf-8")
    with segue.Engine.in_memory(padded(shop, "sale")) as engine:
        engine.import_files([data / "online_retail.parquet"], columns=COLUMNS, keep_rejects=False)
        yield measured("Online Retail", engine, "2011-12-10")


def main() -> int:
    """Print, or write into a record; 1 where a report took too long."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--record", type=Path)
    given = parser.parse_args()
    found = list(runs(given.data))
    head = "| log | people | events | segments | seconds | longest part (seconds) | page, kB |"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    lines = [head, "|" + " --- |" * 7, *(one.row for one in found), "", f"Memory {memory:.1f} GB."]
    text = "\n".join(lines)
    print(text)
    if given.record is not None:
        recorded(given.record, "report", "Report", text)
    return 0 if all(one.seconds <= MOST for one in found) else 1


if __name__ == "__main__":
    sys.exit(main())
