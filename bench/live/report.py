"""What was measured as text: Markdown tables, and what was promised."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from bench.live.idle import Idle
from bench.live.latency import Latency, Steady
from bench.live.load import Load
from bench.live.periods import DOCUMENT, Day
from bench.live.restart import Restart
from bench.live.turns import Cost
from bench.live.weather import PARTS, Weather
from bench.live.world import Built
from bench.report import Target, table

BATCHED, SINGLY = 30_000, 3_000


def built_table(made: Sequence[Built]) -> str:
    """What making the histories took."""
    rows = [
        (
            f"{one.past.events:,}",
            f"{one.past.people:,}",
            f"{one.stored_seconds:.0f}",
            f"{one.started_seconds:.0f}",
            f"{one.transitions:,}",
            f"{one.bytes / 1e6:,.0f}",
        )
        for one in made
    ]
    head = ("events", "people", "stored in s", "first start s", "transitions published then")
    return table((*head, "file MB"), rows)


def load_table(loads: Sequence[Load]) -> str:
    """Events per second."""
    rows = [
        (
            f"{one.size}",
            f"{one.connections}",
            f"**{one.events_per_second:,.0f}**",
            f"{one.answer_ms[0]:.0f}",
            f"{one.answer_ms[1]:.0f}",
            f"{one.evaluated:,}",
            f"{one.cpu:.2f}",
            f"{one.errors}",
        )
        for one in loads
    ]
    head = ("events per request", "connections", "durable events/s", "answer p50 ms")
    speeds = table((*head, "p99 ms", "people evaluated", "processors busy", "errors"), rows)
    names = [f"{one.size} on {one.connections}" for one in loads]
    return f"{speeds}\n\n{weather_table(names, [one.weather for one in loads])}"


def weather_table(names: Sequence[str], weathers: Sequence[Weather]) -> str:
    """What else the machine did, and on what turns spent their time."""
    rows = [
        (
            name,
            *(f"{value:.2f}" for value in (one.others, one.stolen, one.disk)),
            f"{one.turns:,}",
            *(f"{value:.1f}" for value in (one.turn_ms, one.processor_ms, *one.parts.values())),
        )
        for name, one in zip(names, weathers, strict=True)
    ]
    head = ("meanwhile", "others' processors", "withheld by the host", "idle for the disk", "turns")
    return table((*head, "a turn, ms", "processor ms", *(f"{one} ms" for one in PARTS)), rows)


def load_targets(loads: Sequence[Load]) -> list[Target]:
    """Durable events per second, in batches and singly."""
    found = []
    for what, aim, some in (
        ("in batches of 100", BATCHED, [one for one in loads if one.size > 1]),
        ("singly", SINGLY, [one for one in loads if one.size == 1]),
    ):
        best = max(some, key=lambda one: one.events_per_second)
        got = f"{best.events_per_second:,.0f}, {sum(one.errors for one in some)} errors"
        met = best.events_per_second >= aim and not any(one.errors for one in some)
        found.append(Target(f"durable events per second {what}", f">= {aim:,}", got, met))
    return found


def latency_table(found: Latency) -> str:
    """How soon things are known."""
    rows = [
        _percentiles("event sent until its transition is seen on the stream", found.seen),
        _percentiles("instant of an exit until it is known", found.known),
        _percentiles("instant of an exit until it is seen on the stream", found.left_seen),
        _percentiles("look-up of a person's segments", found.lookup),
    ]
    latencies = table(("what", "how many", "p50 ms", "p90 ms", "p99 ms", "max ms"), rows)
    return f"{latencies}\n\n{weather_table(['steady load'], [found.weather])}"


def latency_text(found: Latency, steady: Steady) -> str:
    """What it was measured under."""
    sent = found.background
    return (
        f"Under {sent.events / sent.seconds:,.0f} events/s in batches of {steady.size} on "
        f"{steady.connections} connections (answered in {np.median(sent.took) / 1e6:.0f} ms in the "
        f"middle), {steady.probes:.0f} probes/s and {steady.lookups:.0f} look-ups/s; the server "
        f"kept {found.cpu:.2f} processors busy. "
        f"Probes that were not seen: {found.missing}. Errors: {found.errors}."
    )


def latency_targets(found: Latency) -> list[Target]:
    """What was promised of them."""
    whole = not found.missing and not found.errors
    return [
        _within("event sent until seen on the stream, p50", found.seen, 50, 100, whole),
        _within("event sent until seen on the stream, p99", found.seen, 99, 300, whole),
        _within("exit by time until known, p99", found.known, 99, 250, whole),
        _within("look-up under that load, p99", found.lookup, 99, 15, whole),
    ]


def turns_table(costs: Sequence[Cost]) -> str:
    """Milliseconds of a turn by history and dirty people."""
    sizes = sorted({(one.events, one.people) for one in costs})
    dirty = sorted({one.dirty for one in costs})
    by = {(one.events, one.people, one.dirty): one for one in costs}
    rows = [
        (f"{events:,}", f"{people:,}", *(f"{by[events, people, n].ms:.1f}" for n in dirty))
        for events, people in sizes
    ]
    return table(("events", "people", *(f"{n:,} dirty, ms" for n in dirty)), rows)


def turn_parts_table(costs: Sequence[Cost]) -> str:
    """Of what a turn consists, over the longest history."""
    longest = max(one.events for one in costs)
    some = [one for one in costs if one.events == longest]
    rows = [
        (
            f"{one.dirty:,}",
            f"{one.evaluated:,.0f}",
            f"{one.transitions:,.0f}",
            *(f"{value:.1f}" for value in one.parts.values()),
            f"{one.ms:.1f}",
            f"{one.cpu_ms:.1f}",
            f"{1000 * one.ms / one.dirty:,.0f}",
        )
        for one in some
    ]
    head = ("dirty", "evaluated", "transitions", *(f"{name} ms" for name in some[0].parts))
    return table((*head, "all ms", "processor ms", "µs per person"), rows)


def turns_targets(costs: Sequence[Cost]) -> list[Target]:
    """Linear in dirty people, independent of the history."""
    sizes = sorted({(one.events, one.people) for one in costs})
    by = {((one.events, one.people), one.dirty): one.ms for one in costs}
    dirty = sorted({one.dirty for one in costs})
    found = []
    if len(dirty) > 1:
        most, fewer = dirty[-1], dirty[-2]
        ratio = max(by[size, most] / by[size, fewer] for size in sizes)
        wanted = 1.2 * most / fewer
        found.append(
            Target(
                f"a turn of {most:,} dirty people to one of {fewer:,}",
                f"<= {wanted:.0f} ×",
                f"{ratio:.1f} ×",
                ratio <= wanted,
            )
        )
    longest = sizes[-1]
    for size in sizes[:-1]:
        ratio = max(by[longest, n] / by[size, n] for n in dirty)
        (more, _), (less, people) = longest, size
        found.append(
            Target(
                f"a turn over {more:,} events to one over {less:,} of {people:,} people, at most",
                "<= 1.5 ×",
                f"{ratio:.2f} ×",
                ratio <= 1.5,
            )
        )
    return found


def restart_table(found: Sequence[Restart]) -> str:
    """Seconds until a server answers."""
    rows = [
        (
            one.after,
            f"{one.ready:.2f}",
            f"{one.right:.2f}",
            f"{one.compared}",
            "" if one.ending is None else f"{one.ending:.2f}",
        )
        for one in found
    ]
    head = ("started after", "ready s", "and all look-ups right s", "people compared")
    return table((*head, "the end before took s"), rows)


def restart_targets(found: Sequence[Restart]) -> list[Target]:
    """Every start, however it ended before: as servers start, and where somebody deleted the kept
    index, which is a cache, and costs time."""
    return [
        Target(
            f"start until answers are right, {what}", "<= 15 s", f"{slowest:.1f} s", slowest <= 15
        )
        for what, kept in (("as it was left", True), ("the kept index deleted", False))
        if (slowest := max((one.right for one in found if one.kept is kept), default=0.0))
    ]


def idle_table(found: Sequence[Idle]) -> str:
    """The processor while nothing comes."""
    rows = [
        (
            one.what,
            f"{one.seconds:.0f}",
            f"{one.due:,}",
            f"{100 * one.share:.2f} %",
            f"{one.resident / 1e6:,.0f}",
        )
        for one in found
    ]
    return table(("idle", "s", "people due meanwhile", "of one processor", "resident MB"), rows)


def idle_targets(found: Sequence[Idle]) -> list[Target]:
    """Where nobody is due."""
    some = [one for one in found if not one.due]
    return [
        Target(f"idle, {one.what}", "<= 1 %", f"{100 * one.share:.2f} %", one.share <= 0.01)
        for one in some
    ]


def day_table(found: Day) -> str:
    """How far off everybody is."""
    rows = [
        (
            one.who,
            _percent(one.wrong),
            _percent(one.wrong_brief),
            _percent(one.late),
            _percent(one.never),
            *(_span(ms) if one.never < one.late or not one.late else "" for ms in one.waits),
        )
        for one in found.deviations
    ]
    head = ("who looks", "wrong, all", "wrong, brief", "entries late or never seen", "never seen")
    text = (
        f"{found.people:,} people, {found.events:,} events in 24 hours, "
        f"{len(DOCUMENT['segments'])} segments, {found.entries:,} entries, "
        f"{found.hours:,.0f} person-hours of membership; "
        f"Segue took {found.turns:,} turns and retracted {found.retracted} transitions."
    )
    return f"{text}\n\n{table((*head, 'late, middle', 'late, most'), rows)}"


def day_targets(found: Day) -> list[Target]:
    """Nothing wrong, nothing late."""
    own = found.deviations[0]
    exact = own.wrong == own.late == own.never == 0
    return [Target("membership error over 24 hours", "0", _percent(own.wrong), exact)]


def _percentiles(what: str, values: Sequence[float]) -> tuple[str, ...]:
    found = [f"{value:.1f}" for value in np.percentile(values, (50, 90, 99, 100))]
    return (what, f"{len(values):,}", *found)


def _within(what: str, values: Sequence[float], share: int, most: float, whole: bool) -> Target:
    got = float(np.percentile(values, share))
    return Target(what, f"<= {most:g} ms", f"{got:.1f} ms", whole and got <= most)


def _percent(share: float) -> str:
    return "0" if share == 0 else f"{100 * share:.2f} %"


def _span(ms: float) -> str:
    """A length of time as one reads it."""
    for size, name in ((3_600_000, "h"), (60_000, "min"), (1_000, "s")):
        if ms >= size:
            return f"{ms / size:.1f} {name}"
    return "0" if ms == 0 else f"{ms:.0f} ms"
