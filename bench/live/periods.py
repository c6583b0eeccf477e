"""The same day as Segue publishes it, and as jobs see it that look every so often.

A job that looks at an instant knows who is in then, and keeps saying so until it looks again. It is
given every advantage: it takes no time, and it evaluates exactly. What is left is what looking now
and then costs: people who are in and are not known to be, who have left and are not known to have,
and stays that were over before anybody looked.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

import segue
from segue.adapters.duckdb_store import DuckDBStore
from segue.demo import DAYS, START, simulate
from segue.domain.instant import DAY, HOUR, MINUTE
from segue.domain.live import Boundary, Transition
from segue.language.project import project_from, resolve
from segue.services.live.intake import Batch
from segue.services.live.live import Live

PEOPLE: Final = 6_000
DOCUMENT: Final = {
    "segments": {
        "here_now": {"when": "did any within 5 minutes"},
        "pricing_now": {"when": 'did $pageview where path = "/pricing" within 10 minutes'},
        "new_here": {"when": "first any within 15 minutes"},
        "cart_left": {
            "when": "last add_to_cart more than 30 minutes ago and did add_to_cart within 1 day "
            "and did not purchase since last add_to_cart"
        },
        "reading": {
            "when": "did any of (article_read, video_watched) at least 2 times within 1 hour"
        },
        "price_checking": {
            "when": 'did $pageview where path = "/pricing" at least 2 times within 3 hours'
        },
        "busy_day": {"when": "did report_run at least 3 times within 8 hours"},
        "stuck": {
            "when": "did onboarding_step within 1 day and did not onboarding_completed and "
            "last onboarding_step more than 2 hours ago"
        },
        "weekly": {"when": "active on at least 3 days within 7 days"},
        "quiet": {"when": "inactive for 7 days"},
    }
}
"""Ten segments of a small software business, with windows of minutes to days."""

BRIEF: Final = ("here_now", "pricing_now", "new_here", "reading")
"""Those that people stay in for minutes: a stay is as long as the visit."""

PERIODS: Final = (
    ("poll every 2 minutes", 2 * MINUTE),
    ("batch every 30 minutes", 30 * MINUTE),
    ("batch every 8 hours", 8 * HOUR),
    ("batch every 24 hours", 24 * HOUR),
)

Stay = tuple[int, int]
"""From when to when (ms), half open."""
Stays = Mapping[tuple[str, str], list[Stay]]
"""By segment and person."""


@dataclass(frozen=True)
class Deviation:
    """How far off somebody is over the day: `wrong` person-seconds per person-second of
    membership, `wrong_brief` the same of the segments `BRIEF` alone; of the entries the share that
    is known late or never, the share that is never known because the stay was over, and how late
    the others are in the middle and at most (ms)."""

    who: str
    wrong: float
    wrong_brief: float
    late: float
    never: float
    middle_ms: float
    most_ms: float

    @property
    def waits(self) -> tuple[float, float]:
        """How late, in the middle and at most (ms)."""
        return self.middle_ms, self.most_ms


@dataclass(frozen=True)
class Day:
    """What happened, and how far off everybody was: first Segue, then the periods."""

    people: int
    events: int
    entries: int
    hours: float
    """Person-hours of membership."""
    turns: int
    retracted: int
    deviations: list[Deviation]


def day(people: int = PEOPLE) -> Day:
    """The last day of the demo's world with so many people."""
    events = _events(people)
    begin, end = START + (DAYS - 1) * DAY, START + DAYS * DAY
    truth = _truth(events, begin, end)
    published, turns = _published(events, begin, end)
    known = _known(published, begin, end)
    return Day(
        people,
        int(np.sum(events["occurred_at"].to_numpy() >= begin)),
        sum(1 for _ in _entries(truth, begin)),
        sum(length(stays) for stays in truth.values()) / HOUR,
        turns,
        sum(one.retracted for one in published),
        [
            deviation("Segue", truth, known, begin),
            *(deviation(who, truth, polled(truth, begin, end, p), begin) for who, p in PERIODS),
        ],
    )


# ------------------------------------------------------------------------------------- the events


def _events(people: int) -> pa.Table:
    """The events of the demo as a store takes them, of each person under one id: who is who is
    known to all from the start."""
    rows = simulate(people=people).to_pylist()
    known = dict(_identified(rows))
    table = {
        "distinct_id": [known.get(row["person_id"], row["person_id"]) for row in rows],
        "event": [row["event"] for row in rows],
        "occurred_at": [int(row["occurred_at"].timestamp() * 1000) for row in rows],
        "event_id": [row["event_id"] for row in rows],
        "sequence": pa.nulls(len(rows), pa.int64()),
        "properties": [row["properties"].replace("$anon_distinct_id", "anonymous") for row in rows],
    }
    return pa.table(table)


