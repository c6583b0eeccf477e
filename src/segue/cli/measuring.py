"""`segue bench`: how fast the engine is on this machine."""

from __future__ import annotations

import os
import platform
import sys
from typing import Annotated, Any

import typer

from segue.bootstrap.measuring import Measured, measure
from segue.cli import options
from segue.cli.app import KEEP, app, example
from segue.cli.output import console, plain_table, print_json
from segue.services import words

Rows = Annotated[
    int, typer.Option("--rows", min=1_000, max=200_000_000, help="How many events to generate.")
]
People = Annotated[
    int | None,
    typer.Option("--people", min=1, help="Of how many. Default: one per 90 rows."),
]


@app.command(
    rich_help_panel=KEEP,
    epilog=example("segue bench", "segue bench --rows 20000000 --people 220000"),
)
def bench(*, rows: Rows = 1_000_000, people: People = None, as_json: options.Json = False) -> None:
    """Measure importing and evaluating on this machine, on generated events.

    Nothing stays: the events lie in a temporary folder while it runs.
    """
    watched = sys.stderr.isatty() and not as_json
    out = console(to_stderr=True)
    measured = measure(
        rows,
        people or max(1, rows // 90),
        tick=lambda what: out.print(f"[faint]{what} …[/]") if watched else None,
    )
    if as_json:
        print_json(_document(measured))
        return
    _print(measured)


def _print(one: Measured) -> None:
    out = console()
    out.print()
    out.print(
        f" {words.counted(one.rows, 'event')} of {words.people(one.people)}, "
        f"{one.segments} segments · Python {platform.python_version()}, {os.cpu_count()} cores"
    )
    table = plain_table()
    table.add_column("What")
    table.add_column("Seconds", justify="right")
    table.add_column("That is")
    table.add_row(
        "import, Parquet to store",
        f"{one.importing:.2f}",
        f"{one.rows / one.importing:,.0f} rows/s",
    )
    table.add_row("read the log into arrays", f"{one.reading:.2f}", "once per run of the engine")
    table.add_row(
        "refresh everybody in every segment",
        f"{one.refresh:.4f}",
        f"{one.people * one.segments / one.refresh:,.0f} answers/s, with leaving instants",
    )
    table.add_row(
        "history, store to table",
        f"{one.history:.2f}",
        f"{words.counted(one.memberships, 'membership')}",
    )
    out.print(table)


def _document(one: Measured) -> dict[str, Any]:
    return {
        "rows": one.rows,
        "people": one.people,
        "segments": one.segments,
        "import_seconds": round(one.importing, 4),
        "import_rows_per_second": round(one.rows / one.importing),
        "read_seconds": round(one.reading, 4),
        "refresh_seconds": round(one.refresh, 6),
        "history_seconds": round(one.history, 4),
        "memberships": one.memberships,
        "python": platform.python_version(),
        "cores": os.cpu_count(),
    }
