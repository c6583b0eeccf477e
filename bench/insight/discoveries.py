"""What discovery finds where there is nothing, something, or a trap.

    python -m bench.insight.discoveries --data FOLDER [--runs 200] [--record FILE]

Every run has its own seed, (part, number of the run), so that any of them can be repeated alone.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import SupportsFloat, TypeVar

import numpy as np
import pyarrow.parquet as pq
import yaml
from numpy.typing import NDArray

import segue
from bench.insight.odds_rank import odds_ratios
from bench.insight.worlds import Planted, World, world
from segue.domain.instant import DAY, FOREVER, HOUR, MINUTE, SECOND
from segue.insight import arrays
from segue.insight.discovery import Verdict, discover
from segue.insight.landmarks import done_within, landmark
from segue.insight.tables import Estimates, Stratified, Tables, two_sided
from segue.insight.trying import strata_of
from segue.services.insight.discovering import Asked, prepare
from segue.timeline.log import Occurrences

WORKERS = 3
T = TypeVar("T")
NULL, REAL, POWER, TRAP, COVER, LEAK = range(6)
COLUMNS = {"person_id": "user_id", "occurred_at": "ts", "properties": "props"}
DAYS = (DAY, 3 * DAY, 7 * DAY, 14 * DAY)
HOURS = (MINUTE, 10 * MINUTE, 30 * MINUTE, HOUR)
MINUTES = (10 * SECOND, MINUTE, 5 * MINUTE, HOUR)


@dataclass(frozen=True)
class Real:
    """A goal of a real log, and the windows in which things are counted."""

    example: str
    goal: str
    within: str
    windows: tuple[int, ...]


FILES = {
    "sparkify": ("sparkify_2018_11.parquet", "2018-12-01"),
    "simple_shop": ("simple_shop.parquet", "2020-04-30"),
}
MENU = 'any of (Settings, Help, About, "Downgrade", "Upgrade")'
REALS = {
    "Sparkify: upgraded (14 days)": Real("sparkify", "", "", DAYS),
    "Sparkify: opened the menu (14 days)": Real("sparkify", MENU, "14 days", HOURS),
    "Simple Shop: paid (1 day)": Real("simple_shop", "", "", MINUTES),
    "Simple Shop: reached the cart (30 days)": Real("simple_shop", "cart", "30 days", MINUTES),
}
"""Goals of real logs; an empty one is the example project's own."""


# --------------------------------------------------------------------------------- nothing is there


@dataclass(frozen=True)
class Null:
    """A run in which nothing does anything: actions that were compared, whatever was reported, what
    the earlier half alone says without the later, what a plain comparison says, and PostHog's
    largest ratios."""

    actions: int
    tries: int
    found: int
    seen: int
    plain: int
    best: float
    large: int


def null_run(number: int, people: int, actions: int) -> Null:
    """One world without an effect."""
    made = world(np.random.default_rng([NULL, people, number]), people=people, actions=actions)
    found = discover(made.question, made.behaviour, made.actions, np.random.default_rng(number))
    ratios = odds_ratios(made)
    ratios = np.sort(ratios[~np.isnan(ratios)])[-10:]
    return Null(
        len(found.best),
        found.tries,
        len(found.findings),
        sum(one.verdict > Verdict.TURNED for one in found.best),
        sum(one.verdict > Verdict.BY_CHANCE for one in found.best),
        float(ratios[-1]),
        int((ratios > 2).sum()),
    )


