"""`segue discover`: what people do early that goes along with reaching a goal."""

from __future__ import annotations

from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from segue.cli import options
from segue.cli.app import ASK, app, example
from segue.cli.output import console, paragraph, plain_table, print_json
from segue.cli.progress import telling
from segue.cli.source import On, say_sample, some_of
from segue.domain.errors import UsageError
from segue.domain.instant import DAY
from segue.insight.discovery import Finding
from segue.language.parse import parse_duration
from segue.services import words
from segue.services.insight.as_segment import Proposal
from segue.services.insight.discovering import COUNTS, Discovered
from segue.services.insight.discovering_document import discovered_document
from segue.services.insight.discovering_words import (
    briefly,
    definition,
    finding_words,
    proposal,
    short_points,
    summary_words,
    verdict_words,
)
from segue.services.insight.sample import Sample, sampled_document
from segue.services.insight.wording import share_words

_TOLD: Final = 3
"""So many findings are told in words; the others stand in the table."""
_LISTED: Final = 10
_LOOKED_AT: Final = 6
_WIDE: Final = 28

discover = typer.Typer(no_args_is_help=False)
"""The verbs that look for patterns; others hang theirs in here."""
app.add_typer(
    discover,
    name="discover",
    rich_help_panel=ASK,
    epilog=example(
        "segue discover --goal subscribed",
        "segue discover --entering journey.intent --within 3,7",
        "segue discover --as-segment 1 --save",
    ),
)

Goal = Annotated[
    str | None,
    typer.Option("--goal", "-g", metavar="ID", help="The goal. Default: the project's first."),
]
Entering = Annotated[
    str | None,
    typer.Option(
        "--entering",
        metavar="ID",
        help="Begin when people enter this segment. Default: with the first thing they do.",
    ),
]
Within = Annotated[
    str,
    typer.Option(
        "--within", metavar="D,…", help="The first days (or `6 hours`) in which things are counted."
    ),
]
Counts = Annotated[
    int, typer.Option("--counts", metavar="N", min=1, max=100, help="Try 1 to N times.")
]
Period = Annotated[
    str | None,
    typer.Option("--period", metavar="D", help="Only people who began so long ago at most."),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", help="Seed of the dealing by chance.")]
AsSegment = Annotated[
    int | None,
    typer.Option("--as-segment", metavar="N", help="Show finding N as a segment of segue.yaml."),
]
Save = Annotated[bool, typer.Option("--save", help="With --as-segment: put it into segue.yaml.")]


@discover.callback(invoke_without_command=True)
def actions(
    context: typer.Context,
    *,
    goal: Goal = None,
    entering: Entering = None,
    within: Within = "1,3,7,14",
    counts: Counts = COUNTS,
    period: Period = None,
    seed: Seed = 0,
    as_segment: AsSegment = None,
    save: Save = False,
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
    """Find what people do early that goes along with reaching a goal, beyond chance and activity.

    Every event, action and common property value is tried, 1 to N times within each of the first
    days; what is found must be seen again among people who started later.
    """
    if context.invoked_subcommand is not None:
        return
    if save and as_segment is None:
        raise UsageError("--save needs --as-segment", hint="for example --as-segment 1 --save")
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
    with source as (project, insight, sample):
        with telling(quiet=as_json) as tick:
            found = insight.discover(
                goal,
                segment=entering,
                windows=_windows(within),
                counts=counts,
                period=None if period is None else _duration(period),
                seed=seed,
                tick=tick,
            )
        chosen = None if as_segment is None else proposal(found, as_segment)
        saved = project.add_segments([chosen]) if save and chosen is not None else None
        _show(project.name, found, chosen, saved, sample, as_json=as_json)


def _windows(text: str) -> list[int]:
    return [_duration(part) for part in text.split(",") if part.strip()]


def _duration(text: str) -> int:
    """A bare number is days."""
    plain = text.strip()
    return int(plain) * DAY if plain.isdigit() else parse_duration(plain)


def _show(
    name: str,
    found: Discovered,
    chosen: Proposal | None,
    saved: str | None,
    sample: Sample | None,
    *,
    as_json: bool,
) -> None:
    if as_json:
        sampled = sampled_document(sample)
        print_json({**discovered_document(found), "saved_to": saved, **sampled})
    elif chosen is not None:
        print_proposal(console(), chosen, saved)
    else:
        print_discovered(console(), name, found)
        say_sample(sample, "All of it is")


def print_proposal(out: Console, one: Proposal, saved: str | None) -> None:
    """Print a segment as it stands, or would stand, in the project file."""
    out.print(Text(one.text), soft_wrap=True)
    if saved is not None:
        out.print(f"\n [good]✓[/] saved to {escape(saved)}", soft_wrap=True)


# ----------------------------------------------------------------------------------- what is found


def print_discovered(out: Console, name: str, found: Discovered) -> None:
    """Print the findings in words, all of them as a table, and what was looked at in vain."""
    moment = words.moment(found.at, found.zone)
    goal = escape(found.goal.id)
    out.print(f"\n [title]{escape(name)}[/] · what leads to {goal} · {moment} · {found.zone}\n")
    paragraph(out, Text(summary_words(found)))
    for number, one in found.distinct[:_TOLD]:
        out.print()
        paragraph(out, Text(finding_words(found, one)), bullet=f"[number]{number}[/]")
    if found.distinct:
        _print_findings(out, found)
    _print_looked_at(out, found)
    out.print()
    paragraph(out, Text(definition(found), style="faint"))
    if found.distinct:
        out.print("\n [faint]segue discover --as-segment 1 makes a segment of the first one[/]")


def _print_findings(out: Console, found: Discovered) -> None:
    table = plain_table()
    table.add_column("", justify="right")
    table.add_column("Who did this", min_width=_WIDE, overflow="fold")
    for heading in ("reached it", "others", "as active", "later"):
        table.add_column(heading, justify="right", overflow="fold")
    for number, one in found.distinct[:_LISTED]:
        style = "up" if one.raises else "down"
        table.add_row(
            str(number),
            escape(briefly(found, one)),
            share_words(one.earlier.did),
            share_words(one.earlier.others),
            f"[{style}]{short_points(one.earlier.adjusted)}[/]",
            short_points(one.later.adjusted),
        )
    out.print()
    out.print(Padding(table, (0, 0, 0, 1)))
    _print_more(out, len(found.distinct) - _LISTED)


def _print_looked_at(out: Console, found: Discovered) -> None:
    looked = found.outcome.looked_at
    if not looked:
        return
    table = plain_table()
    table.add_column("Looked at", min_width=_WIDE, overflow="fold")
    for heading in ("reached it", "others"):
        table.add_column(heading, justify="right", overflow="fold")
    table.add_column("Why not", overflow="fold")
    for one in looked[:_LOOKED_AT]:
        table.add_row(*_looked_at(found, one))
    out.print(Padding(table, (1, 0, 0, 1)))
    _print_more(out, len(looked) - _LOOKED_AT)


def _looked_at(found: Discovered, one: Finding) -> tuple[str, str, str, str]:
    return (
        escape(briefly(found, one)),
        share_words(one.earlier.did),
        share_words(one.earlier.others),
        f"[faint]{verdict_words(one)}[/]",
    )


def _print_more(out: Console, more: int) -> None:
    if more > 0:
        out.print(f"   [faint]and {more:,} more: --json lists all[/]")
