"""`segue check`: every problem of the definitions at once, and what the events say about them."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from segue.bootstrap.carriers import missing_channels
from segue.bootstrap.environment import channels
from segue.cli import options
from segue.cli.app import BEGIN, Exit, app, example
from segue.cli.linting import print_lint
from segue.cli.output import console, print_json, print_problem, problem_document
from segue.cli.source import opened
from segue.services import words
from segue.services.check import Checked
from segue.services.insight.lint_document import lint_document
from segue.services.insight.linting import Linted

Portfolio = Annotated[
    bool,
    typer.Option(
        "--portfolio",
        help="Also look for the known mistakes of segments and campaigns as a whole.",
    ),
]


@app.command(
    rich_help_panel=BEGIN,
    epilog=example("segue check", "segue check --portfolio --json"),
)
def check(
    *,
    workspace: options.Workspace = None,
    events: options.Events = None,
    definitions: options.DefinitionsFile = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    portfolio: Portfolio = False,
    as_json: options.Json = False,
) -> None:
    """Find everything that is wrong or doubtful in the definitions.

    Problems end with exit code 1, and so do findings about the portfolio. What the events known so
    far make doubtful, such as an event that never occurred, is a warning; so is a channel that
    campaigns need and nobody has set up here.
    """
    with opened(workspace, events, definitions, columns, time_zone, quiet=as_json) as engine:
        found = engine.check()
        missing = [] if found.problems else missing_channels(engine.acting, channels())
        looked = portfolio and not found.problems
        linted = engine.insight().lint() if looked else None
    if as_json:
        print_json(_document(found, missing, linted))
    else:
        out = console()
        _print(out, found, missing)
        if linted is not None:
            print_lint(out, linted)
    if found.problems or (linted is not None and linted.findings):
        raise typer.Exit(Exit.FINDINGS)


def _document(found: Checked, missing: list[str], linted: Linted | None) -> dict[str, Any]:
    document: dict[str, Any] = {
        "problems": [problem_document(one) for one in found.problems],
        "warnings": [problem_document(one) for one in found.warnings],
        "missing_channels": missing,
        "segments": found.segments,
    }
    return document if linted is None else {**document, "portfolio": lint_document(linted)}


def _print(out: Console, found: Checked, missing: list[str]) -> None:
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
