"""`segue report`: journey, segments, findings and mistakes of a period, together on one page."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.markup import escape

from segue.bootstrap.cluster import Cluster
from segue.bootstrap.insight import REPORT_DAYS
from segue.bootstrap.reports import page_of
from segue.cli import options
from segue.cli.app import ASK, app, example
from segue.cli.journeying import print_journey, print_no_journey
from segue.cli.measures_tables import show_measures
from segue.cli.output import console, paragraph, plain_table, print_json
from segue.cli.progress import telling
from segue.cli.source import On, all_of
from segue.domain.errors import UsageError
from segue.services import words
from segue.services.insight.discovering_words import finding_words
from segue.services.insight.lint_words import HEADINGS
from segue.services.insight.linting import Linted
from segue.services.insight.report import NotLooked, Report, mending_words, report_document
from segue.services.insight.sample import SAMPLE

report = typer.Typer(no_args_is_help=False)
"""The verbs about everything at once; others hang theirs in here."""
app.add_typer(
    report,
    name="report",
    rich_help_panel=ASK,
    epilog=example("segue report", "segue report --out report.html", "segue report --days 90"),
)

PAGES: Final = (".html", ".htm")
"""How the name of a page ends."""
_TOLD: Final = 3

Out = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="Write one page: report.html."),
]
Days = Annotated[int, typer.Option("--days", metavar="N", min=7, help="So many days back.")]
Goal = Annotated[
    str | None,
    typer.Option("--goal", "-g", metavar="ID", help="The goal. Default: the project's first."),
]


@report.callback(invoke_without_command=True)
def whole(
    context: typer.Context,
    *,
    out: Out = None,
    days: Days = REPORT_DAYS,
    goal: Goal = None,
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
    """The journey, the segments, what predicts the goal, and what to mend, together.

    On the terminal in short; with --out as one page of HTML that works offline and prints well.
    """
    if context.invoked_subcommand is not None:
        return
    if out is not None and out.suffix.lower() not in PAGES:
        raise UsageError(f"{out} is no page", hint="give a name that ends in .html")
    source = all_of(
        On(engine, master, kind, partitions, people=people),
        workspace,
        events,
        definitions,
        columns=columns,
        time_zone=time_zone,
        quiet=as_json,
    )
    with source as found, telling(quiet=as_json) as tick:
        if isinstance(found, Cluster):
            made = found.report(at, days=days, goal=goal, people=people or SAMPLE, tick=tick)
        else:
            made = found.insight(at).report(days=days, goal=goal, tick=tick)
    if out is not None:
        _write(out, page_of(made), as_json=as_json)
    elif as_json:
        print_json(report_document(made))
    else:
        _print(console(), made)


def _write(out: Path, page: str, *, as_json: bool) -> None:
    out.write_text(page, encoding="utf-8")
    size = len(page.encode())
    if as_json:
        print_json({"out": str(out), "bytes": size})
    else:
        kilobytes = words.number(round(size / 1000))
        console().print(
            f"[title]{escape(str(out))}[/] written, {kilobytes} kB: open it in a browser, mail it, "
            "print it.",
            soft_wrap=True,
        )


def _print(out: Console, made: Report) -> None:
    """Print the report in short."""
    at = words.moment(made.at, made.zone)
    out.print(f"\n [title]{escape(made.project)}[/] · {made.days} days up to {at} · {made.zone}")
    out.print()
    for said in made.headline:
        paragraph(out, said, bullet="·")
    _heading(out, "The journey")
    if made.journey.everybody is None:
        print_no_journey(out)
    else:
        print_journey(out, made.journey)
    _heading(out, "The segments")
    show_measures(out, made.measures)
    _heading(out, "High-impact actions")
    _print_findings(out, made)
    _heading(out, "What to mend")
    _print_mistakes(out, made.lint)
    out.print("\n [command]segue report --out report.html[/] has it all on one page.\n")


def _heading(out: Console, title: str) -> None:
    out.print(f"\n [kind]{title.upper()}[/]\n")


def _print_findings(out: Console, made: Report) -> None:
    """Print the first findings; or why there are none, and what to do."""
    paragraph(out, made.findings_words)
    found = made.findings
    if isinstance(found, NotLooked):
        return
    for number, one in found.distinct[:_TOLD]:
        paragraph(out, finding_words(found, one), bullet=str(number))
    if len(found.distinct) > _TOLD:
        out.print(" [command]segue discover[/] shows the others.")


def _print_mistakes(out: Console, found: Linted) -> None:
    """Print how often each mistake was found."""
    paragraph(out, mending_words(found))
    if not found.findings:
        return
    counts = Counter(one.mistake for one in found.findings)
    table = plain_table()
    table.add_column("", justify="right")
    table.add_column("Mistake")
    for mistake, number in counts.items():
        table.add_row(words.number(number), HEADINGS[mistake])
    out.print(table)
    out.print(" [command]segue check --portfolio[/] says where, and what to do.")
