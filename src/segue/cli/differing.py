"""`segue diff`: what a change of definitions would do."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from segue.cli import options
from segue.cli.app import ASK, Exit, app, example
from segue.cli.output import console, paragraph, plain_table, print_json
from segue.cli.progress import working
from segue.cli.source import opened
from segue.domain.errors import UsageError
from segue.services import words
from segue.services.insight.diff_document import diff_document
from segue.services.insight.diff_words import (
    KINDS,
    diff_markdown,
    diff_words,
    in_out_words,
    kind_words,
    messages_words,
    moved_words,
)
from segue.services.insight.differing import DAYS, MOST_DAYS, Diff, SegmentChange

OWN: Final = "-"
"""What stands for the workspace's own definitions."""

Old = Annotated[
    str, typer.Argument(metavar="OLD", help="A segue.yaml, or - for that of the workspace.")
]
New = Annotated[
    str, typer.Argument(metavar="NEW", help="A segue.yaml, or - for that of the workspace.")
]
Days = Annotated[
    int,
    typer.Option(
        "--days", metavar="N", min=1, max=MOST_DAYS, help=f"So many days back. Default: {DAYS}."
    ),
]
Markdown = Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")]


@app.command(
    rich_help_panel=ASK,
    epilog=example(
        "segue diff - new.yaml",
        "segue diff old.yaml segue.yaml --events events.parquet --markdown",
    ),
)
def diff(
    old: Old,
    new: New,
    *,
    days: Days = DAYS,
    workspace: options.Workspace = None,
    events: options.Events = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    at: options.At = None,
    markdown: Markdown = False,
    as_json: options.Json = False,
) -> None:
    """Show what a change of definitions would do: to segments, to people, to messages.

    Ends with exit code 1 where anything changes, 0 where nothing does, so that a script can tell.
    """
    if markdown and as_json:
        raise UsageError("--markdown and --json contradict each other", hint="give one of them")
    sides = [None if one == OWN else Path(one) for one in (old, new)]
    definitions = _definitions(sides, events)
    quiet = as_json or markdown
    with (
        opened(workspace, events, definitions, columns, time_zone, quiet=quiet) as engine,
        working("Comparing …", quiet=quiet),
    ):
        found = engine.insight(at).diff(*sides, days=days)
    if as_json:
        print_json(diff_document(found))
    elif markdown:
        sys.stdout.write(diff_markdown(found))
    else:
        print_diff(console(), found)
    if found.is_change:
        raise typer.Exit(Exit.FINDINGS)


def _definitions(sides: Sequence[Path | None], events: Sequence[str] | None) -> Path | None:
    """Whose zone events that are given on the spot are read in: the new ones'."""
    if not events:
        return None
    if None in sides:
        raise UsageError(
            "- stands for the definitions of a workspace, and --events has none",
            hint="give two files",
        )
    return sides[-1]


def print_diff(out: Console, found: Diff) -> None:
    """Print what changes."""
    out.print(f"\n {escape(diff_words(found))}")
    if not found.is_change:
        out.print()
        return
    when = words.moment(found.at, found.timezone)
    out.print(
        f" [faint]{words.people(found.new_people)} as of {when}, and the "
        f"{words.counted(found.days, 'day')} before · {found.timezone}[/]\n"
    )
    if found.segments:
        _print_segments(out, found)
    if found.campaigns:
        _print_campaigns(out, found)
    for rule in found.rules:
        _print_texts(out, rule.name, rule.old, rule.new)


def _print_segments(out: Console, found: Diff) -> None:
    table = plain_table()
    table.add_column("Segment", min_width=20, overflow="fold")
    table.add_column("", overflow="fold")
    for name in ("In now", "in, out", f"Within {found.days} days", "in, out", "Alike"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in found.segments:
        alike = one.period.alike
        table.add_row(
            Text(one.title),
            Text(kind_words(one), style="faint"),
            moved_words(one.now),
            in_out_words(one.now),
            moved_words(one.period),
            in_out_words(one.period),
            "–" if alike is None else words.percent(alike),
        )
    out.print(table)
    for one in found.segments:
        if one.old_when != one.new_when:
            _print_change(out, one)


def _print_change(out: Console, one: SegmentChange) -> None:
    _print_texts(out, one.id, one.old_when, one.new_when)


def _print_texts(out: Console, name: str, old: str | None, new: str | None) -> None:
    """What a condition or a rule said, and says."""
    out.print(f" [title]{escape(name)}[/]")
    if old is not None:
        paragraph(out, Text(old, style="down"), bullet="-")
    if new is not None:
        paragraph(out, Text(new, style="up"), bullet="+")
    out.print()


def _print_campaigns(out: Console, found: Diff) -> None:
    table = plain_table()
    table.add_column("Campaign", min_width=20, overflow="fold")
    table.add_column("", style="faint")
    table.add_column(f"Messages in {found.days} days", justify="right", no_wrap=True)
    for one in found.campaigns:
        table.add_row(Text(one.title), KINDS[one.kind], messages_words(one))
    out.print(table)
    out.print()
