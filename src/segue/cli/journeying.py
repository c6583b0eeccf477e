"""`segue journey`: how many go on from stage to stage, how fast, and where people stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from segue.bootstrap.cluster import Cluster
from segue.cli import options
from segue.cli.app import ASK, app, example
from segue.cli.output import console, paragraph, plain_table, print_json
from segue.cli.progress import working
from segue.cli.source import On, all_of
from segue.insight.arrays import Int64s
from segue.insight.comparisons import Difference
from segue.insight.journey import StageFigures
from segue.insight.shares import Share
from segue.insight.survival import Survival
from segue.language.parse import parse_duration
from segue.services import words
from segue.services.insight.journey import (
    DAYS,
    EXAMPLE,
    NO_JOURNEY,
    JourneyFound,
    SegmentJourney,
    Stage,
    Stop,
)
from segue.services.insight.journey_document import journey_document
from segue.services.insight.wording import length_words, needs_words, share_words

_BAR: Final = 8
_MOST: Final = 5

Since = Annotated[
    str | None,
    typer.Option("--from", metavar="T", help="Where the period begins. Default: --days before."),
]
Until = Annotated[
    str | None, typer.Option("--until", metavar="T", help="Where it ends. Default: --at.")
]
Days = Annotated[int, typer.Option("--days", metavar="N", min=1, help="So many days back.")]
Window = Annotated[
    str, typer.Option("--within", metavar="D", help="The time in which people are to go on.")
]
Silence = Annotated[
    str, typer.Option("--silent", metavar="D", help="Who did nothing for so long has stopped.")
]
ByWeek = Annotated[bool, typer.Option("--by-week", help="Also by the week in which people began.")]


@app.command(
    rich_help_panel=ASK,
    epilog=example(
        "segue journey",
        "segue journey --segment high_intent --by-week",
        "segue journey --from 2026-05-01 --until 2026-06-01",
    ),
)
def journey(
    *,
    segment: options.Segments = None,
    since: Since = None,
    until: Until = None,
    days: Days = DAYS,
    window: Window = "30 days",
    silence: Silence = "14 days",
    by_week: ByWeek = False,
    workspace: options.Workspace = None,
    events: options.Events = None,
    definitions: options.DefinitionsFile = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    at: options.At = None,
    engine: options.Engine = None,
    master: options.Master = None,
    kind: options.Format = None,
    partitions: options.Partitions = None,
    as_json: options.Json = False,
) -> None:
    """How many people go on from stage to stage of the journey, how fast, and where they stop."""
    within, silent = (parse_duration(one) for one in (window, silence))
    wish: dict[str, Any] = {
        "start": since,
        "until": until,
        "days": days,
        "window": within,
        "silence": silent,
        "segments": segment or (),
        "by_week": by_week,
    }
    source = all_of(
        On(engine, master, kind, partitions),
        workspace,
        events,
        definitions,
        columns=columns,
        time_zone=time_zone,
        quiet=as_json,
    )
    with source as project, working("Following everybody's way", quiet=as_json):
        if isinstance(project, Cluster):
            found = project.journey(at, **wish)
        else:
            found = project.insight(at).journey(**wish)
        name = project.name
    if as_json:
        print_json(journey_document(found))
    elif found.everybody is None:
        print_no_journey(console())
    else:
        out = console()
        _print_title(out, name, found)
        print_journey(out, found)


def print_no_journey(out: Console) -> None:
    """Print what to add where a project has no journey."""
    out.print()
    paragraph(out, NO_JOURNEY)
    out.print(Padding(Text(EXAMPLE, style="command"), (1, 0, 0, 3)))


def print_journey(out: Console, found: JourneyFound) -> None:
    """Print what was found: the stages, the findings in words, steps, last events, segments."""
    _print_stages(out, found)
    for said in found.words:
        paragraph(out, said, bullet="·")
    _print_moves(out, found)
    _print_weeks(out, found)
    for one in found.segments:
        _print_segment(out, one, found)
    _print_last(out, found)
    out.print()


def _print_title(out: Console, name: str, found: JourneyFound) -> None:
    first, last = (words.moment(one, found.zone) for one in (found.asked.start, found.asked.end))
    out.print(f"\n [title]{escape(name)}[/] · its journey from {first} to {last} · {found.zone}\n")


def _print_stages(out: Console, found: JourneyFound) -> None:
    assert found.everybody is not None
    stages = found.everybody.stages
    top = max((one.people for one in stages), default=0) or 1
    table = plain_table()
    table.add_column("Stage", min_width=13, overflow="fold")
    table.add_column("People", min_width=_BAR + 7, no_wrap=True)
    table.add_column("Came in", justify="right", no_wrap=True)
    table.add_column(f"Went on in {length_words(found.asked.window)}", no_wrap=True)
    table.add_column("Half go on", no_wrap=True)
    table.add_column("Stopped", no_wrap=True)
    for place, one in enumerate(stages):
        stop = found.stops[place] if place < len(found.stops) else None
        table.add_row(*_stage_row(found.stages[place], one, stop, top))
    out.print(table)


def _stage_row(
    stage: Stage, one: StageFigures, stop: Stop | None, top: int
) -> tuple[Text | str, ...]:
    bar = Text.assemble(
        (f"{one.people:>6,} ", "number"), (words.bar(one.people / top, _BAR), "bar")
    )
    if not one.onward or stop is None:
        return Text(stage.title), bar, words.number(one.entrants), "", "", ""
    onward = share_words(one.onward[0]) if one.onward[0].of else "[faint]cannot tell yet[/]"
    stopped = share_words(stop.stopped.share) if stop.stopped.share.of else ""
    return Text(stage.title), bar, words.number(one.entrants), onward, median(one.next), stopped


def median(curve: Survival) -> str:
    """After how long it has happened to half, or that it has not."""
    if curve.median is not None:
        return f"in {length_words(curve.median)}"
    return f"[faint]not in {length_words(curve.followed)}[/]" if curve.people else ""


def _print_moves(out: Console, found: JourneyFound) -> None:
    """The steps that were made, falls included; from and to no stage where there are any."""
    assert found.everybody is not None
    moves = found.everybody.moves
    if not moves.any():
        return
    shown = range(len(moves) if moves[-1].any() or moves[:, -1].any() else len(moves) - 1)
    titles = [*(one.title for one in found.stages), "No stage"]
    out.print()
    table = plain_table()
    table.add_column("Steps from ↓ to →", overflow="fold")
    for place in shown:
        table.add_column(Text(titles[place]), justify="right")
    for place in shown:
        table.add_row(Text(titles[place]), *_steps(moves, place, shown))
    out.print(table)


def _steps(moves: Int64s, row: int, shown: Sequence[int]) -> list[str]:
    """The counts of a row; steps back are marked."""
    back = "[down]{}[/]"
    return [
        "[faint]·[/]"
        if not (count := int(moves[row, column]))
        else (back if column < row or column == len(moves) - 1 else "{}").format(f"{count:,}")
        for column in shown
    ]


def _print_weeks(out: Console, found: JourneyFound) -> None:
    assert found.everybody is not None
    if not found.everybody.weeks:
        return
    table = plain_table()
    table.add_column("Began in the week of", no_wrap=True)
    table.add_column("People", justify="right")
    for stage in found.stages[1:]:
        table.add_column(Text(stage.title), no_wrap=True)
    for week in found.everybody.weeks:
        shares = [_short(one) for one in week.reached[1:]]
        table.add_row(words.day(week.start, found.zone), words.number(week.people), *shares)
    out.print(f"\n [kind]Reached within {length_words(found.asked.window)}, by week[/]")
    out.print(table)


def _short(share: Share) -> str:
    """`12 % (10–14)`."""
    if share.value is None or share.interval is None:
        return "[faint]not yet[/]"
    ends = f"{100 * share.interval.low:.0f}–{100 * share.interval.high:.0f}"
    return f"{100 * share.value:.0f} % ({ends})"


def _print_segment(out: Console, one: SegmentJourney, found: JourneyFound) -> None:
    """The people of a segment against all others, stage by stage."""
    table = plain_table()
    for heading in ("From", "In it", "All others", "Difference"):
        table.add_column(heading, overflow="fold")
    for stage, against in zip(found.stages, one.against, strict=False):
        sides = (against.next.a, against.next.b)
        shares = [share_words(side) if side.of else "nobody yet" for side in sides]
        table.add_row(Text(stage.title), *shares, _told(against.next))
    out.print(f"\n [kind]{escape(one.title)}[/] went on within {length_words(found.asked.window)}")
    out.print(table)


def _told(one: Difference) -> str:
    """By how many points two shares differ, or what it would take to tell."""
    if one.value is None:
        return ""
    if not one.is_told:
        return f"[faint]{needs_words(one)}[/]"
    return f"[{'up' if one.value > 0 else 'down'}]{100 * one.value:+.0f} points[/]"


def _print_last(out: Console, found: JourneyFound) -> None:
    """What people did last before they stopped, where most stopped."""
    places = [place for place, one in enumerate(found.stops) if one.last]
    if not places:
        return
    most = max(places, key=lambda place: found.stops[place].stopped.share.count)
    table = plain_table()
    for heading in ("Did last", "Of those who stopped", "Of those who went on", ""):
        table.add_column(heading, overflow="fold")
    for one in found.stops[most].last[:_MOST]:
        table.add_row(
            Text(one.event),
            *(share_words(side) for side in (one.difference.a, one.difference.b)),
            "[soon]differs[/]" if one.is_told else "",
        )
    out.print(f"\n [kind]Before they stopped at {escape(found.stages[most].title)}[/]")
    out.print(table)
