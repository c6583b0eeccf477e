"""Measures of fifty segments over a million people, beside pandas that makes the same tables.

    python -m bench.insight.measures [--people 200000] [--alone 1000000] [--record FILE]

Both are given the same arrays: what people did and their stays in segments. pandas counts what
Segue counts (conversion of entrants, of everybody else and of the period before, retention,
engagement, churn, growth, adoption), segment by segment, as one writes it with merges and groups;
it makes no intervals, no tests, no curves and no ranking. The counts of both are compared. Seconds
are those of the processor: what else the machine does meanwhile does not count.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from bench.insight.recording import recorded
from segue.domain.campaigns import Acting
from segue.domain.instant import DAY, FOREVER, WEEK, parse_instant
from segue.insight.entries import Stays, landmarks, order_of
from segue.insight.promise import supposed
from segue.insight.retention import CELLS, Cell, Return
from segue.insight.standing import Standing
from segue.language.project import project_from
from segue.language.resolve import resolve
from segue.services.insight.measuring import WEEKS, Measures, Plan
from segue.services.insight.panel import Asked
from segue.services.insight.past import Past
from segue.timeline.log import Occurrences
from segue.timeline.occurring import Wanted
from segue.timeline.spans import Spans

AT = parse_instant("2026-06-01T00:00:00Z")
HISTORY = 180 * DAY
PERIOD = 28 * DAY
ACTIONS = ("invited", "shared", "exported", "searched")
KINDS = ("intent", "usage", "lifecycle", "purchase", "content")


def project(segments: int) -> str:
    """The definitions of so many segments; their stays are made up."""
    listed = "\n".join(
        f"  s{i}: {{kind: {KINDS[i % len(KINDS)]}, when: did look at least {i + 1} times}}"
        for i in range(segments)
    )
    actions = "\n".join(f"  {name}: did_{name}" for name in ACTIONS)
    return f"""
goals:
  subscribed: {{event: subscribed, within: 14 days}}
  purchased: {{event: purchased, within: 7 days}}
