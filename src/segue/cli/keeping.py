"""`segue export`, `backup`, `restore` and `erase`: what is kept, and what is not."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from segue.adapters.warehouse import SCHEMA
from segue.bootstrap.engine import Engine
from segue.bootstrap.environment import default_workspace
from segue.cli import options
from segue.cli.app import KEEP, app, example
from segue.cli.output import console, print_json
from segue.cli.progress import working
from segue.domain.errors import UsageError
from segue.services import words

Target = Annotated[Path, typer.Argument(metavar="FILE", help="Where to write it.")]
What = Annotated[
    str | None,
    typer.Argument(metavar="WHAT", help="members, memberships, transitions or events."),
]
File = Annotated[Path | None, typer.Argument(metavar="FILE", help="Where to write it.")]
Database = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="ADDRESS",
        help="A database, such as postgresql://segue@host/name: its tables segments, memberships "
        "and transitions are brought up to date.",
    ),
]
SchemaName = Annotated[
    str, typer.Option("--schema", metavar="NAME", help="The schema that holds these tables.")
]
BackupFile = Annotated[Path, typer.Argument(metavar="BACKUP", help="A file that backup wrote.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite what is there.")]
Person = Annotated[str, typer.Argument(metavar="PERSON", help="Any of the person's distinct ids.")]


@app.command(
    rich_help_panel=KEEP,
    epilog=example(
        "segue export members members.csv",
        "segue export events events.parquet",
        "segue export --to postgresql://segue@db/warehouse",
    ),
)
def export(
    what: What = None,
    out: File = None,
    *,
    to: Database = None,
    schema: SchemaName = SCHEMA,
    workspace: options.Workspace = None,
    at: options.At = None,
    segment: options.Segments = None,
    as_json: options.Json = False,
) -> None:
    """Write members, memberships, transitions or events to a .parquet, .csv or .jsonl file, or
    bring the tables of a database up to date."""
    if to is not None and what is None and not segment:
        _export_to(to, schema, workspace, at, as_json)
        return
    if to is not None or what is None or out is None:
        raise UsageError(
            "say what to write, and where",
            hint="WHAT and FILE, or only --to with the address of a database",
        )
    with (
        Engine.open(workspace or default_workspace()) as engine,
        working(f"Writing {what}", quiet=as_json),
    ):
        rows = engine.export(what, out, at, segment or None)
    if as_json:
        print_json({"what": what, "rows": rows, "out": str(out)})
    else:
        noun = what.removesuffix("s")
        console().print(
            f"{words.counted(rows, noun)} written to [title]{escape(str(out))}[/]", soft_wrap=True
        )


def _export_to(
    address: str, schema: str, workspace: Path | None, at: str | None, as_json: bool
) -> None:
    with (
        Engine.open(workspace or default_workspace()) as engine,
        working("Writing the tables", quiet=as_json),
    ):
        written = engine.export_to(address, schema=schema, at=at)
    if as_json:
        print_json({"schema": schema, "tables": [asdict(one) for one in written]})
        return
    for one in written:
        console().print(
            f"[good]✓[/] {schema}.{one.table}: {words.counted(one.rows, 'row')}, "
            f"{words.number(one.changed)} new or changed, {words.number(one.removed)} gone"
        )


@app.command(rich_help_panel=KEEP, epilog=example("segue backup monday.duckdb"))
def backup(
    target: Target,
    *,
    workspace: options.Workspace = None,
    force: Force = False,
    as_json: options.Json = False,
) -> None:
    """Write a verified copy of the workspace's events while it stays in use."""
    with (
        Engine.open(workspace or default_workspace()) as engine,
        working("Copying", quiet=as_json),
    ):
        engine.backup(target, force=force)
        extent = engine.extent()
    size = target.stat().st_size
    if as_json:
        print_json({"out": str(target), "events": extent.events, "bytes": size})
    else:
        console().print(
            f"[good]✓[/] {words.counted(extent.events, 'event')} of {words.people(extent.people)} "
            f"in [title]{escape(str(target))}[/], {size / 1e6:,.1f} MB, verified",
            soft_wrap=True,
        )


@app.command(
    rich_help_panel=KEEP, epilog=example("segue restore monday.duckdb --workspace restored")
)
def restore(
    source: BackupFile,
    *,
    workspace: options.Workspace = None,
    force: Force = False,
    as_json: options.Json = False,
) -> None:
    """Put a backup in place of a workspace's events, after verifying it."""
    folder = workspace or default_workspace()
    with working("Verifying", quiet=as_json):
        extent = Engine.restore(source, folder, force=force)
    if as_json:
        print_json({"workspace": str(folder), "events": extent.events, "people": extent.people})
    else:
        console().print(
            f"[good]✓[/] {words.counted(extent.events, 'event')} of {words.people(extent.people)} "
            f"restored to [title]{escape(str(folder))}[/]",
            soft_wrap=True,
        )


@app.command(rich_help_panel=KEEP, epilog=example("segue erase p-0042 --yes"))
def erase(
    person: Person,
    *,
    workspace: options.Workspace = None,
    yes: options.Yes = False,
    as_json: options.Json = False,
) -> None:
    """Remove a person everywhere, under every id they had, and prove it."""
    with Engine.open(workspace or default_workspace()) as engine:
        person_id = engine.person_of(person)
        if not yes:
            _confirm(f"Erase {person_id} and every event of theirs for ever?")
        with working("Rewriting the file", quiet=as_json):
            erased = engine.erase(person_id)
    if as_json:
        print_json(
            {
                "person_id": erased.person_id,
                "distinct_ids": list(erased.distinct_ids),
                "events": erased.events,
                "remaining": erased.remaining,
            }
        )
        return
    out = console()
    ids = ", ".join(escape(one) for one in erased.distinct_ids)
    out.print(f"[good]✓[/] [title]{escape(erased.person_id)}[/] is erased")
    out.print(
        f"  {words.counted(erased.events, 'event')} removed, under the ids {ids}", soft_wrap=True
    )
    out.print(f"  searched again in the rewritten file: found {erased.remaining} times")
    out.print("  [faint]backups and exports made before still hold them[/]")


def _confirm(question: str) -> None:
    """Ask on a terminal; anything else has to say --yes."""
    if not sys.stdin.isatty():
        raise UsageError(f"{question} Nobody is there to answer", hint="--yes answers")
    typer.confirm(question, abort=True, err=True)
