"""`segue backtest`: what a segment would have done in the past."""

from __future__ import annotations

from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from segue.cli import options
from segue.cli.app import ASK, app, example
from segue.cli.output import console, paragraph, plain_table, print_json
from segue.cli.progress import working
from segue.cli.source import On, say_sample, some_of
from segue.domain.instant import format_duration
from segue.insight.backtest import Contrast, Estimate
from segue.insight.matching import SCALES
from segue.services import words
from segue.services.daily import Day
from segue.services.insight.backtest_document import backtest_document
from segue.services.insight.backtest_words import (
    backtest_words,
    difference_words,
    estimate_words,
    left_out_words,
    scale_words,
)
from segue.services.insight.backtesting import DAYS, MOST_DAYS, Backtest, Together, Varied
from segue.services.insight.sample import sampled_document
from segue.services.insight.wording import share_words

MOST_OTHERS: Final = 6
"""Other segments shown; `--json` gives all."""
_WIDEST: Final = 90
"""Ticks of a line of sizes at most."""

SegmentId = Annotated[
    str | None, typer.Argument(metavar="SEGMENT", help="The id of a segment of the project.")
]
Condition = Annotated[
    str | None,
    typer.Option("--when", metavar="CONDITION", help="A condition instead, saved nowhere."),
]
Title = Annotated[str, typer.Option("--title", metavar="TEXT", help="What to call the condition.")]
Days = Annotated[
    int,
    typer.Option(
        "--days", metavar="N", min=1, max=MOST_DAYS, help=f"So many days back. Default: {DAYS}."
    ),
]
Goal = Annotated[
    str | None,
    typer.Option("--goal", metavar="ID", help="The goal to judge by. Default: the first one."),
]
Campaign = Annotated[
    str | None,
    typer.Option("--campaign", metavar="ID", help="The campaign to try. Default: its own."),
]


@app.command(
    rich_help_panel=ASK,
    epilog=example(
        "segue backtest cart_abandoners",
        'segue backtest --when "did purchase at least 3 times within 30 days" --goal purchased',
    ),
)
def backtest(
    segment: SegmentId = None,
    *,
    when: Condition = None,
    title: Title = "",
    days: Days = DAYS,
    goal: Goal = None,
    campaign: Campaign = None,
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
    people: options.People = None,
    as_json: options.Json = False,
) -> None:
    """Show what a segment, saved or not, would have done: who came and went, what they did then.

    Entrants are set against people like them who were not in at the time. Also: how long people
    stay, how many messages a campaign would send, how late a daily job would be, and what other
    thresholds would change.
    """
    source = some_of(
        On(engine, master, kind, partitions, people=people),
        workspace,
        events,
        definitions,
        columns=columns,
        time_zone=time_zone,
        at=at,
        quiet=as_json,
    )
    with source as (_, insight, sample), working("Looking back …", quiet=as_json):
        found = insight.backtest(
            segment, when=when, title=title, days=days, goal=goal, campaign=campaign
        )
    if as_json:
        print_json({**backtest_document(found), **sampled_document(sample)})
    else:
        print_backtest(console(), found)
        say_sample(sample, "All of it is")


def print_backtest(out: Console, found: Backtest) -> None:
    """Print a backtest: findings in words, then the tables behind them."""
    zone = found.timezone
    name = escape(found.title) if found.title else "A condition that is not saved"
    out.print(
        f"\n [title]{name}[/] · {words.counted(len(found.days), 'day')} up to "
        f"{words.moment(found.at, zone)} · [faint]{zone}[/]"
    )
    paragraph(out, Text(found.when, style="faint"))
    out.print()
    _print_sizes(out, found.days)
    for sentence in backtest_words(found):
        paragraph(out, Text(sentence), bullet="•")
    out.print()
    if found.contrast is not None and found.goal is not None:
        _print_outcome(out, found, found.contrast)
    _print_thresholds(out, found)
    _print_others(out, found)