actions:
{actions}
segments:
{listed}
"""


def spread(dice: np.random.Generator, people: int, mean: float) -> Occurrences:
    """Occurrences of people, so many each on average, some doing far more than others."""
    rate = dice.gamma(0.5, 2 * mean, people)
    counts = dice.poisson(rate)
    offsets = np.concatenate(([0], np.cumsum(counts)))
    at = dice.integers(AT - HISTORY, AT, offsets[-1])
    owner = np.repeat(np.arange(people), counts)
    return Occurrences(offsets, at[np.lexsort((at, owner))])


def stays(dice: np.random.Generator, people: int, share: float) -> Spans:
    """Stays of people in a segment: so large a share ever enters, once or twice."""
    counts = np.where(dice.random(people) < share, dice.integers(1, 3, people), 0)
    offsets = np.concatenate(([0], np.cumsum(counts)))
    edges = np.sort(dice.integers(AT - HISTORY, AT, (offsets[-1], 2)), axis=1)
    owner = np.repeat(np.arange(people), counts)
    second = np.flatnonzero(np.diff(owner, prepend=-1) == 0)
    # The second stay begins after the first has ended, and may not have ended yet.
    ends = edges[second - 1, 1]
    edges[second, 0] = ends + 1 + ((AT - ends - 1) * dice.random(len(second))).astype(np.int64)
    edges[second, 1] = np.where(dice.random(len(second)) < 0.5, FOREVER, AT)
    return Spans(offsets, edges[:, 0].copy(), np.maximum(edges[:, 1], edges[:, 0] + 1))


def world(people: int, segments: int, seed: int = 5) -> tuple[Past, Asked]:
    """A past of so many people and segments."""
    dice = np.random.default_rng(seed)
    given = project_from(project(segments))
    definitions = resolve(given)
    asked = Asked.of(given, definitions, Acting(()))
    means = dict(zip(asked.wanted, (0.2, 0.4, 12.0, 0.3, 0.6, 0.3, 2.0), strict=True))
    occurred = {wanted: spread(dice, people, mean) for wanted, mean in means.items()}
    first = AT - 1 - dice.integers(0, HISTORY, people)
    for rows in occurred.values():
        some = np.flatnonzero(np.diff(rows.offsets))
        first[some] = np.minimum(first[some], rows.at[rows.offsets[some]])
    spans = {one.id: stays(dice, people, dice.uniform(0.02, 0.4)) for one in definitions.segments}
    for one in spans.values():
        some = np.flatnonzero(np.diff(one.offsets))
        first[some] = np.minimum(first[some], one.start[one.offsets[some]])
    counted = Spans(np.arange(people + 1), first, np.full(people, FOREVER))
    ids = pa.nulls(people, pa.string())
    return Past(definitions, AT, ids, first, counted, spans, occurred), asked


def segue_measures(past: Past, asked: Asked) -> Measures:
    """What Segue makes of it."""
    plan = Plan(past.definitions, past.at, WEEKS, asked, asked.goals[0])
    tally = plan.tallied(past, order_of(past.first_seen))
    return plan.told(tally, lambda _, reach, share: supposed(reach, share, 1.0))


# ------------------------------------------------------------------------------------------ pandas


class Pandas:
    """The same tables by pandas: frames of events and of memberships, merges and groups."""

    def __init__(self, past: Past, asked: Asked) -> None:
        self.at, self.asked, self.people = past.at, asked, past.people
        self.first_seen = pd.Series(past.first_seen)
        self.events = {
            name: pd.DataFrame({"person": _owners(rows), "at": rows.at})
            for name, rows in past.occurred.items()
        }
        self.members = {
            name: pd.DataFrame({"person": _owners(spans), "start": spans.start, "end": spans.end})
            for name, spans in past.spans.items()
        }
        self.active = self.events[asked.engaging]
        self.kinds: dict[str, list[str]] = {}
        for one in past.definitions.segments:
            self.kinds.setdefault(one.kind, []).append(one.id)

    def tables(self) -> dict[str, object]:
        """Every table, as counts by segment."""
        self.days = self.active.assign(day=self.active["at"] // DAY).drop_duplicates(
            ["person", "day"]
        )[["person", "day"]]
        self.first_active = self.active.groupby("person")["at"].min()
        found: dict[str, object] = {}
        for goal in self.asked.goals:
            found[goal.id] = self.conversion(goal.wanted, goal.window)
        found["retention"] = {cell: self.retention(cell) for cell in CELLS}
        found["weekly"] = self.weekly()
        found["growth"] = {name: self.growth(one) for name, one in self.members.items()}
        found["adoption"] = self.adoption()
        return found

    def entrants(self, frame: pd.DataFrame, after: int, until: int) -> pd.DataFrame:
        """The first entry of each person in a stretch."""
        inside = frame[(frame["start"] > after) & (frame["start"] <= until)]
        return inside.groupby("person", as_index=False)["start"].min()

    def landmarks(self, after: int, until: int) -> pd.DataFrame:
        """The instant of everybody else: the same that Segue takes."""
        first = self.first_seen.to_numpy()
        counted = Stays(np.arange(self.people), first, np.full(self.people, FOREVER))
        frame = pd.DataFrame({"start": landmarks(order_of(first), first, counted, after, until)})
        frame["person"] = frame.index
        return frame[frame["start"] < FOREVER]

    def converted(self, entrants: pd.DataFrame, goal: pd.DataFrame, window: int) -> tuple[int, int]:
        """How many reached a goal within a window after their entry, of how many."""
        near = goal[(goal["at"] > entrants["start"].min()) & (goal["at"] <= self.at)]
        both = entrants.merge(near, on="person")
        hit = both[(both["at"] > both["start"]) & (both["at"] <= both["start"] + window)]
        return hit["person"].nunique(), len(entrants)

    def outside(self, everybody: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
        """Those of everybody who are not in at their landmark."""
        both = frame.merge(everybody.rename(columns={"start": "own"}), on="person")
        inside = both[(both["start"] <= both["own"]) & (both["own"] < both["end"])]
        return everybody[~everybody["person"].isin(inside["person"])]

    def groups(self) -> Iterator[tuple[str, pd.DataFrame]]:
        """The memberships of each segment and of each kind."""
        yield from self.members.items()
        for kind, names in self.kinds.items():
            yield kind, pd.concat([self.members[name] for name in names])

    def conversion(self, wanted: Wanted, window: int) -> dict[str, list[tuple[int, int]]]:
        """Of those who entered, of everybody else, and of those who entered the period before."""
        goal, until = self.events[wanted], self.at - window
        middle, after = until - PERIOD, until - 2 * PERIOD
        everybody = self.landmarks(middle, until)
        return {
            name: [
                self.converted(self.entrants(frame, middle, until), goal, window),
                self.converted(self.outside(everybody, frame), goal, window),
                self.converted(self.entrants(frame, after, middle), goal, window),
            ]
            for name, frame in self.groups()
        }

    def back(self, entrants: pd.DataFrame, cell: Cell) -> tuple[int, int]:
        """How many came back, of how many."""
        entrants = entrants.assign(entry=entrants["start"] // DAY)
        days = self.days[self.days["day"] > entrants["entry"].min()]
        both = entrants.merge(days, on="person")
        since = both["day"] - both["entry"]
        last = cell.last if cell.kind is not Return.FROM else 10_000
        hit = both[(since >= cell.first) & (since <= last) & (both["day"] < self.at // DAY)]
        return hit["person"].nunique(), len(entrants)

    def retention(self, cell: Cell) -> dict[str, list[tuple[int, int]]]:
        """Of those who entered, of everybody else, and of the period before."""
        until = self.at - cell.last * DAY - 1
        middle, after = until - PERIOD, until - 2 * PERIOD
        everybody = self.landmarks(middle, until)
        return {
            name: [
                self.back(self.entrants(frame, middle, until), cell),
                self.back(self.outside(everybody, frame), cell),
                self.back(self.entrants(frame, after, middle), cell),
            ]
            for name, frame in self.members.items()
        }

    def inside(self, frame: pd.DataFrame, at: int) -> pd.Series:
        """Who is in at an instant."""
        return frame.loc[(frame["start"] <= at) & (at < frame["end"]), "person"]

    def weekly(self) -> dict[str, list[tuple[int, int]]]:
        """Engagement, churn and change of the last week, by segment."""
        week, before = self.at - WEEK - 1, self.at - 2 * WEEK - 1
        at = self.active["at"]
        now = set(self.active.loc[(at > week) & (at < self.at), "person"])
        then = set(self.active.loc[(at > before) & (at <= week), "person"])
        found = {}
        for name, frame in self.members.items():
            here, there = self.inside(frame, week), self.inside(frame, before)
            were = there[there.isin(then)]
            left = ~here.isin(self.inside(frame, self.at - 1))
            found[name] = [
                (int(here.isin(now).sum()), len(here)),
                (int((~were.isin(now)).sum()), len(were)),
                (int(left.sum()), len(here)),
            ]
        return found

    def growth(self, frame: pd.DataFrame) -> list[tuple[int, int, int, int]]:
        """New, returned, gone and now, for each of twelve weeks."""
        first = frame.groupby("person")["start"].min()
        found = []
        for back in range(12, 0, -1):
            begin, end = self.at - back * WEEK - 1, self.at - (back - 1) * WEEK - 1
            before, now = self.inside(frame, begin), self.inside(frame, end)
            came = now[~now.isin(before)]
            new = int((first.loc[came] > begin).sum())
            gone = int((~before.isin(now)).sum())
            found.append((new, len(came) - new, gone, len(now)))
        return found

    def adoption(self) -> dict[str, list[tuple[int, int, int]]]:
        """Of active members, how many did each action, and how often."""
        began = self.at - PERIOD - 1
        at = self.active["at"]
        active = set(self.active.loc[(at > began) & (at < self.at), "person"])
        found: dict[str, list[tuple[int, int, int]]] = {name: [] for name in self.members}
        for wanted in self.asked.features.values():
            rows = self.events[wanted]
            uses = rows[(rows["at"] > began) & (rows["at"] < self.at)].groupby("person").size()
            for name, frame in self.members.items():
                members = self.inside(frame, began)
                members = members[members.isin(active)]
                mine = uses[uses.index.isin(members)]
                found[name].append((len(mine), len(members), int(mine.sum())))
        return found


def _owners(rows: Occurrences | Spans) -> np.ndarray:
    return np.repeat(np.arange(len(rows.offsets) - 1), np.diff(rows.offsets))


def same(found: Measures, tables: dict[str, object]) -> int:
    """How many counts are compared; raises where one differs."""
    compared = 0
    for one in found.segments:
        name = one.segment.id
        pairs: list[tuple[object, object]] = []
        for goal, standing in one.conversion.items():
            pairs += zip(_counts(standing), tables[goal][name], strict=True)  # type: ignore[index]
        for cell, standing in one.retention.items():
            pairs += zip(_counts(standing), tables["retention"][cell][name], strict=True)  # type: ignore[index]
        weekly = tables["weekly"][name]  # type: ignore[index]
        shares = (one.engagement.now, one.churn.now, one.changing.now)
        pairs += [
            ((share.count, share.of), pair) for share, pair in zip(shares, weekly, strict=True)
        ]
        growth = [(week.new, week.returned, week.gone, week.now) for week in one.growth]
        pairs += zip(growth, tables["growth"][name], strict=True)  # type: ignore[index]
        for feature, row in zip(one.adoption.features, tables["adoption"][name], strict=True):  # type: ignore[index]
            total = round((feature.depth.value or 0) * feature.depth.of)
            pairs.append(((feature.share.now.count, feature.share.now.of, total), row))
        for mine, theirs in pairs:
            if mine is not None and mine != theirs:
                raise AssertionError(f"{name}: {mine} and {theirs}")
        compared += len(pairs)
    return compared


def _counts(one: Standing) -> Sequence[tuple[int, int] | None]:
    rest = None if one.rest is None else (one.rest.b.count, one.rest.b.of)
    before = None if one.before is None else (one.before.b.count, one.before.b.of)
    return (one.now.count, one.now.of), rest, before


# --------------------------------------------------------------------------------------- the record


@dataclass(frozen=True)
class Run:
    """What took how long, in seconds of the processor; `pandas` is None where it did not run."""

    people: int
    segments: int
    events: int
    stays: int
    segue: float
    pandas: float | None = None
    compared: int = 0

    @property
    def row(self) -> str:
        """As a row of Markdown."""
        beside = "| – | – | – |"
        if self.pandas is not None:
            faster = self.pandas / self.segue
            beside = f"| {self.pandas:.0f} s | {faster:.0f} | {self.compared:,}, all equal |"
        return (
            f"| {self.people:,} | {self.segments} | {self.events:,} | {self.stays:,} "
            f"| {self.segue:.1f} s {beside}"
        )


HEAD = """\
| people | segments | events | stays | Segue | pandas | times as fast | counts compared |
|---:|---:|---:|---:|---:|---:|---:|---:|"""


def run(people: int, segments: int, *, beside: bool) -> Run:
    """Segue and then pandas beside it in this process; the better of two runs of Segue's, whose
    first one loads its libraries."""
    past, asked = world(people, segments)
    seconds = []
    for _ in range(2):
        began = time.process_time()
        found = segue_measures(past, asked)
        seconds.append(time.process_time() - began)
    events = sum(len(rows.at) for rows in past.occurred.values())
    stayed = sum(len(spans.start) for spans in past.spans.values())
    alone = Run(people, segments, events, stayed, min(seconds))
    if not beside:
        return alone
    rival = Pandas(past, asked)
    began = time.process_time()
    tables = rival.tables()
    slow = time.process_time() - began
    return replace(alone, pandas=slow, compared=same(found, tables))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--people", type=int, default=200_000, help="for both")
    parser.add_argument("--alone", type=int, default=1_000_000, help="for Segue alone")
    parser.add_argument("--segments", type=int, default=50)
    parser.add_argument("--record", type=Path)
    options = parser.parse_args()
    runs = [
        run(options.people, options.segments, beside=True),
        run(options.alone, options.segments, beside=False),
    ]
    text = "\n".join([HEAD, *(one.row for one in runs)])
    print(text)
    if options.record is not None:
        recorded(options.record, "measures", "Measures of fifty segments", text)


if __name__ == "__main__":
    main()
