"""The table of a project's segments at one instant, ladders and the journey as bars."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from segue.cli.output import plain_table
from segue.domain.instant import format_instant
from segue.services import words
from segue.services.summarise import Ending, SegmentSummary, Summary

BAR: Final = 30
"""Cells of a ladder's bar."""

WIDE: Final = 94
"""Columns from which a terminal has room for the sizes of twelve weeks."""


def print_summary(out: Console, summary: Summary, *, heading: str) -> None:
    """Print the heading, the segments by kind, then every ladder and the journey."""
    single = [one for one in summary.segments if not one.ladder]
    out.print()
    out.print(f" {heading}")
    out.print()
    if single:
        out.print(_segments(single, summary.at, wide=out.width >= WIDE))
    for name, levels in groupby(
        (one for one in summary.segments if one.ladder), key=lambda one: one.ladder
    ):
        out.print(Padding(_ladder(name, list(levels)), (1, 0, 0, 0)))
    out.print()


def summary_document(summary: Summary) -> dict[str, Any]:
    """The JSON form of a summary: instants in RFC 3339, shares from 0 to 1."""
    return {
        "at": format_instant(summary.at),
        "people": summary.people,
        "segments": [_document(one) for one in summary.segments],
    }


def _document(one: SegmentSummary) -> dict[str, Any]:
    ending = one.next_ending
    return {
        "segment_id": one.segment_id,
        "title": one.title,
        "kind": one.kind,
        "stage": one.stage,
        "people": one.size,
        "share": round(one.share, 6),
        "entered_this_week": one.entered,
        "left_this_week": one.left,
        "next_ending": None
        if ending is None
        else {
            "first_at": format_instant(ending.first_at),
            "people": ending.people,
            "within_seconds": None if ending.horizon is None else ending.horizon // 1000,
        },
        "weekly_people": list(one.sizes),
    }


def _segments(segments: Sequence[SegmentSummary], at: int, *, wide: bool) -> Table:
    table = plain_table()
    table.add_column("Segment", min_width=28, overflow="fold", ratio=1)
    table.add_column("People", justify="right")
    table.add_column("Share", justify="right")
    if wide:
        table.add_column("12 weeks", no_wrap=True)
    table.add_column("This week", justify="right", no_wrap=True)
    table.add_column("Ends next", no_wrap=True)
    for place, (kind, members) in enumerate(_by_kind(segments)):
        table.add_row(Text(f"{(kind or 'other').upper()}", style="kind"))
        for one in members:
            table.add_row(*_row(one, at, wide=wide))
        if place < len({one.kind for one in segments}) - 1:
            table.add_row()
    return table


def _by_kind(
    segments: Sequence[SegmentSummary],
) -> Iterable[tuple[str, list[SegmentSummary]]]:
    """The segments of each kind, kinds in the order of their first segment."""
    kinds = dict.fromkeys(one.kind for one in segments)
    return [(kind, [one for one in segments if one.kind == kind]) for kind in kinds]


def _row(one: SegmentSummary, at: int, *, wide: bool) -> list[RenderableType]:
    quiet = "" if one.size else "faint"
    weeks = Text(words.sparkline(one.sizes), style="bar" if any(one.sizes) else "faint")
    return [
        Text(one.title, style=quiet),
        Text(words.number(one.size), style=quiet or "number"),
        Text(words.percent(one.share), style=quiet),
        *([weeks] if wide else []),
        _change(one),
        _ending(one.next_ending, at, one.size),
    ]


def _change(one: SegmentSummary) -> Text:
    if not one.entered and not one.left:
        return Text("–", style="faint")
    entered = Text(f"+{words.number(one.entered)}", style="up" if one.entered else "faint")
    left = Text(f"−{words.number(one.left)}", style="down" if one.left else "faint")
    return Text.assemble(entered, " ", left)


def _ending(ending: Ending | None, at: int, size: int) -> Text:
    if ending is None:
        return Text("by events only" if size else "", style="faint")
    if ending.horizon is None:
        return Text(f"{words.number(ending.people)}, from {words.distance(ending.first_at, at)}")
    style = "soon" if ending.horizon <= 86_400_000 else ""
    return Text(f"{words.number(ending.people)} within {words.horizon(ending.horizon)}", style)


def _ladder(name: str, levels: Sequence[SegmentSummary]) -> RenderableType:
    """The levels of a ladder, one bar each, scaled to the largest."""
    top = max((level.share for level in levels), default=0) or 1
    table = Table.grid(padding=(0, 2))
    table.add_column(min_width=28)
    table.add_column(min_width=BAR, no_wrap=True)
    for width in (7, 6, 13):
        table.add_column(justify="right", min_width=width, no_wrap=True)
    for level in levels:
        table.add_row(
            Text(f"  {level.title}"),
            Text(words.bar(level.share / top, BAR), style="bar"),
            Text(words.number(level.size), style="number"),
            Text(words.percent(level.share)),
            _change(level),
        )
    return Group(Text(f" {escape(name).upper()}", style="kind"), table)