def _identified(rows: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for row in rows:
        if row["event"] == "$identify":
            anonymous = json.loads(row["properties"]).get("$anon_distinct_id")
            if anonymous is not None:
                yield anonymous, row["person_id"]


# --------------------------------------------------------------------------------------- the truth


def _truth(events: pa.Table, begin: int, end: int) -> Stays:
    """Every stay of the day, by the batch history."""
    found = segue.history(
        events.rename_columns(
            ["person_id", "event", "occurred_at", "event_id", "sequence", "properties"]
        ),
        DOCUMENT,
        at=end,
    )
    stays: dict[tuple[str, str], list[Stay]] = defaultdict(list)
    columns = [found["segment_id"].to_pylist(), found["person_id"].to_pylist()]
    columns += [found[name].cast(pa.int64()).to_pylist() for name in ("entered_at", "left_at")]
    for segment_id, person_id, entered, left in zip(*columns, strict=True):
        _add(stays[segment_id, person_id], entered, left, begin, end)
    return stays


def _add(stays: list[Stay], entered: int, left: int | None, begin: int, end: int) -> None:
    """Note a stay, as far as it lies within the day."""
    entered, left = max(entered, begin), min(end if left is None else left, end)
    if entered < left:
        stays.append((entered, left))


# ------------------------------------------------------------------------------------ what is known


def _published(events: pa.Table, begin: int, end: int) -> tuple[list[Transition], int]:
    """What the live loop publishes over the day, on a clock that stands wherever something
    happens; and how many turns it takes."""
    at = events["occurred_at"].to_numpy()
    definitions = resolve(project_from(DOCUMENT))
    published: list[Transition] = []
    turns = 0
    with tempfile.TemporaryDirectory() as folder:
        store = DuckDBStore.open(Path(folder) / "day.duckdb")
        try:
            store.append(events.filter(at < begin), received_at=begin)
            live = Live.begin(store, definitions, begin)
            published += store.transitions(after=-1, limit=1 << 40)  # of the time before
            for now, batch in _arrivals(events.filter(at >= begin), end):
                while (due := live.next_due()) is not None and due < now:
                    published += live.turn(due).transitions
                    turns += 1
                if batch is not None:
                    live.submit(batch)
                published += live.turn(now).transitions
                turns += 1
        finally:
            store.close()
    return published, turns


def _arrivals(events: pa.Table, end: int) -> Iterator[tuple[int, Batch | None]]:
    """The events of each instant; at last the end of the day."""
    rows = events.sort_by([("occurred_at", "ascending"), ("event_id", "ascending")])
    at = rows["occurred_at"].to_numpy()
    edges = [0, *(np.flatnonzero(np.diff(at)) + 1).tolist(), len(at)] if len(at) else [0]
    for first, last in pairwise(edges):
        some = rows.slice(first, last - first).to_pydict()
        now = some["occurred_at"][0]
        yield (
            now,
            Batch(
                some["distinct_id"],
                some["event"],
                some["occurred_at"],
                some["event_id"],
                some["sequence"],
                some["properties"],
                now,
            ),
        )
    yield end, None


def _known(published: Iterable[Transition], begin: int, end: int) -> Stays:
    """The stays as somebody knows them who follows what is published: from when each transition is
    known, not from when it was true."""
    stays: dict[tuple[str, str], list[Stay]] = defaultdict(list)
    since: dict[tuple[str, str], int] = {}
    for one in published:
        key = one.segment_id, one.person_id
        known_at = one.at if one.known_at <= begin else one.known_at
        if (one.boundary is Boundary.ENTERED) != one.retracted:
            since.setdefault(key, known_at)
        elif key in since:
            _add(stays[key], since.pop(key), known_at, begin, end)
    for key, entered in since.items():
        _add(stays[key], entered, None, begin, end)
    return stays


def polled(truth: Stays, begin: int, end: int, period: int) -> Stays:
    """The stays as a job knows them that looks at `begin` and every `period` (ms) from there."""
    looks = range(begin, end, period)
    known: dict[tuple[str, str], list[Stay]] = {}
    for key, stays in truth.items():
        seen: list[Stay] = []
        for entered, left in stays:
            first, last = -(-(entered - begin) // period), -(-(left - begin) // period)
            if first >= last or first >= len(looks):
                continue
            start, stop = begin + first * period, min(begin + last * period, end)
            if seen and seen[-1][1] == start:
                start = seen.pop()[0]
            seen.append((start, stop))
        known[key] = seen
    return known


# ---------------------------------------------------------------------------------------- the error


def deviation(who: str, truth: Stays, known: Stays, begin: int) -> Deviation:
    """How far off the known stays are."""
    wrong = _share_wrong(truth, known, DOCUMENT["segments"])
    waits = [_wait(known.get(key, []), stay) for key, stay in _entries(truth, begin)]
    late = [wait for wait in waits if wait is not None and wait > 0]
    never = sum(wait is None for wait in waits)
    return Deviation(
        who,
        wrong,
        _share_wrong(truth, known, BRIEF),
        (len(late) + never) / len(waits),
        never / len(waits),
        float(np.median(late)) if late else 0.0,
        float(max(late, default=0)),
    )


def _share_wrong(truth: Stays, known: Stays, segment_ids: Container[str]) -> float:
    """Wrong person-seconds per person-second of membership, in some segments."""
    keys = {key for key in truth.keys() | known.keys() if key[0] in segment_ids}
    wrong = sum(_wrong(truth.get(key, []), known.get(key, [])) for key in keys)
    return wrong / max(sum(length(truth.get(key, [])) for key in keys), 1)


def _entries(truth: Stays, begin: int) -> Iterator[tuple[tuple[str, str], Stay]]:
    """The stays that begin within the day."""
    for key, stays in truth.items():
        yield from ((key, stay) for stay in stays if stay[0] > begin)


def _wait(known: list[Stay], stay: Stay) -> int | None:
    """How long after its beginning a stay is known; None where it is over by then."""
    entered, left = stay
    times = [max(since - entered, 0) for since, until in known if since < left and until > entered]
    return min(times, default=None)


def length(stays: Iterable[Stay]) -> int:
    """How long the stays are together (ms)."""
    return sum(left - entered for entered, left in stays)


def _wrong(truth: list[Stay], known: list[Stay]) -> int:
    """How long exactly one of the two says that the person is in (ms)."""
    both = sum(
        max(0, min(left, until) - max(entered, since))
        for entered, left in truth
        for since, until in known
    )
    return length(truth) + length(known) - 2 * both
