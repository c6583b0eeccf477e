"""`segue check`: every problem of the definitions at once, and what the events say about them."""

from __future__ import annotations

import typer
from rich.markup import escape

from segue.bootstrap.carriers import missing_channels
from segue.bootstrap.environment import channels
from segue.cli import options, words
from segue.cli.app import BEGIN, Exit, app, example
from segue.cli.output import console, print_json, print_problem, problem_document
from segue.cli.source import opened


@app.command(
    rich_help_panel=BEGIN,
    epilog=example("segue check", "segue check --definitions segue.yaml --json"),
)
def check(
    *,
    workspace: options.Workspace = None,
    events: options.Events = None,
    definitions: options.DefinitionsFile = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    as_json: options.Json = False,
) -> None:
    """Find everything that is wrong or doubtful in the definitions.

    Problems end with exit code 1. What the events known so far make doubtful, such as an event that
    never occurred, is a warning; so is a channel that campaigns need and nobody has set up here.
    """
    with opened(workspace, events, definitions, columns, time_zone, quiet=as_json) as engine:
        found = engine.check()
        missing = [] if found.problems else missing_channels(engine.acting, channels())
    if as_json:
        print_json(
            {
                "problems": [problem_document(one) for one in found.problems],
                "warnings": [problem_document(one) for one in found.warnings],
                "missing_channels": missing,
                "segments": found.segments,
            }
        )
    else:
        out = console()
        for problem in found.problems:
            print_problem(out, problem)
        for warning in found.warnings:
            print_problem(out, warning, style="soon")
        for line in missing:
            out.print(f"[soon]not set up:[/] {escape(line)}", soft_wrap=True)
        if found.problems:
            out.print(f"[bad]{words.counted(len(found.problems), 'problem')}[/]", end="")
        else:
            out.print(f"[good]✓[/] {words.counted(found.segments, 'segment')}, no problem", end="")
        doubts = words.counted(len(found.warnings), "warning")
        out.print(f", [soon]{doubts}[/]" if found.warnings else "")
    if found.problems:
        raise typer.Exit(Exit.FINDINGS)
