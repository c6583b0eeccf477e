"""`segue campaigns`: the campaigns and surveys of a project, and what they would say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.text import Text

from segue.cli import options
from segue.cli.app import ASK, Exit, app, example
from segue.cli.output import console, plain_table, print_json
from segue.cli.source import opened
from segue.domain.campaigns import Acting, Campaign, Moment
from segue.domain.instant import format_duration
from segue.language.acting_fields import days_text, minute_text, share_text
from segue.services import words
from segue.services.acting.previewing import Part, Preview, preview_document

campaigns = typer.Typer(no_args_is_help=False)
"""The verbs about campaigns; others hang theirs in here."""
app.add_typer(
    campaigns,
    name="campaigns",
    rich_help_panel=ASK,
    epilog=example(
        "segue campaigns", "segue campaigns --json", "segue campaigns preview welcome p-0042"
    ),
)

CampaignId = Annotated[
    str, typer.Argument(metavar="CAMPAIGN", help="The id of a campaign or survey.")
]
PersonId = Annotated[
    str, typer.Argument(metavar="PERSON", help="Any of the person's distinct ids.")
]


@campaigns.callback(invoke_without_command=True)
def listing(
    context: typer.Context,
    *,
    workspace: options.Workspace = None,
    definitions: options.DefinitionsFile = None,
    as_json: options.Json = False,
) -> None:
    """Show the campaigns and surveys of a project: who gets what, when, by which way."""
    if context.invoked_subcommand is not None:
        return
    with opened(workspace, None, definitions, None, None, quiet=as_json) as engine:
        acting = engine.acting
    if as_json:
        print_json({"campaigns": [campaign_document(one) for one in acting.campaigns]})
    else:
        _print_list(console(), acting)


@campaigns.command(
    epilog=example(
        "segue campaigns preview welcome p-0042", "segue campaigns preview welcome p-0042 --json"
    )
)
def preview(
    campaign: CampaignId,
    person: PersonId,
    *,
    workspace: options.Workspace = None,
    events: options.Events = None,
    definitions: options.DefinitionsFile = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    at: options.At = None,
    variant: Annotated[
        str | None,
        typer.Option("--variant", metavar="ID", help="This variant. Default: the person's own."),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Show what a campaign would say to somebody, part by part; nothing is sent.

    What cannot be rendered, as somebody lacks a trait, ends with exit code 1.
    """
    with opened(workspace, events, definitions, columns, time_zone, quiet=as_json) as engine:
        found = engine.preview(campaign, person, at, variant=variant)
        zone = engine.definitions.timezone
    if as_json:
        print_json(preview_document(found))
    else:
        _print_preview(console(), found, zone)
    if not found.works:
        raise typer.Exit(Exit.FINDINGS)


# ------------------------------------------------------------------------------------------- lists


def campaign_document(campaign: Campaign) -> dict[str, Any]:
    """The JSON form of a campaign: what it is, in the words of the project file."""
    return {
        "campaign_id": campaign.id,
        "title": campaign.title,
        "kind": "survey" if campaign.survey is not None else "campaign",
        "segment_id": campaign.segment_id,
        "when": moment_text(campaign),
        "channel": campaign.channel.value,
        "goal": campaign.goal or None,
        "holdout": share_text(campaign.holdout),
        "priority": campaign.priority,
        "transactional": campaign.transactional,
        "enabled": campaign.enabled,
        "variants": [variant.id for variant in campaign.variants],
        "fingerprint": campaign.fingerprint,
    }


def moment_text(campaign: Campaign) -> str:
    """When a campaign speaks, in words: `2 hours after entering`, `monday 09:00`."""
    when = campaign.when
    if when.schedule is not None:
        return f"{days_text(when.schedule.weekdays)} {minute_text(when.schedule.minute)}"
    delay = f"{format_duration(when.delay)} after " if when.delay else ""
    return f"{delay}{_MOMENTS[when.moment]}"


_MOMENTS: Final = {
    Moment.ENTERING: "entering",
    Moment.LEAVING: "leaving",
    Moment.INSIDE: "inside",
    Moment.SCHEDULE: "a schedule",
}


def _print_list(out: Console, acting: Acting) -> None:
    if not acting.campaigns:
        out.print("\n There are no campaigns yet: they stand in segue.yaml.\n")
        return
    table = plain_table()
    for heading in ("Campaign", "Segment", "When", "Channel", "Goal"):
        table.add_column(heading, overflow="fold")
    for one in acting.campaigns:
        name = Text(one.title, style="title" if one.enabled else "faint")
        name.append(f"\n{one.id}{'' if one.enabled else ' · not enabled'}", style="faint")
        kind = f"{one.channel.value} · survey" if one.survey is not None else one.channel.value
        table.add_row(name, one.segment_id, moment_text(one), kind, one.goal)
    out.print()
    out.print(table)
    held = share_text(acting.messaging.holdout)
    out.print(f" [faint]{held} of everybody are held out of all of them, to measure lift.[/]\n")


# ----------------------------------------------------------------------------------------- preview


def _print_preview(out: Console, found: Preview, zone: str) -> None:
    title = escape(found.campaign.title)
    out.print(f"\n [title]{title}[/] for [title]{escape(found.person_id)}[/]", end="")
    out.print(f" [faint]as of {words.moment(found.at, zone)} · {zone}[/]")
    for line in _standing(found, zone):
        out.print(Padding(line, (0, 0, 0, 1)))
    out.print()
    for part in found.parts:
        _print_part(out, part)
    if found.missing:
        listed = ", ".join(f"`{escape(name)}`" for name in found.missing)
        out.print(f" [bad]missing:[/] {listed}; `| default(…)` stands in for what is missing\n")


def _standing(found: Preview, zone: str) -> Iterator[str]:
    if found.withheld:
        yield f"[soon]would get nothing:[/] {escape(found.withheld)}"
    if found.inside and found.since is not None:
        yield f"In the segment since {words.moment(found.since, zone)}: {escape(found.evidence)}"
    if found.event is not None:
        yield f"[faint]the event: {escape(found.event.name)}[/]"
    way = found.campaign.channel.value
    to = f" to {escape(found.address)}" if found.address else ""
    several = f", variant {escape(found.variant)}" if len(found.campaign.variants) > 1 else ""
    yield f"[faint]by {way}{to}{several}[/]"


def _print_part(out: Console, part: Part) -> None:
    out.print(f" [kind]{escape(part.name)}[/]")
    if part.problem:
        out.print(Padding(f"[bad]{escape(part.problem)}[/]", (0, 0, 0, 3)))
        out.print(Padding(Text(part.template.rstrip(), style="faint"), (0, 0, 0, 3)))
    else:
        out.print(Padding(Text(part.text.rstrip()), (0, 0, 0, 3)))
    out.print()
