"""`segue campaigns simulate`: what a campaign would have done in the past."""

from __future__ import annotations

from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from segue.cli import options
from segue.cli.app import example
from segue.cli.campaigns import CampaignId, campaigns
from segue.cli.output import console, plain_table, print_json
from segue.cli.source import opened
from segue.domain.campaigns import Because, Moment
from segue.domain.instant import DAY
from segue.services import words
from segue.services.acting.simulate import Fate, Job, Simulation
from segue.services.acting.simulation_document import simulation_document

_REASONS: Final = {
    Because.HOLDOUT: "held out of everything, to measure lift",
    Because.CAMPAIGN_HOLDOUT: "held out of this campaign, to measure lift",
    Because.NOT_SAMPLED: "not among those who are asked",
    Because.CONSENT: "no consent",
    Because.NO_ADDRESS: "no address",
    Because.LEFT_SEGMENT: "no longer in the segment when it was due",
    Because.GOAL_REACHED: "had reached the goal when it was due",
    Because.CAPPED: "a cap was full",
    Because.ANOTHER_FIRST: "another of these messages first",
    Because.TOO_LATE: "could not go out soon enough: the hour, or the pace of the channel",
}


@campaigns.command("simulate", epilog=example("segue campaigns simulate welcome --days 30"))
def simulate_one(
    campaign: CampaignId,
    *,
    days: Annotated[
        int, typer.Option("--days", metavar="N", min=1, help="So many days back. Default: 30.")
    ] = 30,
    workspace: options.Workspace = None,
    events: options.Events = None,
    definitions: options.DefinitionsFile = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    at: options.At = None,
    as_json: options.Json = False,
) -> None:
    """Show whom a campaign would have messaged in the past, and whom not, and why; nothing is sent.

    Also how many of them a job that looks every hour, or every day, would have reached too late.
    """
    with opened(workspace, events, definitions, columns, time_zone, quiet=as_json) as engine:
        found = engine.simulate(campaign, days=days, until=at)
        zone = engine.definitions.timezone
    if as_json:
        print_json(simulation_document(found))
    else:
        _print_simulation(console(), found, zone)


def _print_simulation(out: Console, found: Simulation, zone: str) -> None:
    first, last = words.moment(found.start, zone), words.moment(found.end, zone)
    out.print(f"\n [title]{escape(found.campaign.title)}[/] from {first} to {last} · {zone}\n")
    messaged = found.count(Fate.MESSAGED)
    out.print(f" It would have sent {words.counted(messaged, 'message')} to ", end="")
    out.print(f"{words.people(found.people)}", end="")
    out.print(f", {words.number(found.held)} of them held for a while." if found.held else ".")
    _print_reasons(out, found)
    _print_jobs(out, found)
    note = "Nothing was sent. Other campaigns' messages, unsubscribes and pauses are not looked at."
    out.print(f" [faint]{note}[/]\n")


def _print_reasons(out: Console, found: Simulation) -> None:
    table = plain_table()
    table.add_column("Not messaged", justify="right")
    table.add_column("Because", overflow="fold")
    for because, number in found.reasons.items():
        table.add_row(words.number(number), _REASONS.get(because, because.value))
    if found.repeats:
        table.add_row(words.number(found.repeats), "had it before, or too lately to have it again")
    waiting = found.count(Fate.WAITING)
    if waiting:
        table.add_row(words.number(waiting), "[faint]still to come at the end of the period[/]")
    out.print()
    if table.row_count:
        out.print(table)
        out.print()


def _print_jobs(out: Console, found: Simulation) -> None:
    """What would have become of the messages with jobs instead."""
    if found.campaign.when.moment is Moment.SCHEDULE or not found.count(Fate.MESSAGED):
        return
    most = words.duration(found.campaign.max_age)
    table = plain_table()
    table.add_column("If a job looked", no_wrap=True)
    table.add_column("Too late", justify="right")
    table.add_column("Never", justify="right")
    table.add_column("Late by, in the middle", justify="right")
    for job in found.jobs:
        table.add_row(*_job_row(job))
    out.print(table)
    out.print(f" [faint]Too late: over {most} after their moment. Never: they had moved on.[/]\n")


def _job_row(job: Job) -> tuple[str, str, str, str]:
    often = "every day" if job.every == DAY else "every hour"
    late = "" if job.lateness is None else words.duration(job.lateness)
    return often, words.number(job.too_late), words.number(job.missed), late