def null_lines(runs: int) -> Iterator[str]:
    """The table of runs without an effect."""
    yield "| people | runs | actions (tries) compared | runs that report anything | mean FDP |"
    yield "| --- | --- | --- | --- | --- |"
    told = []
    for people, count in ((5_000, runs), (20_000, max(runs // 10, 1))):
        done = many(partial(null_run, people=people, actions=150), count)
        share = np.mean([one.found > 0 for one in done])
        numbers = (
            f"{np.mean([o.actions for o in done]):.0f} ({np.mean([o.tries for o in done]):.0f})"
        )
        yield f"| {people:,} | {count} | {numbers} | {percent(share)} | {percent(share)} |"
        told.append((people, done))
    yield ""
    yield (
        "As nothing does anything, every finding is false: the false discovery proportion of a run"
        " is 1 or 0. On the same runs:"
    )
    yield ""
    yield (
        "| people | plain comparison and BH, no adjustment: runs with a false finding | without the"
        " later people: runs | PostHog's largest odds ratio: median | runs that show one above 2 |"
        " of its ten, above 2 |"
    )
    yield "| --- | --- | --- | --- | --- | --- |"
    for people, done in told:
        cells = (
            percent(np.mean([one.plain > 0 for one in done])),
            percent(np.mean([one.seen > 0 for one in done])),
            f"{np.median([one.best for one in done]):.1f}",
            percent(np.mean([one.best > 2 for one in done])),
            f"{np.mean([one.large for one in done]):.1f}",
        )
        yield f"| {people:,} | {' | '.join(cells)} |"


# ---------------------------------------------------------------------------------- which activity?


def leak_run(number: int) -> NDArray[np.float64]:
    """The share of tests below 5 % in a world without an effect: compared plainly, among people
    with as much other activity, and among people with as much activity in all."""
    made = world(np.random.default_rng([LEAK, number]), people=10_000, actions=120)
    behaviour, window = made.behaviour, made.question.windows[2]
    mark = landmark(
        behaviour.starts,
        behaviour.goal,
        behaviour.counted,
        window=window,
        horizon=made.question.horizon,
        at=made.question.at,
    )
    total = times_of(behaviour.activity, made, window)[mark.people]
    whole = strata_of(total)
    below: list[list[float]] = []
    for action in made.actions:
        times = times_of(action, made, window)[mark.people]
        for least in (1, 2, 3):
            did = times >= least
            layers = (np.zeros_like(whole), strata_of(total - times), whole)
            tests = [in_strata(did, mark.reached, layer) for layer in layers]
            if tests[-1].room() >= 5:
                below.append([float(two_sided(one.deviation())) < 0.05 for one in tests])
    return np.asarray(np.mean(below, axis=0))


def times_of(rows: arrays.Occurrences, made: World, window: int) -> NDArray[np.int32]:
    """How often each person did it within the window."""
    (done,) = done_within(rows, made.behaviour.starts, [window])
    times = np.zeros(len(made.behaviour.starts.at), np.int32)
    times[done.people] = done.times
    return times


def in_strata(
    did: NDArray[np.bool_], reached: NDArray[np.bool_], stratum: NDArray[np.int64]
) -> Stratified:
    """One table in strata."""
    size = int(stratum.max()) + 1
    exposed, both, people, successes = (
        np.bincount(stratum[kept], minlength=size)
        for kept in (did, did & reached, np.ones_like(did), reached)
    )
    return Stratified(Tables.counted(exposed, both, people, successes))


def leak_lines(runs: int) -> Iterator[str]:
    """The table of what adjusting leaves over."""
    shares = np.mean(many(leak_run, runs), axis=0)
    yield "| compared with | tests below 5 % |"
    yield "| --- | --- |"
    for name, share in zip(
        ("everybody else", "as much other activity", "as much activity in all"), shares, strict=True
    ):
        yield f"| {name} | {percent(share)} |"


# ---------------------------------------------------------------------------------------- real data


def real_lines(folder: Path, runs: int) -> Iterator[str]:
    """The table of real logs, their goals dealt out anew."""
    yield "| log | people | actions (tries) | as it is | permuted: runs that report anything |"
    yield "| --- | --- | --- | --- | --- |"
    for name in REALS:
        ready = real_world(folder, name)
        actual = discover(ready.question, ready.behaviour, ready.actions, np.random.default_rng(0))
        done = many(partial(permuted_run, folder, name), runs)
        numbers = f"{len(actual.best)} ({actual.tries})"
        cells = (
            name,
            f"{max(one.people for one in actual.populations):,}",
            numbers,
            f"{len(actual.findings)} found",
            f"{sum(done)} of {runs} ({percent(np.mean(done))})",
        )
        yield f"| {' | '.join(cells)} |"


_KEPT: dict[str, World] = {}


def real_world(folder: Path, name: str) -> World:
    """A real log as discovery looks at it."""
    if name not in _KEPT:
        one = REALS[name]
        file, at = FILES[one.example]
        path = Path(__file__).parents[2] / "examples" / f"{one.example}.yaml"
        project = yaml.safe_load(path.read_text(encoding="utf-8"))
        if one.goal:
            project["goals"] = {"goal": {"event": one.goal, "within": one.within}}
        with segue.Engine.in_memory(project) as engine:
            engine.record(pq.read_table(folder / file), columns=COLUMNS)
            seen = engine.insight(at)
            asked = Asked(windows=one.windows)
            ready = prepare(seen.store, seen.project, seen.definitions, seen.at, asked)
        _KEPT[name] = World(ready.question, ready.behaviour, ready.actions)
    return _KEPT[name]


def permuted_run(folder: Path, name: str, number: int) -> bool:
    """Whether anything is reported where each person has somebody else's goal."""
    made = real_world(folder, name)
    goal = dealt(made, np.random.default_rng([REAL, number]))
    found = discover(
        made.question,
        replace(made.behaviour, goal=goal),
        made.actions,
        np.random.default_rng(number),
    )
    return bool(found.findings)


def dealt(made: World, rng: np.random.Generator) -> Occurrences:
    """The first goal of each person after their start, given to another, as long after theirs."""
    start = made.behaviour.starts.at
    people = np.flatnonzero(start < FOREVER)
    reached = arrays.first_from(made.behaviour.goal, people, start[people])
    delay = np.where(reached < FOREVER, reached - start[people], FOREVER)
    delay = rng.permutation(delay)
    at = np.full(len(start), FOREVER)
    at[people] = np.where(delay < FOREVER, start[people] + delay, FOREVER)
    does = at < FOREVER
    return Occurrences(np.concatenate(([0], np.cumsum(does))), at[does])


# ------------------------------------------------------------------------------- something is there


def power_run(number: int, people: int, odds: float) -> tuple[bool, int]:
    """Whether the planted action is found, and how many others are."""
    rng = np.random.default_rng([POWER, people, int(10 * odds), number])
    made = world(rng, people=people, actions=60, planted={7: Planted(odds)})
    found = discover(made.question, made.behaviour, made.actions, np.random.default_rng(number))
    named = [one.action for one in found.findings]
    return 7 in named, len(named) - (7 in named)


def power_lines(runs: int) -> Iterator[str]:
    """The power curve."""
    sizes, ratios = (2_000, 5_000, 20_000), (1.5, 2.0, 3.0, 5.0)
    heads = " | ".join(f"odds times {one:g}" for one in ratios)
    yield f"| people | {heads} | others found, per run |"
    yield f"| --- |{' --- |' * (len(ratios) + 1)}"
    for people in sizes:
        done = [many(partial(power_run, people=people, odds=odds), runs) for odds in ratios]
        cells = [percent(np.mean([hit for hit, _ in one])) for one in done]
        others = np.mean([other for one in done for _, other in one])
        yield f"| {people:,} | {' | '.join(cells)} | {others:.2f} |"


# -------------------------------------------------------------------------------------------- traps


def trap_run(number: int, trap: str) -> tuple[bool, float]:
    """Whether discovery falls for the trap, and the odds ratio that ranking gives it."""
    rng = np.random.default_rng([TRAP, len(trap), number])
    made = world(rng, people=4_000, actions=60, trap=trap)
    found = discover(made.question, made.behaviour, made.actions, np.random.default_rng(number))
    return any(one.action == 0 for one in found.findings), naive_ratio(made)


def naive_ratio(made: World) -> float:
    """The odds ratio of having ever done action 0 (five times or more) and ever having reached the
    goal."""
    often = np.diff(made.actions[0].offsets)
    reached = np.diff(made.behaviour.goal.offsets) > 0
    did = often >= np.quantile(often, 0.75)
    cells = [np.count_nonzero(a & b) + 1 for a in (did, ~did) for b in (reached, ~reached)]
    return cells[0] * cells[3] / (cells[1] * cells[2])


def trap_lines(runs: int) -> Iterator[str]:
    """The table of traps."""
    yield "| trap | odds ratio when simply counted (median) | runs that fall for it |"
    yield "| --- | --- | --- |"
    names = {
        "immortal": "immortal time: who stays does it all the time, and only who stays renews",
        "reverse": "reverse causation: reaching the goal makes people do it",
    }
    for trap, name in names.items():
        done = many(partial(trap_run, trap=trap), runs)
        ratio = np.median([one for _, one in done])
        fell = sum(hit for hit, _ in done)
        yield f"| {name} | {ratio:.1f} | {fell} of {runs} |"


# ----------------------------------------------------------------------------------------- coverage


def coverage_lines(draws: int = 20_000) -> Iterator[str]:
    """How often each interval holds the truth."""
    yield "| people | did it | shares | difference | ratio | odds ratio | φ | adjusted difference |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- |"
    for people, did, base, other in (
        (500, 0.3, 0.30, 0.20),
        (1_000, 0.1, 0.25, 0.12),
        (2_000, 0.05, 0.20, 0.20),
        (5_000, 0.02, 0.30, 0.10),
        (5_000, 0.5, 0.06, 0.03),
    ):
        rng = np.random.default_rng([COVER, people, int(1_000 * did)])
        cells = np.array([did * base, did * (1 - base), (1 - did) * other, (1 - did) * (1 - other)])
        tables = Tables(*rng.multinomial(people, cells, draws).T)
        a, b, c, d = cells
        phi = (a * d - b * c) / np.sqrt((a + b) * (c + d) * (a + c) * (b + d))
        layered = stratified(rng, people, did, base - other, draws)
        held = (
            holds(tables.risk_difference(), base - other),
            holds(tables.risk_ratio(), base / other),
            holds(tables.odds_ratio(), base * (1 - other) / (other * (1 - base))),
            holds(tables.phi(), phi),
            holds(layered.risk_difference(), base - other),
        )
        yield (
            f"| {people:,} | {100 * did:.0f} % | {100 * base:.0f} % and {100 * other:.0f} % |"
            f" {' | '.join(f'{100 * one:.1f} %' for one in held)} |"
        )


def stratified(
    rng: np.random.Generator, people: int, did: float, difference: float, draws: int
) -> Stratified:
    """Tables in twenty strata, of which the more active do it and reach the goal more often."""
    shares, bases = np.linspace(0.4, 1.6, 20) * did, np.linspace(0.05, 0.45, 20)
    each = people // 20
    exposed = rng.binomial(each, np.minimum(shares, 0.9), (draws, 20))
    both = rng.binomial(exposed, bases + difference)
    others = rng.binomial(each - exposed, bases)
    return Stratified(Tables(both, exposed - both, others, each - exposed - others))


def holds(found: Estimates, truth: float) -> float:
    """The share of intervals that hold the truth; one that cannot be told does not."""
    return float(np.mean((found.low <= truth) & (truth <= found.high)))


# --------------------------------------------------------------------------------------- the record


def many(run: Callable[[int], T], count: int) -> list[T]:
    """Runs 0 … count - 1, side by side."""
    with ProcessPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, range(count), chunksize=max(1, count // (8 * WORKERS))))


def percent(share: SupportsFloat) -> str:
    """`2.5 %`."""
    return f"{100 * float(share):.1f} %"


def record(parts: Iterable[tuple[str, str, Sequence[str]]]) -> str:
    """The page."""
    lines = ["# What discovery finds where there is nothing, something, or a trap", ""]
    lines += [
        "`python -m bench.insight.discoveries`; the seed of a run is its part and its number."
    ]
    for title, said, table in parts:
        lines += ["", f"## {title}", "", said, "", *table]
    return "\n".join([*lines, ""])


def _parts(data: Path, runs: int) -> Iterator[tuple[str, str, list[str]]]:
    yield (
        "Nothing is there",
        (
            "Activity drives everything: some people do much of everything and reach the goal more"
            " often; visits are bursts, kinds of people prefer different things, and no action does"
            " anything. 150 actions, 10 counts, 4 windows."
        ),
        list(null_lines(runs)),
    )
    yield (
        "Why all activity is compared, not that of other events",
        (
            "The same worlds with 10,000 people: how many tests come out below 5 % by themselves,"
            " which should be 5 %. Other events alone leave part of what activity does over."
        ),
        list(leak_lines(max(runs // 10, 1))),
    )
    yield (
        "Real logs",
        "Goals of the example projects and others, each person's given to another.",
        list(real_lines(data, runs)),
    )
    yield (
        "Something is there",
        (
            "One of 60 actions, done by a tenth of people in their first three days, multiplies the"
            " odds of the goal: the share of runs in which it is found."
        ),
        list(power_lines(max(runs // 10, 1))),
    )
    yield (
        "Traps",
        "An action that only looks like a cause, among 60 with 4,000 people.",
        list(trap_lines(max(runs // 4, 1))),
    )
    yield (
        "Intervals",
        "20,000 draws each: how often an interval at 95 % holds the truth.",
        list(coverage_lines()),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Run everything and print, or write, the record."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="where the real logs are")
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--record", type=Path)
    given = parser.parse_args(arguments)
    found = []
    for part in _parts(given.data, given.runs):
        print(f"## {part[0]}", *part[2], sep="\n", flush=True)
        found.append(part)
    if given.record:
        given.record.write_text(record(found), encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
