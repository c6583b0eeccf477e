"""`segue suppress`: whom not to write to."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from segue.bootstrap.environment import default_workspace
from segue.bootstrap.suppressing import suppress_file
from segue.bootstrap.workspace import Workspace
from segue.cli import options
from segue.cli.app import KEEP, Exit, app, example
from segue.cli.output import console, print_json
from segue.domain.campaigns import Suppression
from segue.services import words

suppress = typer.Typer(no_args_is_help=True)
"""The verbs about the suppression list."""
app.add_typer(
    suppress,
    name="suppress",
    rich_help_panel=KEEP,
    help="Keep the list of addresses that are not written to.",
    epilog=example("segue suppress import unsubscribed.csv"),
)


@suppress.command(
    "import",
    epilog=example(
        "segue suppress import unsubscribed.csv",
        "segue suppress import news.csv --purpose newsletter",
    ),
)
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="CSV with a column of addresses.")],
    *,
    workspace: options.Workspace = None,
    purpose: Annotated[
        str,
        typer.Option(
            "--purpose",
            metavar="NAME",
            help="What they left. Default: everything.",
            show_default=False,
        ),
    ] = "",
    reason: Annotated[
        Suppression, typer.Option("--reason", help="Why, where a line does not say.")
    ] = Suppression.UNSUBSCRIBED,
    as_json: options.Json = False,
) -> None:
    """Put addresses on the suppression list: those who unsubscribed with another tool before.

    Lines that hold no address are left out and end with exit code 1.
    """
    place = Workspace(workspace or default_workspace())
    found = suppress_file(place, file, purpose=purpose, reason=reason)
    if as_json:
        print_json(dataclasses.asdict(found))
    else:
        out = console()
        out.print(
            f"[good]✓[/] addresses: {words.number(found.added)} added, "
            f"{words.number(found.known)} known already, {words.number(found.rejected)} rejected"
        )
        for problem in found.problems:
            out.print(f"  [bad]{escape(problem)}[/]", soft_wrap=True)
    if found.rejected:
        raise typer.Exit(Exit.FINDINGS)
