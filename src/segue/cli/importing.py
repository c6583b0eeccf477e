"""`segue import`: events from files into a workspace."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.console import Console
from rich.text import Text

from segue.bootstrap.engine import Engine
from segue.bootstrap.environment import default_workspace
from segue.bootstrap.loading import Imported
from segue.cli import options
from segue.cli.app import BEGIN, Exit, app, example
from segue.cli.options import columns_of
from segue.cli.output import console, print_json
from segue.cli.progress import reading
from segue.domain.errors import UsageError
from segue.domain.identity import Refusal
from segue.domain.ports import Extent
from segue.services import words

MOST_REFUSED: Final = 3
"""Refused links shown; `--json` gives all."""

Files = Annotated[
    list[str] | None,
    typer.Argument(metavar="FILE…", help="CSV, JSON Lines or Parquet; globs too."),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--from", metavar="ADDRESS", help="A database, such as postgresql://segue@host/name."
    ),
]
Query = Annotated[
    str | None,
    typer.Option("--query", metavar="SQL", help="What to read from it; one row, one event."),
]


@app.command(
    "import",
    rich_help_panel=BEGIN,
    epilog=example(
        "segue import events.csv",
        "segue import 'log/*.parquet' --columns person_id=user",
        "segue import --from postgresql://shop@db/shop --query 'SELECT * FROM orders' "
        "--event-name purchase --columns person_id=customer,occurred_at=paid_at",
    ),
)
def import_(
    files: Files = None,
    *,
    address: Address = None,
    query: Query = None,
    workspace: options.Workspace = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    time_format: options.TimeFormat = None,
    event_name: Annotated[
        str | None,
        typer.Option(
            "--event-name",
            metavar="NAME",
            help="Every row is this event, where no column says it.",
        ),
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Read events from files, or from a database, into the workspace. Loading the same twice
    changes nothing.

    Rows that are no events go to FILE.rejects.jsonl with the reason, and the exit code is 1.
    """
    if bool(files) == bool(address) or bool(address) != bool(query):
        raise UsageError(
            "say what to import", hint="files, or a database by --from and what of it by --query"
        )
    mapping = columns_of(columns)
    with Engine.open(workspace or default_workspace()) as engine:
        with reading(quiet=as_json) as on_rows:
            layout: dict[str, Any] = {
                "columns": mapping,
                "time_zone": time_zone,
                "event_name": event_name,
            }
            if address and query:
                imported = [engine.import_query(address, query, on_rows=on_rows, **layout)]
            else:
                imported = engine.import_files(
                    files or [], time_format=time_format, on_rows=on_rows, **layout
                )
        extent, refused = engine.extent(), engine.refused_links()
    _tell(imported, extent, refused, as_json)
    if any(one.rejected for one in imported):
        raise typer.Exit(Exit.FINDINGS)


def _tell(
    imported: Sequence[Imported], extent: Extent, refused: Sequence[Refusal], as_json: bool
) -> None:
    if as_json:
        print_json(
            {
                "files": [_document(one) for one in imported],
                "events": extent.events,
                "people": extent.people,
                "refused_links": [_refusal_document(one) for one in refused],
            }
        )
    else:
        out = console()
        for one in imported:
            _print(out, one)
        if refused:
            _print_refused(out, refused)
        out.print(
            f"The workspace holds {words.counted(extent.events, 'event')} of "
            f"{words.people(extent.people)}."
        )


def _print(out: Console, one: Imported) -> None:
    out.print(
        Text.assemble(
            ("✓ ", "good"),
            (Path(one.source).name, "title"),
            f": {words.counted(one.stored, 'event')} stored",
            (f", {words.duration(int(one.seconds * 1000))}{_pace(one)}", "faint"),
        )
    )
    if one.duplicates:
        were = "was" if one.duplicates == 1 else "were"
        out.print(f"  {words.counted(one.duplicates, 'event')} {were} there already")
    if one.conflicts:
        out.print(
            Text(
                f"  {words.counted(one.conflicts, 'event id')} came with different contents, such "
                f"as {words.listed(one.conflicting_ids, 3)}",
                style="soon",
            )
        )
    if one.unreadable_numbers:
        numbers = words.counted(one.unreadable_numbers, "number")
        out.print(f"  [soon]{numbers} too large to count with exactly[/]")
    if one.rejected:
        out.print(f"  [soon]{words.counted(one.rejected, 'row')} rejected[/]", end="")
        out.print(Text(f", see {one.rejects}" if one.rejects else ""), soft_wrap=True)
        for reason, count in one.reasons:
            out.print(Text(f"    {words.number(count)} × {reason}", style="faint"))


def _print_refused(out: Console, refused: Sequence[Refusal]) -> None:
    """Links that would have made one person of two, and why they did not."""
    count = words.counted(len(refused), "link")
    out.print(f"[soon]{count} between distinct ids refused[/], such as")
    for one in refused[:MOST_REFUSED]:
        pair = f"{one.link.distinct_id} and {one.link.other}"
        out.print(Text(f"    {one.link.kind.value} of {pair}: {one.reason}", style="faint"))


def _refusal_document(one: Refusal) -> dict[str, Any]:
    return {
        "event": one.link.kind.value,
        "distinct_id": one.link.distinct_id,
        "other": one.link.other,
        "reason": one.reason,
    }


def _pace(one: Imported) -> str:
    return f", {one.rows / one.seconds:,.0f} rows/s" if one.seconds >= 1 else ""


def _document(one: Imported) -> dict[str, Any]:
    return {
        "file": one.source,
        "rows": one.rows,
        "stored": one.stored,
        "duplicates": one.duplicates,
        "conflicts": one.conflicts,
        "conflicting_ids": list(one.conflicting_ids),
        "unreadable_numbers": one.unreadable_numbers,
        "rejected": one.rejected,
        "reasons": dict(one.reasons),
        "rejects": None if one.rejects is None else str(one.rejects),
        "seconds": round(one.seconds, 3),
    }