def _print_sizes(out: Console, days: tuple[Day, ...]) -> None:
    """The size at the end of each day, as a line; of long periods of every so many days."""
    every = -(-len(days) // _WIDEST)
    sizes = [one.size for one in days[::-1][::every]][::-1]
    low, high = min(sizes), max(sizes)
    often = "day by day" if every == 1 else f"every {every} days"
    out.print(f" [bar]{words.sparkline(sizes)}[/]")
    out.print(f" [faint]size {often}, {low:,} to {high:,}[/]\n")


def _print_outcome(out: Console, found: Backtest, contrast: Contrast) -> None:
    table = plain_table()
    assert found.goal is not None
    window = format_duration(found.window)
    table.add_column(f"Reached {escape(found.goal.id)} within {window}", overflow="fold")
    table.add_column("People", justify="right")
    table.add_column("Share", justify="right", no_wrap=True)
    entrants = contrast.entrants
    table.add_row("everybody who entered", words.number(entrants.of), share_words(entrants))
    rows: tuple[tuple[str, Estimate], ...] = (
        ("of them, those who can be compared", contrast.compared),
        ("people like them who were not in", contrast.alike),
        ("[faint]anybody who was not in[/]", contrast.anybody),
    )
    for name, one in rows:
        table.add_row(name, words.number(one.people), estimate_words(one))
    table.add_section()
    table.add_row("[title]difference[/]", "", Text(difference_words(contrast)))
    out.print(table)
    _print_balance(out, contrast)
    for note in left_out_words(contrast):
        out.print(f" [faint]{escape(note)}[/]")
    out.print()


def _print_balance(out: Console, contrast: Contrast) -> None:
    if not contrast.alike.rows:
        return
    parts = [
        f"{scale_words(name)} {after:+.2f} (anybody {before:+.2f})"
        for name, before, after in zip(
            SCALES,
            contrast.matched.before.tolist(),
            contrast.matched.after.tolist(),
            strict=True,
        )
    ]
    paragraph(out, Text(f"How alike, in standard deviations: {', '.join(parts)}.", style="faint"))


def _print_thresholds(out: Console, found: Backtest) -> None:
    """What other thresholds would change; where they stand, if the condition has several parts."""
    if len(found.varied) == 1:
        return
    goal = found.goal.id if found.goal else ""
    parts = {one.variation.before for one in found.varied if one.variation}
    table = plain_table()
    table.add_column("What if", no_wrap=True)
    table.add_column("were", no_wrap=True)
    if len(parts) > 1:
        table.add_column("in", style="faint", overflow="fold")
    for name in ("In now", "Entries", *([f"Reached {escape(goal)}"] if goal else [])):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("Same people", justify="right", no_wrap=True)
    told = ""
    for one in found.varied:
        part = one.variation.before if one.variation else ""
        place = [Text("" if part == told else part)] if len(parts) > 1 else []
        table.add_row(*_change(one), *place, *_came_of(one, with_goal=bool(goal)))
        told = part
    out.print(table)
    out.print(" [faint]One at a time. Same people: of all who were in by either.[/]\n")


def _change(one: Varied) -> tuple[str, str]:
    if one.variation is None:
        return "[faint]as it is[/]", ""
    return one.variation.old, one.variation.new


def _came_of(one: Varied, *, with_goal: bool) -> list[str]:
    """Who is in, how often somebody entered, how many reached the goal, who are the same."""
    reached = [share_words(one.reached)] if with_goal and one.reached else []
    alike = words.percent(one.period.jaccard)
    return [words.number(one.size), words.number(one.entries), *reached, alike]


def _print_others(out: Console, found: Backtest) -> None:
    """The other segments, the most alike first."""
    some = [one for one in found.shared if one.period.both][:MOST_OTHERS]
    if not some:
        return
    table = plain_table()
    table.add_column("Other segments", min_width=24, overflow="fold")
    for name in ("Both now", "In the period", "Of these", "Of the others", "Alike"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in some:
        table.add_row(Text(one.title), words.number(one.now.both), *_period(one.period))
    out.print(table)
    out.print()


def _period(one: Together) -> tuple[str, str, str, str]:
    return (
        words.number(one.both),
        words.percent(one.both / one.this) if one.this else "–",
        words.percent(one.both / one.other) if one.other else "–",
        words.percent(one.jaccard),
    )
