"""The tables of `docs/benchmarks.md`, made of the record and of nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from bench.peers.asking import CHANGE, HISTORY, REFRESH
from bench.peers.plan import NAMES
from bench.peers.record import Cell, Record
from bench.report import table

NOTHING: Final = "—"
_BLOCK: Final = re.compile(r"(<!-- figures:(\w+) -->\n).*?(<!-- /figures -->)", re.DOTALL)


def filled(page: str, record: Record) -> str:
    """The page with every table between its marks made anew."""
    made = blocks(record)
    return _BLOCK.sub(lambda found: f"{found[1]}{made[found[2]]}\n{found[3]}", page)


def without_figures(page: str) -> str:
    """What people wrote of the page."""
    return _BLOCK.sub("", page)


def proof(record: Record) -> str:
    """The record, to be read."""
    parts = ["# Segue beside its peers"]
    titles = {
        "run": "The run",
        "segments": "More segments",
        "events": "More events",
        "history": "History",
        "change": "A change",
        "memory": "Memory",
    }
    made = blocks(record)
    return "\n\n".join([*parts, *(f"## {titles[name]}\n\n{made[name]}" for name in titles)]) + "\n"


def blocks(record: Record) -> dict[str, str]:
    """Every table by its name."""
    sizes = record.sizes

    def by_events(ask: str, say: Callable[[Cell], str]) -> str:
        head = [f"{events:,} events" for events in sizes.events]
        return _rows(record, head, [(ask, events, sizes.base) for events in sizes.events], say)

    segments = [(REFRESH, sizes.most, many) for many in sizes.segments]
    return {
        "run": _run(record),
        "segments": _rows(record, [_segments(n) for n in sizes.segments], segments, _warm),
        "cold": _rows(record, [_segments(n) for n in sizes.segments], segments, _cold),
        "events": by_events(REFRESH, _warm),
        "history": by_events(HISTORY, _warm),
        "change": by_events(CHANGE, _warm),
        "load": by_events(REFRESH, lambda cell: cell.said("load")),
        "memory": by_events(REFRESH, lambda cell: cell.memory),
    }


def _run(record: Record) -> str:
    sizes = record.sizes
    small = " It is a quick one: it shows that all agree, and says little of speed." * record.quick
    return (
        f"Command: `{record.command}`, {record.date}.{small}\n\nMachine: {record.machine}.\n\n"
        f"Log: {sizes.most:,} events of {sizes.people:,} people; {sizes.base} segments where "
        f"events vary. Each time is the middle one of {sizes.rounds}; the limit of an answer is "
        f"{sizes.limit:g} seconds."
    )


def _segments(many: int) -> str:
    return f"{many} segment{'s' * (many != 1)}"


def _warm(cell: Cell) -> str:
    return cell.said("warm")


def _cold(cell: Cell) -> str:
    return cell.said("cold")


def _rows(
    record: Record,
    head: Sequence[str],
    columns: Sequence[tuple[str, int, int]],
    say: Callable[[Cell], str],
) -> str:
    rows = []
    for peer, name in NAMES.items():
        cells = [record.of(peer, *column) for column in columns]
        if any(cells):
            shown = [say(cell) if cell else NOTHING for cell in cells]
            rows.append([f"**{name}**" if peer == "segue" else name, *shown])
    return table(["", *head], rows)
