"""The results as text: Markdown tables and a list of targets, met or missed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bench.cold import Cold
from bench.generate import World
from bench.growth import Point
from bench.measure import Timing
from bench.memory import Memory
from bench.refresh import Refresh
from bench.rival import FUSED, ONE_BY_ONE


@dataclass(frozen=True)
class Target:
    """A promise and what was measured; `met` says whether it holds."""

    what: str
    wanted: str
    got: str
    met: bool


def refresh_table(found: Refresh, world: World) -> str:
    """Every way tried, quickest first within its kind, with its ratio to Segue."""
    rows = [
        (
            "**Segue**",
            "truth and leaving instant, everybody",
            "",
            *_seconds(found.own),
            "1",
            "1",
        ),
        (
            "Segue",
            "the same with `entered_at` of every member (from the history)",
            "",
            *_seconds(found.entered_at),
            _times(found.entered_at.best / found.own.best),
            _times(found.entered_at.median / found.own.median),
        ),
    ]
    for kind in (FUSED, ONE_BY_ONE):
        ways = sorted((r for r in found.rivals if r.kind == kind), key=lambda r: r.timing.median)
        for row in ways:
            rows.append(  # noqa: PERF401
                (
                    row.engine,
                    row.name if kind == FUSED else f"{row.name}, one query per segment",
                    row.layout,
                    *_seconds(row.timing),
                    _times(row.timing.best / found.own.best),
                    _times(row.timing.median / found.own.median),
                )
            )
    head = ("engine", "asked how", "sorted by", "min s", "median s", "max s", "min ×", "median ×")
    title = (
        f"Refresh of {found.segments} segments for {world.people:,} people, {world.events:,} "
        f"events ({found.occurrences:,} of them indexed), {found.members:,} memberships"
    )
    return f"{title}\n\n{table(head, rows)}"


def growth_table(points: Sequence[Point]) -> str:
    """Segue's times at several sizes."""
    rows = [
        (
            f"{p.events:,}",
            f"{p.people:,}",
            f"{p.segments}",
            f"{p.occurrences:,}",
            *(
                f"{value * 1000:.1f}"
                for value in (p.refresh.best, p.refresh.median, p.refresh.worst)
            ),
            f"{p.history.median:.2f}",
        )
        for p in sorted(points, key=lambda p: (p.events, p.people, p.segments))
    ]
    head = ("events", "people", "segments", "indexed")
    return table((*head, "min ms", "median ms", "max ms", "history s"), rows)


def memory_table(found: Memory) -> str:
    """Bytes per indexed occurrence."""
    rows = [
        ("the arrays", f"{found.arrays:.1f}"),
        ("resident after reading", f"{found.read:.1f}"),
        ("resident after a refresh, its answer let go", f"{found.resident:.1f}"),
        ("peak while reading", f"{found.reading:.1f}"),
        ("peak of a refresh, its answer held", f"{found.refresh:.1f}"),
        (
            f"peak of the history, its answer ({found.memberships:,} memberships) held",
            f"{found.history:.1f}",
        ),
    ]
    return table(("memory", "bytes per indexed occurrence"), rows)


def cold_table(found: Cold) -> str:
    """From the file to memberships."""
    rows = [
        ("Segue: file to memberships and leaving instants", *_seconds(found.own)),
        ("DuckDB: read and sort by person and time, into a table", *_seconds(found.table)),
        ("DuckDB: read and sort by person and time, as Arrow", *_seconds(found.arrow)),
    ]
    return table(("cold", "min s", "median s", "max s"), rows)


def targets_table(targets: Iterable[Target]) -> str:
    """What was promised."""
    rows = [(t.what, t.wanted, t.got, "yes" if t.met else "**no**") for t in targets]
    return table(("promise", "wanted", "measured", "met"), rows)


def refresh_targets(found: Refresh) -> list[Target]:
    """The ratios to the rivals, of medians."""
    asked = [
        ("chDB, one query per segment, sorted by person", 40.0, ONE_BY_ONE, False),
        ("the best fused query, sorted by person", 2.5, FUSED, False),
        ("the best fused query, even sorted by event", 2.5, FUSED, True),
    ]
    targets = []
    for what, wanted, kind, any_layout in asked:
        row = found.best(kind, any_layout=any_layout)
        if row is not None:
            ratio = row.timing.median / found.own.median
            got = f"{ratio:.1f} × ({row.engine}: {row.name})"
            targets.append(
                Target(f"refresh beside {what}", f">= {wanted:g} ×", got, ratio >= wanted)
            )
    return targets


def growth_targets(points: Sequence[Point], base: World) -> list[Target]:
    """Segments, events, history."""
    at = {(p.events, p.people, p.segments): p for p in points}
    few, many = at[base.events, base.people, 50], at[base.events, base.people, 200]
    targets = [_ratio("200 segments to 50", many.refresh, few.refresh, 5.0)]
    for events in (base.events // 10, base.events * 10):
        other = at.get((events, base.people, 50))
        if other is not None:
            large, small = (few, other) if events < base.events else (other, few)
            what = f"{large.events:,} events to {small.events:,}, same people"
            targets.append(_ratio(what, large.refresh, small.refresh, 1.5))
    limit, seconds = 5.0 * base.events / 20_000_000, few.history.median
    wanted, got = f"<= {limit:g} s", f"{seconds:.2f} s"
    return [*targets, Target("history of 50 segments", wanted, got, seconds <= limit)]


def memory_targets(found: Memory) -> list[Target]:
    """Resident and peak."""
    peak = max(found.reading, found.refresh)
    return [
        Target(
            "resident per indexed occurrence",
            "<= 24 bytes",
            f"{found.resident:.1f} bytes",
            found.resident <= 24,
        ),
        Target("peak of reading and refreshing", "<= 48 bytes", f"{peak:.1f} bytes", peak <= 48),
        Target(
            "peak of the history", "<= 48 bytes", f"{found.history:.1f} bytes", found.history <= 48
        ),
    ]


def cold_targets(found: Cold) -> list[Target]:
    """Cold beside the quicker of DuckDB's sorts."""
    ratio = found.own.median / min(found.table.median, found.arrow.median)
    return [Target("cold, beside DuckDB's read and sort", "<= 2 ×", f"{ratio:.2f} ×", ratio <= 2.0)]


def _ratio(what: str, large: Timing, small: Timing, wanted: float) -> Target:
    ratio = large.median / small.median
    return Target(what, f"<= {wanted:g} ×", f"{ratio:.2f} ×", ratio <= wanted)


def _seconds(timing: Timing) -> tuple[str, str, str]:
    return f"{timing.best:.3f}", f"{timing.median:.3f}", f"{timing.worst:.3f}"


def _times(ratio: float) -> str:
    return f"{ratio:.1f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
