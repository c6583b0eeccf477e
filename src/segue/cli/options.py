"""The options that several verbs share, each with one meaning everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from segue.adapters.sources import ROLES
from segue.domain.errors import UsageError

_EVENTS: Final = "Where the events are"
_ENGINE: Final = "Where it is worked out"

Workspace: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--workspace",
        "-w",
        metavar="DIR",
        help="Folder with segue.yaml and segue.duckdb. Default: $SEGUE_WORKSPACE, else this one.",
        rich_help_panel=_EVENTS,
    ),
]
Events: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--events",
        metavar="FILE…",
        help="Read these files instead of a workspace: CSV, JSON Lines, Parquet; globs too.",
        rich_help_panel=_EVENTS,
    ),
]
DefinitionsFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--definitions",
        "-d",
        metavar="FILE",
        help="The segue.yaml to use. Default: the workspace's.",
        rich_help_panel=_EVENTS,
    ),
]
Columns: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--columns",
        metavar="ROLE=COLUMN,…",
        help="Which column is which: person_id=user,occurred_at=ts.",
        rich_help_panel=_EVENTS,
    ),
]
TimeZone: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--time-zone",
        metavar="ZONE",
        help="Zone of times in the files that name none. Default: the project's.",
        rich_help_panel=_EVENTS,
    ),
]
TimeFormat: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--time-format",
        metavar="FORMAT",
        help="Form of times that are not RFC 3339, as for strptime: %d/%m/%Y %H:%M.",
        rich_help_panel=_EVENTS,
    ),
]
At: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--at",
        metavar="T",
        help="The instant: a date, RFC 3339, now, or last: the last event. Default: last.",
    ),
]
Out: TypeAlias = Annotated[
    Path | None,
    typer.Option("--out", "-o", metavar="FILE", help="Write .parquet, .csv or .jsonl instead."),
]
OutAnywhere: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--out",
        "-o",
        metavar="FILE",
        help="Write .parquet, .csv or .jsonl instead; with Spark a folder or an address, too.",
    ),
]
Engine: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="ENGINE",
        help="local, or spark: on a cluster, with --events that it reads. Default: local.",
        rich_help_panel=_ENGINE,
    ),
]
Master: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--master",
        metavar="URL",
        help="Spark's: spark://HOST:7077, local[4], or sc://HOST for Spark Connect.",
        rich_help_panel=_ENGINE,
    ),
]
Format: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--format",
        metavar="NAME",
        help="What Spark reads: parquet, orc, delta, iceberg. Default: as the files end, parquet.",
        rich_help_panel=_ENGINE,
    ),
]
Runs: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--runs",
        metavar="DIR",
        help="Keep what Spark works out in this folder; the next time only read what is new.",
        rich_help_panel=_ENGINE,
    ),
]
People: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--people",
        metavar="N",
        min=1,
        help="So many people Spark draws, where people are compared. Default: 200000.",
        rich_help_panel=_ENGINE,
    ),
]
Partitions: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--partitions",
        metavar="N",
        min=1,
        help="Tasks of each step on Spark. Default: its spark.sql.shuffle.partitions.",
        rich_help_panel=_ENGINE,
    ),
]
Segments: TypeAlias = Annotated[
    list[str] | None,
    typer.Option("--segment", "-s", metavar="ID", help="Only this segment; may be repeated."),
]
Json: TypeAlias = Annotated[
    bool, typer.Option("--json", help="Print JSON, for programs; errors too.")
]
Yes: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def columns_of(given: Sequence[str] | None) -> dict[str, str]:
    """Read `person_id=user,occurred_at=ts` into a mapping from role to column.

    Raises `UsageError` where a part is no pair, the role is unknown or stands twice.
    """
    columns: dict[str, str] = {}
    for part in (part for text in given or () for part in text.split(",") if part.strip()):
        role, equals, column = (piece.strip() for piece in part.partition("="))
        if not (role and equals and column):
            raise UsageError(
                f"--columns: {part.strip()!r} is not ROLE=COLUMN",
                hint="for example --columns person_id=user,occurred_at=ts",
            )
        if role not in ROLES:
            raise UsageError(f"--columns: {role!r} is no role", hint=f"roles: {', '.join(ROLES)}")
        if role in columns:
            raise UsageError(f"--columns: {role!r} stands twice")
        columns[role] = column
    return columns


def spread_events(arguments: Sequence[str]) -> list[str]:
    """Let `--events` take several files, as a shell expands `*.csv`: existing files that follow
    its value belong to it too."""
    spread: list[str] = []
    after_events = False
    previous = ""
    for place, argument in enumerate(arguments):
        if argument == "--":
            return [*spread, *arguments[place:]]
        if after_events and previous != "--events" and _is_file(argument):
            spread.append("--events")
        elif argument.startswith("-"):
            after_events = argument == "--events" or argument.startswith("--events=")
        elif previous != "--events":
            after_events = False
        spread.append(argument)
        previous = argument
    return spread


def _is_file(argument: str) -> bool:
    return not argument.startswith("-") and Path(argument).is_file()
