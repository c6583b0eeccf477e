"""Whether people who watch Live slow down those who send.

Rounds with nobody and with so many viewers take turns on one server, in changing order, so that
what the machine does besides falls on both: as fast as it goes, and at a steady rate.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bench.live.generator import Order, Sent, begin, ended
from bench.live.record import Found
from bench.live.server import Server, served
from bench.live.world import Past, built
from bench.report import Target
from bench.studio.viewers import Watched, cookie_of, watching

_MOST: Final = 0.05
"""The share of the rate that watchers may cost."""
_SIZE, _CONNECTIONS = 100, 64


@dataclass(frozen=True)
class Round:
    """One round: how many watched, events per second that were taken, answers in the middle and of
    a hundred the longest (ms), processors that the server kept busy, and what the viewers got."""

    viewers: int
    events_per_second: float
    answer_ms: tuple[float, float]
    cpu: float
    errors: int
    watched: Watched | None


@dataclass(frozen=True)
class Pairs:
    """Rounds with nobody and with viewers, at a rate (0: as fast as it goes)."""

    rate: float
    without: tuple[Round, ...]
    among: tuple[Round, ...]

    @property
    def costs(self) -> list[float]:
        """Of each pair the share of the rate that was lost; below 0: it was faster."""
        return [
            1 - one.events_per_second / other.events_per_second
            for one, other in zip(self.among, self.without, strict=True)
        ]

    @property
    def cost(self) -> float:
        """The middle one of them."""
        return statistics.median(self.costs)


@dataclass(frozen=True)
class Plan:
    """What to run: pairs of rounds of so many seconds, with so many viewers, at these rates."""

    past: Past
    viewers: int
    pairs: int
    seconds: float
    rates: tuple[float, ...]
    data: Path


def section(plan: Plan) -> Found:
    """Run all rounds."""
    found = run(plan)
    return Found("watchers", "Who watches Live", table(found), targets(found, plan.viewers))


def run(plan: Plan) -> list[Pairs]:
    """Run all rounds on one server."""
    made = built(plan.past, plan.data, _tell)
    with (
        tempfile.TemporaryDirectory(dir=plan.data) as folder,
        served(made.copy(Path(folder) / "watched")) as server,
    ):
        cookie = cookie_of(server)
        _round(server, plan, cookie, 0, 0, 0)  # warms up
        return [_pairs(server, plan, cookie, rate) for rate in plan.rates]


def _pairs(server: Server, plan: Plan, cookie: str, rate: float) -> Pairs:
    rounds: dict[int, list[Round]] = {0: [], plan.viewers: []}
    for pair in range(plan.pairs):
        order = (0, plan.viewers) if pair % 2 == 0 else (plan.viewers, 0)
        for viewers in order:
            _tell(f"{viewers} viewers, {f'{rate:,.0f} events/s' if rate else 'as fast as it goes'}")
            seed = 1 + 2 * pair + bool(viewers)
            rounds[viewers].append(_round(server, plan, cookie, viewers, rate, seed))
    return Pairs(rate, tuple(rounds[0]), tuple(rounds[plan.viewers]))


def _round(server: Server, plan: Plan, cookie: str, viewers: int, rate: float, seed: int) -> Round:
    past = plan.past
    order = Order(past.events, past.people, _SIZE, _CONNECTIONS, plan.seconds, rate, 100 + seed)
    with watching(server, cookie, viewers) as watched:
        cpu = server.cpu_seconds
        sent = ended(begin(server, order))
        cpu = (server.cpu_seconds - cpu) / sent.seconds
    return Round(
        viewers,
        sent.events / sent.seconds,
        _answers(sent),
        cpu,
        sent.errors,
        watched[0] if watched else None,
    )


def _answers(sent: Sent) -> tuple[float, float]:
    took = sorted(one / 1e6 for one in sent.took) or [0.0]
    return statistics.median(took), took[int(0.99 * (len(took) - 1))]


# ----------------------------------------------------------------------------------------- report


def table(found: Sequence[Pairs]) -> str:
    """Every round, and of each rate what the viewers cost."""
    head = (
        "| rate | viewers | events/s | answers, median and p99 | server's processors |"
        " messages a viewer gets a second | KB/s in all |"
    )
    lines = [head, "|---|--:|--:|--:|--:|--:|--:|"]
    for pairs in found:
        rounds = (one for pair in zip(pairs.without, pairs.among, strict=True) for one in pair)
        lines += [f"| {_rate(pairs.rate)} | {_row(one)} |" for one in rounds]
    told = [
        f"{_rate(one.rate).capitalize()}, the viewers cost {one.cost:.1%} of the rate "
        f"(median of {len(one.costs)} pairs: {', '.join(f'{cost:.1%}' for cost in one.costs)})."
        for one in found
    ]
    return "\n".join(lines) + "\n\n" + "\n".join(told)


def _row(one: Round) -> str:
    middle, late = one.answer_ms
    got, size = "–", "–"
    if one.watched is not None:
        got = f"{one.watched.messages_a_second:.1f}"
        size = f"{one.watched.bytes / one.watched.seconds / 1000:,.0f}"
    rate = f"{one.events_per_second:,.0f}"
    return f"{one.viewers} | {rate} | {middle:.0f}, {late:.0f} ms | {one.cpu:.2f} | {got} | {size}"


def _rate(rate: float) -> str:
    return f"{rate:,.0f} events/s" if rate else "as fast as it goes"


def targets(found: Sequence[Pairs], viewers: int) -> list[Target]:
    """What was promised: at a steady rate at most so much of it, and nothing goes wrong."""
    return [
        Target(
            f"{viewers} people watching Live, {_rate(one.rate)}",
            f"slow ingestion by at most {_MOST:.0%}",
            f"{one.cost:.1%}",
            one.cost <= _MOST and not any(each.errors for each in (*one.without, *one.among)),
        )
        for one in found
        if one.rate
    ]


def _tell(what: str) -> None:
    print(f"[{time.strftime('%H:%M:%S')}] {what} ...", file=sys.stderr, flush=True)
