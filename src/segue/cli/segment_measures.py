"""`segue report measures`: what each segment does, beside everybody else and the period before."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segue.bootstrap.cluster import Cluster
from segue.cli import options
from segue.cli.app import example
from segue.cli.measures_tables import show_measures, show_segment, show_versions
from segue.cli.output import console, print_json
from segue.cli.progress import telling
from segue.cli.reporting import Goal, report
from segue.cli.source import On, all_of
from segue.domain.errors import UsageError
from segue.services.insight.measures_document import measures_document, segment_measures_document
from segue.services.insight.measuring import MOST_WEEKS, WEEKS, Measures
from segue.services.insight.versions import versions_document
from segue.services.view import known_segment

SegmentId = Annotated[
    str | None, typer.Argument(metavar="SEGMENT", help="Everything of one. Default: all.")
]
Weeks = Annotated[
    int, typer.Option("--weeks", metavar="N", min=1, max=MOST_WEEKS, help="How long a period is.")
]
Against = Annotated[
    Path | None,
    typer.Option(
        "--against", metavar="FILE", help="Beside how another segue.yaml defines the segment."
    ),
]


@report.command(
    "measures",
    epilog=example(
        "segue report measures",
        "segue report measures high_intent",
        "segue report measures --goal trial_started --weeks 8",
        "segue report measures high_intent --against before.yaml",
    ),
)
def measures_of(
    segment: SegmentId = None,
    *,
    goal: Goal = None,
    weeks: Weeks = WEEKS,
    against: Against = None,
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
    as_json: options.Json = False,
) -> None:
    """What each segment does: conversion, retention, engagement, growth, adoption and more.

    Every share beside that of everybody else and of the period before, with what can be told.
    """
    if against is not None and segment is None:
        raise UsageError(
            "--against needs a segment", hint="segue report measures SEGMENT --against"
        )
    source = all_of(
        On(engine, master, kind, partitions),
        workspace,
        events,
        definitions,
        columns=columns,
        time_zone=time_zone,
        quiet=as_json,
    )
    with source as project, telling(quiet=as_json) as tick:
        if segment is not None:
            known_segment(project.definitions, segment)
        if isinstance(project, Cluster):
            tick("Measuring the segments")
            _show(_on_cluster(project, at, goal, weeks, against), segment, as_json=as_json)
            return
        insight = project.insight(at)
        if against is None or segment is None:
            _show(insight.measures(goal=goal, weeks=weeks, tick=tick), segment, as_json=as_json)
            return
        tick("Measuring both definitions")
        compared = insight.versions(segment, against, goal=goal, weeks=weeks)
    if as_json:
        print_json(versions_document(compared))
    else:
        show_versions(console(), compared)


def _on_cluster(
    project: Cluster, at: str | None, goal: str | None, weeks: int, against: Path | None
) -> Measures:
    if against is not None:
        raise UsageError(
            "--against compares on one machine only", hint="leave out --engine, or --against"
        )
    return project.measures(at, goal=goal, weeks=weeks)


def _show(found: Measures, segment: str | None, *, as_json: bool) -> None:
    if as_json:
        document = measures_document(found)
        print_json(document if segment is None else segment_measures_document(found, segment))
    elif segment is None:
        show_measures(console(), found)
    else:
        show_segment(console(), found, segment)
