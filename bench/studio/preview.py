"""How soon the builder says what a condition would mean.

Each condition is tried beside the 50 segments that are kept exact, as the page does: soon, which
may be of a sample, and then of everybody. Reported is the median and the worst of several tries,
and how far the first answer was from the exact one.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.live.record import Found
from bench.live.world import Built, Past, built
from bench.measure import Timing
from bench.report import Target
from segue import __version__
from segue.adapters.duckdb_store import DuckDBStore
from segue.bootstrap.kept_index import kept_index
from segue.insight.shares import Share
from segue.language.check import Catalog
from segue.language.models import Project
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.services.live.live import Live
from segue.services.live.previewing import ENOUGH, Tried, preview

PROMISED: Final = 0.5
"""Seconds until the first answer."""
CONDITIONS: Final = (
    "everyone",
    "in segment_03",
    'trait plan = "pro"',
    "did event_00 at least 2 times within 7 days",
    "did event_20 at least 2 times within 7 days",
    "did event_00 where amount > 50 within 30 days",
    "did event_07 where (amount > 20 and amount < 40) at least 3 times within 60 days",
    "did (event_02 then event_09 within 2 days) within 14 days",
    "did (event_11 then not event_12 within 1 hour) within 14 days",
    "sum(event_07.amount) >= 300 within 30 days",
    "count(event_03) within 7 days < 50% of count(event_03) between 14 days and 7 days ago",
    "top 10% by count(event_01) within 30 days",
    "top 10% by sum(event_07.amount) within 30 days",
    "active on at least 5 days within 14 days",
    "in segment_03 and did event_40 within 1 day",
    "last event_33 more than 7 days ago and not did event_10 within 3 days",
)
"""What people write: most of it asks for something that no segment asks for yet."""


@dataclass(frozen=True)
class Measured:
    """A condition: seconds until the first answer and until the exact one, and both."""

    when: str
    soon: Timing
    exact: Timing
    first: Tried
    last: Tried

    @property
    def row(self) -> str:
        """As a row of a table."""
        soon, exact = (f"{1000 * one.median:.0f} ms" for one in (self.soon, self.exact))
        worst = f"{1000 * self.soon.worst:.0f} ms"
        of = "everybody" if self.first.every == 1 else f"1 in {self.first.every}"
        sizes = f"{self.first.size:,} | {self.last.size:,}"
        return f"| `{self.when}` | {soon} | {worst} | {of} | {exact} | {sizes} |"


def measured(live: Live, project: Project, now: int, when: str, tries: int) -> Measured:
    """Try a condition several times."""

    def ask(enough: int | None) -> Tried:
        return preview(live, project, {"when": when}, Catalog(), now, enough=enough)

    soon, first = _timed(lambda: ask(ENOUGH), tries)
    exact, last = _timed(lambda: ask(None), tries)
    return Measured(when, soon, exact, first, last)


def _timed(ask: Callable[[], Tried], tries: int) -> tuple[Timing, Tried]:
    seconds = []
    for _ in range(tries):
        began = time.perf_counter()
        found = ask()
        seconds.append(time.perf_counter() - began)
    return Timing(tuple(seconds)), found


def all_measured(kept: Built, tries: int) -> list[Measured]:
    """Open a copy of the workspace as a server does, and try every condition."""
    with tempfile.TemporaryDirectory(dir=kept.workspace.folder.parent) as folder:
        workspace = kept.copy(Path(folder) / "copy")
        project = project_from(kept.past.yaml)
        definitions = resolve(project)
        store = DuckDBStore.open(workspace.store)
        try:
            store.prepare()
            index = kept_index(workspace, store, definitions)
            live = Live.begin(store, definitions, kept.end, index=index, version=__version__)
            store.spare()
            Share.measured(1, 2)  # what it takes to begin is not a try's
            return [measured(live, project, kept.end, one, tries) for one in CONDITIONS]
        finally:
            store.close()


def section(past: Past, data: Path, tries: int = 5) -> Found:
    """Try every condition over a history kept in `data`."""
    found = all_measured(built(past, data, _tell), tries)
    return Found("preview", "How soon the builder answers", table(found), targets(found))


def table(found: Sequence[Measured]) -> str:
    """Every condition."""
    lines = [
        "| condition | first answer | worst | of | exact | first size | exact size |",
        "|---|--:|--:|---|--:|--:|--:|",
        *(one.row for one in found),
    ]
    return "\n".join(lines)


def targets(found: Sequence[Measured]) -> list[Target]:
    """What was promised: every condition has a first answer soon, in the middle of its tries."""
    soon = [one.soon.median for one in found]
    worst = max(one.soon.worst for one in found)
    return [
        Target(
            f"first answer of the builder for each of {len(found)} conditions",
            f"< {1000 * PROMISED:.0f} ms, each",
            f"{1000 * max(soon):.0f} ms, median {1000 * statistics.median(soon):.0f} ms; "
            f"the worst try {1000 * worst:.0f} ms",
            max(soon) < PROMISED,
        )
    ]


def _tell(words: str) -> None:
    print(f"  {words}", file=sys.stderr, flush=True)
