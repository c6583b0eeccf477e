"""`segue demo`: a simulated business, from its events to its segments, in one command."""

from __future__ import annotations

import contextlib
import sys
import threading
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.markup import escape

from segue.bootstrap import logs
from segue.bootstrap.demo import Demo, run_demo
from segue.bootstrap.demo_traffic import SPEED, serve_demo, served_workspace
from segue.bootstrap.environment import now
from segue.bootstrap.following import Follower
from segue.bootstrap.serving import Welcome
from segue.bootstrap.settings import Settings
from segue.bootstrap.workspace import Workspace
from segue.cli import options
from segue.cli.app import BEGIN, app, example
from segue.cli.evaluating import heading, print_leaving
from segue.cli.explaining import print_explanation
from segue.cli.output import console, print_json
from segue.cli.overview import print_summary, summary_document
from segue.cli.progress import working
from segue.cli.serving import print_welcome
from segue.cli.tailing import Teller
from segue.domain.errors import SegueError
from segue.domain.instant import format_instant
from segue.services import words
from segue.services.explanation_document import explanation_document

PORT: Final = Settings().port
_LAST_WORDS: Final = 2.0
"""Seconds that the last transitions may take to be told when the server has ended."""

Folder = Annotated[Path, typer.Option("--dir", metavar="DIR", help="The workspace to make.")]
Serve = Annotated[
    bool | None,
    typer.Option(
        "--serve/--no-serve",
        help="Serve it afterwards, with live traffic. Default: where stdout is a terminal.",
        show_default=False,
    ),
]
Speed = Annotated[
    float,
    typer.Option(
        min=0.01, max=10_000, metavar="N", help="How many times as fast as life the traffic is."
    ),
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to serve at; 0 is any free one.")]


@app.command(rich_help_panel=BEGIN, epilog=example("segue demo", "segue demo --dir acme"))
def demo(
    *,
    folder: Folder = Path("demo"),
    serve: Serve = None,
    speed: Speed = SPEED,
    port: Port = PORT,
    as_json: options.Json = False,
) -> None:
    """Simulate a small business, read its events, and show its segments; then let it live.

    The workspace stays: the other commands work on it. A second run brings it up to date. On a
    terminal the business is then served as it would be now, people doing things while you look.
    """
    with working("Simulating 3,000 people over 120 days", quiet=as_json):
        done = run_demo(folder)
    with done.engine:
        if as_json:
            print_json(_document(done, folder))
        else:
            _print_demo(console(), done, folder)
    if serve or (serve is None and sys.stdout.isatty() and not as_json):
        _serve(folder, speed, port)


def _serve(folder: Path, speed: float, port: int) -> None:
    """Serve the business at the present time until Ctrl-C, and tell who enters and leaves."""
    out = console()
    logs.configure(level="warning", as_json=False)
    with working("Moving the business to the present"):
        place = served_workspace(folder, now())
    telling = threading.Thread(target=_tell, args=(place, out), daemon=True)

    def welcome(told: Welcome) -> None:
        print_welcome(told)
        out.print(f" [title]Live[/] [faint]simulated people, {speed:g} times as fast as life[/]")
        telling.start()

    serve_demo(place, Settings(port=port), speed, welcome)
    if telling.ident is not None:
        telling.join(timeout=_LAST_WORDS)


class _EndedError(Exception):
    """The server ended."""


def _tell(place: Path, out: Console) -> None:
    """Tell who enters and leaves until the server ends."""

    def end() -> None:
        raise _EndedError

    workspace = Workspace(place)
    teller = Teller(workspace, out)
    with contextlib.suppress(_EndedError, SegueError):
        for transition in Follower(workspace, {"live": True}, lost=end).transitions():
            teller.tell(transition)


def _print_demo(out: Console, done: Demo, folder: Path) -> None:
    zone = done.view.definitions.timezone
    summary = done.view.summary()
    state = f"{words.counted(done.added.stored, 'event')} of {words.people(summary.people)}"
    if not done.added.stored:
        state = f"all {words.counted(done.added.duplicates, 'event')} were there already"
    out.print()
    out.print(f" [good]✓[/] a simulated business: {state}, in [title]{escape(str(folder))}[/]")
    print_summary(out, summary, heading=heading(done.engine, done.view, None, summary.people))
    out.print(" [title]Who leaves next[/] [faint]if nothing more happens[/]")
    print_leaving(out, list(done.leaving), done.view.at, zone)
    if done.explained is not None:
        out.print(" [title]One of them, explained[/]")
        print_explanation(out, done.explained, done.view.definitions)
    out.print(" [title]Next[/]")
    for command, meaning in _next(done, folder):
        out.print(f"   [command]{escape(command)}[/]  [faint]{meaning}[/]")
    out.print()


def _next(done: Demo, folder: Path) -> list[tuple[str, str]]:
    commands = [
        (f"cd {folder}", "the workspace: segue.yaml and segue.duckdb"),
        ("segue evaluate --at 2026-06-01", "who was in each segment on the first of June"),
    ]
    if done.explained is not None:
        found = done.explained
        commands.append(
            (
                f"segue explain {found.explanation.segment_id} {found.person_id}",
                "why, and until when",
            )
        )
    return [
        *commands,
        ("segue history --out memberships.parquet", "every membership there ever was"),
        (
            "segue campaigns simulate upgrade_benefits",
            "whom that message would have reached last month",
        ),
        ("segue try YOUR-FILE", "the same on your own events"),
    ]


def _document(done: Demo, folder: Path) -> dict[str, Any]:
    return {
        "workspace": str(folder),
        "stored": done.added.stored,
        "duplicates": done.added.duplicates,
        "summary": summary_document(done.view.summary()),
        "leaving_next": [
            {
                "segment_id": one.segment_id,
                "person_id": one.person_id,
                "leaves_at": format_instant(one.leaves_at),
            }
            for one in done.leaving
        ],
        "explained": None if done.explained is None else explanation_document(done.explained),
    }
