"""`segue evaluate` and `segue history`: who is in, and who ever was."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import typer
from rich.console import Console
from rich.markup import escape
from rich.text import Text

from segue.bootstrap.cluster import Cluster, ClusterView, is_folder
from segue.bootstrap.engine import Engine
from segue.bootstrap.results import write_table, writer_for
from segue.cli import options
from segue.cli.app import ASK, app, example
from segue.cli.output import console, plain_table, print_json
from segue.cli.overview import print_summary, summary_document
from segue.cli.source import On, asked
from segue.domain.instant import format_instant
from segue.services import words
from segue.services.stays import Stays
from segue.services.view import Leaving, View

MOST_MEMBERS = 20
"""Members shown on a terminal; `--out` and `--json` give all."""

Person = Annotated[
    str | None, typer.Option("--person", "-p", metavar="ID", help="Only this person.")
]


@app.command(
    rich_help_panel=ASK,
    epilog=example("segue evaluate --at 2026-06-30", "segue evaluate --out members.parquet"),
)
def evaluate(
    *,
    workspace: options.Workspace = None,
    events: options.Events = None,
    definitions: options.DefinitionsFile = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    at: options.At = None,
    segment: options.Segments = None,
    out: options.OutAnywhere = None,
    engine: options.Engine = None,
    master: options.Master = None,
    kind: options.Format = None,
    partitions: options.Partitions = None,
    runs: options.Runs = None,
    as_json: options.Json = False,
) -> None:
    """Who is in each segment at an instant, and what ends next."""
    on = On(engine, master, kind, partitions, runs)
    _check(out, on)
    with asked(
        on,
        workspace,
        events,
        definitions,
        columns=columns,
        time_zone=time_zone,
        quiet=as_json,
    ) as project:
        view = project.view(at, segment or None)
        if out is not None:
            rows = _write_members(view, out)
            _say_written(view, rows, "member", out, as_json=as_json)
        elif as_json:
            print_json(_evaluation_document(view, with_members=bool(segment)))
        else:
            _print_evaluation(project, view, at, with_members=bool(segment))


@app.command(
    rich_help_panel=ASK, epilog=example("segue history", "segue history --out memberships.parquet")
)
def history(
    *,
    workspace: options.Workspace = None,
    events: options.Events = None,
    definitions: options.DefinitionsFile = None,
    columns: options.Columns = None,
    time_zone: options.TimeZone = None,
    at: options.At = None,
    segment: options.Segments = None,
    person: Person = None,
    out: options.OutAnywhere = None,
    engine: options.Engine = None,
    master: options.Master = None,
    kind: options.Format = None,
    partitions: options.Partitions = None,
    runs: options.Runs = None,
    as_json: options.Json = False,
) -> None:
    """Who ever was in each segment, from when to when."""
    on = On(engine, master, kind, partitions, runs)
    _check(out, on)
    with asked(
        on,
        workspace,
        events,
        definitions,
        columns=columns,
        time_zone=time_zone,
        quiet=as_json,
        about=person,
    ) as project:
        view = project.view(at, segment or None)
        person_id = None if person is None else project.person_of(person)
        if out is not None:
            rows = _write_memberships(view, out, person_id)
            _say_written(view, rows, "membership", out, as_json=as_json)
        elif as_json:
            print_json(_history_document(view, person_id))
        elif person_id is not None:
            _print_person(console(), view, person_id)
        else:
            _print_stays(console(), project, view, at)


def _check(out: str | None, on: On) -> None:
    """Raise `UsageError` where a result cannot be written so, before anything is read."""
    if out is not None and not (on.is_spark and is_folder(out)):
        writer_for(Path(out))


def _write_members(view: View | ClusterView, out: str) -> int:
    if isinstance(view, ClusterView):
        return view.write_members(out)
    return _write(view.members(), out)


def _write_memberships(view: View | ClusterView, out: str, person_id: str | None) -> int:
    if isinstance(view, ClusterView):
        return view.write_memberships(out, person_id)
    return _write(view.memberships(person_id), out)


def _write(table: pa.Table, out: str) -> int:
    write_table(table, Path(out))
    return int(table.num_rows)


def heading(engine: Engine | Cluster, view: View | ClusterView, at: str | None, people: int) -> str:
    """`acme · 4,213 people · as of Sun 22 Nov 2026, 06:30 (the last event)`."""
    zone = view.definitions.timezone
    when = {None: "the last event", "last": "the last event", "now": "now"}.get(at, "")
    note = f" [faint]({when})[/]" if when else ""
    return (
        f"[title]{escape(engine.name)}[/] · {words.people(people)} · "
        f"as of {words.moment(view.at, zone)}{note} · [faint]{zone}[/]"
    )


def print_leaving(out: Console, leaving: list[Leaving], at: int, zone: str) -> None:
    """Print who leaves next, soonest first."""
    table = plain_table()
    table.add_column("Leaves", no_wrap=True)
    table.add_column("Person", overflow="fold")
    table.add_column("Segment", overflow="fold")
    table.add_column("At", style="faint", no_wrap=True)
    for one in leaving:
        table.add_row(
            f"[soon]{words.distance(one.leaves_at, at)}[/]",
            Text(one.person_id),
            Text(one.title),
            words.moment(one.leaves_at, zone),
        )
    out.print(table)


def _print_evaluation(
    engine: Engine | Cluster, view: View | ClusterView, at: str | None, *, with_members: bool
) -> None:
    out = console()
    summary = view.summary()
    if not summary.segments:
        out.print("There is no segment yet.")
        out.print("Add one under [command]segments:[/] in segue.yaml, or let [command]segue init")
        return
    print_summary(out, summary, heading=heading(engine, view, at, summary.people))
    if with_members:
        _print_members(out, view, sum(one.size for one in summary.segments))
    elif not any(one.size for one in summary.segments):
        out.print(" Nobody is in any segment: [command]segue check[/] says whether the events")
        out.print(" that the definitions name ever occurred.")
        out.print()


def _print_members(out: Console, view: View | ClusterView, members: int) -> None:
    table = plain_table()
    for name in ("Person", "Segment", "Entered", "Leaves, if nothing more happens"):
        table.add_column(name, overflow="fold")
    zone = view.definitions.timezone
    for row in view.soonest(MOST_MEMBERS).to_pylist():
        leaves = row["leaves_at"]
        table.add_row(
            Text(row["person_id"]),
            Text(row["segment_id"]),
            words.moment(_instant(row["entered_at"]), zone),
            "[faint]never[/]" if leaves is None else words.distance(_instant(leaves), view.at),
        )
    out.print(table)
    if members > MOST_MEMBERS:
        more = words.number(members - MOST_MEMBERS)
        out.print(f" and {more} more: [command]--out members.csv[/] writes all")
    out.print()


def _print_person(out: Console, view: View | ClusterView, person: str) -> None:
    rows = view.memberships(person).sort_by([("entered_at", "ascending")]).to_pylist()
    zone = view.definitions.timezone
    out.print()
    if not rows:
        out.print(
            f" [title]{escape(person)}[/] was in no segment until {words.moment(view.at, zone)}."
        )
        out.print()
        return
    out.print(f" [title]{escape(person)}[/] until {words.moment(view.at, zone)} · [faint]{zone}[/]")
    table = plain_table()
    for name in ("Entered", "Left", "Segment", "Stayed"):
        table.add_column(name, overflow="fold")
    for row in rows:
        entered = _instant(row["entered_at"])
        left = None if row["left_at"] is None else _instant(row["left_at"])
        table.add_row(
            words.moment(entered, zone),
            "[good]still in[/]" if left is None else words.moment(left, zone),
            Text(view.definitions.segment(row["segment_id"]).title),
            words.duration((view.at if left is None else left) - entered),
        )
    out.print(table)


def _print_stays(
    out: Console, engine: Engine | Cluster, view: View | ClusterView, at: str | None
) -> None:
    found = view.stays()
    out.print()
    out.print(f" {heading(engine, view, at, view.summary().people)}")
    table = plain_table()
    table.add_column("Segment", min_width=28, overflow="fold")
    for name in ("Memberships", "People", "Still in", "Median stay"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in found:
        table.add_row(
            Text(one.title, style="" if one.memberships else "faint"),
            words.number(one.memberships),
            words.number(one.people),
            words.number(one.still_in),
            "–" if one.median_stay is None else words.duration(one.median_stay),
        )
    out.print(table)
    out.print(" [command]--out memberships.parquet[/] writes every membership; ", end="")
    out.print("[command]--person ID[/] shows one person's.")
    out.print()


def _evaluation_document(view: View | ClusterView, *, with_members: bool) -> dict[str, Any]:
    document = summary_document(view.summary())
    if with_members:
        document["members"] = rows_document(view.members())
    return document


def _history_document(view: View | ClusterView, person_id: str | None) -> dict[str, Any]:
    found = view.stays()
    document: dict[str, Any] = {
        "at": format_instant(view.at),
        "segments": [_stays_document(one) for one in found],
    }
    if person_id is not None:
        document["person_id"] = person_id
        document["memberships"] = rows_document(view.memberships(person_id))
    return document


def _stays_document(one: Stays) -> dict[str, Any]:
    median = one.median_stay
    return {
        "segment_id": one.segment_id,
        "title": one.title,
        "kind": one.kind,
        "memberships": one.memberships,
        "people": one.people,
        "still_in": one.still_in,
        "median_stay_seconds": None if median is None else median / 1000,
    }


def rows_document(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of a result with instants in RFC 3339."""
    return [
        {
            name: format_instant(_instant(value)) if name.endswith("_at") and value else value
            for name, value in row.items()
        }
        for row in table.to_pylist()
    ]


def _instant(value: Any) -> int:
    milliseconds: int = round(value.timestamp() * 1000)
    return milliseconds


def _say_written(
    view: View | ClusterView, rows: int, noun: str, path: str, *, as_json: bool
) -> None:
    if as_json:
        print_json({"at": format_instant(view.at), "rows": rows, "out": path})
    else:
        console().print(
            f"{words.counted(rows, noun)} written to [title]{escape(path)}[/]", soft_wrap=True
        )
